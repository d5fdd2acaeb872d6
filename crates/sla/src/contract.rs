//! An SLA as data: what is promised, which events count, what a breach is worth and until when
//! it can be claimed.
//!
//! A [`Contract`] can only come from [`Contract::parse`], so that everything in it has been
//! checked: bands without holes, known words, exact decimals. It holds no prose of the provider
//! and no digest of itself; whoever stores the text hashes the text. How to write one:
//! `docs/contracts.md`.

mod claim;
mod commitment;
mod events;
mod parse;
mod text;
mod window;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use domain::{ContractId, Minute, ProviderId, Window};
use serde::{Deserialize, Serialize};

use crate::money::Currency;

pub use claim::{Anchor, Claim, ClaimDeadline, Period, Purpose};
pub use commitment::{
    Align, BadMinute, Band, Commitment, Compare, CreditBase, CreditSchedule, DowntimeMinutes,
    EmptyInterval, Family, IntervalMean, Metric, Rounding, RoundingMode,
};
pub use events::{Condition, EventClass, EventRule, EventRules, StatusPattern};
pub use text::{ContractError, Problem};
pub(crate) use window::midnight;
pub use window::{RunAcrossEdge, TimeZone, WindowKind, WindowRule};

/// The value of `schema` that this version reads.
pub const CONTRACT_SCHEMA: &str = "sla-contract/1";

/// Longest accepted contract text, in bytes.
pub const CONTRACT_BYTES_MAX: usize = 256 * 1024;

/// Most entries in any list of a contract.
pub const LIST_ENTRIES_MAX: usize = 1_000;

/// One SLA, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub(crate) id: ContractId,
    /// Who is under contract.
    pub provider: ProviderId,
    /// The provider's service that it covers, in the operator's words.
    pub service: String,
    /// Currency of fees and credits.
    pub currency: Currency,
    /// Whether it is made up for a demonstration; pages and bundles say so.
    pub simulated: bool,
    /// Where its text comes from.
    pub source: TextSource,
    /// What a breach entitles to.
    pub remedy: Remedy,
    /// Whose measurements the text relies on, where it says so.
    pub measured_by: Option<MeasuredBy>,
    /// What one verdict is about.
    pub scope: Scope,
    /// How time is cut into windows.
    pub window: WindowRule,
    /// Which samples are errors.
    pub events: EventRules,
    /// The promises, in the order of the text.
    pub commitments: Vec<Commitment>,
    /// What the text excludes, by kind.
    pub exclusions: Vec<Exclusion>,
    /// How a credit is claimed, where the text says so.
    pub claim: Option<Claim>,
}

/// Where the text of a contract comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextSource {
    /// Date that the text bears.
    pub text_date: Option<NaiveDate>,
    /// First day it is in force.
    pub effective_from: Option<NaiveDate>,
    /// Where the text was read.
    pub text_url: Option<String>,
    /// How close to the provider's own words this contract is.
    pub provenance: Option<Provenance>,
}

/// How close to the provider's own words a contract is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Written from the provider's own page.
    Official,
    /// Written from somebody's quotation.
    Quoted,
    /// Written from somebody's paraphrase.
    Secondary,
    /// Negotiated between the parties; no public text.
    Negotiated,
}

/// What a breach entitles to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Credits.
    Credit,
    /// Leaving the contract early.
    Termination,
    /// Nothing: a target only.
    None,
}

/// Whose measurements a contract relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredBy {
    /// The provider's.
    Provider,
    /// The customer's.
    Customer,
    /// Either side's.
    Either,
    /// An independent third party's.
    Independent,
}

/// What one verdict is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The provider's dimensions that each get a verdict of their own (`account`, `region`).
    pub partition: Vec<String>,
    /// The provider's operations that it covers; empty where the text names none.
    pub endpoints: Vec<String>,
}

/// How sure it is that a clause says what the contract file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The text states it.
    #[default]
    Stated,
    /// It follows from the text.
    Inferred,
    /// The text is silent and the value open.
    Unknown,
    /// The text is silent; the operator chose.
    Assumed,
}

/// What happens to the minutes of one kind of exclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The kind that spans of [`crate::Terms`] refer to, such as `maintenance`.
    pub kind: String,
    /// What happens to them.
    pub effect: Effect,
    /// How sure that is.
    pub basis: Basis,
}

/// What happens to excluded minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: they are judged like all others.
    NotExcluded,
    /// They leave the fraction altogether.
    RemoveFromDenominator,
    /// They stay in the fraction and count as up.
    TreatAsUp,
}

impl Contract {
    /// Reads a contract, refusing whatever it does not fully understand. Every error names line
    /// and column.
    pub fn parse(toml: &str) -> Result<Self, ContractError> {
        parse::contract(toml)
    }

    /// Name of the contract.
    #[must_use]
    pub const fn id(&self) -> &ContractId {
        &self.id
    }

    /// The window that a minute lies in; see [`WindowRule::window_at`].
    #[must_use]
    pub fn window_at(&self, minute: Minute) -> Window {
        self.window.window_at(minute)
    }

    /// What happens to minutes excluded as `kind`: nothing where the contract names no such kind.
    #[must_use]
    pub fn effect_of(&self, kind: &str) -> Effect {
        self.exclusions
            .iter()
            .find(|exclusion| exclusion.kind == kind)
            .map_or(Effect::NotExcluded, |exclusion| exclusion.effect)
    }
}
