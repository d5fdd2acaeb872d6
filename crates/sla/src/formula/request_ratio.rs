//! `request_ratio`: the share of the window's valid requests that succeed.
//!
//! See [`super::requests`] for what unmeasured time counts as. Repeated errors that a contract
//! drops, and successes that are too slow, are found in [`crate::timed`]; without it, a metric that
//! needs it knows of no request at all.

use super::requests::Requests;
use super::{Bounds, Detail, Minutes};
use crate::contract::Effect;
use crate::contract::metric::RequestRatio;
use crate::standing::Standing;
use crate::tally::Tally;
use crate::timed::{RequestMinute, Timing};

pub(super) fn bounds(rule: &RequestRatio, minutes: Minutes<'_>) -> Bounds {
    requests(rule, minutes).bounds(minutes)
}

pub(super) fn detail(rule: &RequestRatio, minutes: Minutes<'_>) -> Detail {
    requests(rule, minutes).detail(minutes)
}

fn requests(rule: &RequestRatio, minutes: Minutes<'_>) -> Requests {
    let timed = rule.dedupe.is_some() || rule.success_within_s.is_some();
    let seen = match minutes.timing {
        Timing::Requests(seen) if timed => seen.to_vec(),
        _ if timed => vec![RequestMinute::default(); minutes.inside().len()],
        _ => minutes
            .inside()
            .map(|index| counted(minutes, index))
            .collect(),
    };
    Requests::new(seen, &rule.kinds, minutes)
}

/// The requests of a minute, where counts say all there is to say.
fn counted(minutes: Minutes<'_>, index: usize) -> RequestMinute {
    let tally = &minutes.tallies[index];
    let (tally, errors_possible) = match minutes.standings[index] {
        Standing::Judged => (*tally, tally.errors + tally.uncertain()),
        Standing::Excluded(Effect::TreatAsUp) => (tally.all_up(), 0),
        Standing::Excluded(_) | Standing::Future => (Tally::default(), 0),
    };
    RequestMinute {
        tally,
        errors_possible,
        repeated: 0,
    }
}
