//! `downtime_minutes`: the share of minutes outside of runs of bad minutes.

use super::runs::{clip, denominators, downtime, runs};
use super::{Assumption, Bounds, Detail, Loss, Losses, Minutes, count, uptime, whole};
use crate::assessment::{BudgetUnit, State};
use crate::contract::metric::DowntimeMinutes;
use crate::fraction::Fraction;

pub(super) fn bounds(rule: &DowntimeMinutes, minutes: Minutes<'_>) -> Bounds {
    let lost = |assumption| {
        let runs = runs(rule, minutes, assumption);
        whole(count(
            runs.iter().flat_map(|run| clip(run, &minutes.inside())),
        ))
    };
    let (all, measured) = denominators(minutes);
    let up = |assumption, units| uptime(lost(assumption).ratio(), units);
    Bounds {
        observed: measured.and_then(|units| up(Assumption::MeasuredOnly, units)),
        high: up(Assumption::AllUp, all).unwrap_or_else(Fraction::one),
        low: up(Assumption::AllDown, all).unwrap_or_else(Fraction::zero),
    }
}

pub(super) fn detail(rule: &DowntimeMinutes, minutes: Minutes<'_>) -> Detail {
    let inside = minutes.inside();
    let observed = runs(rule, minutes, Assumption::MeasuredOnly);
    let state = |index| minutes.state(index, &minutes.tallies[index]);
    let mut states: Vec<State> = inside.clone().map(state).collect();
    for run in &observed {
        let run = clip(run, &inside);
        states[run.start - inside.start..run.end - inside.start].fill(State::Down);
    }
    let certain = runs(rule, minutes, Assumption::AllUp);
    let certain = certain.iter().flat_map(|run| clip(run, &inside));
    let entries = certain.map(|index| Loss {
        over: minutes.at(index + 1),
        failed: 1,
        of: 1,
    });
    Detail {
        states,
        unit: BudgetUnit::Minutes,
        used: whole(count(observed.iter().flat_map(|run| clip(run, &inside)))),
        downtime: observed.iter().map(|run| downtime(minutes, run)).collect(),
        losses: Losses {
            units: denominators(minutes).0,
            entries: entries.collect(),
        },
    }
}
