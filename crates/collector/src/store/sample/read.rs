//! Sample rows read back: whole hours for cells and sketches, and a few for pages.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Class, Hour, TargetId, UnixMicros};
use sqlx::PgConnection;
use wire::limits::LATE_AFTER_MS;

use super::class::ClassRow;
use crate::store::StoreError;

/// Samples of one class and one batch that started in an hour; the columns are of one length.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) agent: i32,
    pub(crate) class: i32,
    /// When the log can prove that the batch was there, as far as it can.
    pub(crate) anchored_at: Option<DateTime<Utc>>,
    pub(crate) started_at: Vec<DateTime<Utc>>,
    pub(crate) first_us: Vec<Option<i64>>,
    pub(crate) end_us: Vec<i64>,
}

impl Run {
    fn by_hour(self) -> BTreeMap<Hour, Self> {
        let mut parts: BTreeMap<Hour, Self> = BTreeMap::new();
        let samples = self.started_at.iter().zip(&self.first_us).zip(&self.end_us);
        for ((started_at, first_us), end_us) in samples {
            let hour = UnixMicros::from(*started_at).to_millis().minute().hour();
            let part = parts.entry(hour).or_insert_with(|| Self {
                started_at: Vec::with_capacity(self.started_at.len()),
                first_us: Vec::with_capacity(self.started_at.len()),
                end_us: Vec::with_capacity(self.started_at.len()),
                ..self
            });
            part.started_at.push(*started_at);
            part.first_us.push(*first_us);
            part.end_us.push(*end_us);
        }
        parts
    }

    /// Whether a sample of it was anchored too late.
    pub(crate) fn is_late(&self, started_at: DateTime<Utc>) -> bool {
        is_late(self.anchored_at, started_at)
    }
}

/// Samples of one target that started in `[from, to)`, by their hour. They come batch by batch, so that the ledger
/// is looked into once for each, and in arrays, which are read faster than rows.
///
/// Repeats start later than the slot they belong to: slots of an hour more on both sides are
/// searched.
pub(crate) async fn started_in(
    conn: &mut PgConnection,
    target: i32,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<BTreeMap<Hour, Vec<Run>>, StoreError> {
    let runs = sqlx::query_as!(
        Run,
        r#"SELECT s.agent_id AS agent, s.class_id AS class, b.anchored_at,
                  s.started_at AS "started_at!", s.first_us AS "first_us!: Vec<Option<i64>>",
                  s.end_us AS "end_us!"
           FROM (SELECT agent_id, seq, class_id, array_agg(started_at) AS started_at,
                        array_agg(first_us) AS first_us, array_agg(end_us) AS end_us
                 FROM sample
                 WHERE target_id = $1
                   AND slot_at >= $2::timestamptz - interval '1 hour'
                   AND slot_at < $3::timestamptz + interval '1 hour'
                   AND started_at >= $2 AND started_at < $3
                 GROUP BY 1, 2, 3) s
           JOIN batch b ON b.agent_id = s.agent_id AND b.seq = s.seq"#,
        target,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the samples of hours"))?;
    let mut by_hour: BTreeMap<Hour, Vec<Run>> = BTreeMap::new();
    for run in runs {
        for (hour, run) in run.by_hour() {
            by_hour.entry(hour).or_default().push(run);
        }
    }
    Ok(by_hour)
}

/// Slots of one target in `[from, to)` that were declared not run, as ranges.
#[derive(Clone, Copy, Debug)]
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
        r#"SELECT s.started_at, b.anchored_at, a.name AS agent, t.name AS target,
                  c.id, c.outcome, c.attribution, c.kind, c.source, c.stream, c.status,
                  c.served_model, c.served_tier, c.features
           FROM sample s
           JOIN sample_class c ON c.id = s.class_id
           JOIN batch b ON b.agent_id = s.agent_id AND b.seq = s.seq
           JOIN agent a ON a.id = s.agent_id
           JOIN target t ON t.id = s.target_id
           WHERE t.name = ANY($1)
             AND s.slot_at >= $2::timestamptz - interval '1 hour'
             AND s.slot_at < $3::timestamptz + interval '1 hour'
             AND s.started_at >= $2 AND s.started_at < $3 AND c.outcome <> 'ok'
           ORDER BY s.started_at DESC LIMIT $4"#,
        targets,
        from,
        to,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find failed samples"))?;
    rows.into_iter()
        .map(|row| {
            let (agent, target) = (row.agent.parse(), row.target.parse());
            let class = Class::try_from(ClassRow {
                id: row.id,
                outcome: row.outcome,
                attribution: row.attribution,
                kind: row.kind,
                source: row.source,
                stream: row.stream,
                status: row.status,
                served_model: row.served_model,
                served_tier: row.served_tier,
                features: row.features,
            })?;
            Ok(Failed {
                at: row.started_at.into(),
                agent: agent.map_err(|e| StoreError::inconsistent("agent.name", e))?,
                target: target.map_err(|e| StoreError::inconsistent("target.name", e))?,
                class: Class {
                    late: is_late(row.anchored_at, row.started_at),
                    ..class
                },
            })
        })
        .collect()
}

/// Whether what started then reached the log too late to be beyond doubt.
fn is_late(anchored_at: Option<DateTime<Utc>>, started_at: DateTime<Utc>) -> bool {
    let limit = TimeDelta::milliseconds(LATE_AFTER_MS);
    anchored_at.is_some_and(|at| at - started_at > limit)
}
