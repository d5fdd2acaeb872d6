//! `nines assess`: a verdict from files, without any server.
//!
//! A log of samples is counted in one pass, whatever its size, and judged by `sla::assess`, as the
//! collector and the verifier do. Nothing here decides a verdict. It exits with 0 once there is
//! one, whatever it is, and with 2 where there is none because something given cannot be used.

mod amount;
mod exclusions;
mod intake;
mod judge;
mod narrow;
mod places;
mod progress;
mod report;
mod request;
mod rows;
mod spans;
mod table;
mod targets;
mod text;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::ValueEnum;
use domain::{AgentId, Clock as _, SystemClock, TargetId};

use crate::page::Style;
use crate::print;
use narrow::Assignment;
use request::Request;

/// Exit code where something given cannot be used.
const UNUSABLE: u8 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A contract file, or the name of a template (`nines contract list`).
    #[arg(long, value_name = "FILE|NAME")]
    contract: String,
    /// Samples as JSON Lines or CSV, plain or packed with gzip or zstd; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    samples: Utf8PathBuf,
    /// The window to judge, by its name: 2026-10, or as the contract cuts time.
    #[arg(long, value_name = "WINDOW")]
    period: String,
    /// Announced maintenance and other exclusions: CSV with `start,end,kind,announced_at,reason`,
    /// or TOML with `[[exclusion]]`.
    #[arg(long, value_name = "FILE")]
    maintenance: Option<Utf8PathBuf>,
    /// Fees of the window that credits are a share of, such as 12000 or "12000.00 USD".
    #[arg(long, value_name = "AMOUNT")]
    fees: Option<String>,
    /// What was credited in the twelve months before.
    #[arg(long, value_name = "AMOUNT")]
    credited_12_months: Option<String>,
    /// The days under contract, where it begins or ends within the window: FIRST/AFTER, without
    /// the second day itself; either may be left out.
    #[arg(long, value_name = "FIRST/AFTER")]
    subscribed: Option<String>,
    /// The first moment that has not happened yet; default: the window's end, or now while it runs.
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// What the samples are at the provider, or which of them to judge, such as account=acme or
    /// region=eu-west-1. May be given several times.
    #[arg(long, value_name = "DIMENSION=VALUE")]
    scope: Vec<Assignment>,
    /// Where agents stand: CSV with `agent,region,network`.
    #[arg(long, value_name = "FILE")]
    places: Option<Utf8PathBuf>,
    /// Agent of lines that name none.
    #[arg(long, value_name = "NAME", default_value = "log")]
    agent: AgentId,
    /// Target of lines that name none.
    #[arg(long, value_name = "NAME", default_value = "log")]
    target: TargetId,
    /// Pass over lines that are no samples, and count them.
    #[arg(long)]
    skip_invalid: bool,
    /// Pass over columns of a CSV file that mean nothing.
    #[arg(long)]
    ignore_unknown_columns: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    style: Style,
}

/// How to print a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people.
    Text,
    /// One JSON object, schema `assess/1`.
    Json,
    /// One row for each result.
    Csv,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    match assess(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::error(&failure);
            ExitCode::from(UNUSABLE)
        }
    }
}

fn assess(options: &Options) -> anyhow::Result<()> {
    let request = Request::of(options, SystemClock.now().to_millis().minute())?;
    let counted = intake::file(&options.samples, &request)?;
    let report = judge::judge(request, counted);
    match options.format {
        Format::Text => print::line(text::page(&report, options.style.look()).trim_end()),
        // Straight out: a month of flickering is many megabytes of text.
        Format::Json => print::json(&report.json())?,
        Format::Csv => print::line(rows::csv(&report)?.trim_end()),
    }
    Ok(())
}
