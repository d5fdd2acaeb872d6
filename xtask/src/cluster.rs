//! The private PostgreSQL of tests and query checks.
//!
//! It stops with this process, however that ends: Ctrl-C ends this process, and the kernel then
//! interrupts the server.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pgembed::{Cluster, Config, Durability};

use crate::deps;
use crate::process::{say, target};

const NAME: &str = "nines-test-pg";

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
    let binaries = deps::postgres()?;
    let target = target()?;
    let session = File::create(target.join(format!("{NAME}.lock")))
        .context("failed to open the lock of the test cluster")?;
    if let Err(TryLockError::WouldBlock) = session.try_lock() {
        say("waiting for another `cargo xtask` that uses the test cluster");
    }
    session.lock().context("failed to lock the test cluster")?;
    let root = root(&target);
    let config = Config {
        root,
        fsync: Durability::TestsOnly,
        database: "nines_test".to_owned(),
    };
    let cluster = Cluster::start(&binaries, &config).context("failed to start the test cluster")?;
    Ok(TestCluster {
        cluster,
        _session: session,
    })
}

/// Below the target directory, unless the server's user cannot go there: then in `/tmp`.
fn root(target: &Path) -> PathBuf {
    let own = target.join(NAME);
    if pgembed::is_reachable(&own) {
        return own;
    }
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    std::env::temp_dir().join(format!("{NAME}-{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_in_the_open_keeps_its_cluster_to_itself() {
        let target = std::env::temp_dir();
        assert_eq!(root(&target), target.join(NAME));
    }
}
