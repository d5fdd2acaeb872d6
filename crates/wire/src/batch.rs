//! A batch: the samples of one agent between two seals, in order, signed and chained.
//!
//! The signed part is the note of [`evidence::batch_note`]; the body that travels is text, one
//! section per stream, compressed with zstd:
//!
//! ```text
//! <signed batch note>
//! =stream <id> <first_i> <count>
//! <core line>      count times
//! <detail line>    one for each core line that names a detail, in the same order
//! ```
//!
//! The bytes of the lines are the evidence: they are checked, hashed and kept, never rewritten.

mod sections;

use domain::{AgentId, Line, TargetId};
use evidence::batch_note::{BatchNote, BatchNoteError, Seen, StreamLine, batch_hash, streams_root};
use evidence::hash::Hash;
use evidence::note::{self, NoteError, SignedNote, SigningKey};
use evidence::tree;

use crate::limits::{BATCH_BODY_BYTES_MAX, BATCH_TEXT_BYTES_MAX};
use crate::line::{EncodedLine, LineError};
use crate::names::Origin;
use crate::reserved::ReservedLine;
use crate::stream::{Reserved, StreamId};
use sections::Sections;

/// Level of compression: beyond it, sample lines shrink by less than they cost.
const ZSTD_LEVEL: i32 = 3;

/// Lines of one stream that go into the same batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamLines {
    /// Name of the stream.
    pub id: StreamId,
    /// Index of the first line.
    pub first_i: u64,
    /// The lines, contiguous from `first_i`.
    pub lines: Vec<EncodedLine>,
}

/// Everything that a seal fixes.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The installation.
    pub origin: &'a Origin,
    /// The sealing agent.
    pub agent: &'a AgentId,
    /// Position in the agent's chain, from 0.
    pub seq: u64,
    /// Hash of the previous batch's note text; zero for the first.
    pub prev: Hash,
    /// Random id of the agent's run, to which monotonic stamps belong.
    pub boot: u64,
    /// First and last wall clock covered, microseconds since the epoch.
    pub wall_us: (i64, i64),
    /// First and last monotonic clock covered, microseconds since the boot of the agent.
    pub mono_us: (u64, u64),
    /// The newest checkpoint the agent has verified.
    pub seen: Seen,
    /// What the batch carries; empty streams are left out by the caller.
    pub streams: &'a [StreamLines],
}

/// A batch as it is kept, sent and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBatch {
    /// Position in the agent's chain.
    pub seq: u64,
    /// Hash of the note text, the next batch's `prev`.
    pub hash: Hash,
    /// The signed note: what the log records.
    pub note: Vec<u8>,
    /// The compressed body: what is sent.
    pub body: Vec<u8>,
}

/// A batch that does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The body does not unfold.
    #[error("failed to decompress the body (limit {BATCH_TEXT_BYTES_MAX} bytes)")]
    Decompress(#[source] std::io::Error),
    /// The body could not be compressed.
    #[error("failed to compress the body")]
    Compress(#[source] std::io::Error),
    /// The body is larger than the limit.
    #[error("body of {bytes} bytes exceeds {BATCH_BODY_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The body is not text.
    #[error("body is not UTF-8")]
    Encoding(#[source] std::str::Utf8Error),
    /// The signed note cannot be read or made.
    #[error("the batch note cannot be used")]
    Note(#[source] NoteError),
    /// The note's text is not a batch note.
    #[error("the note is not a batch note")]
    BatchNote(#[source] BatchNoteError),
    /// A section heading that cannot be read.
    #[error("line {line}: expected `=stream <id> <first_i> <count>`")]
    Heading {
        /// Line of the body, from 1.
        line: usize,
    },
    /// The body ended too early.
    #[error("the body ends inside stream `{stream}`")]
    Short {
        /// The stream.
        stream: StreamId,
    },
    /// A line cannot be read.
    #[error("stream `{stream}`, index {index}: the line cannot be used")]
    Line {
        /// The stream.
        stream: StreamId,
        /// The index it should have.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: LineError,
    },
    /// An index that does not continue the stream.
    #[error("stream `{stream}`: index {found} stands where {expected} belongs")]
    Index {
        /// The stream.
        stream: StreamId,
        /// Index by counting.
        expected: u64,
        /// Index in the line.
        found: u64,
    },
    /// Streams unsorted, repeated, empty, or too many lines.
    #[error("streams must be sorted, unique, not empty and within the limits; `{stream}` is not")]
    Streams {
        /// The stream.
        stream: StreamId,
    },
    /// The note speaks of other streams than the body has.
    #[error("the body's streams do not hash to the root in the note")]
    Root,
}

/// Seals a draft: builds and signs the note, and compresses the body.
pub fn seal(draft: &Draft<'_>, key: &SigningKey) -> Result<SealedBatch, BatchError> {
    let stream_lines: Vec<StreamLine> = draft.streams.iter().map(stream_line).collect();
    let batch_note = BatchNote {
        agent: draft.origin.agent(draft.agent),
        seq: draft.seq,
        prev: draft.prev,
        boot: draft.boot,
        wall_us: draft.wall_us,
        mono_us: draft.mono_us,
        streams: stream_lines.len() as u64,
        streams_root: streams_root(&stream_lines).map_err(BatchError::BatchNote)?,
        seen: draft.seen.clone(),
    };
    let text = batch_note.text().map_err(BatchError::BatchNote)?;
    let signed = note::sign(&text, &[key]).map_err(BatchError::Note)?;
    let note = signed.to_bytes();
    let body = zstd::bulk::compress(&body_text(&note, draft.streams), ZSTD_LEVEL)
        .map_err(BatchError::Compress)?;
    Ok(SealedBatch {
        seq: draft.seq,
        hash: Hash::of(text.as_bytes()),
        note,
        body,
    })
}

/// Leaf of the stream tree: identity, counter and content of one stream in one batch.
fn stream_line(stream: &StreamLines) -> StreamLine {
    let leaves: Vec<Hash> = stream
        .lines
        .iter()
        .map(|line| tree::leaf_hash(line.core.as_bytes()))
        .collect();
    StreamLine {
        id: stream.id.to_string(),
        first_i: stream.first_i,
        count: stream.lines.len() as u64,
        root: tree::root(&leaves),
    }
}

fn body_text(note: &[u8], streams: &[StreamLines]) -> Vec<u8> {
    let mut text = note.to_vec();
    for stream in streams {
        let heading = format!(
            "=stream {} {} {}\n",
            stream.id,
            stream.first_i,
            stream.lines.len()
        );
        text.extend_from_slice(heading.as_bytes());
        let cores = stream.lines.iter().map(|line| &line.core);
        let details = stream.lines.iter().filter_map(|line| line.detail.as_ref());
        for line in cores.chain(details) {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
    }
    text
}

/// Unfolds a body that came over the network or from disk.
pub fn decompress(body: &[u8]) -> Result<Vec<u8>, BatchError> {
    if body.len() > BATCH_BODY_BYTES_MAX {
        return Err(BatchError::TooLarge { bytes: body.len() });
    }
    // Room at once for what the frame says, which is no more than a hint. Where it is true, all is
    // unfolded at once, too, without a window between.
    let claimed = zstd::zstd_safe::get_frame_content_size(body).ok().flatten();
    let claimed = claimed.and_then(|bytes| usize::try_from(bytes).ok());
    let claimed = claimed.filter(|bytes| *bytes <= BATCH_TEXT_BYTES_MAX);
    let mut text = Vec::with_capacity(claimed.unwrap_or_default());
    if claimed.is_some()
        && let Ok(mut whole) = zstd::bulk::Decompressor::new()
        && whole.decompress_to_buffer(body, &mut text).is_ok()
    {
        return Ok(text);
    }
    text.clear();
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(body).map_err(BatchError::Decompress)?;
    let limit = BATCH_TEXT_BYTES_MAX as u64 + 1;
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut decoder, limit), &mut text)
        .map_err(BatchError::Decompress)?;
    if text.len() > BATCH_TEXT_BYTES_MAX {
        return Err(BatchError::TooLarge { bytes: text.len() });
    }
    Ok(text)
}

/// A batch read from its body, checked in itself: form, counters, hashes. Its signature and its
/// place in the agent's chain are the reader's to check.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The signed note, as bytes.
    pub note_bytes: &'a [u8],
    /// The signed note, parsed.
    pub signed: SignedNote,
    /// Its content.
    pub note: BatchNote,
    /// Hash of its text.
    pub hash: Hash,
    /// What was signed of each stream, sorted by name.
    pub signed_streams: Vec<StreamLine>,
    /// The streams of targets, sorted by name.
    pub streams: Vec<Stream<'a>>,
    /// What the agent says about itself, sorted by name.
    pub reserved: Vec<ReservedStream<'a>>,
}

/// The samples of one target in a batch.
#[derive(Debug)]
pub struct Stream<'a> {
    /// The signed counter and root.
    pub line: StreamLine,
    /// Name, parsed.
    pub id: TargetId,
    /// Its lines.
    pub lines: Vec<ReadLine<'a>>,
}

/// One reserved stream of a batch.
#[derive(Debug)]
pub struct ReservedStream<'a> {
    /// Which.
    pub id: Reserved,
    /// Its lines: the bytes that were hashed, and what they say.
    pub lines: Vec<(&'a str, ReservedLine)>,
}

/// One line, as bytes and as value.
#[derive(Debug)]
pub struct ReadLine<'a> {
    /// Core, the bytes that were hashed.
    pub core: &'a str,
    /// What the core says.
    pub value: Line,
    /// Detail, the bytes that were hashed: a [`domain::Detail`].
    pub detail: Option<&'a str>,
}

/// Reads a decompressed body.
pub fn parse(text: &[u8]) -> Result<Batch<'_>, BatchError> {
    let text = std::str::from_utf8(text).map_err(BatchError::Encoding)?;
    let note_end = text.find("\n=stream ").map_or(text.len(), |at| at + 1);
    let (note_text, sections) = text.split_at(note_end);
    let signed = SignedNote::parse(note_text.as_bytes()).map_err(BatchError::Note)?;
    let note = BatchNote::parse(signed.text()).map_err(BatchError::BatchNote)?;
    let read = Sections::new(sections, note_text.lines().count()).read_all()?;
    let lines = &read.signed;
    let root = streams_root(lines).map_err(BatchError::BatchNote)?;
    if lines.len() as u64 != note.streams || root != note.streams_root {
        return Err(BatchError::Root);
    }
    let hash = batch_hash(signed.text());
    Ok(Batch {
        note_bytes: note_text.as_bytes(),
        signed,
        note,
        hash,
        signed_streams: read.signed,
        streams: read.targets,
        reserved: read.reserved,
    })
}

#[cfg(test)]
mod tests;
