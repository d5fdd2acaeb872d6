//! `nines-verify`: checks an evidence bundle offline. No network code is linked.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use verify::command::{self, Format};
use verify::{Options, Signatures};

/// Checks an evidence bundle of Nines, offline.
///
/// Exit codes: 0 all checks pass, 1 a check fails, 2 none fails but something was not checked,
/// 3 the file, the policy or the roots cannot be read.
#[derive(Debug, Parser)]
#[command(name = "nines-verify", version)]
struct Arguments {
    /// The bundle.
    file: PathBuf,
    /// Which log and witnesses to believe: a C2SP tlog-policy file, from outside the bundle.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Whose timestamps to believe: root certificates in PEM, from outside the bundle. Without,
    /// timestamps are not judged.
    #[arg(long, value_name = "FILE")]
    tsa_roots: Option<PathBuf>,
    /// Print the verdicts as JSON.
    #[arg(long)]
    json: bool,
    /// Verify the signature of every batch, not only of each agent's last.
    #[arg(long)]
    all_signatures: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let request = command::Request {
        file: arguments.file,
        policy: arguments.policy,
        tsa_roots: arguments.tsa_roots,
        format: if arguments.json {
            Format::Json
        } else {
            Format::Text
        },
        options: Options {
            signatures: if arguments.all_signatures {
                Signatures::All
            } else {
                Signatures::Heads
            },
            ..Options::default()
        },
    };
    let answer = command::run(&request);
    std::io::stdout()
        .write_all(answer.text.as_bytes())
        .context("failed to write the verdicts")?;
    Ok(ExitCode::from(answer.code))
}
