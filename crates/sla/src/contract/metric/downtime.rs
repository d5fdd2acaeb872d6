//! `family = "downtime_minutes"` and `family = "outage_proportional"`: both look for runs of bad
//! minutes.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::exact::Decimal;
use super::super::is_default;
use super::super::whole::Whole;
use super::kinds::{Kinds, SampleKind};
use crate::fraction::Fraction;

/// Longest minimum run, in minutes: a day.
const MIN_RUN_MAX: u32 = 24 * 60;

/// A shortest run, in minutes.
type MinRun = Whole<1, MIN_RUN_MAX>;

/// Uptime = (minutes - minutes in runs of at least `min_run_minutes` bad ones) / minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "DowntimeMinutesText", into = "DowntimeMinutesText")]
#[schemars(with = "DowntimeMinutesText")]
pub struct DowntimeMinutes {
    /// When a minute is bad.
    pub rule: BadMinute,
    /// Shortest run that counts, in minutes, `1..=1440`; 1 counts every bad minute.
    pub min_run_minutes: NonZeroU32,
    /// Valid requests below which a minute is never bad.
    pub min_valid_per_minute: u64,
    /// Which samples are counted.
    pub kinds: Kinds,
}

/// Uptime = 1 - (sum over outages of minutes x affected ratio) / minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "OutageProportionalText", into = "OutageProportionalText")]
#[schemars(with = "OutageProportionalText")]
pub struct OutageProportional {
    /// What an outage is: a run that counts by these rules.
    pub outages: DowntimeMinutes,
    /// How much of a minute of outage is lost.
    pub affected_ratio: AffectedRatio,
}

/// When a minute is bad. Where there is no valid request, it never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadMinute {
    /// When the share of errors among valid requests is strictly above the threshold.
    RateGt {
        /// A ratio below 1.
        threshold: Decimal,
    },
    /// When the share of errors among valid requests is the threshold or more.
    RateGe {
        /// A ratio above 0 and up to 1.
        threshold: Decimal,
    },
    /// When all valid requests failed.
    AllFail,
    /// When any valid request failed.
    AnyFail,
}

/// How much of a minute of outage is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffectedRatio {
    /// The share of valid requests that failed over the whole outage.
    Measured,
    /// All of it.
    One,
    /// The text does not say; judged as `measured`, which finds no more loss.
    Unknown,
}

/// The name of a rule for bad minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BadMinute")]
enum RuleWord {
    /// A minute is bad when the share of errors among valid requests is above `threshold`.
    RateGt,
    /// A minute is bad when the share of errors among valid requests is `threshold` or more.
    RateGe,
    /// A minute is bad when there was a valid request and all of them failed.
    AllFail,
    /// A minute is bad when any valid request failed.
    AnyFail,
}

/// Uptime is (minutes - downtime) / minutes. Downtime are runs of bad minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DowntimeMinutes")]
struct DowntimeMinutesText {
    /// When a minute is bad.
    rule: RuleWord,
    /// A ratio: five percent is `"0.05"`. Only for `rate_gt` (below 1) and `rate_ge` (above 0, up
    /// to 1), and required there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threshold: Option<Decimal>,
    /// Shortest run that counts, in minutes, 1 to 1440; `1` counts every bad minute.
    min_run_minutes: MinRun,
    /// Valid requests below which a minute is never bad. Default: `0`.
    #[serde(default, skip_serializing_if = "is_default")]
    min_valid_per_minute: u64,
    /// Which samples are counted. Default: all but `"manual"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<SampleKind>>,
}

/// Uptime is 1 - (sum over outages of minutes x affected ratio) / minutes. Outages are runs of bad
/// minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OutageProportional")]
struct OutageProportionalText {
    /// When a minute is bad.
    rule: RuleWord,
    /// A ratio: five percent is `"0.05"`. Only for `rate_gt` (below 1) and `rate_ge` (above 0, up
    /// to 1), and required there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threshold: Option<Decimal>,
    /// Shortest run that is an outage, in minutes, 1 to 1440.
    min_run_minutes: MinRun,
    /// Valid requests below which a minute is never bad. Default: `0`.
    #[serde(default, skip_serializing_if = "is_default")]
    min_valid_per_minute: u64,
    /// How much of a minute of outage is lost.
    affected_ratio: AffectedRatio,
    /// Which samples are counted. Default: all but `"manual"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<SampleKind>>,
}

impl BadMinute {
    fn read(word: RuleWord, threshold: Option<Decimal>) -> Result<Self, String> {
        match (word, threshold) {
            (RuleWord::RateGt, Some(threshold)) if *threshold.fraction() < Fraction::one() => {
                Ok(Self::RateGt { threshold })
            }
            (RuleWord::RateGe, Some(threshold))
                if *threshold.fraction() > Fraction::zero()
                    && *threshold.fraction() <= Fraction::one() =>
            {
                Ok(Self::RateGe { threshold })
            }
            (RuleWord::AllFail, None) => Ok(Self::AllFail),
            (RuleWord::AnyFail, None) => Ok(Self::AnyFail),
            (RuleWord::RateGt, Some(_)) => Err(
                "`threshold`: must be a ratio below 1: five percent is \"0.05\"; use rule = \"all_fail\" for 100 percent"
                    .to_owned(),
            ),
            (RuleWord::RateGe, Some(_)) => Err(
                "`threshold`: must be a ratio above 0 and up to 1: five percent is \"0.05\""
                    .to_owned(),
            ),
            (RuleWord::RateGt | RuleWord::RateGe, None) => Err(
                "`rule`: needs `threshold`, the ratio that errors are compared with".to_owned(),
            ),
            (RuleWord::AllFail | RuleWord::AnyFail, Some(_)) => Err(
                "`threshold`: only belongs to rule = \"rate_gt\" or \"rate_ge\"".to_owned(),
            ),
        }
    }

    fn written(self) -> (RuleWord, Option<Decimal>) {
        match self {
            Self::RateGt { threshold } => (RuleWord::RateGt, Some(threshold)),
            Self::RateGe { threshold } => (RuleWord::RateGe, Some(threshold)),
            Self::AllFail => (RuleWord::AllFail, None),
            Self::AnyFail => (RuleWord::AnyFail, None),
        }
    }
}

impl TryFrom<DowntimeMinutesText> for DowntimeMinutes {
    type Error = String;

    fn try_from(text: DowntimeMinutesText) -> Result<Self, String> {
        Ok(Self {
            rule: BadMinute::read(text.rule, text.threshold)?,
            min_run_minutes: text.min_run_minutes.into(),
            min_valid_per_minute: text.min_valid_per_minute,
            kinds: text
                .kinds
                .map_or(Ok(Kinds::all_but_manual()), Kinds::listed)?,
        })
    }
}

impl From<DowntimeMinutes> for DowntimeMinutesText {
    fn from(rule: DowntimeMinutes) -> Self {
        let (word, threshold) = rule.rule.written();
        Self {
            rule: word,
            threshold,
            min_run_minutes: Whole::clamped(rule.min_run_minutes),
            min_valid_per_minute: rule.min_valid_per_minute,
            kinds: rule.kinds.unless(&Kinds::all_but_manual()),
        }
    }
}

impl TryFrom<OutageProportionalText> for OutageProportional {
    type Error = String;

    fn try_from(text: OutageProportionalText) -> Result<Self, String> {
        Ok(Self {
            affected_ratio: text.affected_ratio,
            outages: DowntimeMinutes::try_from(DowntimeMinutesText {
                rule: text.rule,
                threshold: text.threshold,
                min_run_minutes: text.min_run_minutes,
                min_valid_per_minute: text.min_valid_per_minute,
                kinds: text.kinds,
            })?,
        })
    }
}

impl From<OutageProportional> for OutageProportionalText {
    fn from(rule: OutageProportional) -> Self {
        let outages = DowntimeMinutesText::from(rule.outages);
        Self {
            rule: outages.rule,
            threshold: outages.threshold,
            min_run_minutes: outages.min_run_minutes,
            min_valid_per_minute: outages.min_valid_per_minute,
            affected_ratio: rule.affected_ratio,
            kinds: outages.kinds,
        }
    }
}
