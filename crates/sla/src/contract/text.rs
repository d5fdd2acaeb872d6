//! The contract file as it is written: its tables and keys, before what holds across them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::{ContractId, ProviderId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::claim::Claim;
use super::commitment::Commitment;
use super::events::EventRules;
use super::evidence::EvidenceRule;
use super::exact::{Percent, Text, date_schema};
use super::exclusion::Exclusion;
use super::scope::Scope;
use super::window::WindowRule;
use super::{Contract, MeasuredBy, Provenance, Remedy, TextSource};
use crate::money::Currency;

/// An SLA contract as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractText {
    /// Version of the format.
    pub schema: Schema,
    /// Who promises, where it is written, and what follows from a breach.
    pub contract: Head,
    /// What one verdict is about.
    #[serde(default)]
    pub scope: Scope,
    /// Lists of models that overrides refer to, by name: `short-lived = ["model-a"]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub model_lists: BTreeMap<String, Vec<Text>>,
    /// How time is cut into windows.
    pub window: WindowRule,
    /// How the observations of several agents become one.
    #[serde(default)]
    pub evidence: EvidenceRule,
    /// Which samples are errors.
    pub events: EventRules,
    /// The promises. A contract without any says that nothing is promised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitment: Vec<Commitment>,
    /// Time that is not judged like all other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusion: Vec<Exclusion>,
    /// How a credit is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

/// A contract file whose tables agree with each other.
#[derive(Deserialize)]
#[serde(try_from = "ContractText")]
pub(super) struct Checked(pub(super) ContractText);

impl TryFrom<ContractText> for Checked {
    type Error = String;

    fn try_from(text: ContractText) -> Result<Self, String> {
        super::check::check(&text)?;
        Ok(Self(text))
    }
}

/// Version of the contract format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Schema {
    /// This one.
    #[serde(rename = "sla-contract/1")]
    V1,
}

/// Who promises, where it is written, and what follows from a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The contract's name: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
    #[schemars(with = "String")]
    pub id: ContractId,
    /// Who is under contract; same characters.
    #[schemars(with = "String")]
    pub provider: ProviderId,
    /// What it covers, in your words.
    pub service: Text,
    /// Currency of fees and credits (ISO 4217): `"USD"`.
    #[schemars(with = "String")]
    pub currency: Currency,
    /// `true` for a made-up contract; shown wherever its verdicts are. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Date that the text bears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub text_date: Option<NaiveDate>,
    /// First day that this version is in force; a window is judged by the version in force on
    /// its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub effective_from: Option<NaiveDate>,
    /// First day that it is no longer in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub effective_until: Option<NaiveDate>,
    /// Where the text was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_url: Option<Text>,
    /// SHA-256 of the stored copy of the text, 64 hexadecimal digits as `sha256sum` prints them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_sha256: Option<TextSha256>,
    /// How close to the provider's own words the file is, where a clause does not say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What a breach entitles to. Default: `"credit"`.
    #[serde(default)]
    pub remedy: Remedy,
    /// What else it entitles to. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_remedies: Vec<OtherRemedy>,
    /// Whether the text says that there is no other remedy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sole_remedy: Option<bool>,
    /// Whose measurements the text relies on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_by: Option<MeasuredBy>,
    /// Whatever a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// A remedy beside the credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherRemedy {
    /// What it is.
    pub kind: OtherRemedyKind,
    /// The result below which it is open, in percent, from 1 to 100. Default: any breach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Percent>,
    /// What else has to hold, in your words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What a remedy beside the credit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherRemedyKind {
    /// Leaving the contract early.
    Termination,
    /// The term is prolonged without charge.
    Extension,
    /// Money back.
    Refund,
    /// A better level of support.
    Support,
}

/// The SHA-256 of a text, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TextSha256(String);

impl TextSha256 {
    /// Of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(
            digest
                .iter()
                .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
        )
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TextSha256 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(is_hex) {
            Ok(Self(text))
        } else {
            Err("must be 64 hexadecimal digits in lower case, as `sha256sum` prints them")
        }
    }
}

impl From<TextSha256> for String {
    fn from(text: TextSha256) -> Self {
        text.0
    }
}

impl Contract {
    pub(super) fn from_text(text: ContractText, sha256: TextSha256) -> Self {
        let head = text.contract;
        let lists = text.model_lists.into_iter();
        let owned = |list: Vec<Text>| list.into_iter().map(String::from).collect();
        Self {
            id: head.id,
            sha256,
            provider: head.provider,
            service: head.service.into(),
            currency: head.currency,
            simulated: head.simulated,
            source: TextSource {
                text_date: head.text_date,
                effective_from: head.effective_from,
                effective_until: head.effective_until,
                text_url: head.text_url.map(String::from),
                text_sha256: head.text_sha256,
                provenance: head.provenance,
            },
            remedy: head.remedy,
            other_remedies: head.other_remedies,
            sole_remedy: head.sole_remedy,
            measured_by: head.measured_by,
            scope: text.scope,
            model_lists: lists.map(|(name, list)| (name, owned(list))).collect(),
            window: text.window,
            evidence: text.evidence,
            events: text.events,
            commitments: text.commitment,
            exclusions: text.exclusion,
            claim: text.claim,
            note: head.note.map(String::from),
        }
    }
}
