//! `interval_mean`: the mean over intervals of the share of requests that succeed.
//!
//! An interval that sticks out of the window counts with its part inside. Requests of removed
//! minutes are dropped, those of minutes treated as up all count as successes; an interval of
//! excluded minutes only is excluded itself. An interval that is not over yet is future, because
//! requests still to come can dilute whatever it holds so far. Where unknown samples decide
//! whether an interval has enough requests to be counted, it is unmeasured.

use std::ops::Range;

use super::{Assumption, Bounds, Detail, Loss, Losses, Minutes, grid, sum, uptime};
use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::Effect;
use crate::contract::metric::{EmptyInterval, IntervalMean};
use crate::fraction::Fraction;
use crate::standing::Standing;
use crate::tally::Tally;

/// One interval of the grid, by positions of its minutes.
struct Interval {
    range: Range<usize>,
    content: Content,
}

/// What is known of an interval.
enum Content {
    Future,
    Excluded(Effect),
    Unmeasured(Tally),
    /// Measured, without enough valid requests.
    Empty,
    /// Without enough valid requests, unless unknown samples are some.
    Doubtful(Tally),
    Counted(Tally),
}

pub(super) fn bounds(rule: &IntervalMean, minutes: Minutes<'_>) -> Bounds {
    let intervals = intervals(rule, minutes);
    let (all, measured) = denominators(rule, &intervals);
    let up = |assumption, units| {
        let losses = intervals
            .iter()
            .filter_map(|interval| interval.content.loss(rule, assumption));
        uptime(&sum(losses), units)
    };
    Bounds {
        observed: measured.and_then(|units| up(Assumption::MeasuredOnly, units)),
        high: up(Assumption::AllUp, all).unwrap_or_else(Fraction::one),
        low: up(Assumption::AllDown, all).unwrap_or_else(Fraction::zero),
    }
}

/// Intervals that uptime is a mean over: all of them, and without the unmeasured and future ones
/// (`None` where no interval was measured).
fn denominators(rule: &IntervalMean, intervals: &[Interval]) -> (u64, Option<u64>) {
    let skips = rule.empty == EmptyInterval::Skip;
    let (mut all, mut known, mut measured) = (0, 0, 0);
    for interval in intervals {
        let (counts, is_known, is_measured) = match &interval.content {
            Content::Excluded(Effect::RemoveFromDenominator) => (0, 0, 0),
            Content::Excluded(Effect::TreatAsUp | Effect::NotExcluded) => (1, 1, 0),
            Content::Future | Content::Unmeasured(_) => (1, 0, 0),
            Content::Empty if skips => (0, 0, 0),
            Content::Doubtful(_) if skips => (1, 0, 0),
            Content::Empty | Content::Doubtful(_) | Content::Counted(_) => (1, 1, 1),
        };
        all += counts;
        known += is_known;
        measured += is_measured;
    }
    (all, (measured > 0).then_some(known))
}

impl Content {
    fn judged(rule: &IntervalMean, tally: Tally) -> Self {
        let enough = rule.min_valid.max(1);
        if tally.is_unmeasured() {
            Self::Unmeasured(tally)
        } else if tally.valid() >= enough {
            Self::Counted(tally)
        } else if tally.valid() + tally.uncertain() >= enough {
            Self::Doubtful(tally)
        } else {
            Self::Empty
        }
    }

    /// Failed requests of how many; `None` where there is nothing to lose.
    fn loss(&self, rule: &IntervalMean, assumption: Assumption) -> Option<(u64, u64)> {
        let open = (assumption == Assumption::AllDown).then_some((1, 1));
        match self {
            Self::Excluded(_) | Self::Empty => None,
            Self::Future | Self::Unmeasured(_) => open,
            Self::Doubtful(_) if rule.empty == EmptyInterval::Skip => open,
            Self::Doubtful(tally) => {
                let errors = tally.errors + tally.unknown;
                // Late successes can be what makes the volume.
                let valid = (tally.valid() + tally.unknown).max(rule.min_valid);
                let counted = assumption == Assumption::AllDown && errors > 0;
                counted.then_some((errors, valid))
            }
            Self::Counted(tally) => {
                let valid = tally.valid();
                let (errors, valid) = match assumption {
                    Assumption::AllUp => (tally.errors, valid + tally.uncertain()),
                    Assumption::MeasuredOnly => (tally.errors, valid),
                    Assumption::AllDown => (tally.errors + tally.unknown, valid + tally.unknown),
                };
                (errors > 0).then_some((errors, valid))
            }
        }
    }
}

fn intervals(rule: &IntervalMean, minutes: Minutes<'_>) -> Vec<Interval> {
    grid::intervals(rule.interval_minutes.get(), rule.align, minutes)
        .into_iter()
        .map(|range| Interval {
            content: content(rule, minutes, range.clone()),
            range,
        })
        .collect()
}

fn content(rule: &IntervalMean, minutes: Minutes<'_>, range: Range<usize>) -> Content {
    let mut tally = Tally::default();
    let mut judged = false;
    let mut excluded = Effect::NotExcluded;
    for index in range {
        match minutes.standings[index] {
            Standing::Future => return Content::Future,
            Standing::Judged => {
                judged = true;
                tally.add(&minutes.tallies[index]);
            }
            Standing::Excluded(effect) => {
                excluded = excluded.max(effect);
                if effect == Effect::TreatAsUp {
                    tally.add(&minutes.tallies[index].all_up());
                }
            }
        }
    }
    if judged {
        Content::judged(rule, tally)
    } else {
        Content::Excluded(excluded)
    }
}

pub(super) fn detail(rule: &IntervalMean, minutes: Minutes<'_>) -> Detail {
    let intervals = intervals(rule, minutes);
    let mut states = Vec::with_capacity(minutes.inside().len());
    let mut downtime = Vec::new();
    let mut entries = Vec::new();
    for interval in &intervals {
        let state = state(rule, minutes, interval);
        states.extend(
            interval
                .range
                .clone()
                .map(|index| match minutes.standings[index] {
                    Standing::Excluded(effect) => State::Excluded { effect },
                    _ => state.clone(),
                }),
        );
        if let Some((errors, valid)) = interval.content.loss(rule, Assumption::MeasuredOnly) {
            downtime.push(Downtime {
                start: minutes.at(interval.range.start),
                end: minutes.at(interval.range.end),
                valid,
                errors,
                start_known_to_s: None,
                end_known_to_s: None,
            });
        }
        if let Some((failed, of)) = interval.content.loss(rule, Assumption::AllUp) {
            let over = minutes.at(interval.range.end);
            entries.push(Loss { over, failed, of });
        }
    }
    let used = sum(downtime.iter().map(|down| (down.errors, down.valid)));
    Detail {
        states,
        downtime,
        unit: BudgetUnit::Intervals,
        used: Fraction::from_ratio(used),
        losses: Losses {
            units: denominators(rule, &intervals).0,
            entries,
        },
    }
}

fn state(rule: &IntervalMean, minutes: Minutes<'_>, interval: &Interval) -> State {
    let unmeasured = |tally: &Tally| State::Unmeasured {
        reasons: tally.reasons(minutes.missed_in(interval.range.clone())),
    };
    match &interval.content {
        Content::Future => State::Future,
        Content::Excluded(effect) => State::Excluded { effect: *effect },
        Content::Unmeasured(tally) => unmeasured(tally),
        Content::Doubtful(tally) if rule.empty == EmptyInterval::Skip => unmeasured(tally),
        Content::Empty | Content::Doubtful(_) => State::Empty,
        Content::Counted(tally) if tally.errors == 0 => State::Up,
        Content::Counted(tally) if tally.successes == 0 => State::Down,
        Content::Counted(_) => State::Degraded,
    }
}
