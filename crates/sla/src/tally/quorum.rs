//! Failures that count only where enough agents see them.
//!
//! A lone agent cannot tell the provider's outage from a broken path of its own, unless the
//! provider's own answer proves it. Without a quorum such a failure is unknown: it widens the
//! bounds and is never held against the provider. Where late samples are unmeasured, their
//! agents have no vote either.

use domain::AgentId;

use crate::contract::{EventClass, Quorum};
use crate::terms::Place;

/// Who fails in which minute, and what waits for the count.
#[derive(Debug, Default)]
pub(super) struct Ballots<'a> {
    voters: Vec<Voter<'a>>,
    votes: Vec<Vote>,
    held: Vec<Held>,
}

/// An agent that may fail. Its network is `None` where it is not known: all of those count as one.
#[derive(Debug)]
struct Voter<'a> {
    agent: AgentId,
    network: Option<&'a str>,
}

/// Position of an agent among the voters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct VoterIndex(u32);

/// One agent failed in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Vote {
    minute: u32,
    voter: VoterIndex,
    late: bool,
}

/// Samples of one class that wait for a quorum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    minute: u32,
    event: EventClass,
    pub(super) late: bool,
    pub(super) count: u64,
}

/// What was held, now that all agents have been counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    pub(super) index: usize,
    pub(super) held: Held,
    /// Its class with all votes.
    pub(super) event: EventClass,
    /// Its class without the votes of late samples.
    pub(super) without_late: EventClass,
}

impl<'a> Ballots<'a> {
    /// The voter that an agent is.
    pub(super) fn voter(&mut self, agent: &AgentId, place: Option<&'a Place>) -> VoterIndex {
        let known = self.voters.iter().position(|voter| voter.agent == *agent);
        let at = known.unwrap_or_else(|| {
            self.voters.push(Voter {
                agent: agent.clone(),
                network: place.map(|place| place.network.as_str()),
            });
            self.voters.len() - 1
        });
        VoterIndex(narrow(at))
    }

    pub(super) fn vote(&mut self, index: usize, voter: VoterIndex, late: bool) {
        self.votes.push(Vote {
            minute: narrow(index),
            voter,
            late,
        });
    }

    pub(super) fn hold(&mut self, index: usize, event: EventClass, late: bool, count: u64) {
        self.held.push(Held {
            minute: narrow(index),
            event,
            late,
            count,
        });
    }

    /// Counts the votes of each minute in which something was held.
    pub(super) fn decide(mut self, quorum: Quorum) -> Vec<Decided> {
        self.votes.sort_unstable();
        self.votes.dedup();
        self.held.sort_by_key(|held| held.minute);
        let mut votes = &self.votes[..];
        let minutes = self.held.chunk_by(|a, b| a.minute == b.minute);
        let decided = minutes.flat_map(|held| {
            let minute = held[0].minute;
            votes = &votes[votes.partition_point(|vote| vote.minute < minute)..];
            let (cast, _) = votes.split_at(votes.partition_point(|vote| vote.minute == minute));
            let all = self.reach(quorum, cast.iter());
            let prompt = self.reach(quorum, cast.iter().filter(|vote| !vote.late));
            let class = move |reached, held: Held| {
                if reached {
                    held.event
                } else {
                    EventClass::Unknown
                }
            };
            held.iter().map(move |held| Decided {
                index: widen(minute),
                held: *held,
                event: class(all, *held),
                without_late: class(prompt, *held),
            })
        });
        decided.collect()
    }

    fn reach<'v>(&self, quorum: Quorum, cast: impl Iterator<Item = &'v Vote>) -> bool {
        let mut agents: Vec<VoterIndex> = cast.map(|vote| vote.voter).collect();
        agents.dedup(); // The votes of a minute are in order.
        let voters = agents.iter().map(|at| &self.voters[widen(at.0)]);
        let mut networks: Vec<Option<&str>> = voters.map(|voter| voter.network).collect();
        networks.sort_unstable();
        networks.dedup();
        let many = |count: usize, needed: std::num::NonZeroU32| {
            u64::try_from(count).is_ok_and(|count| count >= u64::from(needed.get()))
        };
        many(agents.len(), quorum.agents) && many(networks.len(), quorum.networks)
    }
}

/// Positions are kept in half a word: there are as many as failures of a window.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("windows and fleets have fewer than four thousand million parts")
}

fn widen(position: u32) -> usize {
    usize::try_from(position).expect("it was a position before")
}
