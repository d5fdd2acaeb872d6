//! Holds: what no policy may drop.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::StoreError;

/// A hold, or what a violation, a claim or a notice holds by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Number of a hold, name of a violation, claim or notice.
    pub name: String,
    /// The target; for all others all targets of its contract.
    pub target: String,
    /// First day, in UTC.
    pub from_day: NaiveDate,
    /// Last day, itself included.
    pub to_day: NaiveDate,
    /// Why.
    pub reason: String,
}

/// Holds off every drop until the transaction that drops has ended.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    hold: &Hold,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    sqlx::query_scalar!(
        "INSERT INTO hold (target, from_day, to_day, reason, created_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        hold.target,
        hold.from_day,
        hold.to_day,
        hold.reason,
        now,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("insert a hold"))
}

/// Releases a hold by its number, or a violation's by its name; false where there is none.
pub(crate) async fn release(
    conn: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query_scalar!(
        r#"WITH own AS (UPDATE hold SET released_at = $2
                        WHERE id::text = $1 AND released_at IS NULL RETURNING 1),
                violations AS (UPDATE violation SET hold_released_at = $2
                               WHERE name = $1 AND hold_released_at IS NULL RETURNING 1)
           SELECT EXISTS (SELECT FROM own) OR EXISTS (SELECT FROM violations) AS "done!""#,
        name,
        now,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("release a hold"))?;
    Ok(done)
}

/// What is held now; a violation that was neither withdrawn nor released holds its window when it
/// was detected after `since`, a claim that is not settled always holds its, and a notice that waits or was sent holds its
/// incident as long as a violation would.
pub(crate) async fn list(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Vec<Hold>, StoreError> {
    sqlx::query_as!(
        Hold,
        r#"SELECT id::text AS "name!", target AS "target!", from_day AS "from_day!",
                  to_day AS "to_day!", reason AS "reason!"
           FROM hold WHERE released_at IS NULL
           UNION ALL
           SELECT v.name, array_to_string(c.targets, ' '),
                  (v.window_start_at AT TIME ZONE 'UTC')::date,
                  (max(a.window_end_at) AT TIME ZONE 'UTC')::date, 'violation'
           FROM violation v JOIN contract c ON c.id = v.contract_id
           JOIN assessment a ON a.contract_id = v.contract_id
                AND a.window_start_at = v.window_start_at
           WHERE v.withdrawn_at IS NULL AND v.hold_released_at IS NULL AND v.detected_at >= $1
           GROUP BY v.name, c.targets, v.window_start_at
           UNION ALL
           SELECT k.name, array_to_string(c.targets, ' '),
                  (k.window_start_at AT TIME ZONE 'UTC')::date,
                  (k.window_end_at AT TIME ZONE 'UTC')::date, 'claim'
           FROM claim k JOIN contract c ON c.id = k.contract_id
           WHERE k.state IN ('drafted', 'filed', 'acknowledged')
           UNION ALL
           SELECT n.name, array_to_string(c.targets, ' '),
                  (n.start_at AT TIME ZONE 'UTC')::date,
                  (n.end_at AT TIME ZONE 'UTC')::date, 'notice'
           FROM claim_notice n JOIN contract c ON c.id = n.contract_id
           WHERE n.state IN ('prepared', 'sent') AND n.prepared_at >= $1
           ORDER BY 3, 1"#,
        since,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list holds"))
}

/// Keeps holds as they are until this transaction ends.
pub(crate) async fn freeze(conn: &mut PgConnection) -> Result<(), StoreError> {
    let locked = sqlx::raw_sql("LOCK TABLE hold, violation, claim, claim_notice IN SHARE MODE");
    let done = locked.execute(conn).await;
    done.map(drop).map_err(StoreError::query("lock the holds"))
}
