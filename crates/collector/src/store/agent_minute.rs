//! Whether the agents' own networks carried, minute by minute.
//!
//! A row is what the line of the highest index says about its minute, in whatever order batches
//! arrive: an agent that starts anew within a minute writes a second line about it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{AgentId, Minute, UnixMillis};
use sla::CutOff;
use sqlx::PgConnection;

use super::cell::TargetHour;
use super::{StoreError, to_i64};

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AgentMinute {
    pub(crate) agent: i32,
    pub(crate) minute: Minute,
    pub(crate) seq: i64,
    pub(crate) i: u64,
    pub(crate) controls: i32,
    pub(crate) controls_ok: i32,
}

impl AgentMinute {
    /// Whether controls were asked and none answered.
    pub(crate) const fn is_cut_off(&self) -> bool {
        self.controls > 0 && self.controls_ok == 0
    }
}

/// Agent and minute.
pub(crate) type Key = (i32, Minute);

/// Of several rows about one minute, the one that counts.
pub(crate) fn newest<'a>(
    rows: impl IntoIterator<Item = &'a AgentMinute>,
) -> BTreeMap<Key, AgentMinute> {
    let mut newest: BTreeMap<Key, AgentMinute> = BTreeMap::new();
    for row in rows {
        let known = newest.entry((row.agent, row.minute)).or_insert(*row);
        if known.i < row.i {
            *known = *row;
        }
    }
    newest
}

fn at(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

/// Stores rows, one for each key, where nothing newer is known. Gives the keys of those by which
/// an agent is cut off, or may have been until now: few.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    rows: &BTreeMap<Key, AgentMinute>,
) -> Result<Vec<Key>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let column = |of: fn(&AgentMinute) -> i32| rows.values().map(of).collect::<Vec<_>>();
    let indexes = rows.values().map(|row| to_i64("i", row.i));
    // A row that replaced another has an `xmax`; what the other said is not known any more.
    let turned = sqlx::query!(
        r#"WITH stored AS (
               INSERT INTO agent_minute (agent_id, minute_at, seq, i, controls, controls_ok)
               SELECT * FROM UNNEST($1::int[], $2::timestamptz[], $3::bigint[], $4::bigint[],
                                    $5::int[], $6::int[]) AS n ORDER BY 1, 2
               ON CONFLICT (agent_id, minute_at) DO UPDATE
               SET seq = EXCLUDED.seq, i = EXCLUDED.i, controls = EXCLUDED.controls,
                   controls_ok = EXCLUDED.controls_ok
               WHERE EXCLUDED.i > agent_minute.i
               RETURNING agent_id, minute_at,
                         (controls > 0 AND controls_ok = 0) OR xmax <> 0 AS is_turned)
           SELECT agent_id AS "agent_id!", minute_at AS "minute_at!" FROM stored
           WHERE is_turned"#,
        &column(|row| row.agent),
        &rows.values().map(|row| at(row.minute)).collect::<Vec<_>>(),
        &rows.values().map(|row| row.seq).collect::<Vec<_>>(),
        &indexes.collect::<Result<Vec<_>, _>>()?,
        &column(|row| row.controls),
        &column(|row| row.controls_ok),
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("insert minutes of agents"))?;
    let turned = turned.into_iter();
    let key = |agent, at: DateTime<Utc>| (agent, UnixMillis::from(at).minute());
    Ok(turned.map(|row| key(row.agent_id, row.minute_at)).collect())
}

/// The hours whose conditions rest on some minutes of agents: those of every target that the agent
/// has ever looked at.
pub(crate) async fn hours_on(
    conn: &mut PgConnection,
    keys: &[Key],
) -> Result<BTreeSet<TargetHour>, StoreError> {
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = sqlx::query!(
        r#"SELECT DISTINCT l.target_id, date_trunc('hour', k.minute_at, 'UTC') AS "hour_at!"
           FROM UNNEST($1::int[], $2::timestamptz[]) AS k (agent_id, minute_at)
           JOIN stream_latest l ON l.agent_id = k.agent_id"#,
        &keys.iter().map(|(agent, _)| *agent).collect::<Vec<_>>(),
        &keys
            .iter()
            .map(|(_, minute)| at(*minute))
            .collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find what rests on minutes of agents"))?;
    let hours = rows.into_iter().map(|row| TargetHour {
        target: row.target_id,
        hour_at: row.hour_at,
    });
    Ok(hours.collect())
}

/// In which minutes of some hours, by their starts, which agents were cut off.
pub(crate) async fn cut_off(
    conn: &mut PgConnection,
    hours: &BTreeSet<DateTime<Utc>>,
) -> Result<CutOff, StoreError> {
    let hours: Vec<DateTime<Utc>> = hours.iter().copied().collect();
    let rows = sqlx::query!(
        "SELECT a.name, m.minute_at
         FROM UNNEST($1::timestamptz[]) AS h (hour_at)
         JOIN agent_minute m ON m.minute_at >= h.hour_at
                            AND m.minute_at < h.hour_at + interval '1 hour'
         JOIN agent a ON a.id = m.agent_id
         WHERE m.controls > 0 AND m.controls_ok = 0",
        &hours,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find when agents were cut off"))?;
    let minutes = rows.into_iter().map(|row| {
        let agent: Result<AgentId, _> = row.name.parse();
        let agent = agent.map_err(|_| StoreError::inconsistent("agent.name", &row.name))?;
        Ok((agent, UnixMillis::from(row.minute_at).minute()))
    });
    minutes.collect()
}

/// The rows of `[from, to)`, each with whether the raw bytes of its batch are here.
pub(crate) async fn list(
    conn: &mut PgConnection,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(AgentMinute, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT m.agent_id, m.minute_at, m.seq, m.i, m.controls, m.controls_ok,
                  COALESCE(b.body, r.body) IS NOT NULL AS "has_raw!"
           FROM agent_minute m
           LEFT JOIN batch b ON b.agent_id = m.agent_id AND b.seq = m.seq
           LEFT JOIN batch_raw r ON r.received_at = b.received_at
                AND r.agent_id = b.agent_id AND r.seq = b.seq
           WHERE m.minute_at >= $1 AND m.minute_at < $2
           ORDER BY m.agent_id, m.minute_at"#,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list minutes of agents"))?;
    rows.into_iter()
        .map(|row| {
            let minute = AgentMinute {
                agent: row.agent_id,
                minute: UnixMillis::from(row.minute_at).minute(),
                seq: row.seq,
                i: super::to_u64("agent_minute.i", row.i)?,
                controls: row.controls,
                controls_ok: row.controls_ok,
            };
            Ok((minute, row.has_raw))
        })
        .collect()
}

/// Removes rows.
pub(crate) async fn delete(conn: &mut PgConnection, keys: &[Key]) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM agent_minute m
         USING UNNEST($1::int[], $2::timestamptz[]) AS k (agent_id, minute_at)
         WHERE m.agent_id = k.agent_id AND m.minute_at = k.minute_at",
        &keys.iter().map(|(agent, _)| *agent).collect::<Vec<_>>(),
        &keys
            .iter()
            .map(|(_, minute)| at(*minute))
            .collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("delete minutes of agents"))?;
    Ok(())
}

/// Removes the rows before a moment; how many there were.
pub(crate) async fn drop_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!("DELETE FROM agent_minute WHERE minute_at < $1", before)
        .execute(conn)
        .await
        .map_err(StoreError::query("drop minutes of agents"))?;
    Ok(done.rows_affected())
}
