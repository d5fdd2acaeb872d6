//! Sample rows read back: counted for cells, and listed for pages.

use chrono::{DateTime, Utc};
use domain::{Class, TargetId};
use sqlx::PgConnection;

use crate::store::StoreError;

/// Samples of one class that started in one minute.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) agent: i32,
    pub(crate) minute: domain::Minute,
    pub(crate) class: Class,
    pub(crate) count: u32,
}

struct ClassRow {
    outcome: String,
    attribution: String,
    kind: String,
    source: String,
    stream: bool,
    status: Option<i16>,
    served_model: Option<String>,
    served_tier: Option<String>,
    features: Option<String>,
    late: bool,
}

impl TryFrom<ClassRow> for Class {
    type Error = StoreError;

    fn try_from(row: ClassRow) -> Result<Self, StoreError> {
        let bad = |column, e: &dyn std::fmt::Display| StoreError::inconsistent(column, e);
        let status = row.status.map(u16::try_from).transpose();
        let features = row
            .features
            .map(|f| f.split(',').map(str::to_owned).collect());
        Ok(Self {
            outcome: row.outcome.parse().map_err(|e| bad("sample.outcome", &e))?,
            status: status.map_err(|e| bad("sample.status", &e))?,
            attribution: row
                .attribution
                .parse()
                .map_err(|e| bad("sample.attribution", &e))?,
            kind: row.kind.parse().map_err(|e| bad("sample.kind", &e))?,
            source: row.source.parse().map_err(|e| bad("sample.source", &e))?,
            stream: row.stream,
            served_model: row.served_model,
            served_tier: row.served_tier,
            features: features.unwrap_or_default(),
            late: row.late,
        })
    }
}

/// Exact counts of one target in `[from, to)` by start of the request. `slack` widens the search
/// by slot, because repeats start later than the slot they belong to.
pub(crate) async fn count(
    conn: &mut PgConnection,
    target: i32,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Counted>, StoreError> {
    let late_after = late_after();
    let rows = sqlx::query!(
        r#"SELECT s.agent_id, date_trunc('minute', s.started_at, 'UTC') AS "minute_at!",
                  s.outcome, s.attribution, s.kind, s.source, s.stream, s.status,
                  s.served_model, s.served_tier, s.features,
                  COALESCE(b.anchored_at - s.started_at > $4, false) AS "late!",
                  count(*) AS "count!"
           FROM sample s JOIN batch b ON b.agent_id = s.agent_id AND b.seq = s.seq
           WHERE s.target_id = $1
             AND s.slot_at >= $2::timestamptz - interval '1 hour'
             AND s.slot_at < $3::timestamptz + interval '1 hour'
             AND s.started_at >= $2 AND s.started_at < $3
           GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"#,
        target,
        from,
        to,
        late_after,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count samples"))?;
    rows.into_iter()
        .map(|row| {
            let class = Class::try_from(ClassRow {
                outcome: row.outcome,
                attribution: row.attribution,
                kind: row.kind,
                source: row.source,
                stream: row.stream,
                status: row.status,
                served_model: row.served_model,
                served_tier: row.served_tier,
                features: row.features,
                late: row.late,
            });
            let count = u32::try_from(row.count);
            Ok(Counted {
                agent: row.agent_id,
                minute: domain::UnixMicros::from(row.minute_at).to_millis().minute(),
                class: class?,
                count: count.map_err(|_| StoreError::Range { what: "count" })?,
            })
        })
        .collect()
}

/// The limit of lateness as an interval.
fn late_after() -> sqlx::postgres::types::PgInterval {
    sqlx::postgres::types::PgInterval {
        months: 0,
        days: 0,
        microseconds: wire::limits::LATE_AFTER_MS * 1_000,
    }
}

/// Slots of one target in `[from, to)` that were declared not run, as ranges.
#[derive(Debug)]
pub(crate) struct GapRange {
    pub(crate) agent: i32,
    pub(crate) first: domain::UnixMillis,
    pub(crate) last: domain::UnixMillis,
    pub(crate) slots: i64,
    pub(crate) reason: domain::GapReason,
}

pub(crate) async fn gaps(
    conn: &mut PgConnection,
    target: i32,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<GapRange>, StoreError> {
    let rows = sqlx::query!(
        "SELECT agent_id, first_at, last_at, slots, reason FROM slot_gap
         WHERE target_id = $1 AND last_at >= $2 AND first_at < $3",
        target,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find gaps"))?;
    rows.into_iter()
        .map(|row| {
            let reason = row.reason.parse();
            Ok(GapRange {
                agent: row.agent_id,
                first: row.first_at.into(),
                last: row.last_at.into(),
                slots: row.slots,
                reason: reason.map_err(|e| StoreError::inconsistent("slot_gap.reason", e))?,
            })
        })
        .collect()
}

/// A sample that did not end well, with its class.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) at: domain::UnixMillis,
    pub(crate) agent: domain::AgentId,
    pub(crate) target: TargetId,
    pub(crate) class: Class,
}

/// The newest samples of the targets that started in `[from, to)` and were not `ok`.
pub(crate) async fn failed(
    conn: &mut PgConnection,
    targets: &[String],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Failed>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT s.started_at, a.name AS agent, t.name AS target,
                  s.outcome, s.attribution, s.kind, s.source, s.stream, s.status,
                  s.served_model, s.served_tier, s.features,
                  COALESCE(b.anchored_at - s.started_at > $4, false) AS "late!"
           FROM sample s
           JOIN batch b ON b.agent_id = s.agent_id AND b.seq = s.seq
           JOIN agent a ON a.id = s.agent_id
           JOIN target t ON t.id = s.target_id
           WHERE t.name = ANY($1)
             AND s.slot_at >= $2::timestamptz - interval '1 hour'
             AND s.slot_at < $3::timestamptz + interval '1 hour'
             AND s.started_at >= $2 AND s.started_at < $3 AND s.outcome <> 'ok'
           ORDER BY s.started_at DESC LIMIT $5"#,
        targets,
        from,
        to,
        late_after(),
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find failed samples"))?;
    rows.into_iter()
        .map(|row| {
            let (agent, target) = (row.agent.parse(), row.target.parse());
            Ok(Failed {
                at: row.started_at.into(),
                agent: agent.map_err(|e| StoreError::inconsistent("agent.name", e))?,
                target: target.map_err(|e| StoreError::inconsistent("target.name", e))?,
                class: Class::try_from(ClassRow {
                    outcome: row.outcome,
                    attribution: row.attribution,
                    kind: row.kind,
                    source: row.source,
                    stream: row.stream,
                    status: row.status,
                    served_model: row.served_model,
                    served_tier: row.served_tier,
                    features: row.features,
                    late: row.late,
                })?,
            })
        })
        .collect()
}
