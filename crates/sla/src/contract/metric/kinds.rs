//! Which samples a formula counts, by why they were made.

use std::collections::BTreeSet;

use domain::{Kind, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a sample exists.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SampleKind {
    /// A probe's own planned attempt.
    Planned,
    /// A repeat after a failed probe.
    Burst,
    /// A probe ordered because another agent saw a failure.
    Confirm,
    /// Sent by hand.
    Manual,
    /// A real request of the customer, from a gateway's log.
    Traffic,
}

/// The samples that a formula counts; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds(BTreeSet<SampleKind>);

impl Kinds {
    /// Requests that were sent regardless of what the ones before them met: what a share of
    /// requests may count without weighing outages twice.
    #[must_use]
    pub fn planned_and_traffic() -> Self {
        Self(BTreeSet::from([SampleKind::Planned, SampleKind::Traffic]))
    }

    /// Everything but what was sent by hand: what can tell whether a minute was bad.
    #[must_use]
    pub fn all_but_manual() -> Self {
        use SampleKind::{Burst, Confirm, Planned, Traffic};
        Self(BTreeSet::from([Planned, Burst, Confirm, Traffic]))
    }

    /// Whether samples made for this reason are counted. What was sent by hand is `manual`,
    /// wherever it comes from.
    #[must_use]
    pub fn counts(&self, kind: Kind, source: Source) -> bool {
        self.0.contains(&match (kind, source) {
            (Kind::Manual, _) => SampleKind::Manual,
            (_, Source::Traffic) => SampleKind::Traffic,
            (Kind::Planned, Source::Probe) => SampleKind::Planned,
            (Kind::Burst, Source::Probe) => SampleKind::Burst,
            (Kind::Confirm, Source::Probe) => SampleKind::Confirm,
        })
    }

    pub(super) fn listed(list: Vec<SampleKind>) -> Result<Self, String> {
        let length = list.len();
        let kinds: BTreeSet<SampleKind> = list.into_iter().collect();
        if kinds.is_empty() {
            Err("`kinds`: name at least one".to_owned())
        } else if kinds.len() < length {
            Err("`kinds`: names one twice".to_owned())
        } else {
            Ok(Self(kinds))
        }
    }

    /// The list to write; `None` where leaving it out says the same.
    pub(super) fn unless(self, default: &Self) -> Option<Vec<SampleKind>> {
        (self != *default).then(|| self.0.into_iter().collect())
    }
}
