//! Whose samples decide: how the observations of several agents become one.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole::Whole;
use super::{Basis, Provenance, exact::Text, is_default};

/// How the observations of several agents become one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRule {
    /// Whether all agents are judged together. Default: `"pooled"`.
    #[serde(default)]
    pub pooling: Pooling,
    /// How many agents have to see a failure in the same minute before it counts, where an event
    /// rule asks for a quorum (`when = { quorum = true }`). Default: 3 agents in 2 networks.
    #[serde(default)]
    pub quorum: Quorum,
    /// How sure this table is. Default: `"stated"`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// How close to the provider's own words this table is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Whatever a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Whether all agents are judged together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Together: requests of all agents are the population.
    #[default]
    Pooled,
    /// Each region that agents stand in gets a result of its own.
    PerRegion,
}

/// How many must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "QuorumText", into = "QuorumText")]
#[schemars(with = "QuorumText")]
pub struct Quorum {
    /// Agents that see a failure in the same minute.
    pub agents: NonZeroU32,
    /// Networks that those agents stand in, at most as many; agents whose network is not known
    /// count as one.
    pub networks: NonZeroU32,
}

/// How many must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Quorum")]
struct QuorumText {
    /// Agents that see a failure in the same minute.
    agents: QuorumSize,
    /// Networks that those agents stand in, at most as many; agents whose network is not known
    /// count as one.
    networks: QuorumSize,
}

/// Agents, or networks, of a quorum.
type QuorumSize = Whole<1, 1_000>;

impl TryFrom<QuorumText> for Quorum {
    type Error = String;

    fn try_from(text: QuorumText) -> Result<Self, String> {
        if text.networks > text.agents {
            return Err(format!(
                "`networks`: {} agents stand in at most as many networks",
                text.agents
            ));
        }
        Ok(Self {
            agents: text.agents.into(),
            networks: text.networks.into(),
        })
    }
}

impl From<Quorum> for QuorumText {
    fn from(quorum: Quorum) -> Self {
        Self {
            agents: QuorumSize::clamped(quorum.agents),
            networks: QuorumSize::clamped(quorum.networks),
        }
    }
}

impl Default for Quorum {
    /// The rule of health checkers: a majority of five places, and never one network alone.
    fn default() -> Self {
        const AGENTS: NonZeroU32 = NonZeroU32::new(3).expect("3 is not 0");
        const NETWORKS: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");
        Self {
            agents: AGENTS,
            networks: NETWORKS,
        }
    }
}
