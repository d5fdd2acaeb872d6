//! How and until when a credit is claimed.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Basis;

/// The procedure for claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Where claims go, such as `support_case`.
    pub channel: String,
    /// Text that the subject line has to contain.
    pub subject_must_contain: Option<String>,
    /// When things have to be sent.
    pub deadlines: Vec<ClaimDeadline>,
    /// What has to be enclosed, in the operator's words.
    pub evidence: Vec<String>,
    /// Whether a late claim is lost.
    pub forfeits_if_late: bool,
    /// How sure the procedure is.
    pub basis: Basis,
}

/// One deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimDeadline {
    /// What has to be sent.
    pub purpose: Purpose,
    /// What time runs from, and how long.
    pub anchor: Anchor,
    /// How sure it is.
    pub basis: Basis,
}

/// What has to be sent by a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// The start of downtime: literally the window's last, safely its first.
    Incident(Period),
    /// The end of downtime: literally the window's last, safely its first.
    DowntimeEnd(Period),
    /// The end of the n-th window after the incident's; safely one earlier, because the
    /// incident's own may be meant as the first.
    BillingCycleEnd {
        /// Which window.
        nth_after_incident: NonZeroU32,
    },
}

/// A length of time on the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Hours.
    Hours(u32),
    /// Days.
    Days(u32),
    /// Calendar months; a day that a month lacks is its last.
    Months(u32),
}
