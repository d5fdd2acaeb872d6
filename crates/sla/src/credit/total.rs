//! The credits of several commitments of one contract in one window, together.

use domain::Window;
use num_rational::BigRational;
use serde::{Deserialize, Serialize};

use super::limit::{Bound, Worth, bounds};
use super::{Credit, CreditInputs, Limit};
use crate::contract::credit::CreditSchedule;
use crate::fraction::Fraction;
use crate::money::{MINOR_UNITS_MAX, Money};

/// What a contract's breaches in one window are worth together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditTotal {
    /// Positions, among the credits given, of those that count. The others are for downtime that a
    /// dearer one of these is for.
    pub counted: Vec<usize>,
    /// Share of the fees after all caps, as a ratio; absent where the credits are shares of
    /// different fees, or one is a flat amount and the fees are not known.
    pub share: Option<Fraction>,
    /// The amount after all caps and before rounding, in minor units; absent where it hangs on
    /// fees that are not known.
    pub exact_minor: Option<Fraction>,
    /// The amount: the sum of the rounded credits, or the lowest cap, rounded as the first of them.
    pub amount: Option<Money>,
    /// The limits that the sum passed, in a fixed order.
    pub cuts: Vec<Limit>,
    /// Limits that could not be applied, to the sum or to one of the credits, in a fixed order.
    pub unchecked: Vec<Limit>,
}

/// A credit on its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due<'a> {
    /// The schedule that it comes from.
    pub(crate) schedule: &'a CreditSchedule,
    /// What it was computed from.
    pub(crate) inputs: CreditInputs<'a>,
    /// The credit.
    pub(crate) credit: &'a Credit,
    /// The downtime that it is for, in order, without overlaps.
    pub(crate) downtime: &'a [Window],
}

/// Adds the credits of one contract and window; `None` where there are none.
///
/// Schedules with one level per incident first: of credits that share downtime, also by way of a
/// third, only the dearest counts. Then the sum is held under the caps. A cap that several schedules
/// state limits the sum with the highest of its values; a schedule without one does not lift it.
pub(crate) fn combine(dues: &[Due<'_>]) -> Option<CreditTotal> {
    let counted = counted(dues);
    let chosen: Vec<Due<'_>> = counted
        .iter()
        .filter_map(|at| dues.get(*at).copied())
        .collect();
    let first = chosen.first()?;
    let one_base = chosen
        .iter()
        .all(|due| due.schedule.base == first.schedule.base);
    let sum = Worth {
        share: sum(chosen.iter().map(|due| due.credit.share.as_ref())).filter(|_| one_base),
        minor: sum(chosen.iter().map(|due| due.credit.exact_minor.as_ref())),
    };
    let cut = sum.cut(joint_bounds(&chosen));
    let mut unchecked = cut.unchecked;
    unchecked.extend(chosen.iter().flat_map(|due| &due.credit.unchecked));
    unchecked.sort();
    unchecked.dedup();
    let rule = (first.schedule.rounding, first.schedule.amount_unit);
    let amount = cut.worth.minor.as_ref().and_then(|exact| {
        let currency = first.inputs.currency;
        let parts = chosen.iter().map(|due| due.credit.amount.map(Money::minor));
        let parts: u64 = parts.sum::<Option<u64>>()?;
        let capped = Money::rounded_within(exact, &cut.highest, currency, rule);
        let uncut = Money::from_minor(parts.min(MINOR_UNITS_MAX), currency).ok()?;
        // Rounding each part up must not carry the sum over a cap that its exact sum keeps.
        let highest = Money::rounded_within(&cut.highest, &cut.highest, currency, rule);
        let over = !cut.cuts.is_empty() || uncut.minor() > highest.minor();
        Some(if over { capped } else { uncut })
    });
    Some(CreditTotal {
        counted,
        share: cut.worth.share.filter(|_| one_base),
        exact_minor: cut.worth.minor,
        amount,
        cuts: cut.cuts,
        unchecked,
    })
}

/// The sum, where every part is known.
fn sum<'a>(parts: impl Iterator<Item = Option<&'a Fraction>>) -> Option<Fraction> {
    parts
        .map(|part| part.map(Fraction::ratio))
        .sum::<Option<BigRational>>()
        .map(Fraction::from_ratio)
}

/// Every limit that one of them states, once, with the highest of its values.
fn joint_bounds(dues: &[Due<'_>]) -> Vec<Bound> {
    let mut joint: Vec<Bound> = Vec::new();
    for bound in dues
        .iter()
        .flat_map(|due| bounds(due.schedule, &due.inputs))
    {
        match joint.iter_mut().find(|known| known.limit == bound.limit) {
            None => joint.push(bound),
            Some(known) => match bound.worth.exceeds(&known.worth) {
                Some(true) => known.worth = bound.worth,
                Some(false) => {}
                None => known.worth = Worth::UNKNOWN,
            },
        }
    }
    joint.sort_by_key(|bound| bound.limit);
    joint
}

/// Positions of the credits that count, in order.
fn counted(dues: &[Due<'_>]) -> Vec<usize> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, due) in dues.iter().enumerate() {
        let same = |group: &mut Vec<usize>| {
            let mut others = group.iter().filter_map(|other| dues.get(*other));
            others.any(|other| same_incident(due, other))
        };
        let mut joined: Vec<usize> = groups.extract_if(.., same).flatten().collect();
        joined.push(at);
        groups.push(joined);
    }
    let mut counted: Vec<usize> = groups
        .iter()
        .filter_map(|group| dearest(dues, group))
        .collect();
    counted.sort_unstable();
    counted
}

fn same_incident(one: &Due<'_>, other: &Due<'_>) -> bool {
    one.schedule.one_level_per_incident
        && other.schedule.one_level_per_incident
        && overlap(one.downtime, other.downtime)
}

/// Whether two lists, each in order and without overlaps, have a minute in common.
fn overlap(one: &[Window], other: &[Window]) -> bool {
    let mut others = other.iter().peekable();
    one.iter().any(|window| {
        while others
            .next_if(|other| other.end() <= window.start())
            .is_some()
        {}
        others
            .peek()
            .is_some_and(|other| other.start() < window.end())
    })
}

/// The dearest of a group, the first of equals. Amounts are compared where all are known, shares
/// otherwise.
fn dearest(dues: &[Due<'_>], group: &[usize]) -> Option<usize> {
    let members = || group.iter().filter_map(|at| Some((*at, dues.get(*at)?)));
    let by_amount = members().all(|(_, due)| due.credit.exact_minor.is_some());
    let mut best: Option<(usize, &Option<Fraction>)> = None;
    for (at, due) in members() {
        let value = if by_amount {
            &due.credit.exact_minor
        } else {
            &due.credit.share
        };
        if best.is_none_or(|(held, most)| value > most || (value == most && at < held)) {
            best = Some((at, value));
        }
    }
    best.map(|(at, _)| at)
}
