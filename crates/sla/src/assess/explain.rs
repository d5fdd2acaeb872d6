//! What people need besides the verdict: budget, totals, the timeline, how finely outages are
//! known, whether the samples are enough, and which rule decided how many of them.

use domain::Window;
use num_rational::BigRational;

use super::view::Seen;
use crate::assessment::{Budget, Downtime, MinuteSupport, MinuteTotals, RuleCount, Span, State};
use crate::contract::{Contract, Metric};
use crate::formula::{Detail, Minutes};
use crate::fraction::Fraction;
use crate::standing::Standing;
use crate::support::{Confidence, Support, Supporter, requests_needed};

pub(super) fn budget(target: &Fraction, detail: &Detail) -> Budget {
    let units = BigRational::from_integer(detail.losses.units.into());
    let allowed = units * (Fraction::one().ratio() - target.ratio());
    let remaining = &allowed - detail.used.ratio();
    Budget {
        unit: detail.unit,
        allowed: Fraction::from_ratio(allowed),
        used: detail.used.clone(),
        remaining: Fraction::from_ratio(remaining),
    }
}

pub(super) fn totals(states: &[State]) -> MinuteTotals {
    let mut totals = MinuteTotals::default();
    for state in states {
        totals.window += 1;
        *match state {
            State::Up => &mut totals.up,
            State::Degraded => &mut totals.degraded,
            State::Down => &mut totals.down,
            State::Empty => &mut totals.empty,
            State::Excluded { .. } => &mut totals.excluded,
            State::Unmeasured { .. } => &mut totals.unmeasured,
            State::Future => &mut totals.future,
        } += 1;
    }
    totals
}

/// The window's minutes, neighbours of the same state merged.
pub(super) fn timeline(window: Window, states: &[State]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (minute, state) in window.iter().zip(states) {
        let end = minute.plus(1);
        match spans.last_mut() {
            Some(span) if span.state == *state => span.end = end,
            _ => spans.push(Span {
                start: minute,
                end,
                state: state.clone(),
            }),
        }
    }
    spans
}

/// How finely the edges of each downtime are known, from the nearest minutes with a success.
pub(super) fn resolution(downtime: &mut [Downtime], minutes: Minutes<'_>) {
    let position = |minute| minutes.span.position(minute);
    let succeeded = |index: usize| minutes.tallies[index].successes > 0;
    for down in downtime {
        let (start, end) = (position(down.start), position(down.end));
        let before = (0..start).rev().find(|i| succeeded(*i));
        let after = (end..minutes.tallies.len()).find(|i| succeeded(*i));
        down.start_known_to_s = before.map(|index| seconds(start + 1 - index));
        down.end_known_to_s = after.map(|index| seconds(index + 2 - end));
    }
}

fn seconds(minutes: usize) -> u64 {
    u64::try_from(minutes)
        .unwrap_or(u64::MAX)
        .saturating_mul(60)
}

/// For formulas with a threshold: whether samples are enough for it, minute by minute.
pub(super) fn support(metric: &Metric, minutes: Minutes<'_>) -> Option<MinuteSupport> {
    let threshold = metric.threshold()?;
    let mut supporter = Supporter::new(threshold.clone(), Confidence::Percent95);
    let mut found = MinuteSupport {
        above: 0,
        at_most: 0,
        undetermined: 0,
        samples_needed: requests_needed(threshold, Confidence::Percent95)?,
    };
    for index in minutes.inside() {
        let tally = &minutes.tallies[index];
        if minutes.standings[index] != Standing::Judged || tally.valid() == 0 {
            continue;
        }
        *match supporter.support(tally.errors, tally.valid()) {
            Support::Above => &mut found.above,
            Support::AtMost => &mut found.at_most,
            Support::Undetermined => &mut found.undetermined,
        } += 1;
    }
    Some(found)
}

pub(super) fn rules(contract: &Contract, seen: &Seen) -> Vec<RuleCount> {
    let events = &contract.events;
    let mut counts: Vec<RuleCount> = seen
        .tallies
        .rules
        .iter()
        .map(|(rule, samples)| RuleCount {
            rule: rule.and_then(|rule| u32::try_from(rule).ok()),
            class: rule.map_or(events.default, |rule| events.rules[rule].class),
            samples: *samples,
        })
        .collect();
    counts.sort_by_key(|count| (count.rule.is_none(), count.rule));
    counts
}
