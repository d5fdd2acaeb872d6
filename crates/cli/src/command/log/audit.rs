//! Reads a copy of a log from the first entry to the last.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use evidence::checkpoint::Checkpoint;
use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::policy::Policy;
use evidence::tiles::{Tile, TileKind, entry_bundles, hash_tiles};
use evidence::tree::Tree;
use indicatif::{ProgressBar, ProgressStyle};
use verify::audit::{Audited, Auditor};
use wire::names::Origin;

use super::folder::Folder;
use super::{open, read_policy};
use crate::print;

pub(super) fn run(folder: &Folder, policy: Option<&Utf8Path>) -> anyhow::Result<ExitCode> {
    let note = folder.checkpoint()?.context("the checkpoint is gone")?;
    let policy = match (policy, folder.policy()?) {
        (Some(path), _) => Some(read_policy(path)?),
        (None, Some(text)) => Some(Policy::parse(&text)?),
        (None, None) => None,
    };
    let checkpoint = match &policy {
        Some(policy) => open(policy, &note)?,
        None => Checkpoint::parse(SignedNote::parse(&note)?.text())?,
    };
    let audited = read(folder, &checkpoint)?;
    let mut faults: Vec<String> = audited
        .faults
        .iter()
        .map(|fault| match fault.index {
            Some(index) => format!("entry {index}: {}", fault.reason),
            None => fault.reason.clone(),
        })
        .collect();
    if audited.tree.head() == checkpoint.head() {
        faults.extend(wrong_tiles(folder, &audited.tree)?);
    } else {
        faults.insert(
            0,
            "the entries do not give the root of the checkpoint".to_owned(),
        );
    }
    let unlisted = audited.faults_total - audited.faults.len() as u64;
    let signature = if policy.is_some() {
        "by the policy's log"
    } else {
        "not checked: no policy"
    };
    tell(&checkpoint, &audited, signature);
    for fault in &faults {
        print::line(&format!("FAULT     {fault}"));
    }
    if unlisted > 0 {
        print::line(&format!("FAULT     and {unlisted} more"));
    }
    if faults.is_empty() {
        print::line("no faults; signatures of agents and the operator are for `nines verify`");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Takes every entry in order.
fn read(folder: &Folder, checkpoint: &Checkpoint) -> anyhow::Result<Audited> {
    let origin = checkpoint.origin.strip_suffix("/log");
    let origin: Origin = origin
        .context("the checkpoint is of no log of this program: its origin does not end in `/log`")?
        .parse()?;
    let mut auditor = Auditor::new(origin);
    let style = ProgressStyle::with_template("auditing {bar:40} {pos}/{len} entries {eta}");
    let bar = ProgressBar::new(checkpoint.size);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    for bundle in entry_bundles(checkpoint.size) {
        let bytes = folder.tile(&bundle)?;
        let bytes = bytes.with_context(|| format!("`{bundle}` is not in the copy"))?;
        let mut count = 0_u16;
        for entry in Entries::new(bytes.as_slice()).take(usize::from(bundle.width()) + 1) {
            auditor.take(&entry.with_context(|| format!("`{bundle}` cannot be read"))?);
            count += 1;
        }
        if count != bundle.width() {
            bail!("`{bundle}` does not hold {} entries", bundle.width());
        }
        bar.inc(u64::from(count));
    }
    bar.finish_and_clear();
    Ok(auditor.finish())
}

/// Tiles of hashes that are not those of the entries: what a mirror of this copy would be told.
fn wrong_tiles(folder: &Folder, tree: &Tree) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for tile in hash_tiles(tree.size()) {
        let hashes = folder.tile(&tile)?.and_then(|bytes| tile.hashes(&bytes));
        if hashes != content(&tile, tree) {
            wrong.push(format!("`{tile}` is missing or wrong"));
        }
    }
    Ok(wrong)
}

fn content(tile: &Tile, tree: &Tree) -> Option<Vec<Hash>> {
    let TileKind::Hashes { level } = tile.kind() else {
        return None;
    };
    let places = tile.first()..tile.first() + u64::from(tile.width());
    places
        .map(|at| tree.node(8 * u32::from(level), at))
        .collect()
}

fn tell(checkpoint: &Checkpoint, audited: &Audited, signature: &str) {
    print::line(&format!("log       {}", checkpoint.origin));
    print::line(&format!("signed    {signature}"));
    print::line(&format!("root      {}", audited.tree.head().root));
    let (batches, records) = (audited.batches, audited.records);
    let size = audited.tree.size();
    print::line(&format!(
        "entries   {size}: {batches} batches, {records} records"
    ));
    for (agent, count) in &audited.agents {
        print::line(&format!("agent     {agent}: {count} batches without a gap"));
    }
    for (chain, count) in &audited.chains {
        print::line(&format!("chain     {chain}: {count} records without a gap"));
    }
}

#[cfg(test)]
mod tests;
