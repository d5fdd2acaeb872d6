//! Deadlines that people are told of, each once.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::store::StoreError;

/// A claim or notice that waits, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) item: String,
    pub(crate) is_claim: bool,
    pub(crate) due_at: DateTime<Utc>,
}

/// A reminder that was not given before.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) item: String,
    pub(crate) lead_s: i64,
}

/// Drafts that ask for something and notices that wait, by their strictest deadline.
pub(crate) async fn waiting(conn: &mut PgConnection) -> Result<Vec<Waiting>, StoreError> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT k.name AS "item!", true AS "is_claim!", r.due_safe_at AS "due_at!"
           FROM claim k JOIN claim_revision r ON r.claim = k.name
                AND r.revision = (SELECT max(revision) FROM claim_revision WHERE claim = k.name)
           WHERE k.state = 'drafted' AND r.asked_minor IS DISTINCT FROM 0
             AND r.due_safe_at IS NOT NULL
           UNION ALL
           SELECT name, false, due_safe_at FROM claim_notice
           WHERE state = 'prepared' AND due_safe_at IS NOT NULL
           ORDER BY 3, 1"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find what has deadlines"))
}

/// Notes the reminders that are due at `now`, so many seconds before each deadline; gives those
/// that nobody noted before.
pub(crate) async fn raise(
    conn: &mut PgConnection,
    waiting: &[&Waiting],
    leads_s: &[i64],
    now: DateTime<Utc>,
) -> Result<Vec<Raised>, StoreError> {
    let items: Vec<String> = waiting.iter().map(|one| one.item.clone()).collect();
    let dues: Vec<DateTime<Utc>> = waiting.iter().map(|one| one.due_at).collect();
    sqlx::query_as!(
        Raised,
        "INSERT INTO claim_alarm (item, due_at, lead_s, raised_at)
         SELECT w.item, w.due_at, l.lead_s, $4
         FROM UNNEST($1::text[], $2::timestamptz[]) AS w (item, due_at)
         CROSS JOIN (SELECT DISTINCT UNNEST($3::bigint[]) AS lead_s) AS l
         WHERE w.due_at - l.lead_s * interval '1 second' <= $4
         ORDER BY 1, 2, 3 -- One order of rows, no deadlocks.
         ON CONFLICT DO NOTHING RETURNING item, lead_s",
        &items,
        &dues,
        leads_s,
        now,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("note reminders"))
}
