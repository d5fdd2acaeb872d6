//! Evidence bundles: gathers what a stranger needs to reach the same verdict.
//!
//! Nothing is computed here that the verifier does not compute again from the raw lines: the
//! assessment in a bundle is made by [`sla::assess`] over the lines that the bundle discloses.

mod disclose;
mod log;
mod policy;
mod stamp;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Minute, UnixMicros};
use evidence::bundle::{BundleError, Packed};
use evidence::tree::TreeError;
use sla::Facts;
use sqlx::PgConnection;
use verify::assemble::{AssembleError, Contents, Record, SegmentPacker};
use verify::layout::nonces::{Due, Nonces};
use wire::batch::BatchError;

use crate::app::App;
use crate::contracts;
use crate::known::Known;
use crate::store::{self, StoreError, registry::Record as Recorded, violation::Violation};
use log::Anchored;
pub(crate) use log::agents_needed;
pub(crate) use policy::policy_text;

/// Log entries that are read at once.
const ENTRIES_READ: u64 = 1_000;

/// A bundle, ready to be sent.
#[derive(Debug)]
pub struct Exported {
    /// A name for the file.
    pub file_name: String,
    /// The zip.
    pub bytes: Vec<u8>,
    /// Authorities that were asked for a timestamp of the manifest, and gave none.
    pub unstamped: Vec<String>,
}

/// A bundle that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No such violation.
    #[error("there is no violation `{violation}`")]
    NotFound {
        /// Its name.
        violation: String,
    },
    /// Agents have not yet vouched for a checkpoint.
    #[error("no checkpoint has enough cosignatures yet; try again in a minute")]
    NotAnchored,
    /// What is anchored so far does not show the breach.
    #[error(
        "the samples that are anchored so far do not breach `{violation}`; try again in a minute"
    )]
    NotYetProven {
        /// Its name.
        violation: String,
    },
    /// A stored batch cannot be read.
    #[error("a stored batch cannot be read")]
    Batch(#[source] BatchError),
    /// The log cannot prove one of its own records.
    #[error("the log cannot prove a record")]
    Proof(#[source] TreeError),
    /// The members cannot be made.
    #[error("failed to assemble the bundle")]
    Assemble(#[source] AssembleError),
    /// The zip cannot be written.
    #[error("failed to pack the bundle")]
    Pack(#[source] BundleError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gathers and packs the evidence of a violation.
#[tracing::instrument(name = "export.bundle.build", skip_all, fields(violation.id = name))]
pub(crate) async fn export(app: &App, name: &str) -> Result<Exported, ExportError> {
    let (read, contents) = gather(app, name).await?;
    let packed = verify::pack(read, contents, &app.keys.export);
    let mut packed = packed.map_err(ExportError::Assemble)?;
    let unstamped = stamp::manifest(app, &mut packed).await?;
    let length = usize::try_from(packed.file_bytes()).unwrap_or_default();
    let written = packed.write(Vec::with_capacity(length));
    let bytes = written.map_err(ExportError::Pack)?;
    Ok(Exported {
        file_name: format!("{name}.evidence.zip"),
        bytes,
        unstamped,
    })
}

/// What a bundle is made of: what there is much of is packed while it is read.
async fn gather(app: &App, name: &str) -> Result<(Packed, Contents), ExportError> {
    let not_found = || ExportError::NotFound {
        violation: name.to_owned(),
    };
    let mut conn = app.connection().await?;
    let violation = store::violation::find(&mut conn, name)
        .await?
        .ok_or_else(not_found)?;
    let start = minute_of(violation.window_start_at);
    let loaded = contracts::judging(&app.contracts, violation.contract_key, start);
    let loaded = loaded.ok_or_else(not_found)?;
    let window = loaded.contract.window_at(start);
    let anchored = log::anchored(app, &mut conn).await?;
    let fleet = covered(&mut conn, &app.origin.fleet_chain(), &anchored).await?;
    let known = Known::recorded(&fleet)?;
    let scope = disclose::Scope {
        targets: &loaded.targets,
        window,
        anchored: &anchored,
        known: &known,
    };
    let disclosure = disclose::disclose(&mut conn, &scope).await?;
    let complete = disclosure.complete_until.ok_or(ExportError::NotAnchored)?;
    let terms = known.terms(loaded, window, complete);
    let cells = disclosure.cells;
    let facts = Facts::counted(&cells);
    let assessment = sla::assess(&loaded.contract, &terms, facts);
    check_breached(&assessment, &violation)?;
    let commitments = loaded.contract.commitments.iter();
    let minutes = commitments.map(|commitment| {
        let table = sla::minutes_csv(&loaded.contract, &terms, facts, commitment);
        (commitment.id.to_string(), table)
    });
    let agents = known.agents(window, complete);
    let first_index = disclosure.first_index.unwrap_or(0);
    let segment_start = disclose::segment_start(&mut conn, first_index, &known, &agents).await?;
    let own = app.origin.contract_chain(&loaded.registered.id);
    let own = covered(&mut conn, &own, &anchored).await?;
    let mut packed = disclosure.packed;
    let segment = (segment_start, anchored.last_size());
    add_segment(&mut conn, &mut packed, segment).await?;
    let contents = Contents {
        origin: app.origin.clone(),
        violation: violation.name,
        contract: loaded.registered.id.clone(),
        contract_text: loaded.registered.toml.clone(),
        targets: loaded.targets.clone(),
        agents,
        fleet_records: proven(app, fleet, &anchored, segment_start).await?,
        contract_records: proven(app, own, &anchored, segment_start).await?,
        prefix: log::prefix(app, segment_start).await,
        segment: Vec::new(),
        anchors: anchored.notes_from(segment_start)?,
        timestamps: stamp::of_anchors(&mut conn, &anchored, segment_start).await?,
        nonces: revealed(app, &known, &terms),
        tsa_roots: tsa_roots(app),
        minutes: minutes.collect::<BTreeMap<_, _>>(),
        streams: Vec::new(),
        reserved: Vec::new(),
        assessment,
        policy: policy_text(app, &mut conn).await?,
        terms,
    };
    Ok((packed, contents))
}

/// Packs the log from `start` up to `end`.
async fn add_segment(
    conn: &mut PgConnection,
    packed: &mut Packed,
    (start, end): (u64, u64),
) -> Result<(), ExportError> {
    let mut segment = SegmentPacker::new(start, end);
    let mut from = start;
    while from < end {
        let to = end.min(from.saturating_add(ENTRIES_READ));
        for note in store::log::notes(conn, from, to).await? {
            segment.push(&note).map_err(ExportError::Assemble)?;
        }
        from = to;
    }
    segment.finish(packed).map_err(ExportError::Assemble)
}

/// The seed of client request ids, for days that are over.
fn revealed(app: &App, known: &Known, terms: &sla::Terms) -> Option<Nonces> {
    let plans = known.in_force(terms.window, terms.as_of);
    let due = Due::of(&plans, terms.as_of.min(terms.window.end()).start())?;
    let seed = app.keys.nonces.seed(due.day);
    Some(Nonces::reveal(due, seed))
}

fn tsa_roots(app: &App) -> Option<String> {
    let roots = app.timestamping.as_ref()?.roots.as_ref();
    roots.map(|(pem, _)| pem.clone())
}

fn check_breached(assessment: &sla::Assessment, violation: &Violation) -> Result<(), ExportError> {
    if assessment.breached().any(|c| c.id == violation.commitment) {
        return Ok(());
    }
    Err(ExportError::NotYetProven {
        violation: violation.name.clone(),
    })
}

/// A whole chain, as far as the last anchor covers it.
async fn covered(
    conn: &mut PgConnection,
    chain: &str,
    anchored: &Anchored,
) -> Result<Vec<Recorded>, ExportError> {
    let size = anchored.last_size();
    let mut records = store::registry::list(conn, chain).await?;
    let is_covered = |record: &Recorded| record.log_index.is_some_and(|index| index < size);
    let count = records
        .iter()
        .take_while(|record| is_covered(record))
        .count();
    records.truncate(count);
    Ok(records)
}

/// Records with their proofs, where they lie before the segment.
async fn proven(
    app: &App,
    records: Vec<Recorded>,
    anchored: &Anchored,
    segment_start: u64,
) -> Result<Vec<Record>, ExportError> {
    let log = app.log.lock().await;
    let prove = |record: Recorded| {
        let index = record.log_index?;
        let proof = if index < segment_start {
            log.tree.inclusion_proof(index, anchored.last_size())
        } else {
            Ok(Vec::new())
        };
        Some(proof.map(|proof| Record {
            note: record.note,
            body: record.body,
            index,
            proof,
        }))
    };
    let proven = records.into_iter().filter_map(prove);
    proven.collect::<Result<_, _>>().map_err(ExportError::Proof)
}

fn minute_of(at: DateTime<Utc>) -> Minute {
    UnixMicros::from(at).to_millis().minute()
}

#[cfg(test)]
mod tests;
