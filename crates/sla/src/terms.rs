//! What an assessment needs beside contract and cells: the window, how far time has come, fees
//! and announced exclusions.

use domain::{Minute, Window};
use serde::{Deserialize, Serialize};

use crate::contract::Effect;
use crate::money::Money;

/// Longest window that is read from outside, in minutes: a leap year. Judging takes memory in
/// proportion to it.
pub const WINDOW_MINUTES_MAX: u64 = 366 * 24 * 60;

/// Most excluded spans that are read from outside.
pub const EXCLUSIONS_MAX: usize = 10_000;

/// The circumstances of one assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Terms {
    /// The window to judge, usually from [`crate::Contract::window_at`].
    pub window: Window,
    /// First minute that has not happened yet; minutes from here on are future.
    pub as_of: Minute,
    /// Fees of the window that credits are a share of, where known. Fees in another currency
    /// than the contract's give no credit amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fees: Option<Money>,
    /// Spans that were announced or agreed as excluded, in any order.
    pub exclusions: Vec<ExcludedSpan>,
}

/// A span of minutes that a contract may exclude.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedSpan {
    /// The minutes.
    pub window: Window,
    /// Which kind of exclusion, by the contract's word for it.
    pub kind: String,
    /// Why, for people.
    pub reason: String,
}

/// Terms from outside that exceed a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The window is too long.
    #[error("a window has at most {WINDOW_MINUTES_MAX} minutes, not {minutes}")]
    WindowTooLong {
        /// Its length.
        minutes: u64,
    },
    /// There are too many exclusions.
    #[error("there are at most {EXCLUSIONS_MAX} exclusions, not {count}")]
    TooManyExclusions {
        /// How many.
        count: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    window: Window,
    as_of: Minute,
    #[serde(default)]
    fees: Option<Money>,
    exclusions: Vec<ExcludedSpan>,
}

impl TryFrom<Unchecked> for Terms {
    type Error = TermsError;

    fn try_from(terms: Unchecked) -> Result<Self, TermsError> {
        // A window over all of time would overflow its own length.
        let minutes = terms
            .window
            .start()
            .get()
            .abs_diff(terms.window.end().get());
        if minutes > WINDOW_MINUTES_MAX {
            return Err(TermsError::WindowTooLong { minutes });
        }
        let count = terms.exclusions.len();
        if count > EXCLUSIONS_MAX {
            return Err(TermsError::TooManyExclusions { count });
        }
        Ok(Self {
            window: terms.window,
            as_of: terms.as_of,
            fees: terms.fees,
            exclusions: terms.exclusions,
        })
    }
}

/// What a minute is before anything measured is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Judged by its samples.
    Judged,
    /// Excluded, with an effect that is never [`Effect::NotExcluded`].
    Excluded(Effect),
    /// Has not happened yet, and will count when it has.
    Future,
}

impl Terms {
    /// Whether the window has ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.as_of >= self.window.end()
    }

    /// The standing of every minute of the window. Where exclusions overlap, the one that finds
    /// more uptime holds. Minutes that will be removed are out of the fraction from the start:
    /// else it would shrink while time passes, and what was certain could become uncertain.
    pub(crate) fn standings(&self, effect_of: impl Fn(&str) -> Effect) -> Vec<Standing> {
        let minutes = usize::try_from(self.window.minutes()).unwrap_or(usize::MAX);
        let mut effects = vec![Effect::NotExcluded; minutes];
        for span in &self.exclusions {
            let effect = effect_of(&span.kind);
            let first = self.index(span.window.start());
            let last = self.index(span.window.end());
            for known in &mut effects[first..last] {
                *known = (*known).max(effect);
            }
        }
        let past = self.index(self.as_of);
        let standing = |(index, effect)| match effect {
            Effect::RemoveFromDenominator => Standing::Excluded(effect),
            _ if index >= past => Standing::Future,
            Effect::TreatAsUp => Standing::Excluded(effect),
            Effect::NotExcluded => Standing::Judged,
        };
        effects.into_iter().enumerate().map(standing).collect()
    }

    /// Position of a minute in the window, clamped to its ends.
    fn index(&self, minute: Minute) -> usize {
        let minute = minute.clamp(self.window.start(), self.window.end());
        let offset = minute.get().abs_diff(self.window.start().get());
        usize::try_from(offset).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(end: i64) -> String {
        format!(r#"{{"window":{{"start":0,"end":{end}}},"as_of":5,"exclusions":[]}}"#)
    }

    #[test]
    fn terms_from_outside_have_a_longest_window() {
        assert!(serde_json::from_str::<Terms>(&json(366 * 24 * 60)).is_ok());
        assert!(serde_json::from_str::<Terms>(&json(366 * 24 * 60 + 1)).is_err());
        assert!(serde_json::from_str::<Terms>(&json(i64::MAX)).is_err());
    }

    #[test]
    fn of_overlapping_exclusions_the_one_with_more_uptime_holds() {
        let span = |start, end, kind: &str| ExcludedSpan {
            window: Window::new(Minute::new(start), Minute::new(end)).unwrap(),
            kind: kind.to_owned(),
            reason: String::new(),
        };
        let mut terms = Terms {
            window: Window::new(Minute::new(0), Minute::new(6)).unwrap(),
            as_of: Minute::new(4),
            fees: None,
            exclusions: vec![
                span(-5, 2, "up"),
                span(1, 5, "gone"),
                span(0, 1, "none"),
                span(5, 99, "up"),
            ],
        };
        let effect_of = |kind: &str| match kind {
            "up" => Effect::TreatAsUp,
            "gone" => Effect::RemoveFromDenominator,
            _ => Effect::NotExcluded,
        };
        let expected = [
            Standing::Excluded(Effect::TreatAsUp),
            Standing::Excluded(Effect::TreatAsUp),
            Standing::Excluded(Effect::RemoveFromDenominator),
            Standing::Excluded(Effect::RemoveFromDenominator),
            Standing::Excluded(Effect::RemoveFromDenominator),
            Standing::Future,
        ];
        assert_eq!(terms.standings(effect_of), expected);
        terms.exclusions.reverse();
        assert_eq!(terms.standings(effect_of), expected);
    }
}
