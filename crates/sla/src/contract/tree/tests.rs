//! A document with everything that contracts have, and nothing of what they mean.

mod hostile;
mod mistakes;
mod shapes;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read;
use crate::contract::exact::{Decimal, Percent, Text, date_schema, instant_schema};

pub(crate) const SAMPLE: &str = r#"schema = "sample/1"
opened = 2026-10-01

[owner]
name = "Ada"
since = 2026-01-01T00:00:00Z
weekly.hours = 40

[[events.rule]]
class = "error"
when = { status = ["5xx", 429], stream = true }

[[events.rule]]
class = "success"
basis = "inferred"
when = { feature = ["ä", "b"] }

[[promise]]
target = "99.9"
[promise.metric]
family = "mean"
seconds = 300
[promise.credit]
bands = [
  { ge = "99.0", lt = "99.9", percent = "10" },
  { lt = "99.0", percent = "25" },
]

[[promise]]
target = "99.5"
[promise.metric]
family = "minutes"
threshold = "0.05"
rule = { kind = "at_least", run = 5 }

[[promise]]
target = "99"
metric = { family = "none" }
"#;

/// A document for tests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// The version of the format.
    pub(crate) schema: Text,
    /// First day.
    #[serde(default)]
    #[schemars(schema_with = "date_schema")]
    pub(crate) opened: Option<NaiveDate>,
    /// Who owns it.
    pub(crate) owner: Owner,
    /// Rules for events.
    pub(crate) events: Events,
    /// What is promised.
    pub(crate) promise: Vec<Promise>,
}

/// Who owns it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    /// Their name.
    pub(crate) name: String,
    /// Since when.
    #[schemars(schema_with = "instant_schema")]
    pub(crate) since: DateTime<Utc>,
    /// Hours of work.
    pub(crate) weekly: Option<Weekly>,
    /// The same in holidays.
    pub(crate) holidays: Option<Weekly>,
}

/// Hours of work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weekly {
    /// Hours in a week.
    pub(crate) hours: u8,
}

/// Rules for events.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events {
    /// The rules, in order; the first that matches decides.
    pub(crate) rule: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// What matching events are.
    pub(crate) class: Class,
    /// How sure it is. See [`Basis`].
    #[serde(default)]
    pub(crate) basis: Basis,
    /// Which events match | all that is given.
    pub(crate) when: When,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// It failed.
    Error,
    /// It succeeded.
    Success,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Basis {
    /// The text states it.
    #[default]
    Stated,
    /// It follows from the text.
    Inferred,
}

/// Which events match.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// HTTP status.
    #[serde(default)]
    pub(crate) status: Vec<Status>,
    /// Features; one in common is enough.
    #[serde(default)]
    pub(crate) feature: Vec<Text>,
    /// Whether it was streamed.
    pub(crate) stream: Option<bool>,
}

/// A number, or text.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Status {
    /// Exactly this one.
    Exact(u16),
    /// All of a hundred.
    Hundred(String),
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pattern;
        impl serde::de::Visitor<'_> for Pattern {
            type Value = Status;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a status, such as 500 or \"5xx\"")
            }

            fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<Status, E> {
                u16::try_from(status).map(Status::Exact).map_err(E::custom)
            }

            fn visit_str<E>(self, text: &str) -> Result<Status, E> {
                Ok(Status::Hundred(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Pattern)
    }
}

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promise {
    /// What is promised, in percent.
    pub(crate) target: Percent,
    /// The formula.
    pub(crate) metric: Metric,
    /// How sure it is.
    #[serde(default)]
    pub(crate) basis: Basis,
    /// What a breach is worth. Default: nothing.
    pub(crate) credit: Option<Credit>,
}

/// The formula.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "family", rename_all = "snake_case")]
#[schemars(tag = "family")]
pub(crate) enum Metric {
    /// A mean over intervals.
    Mean(Mean),
    /// A share of minutes.
    Minutes(Minutes),
    /// No formula.
    None,
}

/// A mean over intervals.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mean {
    /// Length of an interval, in seconds.
    pub(crate) seconds: std::num::NonZeroU32,
}

/// A share of minutes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Minutes {
    /// Share of errors above which a minute is bad.
    pub(crate) threshold: Decimal,
    /// Which runs of bad minutes count.
    pub(crate) rule: RunRule,
}

/// Which runs of bad minutes count.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub(crate) enum RunRule {
    /// All.
    All,
    /// Those of a length.
    AtLeast {
        /// The length, in minutes.
        run: u32,
    },
}

/// What a breach is worth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "CreditText")]
#[schemars(with = "CreditText")]
pub(crate) struct Credit {
    pub(crate) bands: Vec<Band>,
}

/// What a breach is worth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditText {
    /// What is paid, from the top.
    pub(crate) bands: Vec<Band>,
    /// Hours to claim it. One of `hours` and `days`.
    pub(crate) hours: Option<u32>,
    /// Days to claim it. One of `hours` and `days`.
    pub(crate) days: Option<u32>,
}

/// One band.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Band {
    /// Where it begins.
    pub(crate) ge: Option<Percent>,
    /// Where it ends.
    pub(crate) lt: Percent,
    /// What it is worth, in percent of fees.
    pub(crate) percent: Percent,
}

impl TryFrom<CreditText> for Credit {
    type Error = String;

    fn try_from(text: CreditText) -> Result<Self, String> {
        if text.hours.is_some() && text.days.is_some() {
            return Err("`days`: give one of `hours` and `days`".to_owned());
        }
        for (index, pair) in text.bands.windows(2).enumerate() {
            match &pair[0].ge {
                None => return Err(format!("`bands.{index}.ge`: must be there")),
                Some(ge) if *ge != pair[1].lt => {
                    let next = index + 1;
                    return Err(format!("`bands.{next}.lt`: must be {ge}"));
                }
                Some(_) => {}
            }
        }
        Ok(Self { bands: text.bands })
    }
}
