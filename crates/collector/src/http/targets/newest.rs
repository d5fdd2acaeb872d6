//! The newest attempt of each agent at one target.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::preview::Newest;

/// An attempt as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct NewestView {
    agent: String,
    started_at: DateTime<Utc>,
    outcome: String,
    attribution: String,
    status: Option<i16>,
    first_us: Option<i64>,
    /// Not yet signed in a batch.
    preview: bool,
}

impl From<Newest> for NewestView {
    fn from(newest: Newest) -> Self {
        let attempt = newest.attempt;
        Self {
            agent: attempt.agent,
            started_at: attempt.started_at,
            outcome: attempt.outcome,
            attribution: attempt.attribution,
            status: attempt.status,
            first_us: attempt.first_us,
            preview: newest.is_preview,
        }
    }
}

#[cfg(test)]
pub(crate) fn full() -> NewestView {
    NewestView {
        agent: "a".to_owned(),
        started_at: DateTime::UNIX_EPOCH,
        outcome: "ok".to_owned(),
        attribution: "none".to_owned(),
        status: Some(200),
        first_us: Some(1),
        preview: true,
    }
}
