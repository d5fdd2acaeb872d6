//! Claims: one per contract and window, drafted from the final assessment, filed and settled by
//! people.
//!
//! A violation stands in one claim at most, and windows of a contract that overlap never have two
//! claims, so that no downtime is asked for twice. What a claim asks follows from a final
//! assessment, or from a live one where it falls due before that; a correction adds a revision and
//! never rewrites one. A notice is about one incident, which never has two. Non-goal: sending
//! anything.

mod client_ids;
mod draft;
mod enclosed;
mod lead;
mod ledger;
pub(crate) mod letter;
mod notice;
pub(crate) mod period;
pub(crate) mod requests;
mod seen;
mod state;
mod table;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sla::Money;

pub use client_ids::ClientIds;
pub(crate) use draft::{Asked, asked, described};
pub use enclosed::{Enclosed, claim_letter, notice_letter};
pub(crate) use enclosed::{Log, LogReader, letter_text, notice_text};
pub use lead::{Leads, LeadsError};
pub use ledger::{
    ClaimError, ClaimStep, ClaimTotal, claim_totals, list_claims, list_notices, send_notice,
    show_claim, step_claim,
};
pub use letter::{Forms, LetterError};
pub use notice::{Notice, NoticeState, NoticeStateError};
pub(crate) use notice::{notice_due, wants_notices};
pub use state::{ClaimState, ClaimStateError};

/// A claim as it stands now.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// Its name, such as `CLM-2026-10-acme-direct-1`.
    #[serde(rename = "claim")]
    pub name: String,
    /// The contract.
    pub contract: String,
    /// The window's name.
    pub period: String,
    /// First instant of the window.
    pub window_start_at: DateTime<Utc>,
    /// First instant after it.
    pub window_end_at: DateTime<Utc>,
    /// What became of it.
    pub state: ClaimState,
    /// Number of what is asked now, from 0.
    pub revision: i32,
    /// The revision before, where there is one.
    pub replaces: Option<i32>,
    /// Revision of the assessment that it follows from.
    pub assessment_revision: i32,
    /// What is asked; absent where it hangs on fees that are not known, 0 where a correction
    /// left nothing.
    pub asked: Option<Money>,
    /// What was paid so far.
    pub paid: Money,
    /// First minute that is too late by the strictest reading.
    pub due_safe_at: Option<DateTime<Utc>>,
    /// First minute that is too late by the last literal deadline.
    pub due_literal_at: Option<DateTime<Utc>>,
    /// Whether the assessment was not final: drafted early, because it falls due before that.
    pub early: bool,
    /// When the deadline was last told of.
    pub reminded_at: Option<DateTime<Utc>>,
    /// What the newest revision says otherwise than the one before, one sentence each.
    pub changes: Vec<String>,
    /// The provider's number of it.
    pub reference: Option<String>,
    /// Why it was denied.
    pub reason: Option<String>,
    /// When it was drafted.
    pub drafted_at: DateTime<Utc>,
    /// When it was last filed.
    pub filed_at: Option<DateTime<Utc>>,
    /// When it was paid, denied or lost.
    pub settled_at: Option<DateTime<Utc>>,
    /// Names of the violations that it is about.
    pub violations: Vec<String>,
}

/// Something that happened to a claim; never changed afterwards.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it, as they said.
    pub actor: String,
    /// What: `drafted`, `revised`, or the state that it went to.
    pub what: String,
    /// A reference, a reason, an amount, or changes.
    pub detail: String,
}

impl Claim {
    /// Whole days until the strictest deadline; negative where it has passed.
    #[must_use]
    pub fn days_left(&self, now: DateTime<Utc>) -> Option<i64> {
        let due = self.due_safe_at?;
        Some((due - now).num_seconds().div_euclid(86_400))
    }

    /// Whether it still waits to be filed after the strictest deadline.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state == ClaimState::Drafted && self.due_safe_at.is_some_and(|due| due <= now)
    }

    /// Whether it waits to be filed and its deadline was told of.
    #[must_use]
    pub fn is_due_soon(&self, now: DateTime<Utc>) -> bool {
        let waits = self.state == ClaimState::Drafted && !self.is_void();
        waits && self.reminded_at.is_some() && !self.is_overdue(now)
    }

    /// Whether a correction left nothing to ask.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.asked.is_some_and(|asked| asked.minor() == 0)
    }
}
