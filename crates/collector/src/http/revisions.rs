//! Revisions of final assessments, as contracts and violations show them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sla::Change;

use crate::job::assess;
use crate::store::revision::Revision;

/// A revision and what it says otherwise than the one it replaces.
#[derive(Debug, Serialize)]
pub(crate) struct RevisionView {
    window_start_at: DateTime<Utc>,
    revision: i32,
    replaces: i32,
    replaces_sha256: Option<String>,
    cause: Option<&'static str>,
    revised_at: Option<DateTime<Utc>>,
    changes: Vec<Change>,
}

impl From<Revision> for RevisionView {
    fn from(made: Revision) -> Self {
        Self {
            window_start_at: assess::utc(made.assessment.window.start()),
            revision: made.number,
            replaces: made.number - 1,
            replaces_sha256: made.replaces_sha256.map(|hash| hash.to_hex()),
            cause: made.cause.map(crate::store::revision::Cause::as_str),
            revised_at: made.revised_at,
            changes: sla::changes(&made.replaced, &made.assessment),
        }
    }
}
