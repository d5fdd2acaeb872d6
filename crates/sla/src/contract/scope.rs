//! What one verdict is about: which of the provider's dimensions divide it, and what it covers.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::window::PartMonth;
use super::{Basis, Provenance, exact::Text, is_default};

/// What one verdict is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What each gets a verdict of its own: `["account", "region"]`. A verdict is claimable only
    /// where the credential that measured is known to lie in one such part. Default: none, one
    /// verdict for everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<Dimension>,
    /// The provider's operations that the contract covers, in its words. Default: not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Text>,
    /// What the contract is limited to, by dimension: `{ region = ["eu-west-1"] }`. Targets that
    /// are known to lie elsewhere are not judged. Default: no limit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub covers: BTreeMap<Dimension, Values>,
    /// What a window means in which the subscription begins or ends. Default: `"unknown"`.
    #[serde(default)]
    pub part_month: PartMonth,
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

/// One way in which providers divide their service.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The customer's organisation.
    Organisation,
    /// An account of it.
    Account,
    /// A project, workspace or resource group in an account.
    Project,
    /// The provider's region that serves.
    Region,
    /// The model.
    Model,
    /// The family of models: those of one upstream provider, behind a gateway.
    ModelFamily,
    /// The service tier.
    Tier,
    /// How capacity is paid for: on demand, or provisioned throughput.
    Consumption,
    /// The operation or address called.
    Endpoint,
    /// A deployment of a model, made for one customer.
    Deployment,
}

/// One value, or several of which any will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "OneOrMany")]
#[schemars(with = "OneOrMany")]
pub struct Values(Vec<Text>);

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(Text),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Several;
        impl<'de> Visitor<'de> for Several {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Values, E> {
                let one = text.parse().map_err(E::custom)?;
                Ok(Values(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_any(Several)
    }
}

impl From<Values> for OneOrMany {
    fn from(values: Values) -> Self {
        match <[Text; 1]>::try_from(values.0) {
            Ok([one]) => Self::One(one),
            Err(many) => Self::Many(many),
        }
    }
}

impl Values {
    /// Whether the value is one of them.
    #[must_use]
    pub fn contain(&self, value: &str) -> bool {
        self.0.iter().any(|text| text.as_str() == value)
    }

    /// The values.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Text::as_str)
    }
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Organisation,
        Self::Account,
        Self::Project,
        Self::Region,
        Self::Model,
        Self::ModelFamily,
        Self::Tier,
        Self::Consumption,
        Self::Endpoint,
        Self::Deployment,
    ];

    /// The word used in contracts and assessments.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Account => "account",
            Self::Project => "project",
            Self::Region => "region",
            Self::Model => "model",
            Self::ModelFamily => "model_family",
            Self::Tier => "tier",
            Self::Consumption => "consumption",
            Self::Endpoint => "endpoint",
            Self::Deployment => "deployment",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
