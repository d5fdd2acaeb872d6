//! The immutable record of one attempt, and of slots that were not attempted.
//!
//! These are the `core` lines of the evidence: everything a contract rule may read, and nothing
//! else. Fields stand in the byte order of their names, so that plain serialisation is the
//! canonical form; a test of the wire format holds them to it. Absent values are omitted, never `null`; keys
//! that this version does not know are passed over, so that lines of later versions still parse.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ids::CredentialAlias;
use crate::outcome::{Attribution, GapReason, Kind, Outcome, Source};
use crate::time::{Minute, UnixMicros, UnixMillis};

/// The schema version that [`Sample`] and [`Gap`] describe.
pub const CORE_VERSION: u8 = 1;

/// One attempt in one slot. All durations are microseconds on the monotonic clock, counted from
/// the start of the attempt (before name resolution).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Model asked for; absent for plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_model: Option<String>,
    /// Service tier asked for, where the request named one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked_tier: Option<String>,
    /// 1 for the slot's own attempt, 2 and up for the repeats that followed it.
    pub attempt: u32,
    /// Whose fault the outcome is.
    pub attribution: Attribution,
    /// Public name of the key used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cred: Option<CredentialAlias>,
    /// How long the client was willing to wait, in milliseconds.
    pub deadline_ms: u32,
    /// SHA-256 of the salted detail line; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<Digest>,
    /// End of the attempt.
    pub end_us: u64,
    /// Features of the request that contracts exclude or require (`preview`, `grounding`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub features: Vec<String>,
    /// First visible, non-empty text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_us: Option<u64>,
    /// Position in the stream of this target on this agent: from 0, without a gap.
    pub i: u64,
    /// Input tokens, as the provider's `usage` says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_tokens: Option<u64>,
    /// Why the attempt was made.
    pub kind: Kind,
    /// Last visible text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_us: Option<u64>,
    /// Monotonic clock of the agent's boot at the start of the attempt.
    pub mono_us: u64,
    /// What was observed.
    pub outcome: Outcome,
    /// Output tokens, as the provider's `usage` says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_tokens: Option<u64>,
    /// Plan revision in force for the slot.
    pub plan: u64,
    /// Request fully sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sent_us: Option<u64>,
    /// Model that the answer names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served_model: Option<String>,
    /// Service tier that the answer names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served_tier: Option<String>,
    /// The planned moment.
    pub slot_ms: UnixMillis,
    /// Probe or traffic.
    pub source: Source,
    /// HTTP status, where one arrived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Whether a streamed answer was asked for.
    pub stream: bool,
    /// [`CORE_VERSION`].
    pub v: u8,
    /// Wall clock of the agent at the start of the attempt.
    pub wall_us: UnixMicros,
}

impl Sample {
    /// The minute the request started in: contracts count requests where they begin.
    #[must_use]
    pub fn minute(&self) -> Minute {
        self.wall_us.to_millis().minute()
    }
}

/// A run of planned slots that were not attempted, all for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Slots in the run, at least 1.
    pub count: u64,
    /// First slot of the run.
    pub first_ms: UnixMillis,
    /// Why they were not attempted.
    pub gap: GapReason,
    /// Position in the stream, shared with samples.
    pub i: u64,
    /// Last slot of the run.
    pub last_ms: UnixMillis,
    /// Plan revision that planned them.
    pub plan: u64,
    /// [`CORE_VERSION`].
    pub v: u8,
}

/// One line of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// An attempt.
    Sample(Box<Sample>),
    /// Slots without an attempt.
    Gap(Gap),
}

impl Line {
    /// Position in the stream.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Self::Sample(sample) => sample.i,
            Self::Gap(gap) => gap.i,
        }
    }
}
