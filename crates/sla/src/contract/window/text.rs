//! The table `[window]` as it is written.

use chrono::{DateTime, Utc};
use domain::{Minute, UnixMicros};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AnchorDay, RunAcrossEdge, TimeZone, WindowDays, WindowKind, WindowRule};
use crate::contract::{Basis, Provenance, exact};

/// Most zones in `also_test_timezones`: everything is judged once in each.
pub const ALSO_TEST_TIMEZONES_MAX: usize = 8;

/// How time is cut into windows. A window gets a verdict and a credit of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowText {
    /// What a window is.
    pub kind: WindowWord,
    /// Day of the month that a billing month begins on, 1 to 31; in shorter months it is their
    /// last. Required for `billing_month`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor_day: Option<AnchorDay>,
    /// Length of a window in days, 1 to 366. Required for `fixed_days` and `trailing_days`, and
    /// only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<WindowDays>,
    /// An instant at which one window begins, such as `2026-01-01T00:00:00Z`, on a whole minute.
    /// Required for `fixed_days`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<WholeMinute>,
    /// IANA name of the zone whose midnights cut windows, and in which the days of deadlines
    /// end, such as `America/Los_Angeles`. Left out: `UTC`, and `assumed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<TimeZone>,
    /// How sure the zone is. Left out: `stated` where a zone is given, else `assumed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone_basis: Option<Basis>,
    /// Up to 8 other zones that the text may mean, such as the provider's home. Where one of
    /// them changes a verdict or a credit, the verdict says so. Not for `fixed_days`, which no
    /// zone moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_test_timezones: Vec<TimeZone>,
    /// What happens to a run of bad minutes that crosses the edge of a window.
    #[serde(default)]
    pub run_across_edge: RunAcrossEdge,
    /// Where the window was read, where that differs from the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// A remark.
    #[serde(
        default,
        deserialize_with = "exact::line_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<exact::Text>")]
    pub note: Option<String>,
}

/// What a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowWord {
    /// From the first of a month to the first of the next.
    CalendarMonth,
    /// From the first of January, April, July or October to the next of them.
    CalendarQuarter,
    /// From `anchor_day` of a month to that of the next.
    BillingMonth,
    /// `days` days of 24 hours each, counted in both directions from `anchor`.
    FixedDays,
    /// The last `days` days up to the end of a day, in the contract's zone. Such windows
    /// overlap: one ends with every day, and a minute is in several.
    TrailingDays,
}

impl WindowWord {
    /// The word used in contracts.
    const fn as_str(self) -> &'static str {
        match self {
            Self::CalendarMonth => "calendar_month",
            Self::CalendarQuarter => "calendar_quarter",
            Self::BillingMonth => "billing_month",
            Self::FixedDays => "fixed_days",
            Self::TrailingDays => "trailing_days",
        }
    }
}

/// A table `[window]` that contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowTextError {
    /// A key without which windows of this kind are not known.
    #[error("`{key}`: kind = \"{kind}\" needs `{key}`")]
    Missing {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A key that means nothing to windows of this kind.
    #[error("`{key}`: kind = \"{kind}\" takes no `{key}`")]
    Unexpected {
        /// The kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A zone that the text is said to state, and that is not given.
    #[error("`timezone_basis`: give `timezone` too, or `assumed` or `unknown`")]
    BasisOfNothing,
    /// Too many other zones.
    #[error("`also_test_timezones`: at most {ALSO_TEST_TIMEZONES_MAX} zones")]
    TooManyZones,
}

impl TryFrom<WindowText> for WindowRule {
    type Error = WindowTextError;

    fn try_from(text: WindowText) -> Result<Self, WindowTextError> {
        let kind = text.kind()?;
        if text.also_test_timezones.len() > ALSO_TEST_TIMEZONES_MAX {
            return Err(WindowTextError::TooManyZones);
        }
        let timezone_basis = match (text.timezone, text.timezone_basis) {
            (Some(_), basis) => basis.unwrap_or(Basis::Stated),
            (None, None | Some(Basis::Assumed)) => Basis::Assumed,
            (None, Some(Basis::Unknown)) => Basis::Unknown,
            (None, Some(_)) => return Err(WindowTextError::BasisOfNothing),
        };
        Ok(Self {
            kind,
            timezone: text.timezone.unwrap_or_default(),
            timezone_basis,
            also_test_timezones: text.also_test_timezones,
            run_across_edge: text.run_across_edge,
            provenance: text.provenance,
            note: text.note,
        })
    }
}

impl WindowText {
    fn kind(&self) -> Result<WindowKind, WindowTextError> {
        let name = self.kind.as_str();
        let missing = |key| WindowTextError::Missing { kind: name, key };
        let days = || self.days.ok_or(missing("days"));
        let (kind, keys): (_, &[&str]) = match self.kind {
            WindowWord::CalendarMonth => (WindowKind::CalendarMonth, &[]),
            WindowWord::CalendarQuarter => (WindowKind::CalendarQuarter, &[]),
            WindowWord::BillingMonth => {
                let key = "anchor_day";
                let anchor_day = self.anchor_day.ok_or(missing(key))?;
                (WindowKind::BillingMonth { anchor_day }, &["anchor_day"])
            }
            WindowWord::FixedDays => {
                let days = days()?;
                let key = "anchor";
                let anchor = self.anchor.ok_or(missing(key))?.0;
                (WindowKind::FixedDays { days, anchor }, &["days", "anchor"])
            }
            WindowWord::TrailingDays => (WindowKind::TrailingDays { days: days()? }, &["days"]),
        };
        let alternatives = !self.also_test_timezones.is_empty();
        let unexpected = [
            ("anchor_day", self.anchor_day.is_some()),
            ("days", self.days.is_some()),
            ("anchor", self.anchor.is_some()),
            (
                "also_test_timezones",
                alternatives && self.kind == WindowWord::FixedDays,
            ),
        ];
        match unexpected
            .into_iter()
            .find(|(key, given)| *given && !keys.contains(key))
        {
            Some((key, _)) => Err(WindowTextError::Unexpected { kind: name, key }),
            None => Ok(kind),
        }
    }
}

impl From<WindowRule> for WindowText {
    fn from(rule: WindowRule) -> Self {
        let (kind, anchor_day, days, anchor) = match rule.kind {
            WindowKind::CalendarMonth => (WindowWord::CalendarMonth, None, None, None),
            WindowKind::CalendarQuarter => (WindowWord::CalendarQuarter, None, None, None),
            WindowKind::BillingMonth { anchor_day } => {
                (WindowWord::BillingMonth, Some(anchor_day), None, None)
            }
            WindowKind::FixedDays { days, anchor } => {
                let anchor = Some(WholeMinute(anchor));
                (WindowWord::FixedDays, None, Some(days), anchor)
            }
            WindowKind::TrailingDays { days } => (WindowWord::TrailingDays, None, Some(days), None),
        };
        Self {
            kind,
            anchor_day,
            days,
            anchor,
            timezone: Some(rule.timezone),
            timezone_basis: Some(rule.timezone_basis),
            also_test_timezones: rule.also_test_timezones,
            run_across_edge: rule.run_across_edge,
            provenance: rule.provenance,
            note: rule.note,
        }
    }
}

/// An instant on a whole minute, as RFC 3339 text such as `2026-01-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct WholeMinute(Minute);

/// Text that is no instant on a whole minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z")]
pub struct WholeMinuteError;

impl TryFrom<String> for WholeMinute {
    type Error = WholeMinuteError;

    fn try_from(given: String) -> Result<Self, WholeMinuteError> {
        let at = DateTime::parse_from_rfc3339(&given).map_err(|_| WholeMinuteError)?;
        let at = at.with_timezone(&Utc);
        let minute = UnixMicros::from(at).to_millis().minute();
        (minute.start().to_micros().to_utc() == at)
            .then_some(Self(minute))
            .ok_or(WholeMinuteError)
    }
}

impl From<WholeMinute> for String {
    fn from(minute: WholeMinute) -> Self {
        minute.0.start().to_string()
    }
}
