//! `downtime_minutes`: the share of minutes outside of runs of bad minutes.
//!
//! A run is cut at the window's edges and ends at every minute that is not bad, an excluded one
//! included. Bounds are sound for every meaning that an unknown sample can have: a minute is bad
//! for certain only if its own valid requests reach the minimum volume and their errors the rule
//! even with all unknown samples as successes.

use std::ops::Range;

use super::{Assumption, Bounds, Detail, Loss, Losses, Minutes, count, uptime, whole};
use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::{BadMinute, DowntimeMinutes, Effect};
use crate::fraction::Fraction;
use crate::tally::Tally;
use crate::terms::Standing;

/// The rule with its threshold as integers.
struct Judge {
    /// Numerator and denominator of the threshold; absent for `all_fail`.
    threshold: Option<(u64, u64)>,
    min_valid: u64,
}

pub(super) fn bounds(rule: &DowntimeMinutes, minutes: Minutes<'_>) -> Bounds {
    let lost = |assumption| {
        let runs = runs(rule, minutes, assumption);
        whole(runs.iter().map(|run| run.end - run.start).fold(0, add))
    };
    let (all, measured) = denominators(minutes);
    let up = |assumption, units| uptime(lost(assumption).ratio(), units);
    Bounds {
        observed: measured.and_then(|units| up(Assumption::MeasuredOnly, units)),
        high: up(Assumption::AllUp, all).unwrap_or_else(Fraction::one),
        low: up(Assumption::AllDown, all).unwrap_or_else(Fraction::zero),
    }
}

fn add(sum: u64, length: usize) -> u64 {
    sum + u64::try_from(length).expect("a window's length is a u64")
}

/// Minutes that uptime is a share of: all of them, and without the unmeasured and future ones
/// (`None` where no minute was measured).
fn denominators(minutes: Minutes<'_>) -> (u64, Option<u64>) {
    let (mut all, mut known, mut measured) = (0, 0, 0);
    for (standing, tally) in minutes.standings.iter().zip(minutes.tallies) {
        match standing {
            Standing::Excluded(Effect::TreatAsUp | Effect::NotExcluded) => {
                all += 1;
                known += 1;
            }
            Standing::Excluded(Effect::RemoveFromDenominator) => {}
            Standing::Future => all += 1,
            Standing::Judged => {
                all += 1;
                let seen = u64::from(!tally.is_unmeasured());
                known += seen;
                measured += seen;
            }
        }
    }
    (all, (measured > 0).then_some(known))
}

/// Maximal runs of bad minutes that are long enough to count.
fn runs(rule: &DowntimeMinutes, minutes: Minutes<'_>, assumption: Assumption) -> Vec<Range<usize>> {
    let judge = Judge::new(rule);
    let shortest = usize::try_from(rule.min_run_minutes.get()).unwrap_or(usize::MAX);
    let mut runs = Vec::new();
    let mut start = 0;
    for (index, (standing, tally)) in minutes.standings.iter().zip(minutes.tallies).enumerate() {
        if !judge.is_bad(*standing, tally, assumption) {
            if index - start >= shortest {
                runs.push(start..index);
            }
            start = index + 1;
        }
    }
    let end = minutes.standings.len();
    if end.saturating_sub(start) >= shortest {
        runs.push(start..end);
    }
    runs
}

impl Judge {
    fn new(rule: &DowntimeMinutes) -> Self {
        Self {
            threshold: match &rule.rule {
                BadMinute::RateGt { threshold } => Some(
                    threshold
                        .to_u64_pair()
                        .expect("parsed decimals fit 64 bits"),
                ),
                BadMinute::AllFail => None,
            },
            min_valid: rule.min_valid_per_minute,
        }
    }

    fn is_bad(&self, standing: Standing, tally: &Tally, assumption: Assumption) -> bool {
        match standing {
            Standing::Excluded(_) => false,
            Standing::Future => assumption == Assumption::AllDown,
            Standing::Judged if tally.is_unmeasured() => assumption == Assumption::AllDown,
            Standing::Judged => {
                let valid = tally.valid();
                match assumption {
                    Assumption::AllUp => {
                        let with_unknown = valid + tally.uncertain();
                        valid >= self.min_valid && self.fails(tally.errors, with_unknown)
                    }
                    Assumption::MeasuredOnly => {
                        valid >= self.min_valid && self.fails(tally.errors, valid)
                    }
                    Assumption::AllDown => {
                        let errors = tally.errors + tally.unknown;
                        let with_unknown = valid + tally.unknown;
                        with_unknown >= self.min_valid && self.fails(errors, with_unknown)
                    }
                }
            }
        }
    }

    /// The contract's rule on exact counts: cross-multiplied, never divided.
    fn fails(&self, errors: u64, valid: u64) -> bool {
        match self.threshold {
            Some((num, den)) => {
                u128::from(errors) * u128::from(den) > u128::from(num) * u128::from(valid)
            }
            None => valid > 0 && errors == valid,
        }
    }
}

pub(super) fn detail(rule: &DowntimeMinutes, minutes: Minutes<'_>) -> Detail {
    let observed = runs(rule, minutes, Assumption::MeasuredOnly);
    let mut states: Vec<State> = (0..minutes.standings.len())
        .map(|index| state(minutes, index))
        .collect();
    for run in &observed {
        states[run.clone()].fill(State::Down);
    }
    let certain = runs(rule, minutes, Assumption::AllUp);
    let entries = certain.into_iter().flatten().map(|index| Loss {
        over: minutes.at(index + 1),
        failed: 1,
        of: 1,
    });
    Detail {
        states,
        unit: BudgetUnit::Minutes,
        used: whole(count(observed.iter().cloned().flatten())),
        downtime: observed
            .into_iter()
            .map(|run| downtime(minutes, run))
            .collect(),
        losses: Losses {
            units: denominators(minutes).0,
            entries: entries.collect(),
        },
    }
}

/// The state of a minute that lies in no run.
fn state(minutes: Minutes<'_>, index: usize) -> State {
    let tally = &minutes.tallies[index];
    match minutes.standings[index] {
        Standing::Future => State::Future,
        Standing::Excluded(effect) => State::Excluded { effect },
        Standing::Judged if tally.is_empty() => State::Empty,
        Standing::Judged if tally.is_unmeasured() => State::Unmeasured {
            reasons: tally.reasons(minutes.missed_in(index..index + 1)),
        },
        Standing::Judged if tally.errors > 0 => State::Degraded,
        Standing::Judged => State::Up,
    }
}

fn downtime(minutes: Minutes<'_>, run: Range<usize>) -> Downtime {
    let mut total = Tally::default();
    for tally in &minutes.tallies[run.clone()] {
        total.add(tally);
    }
    Downtime {
        start: minutes.at(run.start),
        end: minutes.at(run.end),
        valid: total.valid(),
        errors: total.errors,
    }
}
