//! Whether an answer is like the ones before it.
//!
//! A [`Baseline`] is learnt from the last signals of one target under one ask; [`compare`] holds
//! one more against it. Whole numbers only, so that every machine finds the same.
//!
//! What it can say: that an answer is far longer or shorter than usual, is worded as none before,
//! misses its form, or declines, where these were rare. A replaced model, a changed system prompt
//! or a broken template often shows there first. What it cannot say: whether an answer is good. A
//! steadily bad model is usual, a better one unusual. One unusual answer is an occasion to look,
//! not evidence; no contract reads it.

use std::collections::BTreeSet;

use domain::detail::Signal;

/// Fewest answers that anything is learnt from.
pub const SAMPLES_MIN: usize = 20;
/// Most answers that are learnt from: the last ones.
pub const SAMPLES_MAX: usize = 500;
/// A thing is rare that was seen in fewer than one of this many.
const RARE_ONE_IN: usize = 20;
/// Wordings are comparable while there are at most one per this many answers.
const ANSWERS_PER_WORDING: usize = 4;
/// Lengths are usual within this many median deviations.
const DEVIATIONS: u64 = 8;
/// ... and always within this many characters.
const SLACK_CHARS: u64 = 16;

/// An answer that came whole, as the baseline sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// It has these signals.
    Answered(&'a Signal),
    /// The model declined: outcome `refused`.
    Refused,
}

/// What is usual for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    samples: usize,
    refused: usize,
    formats: usize,
    format_misses: usize,
    chars: Option<Spread>,
    worded: usize,
    wordings: BTreeSet<String>,
}

/// Median and median absolute deviation; of an even number the lower of the two in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spread {
    median: u64,
    deviation: u64,
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// As before.
    Usual,
    /// Not as before.
    Unusual {
        /// The first thing that differs, in the order of [`Difference`].
        why: Difference,
    },
    /// Nothing can be said.
    NotMeasurable {
        /// Why not.
        why: Obstacle,
    },
}

/// What differs from the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The model declined, which was rare.
    Refused,
    /// The form was missed, which was rare.
    Format,
    /// Far longer or shorter.
    Length,
    /// No answer before was worded like it, and there were few wordings.
    Wording,
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Fewer than [`SAMPLES_MIN`] answers to learn from.
    TooFewSamples,
    /// The ask lets answers differ by design: see [`crate::Ask::varies`].
    VariesByDesign,
    /// The answer has no signal that the baseline knows.
    NoSignal,
}

impl Baseline {
    /// Learns from the last [`SAMPLES_MAX`] of `seen`, oldest first.
    #[must_use]
    pub fn learn(seen: &[Seen<'_>]) -> Self {
        let seen = &seen[seen.len().saturating_sub(SAMPLES_MAX)..];
        let signals = || {
            seen.iter().filter_map(|seen| match seen {
                Seen::Answered(signal) => Some(*signal),
                Seen::Refused => None,
            })
        };
        let formats = || signals().filter_map(|signal| signal.format);
        let wordings = || signals().filter_map(|signal| signal.fingerprint.as_ref());
        Self {
            samples: seen.len(),
            refused: seen.len() - signals().count(),
            formats: formats().count(),
            format_misses: formats().filter(|kept| !kept).count(),
            chars: Spread::of(signals().filter_map(|signal| signal.chars).collect()),
            worded: wordings().count(),
            wordings: wordings().cloned().collect(),
        }
    }

    fn differs(&self, signal: &Signal) -> [Option<bool>; 3] {
        let format = signal
            .format
            .filter(|_| self.formats >= SAMPLES_MIN)
            .map(|kept| !kept && is_rare(self.format_misses, self.formats));
        let length = signal
            .chars
            .zip(self.chars)
            .map(|(chars, usual)| usual.is_far(chars));
        let comparable =
            self.worded >= SAMPLES_MIN && self.wordings.len() * ANSWERS_PER_WORDING <= self.worded;
        let wording = signal
            .fingerprint
            .as_ref()
            .filter(|_| comparable)
            .map(|worded| !self.wordings.contains(worded));
        [format, length, wording]
    }
}

impl Spread {
    fn of(mut values: Vec<u64>) -> Option<Self> {
        if values.len() < SAMPLES_MIN {
            return None;
        }
        let median = lower_median(&mut values)?;
        let mut deviations: Vec<u64> = values.iter().map(|v| v.abs_diff(median)).collect();
        let deviation = lower_median(&mut deviations)?;
        Some(Self { median, deviation })
    }

    fn is_far(self, value: u64) -> bool {
        let room = self.deviation.saturating_mul(DEVIATIONS).max(SLACK_CHARS);
        value.abs_diff(self.median) > room
    }
}

fn lower_median(values: &mut [u64]) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

fn is_rare(seen: usize, of: usize) -> bool {
    seen * RARE_ONE_IN < of
}

/// Holds one answer against what is usual.
#[must_use]
pub fn compare(baseline: &Baseline, meant: Meant, seen: Seen<'_>) -> Likeness {
    let unusual = |why| Likeness::Unusual { why };
    let not_measurable = |why| Likeness::NotMeasurable { why };
    if meant == Meant::Varied {
        return not_measurable(Obstacle::VariesByDesign);
    }
    if baseline.samples < SAMPLES_MIN {
        return not_measurable(Obstacle::TooFewSamples);
    }
    let Seen::Answered(signal) = seen else {
        return if is_rare(baseline.refused, baseline.samples) {
            unusual(Difference::Refused)
        } else {
            Likeness::Usual
        };
    };
    let differs = baseline.differs(signal);
    let names = [Difference::Format, Difference::Length, Difference::Wording];
    match differs.iter().position(|differs| *differs == Some(true)) {
        Some(at) => unusual(names[at]),
        None if differs.iter().all(Option::is_none) => not_measurable(Obstacle::NoSignal),
        None => Likeness::Usual,
    }
}

/// How the answers of an ask are meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Alike.
    Alike,
    /// Different each time.
    Varied,
}

impl From<&crate::Ask> for Meant {
    fn from(ask: &crate::Ask) -> Self {
        if ask.varies() {
            Self::Varied
        } else {
            Self::Alike
        }
    }
}

#[cfg(test)]
mod tests;
