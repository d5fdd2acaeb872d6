//! `nines contract check`.

use camino::Utf8PathBuf;

use super::{load, phrase};
use crate::page::TIE;
use crate::print;

/// Reads files, and says of each what it promises and what looks like an oversight; the first that cannot be read ends it.
pub(super) fn run(files: &[Utf8PathBuf]) -> anyhow::Result<()> {
    for file in files {
        let contract = load::read(file)?;
        print::line(&format!(
            "{file}: {} with {}: ok",
            contract.id(),
            contract.provider
        ));
        for commitment in &contract.commitments {
            let promise = phrase::promised(commitment);
            print::line(&format!("  {}: {promise}", commitment.id.as_str()).replace(TIE, " "));
        }
        if contract.commitments.is_empty() {
            print::line("  nothing is promised");
        }
        for warning in contract.warnings() {
            print::line(&format!("  warning: {warning}"));
        }
    }
    Ok(())
}
