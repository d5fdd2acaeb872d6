//! `nines contract import-openslo` and `export-openslo`: contracts from and to OpenSLO v1.
//!
//! OpenSLO knows formula, target and window of a promise; it knows no credits, claims, exclusions,
//! minimum runs, and nothing of whose fault an error is. So both ways are drafts for a person to
//! finish, and everything that is lost or assumed is said once, in a warning. Deliberately absent:
//! asking metric sources, which is what Nines' own samples are for. The mapping: `docs/openslo.md`.

mod document;
mod duration;
mod export;
mod import;
mod slices;
mod yaml;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use domain::{ContractId, ProviderId};
use sla::Currency;
use sla::contract::TimeZone;

use super::load;
use crate::print;

/// What the annotations begin with that an export writes and an import reads back.
const ANNOTATION_PREFIX: &str = "nines/";

#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions {
    /// OpenSLO v1 file (YAML): an SLO, and what it refers to.
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
    /// Name of the SLO, where the file has several.
    #[arg(long, value_name = "NAME")]
    slo: Option<String>,
    /// Id of the contract; without it, the name of the SLO.
    #[arg(long)]
    id: Option<ContractId>,
    /// Who promises; without it, the name of the service.
    #[arg(long, value_name = "NAME")]
    provider: Option<ProviderId>,
    /// Currency of fees and credits to come, such as EUR; without it, USD.
    #[arg(long, value_name = "CODE")]
    currency: Option<Currency>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// A contract file, or the name of a template.
    #[arg(value_name = "FILE|NAME")]
    contract: String,
}

/// What is not as it was on the other side, once each, in the order found.
#[derive(Debug, Default)]
struct Warnings(Vec<String>);

/// Prints the contract that an SLO becomes, and on standard error what OpenSLO leaves open.
pub(crate) fn import(options: &ImportOptions) -> anyhow::Result<ExitCode> {
    let file = &options.file;
    let yaml = read(file).with_context(|| format!("cannot read `{file}`"))?;
    let draft = import::draft(&yaml, options)
        .with_context(|| format!("`{file}` does not become a contract"))?;
    draft.warnings.print();
    print::line(draft.toml.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Prints the SLOs that a contract becomes, and on standard error what OpenSLO cannot say.
pub(crate) fn export(options: &ExportOptions) -> anyhow::Result<ExitCode> {
    let contract = load::load(&options.contract)?.contract;
    let draft = export::draft(&contract)?;
    draft.warnings.print();
    print::line(draft.yaml.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The text of a file, unless it is longer than any that is accepted.
fn read(file: &Utf8Path) -> anyhow::Result<String> {
    let bytes_max = u64::try_from(yaml::YAML_BYTES_MAX)?;
    let mut bytes = Vec::new();
    File::open(file)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() <= yaml::YAML_BYTES_MAX,
        "it is longer than {bytes_max} bytes"
    );
    Ok(String::from_utf8(bytes)?)
}

/// Whether the clocks of a zone are never set.
fn keeps_its_clock(zone: TimeZone) -> bool {
    zone.name() == "UTC" || zone.name().starts_with("Etc/")
}

impl Warnings {
    fn push(&mut self, warning: String) {
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    fn print(&self) {
        let mut out = io::stderr().lock();
        for warning in &self.0 {
            // A reader that went away is no failure of ours.
            let _gone = writeln!(out, "warning: {warning}");
        }
    }
}
