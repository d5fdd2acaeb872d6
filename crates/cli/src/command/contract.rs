//! `nines contract`: contracts as they are written, and in plain words.

mod check;
mod list;
pub(crate) mod load;
mod openslo;
pub(crate) mod phrase;
mod show;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::Subcommand;
use sla::Contract;

use crate::page::Style;
use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The templates that come with the program: what is publicly known of providers' SLAs.
    List {
        /// Show only templates whose name, provider or title contains this.
        #[arg(value_name = "WORD")]
        filter: Option<String>,
        #[command(flatten)]
        style: Style,
    },
    /// What a contract promises, in plain words: formula, errors, credits, deadlines, open points.
    Show {
        /// A contract file, or the name of a template.
        #[arg(value_name = "FILE|NAME")]
        contract: String,
        /// Print the template's TOML instead, to start a contract of your own from.
        #[arg(long)]
        toml: bool,
        #[command(flatten)]
        style: Style,
    },
    /// Read contract files and say what they promise, or what is wrong with them and where.
    Check {
        /// Contract files (TOML, schema `sla-contract/1`).
        #[arg(required = true)]
        files: Vec<Utf8PathBuf>,
    },
    /// Print the JSON Schema of contract files, for editors that complete from it.
    Schema,
    /// Print every key of contract files with its meaning, as Markdown.
    Reference,
    /// Make the draft of a contract from an SLO of OpenSLO v1 (YAML); warns of what that leaves open.
    ImportOpenslo(openslo::ImportOptions),
    /// Write a contract as SLOs of OpenSLO v1 (YAML); warns of what those cannot say.
    ExportOpenslo(openslo::ExportOptions),
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.action {
        Action::List { filter, style } => {
            let filter = filter.as_deref().unwrap_or_default();
            print::line(&list::page(filter, style.look())?);
        }
        Action::Show {
            contract,
            toml: true,
            ..
        } => print::line(load::toml(contract)?.trim_end()),
        Action::Show {
            contract, style, ..
        } => {
            print::line(&show::page(&load::load(contract)?, style.look()));
        }
        Action::Check { files } => check::run(files)?,
        Action::Schema => {
            print::line(&serde_json::to_string_pretty(&Contract::json_schema())?);
        }
        Action::Reference => print::line(Contract::reference().trim_end()),
        Action::ImportOpenslo(options) => return openslo::import(options),
        Action::ExportOpenslo(options) => return openslo::export(options),
    }
    Ok(ExitCode::SUCCESS)
}
