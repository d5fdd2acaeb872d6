//! Parts: the batches of one agent, received on one day, in one ZIP that any tool opens.
//!
//! The raw bytes stand in it as they were received, each compressed with zstd and signed inside;
//! `index.jsonl` says what the bodies do not say of themselves.

use std::collections::BTreeMap;
use std::io::Cursor;

use chrono::NaiveDate;
use domain::UnixMicros;
use evidence::bundle::{self, Bundle};
use serde::{Deserialize, Serialize};

use super::ArchiveError;
use super::manifest::{ObjectEntry, ObjectKind};
use super::objects::named;
use crate::store::archive::Archived;

/// Raw bytes at which a part is closed; it ends with the batch that reaches them.
const PART_BYTES: usize = 16 << 20;
/// Batches in one part: a day of one every ten seconds is three.
const PART_BATCHES: usize = 4_096;
/// Name of the index in a part.
const INDEX: &str = "index.jsonl";

/// What the collector knows of an archived batch beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexLine {
    /// The agent's name.
    pub(crate) agent: String,
    /// Its number.
    pub(crate) seq: u64,
    /// Hash of its note's text, hexadecimal.
    pub(crate) batch: String,
    /// When it was received.
    pub(crate) received_us: UnixMicros,
    /// Its place in the log.
    pub(crate) log_index: u64,
}

/// A batch of a part.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) index: IndexLine,
    pub(crate) body: Vec<u8>,
}

/// Batches of one agent that become a part.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    batches: Vec<Archived>,
    bytes: usize,
}

impl Draft {
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether a batch of an agent begins another part.
    pub(crate) fn is_closed_for(&self, agent: &str) -> bool {
        let is_other = |last: &Archived| last.agent != agent;
        self.bytes >= PART_BYTES
            || self.batches.len() >= PART_BATCHES
            || self.batches.last().is_some_and(is_other)
    }

    pub(crate) fn push(&mut self, batch: Archived) {
        self.bytes += batch.body.len();
        self.batches.push(batch);
    }

    /// Writes the part. The same batches make the same bytes and the same name.
    pub(crate) fn finish(self, day: NaiveDate) -> Result<(ObjectEntry, Vec<u8>), ArchiveError> {
        let (Some(first), Some(last)) = (self.batches.first(), self.batches.last()) else {
            return Err(ArchiveError::write("raw", "a part needs batches"));
        };
        let stem = format!(
            "raw/{day}/{}-{:010}-{:010}",
            first.agent, first.seq, last.seq
        );
        let count = self.batches.len() as u64;
        let mut index = String::new();
        let mut entries = BTreeMap::new();
        for batch in self.batches {
            let line = IndexLine {
                agent: batch.agent,
                seq: batch.seq,
                batch: batch.hash.to_hex(),
                received_us: batch.received_at.into(),
                log_index: batch.log_index,
            };
            let line = serde_json::to_string(&line);
            index.push_str(&line.map_err(|source| ArchiveError::write(&stem, source))?);
            index.push('\n');
            entries.insert(file_name(batch.seq), batch.body);
        }
        entries.insert(INDEX.to_owned(), index.into_bytes());
        let written = bundle::write(&entries, Cursor::new(Vec::new()));
        let bytes = written.map_err(|source| ArchiveError::write(&stem, source))?;
        let bytes = bytes.into_inner();
        let path = named(&stem, &bytes, ".zip");
        Ok((
            ObjectEntry::of(path, ObjectKind::Batches, count, &bytes),
            bytes,
        ))
    }
}

/// Reads a part whose bytes its manifest vouches for.
pub(crate) fn read(object: &ObjectEntry, bytes: Vec<u8>) -> Result<Vec<Entry>, ArchiveError> {
    let path = object.path.as_str();
    let damaged = |what: bundle::BundleError| ArchiveError::damaged(path, what);
    let mut zip = Bundle::open(Cursor::new(bytes)).map_err(damaged)?;
    let index = zip.read(INDEX).map_err(damaged)?;
    let mut entries = Vec::new();
    for line in index.split(|byte| *byte == b'\n') {
        if line.is_empty() {
            continue;
        }
        let index: IndexLine =
            serde_json::from_slice(line).map_err(|e| ArchiveError::damaged(path, e))?;
        let body = zip.read(&file_name(index.seq)).map_err(damaged)?;
        entries.push(Entry { index, body });
    }
    if entries.len() as u64 != object.count {
        let what = format!("it holds {} batches, not {}", entries.len(), object.count);
        return Err(ArchiveError::damaged(path, what));
    }
    Ok(entries)
}

/// Of equal length, so that byte order is the order of numbers.
fn file_name(seq: u64) -> String {
    format!("{seq:010}.zst")
}
