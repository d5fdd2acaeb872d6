//! `nines evidence export`: fetches a bundle from a collector.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use camino::Utf8PathBuf;
use clap::Subcommand;

use super::runtime;
use crate::print;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Download the evidence bundle of a violation.
    Export {
        /// Name of the violation, as the pages and the API show it.
        violation: String,
        /// The collector.
        #[arg(long, default_value = "http://127.0.0.1:8090", value_name = "URL")]
        collector: String,
        /// Where to write the bundle; default: the name the collector gives.
        #[arg(long, value_name = "FILE")]
        output: Option<Utf8PathBuf>,
    },
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Action::Export {
        violation,
        collector,
        output,
    } = &options.action;
    let url = format!(
        "{}/api/v1/violations/{violation}/evidence",
        collector.trim_end_matches('/')
    );
    let (bytes, unstamped) = runtime()?.block_on(fetch(&url))?;
    let path = output
        .clone()
        .unwrap_or_else(|| format!("{violation}.evidence.zip").into());
    std::fs::write(&path, &bytes).with_context(|| format!("failed to write `{path}`"))?;
    print::line(&format!(
        "wrote {path} ({} bytes); check it with: nines verify {path}",
        bytes.len()
    ));
    if let Some(names) = unstamped {
        print::line(&format!("its manifest has no timestamp by: {names}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The bundle, and who gave no timestamp of it though it was asked.
async fn fetch(url: &str) -> anyhow::Result<(Vec<u8>, Option<String>)> {
    let answer = reqwest::get(url)
        .await
        .with_context(|| format!("failed to ask {url}"))?;
    let status = answer.status();
    let unstamped = answer.headers().get("nines-unstamped");
    let unstamped = unstamped.map(|names| String::from_utf8_lossy(names.as_bytes()).into_owned());
    let bytes = answer.bytes().await.context("the bundle was cut off")?;
    if status.is_success() {
        return Ok((bytes.to_vec(), unstamped));
    }
    let problem: Option<wire::problem::Problem> = serde_json::from_slice(&bytes).ok();
    let detail = problem
        .and_then(|p| p.detail)
        .unwrap_or_else(|| status.to_string());
    bail!("the collector refused: {detail}")
}
