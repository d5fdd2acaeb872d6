//! Counts once more, where late samples are unmeasured: they are neither error nor success, and
//! what only their votes made count is unknown.

use super::Tally;
use crate::contract::EventClass;

/// What late samples change, where they are unmeasured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    pub(super) index: usize,
    pub(super) from: EventClass,
    pub(super) to: Landing,
    pub(super) count: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Landing {
    Late,
    Class(EventClass),
}

impl Move {
    pub(super) const fn late(index: usize, from: EventClass, count: u64) -> Self {
        let to = Landing::Late;
        Self {
            index,
            from,
            to,
            count,
        }
    }
}

pub(super) fn moved(literal: &[Tally], moves: &[Move]) -> Vec<Tally> {
    let mut tallies = literal.to_vec();
    for Move {
        index,
        from,
        to,
        count,
    } in moves
    {
        let tally = &mut tallies[*index];
        *match from {
            EventClass::Error => &mut tally.errors,
            EventClass::Success => &mut tally.successes,
            EventClass::NotValid => &mut tally.not_valid,
            EventClass::Unknown => &mut tally.unknown,
        } -= count;
        match to {
            Landing::Late => tally.late += count,
            Landing::Class(class) => tally.count(*class, *count),
        }
    }
    tallies
}
