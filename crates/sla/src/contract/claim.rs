//! How and until when a credit is claimed.
//!
//! Non-goal: public holidays. Business days are Monday to Friday everywhere, so a real deadline
//! in business days may be later than computed, and a real opening too.

mod text;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole::Whole;
use super::{Basis, Provenance, exact, is_default};

pub use text::{AnchorWord, ClaimDeadlineText, ClaimDeadlineTextError, OpensText};

/// A length of time in a deadline: 1 to 10,000 of its unit.
pub type Amount = Whole<1, 10_000>;

/// How many billing months or cycles after an incident: 1 to 24.
pub type Nth = Whole<1, 24>;

/// How a credit is claimed, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Where claims go, in your words, such as `support_case`.
    #[serde(deserialize_with = "exact::line")]
    #[schemars(with = "exact::Text")]
    pub channel: String,
    /// The address there: an e-mail address or an `https://` page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<ClaimAddress>,
    /// Text that the provider demands in the subject, such as `SLA Credit Request`.
    #[serde(
        default,
        deserialize_with = "exact::line_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<exact::Text>")]
    pub subject_must_contain: Option<String>,
    /// The earliest moment at which a claim is taken, where the text names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Opens>,
    /// What has to be sent until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<ClaimDeadline>,
    /// What has to be enclosed, in your words.
    #[serde(
        default,
        deserialize_with = "exact::lines",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<exact::Text>")]
    pub evidence: Vec<String>,
    /// Whether a late claim is lost.
    #[serde(default = "lost")]
    pub forfeits_if_late: bool,
    /// How sure the procedure is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// Where the procedure was read, where that differs from the contract.
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

/// One deadline. It runs from `anchor`, for exactly one of `hours`, `days`, `business_days` and
/// `months`; the two `billing_*` anchors take `nth_after_incident` instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "ClaimDeadlineText", into = "ClaimDeadlineText")]
#[schemars(with = "ClaimDeadlineText")]
pub struct ClaimDeadline {
    /// What has to be sent.
    pub purpose: Purpose,
    /// What time runs from, and how long.
    pub anchor: Anchor,
    /// How sure it is.
    pub basis: Basis,
    /// How close to the provider's own words it is, where that differs from the rest.
    pub provenance: Option<Provenance>,
    /// A remark.
    pub note: Option<String>,
}

/// The earliest moment at which a claim is taken. It runs from `anchor`, for exactly one of
/// `hours`, `days`, `business_days` and `months`; the two `billing_*` anchors are not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "OpensText", into = "OpensText")]
#[schemars(with = "OpensText")]
pub struct Opens(Anchor);

/// What has to be sent by a deadline.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A notice that there was an incident.
    Notice,
    /// The claim.
    Claim,
}

/// What a deadline runs from, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The moment a credit is due: literally the end of the window, safely the minute in which
    /// the breach became certain.
    Eligibility(Period),
    /// The end of the window.
    WindowEnd(Period),
    /// The end of the calendar month: literally of that in which the window ends, safely of that
    /// of the first incident.
    MonthEnd(Period),
    /// The start of downtime: literally the window's last, safely its first.
    Incident(Period),
    /// The end of downtime: literally the window's last, safely its first.
    DowntimeEnd(Period),
    /// The invoice. Its date is not known here; the end of the window stands for it, which no
    /// invoice for what was used precedes.
    Invoice(Period),
    /// The end of the n-th billing month after that of the incident, by the contract's billing
    /// months, or calendar months where it has none: literally of the window's last incident,
    /// safely of its first.
    BillingMonthEnd {
        /// Which month.
        nth_after_incident: Nth,
    },
    /// The end of the n-th window after the incident's; safely one earlier, because the
    /// incident's own may be meant as the first. Where windows trail, billing months take their
    /// place.
    BillingCycleEnd {
        /// Which window.
        nth_after_incident: Nth,
    },
}

/// A length of time on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Hours.
    Hours(Amount),
    /// Days.
    Days(Amount),
    /// Days from Monday to Friday; public holidays are not known and count as business days.
    BusinessDays(Amount),
    /// Calendar months; a day that a month lacks is its last.
    Months(Amount),
}

impl Opens {
    /// What time runs from, and how long.
    #[must_use]
    pub const fn anchor(&self) -> Anchor {
        self.0
    }
}

/// Where claims go: an e-mail address or a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct ClaimAddress(String);

/// Text that is neither an e-mail address nor the address of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address or begin with https://")]
pub struct ClaimAddressError;

impl ClaimAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClaimAddress {
    type Error = ClaimAddressError;

    fn try_from(given: String) -> Result<Self, ClaimAddressError> {
        let plain = given.chars().all(|c| c.is_ascii_graphic());
        let page = given
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty());
        // Text with a colon could be a scheme that a browser runs.
        let mail = given
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            && !given.contains(':');
        (plain && (page || mail))
            .then_some(Self(given))
            .ok_or(ClaimAddressError)
    }
}

impl From<ClaimAddress> for String {
    fn from(address: ClaimAddress) -> Self {
        address.0
    }
}

/// A lost claim is the reading that makes the operator hurry.
const fn lost() -> bool {
    true
}
