//! The log's part of a bundle: which checkpoints date what, and where the segment begins.

use evidence::hash::Hash;
use evidence::note::{NoteError, SignatureLine, SignedNote};
use evidence::tree::CompactRange;
use sqlx::PgConnection;
use wire::plan::PlanAgent;

use super::ExportError;
use super::policy::quorum;
use crate::app::App;
use crate::store::{self, StoreError};

/// A checkpoint whose first cosignature dated entries that no earlier one had dated.
#[derive(Debug)]
struct Anchor {
    size: u64,
    time_s: i64,
    note: String,
    /// Cosignature lines of agents, the first received first.
    lines: Vec<String>,
    /// Those of outside witnesses that are configured. They date nothing.
    outside: Vec<String>,
}

/// The anchors of the log, up to the newest that enough agents vouch for.
#[derive(Debug)]
pub(super) struct Anchored(Vec<Anchor>);

/// Reads the anchors in the order in which they were cosigned. A checkpoint that was cosigned
/// after a larger one dated nothing, and is left out.
pub(super) async fn anchored(app: &App, conn: &mut PgConnection) -> Result<Anchored, ExportError> {
    let needed = agents_needed(app, conn).await?;
    let outside_lines = store::outside::lines(conn).await?;
    let mut anchors: Vec<Anchor> = Vec::new();
    let mut end = 0;
    for stored in store::log::anchors(conn).await? {
        if anchors.last().is_some_and(|last| stored.size <= last.size) {
            continue;
        }
        let outside = outside_lines.get(&stored.size).map(Vec::as_slice);
        let outside = app.outside.known(outside.unwrap_or_default());
        let outside: Vec<String> = outside.into_iter().cloned().collect();
        let is_witnessed = app.outside.witnesses.is_empty() || !outside.is_empty();
        let enough = stored.lines.len() >= needed && is_witnessed;
        let time_s = stored.first_signed_at.timestamp();
        let (size, note, lines) = (stored.size, stored.note, stored.lines);
        anchors.push(Anchor {
            size,
            time_s,
            note,
            lines,
            outside,
        });
        if enough {
            end = anchors.len();
        }
    }
    anchors.truncate(end);
    if anchors.is_empty() {
        Err(ExportError::NotAnchored)
    } else {
        Ok(Anchored(anchors))
    }
}

/// How many agents must vouch for what a bundle ends with.
pub(crate) async fn agents_needed(app: &App, conn: &mut PgConnection) -> Result<usize, StoreError> {
    let plans = app.plans();
    let in_force = plans.in_force(app.clock.now().to_millis());
    let agents = store::agent::list(conn).await?;
    let ended = |planned: &&PlanAgent| {
        let known = agents.iter().find(|agent| agent.id == planned.id);
        known.is_some_and(|agent| agent.revoked)
    };
    let planned = in_force.agents.len();
    Ok(quorum(
        planned - in_force.agents.iter().filter(ended).count(),
    ))
}

impl Anchored {
    /// Size of the newest anchor: what the bundle's log ends with.
    pub(super) fn last_size(&self) -> u64 {
        self.0.last().map_or(0, |anchor| anchor.size)
    }

    /// Whether there is an anchor of this size.
    pub(super) fn has(&self, size: u64) -> bool {
        self.0
            .binary_search_by_key(&size, |anchor| anchor.size)
            .is_ok()
    }

    /// When an entry was first vouched for, seconds since the epoch.
    pub(super) fn time_of(&self, index: u64) -> Option<i64> {
        let place = self.0.partition_point(|anchor| anchor.size <= index);
        self.0.get(place).map(|anchor| anchor.time_s)
    }

    /// The anchors that cover anything from `start` on, as signed notes: each with the
    /// cosignature that dated it, the last with all of them.
    pub(super) fn notes_from(&self, start: u64) -> Result<Vec<Vec<u8>>, ExportError> {
        let first = self.0.partition_point(|anchor| anchor.size <= start);
        let last = self.0.len().saturating_sub(1);
        let needed = self.0.iter().enumerate().skip(first);
        needed
            .map(|(place, anchor)| {
                let lines = if place == last {
                    anchor.lines.iter().chain(&anchor.outside).collect()
                } else {
                    anchor.lines.iter().take(1).collect()
                };
                with_lines(&anchor.note, lines)
                    .map_err(|e| StoreError::inconsistent("cosignature.line", e).into())
            })
            .collect()
    }
}

fn with_lines(note: &str, lines: Vec<&String>) -> Result<Vec<u8>, NoteError> {
    let mut note = SignedNote::parse(note.as_bytes())?;
    for line in lines
        .into_iter()
        .filter_map(|line| SignatureLine::parse(line))
    {
        note.push(line)?;
    }
    Ok(note.to_bytes())
}

/// The log before the segment, as a compact range.
pub(super) async fn prefix(app: &App, start: u64) -> CompactRange {
    let log = app.log.lock().await;
    let mut range = CompactRange::default();
    let leaves = (0..start).map_while(|index| log.tree.node(0, index));
    leaves.for_each(|leaf: Hash| range.append(leaf));
    range
}
