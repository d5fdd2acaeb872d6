//! `cargo xtask`: everything a developer or the CI does with this repository, in one place.
//!
//! Invariants: a machine with the pinned Rust toolchain needs nothing else installed by hand (what
//! is missing is installed, or the one command that does is named), and nothing outside `target`
//! and `.sqlx` is written. Non-goal: being a build system; everything heavy is cargo's.

mod bench;
mod browser;
mod ci;
mod cluster;
mod conformance;
mod demo;
mod deps;
mod peers;
mod postgres;
mod process;
mod soak;
mod sqlx;
mod steps;
mod test;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Development tasks.

Usage: cargo xtask COMMAND

  deps [--browser]      make sure that what the tests need is installed: PostgreSQL's server,
                        and Chromium with --browser
  test [ARGS]           run `cargo test --locked ARGS`, of all packages unless -p names one, against
                        a private PostgreSQL, whose address is in DATABASE_URL
  bench ingest [ARGS]   run the collector's benchmark against a private PostgreSQL with durable
                        settings; ARGS are the bench's own
  demo [ARGS]           build the release, and run `nines demo ARGS`
  sqlx [--check]        renew the query data in .sqlx from the migrations and the collector's
                        queries; with --check only say whether it is current
  peers [ARGS]          install gateways, a model server and SDKs at pinned versions into
                        target/peers, start them, and run `cargo test ARGS` of tests/conformance
  browser [ARGS]        run a demo and look at its pages and its report in Chromium: wide, narrow,
                        light, dark, on paper; ARGS go to the tests
  postgres [N..] [ARGS] run `cargo test ARGS`, of the collector unless told otherwise, on servers
                        of the majors N, or of 16, 17 and 18, installed into target/peers
  soak [SECONDS]        kill agent, collectors and PostgreSQL at random under load, for two minutes
                        unless told otherwise, and check that nothing is lost or double;
                        NINES_SOAK_SEED repeats the order of a run
  conformance           drive the real processes, and check what they promise
  ci                    everything that must pass: fmt, clippy, doc, sqlx --check, test, conformance

PG_BIN names the directory of PostgreSQL's server programs where they are in an unusual place.
";

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            process::exit_code(&error)
        }
    }
}

fn run(args: &[OsString]) -> Result<()> {
    let words: Vec<&str> = args
        .iter()
        .map(|arg| arg.to_str().unwrap_or_default())
        .collect();
    match words.as_slice() {
        [] | ["-h" | "--help" | "help", ..] | [_, "-h" | "--help"] => Ok(print_help()?),
        ["deps"] => deps::ensure(&[deps::POSTGRES, deps::UNZIP, deps::OPENSSL]),
        ["deps", "--browser"] => {
            deps::ensure(&[deps::POSTGRES, deps::UNZIP, deps::OPENSSL, deps::BROWSER])
        }
        ["test", ..] => test::run(&args[1..]),
        ["bench", "ingest", ..] => bench::ingest(&args[2..]),
        ["demo", ..] => demo::become_demo(&args[1..]),
        ["sqlx"] => sqlx::renew(),
        ["sqlx", "--check"] => sqlx::check(),
        ["peers", ..] => peers::run(peers::Profile::Dev, &args[1..]),
        ["browser", ..] => browser::run(&args[1..]),
        ["postgres", ..] => postgres::run(&args[1..]),
        ["soak", rest @ ..] => soak::run(rest),
        ["conformance"] => conformance::run(),
        ["ci"] => ci::run(),
        _ => bail!("no such command: {}\n\n{HELP}", words.join(" ")),
    }
}

fn print_help() -> std::io::Result<()> {
    std::io::stdout().write_all(HELP.as_bytes())
}
