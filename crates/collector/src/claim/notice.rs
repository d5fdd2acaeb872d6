//! Notices: what a contract wants to be told of an incident long before the window is over.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::Minute;
use serde::Serialize;
use sla::contract::Purpose;
use sla::{Contract, Deadline, Downtime};

use super::period::Period;

/// A notice of one incident, ready to be sent by people.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Its name, such as `NTC-acme-direct-20260131T0700`.
    #[serde(rename = "notice")]
    pub name: String,
    /// The contract.
    pub contract: String,
    /// First minute of the incident, as far as it is known.
    pub start_at: DateTime<Utc>,
    /// First minute after it, or after what is known of it.
    pub end_at: DateTime<Utc>,
    /// Whether it lasted when it was last looked at.
    pub going_on: bool,
    /// What became of the notice.
    pub state: NoticeState,
    /// The provider's number of it.
    pub reference: Option<String>,
    /// First minute that is too late by the strictest reading.
    pub due_safe_at: Option<DateTime<Utc>>,
    /// First minute that is too late by the last literal deadline.
    pub due_literal_at: Option<DateTime<Utc>>,
    /// When it was prepared.
    pub prepared_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Who said that it was sent.
    pub sent_by: Option<String>,
    /// When the deadline was last told of.
    pub reminded_at: Option<DateTime<Utc>>,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Made by the collector; nobody sent it yet.
    Prepared,
    /// Sent to the provider.
    Sent,
    /// The last deadline passed before it was sent.
    Lapsed,
    /// Late samples took the downtime back, or it is part of a longer one, before it was sent.
    Withdrawn,
}

/// A word that is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a state of a notice")]
pub struct NoticeStateError {
    given: String,
}

impl NoticeState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prepared, Self::Sent, Self::Lapsed, Self::Withdrawn];

    /// The word used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Sent => "sent",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for NoticeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NoticeState {
    type Err = NoticeStateError;

    fn from_str(text: &str) -> Result<Self, NoticeStateError> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text)
            .ok_or_else(|| NoticeStateError {
                given: text.chars().take(40).collect(),
            })
    }
}

impl Notice {
    /// Whether it still waits to be sent after the strictest deadline.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state == NoticeState::Prepared && self.due_safe_at.is_some_and(|due| due <= now)
    }

    /// Whether it waits to be sent and its deadline was told of.
    #[must_use]
    pub fn is_due_soon(&self, now: DateTime<Utc>) -> bool {
        let waits = self.state == NoticeState::Prepared && self.reminded_at.is_some();
        waits && !self.is_overdue(now)
    }
}

/// Until when a notice of an incident has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoticeDue {
    /// By the strictest reading.
    pub(crate) safe: Minute,
    /// By the last literal deadline.
    pub(crate) literal: Minute,
}

/// Until when the contract wants to be told of an incident; none where it does not.
pub(crate) fn notice_due(contract: &Contract, incident: &Period) -> Option<NoticeDue> {
    let downtime = Downtime {
        start: incident.start,
        end: incident.end,
        valid: 0,
        errors: 0,
        start_known_to_s: None,
        end_known_to_s: None,
    };
    let claim = contract.claim.as_ref()?;
    let all = sla::deadline::notice_deadlines(&contract.window, claim, &downtime);
    Some(NoticeDue {
        safe: all.iter().map(Deadline::safe_before).min()?,
        literal: all.iter().map(Deadline::literal_before).max()?,
    })
}

/// Whether a contract wants to be told of incidents.
pub(crate) fn wants_notices(contract: &Contract) -> bool {
    let mut deadlines = contract.claim.iter().flat_map(|claim| &claim.deadlines);
    deadlines.any(|deadline| deadline.purpose == Purpose::Notice)
}
