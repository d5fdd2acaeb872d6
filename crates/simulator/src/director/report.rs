//! What the admin API shows of a director: faults in force, clock, counters.

use serde::Serialize;

use super::{Director, Outage, whole_ms};
use crate::gateway::Gateway;
use crate::limit::Limits;
use crate::lock;
use crate::pacing::Paces;
use crate::script::Rule;
use crate::window::UtcSecond;

/// Faults in force. Outages come before rules, the latest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Faults {
    outages: Vec<Outage>,
    rules: Vec<Rule>,
}

/// What is in force besides faults.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Setting {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    pacing: Paces,
    limits: Option<Limits>,
    gateway: Option<Gateway>,
}

/// The times that windows look at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Clock {
    /// Since the simulator's start.
    offset_ms: u64,
    /// Since the scenario's start.
    scenario_ms: u64,
    /// How far the clock was moved ahead of the machine's.
    ahead_ms: u64,
    utc: UtcSecond,
}

/// What was injected, so that it can be compared with what was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Counters {
    /// All requests since the last reset.
    requests: u64,
    /// Those among them that the wire refused by itself: a wrong key, an unknown model, a bad body.
    refused: u64,
    connections: u64,
    /// Requests struck by an outage.
    outages: u64,
    /// Requests refused by the limits.
    limits: u64,
    /// Requests that another target than the first has answered.
    fallbacks: u64,
    rules: Vec<RuleCounter>,
}

#[derive(Clone, Debug, Serialize)]
struct RuleCounter {
    name: String,
    fault: &'static str,
    /// Requests that met every condition but `share`, `first` and `every`.
    matched: u64,
    /// Requests it struck.
    struck: u64,
}

impl Director {
    pub(crate) fn faults(&self) -> Faults {
        let state = lock(&self.state);
        Faults {
            outages: state.outages.clone(),
            rules: state.rules.script(),
        }
    }

    pub(crate) fn setting(&self) -> Setting {
        let state = lock(&self.state);
        Setting {
            title: state.title.clone(),
            pacing: state.paces.clone(),
            limits: state.meter.as_ref().map(crate::limit::Meter::limits),
            gateway: state.gateway.clone(),
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        let now = self.now();
        let state = lock(&self.state);
        Clock {
            offset_ms: whole_ms(now),
            scenario_ms: whole_ms(now.saturating_sub(state.origin)),
            ahead_ms: whole_ms(state.ahead),
            utc: UtcSecond::from_unix_s(self.unix_s(now)),
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let state = lock(&self.state);
        let rules = state.rules.iter().map(|armed| RuleCounter {
            name: armed.rule.name.clone(),
            fault: armed.rule.fault.kind(),
            matched: armed.matched,
            struck: armed.struck,
        });
        Counters {
            requests: state.requests.saturating_add(state.refused),
            refused: state.refused,
            connections: state.connections,
            outages: state.outages_struck,
            limits: state.limits_struck,
            fallbacks: state.fallbacks,
            rules: rules.collect(),
        }
    }
}
