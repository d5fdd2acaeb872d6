//! `cargo xtask demo`: the whole system on this machine, from a release build.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{deps, process};

/// Builds the release, and replaces this process by the demo: its terminal, its Ctrl-C, its status.
pub(crate) fn become_demo(args: &[OsString]) -> Result<()> {
    let error = built()?.args(args).exec();
    Err(error).context("failed to run `nines demo`")
}

/// Builds the release; the demo by it, to be run.
pub(crate) fn built() -> Result<Command> {
    deps::ensure(&[deps::POSTGRES])?;
    process::run(process::cargo().args(["build", "--release", "--locked", "-p", "cli"]))?;
    let mut nines = Command::new(process::target()?.join("release/nines"));
    nines.arg("demo").current_dir(process::repository());
    Ok(nines)
}
