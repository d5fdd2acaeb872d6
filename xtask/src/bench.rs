//! `cargo xtask bench`: benchmarks that need a database.

use std::ffi::OsString;

use anyhow::Result;

use crate::{cluster, process};

/// Measures the collector; `args` are the bench's own.
pub(crate) fn ingest(args: &[OsString]) -> Result<()> {
    let cluster = cluster::start_durable()?;
    let mut command = process::cargo();
    command.args([
        "bench",
        "--locked",
        "-p",
        "collector",
        "--bench",
        "ingest",
        "--",
    ]);
    process::run(command.args(args).env("DATABASE_URL", cluster.url()))
}
