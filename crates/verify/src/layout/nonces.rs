//! `registry/nonces.json`: the seed from which the client request ids of the window's slots follow,
//! revealed once their day is over.

use domain::UnixMillis;
use evidence::hash::Hash;
use serde::{Deserialize, Serialize};
use wire::nonce::{Seed, day_of, last_day_over};

use crate::plans::InForce;

/// Version of `nonces.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoncesSchema {
    /// This one.
    #[serde(rename = "nines-nonces/1")]
    V1,
}

/// What a bundle reveals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nonces {
    /// Version of this form.
    pub schema: NoncesSchema,
    /// The last day that is over, in days since the epoch.
    pub day: u32,
    /// Plan revisions in force that commit to the seed, in order.
    pub revisions: Vec<u64>,
    /// The seed of that day; those of all days before follow from it.
    pub seed: Hash,
}

/// What a bundle has to reveal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last day that is over.
    pub day: u32,
    /// Revisions in force that commit to a seed, in order.
    pub revisions: Vec<u64>,
}

impl Due {
    /// By the plans in force in what is judged, which ends at `end`; `None` where no revision
    /// commits to anything, or no day of one that does is over.
    #[must_use]
    pub fn of(plans: &[InForce<'_>], end: UnixMillis) -> Option<Self> {
        let mut committed = plans.iter().filter(|part| part.plan.nonces.is_some());
        let first = day_of(committed.clone().next()?.from);
        let day = last_day_over(end).filter(|day| *day >= first)?;
        let revisions = committed.by_ref().map(|part| part.plan.revision);
        Some(Self {
            day,
            revisions: revisions.collect(),
        })
    }
}

impl Nonces {
    /// What is revealed of a seed.
    #[must_use]
    pub fn reveal(due: Due, seed: Seed) -> Self {
        Self {
            schema: NoncesSchema::V1,
            day: due.day,
            revisions: due.revisions,
            seed: seed.reveal(),
        }
    }

    /// The seed of the last day; `None` for a day that has none.
    #[must_use]
    pub fn seed(&self) -> Option<Seed> {
        Seed::revealed(self.day, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use wire::plan::Plan;

    use super::*;
    use crate::plans::in_force;

    const DAY_MS: i64 = 86_400_000;

    fn plan(revision: u64, from_day: i64, nonces: Option<Hash>) -> Plan {
        let text = format!(
            "revision = {revision}\neffective_from_ms = {}\n\
             [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
             [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
             request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n",
            from_day * DAY_MS
        );
        let plan = Plan::parse(&text).unwrap();
        Plan { nonces, ..plan }
    }

    #[track_caller]
    fn check(plans: &[&Plan], end_ms: i64, expected: Option<(u32, &[u64])>) {
        let end = UnixMillis::new(end_ms);
        let due = Due::of(&in_force(plans, UnixMillis::new(0), end), end);
        let due = due.map(|due| (due.day, due.revisions));
        let expected = expected.map(|(day, revisions)| (day, revisions.to_vec()));
        assert_eq!(due, expected);
    }

    #[test]
    fn days_that_are_over_are_due_from_the_first_plan_that_commits() {
        let (old, new) = (plan(1, 0, None), plan(2, 5, Some(Hash::ZERO)));
        let newer = plan(3, 7, Some(Hash::ZERO));
        check(&[&old], 9 * DAY_MS, None);
        check(&[&old, &new], 5 * DAY_MS, None);
        check(&[&old, &new], 6 * DAY_MS - 1, None);
        check(&[&old, &new], 6 * DAY_MS, Some((5, &[2])));
        check(&[&old, &new, &newer], 7 * DAY_MS, Some((6, &[2])));
        check(&[&old, &new, &newer], 9 * DAY_MS + 1, Some((8, &[2, 3])));
    }
}
