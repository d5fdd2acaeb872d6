//! The demo's proof: exports a bundle and has it verified in front of the user.

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use collector::{Collector, Exported};
use verify::command::{Answer, Format, Request};

use crate::print;

/// A bundle on disk with the policy to check it by.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) violation: String,
    pub(crate) bundle: Utf8PathBuf,
    pub(crate) policy: Utf8PathBuf,
}

/// Writes a bundle and the demo's policy.
pub(crate) async fn keep(
    collector: &Collector,
    dir: &Utf8Path,
    violation: &str,
    exported: Exported,
) -> anyhow::Result<Proof> {
    let bundle = dir.join(&exported.file_name);
    let policy = dir.join("policy.txt");
    let write = |path: &Utf8PathBuf, bytes: &[u8]| {
        std::fs::write(path, bytes).with_context(|| format!("failed to write `{path}`"))
    };
    write(&bundle, &exported.bytes)?;
    write(&policy, collector.policy().await?.as_bytes())?;
    Ok(Proof {
        violation: violation.to_owned(),
        bundle,
        policy,
    })
}

/// Verifies a bundle under the demo's policy.
pub(crate) fn verify_file(file: &Utf8PathBuf, policy: &Utf8PathBuf) -> Answer {
    verify::command::run(&Request {
        file: file.clone().into_std_path_buf(),
        policy: Some(policy.clone().into_std_path_buf()),
        tsa_roots: None,
        format: Format::Text,
        options: verify::Options::default(),
    })
}

/// Shows the verification, and how to repeat it.
pub(crate) fn show(proof: &Proof) -> anyhow::Result<()> {
    let bytes = std::fs::metadata(&proof.bundle)?.len();
    print::line(&format!(
        "  evidence  {} ({} kB)\n",
        proof.bundle,
        bytes / 1_000
    ));
    print::line(verify_file(&proof.bundle, &proof.policy).text.trim_end());
    print::line(&format!(
        "\ncheck it yourself, offline:\n  nines verify {} --policy {}",
        proof.bundle, proof.policy
    ));
    Ok(())
}
