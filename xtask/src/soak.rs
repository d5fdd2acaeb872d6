//! `cargo xtask soak`: the real programs, killed at random for some minutes.

use anyhow::{Context, Result};

use crate::{deps, process};

/// The test, which `cargo test` leaves alone.
const TEST: &str = "thread::soak::whatever_is_killed_nothing_is_lost_and_nothing_is_stored_twice";

/// Runs it for as many seconds as the first word says.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let postgres = deps::postgres()?;
    process::run(process::cargo().args(["build", "--locked", "--workspace", "--bins"]))?;
    let mut test = process::cargo();
    test.args(["test", "--locked", "-p", "e2e", "--test", "e2e", "--"]);
    test.args(["--ignored", "--exact", TEST, "--nocapture"]);
    test.env("PG_BIN", postgres.dir());
    if let Some(word) = words.first() {
        let seconds: u64 = word
            .parse()
            .with_context(|| format!("`{word}` is no number of seconds"))?;
        test.env("NINES_SOAK_S", seconds.to_string());
    }
    process::run(&mut test)
}
