//! The private PostgreSQL of tests, query checks and benchmarks.
//!
//! It stops with this process, however that ends: Ctrl-C ends this process, and the kernel then
//! interrupts the server.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pgembed::{Binaries, Cluster, Config, Durability};

use crate::deps;
use crate::process::{say, target};

const TESTS: &str = "nines-test-pg";
/// Of its own, since a server keeps the settings with which it was started.
const BENCHES: &str = "nines-bench-pg";

/// A running cluster that no other `cargo xtask` uses meanwhile: it would stop it under us.
#[derive(Debug)]
pub(crate) struct TestCluster {
    cluster: Cluster,
    _session: File,
}

impl std::ops::Deref for TestCluster {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

/// Starts the cluster of this checkout, after whoever has it now.
pub(crate) fn start() -> Result<TestCluster> {
    start_with(&deps::postgres()?)
}

/// The same by the programs of one installation; each major has a cluster of its own.
pub(crate) fn start_with(binaries: &Binaries) -> Result<TestCluster> {
    start_as(TESTS, binaries, Durability::TestsOnly)
}

/// The same with the settings of service: every commit is on disk before it is acknowledged.
pub(crate) fn start_durable() -> Result<TestCluster> {
    start_as(BENCHES, &deps::postgres()?, Durability::Full)
}

fn start_as(name: &str, binaries: &Binaries, fsync: Durability) -> Result<TestCluster> {
    let name = format!("{name}-{}", binaries.major());
    let target = target()?;
    let session = File::create(target.join(format!("{name}.lock")))
        .context("failed to open the lock of the test cluster")?;
    if let Err(TryLockError::WouldBlock) = session.try_lock() {
        say("waiting for another `cargo xtask` that uses the test cluster");
    }
    session.lock().context("failed to lock the test cluster")?;
    let root = root(&target, &name);
    let config = Config {
        root,
        fsync,
        database: "nines_test".to_owned(),
    };
    let cluster = Cluster::start(binaries, &config).context("failed to start the test cluster")?;
    Ok(TestCluster {
        cluster,
        _session: session,
    })
}

/// Below the target directory, unless the server's user cannot go there: then in `/tmp`.
fn root(target: &Path, name: &str) -> PathBuf {
    let own = target.join(name);
    if pgembed::is_reachable(&own) {
        return own;
    }
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    std::env::temp_dir().join(format!("{name}-{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_in_the_open_keeps_its_cluster_to_itself() {
        let target = std::env::temp_dir();
        assert_eq!(root(&target, TESTS), target.join(TESTS));
    }
}
