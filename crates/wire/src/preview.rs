//! Previews: the latest state of streams between two seals, for eyes and alerts.
//!
//! A preview is a note by the agent's key whose text is a line of JSON, so that nobody else tells
//! what an agent sees. It is worth nothing once its samples arrive in a batch.
//!
//! Invariants: a preview names each stream once, in order; its times lie around its own, so that a
//! wrong one cannot stay the newest; it is believed for [`AGE_MS_MAX`] only.
//!
//! Non-goals: a preview is no evidence. It is never stored as a sample and nothing that is judged
//! reads it; one that is lost is not sent again.

use domain::{AgentId, Attribution, Outcome, TargetId, UnixMicros, UnixMillis};
use evidence::jcs::INTEGER_MAX;
use evidence::note::{self, NoteError, SignedNote, SigningKey, VerifierKey};
use serde::{Deserialize, Serialize};

use crate::limits::FUTURE_SKEW_MS_MAX;
use crate::names::Origin;

mod text;

/// Most streams in one preview: of more, those that changed last go first.
pub const STREAMS_MAX: usize = 4_096;
/// Bytes of a preview as a signed note: as many streams with the longest names.
pub const BYTES_MAX: usize = 1024 * 1024;
/// How old a preview may be by the collector's clock, milliseconds: one held back for longer tells
/// nothing that the next batch does not.
pub const AGE_MS_MAX: i64 = 3 * 60 * 1_000;
/// How far it may lie ahead of the collector's clock, milliseconds.
pub const AHEAD_MS_MAX: i64 = 60 * 1_000;

/// How far before the preview an attempt in it may lie, milliseconds: above every interval
/// between seals.
const SPAN_MS_MAX: i64 = 24 * 3_600 * 1_000;
/// The highest number of an attempt: far above bursts and orders.
const ATTEMPT_MAX: u32 = 1_000_000;
/// First line of the text.
const HEAD: &str = "nines/preview/v1\n";

/// What an agent sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// Who tells.
    pub agent: AgentId,
    /// Random id of the agent's run, in JSON as 16 hexadecimal digits.
    #[serde(with = "text::boot")]
    pub boot: u64,
    /// The installation that the agent belongs to.
    #[serde(with = "text::origin")]
    pub origin: Origin,
    /// Streams that changed, each once, in the order of their targets; never empty.
    pub streams: Vec<PreviewStream>,
    /// When the preview was made, by the agent's wall clock.
    pub wall_us: UnixMicros,
}

/// The newest attempt at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewStream {
    /// 1 for the slot's own attempt, 2 and up for repeats.
    pub attempt: u32,
    /// Whose fault it was.
    pub attribution: Attribution,
    /// From the start of the attempt to the first visible text, microseconds, where there was any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_us: Option<u64>,
    /// What was observed.
    pub outcome: Outcome,
    /// The planned moment; for what was ordered, the moment of the order.
    pub slot_ms: UnixMillis,
    /// When the attempt started, by the agent's wall clock.
    pub started_us: UnixMicros,
    /// HTTP status, where one arrived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// What was probed.
    pub target: TargetId,
}

impl PreviewStream {
    /// What says which of two attempts of one stream is the newer one.
    #[must_use]
    pub const fn place(&self) -> (i64, u32) {
        (self.slot_ms.get(), self.attempt)
    }
}

/// A preview that cannot be made or is not believed.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Longer than any preview.
    #[error("a preview of {bytes} bytes is longer than {BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No signed note, or one that cannot be made.
    #[error("the preview is no signed note")]
    Note(#[source] NoteError),
    /// The text of another note.
    #[error("the note is no preview")]
    Head,
    /// Not signed by the key that it is held against.
    #[error("the preview cannot be believed")]
    Signature(#[source] NoteError),
    /// Not the JSON of a preview.
    #[error("the preview cannot be read")]
    Json(#[source] serde_json::Error),
    /// The agent's key signed in the name of another agent, or of another installation.
    #[error("the preview is told in the name of `{named}`, but signed by `{signer}`")]
    Name {
        /// Whose it says it is.
        named: String,
        /// Whose key signed.
        signer: String,
    },
    /// No stream, or more than [`STREAMS_MAX`].
    #[error("a preview tells of 1 to {STREAMS_MAX} streams, not of {streams}")]
    Streams {
        /// How many.
        streams: usize,
    },
    /// A stream stands twice, or not in the order of targets.
    #[error("stream `{target}` is out of order")]
    Order {
        /// Which.
        target: TargetId,
    },
    /// A number or time that no attempt has.
    #[error("stream `{target}`: `{field}` is out of range")]
    Range {
        /// Which stream.
        target: TargetId,
        /// Which of its members.
        field: &'static str,
    },
    /// Made too long ago, or in the future.
    #[error("the preview was made at {at}, which is too far from the collector's clock {now}")]
    Clock {
        /// By the agent's clock.
        at: UnixMillis,
        /// By the collector's.
        now: UnixMillis,
    },
}

impl Preview {
    /// The preview as a request's body: a note signed by the agent.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, PreviewError> {
        self.check(key.name())?;
        let json = serde_json::to_string(self).map_err(PreviewError::Json)?;
        let note = note::sign(&format!("{HEAD}{json}\n"), &[key]).map_err(PreviewError::Note)?;
        let body = note.to_bytes();
        match body.len() {
            0..=BYTES_MAX => Ok(body),
            bytes => Err(PreviewError::TooLong { bytes }),
        }
    }

    /// Refuses a preview that was made too long ago by a clock that shows `now`, or after it.
    pub fn check_age(&self, now: UnixMillis) -> Result<(), PreviewError> {
        let at = self.wall_us.to_millis();
        let age_ms = now.get().saturating_sub(at.get());
        if (-AHEAD_MS_MAX..=AGE_MS_MAX).contains(&age_ms) {
            Ok(())
        } else {
            Err(PreviewError::Clock { at, now })
        }
    }

    fn check(&self, signer: &str) -> Result<(), PreviewError> {
        let named = self.origin.agent(&self.agent);
        if named != signer {
            let signer = signer.to_owned();
            return Err(PreviewError::Name { named, signer });
        }
        let streams = self.streams.len();
        if !(1..=STREAMS_MAX).contains(&streams) {
            return Err(PreviewError::Streams { streams });
        }
        if let Some([_, next]) = self
            .streams
            .array_windows()
            .find(|[a, b]| a.target >= b.target)
        {
            let target = next.target.clone();
            return Err(PreviewError::Order { target });
        }
        let wall_ms = self.wall_us.to_millis().get();
        self.streams
            .iter()
            .try_for_each(|stream| stream.check(wall_ms))
    }
}

impl PreviewStream {
    fn check(&self, wall_ms: i64) -> Result<(), PreviewError> {
        let is_near = |at_ms: i64| {
            let age_ms = wall_ms.saturating_sub(at_ms);
            (-FUTURE_SKEW_MS_MAX..=SPAN_MS_MAX).contains(&age_ms)
        };
        let fields = [
            ("attempt", (1..=ATTEMPT_MAX).contains(&self.attempt)),
            ("first_us", self.first_us.is_none_or(|us| us <= INTEGER_MAX)),
            ("slot_ms", is_near(self.slot_ms.get())),
            ("started_us", is_near(self.started_us.to_millis().get())),
            (
                "status",
                self.status.is_none_or(|s| (100..=999).contains(&s)),
            ),
        ];
        match fields.into_iter().find(|(_, is_good)| !is_good) {
            None => Ok(()),
            Some((field, _)) => {
                let target = self.target.clone();
                Err(PreviewError::Range { target, field })
            }
        }
    }
}

/// A preview as it arrived: nothing in it is believed, and its JSON is not even read.
#[derive(Clone, Debug)]
pub struct Unverified(SignedNote);

impl Unverified {
    /// Reads the note of a request's body.
    pub fn read(body: &[u8]) -> Result<Self, PreviewError> {
        let bytes = body.len();
        if bytes > BYTES_MAX {
            return Err(PreviewError::TooLong { bytes });
        }
        let note = SignedNote::parse(body).map_err(PreviewError::Note)?;
        let is_preview = note.text().starts_with(HEAD);
        is_preview.then_some(Self(note)).ok_or(PreviewError::Head)
    }

    /// The agent of an installation by whose key it claims to be signed; `None` for others.
    #[must_use]
    pub fn agent(&self, origin: &Origin) -> Option<AgentId> {
        let mut lines = self.0.signatures().iter();
        lines.find_map(|line| origin.parse_agent(line.name()))
    }

    /// The preview, where it is signed by an agent's key and told in that agent's name. How old it
    /// is, [`Preview::check_age`] says.
    pub fn verify(&self, key: &VerifierKey) -> Result<Preview, PreviewError> {
        self.0.verify(key).map_err(PreviewError::Signature)?;
        let json = self.0.text().strip_prefix(HEAD);
        let preview: Preview =
            serde_json::from_str(json.ok_or(PreviewError::Head)?).map_err(PreviewError::Json)?;
        preview.check(key.name())?;
        Ok(preview)
    }
}

#[cfg(test)]
mod tests;
