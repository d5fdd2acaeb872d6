//! A sample as contracts see it, borrowed from wherever it was read.

use crate::outcome::{Attribution, Kind, Outcome, Source};
use crate::sample::Sample;
use crate::time::{Minute, UnixMicros};

/// What a contract may read of one sample. Durations are microseconds from the start of the
/// attempt; what a log does not say is absent, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleView<'a> {
    /// Start of the attempt.
    pub started: UnixMicros,
    /// Request fully sent.
    pub sent_us: Option<u64>,
    /// First visible, non-empty text.
    pub first_us: Option<u64>,
    /// Last visible text.
    pub last_us: Option<u64>,
    /// End of the attempt.
    pub end_us: Option<u64>,
    /// Input tokens.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
    /// What was observed.
    pub outcome: Outcome,
    /// HTTP status, where one arrived.
    pub status: Option<u16>,
    /// Whose fault the outcome is.
    pub attribution: Attribution,
    /// Why the attempt was made.
    pub kind: Kind,
    /// Probe or traffic.
    pub source: Source,
    /// Whether a streamed answer was asked for.
    pub stream: bool,
    /// Model that the answer names.
    pub served_model: Option<&'a str>,
    /// Service tier that the answer names.
    pub served_tier: Option<&'a str>,
    /// Features of the request.
    pub features: &'a [String],
}

impl SampleView<'_> {
    /// The minute the request started in.
    #[must_use]
    pub const fn minute(&self) -> Minute {
        self.started.to_millis().minute()
    }
}

impl<'a> From<&'a Sample> for SampleView<'a> {
    fn from(sample: &'a Sample) -> Self {
        Self {
            started: sample.wall_us,
            sent_us: sample.sent_us,
            first_us: sample.first_us,
            last_us: sample.last_us,
            end_us: Some(sample.end_us),
            input_tokens: sample.input_tokens,
            output_tokens: sample.output_tokens,
            outcome: sample.outcome,
            status: sample.status,
            attribution: sample.attribution,
            kind: sample.kind,
            source: sample.source,
            stream: sample.stream,
            served_model: sample.served_model.as_deref(),
            served_tier: sample.served_tier.as_deref(),
            features: &sample.features,
        }
    }
}
