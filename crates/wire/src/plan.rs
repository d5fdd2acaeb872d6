//! The plan: which agents probe which targets, when, and how.
//!
//! A plan is a revision. Its body is logged before it takes effect, so that nobody can choose
//! slots after seeing results: from the plan alone follows, for every agent and target, every
//! moment at which an attempt had to be made ([`Grid`]).

use std::collections::BTreeMap;

use domain::{AgentId, CredentialAlias, ProviderId, TargetId, UnixMillis};
use evidence::hash::Hash;
use evidence::jcs;
use serde::{Deserialize, Serialize};

use crate::document::{self, DocumentError};

pub mod budget;
pub mod call;
pub mod cron;
mod expect;
pub mod grid;
pub mod jitter;
mod pieces;
mod target;

pub use budget::{Budget, Usd};
pub use call::{PlanAsk, PlanCall, PlanConnection, ServedModel};
pub use cron::Cron;
pub use grid::Grid;
pub use jitter::Jitter;

/// Shortest interval between slots of one target on one agent, seconds.
pub const INTERVAL_S_MIN: u32 = 1;
/// Longest interval: a day.
pub const INTERVAL_S_MAX: u32 = 86_400;
/// Most repeats after one failure.
pub const BURST_COUNT_MAX: u32 = 60;
/// Most attempts that one order may ask of an agent.
pub const CONFIRM_COUNT_MAX: u32 = 10;
/// Attempts that an order may ask of an agent, where the plan does not say.
const CONFIRM_COUNT_DEFAULT: u32 = 2;

/// One revision of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Agents, in the order that staggers their slots.
    #[serde(rename = "agent")]
    pub agents: Vec<PlanAgent>,
    /// First slot of this revision, milliseconds since the epoch.
    pub effective_from_ms: UnixMillis,
    /// What the nonces of its attempts are made from, committed to before anybody may know it:
    /// [`crate::nonce::Seed::commitment`]. The collector states it where it records the plan;
    /// absent in plans that no collector recorded, and in older ones.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nonces: Option<Hash>,
    /// Rises by one with every edit.
    pub revision: u64,
    /// Targets.
    #[serde(rename = "target")]
    pub targets: Vec<PlanTarget>,
}

/// A place to probe from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanAgent {
    /// Name.
    pub id: AgentId,
    /// Whose network it uses (`aws`); quorum counts these.
    pub network: String,
    /// Where it stands (`aws:us-east-1`).
    pub region: String,
}

/// The ways in which providers divide their service, and contracts their verdicts.
pub const SCOPE_DIMENSIONS: [&str; 10] = [
    "organisation",
    "account",
    "project",
    "region",
    "model",
    "model_family",
    "tier",
    "consumption",
    "endpoint",
    "deployment",
];

/// One thing probed, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanTarget {
    /// What all agents together may spend on it; each has an equal share.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<Budget>,
    /// Repeats after a failure.
    #[serde(default)]
    pub burst: Burst,
    /// Public name of the key to use; absent where none is needed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credential: Option<CredentialAlias>,
    /// When its slots are, in UTC, instead of `interval_s`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cron: Option<Cron>,
    /// How long to wait for the whole answer, milliseconds: the contract's, not ours.
    pub deadline_ms: u32,
    /// Features of the request that contracts exclude or require.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub features: Vec<String>,
    /// Name; also the name of its sample stream.
    pub id: TargetId,
    /// Seconds between slots on one agent. Exactly one of this and `cron` is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_s: Option<u32>,
    /// The most that an attempt begins after its slot, milliseconds: see [`Jitter`].
    #[serde(skip_serializing_if = "is_zero", default)]
    pub jitter_ms: u32,
    /// Who is under contract for it.
    pub provider: ProviderId,
    /// What to send.
    pub request: PlanRequest,
    /// What it is at the provider, where the request does not tell: words of
    /// [`SCOPE_DIMENSIONS`], such as `region = "eu-west-1"`. Contracts judge by these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub scope: BTreeMap<String, String>,
    /// Slower than this is marked, milliseconds; never judged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slow_after_ms: Option<u32>,
    /// Whether a gateway stands between us and the model, where not as the preset has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub via: Option<Via>,
}

/// The rule for repeats after a failed planned attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Attempts of each other agent, when one has met a failure and the collector orders them to
    /// confirm it; 0 for none. See [`crate::order`].
    #[serde(
        skip_serializing_if = "is_confirm_default",
        default = "confirm_default"
    )]
    pub confirm: u32,
    /// Further attempts; 0 for none.
    pub count: u32,
    /// From start to start, milliseconds; of `confirm` too.
    pub spacing_ms: u32,
}

impl Burst {
    /// How many attempts an order is followed by: `confirm`, but one at most where no time is to
    /// pass between them.
    #[must_use]
    pub fn confirms(&self) -> u32 {
        if self.spacing_ms == 0 {
            self.confirm.min(1)
        } else {
            self.confirm
        }
    }
}

impl Default for Burst {
    /// Two more tries, ten seconds apart: three inside one clock minute.
    fn default() -> Self {
        Self {
            confirm: CONFIRM_COUNT_DEFAULT,
            count: 2,
            spacing_ms: 10_000,
        }
    }
}

/// What a probe sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PlanRequest {
    /// A call of a model API.
    Call(Box<PlanCall>),
    /// Plain HTTP GET.
    Http {
        /// Text that the body must contain.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expect_body: Option<String>,
        /// Headers that must be there, and the text that each must contain.
        #[serde(
            skip_serializing_if = "BTreeMap::is_empty",
            default,
            deserialize_with = "expect::headers"
        )]
        expect_header: BTreeMap<String, String>,
        /// Values that must stand in the body's JSON, by their JSON Pointers (RFC 6901).
        #[serde(skip_serializing_if = "BTreeMap::is_empty", default, with = "expect")]
        expect_json: BTreeMap<String, serde_json::Value>,
        /// Status expected.
        #[serde(default = "status_ok")]
        expect_status: u16,
        /// The whole URL.
        url: String,
    },
}

fn status_ok() -> u16 {
    200
}

/// Whether a gateway answers for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The provider's own endpoint.
    Direct,
    /// A gateway.
    Gateway,
}

/// A plan that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Not the TOML of a plan.
    #[error("the plan cannot be read")]
    Toml(#[source] DocumentError),
    /// Not the canonical JSON of a plan.
    #[error("the plan body is not canonical")]
    Canonical(#[source] jcs::JcsError),
    /// Canonical, but not a plan.
    #[error("the plan body is not a plan")]
    Shape(#[source] serde_json::Error),
    /// A rule between fields is broken.
    #[error("{0}")]
    Rule(String),
}

impl Plan {
    /// Reads a plan from TOML.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let plan = match pieces::read(text) {
            Some(plan) => plan,
            None => document::read(text).map_err(PlanError::Toml)?,
        };
        plan.check()?;
        Ok(plan)
    }

    /// The canonical JSON that the registry logs.
    pub fn to_body(&self) -> Result<String, PlanError> {
        pieces::to_line(self).map_err(PlanError::Canonical)
    }

    /// Reads a logged body.
    pub fn from_body(body: &[u8]) -> Result<Self, PlanError> {
        if !jcs::is_canonical(body) {
            jcs::check_line(body).map_err(PlanError::Canonical)?;
        }
        let plan: Self = serde_json::from_slice(body).map_err(PlanError::Shape)?;
        plan.check()?;
        Ok(plan)
    }

    /// The target of a name.
    #[must_use]
    pub fn target(&self, id: &TargetId) -> Option<&PlanTarget> {
        self.targets.iter().find(|target| target.id == *id)
    }

    /// The slots of a target on an agent; none where the plan does not know them. Agents take
    /// turns within an interval, and with `cron` within the minute, in the order of the plan; each
    /// target has a phase of its own there, so that an agent's attempts spread over the time.
    #[must_use]
    pub fn grid(&self, agent: &AgentId, target: &TargetId) -> Option<Grid> {
        let place = self.agents.iter().position(|a| a.id == *agent)?;
        let nth = self.targets.iter().position(|t| t.id == *target)?;
        let rhythm = self.targets[nth].rhythm()?;
        let (place, agents) = (
            i64::try_from(place).ok()?,
            i64::try_from(self.agents.len()).ok()?,
        );
        let window_ms = Grid::new(rhythm, 0).gap_ms_min();
        let phase_ms = grid::phase_ms(window_ms, u64::try_from(nth).ok()?);
        let offset_ms = (window_ms * place / agents + phase_ms) % window_ms;
        Some(Grid::new(rhythm, offset_ms))
    }

    /// How far the attempts of a target on an agent begin after their slots; none where the plan
    /// does not know the target.
    #[must_use]
    pub fn jitter(&self, agent: &AgentId, target: &TargetId) -> Option<Jitter> {
        let max_ms = self.target(target)?.jitter_ms;
        Some(Jitter::new(max_ms, self.revision, target, agent))
    }

    /// What each agent may spend on a target: its equal share of the target's budget.
    #[must_use]
    pub fn share(&self, target: &PlanTarget) -> Budget {
        let agents = u64::try_from(self.agents.len()).unwrap_or(u64::MAX);
        target.budget.unwrap_or(Budget::NONE).share(agents)
    }

    /// Rules that no single field can state. [`Plan::parse`] and [`Plan::from_body`] apply them.
    pub fn check(&self) -> Result<(), PlanError> {
        let rule = |text: String| Err(PlanError::Rule(text));
        if self.agents.is_empty() || self.targets.is_empty() {
            return rule("a plan needs at least one [[agent]] and one [[target]]".into());
        }
        if let Some(id) = repeated(self.agents.iter().map(|a| a.id.as_str())) {
            return rule(format!(
                "agent `{id}` is named twice; give each agent its own id"
            ));
        }
        if let Some(id) = repeated(self.targets.iter().map(|t| t.id.as_str())) {
            return rule(format!(
                "target `{id}` is named twice; give each target its own id"
            ));
        }
        for target in &self.targets {
            target.check()?;
            if target.budget.is_some() && self.share(target).check().is_err() {
                let (id, agents) = (&target.id, self.agents.len());
                return rule(format!(
                    "target `{id}`: budget: nothing is left of a cap that {agents} agents share"
                ));
            }
        }
        Ok(())
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

const fn confirm_default() -> u32 {
    CONFIRM_COUNT_DEFAULT
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_confirm_default(value: &u32) -> bool {
    *value == CONFIRM_COUNT_DEFAULT
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests;
