//! `nines contract check`.

use std::process::ExitCode;

use anyhow::Context as _;
use camino::Utf8PathBuf;
use clap::Subcommand;
use sla::Contract;

use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read a contract file and say what it promises, or what is wrong with it and where.
    Check {
        /// Contract files (TOML, schema `sla-contract/1`).
        #[arg(required = true)]
        files: Vec<Utf8PathBuf>,
    },
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Action::Check { files } = &options.action;
    for file in files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?;
        let contract =
            Contract::parse(&text).with_context(|| format!("`{file}` is not a contract"))?;
        print::line(&format!(
            "{file}: {} with {}: ok",
            contract.id(),
            contract.provider
        ));
        for commitment in &contract.commitments {
            print::line(&format!("  {}", describe(commitment)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(commitment: &sla::Commitment) -> String {
    format!(
        "{}: at least {} %",
        commitment.id,
        commitment.target.percent_string(4)
    )
}
