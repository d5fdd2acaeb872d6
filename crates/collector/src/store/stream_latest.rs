//! The newest attempt of every agent for every target: what the front page shows. Kept as batches
//! come in; no verdict reads it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;
use super::rebuild::DIFFERENCES_MAX;
use super::sample::{SampleRow, id_of};

/// Target and agent.
pub(crate) type Stream<'a> = (&'a str, i32);

/// Of each stream the newest row of some batches. Of two under one key the first stays, as in
/// `sample`.
pub(crate) fn newest<'a>(
    batches: impl IntoIterator<Item = &'a [SampleRow]>,
) -> BTreeMap<Stream<'a>, &'a SampleRow> {
    let mut newest: BTreeMap<Stream<'a>, &'a SampleRow> = BTreeMap::new();
    for rows in batches {
        // Rows come stream by stream: looked up once for each, not for each row.
        let streams = rows.chunk_by(|a, b| a.agent == b.agent && a.target == b.target);
        for row in streams.filter_map(|stream| stream.iter().reduce(newer)) {
            let known = newest.entry((row.target.as_str(), row.agent));
            let known = known.or_insert(row);
            *known = newer(known, row);
        }
    }
    newest
}

fn newer<'a>(known: &'a SampleRow, row: &'a SampleRow) -> &'a SampleRow {
    let place = |row: &SampleRow| (row.slot, row.attempt);
    if place(known) < place(row) {
        row
    } else {
        known
    }
}

/// Keeps of [`newest`] what is newer than what is known. Every target has its id in `targets`.
/// Streams are taken in one order, so that concurrent flushes cannot deadlock.
pub(crate) async fn update(
    conn: &mut PgConnection,
    newest: &BTreeMap<Stream<'_>, &SampleRow>,
    targets: &BTreeMap<String, i32>,
) -> Result<(), StoreError> {
    let mut columns = Columns::default();
    for row in newest.values() {
        columns.push(row, targets)?;
    }
    if columns.target.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO stream_latest
         SELECT * FROM UNNEST($1::int[], $2::int[], $3::timestamptz[], $4::int[],
                              $5::timestamptz[], $6::text[], $7::text[], $8::smallint[],
                              $9::bigint[])
         ORDER BY 1, 2
         ON CONFLICT (target_id, agent_id) DO UPDATE
         SET slot_at = EXCLUDED.slot_at, attempt = EXCLUDED.attempt,
             started_at = EXCLUDED.started_at, outcome = EXCLUDED.outcome,
             attribution = EXCLUDED.attribution, status = EXCLUDED.status,
             first_us = EXCLUDED.first_us
         WHERE (stream_latest.slot_at, stream_latest.attempt)
               < (EXCLUDED.slot_at, EXCLUDED.attempt)",
        &columns.target,
        &columns.agent,
        &columns.slot_at,
        &columns.attempt,
        &columns.started_at,
        &columns.outcome as &[&str],
        &columns.attribution as &[&str],
        &columns.status as &[Option<i16>],
        &columns.first_us as &[Option<i64>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("keep the newest samples"))?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    target: Vec<i32>,
    agent: Vec<i32>,
    slot_at: Vec<DateTime<Utc>>,
    attempt: Vec<i32>,
    started_at: Vec<DateTime<Utc>>,
    outcome: Vec<&'static str>,
    attribution: Vec<&'static str>,
    status: Vec<Option<i16>>,
    first_us: Vec<Option<i64>>,
}

impl Columns {
    fn push(&mut self, row: &SampleRow, targets: &BTreeMap<String, i32>) -> Result<(), StoreError> {
        let class = &row.class;
        let status = class.status.map(i16::try_from).transpose();
        self.target.push(id_of(targets, &row.target)?);
        self.agent.push(row.agent);
        self.slot_at.push(row.slot.to_micros().to_utc());
        self.attempt.push(row.attempt);
        self.started_at.push(row.started.to_utc());
        self.outcome.push(class.outcome.as_str());
        self.attribution.push(class.attribution.as_str());
        self.status
            .push(status.map_err(|_| StoreError::Range { what: "status" })?);
        self.first_us.push(row.first_us);
        Ok(())
    }
}

/// Newest attempt of an agent for a target.
#[derive(Debug)]
pub(crate) struct Latest {
    pub(crate) target: String,
    pub(crate) agent: String,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) outcome: String,
    pub(crate) attribution: String,
    pub(crate) status: Option<i16>,
    pub(crate) first_us: Option<i64>,
}

/// What is kept of the targets, of streams whose newest slot lies not before `since`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    targets: &[String],
    since: DateTime<Utc>,
) -> Result<Vec<Latest>, StoreError> {
    sqlx::query_as!(
        Latest,
        "SELECT t.name AS target, a.name AS agent, l.started_at, l.outcome, l.attribution,
                l.status, l.first_us
         FROM stream_latest l JOIN target t ON t.id = l.target_id JOIN agent a ON a.id = l.agent_id
         WHERE t.name = ANY($1) AND l.slot_at >= $2",
        targets,
        since,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the newest samples"))
}

/// A stream whose row is not its newest sample.
#[derive(Debug)]
pub(crate) struct Mistaken {
    pub(crate) target: String,
    pub(crate) agent: String,
    pub(crate) slot_at: DateTime<Utc>,
    /// What is to be done about the row: `missing`, `extra` or `changed`.
    pub(crate) what: String,
}

/// Looks for the newest sample of each stream and compares; gives the first that differ. A row
/// may outlive its sample, if the whole day was dropped when its time was up.
pub(crate) async fn compare(conn: &mut PgConnection) -> Result<Vec<Mistaken>, StoreError> {
    sqlx::query_as!(
        Mistaken,
        r#"SELECT COALESCE(t.name, '#' || target_id) AS "target!",
                  COALESCE(a.name, '#' || agent_id) AS "agent!",
                  COALESCE(l.slot_at, e.slot_at) AS "slot_at!",
                  CASE WHEN l.slot_at IS NULL THEN 'missing' WHEN e.slot_at IS NULL THEN 'extra'
                       ELSE 'changed' END AS "what!"
           FROM stream_latest l
           FULL JOIN (SELECT t.id AS target_id, a.id AS agent_id, s.*
                      FROM target t CROSS JOIN agent a
                      CROSS JOIN LATERAL (
                          SELECT n.slot_at, n.attempt, n.started_at, n.outcome, n.attribution,
                                 n.status, n.first_us
                          FROM sample_whole n WHERE n.target_id = t.id AND n.agent_id = a.id
                          ORDER BY n.slot_at DESC, n.attempt DESC LIMIT 1
                      ) s) e USING (target_id, agent_id)
           LEFT JOIN target t ON t.id = target_id
           LEFT JOIN agent a ON a.id = agent_id
           WHERE (l.slot_at, l.attempt, l.started_at, l.outcome, l.attribution, l.status,
                  l.first_us)
                 IS DISTINCT FROM
                 (e.slot_at, e.attempt, e.started_at, e.outcome, e.attribution, e.status,
                  e.first_us)
             AND (l.slot_at IS NULL OR l.slot_at < e.slot_at
                  OR EXISTS (SELECT FROM sample n
                             WHERE n.slot_at >= date_trunc('day', l.slot_at, 'UTC')
                               AND n.slot_at < date_trunc('day', l.slot_at, 'UTC')
                                               + interval '1 day'))
           ORDER BY target_id, agent_id LIMIT $1"#,
        super::to_i64("limit", DIFFERENCES_MAX as u64)?,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("compare the newest samples"))
}
