//! The `nines` command: everything of Nines behind one name.
//!
//! Commands parse, call a library and print; they hold no logic of their own. The environment is
//! read here and nowhere else.

mod args;
mod command;
mod demo;
mod environment;
mod page;
mod print;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    match run(args) {
        Ok(code) => code,
        Err(failure) => {
            print::error(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<ExitCode> {
    let telemetry = environment::telemetry(&args.command, args.log.as_deref())?;
    let guard = telemetry::install(&telemetry)?;
    let metrics = guard.metrics().clone();
    match args.command {
        Command::Demo(options) => demo::run(&options, &metrics),
        Command::Up(options) => command::up::run(&options, &metrics),
        Command::Collector(options) => command::collector::run(&options, &metrics),
        Command::Agent(options) => command::agent::run(options, &metrics),
        Command::Sim(options) => command::sim::run(&options),
        Command::Probe(options) => Ok(command::probe::run(&options)),
        Command::Assess(options) => Ok(command::assess::run(&options)),
        Command::Plan(options) => command::plan::run(options),
        Command::Contract(options) => command::contract::run(&options),
        Command::Price(options) => command::price::run(&options),
        Command::Evidence(options) => command::evidence::run(&options),
        Command::Verify(options) => Ok(command::verify::run(&options)),
        Command::Claim(options) => command::claim::run(options),
        Command::Log(options) => command::log::run(options),
        Command::Hold(options) => command::hold::run(options),
        Command::Archive(options) => command::archive::run(&options),
        Command::Rebuild(options) => command::rebuild::run(&options),
        Command::Migrate(options) => command::migrate::run(&options),
    }
}
