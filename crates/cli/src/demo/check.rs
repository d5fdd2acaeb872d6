//! `nines demo --check`: the same story without a browser, as a test with an exit code.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use ::evidence::bundle::{self, Bundle};
use anyhow::{Context as _, ensure};
use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};
use collector::Jobs;
use domain::{ManualClock, UnixMicros};
use telemetry::Metrics;

use super::evidence::{self, Proof, verify_file};
use super::live::Live;
use super::state::Demo;
use super::{CHECK_TIMEOUT, fleet};
use crate::print;

/// Runs the story and checks its end.
pub(crate) async fn run(live: &Live) -> anyhow::Result<ExitCode> {
    live.begin_outage();
    print::line("the outage has begun; waiting for the violation and its anchored evidence");
    let proof = tokio::time::timeout(CHECK_TIMEOUT, live.wait_for_proof()).await;
    let proof = proof.context("no violation was found and proven in time")??;
    evidence::show(&proof)?;
    check(&proof)?;
    print::line("\ndemo check passed");
    Ok(ExitCode::SUCCESS)
}

/// The same check with all of it in simulated time, so that it can lie on any date.
pub(crate) async fn run_at(
    demo: &Demo,
    at: DateTime<Utc>,
    metrics: &Metrics,
) -> anyhow::Result<ExitCode> {
    let clock = Arc::new(ManualClock::at(UnixMicros::from(at)));
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let collector = fleet::start_collector(demo, listen, clock, Jobs::Manual, metrics).await?;
    let violations = collector.violations().await?;
    let violation = violations.first().context("no violation was found")?;
    let exported = collector.export(violation).await?;
    let proof = evidence::keep(&collector, &demo.dir, violation, exported).await?;
    collector.shutdown().await;
    evidence::show(&proof)?;
    check(&proof)?;
    print::line("\ndemo check passed");
    Ok(ExitCode::SUCCESS)
}

/// The bundle is good, stays good when packed anew, and is refused when a byte changes.
pub(crate) fn check(proof: &Proof) -> anyhow::Result<()> {
    let code = verify_file(&proof.bundle, &proof.policy).code;
    ensure!(
        code == 0,
        "the bundle does not verify under the demo's policy (exit {code})"
    );
    let members = read(&proof.bundle)?;
    let repacked = write(&proof.bundle.with_extension("repacked.zip"), &members)?;
    let code = verify_file(&repacked, &proof.policy).code;
    ensure!(code == 0, "a re-zipped copy does not verify (exit {code})");
    print::line("a re-zipped, unaltered copy is accepted");
    for member in [
        "result/result.json",
        "contract/terms.toml",
        "log/anchors.entries",
    ] {
        let mut altered = members.clone();
        let bytes = altered
            .get_mut(member)
            .with_context(|| format!("no `{member}`"))?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let file = write(&proof.bundle.with_extension("tampered.zip"), &altered)?;
        let answer = verify_file(&file, &proof.policy);
        ensure!(
            answer.code == 1 || answer.code == 3,
            "a change in `{member}` went unnoticed"
        );
        print::line(&format!(
            "a copy with one bit changed in {member} is refused"
        ));
    }
    Ok(())
}

fn read(path: &Utf8PathBuf) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut opened = Bundle::open(std::fs::File::open(path)?)?;
    let names: Vec<String> = opened.names().map(ToString::to_string).collect();
    names
        .into_iter()
        .map(|name| Ok((name.clone(), opened.read(&name)?)))
        .collect()
}

fn write(path: &Utf8PathBuf, members: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<Utf8PathBuf> {
    let bytes = bundle::write(members, Cursor::new(Vec::new()))?.into_inner();
    std::fs::write(path, bytes).with_context(|| format!("failed to write `{path}`"))?;
    Ok(path.clone())
}
