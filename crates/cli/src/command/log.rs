//! `nines log`: a copy of a collector's log that anyone can keep, serve and audit.

mod audit;
mod folder;
mod mirror;
mod remote;
#[cfg(test)]
mod served;

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Subcommand;
use evidence::checkpoint::Checkpoint;
use evidence::note::SignedNote;
use evidence::policy::{POLICY_BYTES_MAX, Policy};

use self::folder::Folder;
use self::remote::Remote;
use super::runtime;
use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Copy a log into a directory, or bring the copy up to date; every byte is checked.
    Mirror {
        /// Where the log is served (C2SP tlog-tiles): a collector, or another mirror.
        #[arg(long, value_name = "URL")]
        from: String,
        /// Where the copy is kept; any static web server can serve it.
        #[arg(long, value_name = "DIR")]
        to: Utf8PathBuf,
        /// Trust policy with the log's key. Default: the one that the first run kept, or else
        /// what the log itself says, which shows no log that lies from the start.
        #[arg(long, value_name = "FILE")]
        policy: Option<Utf8PathBuf>,
    },
    /// Read a copy from its first entry to its last: roots, numbers, chains.
    Audit {
        /// The copy.
        #[arg(value_name = "DIR")]
        dir: Utf8PathBuf,
        /// Trust policy with the log's key. Default: the one that the mirror kept.
        #[arg(long, value_name = "FILE")]
        policy: Option<Utf8PathBuf>,
    },
    /// Print the newest checkpoint: to be mailed, or kept on paper.
    Checkpoint {
        /// The collector.
        #[arg(long, default_value = "http://127.0.0.1:8090", value_name = "URL")]
        collector: String,
        /// Trust policy with the log's key; without, the signature is not checked.
        #[arg(long, value_name = "FILE")]
        policy: Option<Utf8PathBuf>,
    },
}

pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    match options.action {
        Action::Mirror { from, to, policy } => runtime()?.block_on(mirror(&from, to, policy)),
        Action::Audit { dir, policy } => audit::run(&Folder::open(dir)?, policy.as_deref()),
        Action::Checkpoint { collector, policy } => {
            let note = runtime()?.block_on(checkpoint(&collector, policy.as_deref()))?;
            print::line(note.trim_end_matches('\n'));
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn mirror(
    from: &str,
    to: Utf8PathBuf,
    policy: Option<Utf8PathBuf>,
) -> anyhow::Result<ExitCode> {
    let (remote, folder) = (Remote::new(from)?, Folder::create(to)?);
    let policy = match policy {
        Some(path) => read_policy(&path)?,
        None => kept_policy(&remote, &folder).await?,
    };
    let mirrored = mirror::run(&remote, &folder, &policy).await?;
    print::line(&format!(
        "{} holds {} entries of {}, {} of them new; root {}",
        folder.dir(),
        mirrored.size,
        mirrored.origin,
        mirrored.size - mirrored.size_before,
        mirrored.root,
    ));
    Ok(ExitCode::SUCCESS)
}

/// The newest note, checked where there is a policy.
async fn checkpoint(collector: &str, policy: Option<&Utf8Path>) -> anyhow::Result<String> {
    let note = Remote::new(collector)?.checkpoint().await?;
    if let Some(path) = policy {
        open(&read_policy(path)?, &note)?;
    }
    Ok(String::from_utf8(note)?)
}

/// The policy of the first run, or else the log's own, which is kept from then on.
async fn kept_policy(remote: &Remote, folder: &Folder) -> anyhow::Result<Policy> {
    if let Some(text) = folder.policy()? {
        return Policy::parse(&text).context("the policy that the first run kept cannot be read");
    }
    let text = remote.policy().await?.context(
        "the log offers no policy of its own; give its key in a file of one line, `log VKEY`, and \
         another, `quorum none`, with --policy",
    )?;
    let policy = Policy::parse(&text).context("the log's own policy cannot be read")?;
    folder.keep_policy(&text)?;
    print::line(
        "no --policy given: took the log's own word for its key, and will hold it to that; compare \
         the key by another way",
    );
    Ok(policy)
}

fn read_policy(path: &Utf8Path) -> anyhow::Result<Policy> {
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read `{path}`"))?;
    if text.len() > POLICY_BYTES_MAX {
        bail!("`{path}` is too long for a policy");
    }
    Policy::parse(&text).with_context(|| format!("`{path}` cannot be used as policy"))
}

/// Reads a checkpoint that a log of the policy signed.
fn open(policy: &Policy, note: &[u8]) -> anyhow::Result<Checkpoint> {
    let note = SignedNote::parse(note).context("the checkpoint cannot be read")?;
    Ok(policy.open(&note)?)
}
