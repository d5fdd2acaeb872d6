//! Notices of incidents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::claim::{Notice, NoticeState};
use crate::store::StoreError;

struct Row {
    name: String,
    contract: String,
    start_at: DateTime<Utc>,
    end_at: DateTime<Utc>,
    going_on: bool,
    state: String,
    reference: Option<String>,
    due_safe_at: Option<DateTime<Utc>>,
    due_literal_at: Option<DateTime<Utc>>,
    prepared_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    sent_by: Option<String>,
    reminded_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Notice {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = row.state.parse();
        Ok(Self {
            state: state.map_err(|e| StoreError::inconsistent("claim_notice.state", e))?,
            name: row.name,
            contract: row.contract,
            start_at: row.start_at,
            end_at: row.end_at,
            going_on: row.going_on,
            reference: row.reference,
            due_safe_at: row.due_safe_at,
            due_literal_at: row.due_literal_at,
            prepared_at: row.prepared_at,
            sent_at: row.sent_at,
            sent_by: row.sent_by,
            reminded_at: row.reminded_at,
        })
    }
}

/// What is known of an incident, and until when its notice is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) start_at: DateTime<Utc>,
    pub(crate) end_at: DateTime<Utc>,
    pub(crate) going_on: bool,
    pub(crate) due_safe_at: DateTime<Utc>,
    pub(crate) due_literal_at: DateTime<Utc>,
}

/// Holds off other collectors from the notices of a contract until the transaction ends.
pub(crate) async fn hold(conn: &mut PgConnection, contract: i32) -> Result<(), StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM contract WHERE id = $1 FOR NO KEY UPDATE",
        contract
    );
    let done = found.fetch_one(conn).await;
    done.map(drop)
        .map_err(StoreError::query("hold the notices of a contract"))
}

/// Notices of a contract whose incident overlaps or touches `[from, to]`, oldest first.
pub(crate) async fn near(
    conn: &mut PgConnection,
    contract: i32,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Notice>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT name FROM claim_notice
         WHERE contract_id = $1 AND start_at <= $3 AND end_at >= $2 ORDER BY start_at",
        contract,
        from,
        to,
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("find the notices of an incident"))?;
    let mut found = select(conn, &names).await?;
    found.sort_by_key(|notice| notice.start_at);
    Ok(found)
}

/// Prepares a notice; false where there is one of its name.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    (name, contract, terms): (&str, i32, &str),
    extent: Extent,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO claim_notice (name, contract_id, start_at, end_at, going_on, terms, state,
                                   due_safe_at, due_literal_at, prepared_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'prepared', $7, $8, $9) ON CONFLICT DO NOTHING",
        name,
        contract,
        extent.start_at,
        extent.end_at,
        extent.going_on,
        terms,
        extent.due_safe_at,
        extent.due_literal_at,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("prepare a notice"))?;
    Ok(done.rows_affected() == 1)
}

/// Notes how far an incident reaches now. The deadlines of a notice that waits follow.
pub(crate) async fn extend(
    conn: &mut PgConnection,
    name: &str,
    extent: Extent,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE claim_notice SET end_at = $2, going_on = $3,
             due_safe_at = CASE WHEN state = 'prepared' THEN $4 ELSE due_safe_at END,
             due_literal_at = CASE WHEN state = 'prepared' THEN $5 ELSE due_literal_at END
         WHERE name = $1 AND (end_at, going_on) IS DISTINCT FROM ($2, $3)",
        name,
        extent.end_at,
        extent.going_on,
        extent.due_safe_at,
        extent.due_literal_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("extend a notice"))?;
    Ok(())
}

/// Withdraws notices that wait, or lets withdrawn ones wait again.
pub(crate) async fn set_waiting(
    conn: &mut PgConnection,
    names: &[String],
    to: NoticeState,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE claim_notice SET state = $2
         WHERE name = ANY($1) AND state IN ('prepared', 'withdrawn')",
        names,
        to.as_str(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("withdraw notices"))?;
    Ok(())
}

/// Lets notices lapse that nobody sent by the last literal deadline; gives their names.
pub(crate) async fn lapse(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar!(
        "UPDATE claim_notice SET state = 'lapsed'
         WHERE state = 'prepared' AND due_literal_at <= $1 RETURNING name",
        now,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("let notices lapse"))
}

/// Notes that a notice was sent; false where it was sent before, or is withdrawn.
pub(crate) async fn send(
    conn: &mut PgConnection,
    name: &str,
    (reference, by): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE claim_notice SET state = 'sent', reference = $2, sent_by = $3, sent_at = $4
         WHERE name = $1 AND state IN ('prepared', 'lapsed')",
        name,
        reference,
        by,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note that a notice was sent"))?;
    Ok(done.rows_affected() == 1)
}

/// The contract's text that a notice follows, and its targets.
pub(crate) async fn terms(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<(String, Vec<String>)>, StoreError> {
    let found = sqlx::query!(
        "SELECT n.terms, c.targets FROM claim_notice n JOIN contract c ON c.id = n.contract_id
         WHERE n.name = $1",
        name,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a notice's contract"))?;
    Ok(found.map(|row| (row.terms, row.targets)))
}

/// A notice by its name.
pub(crate) async fn find(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Notice>, StoreError> {
    let found = select(conn, &[name.to_owned()]).await?;
    Ok(found.into_iter().next())
}

/// The newest incidents' notices.
pub(crate) async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Notice>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT name FROM claim_notice ORDER BY start_at DESC, name LIMIT $1",
        limit
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list notices"))?;
    select(conn, &names).await
}

async fn select(conn: &mut PgConnection, names: &[String]) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT n.name, c.name AS contract, n.start_at, n.end_at, n.going_on, n.state,
                  n.reference, n.due_safe_at, n.due_literal_at, n.prepared_at, n.sent_at,
                  n.sent_by,
                  (SELECT max(a.raised_at) FROM claim_alarm a
                   WHERE a.item = n.name AND a.due_at = n.due_safe_at) AS reminded_at
           FROM claim_notice n JOIN contract c ON c.id = n.contract_id
           WHERE n.name = ANY($1) ORDER BY n.start_at DESC, n.name"#,
        names,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find notices"))?;
    rows.into_iter().map(Notice::try_from).collect()
}
