//! `claim/claim.json` and `result/inputs.json`: what is claimed, and what the result was computed
//! from beside sample lines and contract.

use domain::{AgentId, ContractId, Minute, TargetId, Window};
use serde::{Deserialize, Serialize};
use sla::{ExcludedSpan, Money, Place, TargetScope, Terms};

/// Version of `claim.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimSchema {
    /// This one.
    #[serde(rename = "nines-claim/1")]
    V1,
}

/// What a bundle claims, and under whose name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Version of this form.
    pub schema: ClaimSchema,
    /// The installation; see [`wire::names::Origin`].
    pub origin: String,
    /// The contract.
    pub contract: ContractId,
    /// Id of the violation, one word; the manifest names it too.
    pub violation: String,
    /// The window that is judged.
    pub window: Window,
    /// First minute that was not looked at.
    pub as_of: Minute,
    /// Whether everything in it is made up for a demonstration.
    pub simulated: bool,
}

/// Version of `inputs.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputsSchema {
    /// This one.
    #[serde(rename = "nines-inputs/1")]
    V1,
}

/// What decided the result beside lines and contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Version of this form.
    pub schema: InputsSchema,
    /// The contract.
    pub contract: ContractId,
    /// SHA-256 of the contract's text, hexadecimal.
    pub terms_sha256: String,
    /// The window that is judged.
    pub window: Window,
    /// First minute that was not looked at.
    pub as_of: Minute,
    /// What was probed.
    pub targets: Vec<TargetId>,
    /// From where.
    pub agents: Vec<AgentId>,
    /// Fees of the window, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Money>,
    /// What was credited in the twelve months before, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited_12_months: Option<Money>,
    /// Spans that are excluded, as the claimant states them.
    pub exclusions: Vec<ExcludedSpan>,
    /// The time under contract, where it begins or ends within the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<Window>,
    /// Where the agents stand, as they were enrolled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// What the targets are at the provider, as the plans in force tell; see
    /// [`crate::plans::scopes`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<TargetScope>,
}

impl Inputs {
    /// The same, as an assessment takes it.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            window: self.window,
            as_of: self.as_of,
            fees: self.fees,
            credited_12_months: self.credited_12_months,
            exclusions: self.exclusions.clone(),
            subscribed: self.subscribed,
            places: self.places.clone(),
            targets: self.scopes.clone(),
        }
    }

    /// First minute that no sample is needed for.
    #[must_use]
    pub fn end(&self) -> Minute {
        self.as_of.min(self.window.end())
    }
}
