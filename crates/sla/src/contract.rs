//! An SLA as data: what is promised, which events count, what a breach is worth and until when
//! it can be claimed.
//!
//! A [`Contract`] can only come from [`Contract::parse`], so that everything in it has been
//! checked: bands without holes, known words, exact decimals. The types are the format: their
//! documentation is the reference that people read, and the JSON Schema that editors complete
//! from. A contract holds no prose of the provider. How to write one: `docs/contracts.md`.

pub mod claim;
pub mod commitment;
pub mod credit;
pub mod events;
pub mod evidence;
pub mod exact;
pub mod exclusion;
pub mod metric;
pub mod recurrence;
pub mod rounding;
pub mod scope;
pub mod text;
pub mod timezone;
pub mod whole;
pub mod window;

mod check;
mod error;
mod reference;
mod schema;
mod tree;
mod warnings;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{ContractId, Minute, ProviderId, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::Currency;

pub use claim::{Anchor, Claim, ClaimDeadline, Opens, Period, Purpose};
pub use commitment::{Alternative, Commitment, Compare, Override, Promise};
pub use credit::{CreditBase, CreditRule, CreditSchedule};
pub use error::{ContractError, Problem};
pub use events::{Attributed, Condition, EventClass, EventRule, EventRules, StatusPattern};
pub use evidence::{EvidenceRule, Pooling, Quorum};
pub use exact::{Decimal, Percent, Text};
pub use exclusion::{Effect, Exclusion, SpanSide};
pub use metric::{BadMinute, DowntimeMinutes, Family, IntervalMean, Metric};
pub use rounding::{Rounding, RoundingMode};
pub use scope::{Dimension, Scope, Values};
pub use text::{ContractText, Head, OtherRemedy, OtherRemedyKind, Schema, TextSha256};
pub use timezone::TimeZone;
pub use window::{PartMonth, RunAcrossEdge, WindowKind, WindowRule};

pub(crate) use window::plus_days;

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
    /// SHA-256 of the text that it was read from.
    pub sha256: TextSha256,
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
    /// What else a breach entitles to.
    pub other_remedies: Vec<OtherRemedy>,
    /// Whether the text says that there is no other remedy.
    pub sole_remedy: Option<bool>,
    /// Whose measurements the text relies on, where it says so.
    pub measured_by: Option<MeasuredBy>,
    /// What one verdict is about.
    pub scope: Scope,
    /// Lists of models that overrides refer to.
    pub model_lists: BTreeMap<String, Vec<String>>,
    /// How time is cut into windows.
    pub window: WindowRule,
    /// How the observations of several agents become one.
    pub evidence: EvidenceRule,
    /// Which samples are errors.
    pub events: EventRules,
    /// The promises, in the order of the text; none where the text promises nothing.
    pub commitments: Vec<Commitment>,
    /// What the text excludes, by kind.
    pub exclusions: Vec<Exclusion>,
    /// How a credit is claimed, where the text says so.
    pub claim: Option<Claim>,
    /// What a reader should know about the whole contract.
    pub note: Option<String>,
}

/// Where the text of a contract comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextSource {
    /// Date that the text bears.
    pub text_date: Option<NaiveDate>,
    /// First day it is in force.
    pub effective_from: Option<NaiveDate>,
    /// First day it is no longer in force.
    pub effective_until: Option<NaiveDate>,
    /// Where the text was read.
    pub text_url: Option<String>,
    /// SHA-256 of the stored copy of the text.
    pub text_sha256: Option<TextSha256>,
    /// How close to the provider's own words this contract is.
    pub provenance: Option<Provenance>,
}

/// How close to the provider's own words something is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Read in the provider's own text.
    Official,
    /// Read in somebody's word-for-word quotation.
    Quoted,
    /// Read in somebody's paraphrase: check it against the text before use.
    Secondary,
    /// Concluded, not read.
    Inferred,
    /// Looked for, and not found.
    NotFound,
    /// Agreed between the parties; no public text.
    Negotiated,
}

/// What a breach entitles to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Credits.
    #[default]
    Credit,
    /// Leaving the contract early.
    Termination,
    /// Nothing: a target only, or no promise at all.
    None,
}

/// Whose measurements a contract relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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

/// How sure it is that a clause says what the contract file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

impl Basis {
    /// The word used in contracts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
            Self::Assumed => "assumed",
        }
    }
}

/// Whether a key may be left out where a contract or result is written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Contract {
    /// Reads a contract, refusing whatever it does not fully understand. Every error names line
    /// and column.
    pub fn parse(toml: &str) -> Result<Self, ContractError> {
        let text::Checked(text) = tree::read(toml)?;
        Ok(Self::from_text(text, TextSha256::of(toml)))
    }

    /// The JSON Schema (draft 2020-12) of contract files, generated from these types.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schema::schema_of::<ContractText>("SLA contract")
    }

    /// Every key of contract files, as Markdown generated from these types.
    #[must_use]
    pub fn reference() -> String {
        reference::reference_of(&Self::json_schema())
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

    /// Whether it is in force on a day.
    #[must_use]
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.source.effective_from.is_none_or(|from| from <= day)
            && self.source.effective_until.is_none_or(|until| day < until)
    }
}
