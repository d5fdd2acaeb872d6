//! Time that a contract does not judge like all other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::Text;
use super::recurrence::Recurrence;
use super::scope::Values;
use super::whole::{self, Whole};
use super::{Basis, Provenance, is_default};

/// What happens to the minutes of one kind of exclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Your word for it, such as `"maintenance"`; announced spans refer to it.
    pub kind: Text,
    /// What happens to its minutes.
    pub effect: Effect,
    /// Hours by which a span must have been announced before it begins; spans announced later,
    /// or without a known time of announcement, are not excluded. Default: no notice needed.
    #[serde(
        default,
        deserialize_with = "whole::if_any::<_, 0, 8_784>",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Whole<0, 8_784>>")]
    pub notice_hours: Option<u32>,
    /// Most minutes that are excluded in one window, the earliest first. Default: no limit.
    #[serde(
        default,
        deserialize_with = "whole::if_any::<_, 1, 527_040>",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<Whole<1, 527_040>>")]
    pub minutes_max: Option<u32>,
    /// When it recurs, for exclusions that the contract itself fixes (maintenance windows, peak
    /// hours, service hours). Default: announced spans only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurs: Option<Recurrence>,
    /// Whether minutes inside the recurring spans are excluded, or those outside (service
    /// hours). Default: `"inside"`.
    #[serde(default)]
    pub span: SpanSide,
    /// The provider's regions that it is limited to; samples of targets elsewhere are judged.
    /// Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Values>,
    /// How sure the effect is; where it is not `"stated"` (the default), every effect is a
    /// reading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// How close to the provider's own words it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Whatever a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What happens to excluded minutes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: they are judged like all others.
    NotExcluded,
    /// They leave the fraction altogether, also ahead of time.
    RemoveFromDenominator,
    /// They stay in the fraction and count as up.
    TreatAsUp,
}

/// Which side of recurring spans is excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanSide {
    /// The spans themselves.
    #[default]
    Inside,
    /// All other time: the spans are the hours of service.
    Outside,
}

impl Effect {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::NotExcluded,
        Self::RemoveFromDenominator,
        Self::TreatAsUp,
    ];

    /// The word used in contracts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotExcluded => "not_excluded",
            Self::RemoveFromDenominator => "remove_from_denominator",
            Self::TreatAsUp => "treat_as_up",
        }
    }
}
