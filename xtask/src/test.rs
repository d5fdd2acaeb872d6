//! `cargo xtask test`: every test of the workspace, with a database.

use std::ffi::OsString;

use anyhow::Result;
use pgembed::Binaries;

use crate::{cluster, deps, process};

/// Runs cargo's own test runner, so that nothing must be installed and the usual lines end it.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    deps::ensure(&[deps::OPENSSL, deps::UNZIP])?;
    run_on(&deps::postgres()?, args)
}

/// The same on the server of one installation.
pub(crate) fn run_on(binaries: &Binaries, args: &[OsString]) -> Result<()> {
    let cluster = cluster::start_with(binaries)?;
    let mut command = process::cargo();
    command.args(["test", "--locked"]);
    if !names_package(args) {
        // Tests of real processes start the programs, which cargo builds for no test but their own.
        process::run(process::cargo().args(["build", "--locked", "--workspace", "--bins"]))?;
        command.arg("--workspace");
    }
    command.env("DATABASE_URL", cluster.url());
    process::run(command.args(args).env("PG_BIN", binaries.dir()))
}

/// Whether cargo is told which packages to test: `--workspace` would overrule that.
fn names_package(args: &[OsString]) -> bool {
    let for_cargo = args.iter().take_while(|arg| *arg != "--");
    let mut words = for_cargo.map(|arg| arg.to_string_lossy());
    words.any(|word| word.starts_with("-p") || word.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: &[&str], expected: bool) {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        assert_eq!(names_package(&args), expected, "{args:?}");
    }

    #[test]
    fn a_named_package_is_tested_alone() {
        check(&["-p", "sla"], true);
        check(&["-psla"], true);
        check(&["--release", "--package=sla"], true);
        check(&["a_filter"], false);
        check(&["--", "-p"], false);
    }
}
