//! Orders to confirm a failure.

use chrono::{DateTime, Utc};
use domain::AgentId;
use sqlx::PgConnection;

use super::{StoreError, to_i64, to_u64};

/// A failure that an agent just reported.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) target: String,
    pub(crate) agent: i32,
    pub(crate) slot_at: DateTime<Utc>,
}

/// A failure that is to be confirmed, with the number that its order has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) number: u64,
    pub(crate) target: i32,
    /// Which of the failures asked about, from 0.
    pub(crate) place: usize,
}

/// An order, ready to be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewOrder {
    pub(crate) number: u64,
    pub(crate) target: i32,
    pub(crate) seen_by: i32,
    pub(crate) slot_at: DateTime<Utc>,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) note: String,
}

/// An order that is open.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) target: String,
    pub(crate) note: String,
}

/// Of failures those that are news, the earliest of each target: the sample of the same agent
/// before it was good, or there is none, and no order for the target is open at `now`. A day and
/// an hour is looked back, because a day is the longest interval of a plan.
pub(crate) async fn news(
    conn: &mut PgConnection,
    failures: &[Failure],
    now: DateTime<Utc>,
) -> Result<Vec<News>, StoreError> {
    let targets: Vec<String> = failures.iter().map(|f| f.target.clone()).collect();
    let agents: Vec<i32> = failures.iter().map(|f| f.agent).collect();
    let slots: Vec<DateTime<Utc>> = failures.iter().map(|f| f.slot_at).collect();
    let rows = sqlx::query!(
        r#"SELECT nextval('confirm_order_number') AS "number!", first.target_id AS "target_id!",
                  first.nth AS "nth!"
           FROM (
               SELECT DISTINCT ON (t.id) t.id AS target_id, f.nth
               FROM UNNEST($1::text[], $2::int[], $3::timestamptz[]) WITH ORDINALITY
                   AS f (target, agent, slot_at, nth)
               JOIN target t ON t.name = f.target
               LEFT JOIN LATERAL (
                   SELECT s.outcome FROM sample_whole s
                   WHERE s.target_id = t.id AND s.agent_id = f.agent AND s.slot_at < f.slot_at
                     AND s.slot_at >= f.slot_at - interval '25 hours'
                   ORDER BY s.slot_at DESC, s.attempt DESC LIMIT 1
               ) before ON TRUE
               WHERE COALESCE(before.outcome, 'ok') = 'ok'
                 AND NOT EXISTS (SELECT FROM confirm_order o
                                 WHERE o.expires_at > $4 AND o.target_id = t.id)
               ORDER BY t.id, f.slot_at, f.nth
           ) AS first"#,
        &targets,
        &agents,
        &slots,
        now,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find failures to confirm"))?;
    rows.into_iter()
        .map(|row| {
            let place = row.nth.checked_sub(1).map(usize::try_from);
            Ok(News {
                number: to_u64("confirm_order.number", row.number)?,
                target: row.target_id,
                place: place
                    .and_then(Result::ok)
                    .ok_or(StoreError::Range { what: "ordinality" })?,
            })
        })
        .collect()
}

/// Keeps orders, but for those of targets of which another collector has an open one by now.
/// Gives the numbers that were kept.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    orders: &[NewOrder],
) -> Result<Vec<u64>, StoreError> {
    let numbers: Result<Vec<i64>, StoreError> = orders
        .iter()
        .map(|order| to_i64("confirm_order.number", order.number))
        .collect();
    let targets: Vec<i32> = orders.iter().map(|order| order.target).collect();
    let seen_by: Vec<i32> = orders.iter().map(|order| order.seen_by).collect();
    let slots: Vec<DateTime<Utc>> = orders.iter().map(|order| order.slot_at).collect();
    let issued: Vec<DateTime<Utc>> = orders.iter().map(|order| order.issued_at).collect();
    let expires: Vec<DateTime<Utc>> = orders.iter().map(|order| order.expires_at).collect();
    let notes: Vec<String> = orders.iter().map(|order| order.note.clone()).collect();
    let kept = sqlx::query_scalar!(
        "INSERT INTO confirm_order
             (number, target_id, seen_by, slot_at, issued_at, expires_at, note)
         SELECT * FROM UNNEST($1::bigint[], $2::int[], $3::int[], $4::timestamptz[],
             $5::timestamptz[], $6::timestamptz[], $7::text[]) AS o
         ORDER BY 2 -- One order of rows, no deadlocks.
         ON CONFLICT DO NOTHING
         RETURNING number",
        &numbers?,
        &targets,
        &seen_by,
        &slots,
        &issued,
        &expires,
        &notes,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("insert orders"))?;
    kept.into_iter()
        .map(|number| to_u64("confirm_order.number", number))
        .collect()
}

/// Orders that are open at `now` and were made for what another than this agent saw, by number.
pub(crate) async fn open(
    conn: &mut PgConnection,
    agent: &AgentId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Open>, StoreError> {
    sqlx::query_as!(
        Open,
        "SELECT t.name AS target, o.note
         FROM confirm_order o JOIN target t ON t.id = o.target_id JOIN agent a ON a.id = o.seen_by
         WHERE o.expires_at > $1 AND a.name <> $2
         ORDER BY o.number LIMIT $3",
        now,
        agent.as_str(),
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find open orders"))
}
