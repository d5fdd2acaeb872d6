//! Exact counts over the lines that a bundle discloses: what the page shows beside the
//! assessment.
//!
//! A pure function of the bundle's other members, which maker and verifier run alike. It judges
//! nothing: what a sample means to the contract, the assessment says. Memory is bounded: what has
//! more kinds than [`KINDS_MAX`] is counted together.

mod logged;
mod outage;
mod revealed;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use domain::{GapReason, Outcome};
use sla::Assessment;

use crate::layout::claim::{Claim, Inputs};

pub(super) use outage::{Lookup, OutageTally};

/// Most different things that are counted apart.
const KINDS_MAX: usize = 64;

/// The members of a bundle, as far as they exist when the page is written: all but itself.
pub struct Members<'a> {
    names: BTreeSet<String>,
    read: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
}

/// What the lines say.
#[derive(Debug, Default)]
pub struct Tally {
    /// In the order of the inputs.
    pub(super) agents: Vec<AgentTally>,
    /// By commitment that is shown and by its outages that are told.
    pub(super) outages: Vec<Vec<OutageTally>>,
    /// All samples of the window.
    pub(super) kinds: Counts<Seen>,
    /// Shortest and longest time after which a request was given up, milliseconds; absent where
    /// there are no samples.
    pub(super) deadlines_ms: Option<(u32, u32)>,
    /// Lines that no reader of this version understands.
    pub(super) unread: u64,
    /// All names.
    pub(super) names: BTreeSet<String>,
}

/// What one agent measured in the window, over all targets.
#[derive(Debug, Default)]
pub(super) struct AgentTally {
    pub(super) samples: u64,
    /// Those with outcome `ok`.
    pub(super) ok: u64,
    /// Slots of the plan that were run.
    pub(super) run: u64,
    /// Slots that were not.
    pub(super) missed: BTreeMap<GapReason, u64>,
    /// Samples that others saw too long after their own time.
    pub(super) late: u64,
    /// Lines about the clock, one a batch.
    pub(super) timed: u64,
    /// Those that speak against it.
    pub(super) doubtful: u64,
    /// Minutes in which controls were asked.
    pub(super) controlled: u64,
    /// Those in which none answered.
    pub(super) cut_off: u64,
}

/// What an attempt met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
}

/// How many of what.
#[derive(Debug)]
pub(super) struct Counts<K> {
    by: BTreeMap<K, u64>,
    /// Of kinds beyond [`KINDS_MAX`].
    pub(super) rest: u64,
}

impl<'a> Members<'a> {
    /// Members by their names, read one at a time. What cannot be read counts as absent.
    pub fn new(
        names: impl IntoIterator<Item = String>,
        read: &'a mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) -> Self {
        Self {
            names: names.into_iter().collect(),
            read,
        }
    }

    fn read(&mut self, path: &str) -> Option<Vec<u8>> {
        self.names
            .contains(path)
            .then(|| (self.read)(path))
            .flatten()
    }
}

impl Tally {
    /// Counts the lines of the agents and targets of the inputs, within the window.
    #[must_use]
    pub fn of(
        claim: &Claim,
        inputs: &Inputs,
        assessment: &Assessment,
        members: &mut Members<'_>,
    ) -> Self {
        let logged = logged::Logged::read(claim, inputs, members);
        let nonces = revealed::read(members);
        let mut walk = walk::Walk::new(inputs, assessment, logged);
        for (at, agent) in inputs.agents.iter().enumerate() {
            for target in &inputs.targets {
                walk.stream(members, (at, agent), target, nonces.as_ref());
            }
            walk.own(members, (at, agent));
        }
        let mut tally = walk.finish();
        tally.names.clone_from(&members.names);
        tally
    }

    /// Samples of the window.
    pub(super) fn samples(&self) -> u64 {
        self.agents.iter().map(|agent| agent.samples).sum()
    }

    /// Those with outcome `ok`.
    pub(super) fn ok(&self) -> u64 {
        self.agents.iter().map(|agent| agent.ok).sum()
    }
}

impl AgentTally {
    /// Slots of the plan that were not run.
    pub(super) fn missed(&self) -> u64 {
        self.missed
            .values()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self {
            by: BTreeMap::new(),
            rest: 0,
        }
    }
}

impl<K: Copy + Ord> Counts<K> {
    fn add(&mut self, kind: K) {
        if let Some(count) = self.by.get_mut(&kind) {
            *count += 1;
        } else if self.by.len() < KINDS_MAX {
            self.by.insert(kind, 1);
        } else {
            self.rest += 1;
        }
    }

    /// How many of one kind, as far as it is counted apart.
    pub(super) fn of(&self, kind: K) -> u64 {
        self.by.get(&kind).copied().unwrap_or(0)
    }

    /// All kinds, the most frequent first.
    pub(super) fn ranked(&self) -> Vec<(K, u64)> {
        let mut all: Vec<(K, u64)> = self.by.iter().map(|(kind, n)| (*kind, *n)).collect();
        all.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), *kind));
        all
    }
}

impl std::fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Members").field(&self.names).finish()
    }
}
