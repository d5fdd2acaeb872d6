//! The figures that are named after latency, each with one definition.
//!
//! Tools disagree on what these words mean: some count the time to the first token into the time
//! between tokens, some count reasoning as output that a reader sees, some divide by the whole
//! attempt. Here every figure says which instants and which tokens it is made of, and is absent
//! where one of them is unknown. Pieces of a stream are not tokens: token counts are the
//! provider's `usage`, and silence between pieces is [`domain::detail::Gaps`].
//!
//! All integers, rounded half up; nothing here is judged by a contract.

use crate::attempt::Attempt;

const MICROS_PER_SECOND: u128 = 1_000_000;
const MILLI: u128 = 1_000;

/// Figures of one attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Time to first token, the one that a reader waits for: from the start of the attempt, name
    /// resolution and connection included, to the first visible, non-empty text; microseconds. Of
    /// an answer that is not streamed, to its end.
    pub ttft_us: Option<u64>,
    /// To the first token of any kind, reasoning included; microseconds. Equal to `ttft_us` where
    /// no reasoning was streamed.
    pub ttft_any_us: Option<u64>,
    /// As `ttft_us`, from when the request had left: what server and path took without the
    /// connection; microseconds.
    pub ttft_after_sent_us: Option<u64>,
    /// Inter-token latency, also called time per output token: from the first visible text to the
    /// last, by visible tokens less one; microseconds. The time to the first token is no part of it.
    pub itl_us: Option<u64>,
    /// Visible tokens after the first per second from the first visible text to the last, 10^-3
    /// tokens a second: how fast a reader sees text grow.
    pub visible_per_s_milli: Option<u64>,
    /// All output tokens, reasoning included, per second of the whole attempt from its start to
    /// its end, 10^-3 tokens a second: how fast work is done.
    pub overall_per_s_milli: Option<u64>,
}

impl Latency {
    /// The figures of `attempt`.
    #[must_use]
    pub fn of(attempt: &Attempt) -> Self {
        let ttft_us = attempt.first_us;
        let reasoning_us = attempt.detail.phase.first_reasoning_us;
        let visible = visible_after_first(attempt);
        Self {
            ttft_us,
            ttft_any_us: [ttft_us, reasoning_us].into_iter().flatten().min(),
            ttft_after_sent_us: ttft_us
                .zip(attempt.sent_us)
                .and_then(|(a, b)| a.checked_sub(b)),
            itl_us: visible.and_then(|(tokens, us)| round(us.into(), tokens.into())),
            visible_per_s_milli: visible.and_then(|(tokens, us)| per_s_milli(tokens, us)),
            overall_per_s_milli: attempt
                .output_tokens
                .and_then(|tokens| per_s_milli(tokens, attempt.end_us)),
        }
    }
}

/// Visible tokens after the first, and the time they took. `None` where it cannot be told: one
/// token, text that came all at once, or reasoning that was streamed but not counted.
fn visible_after_first(attempt: &Attempt) -> Option<(u64, u64)> {
    let usage = attempt.detail.usage.as_ref();
    let reasoning = match usage.and_then(|usage| usage.reasoning) {
        Some(tokens) => tokens,
        None if attempt.detail.phase.first_reasoning_us.is_none() => 0,
        None => return None,
    };
    let tokens = attempt
        .output_tokens?
        .checked_sub(reasoning)?
        .checked_sub(1)?;
    let us = attempt.last_us?.checked_sub(attempt.first_us?)?;
    (tokens > 0 && us > 0).then_some((tokens, us))
}

fn per_s_milli(tokens: u64, us: u64) -> Option<u64> {
    round(
        u128::from(tokens) * MICROS_PER_SECOND * MILLI,
        u128::from(us),
    )
}

/// `of / by`, rounded half up; `None` by zero.
fn round(of: u128, by: u128) -> Option<u64> {
    u64::try_from((of + by / 2).checked_div(by)?).ok()
}

#[cfg(test)]
mod tests {
    use domain::detail::{Phases, UsageDetail};
    use domain::{Attribution, Detail, Outcome};

    use super::*;

    /// 41 tokens, the first after 250 ms, the last 800 ms later; sent at 50 ms, over at 1.1 s.
    fn streamed() -> Attempt {
        Attempt {
            outcome: Outcome::Ok,
            attribution: Attribution::None,
            status: Some(200),
            sent_us: Some(50_000),
            first_us: Some(250_000),
            last_us: Some(1_050_000),
            end_us: 1_100_000,
            input_tokens: Some(12),
            output_tokens: Some(41),
            served_model: None,
            served_tier: None,
            asked_model: None,
            asked_tier: None,
            stream: true,
            detail: Detail::default(),
        }
    }

    fn reasoned(reasoning: Option<u64>) -> Attempt {
        Attempt {
            output_tokens: Some(141),
            detail: Detail {
                phase: Phases {
                    first_reasoning_us: Some(100_000),
                    ..Phases::default()
                },
                usage: reasoning.map(|tokens| UsageDetail {
                    reasoning: Some(tokens),
                    ..UsageDetail::default()
                }),
                ..Detail::default()
            },
            ..streamed()
        }
    }

    #[test]
    fn the_figures_of_a_stream_are_those_of_pen_and_paper() {
        assert_eq!(
            Latency::of(&streamed()),
            Latency {
                ttft_us: Some(250_000),
                ttft_any_us: Some(250_000),
                ttft_after_sent_us: Some(200_000),
                itl_us: Some(20_000),              // 800 ms / 40
                visible_per_s_milli: Some(50_000), // 40 / 0.8 s
                overall_per_s_milli: Some(37_273), // 41 / 1.1 s = 37.2727...
            }
        );
    }

    #[test]
    fn reasoning_is_a_token_of_some_kind_but_not_visible() {
        let latency = Latency::of(&reasoned(Some(100)));
        assert_eq!(latency.ttft_us, Some(250_000));
        assert_eq!(latency.ttft_any_us, Some(100_000));
        assert_eq!(latency.itl_us, Some(20_000));
        assert_eq!(latency.visible_per_s_milli, Some(50_000));
        assert_eq!(latency.overall_per_s_milli, Some(128_182)); // 141 / 1.1 s
    }

    #[test]
    fn reasoning_that_is_not_counted_leaves_visible_tokens_unknown() {
        let latency = Latency::of(&reasoned(None));
        assert_eq!((latency.itl_us, latency.visible_per_s_milli), (None, None));
        assert_eq!(latency.overall_per_s_milli, Some(128_182));
    }

    #[test]
    fn hidden_reasoning_is_taken_off_visible_tokens() {
        let mut hidden = reasoned(Some(100));
        hidden.detail.phase.first_reasoning_us = None;
        let latency = Latency::of(&hidden);
        assert_eq!(latency.ttft_any_us, latency.ttft_us);
        assert_eq!(latency.itl_us, Some(20_000));
    }

    #[test]
    fn only_reasoning_is_a_first_token_without_a_visible_one() {
        let silent = Attempt {
            first_us: None,
            last_us: None,
            ..reasoned(Some(141))
        };
        let latency = Latency::of(&silent);
        assert_eq!(latency.ttft_us, None);
        assert_eq!(latency.ttft_any_us, Some(100_000));
        assert_eq!(latency.itl_us, None);
    }

    #[test]
    fn what_was_not_measured_is_unknown_and_never_zero() {
        let no_usage = Attempt {
            output_tokens: None,
            ..streamed()
        };
        let whole = Attempt {
            first_us: Some(1_100_000),
            last_us: Some(1_100_000),
            ..streamed()
        };
        let one_token = Attempt {
            output_tokens: Some(1),
            ..streamed()
        };
        let impossible = reasoned(Some(u64::MAX));
        for attempt in [no_usage, whole, one_token, impossible] {
            let latency = Latency::of(&attempt);
            assert_eq!((latency.itl_us, latency.visible_per_s_milli), (None, None));
        }
        let unsent = Attempt {
            sent_us: None,
            first_us: None,
            last_us: None,
            output_tokens: None,
            end_us: 0,
            ..streamed()
        };
        assert_eq!(Latency::of(&unsent), Latency::default());
    }

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!(round(5, 2), Some(3));
        assert_eq!(round(4, 3), Some(1));
        assert_eq!(round(5, 3), Some(2));
        assert_eq!(round(1, 0), None);
        assert_eq!(round(u128::from(u64::MAX) + 1, 1), None);
    }
}
