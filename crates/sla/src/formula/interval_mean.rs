//! `interval_mean`: the mean over intervals of the share of requests that succeed.
//!
//! An interval that sticks out of the window counts with its part inside. Requests of removed
//! minutes are dropped, those of minutes treated as up all count as successes; an interval of
//! excluded minutes only is excluded itself. An interval that is not over yet is future, because
//! requests still to come can dilute whatever it holds so far.

use std::ops::Range;

use super::{Assumption, Bounds, Detail, Loss, Losses, Minutes, sum, uptime};
use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::{Align, Effect, EmptyInterval, IntervalMean};
use crate::fraction::Fraction;
use crate::tally::Tally;
use crate::terms::Standing;

/// One interval of the grid, by positions of its minutes.
struct Interval {
    range: Range<usize>,
    content: Content,
}

/// What is known of an interval.
enum Content {
    Future,
    Excluded(Effect),
    Judged(Tally),
}

pub(super) fn bounds(rule: IntervalMean, minutes: Minutes<'_>) -> Bounds {
    let intervals = intervals(rule, minutes);
    let (all, measured) = denominators(rule, &intervals);
    let up = |assumption, units| {
        let losses = intervals.iter().filter_map(|i| i.content.loss(assumption));
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
fn denominators(rule: IntervalMean, intervals: &[Interval]) -> (u64, Option<u64>) {
    let (mut all, mut known, mut measured) = (0, 0, 0);
    for interval in intervals {
        match &interval.content {
            Content::Excluded(Effect::RemoveFromDenominator) => {}
            Content::Excluded(Effect::TreatAsUp | Effect::NotExcluded) => {
                all += 1;
                known += 1;
            }
            Content::Future => all += 1,
            Content::Judged(tally) if tally.is_empty() && rule.empty == EmptyInterval::Skip => {}
            Content::Judged(tally) => {
                all += 1;
                let seen = u64::from(!tally.is_unmeasured());
                known += seen;
                measured += seen;
            }
        }
    }
    (all, (measured > 0).then_some(known))
}

impl Content {
    /// Failed requests of how many; `None` where there is nothing to lose.
    fn loss(&self, assumption: Assumption) -> Option<(u64, u64)> {
        let open = (assumption == Assumption::AllDown).then_some((1, 1));
        match self {
            Self::Excluded(_) => None,
            Self::Future => open,
            Self::Judged(tally) if tally.is_unmeasured() => open,
            Self::Judged(tally) => {
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

/// The grid over the window.
fn intervals(rule: IntervalMean, minutes: Minutes<'_>) -> Vec<Interval> {
    let length = usize::try_from(rule.interval_minutes.get()).unwrap_or(usize::MAX);
    let first = match rule.align {
        Align::WindowStart => length,
        Align::Epoch => {
            let period = i64::from(rule.interval_minutes.get());
            let inside = minutes.window.start().get().rem_euclid(period);
            usize::try_from(period - inside).unwrap_or(length)
        }
    };
    let mut intervals = Vec::with_capacity(minutes.standings.len() / length + 2);
    let (mut start, mut end) = (0, first);
    while start < minutes.standings.len() {
        let range = start..end.min(minutes.standings.len());
        let content = content(minutes, range.clone());
        intervals.push(Interval { range, content });
        (start, end) = (end, end + length);
    }
    intervals
}

fn content(minutes: Minutes<'_>, range: Range<usize>) -> Content {
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
        Content::Judged(tally)
    } else {
        Content::Excluded(excluded)
    }
}

pub(super) fn detail(rule: IntervalMean, minutes: Minutes<'_>) -> Detail {
    let intervals = intervals(rule, minutes);
    let mut states = Vec::with_capacity(minutes.standings.len());
    let mut downtime = Vec::new();
    let mut entries = Vec::new();
    for interval in &intervals {
        let state = state(minutes, interval);
        states.extend(
            interval
                .range
                .clone()
                .map(|index| match minutes.standings[index] {
                    Standing::Excluded(effect) => State::Excluded { effect },
                    _ => state.clone(),
                }),
        );
        if let Some((errors, valid)) = interval.content.loss(Assumption::MeasuredOnly) {
            downtime.push(Downtime {
                start: minutes.at(interval.range.start),
                end: minutes.at(interval.range.end),
                valid,
                errors,
            });
        }
        if let Some((failed, of)) = interval.content.loss(Assumption::AllUp) {
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

fn state(minutes: Minutes<'_>, interval: &Interval) -> State {
    match &interval.content {
        Content::Future => State::Future,
        Content::Excluded(effect) => State::Excluded { effect: *effect },
        Content::Judged(tally) if tally.is_empty() => State::Empty,
        Content::Judged(tally) if tally.is_unmeasured() => State::Unmeasured {
            reasons: tally.reasons(minutes.missed_in(interval.range.clone())),
        },
        Content::Judged(tally) if tally.errors == 0 => State::Up,
        Content::Judged(tally) if tally.successes == 0 => State::Down,
        Content::Judged(_) => State::Degraded,
    }
}
