//! `nines verify`: the same library, and the same answer, as `nines-verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use verify::Signatures;
use verify::command::{Format, Request};

use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The bundle.
    file: PathBuf,
    /// Trust anchors (C2SP tlog-policy), got from the parties and not from the bundle.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Whose timestamps to believe: root certificates in PEM, from outside the bundle. Without,
    /// timestamps are not judged.
    #[arg(long, value_name = "FILE")]
    tsa_roots: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Check the signature of every batch, not only of each agent's newest.
    #[arg(long)]
    all_signatures: bool,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let signatures = if options.all_signatures {
        Signatures::All
    } else {
        Signatures::Heads
    };
    let answer = verify::command::run(&Request {
        file: options.file.clone(),
        policy: options.policy.clone(),
        tsa_roots: options.tsa_roots.clone(),
        format: if options.json {
            Format::Json
        } else {
            Format::Text
        },
        options: verify::Options {
            signatures,
            ..verify::Options::default()
        },
    });
    print::line(answer.text.trim_end());
    ExitCode::from(answer.code)
}
