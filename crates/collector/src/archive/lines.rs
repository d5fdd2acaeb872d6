//! The log's own records of one day, as JSON lines compressed with zstd: what a database needs
//! beside the batches to become what it was.

use std::io::Read as _;

use chrono::NaiveDate;
use domain::UnixMicros;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ArchiveError;
use super::manifest::{ObjectEntry, ObjectKind};
use super::objects::named;

/// Lines in one object.
pub(crate) const LINES_MAX: i64 = 1_000;
/// Bytes that an object may unpack to: a thousand checkpoints with hundreds of cosignatures.
const TEXT_BYTES_MAX: u64 = 256 << 20;
/// The level at which time and size are in proportion.
const ZSTD_LEVEL: i32 = 3;

/// A registry record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordLine {
    /// Its chain.
    pub(crate) chain: String,
    /// When the collector made it.
    pub(crate) at_us: UnixMicros,
    /// Its body, as it is hashed.
    pub(crate) body: String,
    /// Its signed note.
    pub(crate) note: String,
    /// Its place in the log.
    pub(crate) log_index: u64,
}

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckpointLine {
    /// Entries that it covers.
    pub(crate) size: u64,
    /// When it was signed.
    pub(crate) created_us: UnixMicros,
    /// The signed note.
    pub(crate) note: String,
    /// Who vouched for it, the first received first.
    pub(crate) cosignatures: Vec<CosignatureLine>,
}

/// An agent's cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CosignatureLine {
    /// Its place among all cosignatures received.
    pub(crate) id: i64,
    /// The agent's name.
    pub(crate) agent: String,
    /// The signature line.
    pub(crate) line: String,
}

/// Writes lines as an object; `nth` counts the objects of a kind on a day.
pub(crate) fn write<T: Serialize>(
    kind: ObjectKind,
    (day, nth): (NaiveDate, usize),
    lines: &[T],
) -> Result<(ObjectEntry, Vec<u8>), ArchiveError> {
    let folder = match kind {
        ObjectKind::Batches => "raw",
        ObjectKind::Records => "records",
        ObjectKind::Checkpoints => "checkpoints",
    };
    let stem = format!("{folder}/{day}-{nth:03}");
    let mut text = Vec::new();
    for line in lines {
        let written = serde_json::to_writer(&mut text, line);
        written.map_err(|source| ArchiveError::write(&stem, source))?;
        text.push(b'\n');
    }
    let bytes = zstd::stream::encode_all(text.as_slice(), ZSTD_LEVEL);
    let bytes = bytes.map_err(|source| ArchiveError::write(&stem, source))?;
    let path = named(&stem, &bytes, ".jsonl.zst");
    let entry = ObjectEntry::of(path, kind, lines.len() as u64, &bytes);
    Ok((entry, bytes))
}

/// Reads lines whose bytes their manifest vouches for.
pub(crate) fn read<T: DeserializeOwned>(
    object: &ObjectEntry,
    bytes: &[u8],
) -> Result<Vec<T>, ArchiveError> {
    let path = object.path.as_str();
    let decoder = zstd::stream::read::Decoder::new(bytes);
    let decoder = decoder.map_err(|e| ArchiveError::damaged(path, e))?;
    let mut text = Vec::new();
    let mut bounded = decoder.take(TEXT_BYTES_MAX + 1);
    let read = bounded.read_to_end(&mut text);
    read.map_err(|e| ArchiveError::damaged(path, e))?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        return Err(ArchiveError::damaged(path, "it unpacks to too much"));
    }
    let lines = text.split(|byte| *byte == b'\n');
    let lines = lines
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).map_err(|e| ArchiveError::damaged(path, e)));
    let lines: Vec<T> = lines.collect::<Result<_, _>>()?;
    if lines.len() as u64 != object.count {
        let what = format!("it holds {} lines, not {}", lines.len(), object.count);
        return Err(ArchiveError::damaged(path, what));
    }
    Ok(lines)
}
