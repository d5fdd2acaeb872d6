//! What a target is like in a minute, as far as all agents together can tell, and from where each
//! of them looks.
//!
//! For eyes and alerts only: no verdict reads a condition. It knows no contract, therefore no
//! threshold but the simplest: an agent fails where more than half of its attempts do.
//!
//! Invariants, each a law in the tests: the order of agents and cells changes nothing; another
//! success never makes a condition worse, another failure never better; an agent without a sample
//! has no say, so silence is unmeasured and never down; that an agent was cut off never makes a
//! condition worse.

mod cut_off;

use std::collections::BTreeMap;

use domain::{AgentId, Attribution, CellHour, Class, Minute, Outcome, Window};
use serde::{Deserialize, Serialize};

use crate::terms::Place;

pub use cut_off::CutOff;

#[cfg(test)]
mod tests;

/// Agents that must fail, and see nothing but failures, before the provider is said to be down.
pub const AGENTS_MIN: usize = 2;
/// Networks in which they must stand.
pub const NETWORKS_MIN: usize = 2;
/// Longest that a sample speaks for the minutes after it.
pub const HOLD_MINUTES_MAX: u32 = 60;

/// What a target is like in a minute; from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every agent that can tell reaches it.
    Up,
    /// No agent has a sample.
    Unmeasured,
    /// Those that have samples met nothing but faults of our own: keys, quotas, agents, among them
    /// agents that were cut off.
    OurSide,
    /// Some agents fail. Others reach it, or too few look to say that nobody can.
    Regional,
    /// Every agent that can tell fails: at least [`AGENTS_MIN`], in [`NETWORKS_MIN`] networks.
    ProviderDown,
}

/// What one agent, or one region, can tell of a target in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vantage {
    /// It reaches the target.
    Up,
    /// It has no sample.
    Unmeasured,
    /// It met nothing but faults of our own, or was cut off and reached nothing.
    OurSide,
    /// More than half of its attempts failed, not counting faults of our own.
    Failing,
}

/// Attempts of one agent in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Attempts that succeeded.
    pub successes: u64,
    /// Attempts that failed by the provider, a gateway, the network, or nobody knows whom.
    pub failures: u64,
    /// Attempts that failed by our own fault.
    pub ours: u64,
}

impl Condition {
    /// Every value, from best to worst.
    pub const ALL: [Self; 5] = [
        Self::Up,
        Self::Unmeasured,
        Self::OurSide,
        Self::Regional,
        Self::ProviderDown,
    ];

    /// What all agents together say: one entry each, with its network where that is known. Those
    /// whose network is not known stand in one.
    #[must_use]
    pub fn of<'a>(agents: impl IntoIterator<Item = (Option<&'a str>, Vantage)>) -> Self {
        let (mut reach, mut failing, mut ours) = (false, 0_usize, false);
        let mut networks: Vec<Option<&str>> = Vec::new();
        for (network, vantage) in agents {
            match vantage {
                Vantage::Unmeasured => {}
                Vantage::Up => reach = true,
                Vantage::OurSide => ours = true,
                Vantage::Failing => {
                    failing += 1;
                    if !networks.contains(&network) {
                        networks.push(network);
                    }
                }
            }
        }
        let is_quorum = failing >= AGENTS_MIN && networks.len() >= NETWORKS_MIN;
        match (failing, reach, ours) {
            (0, true, _) => Self::Up,
            (0, false, true) => Self::OurSide,
            (0, false, false) => Self::Unmeasured,
            (_, false, _) if is_quorum => Self::ProviderDown,
            _ => Self::Regional,
        }
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Unmeasured => "unmeasured",
            Self::OurSide => "our_side",
            Self::Regional => "regional",
            Self::ProviderDown => "provider_down",
        }
    }
}

impl Sight {
    /// Counts attempts of one class.
    pub const fn count(&mut self, class: &Class, samples: u64) {
        self.count_as(class.outcome, class.attribution, samples);
    }

    /// Counts attempts that ended in one way.
    pub const fn count_as(&mut self, outcome: Outcome, attribution: Attribution, samples: u64) {
        let counted = match (outcome, attribution) {
            (Outcome::Ok, _) => &mut self.successes,
            (_, Attribution::Ours | Attribution::Agent | Attribution::None) => &mut self.ours,
            (
                _,
                Attribution::Provider
                | Attribution::Gateway
                | Attribution::Network
                | Attribution::Unknown,
            ) => &mut self.failures,
        };
        *counted = counted.saturating_add(samples);
    }

    const fn add(&mut self, other: Self) {
        self.successes = self.successes.saturating_add(other.successes);
        self.failures = self.failures.saturating_add(other.failures);
        self.ours = self.ours.saturating_add(other.ours);
    }

    /// What is left of it where the agent was cut off: what failed then says nothing of the
    /// target, and is a fault of our own. What succeeded did.
    #[must_use]
    pub const fn cut_off(self) -> Self {
        Self {
            successes: self.successes,
            failures: 0,
            ours: self.ours.saturating_add(self.failures),
        }
    }

    const fn is_silent(self) -> bool {
        self.successes == 0 && self.failures == 0 && self.ours == 0
    }

    /// What it comes to.
    #[must_use]
    pub const fn vantage(self) -> Vantage {
        if self.failures > self.successes {
            Vantage::Failing
        } else if self.successes > 0 {
            Vantage::Up
        } else if self.ours > 0 {
            Vantage::OurSide
        } else {
            Vantage::Unmeasured
        }
    }
}

/// What is known of the agents, whatever target they look at.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// Where they stand.
    pub places: &'a [Place],
    /// When they were cut off. Of minutes that a sample speaks for only that of the sample and the
    /// one asked about matter.
    pub cut_off: &'a CutOff,
}

/// What every agent saw of one target, minute by minute.
#[derive(Debug)]
pub struct Sights<'a> {
    fleet: Fleet<'a>,
    /// From a hold before the first minute that can be asked about.
    kept: Window,
    /// Minutes that a sample speaks for, its own included.
    hold: usize,
    agents: BTreeMap<&'a AgentId, Seen<'a>>,
}

/// One agent's minutes.
#[derive(Debug)]
struct Seen<'a> {
    place: Option<&'a Place>,
    minutes: Vec<Sight>,
    /// Of the same minutes, in which it was cut off.
    cut_off: Vec<bool>,
}

impl<'a> Sights<'a> {
    /// Nothing seen yet. A sample speaks for its own minute and the next, `hold` in all (1 to
    /// [`HOLD_MINUTES_MAX`]; outside of that the nearest), unless a newer one does: whole minutes
    /// between two slots.
    #[must_use]
    pub fn new(fleet: Fleet<'a>, window: Window, hold: u32) -> Self {
        let hold = hold.clamp(1, HOLD_MINUTES_MAX);
        let first = window.start().plus(1 - i64::from(hold));
        Self {
            fleet,
            kept: Window::new(first, window.end()).unwrap_or(window),
            hold: usize::try_from(hold).unwrap_or(1),
            agents: BTreeMap::new(),
        }
    }

    /// Reads the cells of one target; see [`Self::new`].
    #[must_use]
    pub fn of(cells: &'a [CellHour], fleet: Fleet<'a>, window: Window, hold: u32) -> Self {
        let mut sights = Self::new(fleet, window, hold);
        for cell in cells {
            sights.add(cell);
        }
        sights
    }

    /// Adds an hour of an agent. Minutes outside of the window are left out.
    pub fn add(&mut self, cell: &'a CellHour) {
        let kept = self.kept;
        let seen = self.know(&cell.agent);
        for count in &cell.counts {
            let minute = cell.hour.first_minute().plus(i64::from(count.minute));
            let class = usize::try_from(count.class).unwrap_or(usize::MAX);
            if let (true, Some(class)) = (kept.contains(minute), cell.classes.get(class)) {
                seen.minutes[kept.position(minute)].count(class, u64::from(count.count));
            }
        }
    }

    /// Adds one attempt of an agent that started in a minute; outside of the window it is left
    /// out.
    pub fn see(&mut self, agent: &'a AgentId, at: Minute, ended: (Outcome, Attribution)) {
        let kept = self.kept;
        let seen = self.know(agent);
        if kept.contains(at) {
            seen.minutes[kept.position(at)].count_as(ended.0, ended.1, 1);
        }
    }

    /// Takes up an agent that looks at the target, also where it has no sample.
    pub fn look(&mut self, agent: &'a AgentId) {
        self.know(agent);
    }

    fn know(&mut self, agent: &'a AgentId) -> &mut Seen<'a> {
        let (fleet, kept) = (self.fleet, self.kept);
        let length = usize::try_from(kept.minutes()).unwrap_or(usize::MAX);
        self.agents.entry(agent).or_insert_with(|| Seen {
            place: fleet.places.iter().find(|place| place.agent == *agent),
            minutes: vec![Sight::default(); length],
            cut_off: fleet.cut_off.among(agent, kept.iter()),
        })
    }

    /// The condition in a minute of the window; unmeasured outside of it.
    #[must_use]
    pub fn condition(&self, at: Minute) -> Condition {
        let agents = self.agents.values();
        Condition::of(agents.map(|seen| {
            let network = seen.place.map(|place| place.network.as_str());
            (network, self.sight(seen, at).vantage())
        }))
    }

    /// What each region that has an agent can tell in a minute, all its agents together; agents
    /// whose place is not known are left out.
    #[must_use]
    pub fn regions(&self, at: Minute) -> BTreeMap<&'a str, Vantage> {
        let mut regions: BTreeMap<&str, Sight> = BTreeMap::new();
        for seen in self.agents.values() {
            if let Some(place) = seen.place {
                let region = regions.entry(place.region.as_str()).or_default();
                region.add(self.sight(seen, at));
            }
        }
        let regions = regions.into_iter();
        regions
            .map(|(region, sight)| (region, sight.vantage()))
            .collect()
    }

    /// The newest minute with samples that still speaks; cut off where the agent was so in that
    /// minute, or is in the one asked about.
    fn sight(&self, seen: &Seen<'_>, at: Minute) -> Sight {
        let Ok(at) = usize::try_from(at.get().saturating_sub(self.kept.start().get())) else {
            return Sight::default();
        };
        let Some(past) = seen.minutes.get(..=at) else {
            return Sight::default();
        };
        let mut newest = past.iter().enumerate().rev().take(self.hold);
        let Some((spoken, sight)) = newest.find(|(_, sight)| !sight.is_silent()) else {
            return Sight::default();
        };
        if seen.cut_off[spoken] || seen.cut_off[at] {
            sight.cut_off()
        } else {
            *sight
        }
    }
}
