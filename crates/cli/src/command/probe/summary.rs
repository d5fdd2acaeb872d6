//! Several attempts in a few figures.
//!
//! Percentiles are by nearest rank: of `n` values in order, the one at place `ceil(p * n / 100)`,
//! so that every figure was measured and none is made up between two. They are of successful
//! attempts only: how long failures took says when they failed, not how fast the service is.

use std::collections::BTreeMap;

use domain::{Attribution, Outcome};
use probe::price::NanoUsd;
use serde::Serialize;

use super::Observed;
use super::money::Money;
use super::page::{ms, tone};
use crate::page::{Align, Look, Page, Table, count};

/// Figures of several attempts.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Summary {
    schema: &'static str,
    attempts: u32,
    outcomes: BTreeMap<&'static str, u32>,
    #[serde(skip)]
    tally: BTreeMap<(Outcome, Attribution), u32>,
    #[serde(skip)]
    ttft_us: Vec<u64>,
    #[serde(skip)]
    total_us: Vec<u64>,
    cost: CostSum,
}

/// What the attempts cost together.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct CostSum {
    /// Of attempts whose cost is known; at most this, 10^-9 US dollars.
    usd_nano: NanoSum,
    /// Whether it may have been less.
    at_most: bool,
    /// Attempts whose cost nobody knows.
    unknown: u32,
}

/// A sum that knows when it grew too large to be held.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
struct NanoSum(Option<u64>);

impl Default for NanoSum {
    fn default() -> Self {
        Self(Some(0))
    }
}

/// Least, median, 95th percentile and greatest of some values, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Spread {
    of: usize,
    min_us: u64,
    p50_us: u64,
    p95_us: u64,
    max_us: u64,
}

impl Spread {
    /// Of no values there is none.
    pub(super) fn of(values: &[u64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let place = (percent * sorted.len()).div_ceil(100).max(1);
            sorted.get(place - 1).copied()
        };
        Some(Self {
            of: sorted.len(),
            min_us: *sorted.first()?,
            p50_us: rank(50)?,
            p95_us: rank(95)?,
            max_us: *sorted.last()?,
        })
    }
}

impl Summary {
    pub(super) fn new() -> Self {
        Self {
            schema: "probe-summary/1",
            ..Self::default()
        }
    }

    /// Takes one more attempt into account.
    pub(super) fn add(&mut self, seen: &Observed) {
        let attempt = &seen.attempt;
        self.attempts += 1;
        *self.outcomes.entry(attempt.outcome.as_str()).or_default() += 1;
        let both = (attempt.outcome, attempt.attribution);
        *self.tally.entry(both).or_default() += 1;
        if attempt.outcome == Outcome::Ok {
            self.ttft_us.extend(seen.figures.ttft_us);
            self.total_us.push(seen.figures.total_us);
        }
        match &seen.money {
            Money::Known {
                at_most, usd_nano, ..
            } => {
                let sum = self.cost.usd_nano.0;
                self.cost.usd_nano.0 = sum.and_then(|sum| sum.checked_add(*usd_nano));
                self.cost.at_most |= at_most;
            }
            Money::Unknown { .. } => self.cost.unknown += 1,
        }
    }

    /// How many attempts it holds.
    pub(super) const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The exit status of the run: of the attempts' own, the first of 1, 3 and 4 that occurred.
    pub(super) fn exit_status(&self) -> u8 {
        let own = self
            .tally
            .keys()
            .map(|(outcome, attribution)| super::exit_status(*outcome, *attribution));
        // No attempt ended: nothing is known.
        own.filter(|status| *status != 0)
            .min()
            .unwrap_or(u8::from(self.attempts == 0))
    }

    /// As JSON, schema `probe-summary/1`.
    pub(super) fn json(&self) -> serde_json::Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["percentiles"] = "nearest rank, of attempts with outcome ok".into();
        let spread = |values: &[u64]| serde_json::to_value(Spread::of(values)).unwrap_or_default();
        value["ttft"] = spread(&self.ttft_us);
        value["total"] = spread(&self.total_us);
        value
    }

    pub(super) fn page(&self, look: Look) -> String {
        let mut page = Page::new(look);
        page.title(&crate::page::counted(self.attempts.into(), "attempt"));
        for ((outcome, attribution), number) in &self.tally {
            let number = count((*number).into());
            let fault = match attribution {
                Attribution::None => String::new(),
                other => format!("  fault: {other}"),
            };
            let word = look.paint(
                tone(*outcome, *attribution),
                &format!("{:<16}", outcome.as_str()),
            );
            page.line(&format!("  {number:>6}  {word}{fault}"));
        }
        let mut table = Table::new([
            ("ms", Align::Left),
            ("min", Align::Right),
            ("p50", Align::Right),
            ("p95", Align::Right),
            ("max", Align::Right),
            ("of", Align::Right),
        ]);
        for (name, values) in [("TTFT", &self.ttft_us), ("total", &self.total_us)] {
            if let Some(spread) = Spread::of(values) {
                let figures = [spread.min_us, spread.p50_us, spread.p95_us, spread.max_us];
                let [min, p50, p95, max] = figures.map(ms);
                table.row([name.to_owned(), min, p50, p95, max, spread.of.to_string()]);
            }
        }
        if table.rows() > 0 {
            page.gap();
            page.table(2, &table);
            page.paragraph(
                2,
                "Percentiles by nearest rank, of attempts with outcome ok.",
            );
        }
        page.gap();
        page.labelled("cost", 8, &self.cost_in_words());
        page.finish()
    }

    fn cost_in_words(&self) -> String {
        let cost = &self.cost;
        let known = self.attempts - cost.unknown;
        let Some(sum) = cost.usd_nano.0.filter(|_| known > 0) else {
            return "unknown".to_owned();
        };
        let bound = if cost.at_most { "at most " } else { "" };
        let rest = match cost.unknown {
            0 => String::new(),
            n => format!(" for {known}, unknown for {n}"),
        };
        format!("{bound}{}{rest}", NanoUsd::new(sum))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<u64> = (1..=20).rev().collect();
        let spread = Spread::of(&values).unwrap();
        let all = (spread.min_us, spread.p50_us, spread.p95_us, spread.max_us);
        assert_eq!(all, (1, 10, 19, 20));
        let one = Spread::of(&[7]).unwrap();
        assert_eq!(
            (one.min_us, one.p50_us, one.p95_us, one.max_us),
            (7, 7, 7, 7)
        );
        assert_eq!(Spread::of(&[]), None);
    }

    proptest! {
        #[test]
        fn every_percentile_was_measured(values in proptest::collection::vec(any::<u64>(), 1..200)) {
            let spread = Spread::of(&values).unwrap();
            for (percent, figure) in [(50, spread.p50_us), (95, spread.p95_us)] {
                prop_assert!(values.contains(&figure));
                let at_most = values.iter().filter(|value| **value <= figure).count();
                prop_assert!(at_most * 100 >= percent * values.len());
            }
        }
    }
}
