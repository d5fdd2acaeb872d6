//! How fast the answer was, as pages and documents write it.

use probe::Attempt;
use probe::latency::Latency;
use serde::Serialize;

/// Figures of one attempt, as [`Latency`] defines them; what cannot be known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Figures {
    /// Time between two visible tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inter_token_us: Option<u64>,
    /// All output tokens over the whole attempt, 10^-3 a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) overall_per_s_milli: Option<u64>,
    /// The whole attempt.
    pub(super) total_us: u64,
    /// First token of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttft_any_us: Option<u64>,
    /// First visible text, from when the request had left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttft_after_sent_us: Option<u64>,
    /// First visible text of a stream, from the start of the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttft_us: Option<u64>,
    /// Visible tokens while text grew, 10^-3 a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) visible_per_s_milli: Option<u64>,
}

impl Figures {
    pub(super) fn of(attempt: &Attempt) -> Self {
        let latency = Latency::of(attempt);
        let of_stream = |us: Option<u64>| us.filter(|_| attempt.stream);
        Self {
            inter_token_us: of_stream(latency.itl_us),
            overall_per_s_milli: latency.overall_per_s_milli,
            total_us: attempt.end_us,
            ttft_any_us: of_stream(latency.ttft_any_us),
            ttft_after_sent_us: of_stream(latency.ttft_after_sent_us),
            ttft_us: of_stream(latency.ttft_us),
            visible_per_s_milli: of_stream(latency.visible_per_s_milli),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::hand::{streamed, whole};
    use super::*;

    #[test]
    fn an_answer_that_is_not_streamed_has_no_first_token_of_its_own() {
        assert_eq!(Figures::of(&streamed()).ttft_us, Some(312_400));
        let figures = Figures::of(&whole());
        assert_eq!((figures.ttft_us, figures.inter_token_us), (None, None));
        assert_eq!(figures.total_us, whole().end_us);
    }
}
