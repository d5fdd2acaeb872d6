//! `outage_proportional`: 1 - (sum over outages of minutes x affected ratio) / minutes.
//!
//! Outages are the runs that `downtime_minutes` counts. The affected ratio of an outage is that of
//! all its requests, so time that is not known for certain can change it: an outage may reach into
//! an unmeasured minute next to it, and be diluted by requests that nobody saw. Its ratio is only
//! counted as measured in [`Bounds::high`] where the outage is bounded by minutes that are not bad
//! for certain; else as the least that the rule allows of any bad minute (the threshold; all of it
//! for `all_fail`, nothing for `any_fail`). [`Bounds::low`] takes such an outage as total. Late
//! samples, where they are unmeasured, may be errors here: taking them for none would make an outage
//! more certain than it is with them.

use std::ops::Range;

use num_rational::BigRational;

use super::runs::{Judge, clip, denominators, downtime, runs, total};
use super::{Assumption, Bounds, Detail, Loss, Losses, Minutes, sum, uptime};
use crate::assessment::{BudgetUnit, State};
use crate::contract::metric::{AffectedRatio, OutageProportional};
use crate::fraction::Fraction;
use crate::tally::Tally;

/// A run and the share of its minutes that is lost: numerator and denominator.
type Outage = (Range<usize>, (u64, u64));

pub(super) fn bounds(rule: &OutageProportional, minutes: Minutes<'_>) -> Bounds {
    let (all, measured) = denominators(minutes);
    let up = |outages: Vec<Outage>, units| uptime(&lost(minutes, &outages), units);
    Bounds {
        observed: measured.and_then(|units| up(observed(rule, minutes), units)),
        high: up(certain(rule, minutes), all).unwrap_or_else(Fraction::one),
        low: up(possible(rule, minutes), all).unwrap_or_else(Fraction::zero),
    }
}

fn lost(minutes: Minutes<'_>, outages: &[Outage]) -> BigRational {
    let inside = minutes.inside();
    let per_minute = outages
        .iter()
        .flat_map(|(run, share)| clip(run, &inside).map(|_| *share));
    sum(per_minute)
}

fn observed(rule: &OutageProportional, minutes: Minutes<'_>) -> Vec<Outage> {
    let runs = runs(&rule.outages, minutes, Assumption::MeasuredOnly);
    let share = |run: Range<usize>| {
        let total = total(minutes, run.clone());
        match rule.affected_ratio {
            AffectedRatio::One => (run, (1, 1)),
            AffectedRatio::Measured | AffectedRatio::Unknown => {
                (run, (total.errors, total.valid()))
            }
        }
    };
    runs.into_iter().map(share).collect()
}

/// The least that is lost for certain.
fn certain(rule: &OutageProportional, minutes: Minutes<'_>) -> Vec<Outage> {
    let possible = possible_runs(rule, minutes);
    let least = Judge::new(&rule.outages).least_share();
    let share = |run: Range<usize>| match rule.affected_ratio {
        AffectedRatio::One => (run, (1, 1)),
        AffectedRatio::Measured | AffectedRatio::Unknown if has(&possible, &run) => {
            let total = total(minutes, run.clone());
            (run, (total.errors, total.valid() + total.uncertain()))
        }
        AffectedRatio::Measured | AffectedRatio::Unknown => (run, least),
    };
    let runs = runs(&rule.outages, minutes, Assumption::AllUp);
    runs.into_iter().map(share).collect()
}

/// The most that may be lost.
fn possible(rule: &OutageProportional, minutes: Minutes<'_>) -> Vec<Outage> {
    let certain = runs(&rule.outages, minutes, Assumption::AllUp);
    let share = |run: Range<usize>| match rule.affected_ratio {
        AffectedRatio::Measured | AffectedRatio::Unknown if has(&certain, &run) => {
            let total = total(minutes, run.clone());
            let uncertain = total.uncertain();
            (run, (total.errors + uncertain, total.valid() + uncertain))
        }
        AffectedRatio::One | AffectedRatio::Measured | AffectedRatio::Unknown => (run, (1, 1)),
    };
    let runs = possible_runs(rule, minutes);
    runs.into_iter().map(share).collect()
}

/// Whether a run is one of these, which are in order of time.
fn has(runs: &[Range<usize>], run: &Range<usize>) -> bool {
    let found = runs.binary_search_by_key(&run.start, |other| other.start);
    found.is_ok_and(|index| runs[index] == *run)
}

/// Every run there may have been.
fn possible_runs(rule: &OutageProportional, minutes: Minutes<'_>) -> Vec<Range<usize>> {
    let late_as_unknown = |tally: &Tally| Tally {
        unknown: tally.uncertain(),
        late: 0,
        ..*tally
    };
    let tallies: Vec<Tally> = minutes.tallies.iter().map(late_as_unknown).collect();
    let minutes = Minutes {
        tallies: &tallies,
        ..minutes
    };
    runs(&rule.outages, minutes, Assumption::AllDown)
}

pub(super) fn detail(rule: &OutageProportional, minutes: Minutes<'_>) -> Detail {
    let inside = minutes.inside();
    let observed = observed(rule, minutes);
    let state = |index| minutes.state(index, &minutes.tallies[index]);
    let mut states: Vec<State> = inside.clone().map(state).collect();
    for (run, _) in &observed {
        let run = clip(run, &inside);
        states[run.start - inside.start..run.end - inside.start].fill(State::Down);
    }
    let certain = certain(rule, minutes);
    let entries = certain.iter().flat_map(|(run, (failed, of))| {
        clip(run, &inside).map(|index| Loss {
            over: minutes.at(index + 1),
            failed: *failed,
            of: *of,
        })
    });
    Detail {
        states,
        unit: BudgetUnit::Minutes,
        used: Fraction::from_ratio(lost(minutes, &observed)),
        downtime: observed
            .iter()
            .map(|(run, _)| downtime(minutes, run))
            .collect(),
        losses: Losses {
            units: denominators(minutes).0,
            entries: entries.collect(),
        },
    }
}
