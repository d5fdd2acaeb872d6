//! `nines price`: what models cost, and tables of prices from elsewhere.

mod show;
mod summary;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use chrono::NaiveDate;
use clap::Subcommand;
use domain::{Clock as _, SystemClock};
use probe::price::{PriceTable, TABLE_BYTES_MAX, litellm};

use crate::page::Style;
use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What a model costs, from when, and where that was read.
    Show {
        /// The model, exactly as requests name it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// Show only this provider's prices.
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// A price table (TOML); without it, the one that comes with the program.
        #[arg(long, value_name = "FILE")]
        table: Option<Utf8PathBuf>,
        #[command(flatten)]
        style: Style,
    },
    /// Make a price table (TOML) from one in another format; warns of what is left out.
    Import(ImportOptions),
}

#[derive(Debug, clap::Args)]
struct ImportOptions {
    /// LiteLLM's table: `model_prices_and_context_window.json`.
    #[arg(long, value_name = "FILE")]
    litellm: Utf8PathBuf,
    /// Where to write the table; without it, to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<Utf8PathBuf>,
    /// Day on which the file was fetched; without it, today (UTC).
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.action {
        Action::Show {
            model,
            provider,
            table,
            style,
        } => {
            let table = match table {
                None => PriceTable::embedded(),
                Some(file) => read_table(file)?,
            };
            print::line(&show::page(
                &table,
                model,
                provider.as_deref(),
                style.look(),
            )?);
        }
        Action::Import(options) => import(options)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn import(options: &ImportOptions) -> anyhow::Result<()> {
    let file = &options.litellm;
    let bytes = read(file, litellm::LITELLM_BYTES_MAX)?;
    let today = || SystemClock.now_utc().date_naive();
    let imported = litellm::import(&bytes, options.as_of.unwrap_or_else(today))
        .with_context(|| format!("`{file}` does not become a price table"))?;
    let mut errors = io::stderr().lock();
    for line in summary::lines(&imported) {
        // A reader that went away is no failure of ours.
        let _gone = writeln!(errors, "{line}");
    }
    let toml = imported.table.to_toml();
    match &options.out {
        None => print::line(toml.trim_end()),
        Some(out) => {
            std::fs::write(out, toml).with_context(|| format!("cannot write `{out}`"))?;
        }
    }
    Ok(())
}

/// Reads a price table from a file.
pub(super) fn read_table(file: &Utf8Path) -> anyhow::Result<PriceTable> {
    let bytes = read(file, TABLE_BYTES_MAX)?;
    let text = String::from_utf8(bytes).with_context(|| format!("cannot read `{file}`"))?;
    PriceTable::parse(&text).with_context(|| format!("`{file}` is not a price table"))
}

/// The bytes of a file, unless it is longer than any that is accepted.
fn read(file: &Utf8Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let limit = u64::try_from(bytes_max)?;
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(limit + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read `{file}`"))?;
    ensure!(
        bytes.len() <= bytes_max,
        "`{file}` is longer than {bytes_max} bytes"
    );
    Ok(bytes)
}
