//! Frames: how one fact is laid out in a segment.
//!
//! `[length u32 LE][CRC-32 u32 LE][kind u8][payload]`, where length and checksum cover kind and
//! payload. A length of zero is no frame, so a tail of zeros that a crash leaves behind is never
//! taken for data.

use std::ops::{Range, RangeInclusive};

use domain::{Kind, Line, TargetId, UnixMicros, UnixMillis};
use evidence::hash::Hash;
use wire::batch::SealedBatch;
use wire::limits::BATCH_BODY_BYTES_MAX;
use wire::line::EncodedLine;
use wire::stream::StreamId;

use super::state::State;

/// Bytes before kind and payload.
pub(super) const HEADER_BYTES: usize = 8;

/// The kind of a line.
pub(super) const KIND_LINE: u8 = 1;
/// The kind of a sealed batch.
pub(super) const KIND_SEAL: u8 = 2;
/// The kind of a snapshot.
pub(super) const KIND_SNAPSHOT: u8 = 6;

/// Longest kind and payload: one batch body, and room for its note and numbers.
const FRAME_BYTES_MAX: usize = BATCH_BODY_BYTES_MAX + 1024 * 1024;

/// Stands where a line speaks of no slot of the plan.
const NO_SLOT: &str = "-";

/// One fact of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A line of a stream, not sealed yet.
    Line(SpooledLine),
    /// A sealed batch: all lines before it are in a batch now.
    Seal {
        batch: SealedBatch,
        sealed_us: UnixMicros,
    },
    /// The collector has every batch up to this one.
    Acked { seq: u64 },
    /// The log has every batch up to this one.
    Released { seq: u64 },
    /// The newest checkpoint that was verified, a signed note.
    Seen { checkpoint: String },
    /// Everything that older segments would say; opens each segment and each run.
    Snapshot(State),
    /// The attempt of a slot begins; its line follows, unless the run ends first.
    Begun { stream: TargetId, slot: UnixMillis },
}

/// A line as it waits in the spool, with the facts that recovery needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpooledLine {
    /// Stream that it belongs to.
    pub stream: StreamId,
    /// Its index in the stream.
    pub i: u64,
    /// The slot of the plan that it speaks of; for a gap, the last one. None where no plan asked
    /// for the attempt, and in a reserved stream: nothing of the schedule is settled by it.
    pub slot: Option<UnixMillis>,
    /// Its bytes.
    pub line: EncodedLine,
}

impl Frame {
    /// The bytes of the whole frame; `None` where it is longer than a frame may be.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; HEADER_BYTES];
        self.write_content(&mut bytes);
        let content = &bytes[HEADER_BYTES..];
        let length = u32::try_from(content.len()).ok()?;
        let checksum = crc32fast::hash(content);
        if content.len() > FRAME_BYTES_MAX {
            return None;
        }
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        Some(bytes)
    }

    fn write_content(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(spooled) => {
                let SpooledLine {
                    stream,
                    i,
                    slot,
                    line,
                } = spooled;
                out.push(KIND_LINE);
                let slot = slot.map_or_else(|| NO_SLOT.to_owned(), |slot| slot.get().to_string());
                out.extend_from_slice(format!("{stream} {i} {slot}\n").as_bytes());
                out.extend_from_slice(line.core.as_bytes());
                if let Some(detail) = &line.detail {
                    out.push(b'\n');
                    out.extend_from_slice(detail.as_bytes());
                }
            }
            Self::Seal { batch, sealed_us } => {
                out.push(KIND_SEAL);
                out.extend_from_slice(&batch.seq.to_le_bytes());
                out.extend_from_slice(batch.hash.as_bytes());
                out.extend_from_slice(&sealed_us.get().to_le_bytes());
                out.extend_from_slice(&(batch.note.len() as u64).to_le_bytes());
                out.extend_from_slice(&batch.note);
                out.extend_from_slice(&batch.body);
            }
            Self::Acked { seq } => {
                out.push(3);
                out.extend_from_slice(&seq.to_le_bytes());
            }
            Self::Released { seq } => {
                out.push(4);
                out.extend_from_slice(&seq.to_le_bytes());
            }
            Self::Seen { checkpoint } => {
                out.push(5);
                out.extend_from_slice(checkpoint.as_bytes());
            }
            Self::Snapshot(state) => {
                out.push(KIND_SNAPSHOT);
                let json = serde_json::to_vec(state).expect("names and integers are always JSON");
                out.extend_from_slice(&json);
            }
            Self::Begun { stream, slot } => {
                out.push(7);
                out.extend_from_slice(format!("{stream} {}", slot.get()).as_bytes());
            }
        }
    }

    /// From kind and payload of an intact frame.
    pub(super) fn decode(content: &[u8]) -> Option<Self> {
        let (kind, payload) = content.split_first()?;
        match kind {
            &KIND_LINE => SpooledLine::decode(std::str::from_utf8(payload).ok()?).map(Self::Line),
            &KIND_SEAL => decode_seal(payload),
            3 => Some(Self::Acked {
                seq: u64::from_le_bytes(payload.try_into().ok()?),
            }),
            4 => Some(Self::Released {
                seq: u64::from_le_bytes(payload.try_into().ok()?),
            }),
            5 => String::from_utf8(payload.to_vec())
                .ok()
                .map(|checkpoint| Self::Seen { checkpoint }),
            &KIND_SNAPSHOT => serde_json::from_slice(payload).ok().map(Self::Snapshot),
            7 => decode_begun(std::str::from_utf8(payload).ok()?),
            _ => None,
        }
    }
}

impl SpooledLine {
    /// From the first slot of the plan that it speaks of to the last.
    pub(super) fn slots(&self) -> Option<RangeInclusive<UnixMillis>> {
        match wire::line::parse_core(self.line.core.as_bytes()) {
            Ok(line) => slots(&line),
            Err(_) => self.slot.map(|slot| slot..=slot),
        }
    }

    fn decode(payload: &str) -> Option<Self> {
        let mut lines = payload.split('\n');
        let mut words = lines.next()?.split(' ');
        let stream = words.next()?.parse().ok()?;
        let i = words.next()?.parse().ok()?;
        let slot = match words.next()? {
            NO_SLOT => None,
            slot => Some(UnixMillis::new(slot.parse().ok()?)),
        };
        let core = lines.next()?.to_owned();
        let detail = lines.next().map(str::to_owned);
        if words.next().is_some() || lines.next().is_some() {
            return None;
        }
        Some(Self {
            stream,
            i,
            slot,
            line: EncodedLine { core, detail },
        })
    }
}

fn decode_begun(payload: &str) -> Option<Frame> {
    let (stream, slot) = payload.split_once(' ')?;
    Some(Frame::Begun {
        stream: stream.parse().ok()?,
        slot: UnixMillis::new(slot.parse().ok()?),
    })
}

/// Number of the batch that this kind and payload are the seal of.
pub(super) fn seal_seq(content: &[u8]) -> Option<u64> {
    let payload = content.strip_prefix(&[KIND_SEAL])?;
    payload.first_chunk().copied().map(u64::from_le_bytes)
}

pub(super) fn decode_seal(payload: &[u8]) -> Option<Frame> {
    let (seq, rest) = payload.split_first_chunk::<8>()?;
    let (hash, rest) = rest.split_first_chunk::<32>()?;
    let (sealed_us, rest) = rest.split_first_chunk::<8>()?;
    let (note_len, rest) = rest.split_first_chunk::<8>()?;
    let note_len = usize::try_from(u64::from_le_bytes(*note_len)).ok()?;
    let (note, body) = rest.split_at_checked(note_len)?;
    Some(Frame::Seal {
        batch: SealedBatch {
            seq: u64::from_le_bytes(*seq),
            hash: Hash::from_bytes(*hash),
            note: note.to_vec(),
            body: body.to_vec(),
        },
        sealed_us: UnixMicros::new(i64::from_le_bytes(*sealed_us)),
    })
}

/// From the first slot of the plan that a line speaks of to the last; none for an attempt that was
/// ordered.
pub(super) fn slots(line: &Line) -> Option<RangeInclusive<UnixMillis>> {
    match line {
        Line::Sample(sample) if sample.kind == Kind::Confirm => None,
        Line::Sample(sample) => Some(sample.slot_ms..=sample.slot_ms),
        Line::Gap(gap) => Some(gap.first_ms..=gap.last_ms),
    }
}

/// The frame that starts at `at`, and where it ends; `None` where no intact frame starts.
pub(super) fn read(bytes: &[u8], at: usize) -> Option<(Frame, usize)> {
    let bytes = bytes.get(at..)?;
    let end = intact(bytes)?;
    Some((Frame::decode(&bytes[HEADER_BYTES..end])?, at + end))
}

/// Bytes of kind and payload that a frame's header states; `None` where no frame has so many.
pub(super) fn content_length(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*bytes.first_chunk()?);
    let length = usize::try_from(length).ok()?;
    (1..=FRAME_BYTES_MAX).contains(&length).then_some(length)
}

/// Where the frame that these bytes begin with ends; `None` where it is not intact. Whether its
/// content means anything is not looked at.
pub(super) fn intact(bytes: &[u8]) -> Option<usize> {
    let length = content_length(bytes)?;
    let (header, content) = bytes.split_at_checked(HEADER_BYTES)?;
    let checksum = u32::from_le_bytes(header[4..].try_into().ok()?);
    let content = content.get(..length)?;
    // The kind is looked at first: it spares most checksums while searching behind damage.
    let plausible = (1..=7).contains(content.first()?);
    (plausible && crc32fast::hash(content) == checksum).then_some(HEADER_BYTES + length)
}

/// What stands in a segment, piece by piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// An intact frame and where it stands.
    Frame(Box<Frame>, Range<usize>),
    /// Bytes that are no frame.
    Damage(Range<usize>),
}

/// Walks over a segment's bytes; behind damage it goes on at the next intact frame.
pub(super) struct Pieces<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Start of the first intact frame behind `at`, or the end. The length that the damaged frame
    /// states is tried first, since damage mostly spares it.
    fn resume_after(&self, at: usize) -> usize {
        let stated = self
            .bytes
            .get(at..at + 4)
            .and_then(|length| length.try_into().ok());
        let stated = stated
            .and_then(|length: [u8; 4]| usize::try_from(u32::from_le_bytes(length)).ok())
            .and_then(|length| at.checked_add(HEADER_BYTES)?.checked_add(length));
        let intact = |at: &usize| read(self.bytes, *at).is_some();
        stated
            .filter(intact)
            .or_else(|| (at + 1..self.bytes.len()).find(intact))
            .unwrap_or(self.bytes.len())
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        if let Some((frame, end)) = read(self.bytes, start) {
            self.at = end;
            return Some(Piece::Frame(Box::new(frame), start..end));
        }
        self.at = self.resume_after(start);
        Some(Piece::Damage(start..self.at))
    }
}

#[cfg(test)]
mod tests;
