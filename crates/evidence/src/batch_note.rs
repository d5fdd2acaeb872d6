//! The batch note: what an agent signs for one run of samples, as ten fixed lines.
//!
//! It commits to the samples through `streams` (a tree of stream lines, each with a tree of sample
//! lines), to the batch before it through `prev`, and to the log as the agent last saw it through
//! `seen`. A batch without streams is a heartbeat. What the fields must mean to one another across
//! batches (no gap, no second batch of one number) is for the verifier of a chain, not for this
//! module.

use crate::hash::Hash;
use crate::lines::{LineError, Lines, decimal, exactly, is_word};
use crate::note::is_name;
use crate::tree::{self, CompactRange};

const HEADER: &str = "sla-evidence/batch/v1";

/// The longest stream id in bytes; it also stands in file names of the bundle.
pub const STREAM_ID_BYTES_MAX: usize = 255;

/// The fields of a batch note, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchNote {
    /// Name of the agent's key.
    pub agent: String,
    /// Number of the batch, from 0, without gaps.
    pub seq: u64,
    /// [`batch_hash`] of the batch before; [`Hash::ZERO`] for batch 0.
    pub prev: Hash,
    /// Random id of the agent's boot, within which its monotonic clock runs on.
    pub boot: u64,
    /// Wall clock of the first and the last sample, microseconds since the Unix epoch.
    pub wall_us: (i64, i64),
    /// Monotonic clock of the first and the last sample, microseconds since some start.
    pub mono_us: (u64, u64),
    /// Number of streams with samples in this batch.
    pub streams: u64,
    /// [`streams_root`] over the stream lines.
    pub streams_root: Hash,
    /// The checkpoint the agent had last verified when it sealed.
    pub seen: Seen,
}

/// The state of the log as an agent saw it; size 0 with the empty root before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Origin of the log, one word.
    pub origin: String,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// One stream in a batch: samples `first_i` up to `first_i + count`, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLine {
    /// Id of the stream, one word.
    pub id: String,
    /// Index of its first sample in this batch; indexes of a stream never skip.
    pub first_i: u64,
    /// Number of its samples in this batch.
    pub count: u64,
    /// Root over the leaf hashes of its sample lines.
    pub root: Hash,
}

/// Why a text is no batch note or stream line, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchNoteError {
    /// The text departs from the grammar.
    #[error("failed to read the batch note")]
    Parse(#[source] LineError),
    /// A field cannot stand in its line: a name with a space, a heartbeat with samples.
    #[error("failed to write the batch note")]
    Print(#[source] LineError),
    /// A stream line departs from its grammar.
    #[error("{line:?} is not a stream line")]
    StreamLine {
        /// The line.
        line: String,
    },
    /// Stream lines are not in byte order of their ids, or one id stands twice.
    #[error("stream `{id}` is out of order")]
    StreamOrder {
        /// The id that does not come after its predecessor.
        id: String,
    },
}

impl BatchNote {
    /// The exact text that is signed. Fails where the text could not be read back.
    pub fn text(&self) -> Result<String, BatchNoteError> {
        let text = format!(
            "{HEADER}\nagent {}\nbatch {}\nprev {}\nboot {:016x}\nwall {} {}\nmono {} {}\n\
             streams {} {}\nseen {} {} {}\n",
            self.agent,
            self.seq,
            self.prev,
            self.boot,
            self.wall_us.0,
            self.wall_us.1,
            self.mono_us.0,
            self.mono_us.1,
            self.streams,
            self.streams_root,
            self.seen.origin,
            self.seen.size,
            self.seen.root,
        );
        Self::read(&text).map_err(BatchNoteError::Print)?;
        Ok(text)
    }

    /// Parses a note text; whoever signed it is the caller's to verify.
    pub fn parse(text: &str) -> Result<Self, BatchNoteError> {
        Self::read(text).map_err(BatchNoteError::Parse)
    }

    fn read(text: &str) -> Result<Self, LineError> {
        let mut lines = Lines::new(text);
        lines.literal(HEADER)?;
        let agent = lines.value("agent")?;
        if !is_name(agent) {
            return Err(lines.refuse("a key name"));
        }
        let seq = decimal(lines.value("batch")?).ok_or_else(|| lines.refuse("a batch number"))?;
        let prev = lines
            .value("prev")?
            .parse()
            .map_err(|_| lines.refuse("a hash"))?;
        let boot = parse_boot(lines.value("boot")?)
            .ok_or_else(|| lines.refuse("16 lower-case hexadecimal digits"))?;
        let wall_us =
            parse_pair(lines.words("wall")?).ok_or_else(|| lines.refuse("two wall times"))?;
        let mono_us =
            parse_pair(lines.words("mono")?).ok_or_else(|| lines.refuse("two monotonic times"))?;
        let [streams, streams_root] = lines.words("streams")?;
        let streams = decimal(streams).ok_or_else(|| lines.refuse("a number of streams"))?;
        let streams_root = streams_root.parse().map_err(|_| lines.refuse("a hash"))?;
        if streams == 0 && (streams_root != tree::root(&[]) || !is_instant(wall_us, mono_us)) {
            return Err(lines.refuse("the empty root and a single instant in a heartbeat"));
        }
        let seen = parse_seen(lines.words("seen")?).ok_or_else(|| lines.refuse("a log state"))?;
        lines.end()?;
        let agent = agent.to_owned();
        Ok(Self {
            agent,
            seq,
            prev,
            boot,
            wall_us,
            mono_us,
            streams,
            streams_root,
            seen,
        })
    }
}

/// What the next batch of the agent names as `prev`: the hash of the text without signatures.
#[must_use]
pub fn batch_hash(text: &str) -> Hash {
    Hash::of(text.as_bytes())
}

/// The root over stream lines, which must be in byte order of their ids, each id once.
pub fn streams_root(streams: &[StreamLine]) -> Result<Hash, BatchNoteError> {
    if let Some(pair) = streams.windows(2).find(|pair| pair[0].id >= pair[1].id) {
        return Err(BatchNoteError::StreamOrder {
            id: pair[1].id.clone(),
        });
    }
    let mut range = CompactRange::default();
    for stream in streams {
        range.append(stream.leaf_hash()?);
    }
    Ok(range.root())
}

impl StreamLine {
    /// The exact line, without LF. Fails if the id is no single word.
    pub fn line(&self) -> Result<String, BatchNoteError> {
        let line = format!("{} {} {} {}", self.id, self.first_i, self.count, self.root);
        Self::parse(&line).map(|_| line)
    }

    /// Parses a line without LF. A stream without samples has no line, and indexes must not
    /// overflow.
    pub fn parse(line: &str) -> Result<Self, BatchNoteError> {
        Self::read(line).ok_or_else(|| BatchNoteError::StreamLine {
            line: line.to_owned(),
        })
    }

    fn read(line: &str) -> Option<Self> {
        let [id, first_i, count, root] = exactly(line)?;
        let (first_i, count): (u64, u64) = parse_pair([first_i, count])?;
        let root = root.parse().ok()?;
        let valid = is_word(id) && id.len() <= STREAM_ID_BYTES_MAX && count > 0;
        first_i.checked_add(count).filter(|_| valid)?;
        Some(Self {
            id: id.to_owned(),
            first_i,
            count,
            root,
        })
    }

    /// Its leaf in the stream tree.
    pub fn leaf_hash(&self) -> Result<Hash, BatchNoteError> {
        Ok(tree::leaf_hash(self.line()?.as_bytes()))
    }
}

fn parse_boot(digits: &str) -> Option<u64> {
    let boot = u64::from_str_radix(digits, 16).ok()?;
    (format!("{boot:016x}") == digits).then_some(boot)
}

fn parse_pair<T: std::str::FromStr + std::fmt::Display>(
    [first, last]: [&str; 2],
) -> Option<(T, T)> {
    Some((decimal(first)?, decimal(last)?))
}

fn is_instant(wall_us: (i64, i64), mono_us: (u64, u64)) -> bool {
    wall_us.0 == wall_us.1 && mono_us.0 == mono_us.1
}

fn parse_seen([origin, size, root]: [&str; 3]) -> Option<Seen> {
    let (size, root) = (decimal(size)?, root.parse().ok()?);
    is_word(origin).then(|| Seen {
        origin: origin.to_owned(),
        size,
        root,
    })
}

#[cfg(test)]
mod tests;
