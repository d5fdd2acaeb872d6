//! Part of V5: the seed of client request ids is the one that the plans committed to, and it is
//! revealed for every day that is over.

use std::io::{Read, Seek};

use domain::UnixMillis;
use evidence::bundle::Bundle;

use super::registry::Registry;
use super::{Parts, member};
use crate::layout::nonces::{Due, Nonces};
use crate::layout::{self};
use crate::plans::InForce;
use crate::verdict::{Checked, Halt, Remarks, owned};

/// The seed that a bundle reveals, where it does.
pub(super) fn read<R: Read + Seek>(bundle: &mut Bundle<R>) -> Checked<Option<Nonces>> {
    if bundle.contains(layout::NONCES) {
        member::json(bundle, layout::NONCES).map(Some)
    } else {
        Ok(None)
    }
}

pub(super) fn check(
    parts: &Parts<'_>,
    (registry, spans): (&Registry, &[InForce<'_>]),
    end: UnixMillis,
    remarks: &mut Remarks,
) -> Checked {
    let fail = |reason: String| Err(Halt::fail(layout::NONCES, reason));
    let due = Due::of(spans, end);
    let (due, given) = match (due, owned(&parts.nonces)?) {
        (None, None) => return Ok(()),
        (Some(due), Some(given)) => (due, given),
        (Some(due), None) => {
            let day = due.day;
            return fail(format!("the seed of day {day} is over, and not revealed"));
        }
        (None, Some(_)) => return fail("no plan in force has a seed to reveal".to_owned()),
    };
    if (given.day, &given.revisions) != (due.day, &due.revisions) {
        let Due { day, revisions } = due;
        return fail(format!(
            "must reveal the seed of day {day} for plan revisions {revisions:?}"
        ));
    }
    let committed = given.seed().map(|seed| seed.commitment());
    for revision in &due.revisions {
        let stated = registry.plan(*revision).and_then(|p| p.plan.nonces);
        if stated.is_none() || stated != committed {
            return fail(format!(
                "plan revision {revision} did not commit to this seed"
            ));
        }
    }
    let day = due.day;
    remarks.add(format!(
        "client request ids up to day {day} since 1970 follow from the plan's seed, revealed"
    ));
    Ok(())
}
