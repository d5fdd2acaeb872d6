//! `latency_attainment`: the share of latency windows, or of requests, that are fast enough.
//!
//! A window is compliant when the percentile of its valid samples is. It counts only with enough
//! of them; without, it is unmeasured where any of its judged minutes is, or where samples that
//! cannot be told could have been enough, and does not count otherwise. A contract that promises
//! several models something has one window per model at a time, of the models that were seen in
//! the contract's window at all. Requests of excluded minutes are left out; a window of excluded
//! minutes only is compliant where their effect is to be treated as up. A window that is not over
//! is future. Shares of requests follow [`super::requests`].

use std::ops::Range;

use super::requests::Requests;
use super::{Bounds, Detail, Loss, Losses, Minutes, count, grid, uptime, whole};
use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::Effect;
use crate::contract::metric::{Align, LatencyAttainment, LatencyWindows};
use crate::fraction::Fraction;
use crate::standing::Standing;
use crate::tally::Tally;
use crate::timed::{LatencySeen, Met, RequestMinute, Timing};

/// One latency window of one model.
struct Unit {
    range: Range<usize>,
    content: Content,
    /// Valid requests, and those too slow.
    valid: u64,
    slow: u64,
}

/// What is known of it.
enum Content {
    Future,
    Excluded(Effect),
    Unmeasured,
    /// Measured, without enough valid samples.
    NotCounted,
    Counted(Met),
}

pub(super) fn window_bounds(rule: &LatencyWindows, minutes: Minutes<'_>) -> Bounds {
    let units = units(rule, minutes);
    let share = |part: fn(&Content) -> Part| {
        let parts = || units.iter().map(|unit| part(&unit.content));
        let lost = count(parts().filter(|part| *part == Part::Lost));
        let all = count(parts().filter(|part| *part != Part::Left));
        uptime(whole(lost).ratio(), all)
    };
    let measured = units
        .iter()
        .any(|unit| matches!(unit.content, Content::Counted(_)));
    Bounds {
        observed: share(Content::observed).filter(|_| measured),
        high: share(Content::at_best).unwrap_or_else(Fraction::one),
        low: share(Content::at_worst).unwrap_or_else(Fraction::zero),
    }
}

/// A window's part in the share.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Kept,
    Lost,
    Left,
}

impl Part {
    const fn kept_if(met: bool) -> Self {
        if met { Self::Kept } else { Self::Lost }
    }
}

impl Content {
    const fn observed(&self) -> Part {
        match self {
            Self::Future | Self::Unmeasured => Part::Left,
            Self::Counted(met) => Part::kept_if(met.as_seen),
            Self::Excluded(_) | Self::NotCounted => self.settled(),
        }
    }

    const fn at_best(&self) -> Part {
        match self {
            Self::Future | Self::Unmeasured => Part::Kept,
            Self::Counted(met) => Part::kept_if(met.at_best),
            Self::Excluded(_) | Self::NotCounted => self.settled(),
        }
    }

    const fn at_worst(&self) -> Part {
        match self {
            Self::Future | Self::Unmeasured => Part::Lost,
            Self::Counted(met) => Part::kept_if(met.at_worst),
            Self::Excluded(_) | Self::NotCounted => self.settled(),
        }
    }

    /// The part of windows that no sample can change.
    const fn settled(&self) -> Part {
        match self {
            Self::Excluded(Effect::TreatAsUp) => Part::Kept,
            _ => Part::Left,
        }
    }
}

fn units(rule: &LatencyWindows, minutes: Minutes<'_>) -> Vec<Unit> {
    let none = LatencySeen::default();
    let seen = match minutes.timing {
        Timing::Latency(seen) => seen,
        Timing::Untimed | Timing::Requests(_) => &none,
    };
    let grid = grid::intervals(rule.window_minutes.get(), Align::Epoch, minutes);
    let unit = |range: Range<usize>, row: usize| {
        let window = seen.window(minutes.at(range.start), row);
        Unit {
            content: content(rule, minutes, range.clone(), window),
            valid: window.map_or(0, |w| w.valid),
            slow: window.map_or(0, |w| w.valid - w.met),
            range,
        }
    };
    let rows = seen.rows();
    grid.into_iter()
        .flat_map(|range| rows.iter().map(move |row| (range.clone(), *row)))
        .map(|(range, row)| unit(range, row))
        .collect()
}

fn content(
    rule: &LatencyWindows,
    minutes: Minutes<'_>,
    range: Range<usize>,
    window: Option<&crate::timed::LatencyWindow>,
) -> Content {
    let standings = &minutes.standings[range.clone()];
    if standings.contains(&Standing::Future) {
        return Content::Future;
    }
    if !standings.contains(&Standing::Judged) {
        let effects = standings.iter().map(|standing| match standing {
            Standing::Excluded(effect) => *effect,
            Standing::Judged | Standing::Future => Effect::NotExcluded,
        });
        return Content::Excluded(effects.max().unwrap_or(Effect::NotExcluded));
    }
    let (valid, uncertain) = window.map_or((0, 0), |w| (w.valid, w.uncertain));
    if valid >= rule.min_samples.get()
        && let Some(met) = window.and_then(|w| w.percentile.as_ref())
    {
        return Content::Counted(met.met);
    }
    let dark = |index: usize| {
        minutes.standings[index] == Standing::Judged && minutes.tallies[index].is_unmeasured()
    };
    if valid + uncertain >= rule.min_samples.get() || range.into_iter().any(dark) {
        Content::Unmeasured
    } else {
        Content::NotCounted
    }
}

pub(super) fn window_detail(rule: &LatencyWindows, minutes: Minutes<'_>) -> Detail {
    let units = units(rule, minutes);
    let at_once: Vec<&[Unit]> = units.chunk_by(|a, b| a.range == b.range).collect();
    let mut states = Vec::with_capacity(minutes.inside().len());
    let mut downtime = Vec::new();
    for units in &at_once {
        let range = units[0].range.clone();
        states.extend(range.clone().map(|index| state(minutes, index, units)));
        let lost = |unit: &&Unit| unit.content.observed() == Part::Lost;
        let failed: Vec<&Unit> = units.iter().filter(lost).collect();
        if !failed.is_empty() {
            downtime.push(Downtime {
                start: minutes.at(range.start),
                end: minutes.at(range.end),
                valid: failed.iter().map(|unit| unit.valid).sum(),
                errors: failed.iter().map(|unit| unit.slow).sum(),
                start_known_to_s: None,
                end_known_to_s: None,
            });
        }
    }
    let part = |of: fn(&Content) -> Part, wanted: Part| {
        units.iter().filter(move |unit| of(&unit.content) == wanted)
    };
    let entries = part(Content::at_best, Part::Lost).map(|unit| Loss {
        over: minutes.at(unit.range.end),
        failed: 1,
        of: 1,
    });
    let left = count(part(Content::at_best, Part::Left));
    Detail {
        states,
        downtime,
        unit: BudgetUnit::LatencyWindows,
        used: whole(count(part(Content::observed, Part::Lost))),
        losses: Losses {
            units: count(units.iter()) - left,
            entries: entries.collect(),
        },
    }
}

/// What a minute is that lies in these windows.
fn state(minutes: Minutes<'_>, index: usize, units: &[Unit]) -> State {
    if let Standing::Excluded(effect) = minutes.standings[index] {
        return State::Excluded { effect };
    }
    let any = |wanted: fn(&Content) -> bool| units.iter().any(|unit| wanted(&unit.content));
    let kept = any(|content| content.observed() == Part::Kept);
    let lost = any(|content| content.observed() == Part::Lost);
    match (kept, lost) {
        (true, true) => State::Degraded,
        (true, false) => State::Up,
        (false, true) => State::Down,
        (false, false) if any(|content| matches!(content, Content::Future)) => State::Future,
        (false, false) if any(|content| matches!(content, Content::Unmeasured)) => {
            let range = units[0].range.clone();
            let mut total = Tally::default();
            for tally in &minutes.tallies[range.clone()] {
                total.add(tally);
            }
            State::Unmeasured {
                reasons: total.reasons(minutes.missed_in(range)),
            }
        }
        (false, false) => State::Empty,
    }
}

pub(super) fn request_bounds(rule: &LatencyAttainment, minutes: Minutes<'_>) -> Bounds {
    requests(rule, minutes).bounds(minutes)
}

pub(super) fn request_detail(rule: &LatencyAttainment, minutes: Minutes<'_>) -> Detail {
    requests(rule, minutes).detail(minutes)
}

/// Fast requests as successes, slow ones as errors.
fn requests(rule: &LatencyAttainment, minutes: Minutes<'_>) -> Requests {
    let seen = match minutes.timing {
        Timing::Latency(seen) => minutes
            .inside()
            .map(|index| {
                let mut seen = seen.minute(minutes.at(index));
                // What was asked, but not in the way that the promise is about, was measured.
                let asked = &minutes.tallies[index];
                if seen.tally.is_unmeasured() && !asked.is_unmeasured() {
                    seen.tally.not_valid += asked.valid() + asked.not_valid;
                }
                seen
            })
            .collect(),
        Timing::Untimed | Timing::Requests(_) => {
            vec![RequestMinute::default(); minutes.inside().len()]
        }
    };
    Requests::new(seen, &rule.kinds, minutes)
}
