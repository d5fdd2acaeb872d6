//! Sample rows: derived from batches, written by COPY, read back to make cells.

pub(crate) mod class;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Class, Sample, TargetId, UnixMicros, UnixMillis};
use sqlx::PgConnection;

use super::copy::{self, BinaryCopy};
use super::{StoreError, to_i64};

use class::ClassIds;
pub(crate) use read::{Failed, GapRange, Run, failed, gaps, started_in};

/// Columns of a row, in the order of [`write_row`].
const COLUMNS: i16 = 11;

const COPY: &str = "COPY sample (slot_at, started_at, seq, i, end_us, target_id, agent_id,
    attempt, class_id, first_us, output_tokens) FROM STDIN (FORMAT binary)";

const COPY_STAGED: &str = "COPY sample_staged (slot_at, started_at, seq, i, end_us, target_id,
    agent_id, attempt, class_id, first_us, output_tokens) FROM STDIN (FORMAT binary)";

/// What is stored of a sample, and the keys it is stored under.
#[derive(Clone, Debug)]
pub(crate) struct SampleRow {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    pub(crate) target: Arc<TargetId>,
    /// What it has in common with others; never late, which is not known yet.
    pub(crate) class: Arc<Class>,
    pub(crate) i: i64,
    pub(crate) slot: UnixMillis,
    pub(crate) attempt: i32,
    pub(crate) started: UnixMicros,
    pub(crate) end_us: i64,
    pub(crate) first_us: Option<i64>,
    pub(crate) output_tokens: Option<i64>,
}

impl SampleRow {
    /// The row of a sample of batch `seq` of `agent`.
    pub(crate) fn of(
        sample: &Sample,
        (agent, seq): (i32, i64),
        (target, class): (Arc<TargetId>, Arc<Class>),
    ) -> Result<Self, StoreError> {
        let attempt = i32::try_from(sample.attempt);
        let optional = |what, value: Option<u64>| value.map(|v| to_i64(what, v)).transpose();
        Ok(Self {
            agent,
            seq,
            target,
            class,
            i: to_i64("i", sample.i)?,
            slot: sample.slot_ms,
            attempt: attempt.map_err(|_| StoreError::Range { what: "attempt" })?,
            started: sample.wall_us,
            end_us: to_i64("end_us", sample.end_us)?,
            first_us: optional("first_us", sample.first_us)?,
            output_tokens: optional("output_tokens", sample.output_tokens)?,
        })
    }
}

/// Slots that were not run, with the keys they are stored under.
#[derive(Clone, Debug)]
pub(crate) struct GapRow {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    pub(crate) target: TargetId,
    pub(crate) gap: domain::Gap,
}

/// Ids of targets by name, made where they are new.
pub(crate) async fn target_ids(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<BTreeMap<String, i32>, StoreError> {
    let mut targets = known_targets(conn, names).await?;
    let is_new = |name: &&String| !targets.contains_key(*name);
    let new: Vec<String> = names.iter().filter(is_new).cloned().collect();
    if new.is_empty() {
        return Ok(targets); // An insert that finds its row there would use up an id all the same.
    }
    sqlx::query!(
        "INSERT INTO target (name) SELECT * FROM UNNEST($1::text[]) AS n ORDER BY 1
         ON CONFLICT DO NOTHING",
        &new
    )
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("insert targets"))?;
    targets.extend(known_targets(conn, &new).await?);
    Ok(targets)
}

async fn known_targets(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<BTreeMap<String, i32>, StoreError> {
    let rows = sqlx::query!("SELECT id, name FROM target WHERE name = ANY($1)", names)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("find targets"))?;
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}

/// Rows as a COPY stream, in the order of their primary key: neighbours in the table are neighbours
/// in its index. Every target has its id in `targets`, and every class in `classes`.
pub(crate) fn encode<'a>(
    rows: impl IntoIterator<Item = &'a SampleRow>,
    targets: &BTreeMap<String, i32>,
    classes: &ClassIds,
) -> Result<Vec<u8>, StoreError> {
    // Rows come stream by stream, and nearly all of a batch are of one class: looked up once for
    // each, not for each row.
    let mut stream: Option<(&Arc<TargetId>, i32)> = None;
    let mut class: Option<(&Arc<Class>, i32)> = None;
    let mut numbered = Vec::new();
    for row in rows {
        let target = match stream {
            Some((name, id)) if Arc::ptr_eq(name, &row.target) => id,
            _ => id_of(targets, &row.target)?,
        };
        stream = Some((&row.target, target));
        let class_id = match class {
            Some((known, id)) if Arc::ptr_eq(known, &row.class) => id,
            _ => class::id_of(classes, &row.class)?,
        };
        class = Some((&row.class, class_id));
        let key = (target, row.slot, row.agent, row.attempt);
        numbered.push((key, class_id, row));
    }
    numbered.sort_unstable_by_key(|(key, ..)| *key);
    let mut copy = BinaryCopy::new(COLUMNS, numbered.len());
    for ((target, ..), class, row) in numbered {
        write_row(&mut copy, row, (target, class));
    }
    Ok(copy.finish())
}

/// Id of a target that has one.
pub(crate) fn id_of(targets: &BTreeMap<String, i32>, name: &TargetId) -> Result<i32, StoreError> {
    let id = targets.get(name.as_str()).copied();
    id.ok_or_else(|| StoreError::inconsistent("target.name", name))
}

fn write_row(copy: &mut BinaryCopy, row: &SampleRow, (target, class): (i32, i32)) {
    copy.row()
        .timestamp(row.slot.to_micros())
        .timestamp(row.started)
        .i64(Some(row.seq))
        .i64(Some(row.i))
        .i64(Some(row.end_us))
        .i32(target)
        .i32(row.agent)
        .i32(row.attempt)
        .i32(class)
        .i64(row.first_us)
        .i64(row.output_tokens);
}

/// Stores rows of fresh batches, as fast as Postgres takes them. A unique violation means that
/// some natural key is there already: begin the transaction anew and use [`insert_slowly`].
pub(crate) async fn insert(conn: &mut PgConnection, stream: &[u8]) -> Result<(), StoreError> {
    copy::send(conn, COPY, stream).await.map(drop)
}

/// Copies rows into the temporary table `sample_staged` of this connection.
pub(crate) async fn stage(conn: &mut PgConnection, stream: &[u8]) -> Result<(), StoreError> {
    copy::send(conn, COPY_STAGED, stream).await.map(drop)
}

/// Stores rows of which some may be there already; those are kept in `sample_conflict`. Gives
/// how many there were.
pub(crate) async fn insert_slowly(
    conn: &mut PgConnection,
    stream: &[u8],
) -> Result<u64, StoreError> {
    let run = |operation| StoreError::query(operation);
    sqlx::raw_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS sample_staged (LIKE sample) ON COMMIT DELETE ROWS",
    )
    .execute(&mut *conn)
    .await
    .map_err(run("stage samples"))?;
    copy::send(&mut *conn, COPY_STAGED, stream).await?;
    let done = sqlx::raw_sql(
        "WITH fresh AS (
             INSERT INTO sample SELECT * FROM sample_staged ON CONFLICT DO NOTHING
             RETURNING agent_id, seq, target_id, slot_at, attempt
         )
         INSERT INTO sample_conflict
         SELECT DISTINCT agent_id, seq, target_id, slot_at, attempt FROM sample_staged
         EXCEPT SELECT agent_id, seq, target_id, slot_at, attempt FROM fresh
         ON CONFLICT DO NOTHING",
    )
    .execute(conn)
    .await
    .map_err(run("insert staged samples"))?;
    Ok(done.rows_affected())
}

/// Stores gap ranges; repeated ones are there already.
pub(crate) async fn insert_gaps(
    conn: &mut PgConnection,
    rows: &[&GapRow],
    targets: &BTreeMap<String, i32>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let target = |row: &&GapRow| {
        let id = targets.get(row.target.as_str()).copied();
        id.ok_or_else(|| StoreError::inconsistent("target.name", &row.target))
    };
    let number = |what, of: fn(&domain::Gap) -> u64| {
        let numbers = rows.iter().map(|row| to_i64(what, of(&row.gap)));
        numbers.collect::<Result<Vec<_>, _>>()
    };
    let instant = |of: fn(&domain::Gap) -> domain::UnixMillis| {
        let instants = rows.iter().map(|row| of(&row.gap).to_micros().to_utc());
        instants.collect::<Vec<_>>()
    };
    sqlx::query!(
        "INSERT INTO slot_gap
             (agent_id, target_id, i, seq, first_at, last_at, slots, reason, plan)
         SELECT * FROM UNNEST($1::int[], $2::int[], $3::bigint[], $4::bigint[],
                              $5::timestamptz[], $6::timestamptz[], $7::bigint[], $8::text[],
                              $9::bigint[])
         ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING",
        &rows.iter().map(|row| row.agent).collect::<Vec<_>>(),
        &rows.iter().map(target).collect::<Result<Vec<_>, _>>()?,
        &number("i", |gap| gap.i)?,
        &rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
        &instant(|gap| gap.first_ms),
        &instant(|gap| gap.last_ms),
        &number("count", |gap| gap.count)?,
        &rows
            .iter()
            .map(|row| row.gap.gap.as_str())
            .collect::<Vec<_>>() as &[&str],
        &number("plan", |gap| gap.plan)?,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("insert gaps"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::lab::{Lab, utc};

    /// Ids of targets are `INT`: an id for every batch would use them up within weeks.
    #[tokio::test]
    async fn batches_about_known_targets_use_up_no_ids() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T03:00:00Z"));
        let mut lab = Lab::start("ids", from).await;
        lab.measure((from, to), |_| false).await;
        assert_eq!(lab.number("SELECT count(*) FROM batch").await, 6);
        let last = "SELECT last_value FROM target_id_seq";
        assert_eq!(lab.number(last).await, 1);
        lab.stop().await;
    }
}
