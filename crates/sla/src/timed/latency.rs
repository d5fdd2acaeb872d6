//! Latency windows: how many samples were fast enough, and whether their percentile was.
//!
//! Samples that cannot be told may be as fast or as slow as any: both ends are tried. More fast
//! samples never lower a percentile's standing and more slow ones never raise it, so these two
//! bound every truth.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use domain::cell::Timeliness;
use domain::{Minute, Window};

use super::percentile::{Extended, Rank, Values};
use super::quantity::{Measured, Promise, Raw, measure, scale};
use super::requests::RequestMinute;
use super::{BothReadings, TimedSample};
use crate::contract::metric::{Aggregate, LatencyAttainment, LatencyWindows};
use crate::fraction::Fraction;
use crate::tally::Tally;

/// What was seen in one latency window, of the models that one target of the contract is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyWindow {
    /// Valid samples.
    pub valid: u64,
    /// Those of them that are fast enough by themselves.
    pub met: u64,
    /// Samples that may be valid, or whose value is not known.
    pub uncertain: u64,
    /// The percentile of the valid ones; absent where there are none, or where the contract asks
    /// for a share of requests.
    pub percentile: Option<Percentile>,
}

/// A percentile and how it compares with the value promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Percentile {
    /// Its value, in the contract's unit.
    pub value: Fraction,
    /// Whether it keeps the promise.
    pub met: Met,
}

/// Whether a percentile keeps what was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// By the valid samples alone.
    pub as_seen: bool,
    /// If all uncertain ones are fast.
    pub at_best: bool,
    /// If all uncertain ones are slow.
    pub at_worst: bool,
}

/// All latency windows in which there was a sample.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LatencySeen {
    /// By first minute inside the contract's window and position of the target.
    windows: BTreeMap<(Minute, usize), LatencyWindow>,
}

#[derive(Debug)]
pub(super) struct LatencyFold {
    rule: LatencyAttainment,
    promises: Vec<Promise>,
    rank: Option<Rank>,
    start: Minute,
    length: i64,
    literal: LatencySeen,
    least_favourable: LatencySeen,
    any_late: bool,
    open: BTreeMap<(Minute, usize), Vec<(Measured, Timeliness)>>,
}

impl LatencyFold {
    pub(super) fn new(rule: &LatencyAttainment, window: Window) -> Self {
        let rank =
            |windows: &LatencyWindows| Rank::new(windows.percentile.fraction(), windows.method);
        let (rank, length) = match &rule.aggregate {
            Aggregate::Windows(windows) | Aggregate::Unknown(windows) => {
                (Some(rank(windows)), windows.window_minutes.get())
            }
            Aggregate::Requests => (None, 1),
        };
        let promise = |value: &crate::contract::Decimal| {
            Promise::new(value.fraction(), rule.quantity, rule.compare)
        };
        Self {
            promises: rule.targets.values().map(promise).collect(),
            rank,
            start: window.start(),
            length: length.into(),
            literal: LatencySeen::default(),
            least_favourable: LatencySeen::default(),
            any_late: false,
            open: BTreeMap::new(),
            rule: rule.clone(),
        }
    }

    pub(super) fn add(&mut self, sample: &TimedSample<'_>) {
        let rule = &self.rule;
        let Some(row) = rule.targets.position(sample.view.served_model) else {
            return;
        };
        let measured = measure(rule.quantity, &rule.sample, &sample.view, sample.class);
        // Whatever came too late may have been a fast answer, also where it says otherwise.
        let is_late = sample.timeliness == Timeliness::Late;
        if measured == Measured::NotValid && !is_late {
            return;
        }
        self.any_late |= is_late;
        let minute = sample.view.minute().get();
        let first = Minute::new(minute.div_euclid(self.length) * self.length).max(self.start);
        let open = self.open.entry((first, row)).or_default();
        open.push((measured, sample.timeliness));
    }

    pub(super) fn close_before(&mut self, minute: Minute) {
        while let Some(entry) = self.open.first_entry() {
            let first = entry.key().0.get();
            // The first window may begin before the contract's does.
            let end = (first.div_euclid(self.length) + 1).saturating_mul(self.length);
            if end > minute.get() {
                return;
            }
            let (key, samples) = entry.remove_entry();
            self.close(key, &samples);
        }
    }

    fn close(&mut self, key: (Minute, usize), samples: &[(Measured, Timeliness)]) {
        let all = samples.iter().map(|(measured, _)| *measured);
        let promise = &self.promises[key.1];
        let literal = window(promise, self.rank, all);
        self.literal.windows.insert(key, literal);
        let prompt = samples
            .iter()
            .map(|(measured, timeliness)| match timeliness {
                Timeliness::Prompt => *measured,
                Timeliness::Late => Measured::Uncertain,
            });
        let prompt = window(promise, self.rank, prompt);
        self.least_favourable.windows.insert(key, prompt);
    }

    pub(super) fn finish(mut self) -> BothReadings<LatencySeen> {
        while let Some((key, samples)) = self.open.pop_first() {
            self.close(key, &samples);
        }
        for seen in [&mut self.literal, &mut self.least_favourable] {
            for window in seen.windows.values_mut() {
                if let Some(percentile) = &mut window.percentile {
                    let value = percentile.value.ratio() * scale(self.rule.quantity);
                    percentile.value = Fraction::from_ratio(value);
                }
            }
        }
        BothReadings {
            literal: self.literal,
            least_favourable: self.any_late.then_some(self.least_favourable),
        }
    }
}

/// Reduces the samples of one window; its percentile stays in the unit of [`Raw`].
fn window(
    promise: &Promise,
    rank: Option<Rank>,
    samples: impl Iterator<Item = Measured>,
) -> LatencyWindow {
    let mut uncertain = 0_usize;
    let mut known: Vec<Raw> = Vec::new();
    for measured in samples {
        match measured {
            Measured::Value(raw) => known.push(raw),
            Measured::Uncertain => uncertain += 1,
            Measured::NotValid => {}
        }
    }
    known.sort_unstable();
    let number = |count: usize| u64::try_from(count).expect("a number of samples is a u64");
    let met = known.iter().filter(|raw| promise.kept_by(**raw)).count();
    LatencyWindow {
        valid: number(known.len()),
        met: number(met),
        uncertain: number(uncertain),
        percentile: rank.and_then(|rank| percentile(promise, rank, &known, uncertain)),
    }
}

fn percentile(
    promise: &Promise,
    rank: Rank,
    known: &[Raw],
    uncertain: usize,
) -> Option<Percentile> {
    let kept = |below: usize, above: usize| {
        let values = Values {
            below,
            known,
            above,
        };
        match rank.of(values) {
            Some(Extended::Value(value)) => promise.kept_by_ratio(&value),
            Some(Extended::Above) => promise.kept(Ordering::Greater),
            Some(Extended::Below) | None => promise.kept(Ordering::Less),
        }
    };
    let Some(Extended::Value(value)) = rank.of(Values {
        below: 0,
        known,
        above: 0,
    }) else {
        return None;
    };
    let (at_best, at_worst) = if promise.is_floor() {
        (kept(0, uncertain), kept(uncertain, 0))
    } else {
        (kept(uncertain, 0), kept(0, uncertain))
    };
    Some(Percentile {
        met: Met {
            as_seen: promise.kept_by_ratio(&value),
            at_best,
            at_worst,
        },
        value: Fraction::from_ratio(value),
    })
}

impl LatencySeen {
    /// The window whose first minute inside the contract's this is.
    pub(crate) fn window(&self, first: Minute, row: usize) -> Option<&LatencyWindow> {
        self.windows.get(&(first, row))
    }

    /// Positions of the targets of which samples were seen; the first where there are none.
    pub(crate) fn rows(&self) -> BTreeSet<usize> {
        let rows: BTreeSet<usize> = self.windows.keys().map(|(_, row)| *row).collect();
        if rows.is_empty() {
            BTreeSet::from([0])
        } else {
            rows
        }
    }

    /// The requests of one minute, fast ones as successes and slow ones as errors.
    pub(crate) fn minute(&self, minute: Minute) -> RequestMinute {
        let mut tally = Tally::default();
        let windows = self.windows.range((minute, 0)..(minute.plus(1), 0));
        for (_, window) in windows {
            tally.successes += window.met;
            tally.errors += window.valid - window.met;
            tally.unknown += window.uncertain;
        }
        RequestMinute {
            errors_possible: tally.errors + tally.unknown,
            tally,
            repeated: 0,
        }
    }

    pub(super) fn windows(&self) -> impl Iterator<Item = (Minute, usize, &LatencyWindow)> {
        let windows = self.windows.iter();
        windows.map(|((first, row), window)| (*first, *row, window))
    }
}

#[cfg(test)]
impl LatencyFold {
    pub(super) fn open_samples(&self) -> usize {
        self.open.values().map(Vec::len).sum()
    }
}
