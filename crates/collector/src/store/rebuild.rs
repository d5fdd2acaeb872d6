//! Derived rows beside stored ones: staged in temporary tables, compared and healed by the
//! database, so that a day of any size passes through.
//!
//! The statements are not checked when they compile, because temporary tables do not exist then.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Row as _};

use super::cell::TargetHour;
use super::sample::GapRow;
use super::{StoreError, to_i64, to_u64};

/// Differences that are named for each day; all of them are counted.
pub(crate) const DIFFERENCES_MAX: usize = 200;

const PREPARE: &str = "
    CREATE TEMPORARY TABLE IF NOT EXISTS sample_staged (LIKE sample) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS sample_expected (LIKE sample) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS gap_staged (LIKE slot_gap) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS gap_expected (LIKE slot_gap) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS batch_rawless (
        agent_id INT, seq BIGINT
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS sample_difference (
        target_id INT, slot_at TIMESTAMPTZ, agent_id INT, attempt INT, what TEXT
    ) ON COMMIT DELETE ROWS;
    CREATE TEMPORARY TABLE IF NOT EXISTS gap_difference (
        agent_id INT, target_id INT, i BIGINT, slot_at TIMESTAMPTZ, what TEXT
    ) ON COMMIT DELETE ROWS";

/// Of two rows under one key, the one that was received first is stored, as ingest does it.
const EXPECT: &str = "
    INSERT INTO sample_expected
    SELECT DISTINCT ON (s.target_id, s.slot_at, s.agent_id, s.attempt) s.*
    FROM sample_staged s JOIN batch b ON b.agent_id = s.agent_id AND b.seq = s.seq
    ORDER BY s.target_id, s.slot_at, s.agent_id, s.attempt, b.received_at, s.seq, s.i;
    INSERT INTO gap_expected
    SELECT DISTINCT ON (g.agent_id, g.target_id, g.i) g.*
    FROM gap_staged g JOIN batch b ON b.agent_id = g.agent_id AND b.seq = g.seq
    ORDER BY g.agent_id, g.target_id, g.i, b.received_at, g.seq;
    INSERT INTO batch_rawless
    SELECT b.agent_id, b.seq FROM batch b LEFT JOIN batch_raw r USING (received_at, agent_id, seq)
    WHERE b.body IS NULL AND r.body IS NULL;
    ANALYZE sample_expected; ANALYZE gap_expected; ANALYZE batch_rawless";

/// Classes are compared by number: what was staged got the number of the class that the batch
/// speaks of, which is another one as soon as anything in the stored class was changed.
const COMPARE_SAMPLES: &str = "
    INSERT INTO sample_difference
    SELECT target_id, slot_at, agent_id, attempt,
           CASE WHEN s.seq IS NULL THEN 'missing' WHEN e.seq IS NULL THEN 'extra'
                ELSE 'changed' END
    FROM sample_expected e
    FULL JOIN (SELECT o.*, EXISTS (SELECT FROM batch_rawless r WHERE r.agent_id = o.agent_id
                                   AND r.seq = o.seq) AS rawless
               FROM sample o WHERE o.slot_at >= $1 AND o.slot_at < $2) s
    USING (target_id, slot_at, agent_id, attempt)
    WHERE s.rawless IS NOT TRUE
      AND (e.seq, e.i, e.started_at, e.class_id, e.first_us, e.end_us, e.output_tokens)
          IS DISTINCT FROM
          (s.seq, s.i, s.started_at, s.class_id, s.first_us, s.end_us, s.output_tokens)";

/// A gap's key holds no time: what stands under an expected key is looked at wherever it lies,
/// unless it was received before and is another day's business.
const COMPARE_GAPS: &str = "
    INSERT INTO gap_difference
    SELECT COALESCE(e.agent_id, s.agent_id), COALESCE(e.target_id, s.target_id),
           COALESCE(e.i, s.i), COALESCE(e.last_at, s.last_at),
           CASE WHEN s.seq IS NULL THEN 'missing' WHEN e.seq IS NULL THEN 'extra'
                ELSE 'changed' END
    FROM gap_expected e
    FULL JOIN (SELECT o.*, EXISTS (SELECT FROM batch_rawless r WHERE r.agent_id = o.agent_id
                                   AND r.seq = o.seq) AS rawless
               FROM slot_gap o
               WHERE o.last_at >= $1 AND o.last_at < $2
                  OR (o.agent_id, o.target_id, o.i) IN
                     (SELECT k.agent_id, k.target_id, k.i FROM gap_expected k)) s
    USING (agent_id, target_id, i)
    LEFT JOIN batch be ON be.agent_id = e.agent_id AND be.seq = e.seq
    LEFT JOIN batch bs ON bs.agent_id = s.agent_id AND bs.seq = s.seq
    WHERE s.rawless IS NOT TRUE
      AND (e.seq, e.first_at, e.last_at, e.slots, e.reason, e.plan)
          IS DISTINCT FROM (s.seq, s.first_at, s.last_at, s.slots, s.reason, s.plan)
      AND ((s.last_at < $1 OR s.last_at >= $2)
           AND (bs.received_at, bs.seq) < (be.received_at, be.seq)) IS NOT TRUE";

const UNVERIFIABLE: &str = "
    SELECT (SELECT count(*) FROM sample o JOIN batch_rawless USING (agent_id, seq)
            WHERE o.slot_at >= $1 AND o.slot_at < $2)
         + (SELECT count(*) FROM slot_gap o JOIN batch_rawless USING (agent_id, seq)
            WHERE o.last_at >= $1 AND o.last_at < $2) AS rawless,
           (SELECT count(*) FROM sample_expected) AS samples,
           (SELECT count(*) FROM gap_expected) AS gaps,
           (SELECT count(*) FROM sample_difference) + (SELECT count(*) FROM gap_difference)
           AS differing";

const DIFFERENCES: &str = "
    SELECT COALESCE(t.name, '#' || d.target_id) AS target,
           COALESCE(a.name, '#' || d.agent_id) AS agent, d.is_gap, d.slot_at, d.number, d.what
    FROM (SELECT target_id, agent_id, false AS is_gap, slot_at, attempt::bigint AS number, what
          FROM sample_difference
          UNION ALL
          SELECT target_id, agent_id, true, slot_at, i, what FROM gap_difference) d
    LEFT JOIN target t ON t.id = d.target_id LEFT JOIN agent a ON a.id = d.agent_id
    ORDER BY d.slot_at, target, agent, d.number LIMIT $1";

/// Hours of cells that rested on what differs are counted anew.
const TOUCH: &str = "
    WITH touched AS (
        SELECT target_id, date_trunc('hour', s.started_at, 'UTC') AS hour_at
        FROM sample s JOIN sample_difference USING (target_id, slot_at, agent_id, attempt)
        WHERE s.slot_at >= $1 AND s.slot_at < $2
        UNION
        SELECT target_id, date_trunc('hour', e.started_at, 'UTC')
        FROM sample_expected e JOIN sample_difference USING (target_id, slot_at, agent_id, attempt)
        UNION
        SELECT g.target_id, h
        FROM (SELECT o.* FROM slot_gap o JOIN gap_difference USING (agent_id, target_id, i)
              UNION ALL
              SELECT o.* FROM gap_expected o JOIN gap_difference USING (agent_id, target_id, i)) g,
             generate_series(date_trunc('hour', g.first_at, 'UTC'), g.last_at, '1 hour') AS h
    ),
    marked AS (
        INSERT INTO cell_dirty (target_id, hour_at) SELECT * FROM touched ORDER BY 1, 2
        ON CONFLICT DO NOTHING
    )
    DELETE FROM cell c USING touched
    WHERE c.target_id = touched.target_id AND c.hour_at = touched.hour_at";

/// Marks that stood before are held as well, see [`super::cell::mark`]; one that a job took
/// meanwhile ends this snapshot, which is tried again.
const HOLD: &str = "
    SELECT FROM cell_dirty
    WHERE hour_at >= $1 - interval '1 hour' AND hour_at < $2 + interval '1 hour'
    ORDER BY target_id, hour_at
    FOR KEY SHARE";

const DELETE_SAMPLES: &str = "
    DELETE FROM sample s USING sample_difference d
    WHERE s.target_id = d.target_id AND s.slot_at = d.slot_at AND s.agent_id = d.agent_id
      AND s.attempt = d.attempt AND s.slot_at >= $1 AND s.slot_at < $2";

const HEAL: &str = "
    INSERT INTO sample
    SELECT e.* FROM sample_expected e
    JOIN sample_difference USING (target_id, slot_at, agent_id, attempt);
    DELETE FROM slot_gap g USING gap_difference d
    WHERE g.agent_id = d.agent_id AND g.target_id = d.target_id AND g.i = d.i;
    INSERT INTO slot_gap
    SELECT e.* FROM gap_expected e JOIN gap_difference USING (agent_id, target_id, i)";

/// First and last day on which something stored can lie, in UTC; absent where nothing is.
pub(crate) async fn stored_days(
    conn: &mut PgConnection,
) -> Result<Option<(NaiveDate, NaiveDate)>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT LEAST((SELECT min(LEAST(received_at, GREATEST(wall_first_at,
                                          received_at - interval '42 days'))) FROM batch),
                        (SELECT min(slot_at) FROM sample)) AS first,
                  GREATEST((SELECT max(received_at) + interval '5 minutes' FROM batch),
                           (SELECT max(slot_at) FROM sample)) AS last"#
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("find the stored days"))?;
    let days = row.first.zip(row.last);
    Ok(days.map(|(first, last)| (first.date_naive(), last.date_naive())))
}

/// Makes the temporary tables of this connection, outside of a transaction.
pub(crate) async fn prepare(conn: &mut PgConnection) -> Result<(), StoreError> {
    let made = sqlx::raw_sql(PREPARE).execute(conn).await;
    made.map(drop)
        .map_err(StoreError::query("prepare a comparison"))
}

/// Stages gap rows. Every target has its id in `targets`.
pub(crate) async fn stage_gaps(
    conn: &mut PgConnection,
    rows: &[GapRow],
    targets: &BTreeMap<String, i32>,
) -> Result<(), StoreError> {
    for row in rows {
        let target = targets.get(row.target.as_str());
        let target = target.ok_or_else(|| StoreError::inconsistent("target.name", &row.target))?;
        let gap = &row.gap;
        sqlx::query("INSERT INTO gap_staged VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(row.agent)
            .bind(target)
            .bind(to_i64("i", gap.i)?)
            .bind(row.seq)
            .bind(gap.first_ms.to_micros().to_utc())
            .bind(gap.last_ms.to_micros().to_utc())
            .bind(to_i64("count", gap.count)?)
            .bind(gap.gap.as_str())
            .bind(to_i64("plan", gap.plan)?)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("stage a gap"))?;
    }
    Ok(())
}

/// How much there is of what.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) samples: u64,
    pub(crate) gaps: u64,
    pub(crate) unverifiable: u64,
    pub(crate) differing: u64,
}

/// Compares what was staged with the rows of `[from, to)`.
pub(crate) async fn compare(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Counts, StoreError> {
    let failed = || StoreError::query("compare a day");
    sqlx::raw_sql(EXPECT)
        .execute(&mut *conn)
        .await
        .map_err(failed())?;
    for statement in [COMPARE_SAMPLES, COMPARE_GAPS] {
        let compared = sqlx::query(statement).bind(from).bind(to);
        compared.execute(&mut *conn).await.map_err(failed())?;
    }
    let counted = sqlx::query(UNVERIFIABLE).bind(from).bind(to);
    let row = counted.fetch_one(conn).await.map_err(failed())?;
    let count = |column: &'static str| {
        let value: i64 = row.try_get(column).map_err(failed())?;
        to_u64(column, value)
    };
    Ok(Counts {
        samples: count("samples")?,
        gaps: count("gaps")?,
        unverifiable: count("rawless")?,
        differing: count("differing")?,
    })
}

/// A sample or gap that differs.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) is_gap: bool,
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) agent: String,
    pub(crate) slot_at: DateTime<Utc>,
    /// Attempt of a sample, index of a gap.
    pub(crate) number: i64,
}

/// The first differences that [`compare`] found.
pub(crate) async fn differences(conn: &mut PgConnection) -> Result<Vec<Found>, StoreError> {
    let failed = || StoreError::query("list differences");
    let limit = i64::try_from(DIFFERENCES_MAX).map_err(|_| StoreError::Range { what: "limit" })?;
    let listed = sqlx::query(DIFFERENCES).bind(limit).fetch_all(conn).await;
    let rows = listed.map_err(failed())?;
    rows.iter()
        .map(|row| {
            Ok(Found {
                is_gap: row.try_get("is_gap")?,
                what: row.try_get("what")?,
                target: row.try_get("target")?,
                agent: row.try_get("agent")?,
                slot_at: row.try_get("slot_at")?,
                number: row.try_get("number")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()
        .map_err(failed())
}

/// Makes the rows of `[from, to)` what was staged, and marks the hours that rest on them.
pub(crate) async fn heal(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), StoreError> {
    let failed = || StoreError::query("rewrite a day");
    for statement in [TOUCH, HOLD, DELETE_SAMPLES] {
        let done = sqlx::query(statement).bind(from).bind(to);
        done.execute(&mut *conn).await.map_err(failed())?;
    }
    let healed = sqlx::raw_sql(HEAL).execute(conn).await;
    healed.map(drop).map_err(failed())
}

/// Hours of `[from, to)` that have or should have cells and wait for no recount.
pub(crate) async fn settled_hours(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(TargetHour, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT t.id, t.name, h.hour_at AS "hour_at!"
           FROM (SELECT target_id, hour_at FROM cell WHERE hour_at >= $1 AND hour_at < $2
                 UNION
                 SELECT target_id, date_trunc('hour', started_at, 'UTC') FROM sample
                 WHERE slot_at >= $1 AND slot_at < $2 AND started_at >= $1 AND started_at < $2
                 UNION
                 SELECT g.target_id, s
                 FROM slot_gap g,
                      generate_series(date_trunc('hour', GREATEST(g.first_at, $1), 'UTC'),
                                      LEAST(g.last_at, $2 - interval '1 us'), '1 hour') AS s
                 WHERE g.last_at >= $1 AND g.first_at < $2) h
           JOIN target t ON t.id = h.target_id
           WHERE NOT EXISTS (SELECT FROM cell_dirty d
                             WHERE d.target_id = h.target_id AND d.hour_at = h.hour_at)
           ORDER BY 3, 1"#,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list settled hours"))?;
    let key = |target, hour_at| TargetHour { target, hour_at };
    Ok(rows
        .into_iter()
        .map(|row| (key(row.id, row.hour_at), row.name))
        .collect())
}
