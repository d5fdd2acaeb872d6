//! Deadlines and the opening of claims as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Amount, Anchor, ClaimDeadline, Nth, Opens, Period, Purpose};
use crate::contract::{Basis, Provenance, exact, is_default};

/// One deadline. It runs from `anchor`, for exactly one of `hours`, `days`, `business_days` and
/// `months`; the two `billing_*` anchors take `nth_after_incident` instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimDeadlineText {
    /// What has to be sent.
    pub purpose: Purpose,
    /// What time runs from.
    pub anchor: AnchorWord,
    /// Hours, 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Amount>,
    /// Days, 1 to 10000; the last one counts in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Amount>,
    /// Days from Monday to Friday, 1 to 10000; the last one counts in full. Public holidays are
    /// not known and count as business days, so that the deadline is rather early than late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_days: Option<Amount>,
    /// Another name for `business_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_days: Option<Amount>,
    /// Calendar months, 1 to 10000; a day that a month lacks is its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Amount>,
    /// Which billing month or cycle after that of the incident, 1 to 24. Required for the two
    /// `billing_*` anchors, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth_after_incident: Option<Nth>,
    /// How sure the deadline is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// Where it was read, where that differs from the contract.
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

/// The earliest moment at which a claim is taken. It runs from `anchor`, for exactly one of
/// `hours`, `days`, `business_days` and `months`; the two `billing_*` anchors are not possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpensText {
    /// What time runs from.
    pub anchor: AnchorWord,
    /// Hours, 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Amount>,
    /// Days, 1 to 10000. Claims are taken on the last one; to be safe, wait until it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Amount>,
    /// Days from Monday to Friday, 1 to 10000. Claims are taken on the last one; to be safe,
    /// wait until it is over. Public holidays are not known: with one in between, claims are
    /// taken a day later than computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_days: Option<Amount>,
    /// Another name for `business_days`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_days: Option<Amount>,
    /// Calendar months, 1 to 10000; a day that a month lacks is its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<Amount>,
}

/// What time runs from. Where a text can be read in two ways, the literal deadline follows the
/// plain reading and the safe one the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnchorWord {
    /// The moment a credit is due: literally the end of the window, safely the minute in which
    /// the breach became certain.
    Eligibility,
    /// The end of the window.
    WindowEnd,
    /// The end of the calendar month: literally of that in which the window ends, safely of that
    /// of the first incident. For calendar months the same as `window_end`.
    MonthEnd,
    /// The end of the n-th billing month after that of the incident.
    BillingMonthEnd,
    /// The end of the n-th window after that of the incident; safely of the one before, because
    /// the incident's own may be meant as the first.
    BillingCycleEnd,
    /// The start of downtime: literally the last of the window, safely the first.
    Incident,
    /// The end of downtime: literally the last of the window, safely the first.
    DowntimeEnd,
    /// The invoice; its date is not known, so the end of the window stands for it.
    Invoice,
}

/// A deadline or opening that contradicts itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimDeadlineTextError {
    /// No length of time, or several.
    #[error("`{first}`: give exactly one of `hours`, `days`, `business_days`, `months`")]
    Lengths {
        /// The first that is given, or the first of all.
        first: &'static str,
    },
    /// A length of time from an anchor that counts billing months or cycles.
    #[error("`{key}`: this anchor takes `nth_after_incident` instead")]
    LengthOfCycles {
        /// The length that is given.
        key: &'static str,
    },
    /// No number of billing months or cycles.
    #[error("`nth_after_incident`: this anchor needs it, from 1 to 24")]
    MissingNth,
    /// A number of billing months or cycles, from an anchor that takes a length of time.
    #[error(
        "`nth_after_incident`: only the anchors billing_month_end and billing_cycle_end take it"
    )]
    UnexpectedNth,
    /// An opening that counts billing months or cycles.
    #[error("`anchor`: claims do not open by billing months or cycles")]
    OpensByCycles,
}

/// Lengths of time in the order of the documentation, by key.
type Lengths = [(&'static str, Option<Period>); 5];

impl TryFrom<ClaimDeadlineText> for ClaimDeadline {
    type Error = ClaimDeadlineTextError;

    fn try_from(text: ClaimDeadlineText) -> Result<Self, ClaimDeadlineTextError> {
        let lengths = [
            ("hours", text.hours.map(Period::Hours)),
            ("days", text.days.map(Period::Days)),
            (
                "business_days",
                text.business_days.map(Period::BusinessDays),
            ),
            ("working_days", text.working_days.map(Period::BusinessDays)),
            ("months", text.months.map(Period::Months)),
        ];
        Ok(Self {
            purpose: text.purpose,
            anchor: anchor(text.anchor, lengths, text.nth_after_incident)?,
            basis: text.basis,
            provenance: text.provenance,
            note: text.note,
        })
    }
}

impl TryFrom<OpensText> for Opens {
    type Error = ClaimDeadlineTextError;

    fn try_from(text: OpensText) -> Result<Self, ClaimDeadlineTextError> {
        let lengths = [
            ("hours", text.hours.map(Period::Hours)),
            ("days", text.days.map(Period::Days)),
            (
                "business_days",
                text.business_days.map(Period::BusinessDays),
            ),
            ("working_days", text.working_days.map(Period::BusinessDays)),
            ("months", text.months.map(Period::Months)),
        ];
        match text.anchor {
            AnchorWord::BillingMonthEnd | AnchorWord::BillingCycleEnd => {
                Err(ClaimDeadlineTextError::OpensByCycles)
            }
            word => anchor(word, lengths, None).map(Self),
        }
    }
}

fn anchor(
    word: AnchorWord,
    lengths: Lengths,
    nth: Option<Nth>,
) -> Result<Anchor, ClaimDeadlineTextError> {
    let from = match word {
        AnchorWord::Eligibility => Anchor::Eligibility,
        AnchorWord::WindowEnd => Anchor::WindowEnd,
        AnchorWord::MonthEnd => Anchor::MonthEnd,
        AnchorWord::Incident => Anchor::Incident,
        AnchorWord::DowntimeEnd => Anchor::DowntimeEnd,
        AnchorWord::Invoice => Anchor::Invoice,
        AnchorWord::BillingMonthEnd => {
            return cycles(&lengths, nth)
                .map(|nth_after_incident| Anchor::BillingMonthEnd { nth_after_incident });
        }
        AnchorWord::BillingCycleEnd => {
            return cycles(&lengths, nth)
                .map(|nth_after_incident| Anchor::BillingCycleEnd { nth_after_incident });
        }
    };
    if nth.is_some() {
        return Err(ClaimDeadlineTextError::UnexpectedNth);
    }
    let mut given = lengths
        .into_iter()
        .filter_map(|(key, length)| Some((key, length?)));
    match (given.next(), given.next()) {
        (Some((_, length)), None) => Ok(from(length)),
        (first, _) => Err(ClaimDeadlineTextError::Lengths {
            first: first.map_or("hours", |(key, _)| key),
        }),
    }
}

fn cycles(lengths: &Lengths, nth: Option<Nth>) -> Result<Nth, ClaimDeadlineTextError> {
    match lengths.iter().find(|(_, length)| length.is_some()) {
        Some((key, _)) => Err(ClaimDeadlineTextError::LengthOfCycles { key }),
        None => nth.ok_or(ClaimDeadlineTextError::MissingNth),
    }
}

impl From<ClaimDeadline> for ClaimDeadlineText {
    fn from(deadline: ClaimDeadline) -> Self {
        let (anchor, period, nth_after_incident) = written(deadline.anchor);
        Self {
            purpose: deadline.purpose,
            anchor,
            hours: period.and_then(Period::hours),
            days: period.and_then(Period::days),
            business_days: period.and_then(Period::business_days),
            working_days: None,
            months: period.and_then(Period::months),
            nth_after_incident,
            basis: deadline.basis,
            provenance: deadline.provenance,
            note: deadline.note,
        }
    }
}

impl From<Opens> for OpensText {
    fn from(opens: Opens) -> Self {
        let (anchor, period, _) = written(opens.anchor());
        Self {
            anchor,
            hours: period.and_then(Period::hours),
            days: period.and_then(Period::days),
            business_days: period.and_then(Period::business_days),
            working_days: None,
            months: period.and_then(Period::months),
        }
    }
}

const fn written(anchor: Anchor) -> (AnchorWord, Option<Period>, Option<Nth>) {
    match anchor {
        Anchor::Eligibility(period) => (AnchorWord::Eligibility, Some(period), None),
        Anchor::WindowEnd(period) => (AnchorWord::WindowEnd, Some(period), None),
        Anchor::MonthEnd(period) => (AnchorWord::MonthEnd, Some(period), None),
        Anchor::Incident(period) => (AnchorWord::Incident, Some(period), None),
        Anchor::DowntimeEnd(period) => (AnchorWord::DowntimeEnd, Some(period), None),
        Anchor::Invoice(period) => (AnchorWord::Invoice, Some(period), None),
        Anchor::BillingMonthEnd { nth_after_incident } => {
            (AnchorWord::BillingMonthEnd, None, Some(nth_after_incident))
        }
        Anchor::BillingCycleEnd { nth_after_incident } => {
            (AnchorWord::BillingCycleEnd, None, Some(nth_after_incident))
        }
    }
}

impl Period {
    const fn hours(self) -> Option<Amount> {
        match self {
            Self::Hours(amount) => Some(amount),
            _ => None,
        }
    }

    const fn days(self) -> Option<Amount> {
        match self {
            Self::Days(amount) => Some(amount),
            _ => None,
        }
    }

    const fn business_days(self) -> Option<Amount> {
        match self {
            Self::BusinessDays(amount) => Some(amount),
            _ => None,
        }
    }

    const fn months(self) -> Option<Amount> {
        match self {
            Self::Months(amount) => Some(amount),
            _ => None,
        }
    }
}
