//! Failures that count only where enough agents see them.
//!
//! A lone agent cannot tell the provider's outage from a broken path of its own, unless the
//! provider's own answer proves it. Without a quorum such a failure is unknown: it widens the
//! bounds and is never held against the provider. Where late samples are unmeasured, their
//! agents have no vote either.

use std::collections::BTreeSet;

use domain::AgentId;

use crate::contract::{EventClass, Quorum};
use crate::terms::Place;

/// Who fails in one minute, and what waits for the count.
#[derive(Debug, Default)]
pub(super) struct Ballot<'a> {
    all: Votes<'a>,
    prompt: Votes<'a>,
    held: Vec<Held>,
}

#[derive(Debug, Default)]
struct Votes<'a> {
    agents: BTreeSet<AgentId>,
    /// `None` stands for every network that is not known: they count as one.
    networks: BTreeSet<Option<&'a str>>,
}

/// Samples of one class that wait for a quorum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    event: EventClass,
    pub(super) late: bool,
    pub(super) count: u64,
}

impl<'a> Ballot<'a> {
    pub(super) fn vote(&mut self, agent: &AgentId, place: Option<&'a Place>, late: bool) {
        self.all.add(agent, place);
        if !late {
            self.prompt.add(agent, place);
        }
    }

    pub(super) fn hold(&mut self, event: EventClass, late: bool, count: u64) {
        self.held.push(Held { event, late, count });
    }

    /// What was held, now that all agents have been counted: its class with all votes, and its
    /// class without those of late samples.
    pub(super) fn decide(
        self,
        quorum: Quorum,
    ) -> impl Iterator<Item = (Held, EventClass, EventClass)> {
        let (all, prompt) = (self.all.reach(quorum), self.prompt.reach(quorum));
        let class = |reached, held: Held| {
            if reached {
                held.event
            } else {
                EventClass::Unknown
            }
        };
        let held = self.held.into_iter();
        held.map(move |held| (held, class(all, held), class(prompt, held)))
    }
}

impl<'a> Votes<'a> {
    fn add(&mut self, agent: &AgentId, place: Option<&'a Place>) {
        if !self.agents.contains(agent) {
            self.agents.insert(agent.clone());
        }
        self.networks
            .insert(place.map(|place| place.network.as_str()));
    }

    fn reach(&self, quorum: Quorum) -> bool {
        let many = |count: usize, needed: std::num::NonZeroU32| {
            u64::try_from(count).is_ok_and(|count| count >= u64::from(needed.get()))
        };
        many(self.agents.len(), quorum.agents) && many(self.networks.len(), quorum.networks)
    }
}
