//! How each agent is now, by its own newest lines.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use wire::reserved::{SysEvent, SysLine, TimeLine};

use super::{StoreError, to_i64};

/// What a batch says about its agent's clock and load; of each kind the last line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) clock: Option<TimeLine>,
    pub(crate) load: Option<SysLine>,
    pub(crate) boot: Option<SysLine>,
}

impl Told {
    pub(crate) fn hear(&mut self, line: &SysLine) {
        if line.event == SysEvent::Boot {
            self.boot = Some(line.clone());
        }
        self.load = Some(line.clone());
    }
}

/// What was told of one agent, and when it was received.
#[derive(Clone, Debug)]
pub(crate) struct Heard<'a> {
    pub(crate) agent: i32,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) told: &'a Told,
}

/// Stores what is newer than what is known. Agents are taken in their order, so that concurrent
/// flushes cannot deadlock.
pub(crate) async fn update(conn: &mut PgConnection, all: &[Heard<'_>]) -> Result<(), StoreError> {
    let mut newest: BTreeMap<i32, Newest<'_>> = BTreeMap::new();
    for heard in all {
        let (newest, at) = (newest.entry(heard.agent).or_default(), heard.received_at);
        let Told { clock, load, boot } = heard.told;
        keep(&mut newest.clock, (at, clock.as_ref()), |line| line.i);
        keep(&mut newest.load, (at, load.as_ref()), |line| line.i);
        keep(&mut newest.boot, (at, boot.as_ref()), |line| line.i);
    }
    for (agent, newest) in newest {
        if let Some((at, line)) = newest.clock {
            update_clock(conn, (agent, at), line).await?;
        }
        if let Some((at, line)) = newest.load {
            update_load(conn, (agent, at), line).await?;
        }
        if let Some((at, line)) = newest.boot {
            update_boot(conn, (agent, at), line).await?;
        }
    }
    Ok(())
}

/// The last line of each kind, and when it was received.
#[derive(Default)]
struct Newest<'a> {
    clock: Option<(DateTime<Utc>, &'a TimeLine)>,
    load: Option<(DateTime<Utc>, &'a SysLine)>,
    boot: Option<(DateTime<Utc>, &'a SysLine)>,
}

fn keep<'a, T>(
    known: &mut Option<(DateTime<Utc>, &'a T)>,
    (at, line): (DateTime<Utc>, Option<&'a T>),
    index: impl Fn(&T) -> u64,
) {
    if let Some(line) = line
        && known.is_none_or(|(_, known)| index(known) < index(line))
    {
        *known = Some((at, line));
    }
}

fn optional(what: &'static str, value: Option<u64>) -> Result<Option<i64>, StoreError> {
    value.map(|value| to_i64(what, value)).transpose()
}

async fn update_clock(
    conn: &mut PgConnection,
    (agent, at): (i32, DateTime<Utc>),
    line: &TimeLine,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, clock_i, clock_received_at, clock_source,
                                  clock_offset_us, clock_bound_us, clock_synced,
                                  collector_offset_us, collector_bound_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (agent_id) DO UPDATE
         SET clock_i = EXCLUDED.clock_i, clock_received_at = EXCLUDED.clock_received_at,
             clock_source = EXCLUDED.clock_source, clock_offset_us = EXCLUDED.clock_offset_us,
             clock_bound_us = EXCLUDED.clock_bound_us, clock_synced = EXCLUDED.clock_synced,
             collector_offset_us = EXCLUDED.collector_offset_us,
             collector_bound_us = EXCLUDED.collector_bound_us
         WHERE (agent_state.clock_i >= EXCLUDED.clock_i) IS NOT TRUE",
        agent,
        to_i64("i", line.i)?,
        at,
        line.source.as_str(),
        line.offset_us,
        optional("bound_us", line.bound_us)?,
        line.synced,
        line.collector_offset_us,
        optional("collector_bound_us", line.collector_bound_us)?,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store an agent's clock"))?;
    Ok(())
}

async fn update_load(
    conn: &mut PgConnection,
    (agent, at): (i32, DateTime<Utc>),
    line: &SysLine,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, load_i, load_received_at, plan, lag_us_max,
                                  cpu_permille, rss_kib)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agent_id) DO UPDATE
         SET load_i = EXCLUDED.load_i, load_received_at = EXCLUDED.load_received_at,
             plan = EXCLUDED.plan, lag_us_max = EXCLUDED.lag_us_max,
             cpu_permille = EXCLUDED.cpu_permille, rss_kib = EXCLUDED.rss_kib
         WHERE (agent_state.load_i >= EXCLUDED.load_i) IS NOT TRUE",
        agent,
        to_i64("i", line.i)?,
        at,
        optional("plan", line.plan)?,
        optional("lag_us_max", line.lag_us_max)?,
        line.cpu_permille.map(i64::from),
        optional("rss_kib", line.rss_kib)?,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store an agent's load"))?;
    Ok(())
}

async fn update_boot(
    conn: &mut PgConnection,
    (agent, at): (i32, DateTime<Utc>),
    line: &SysLine,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, boot_i, boot_received_at, build, version)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (agent_id) DO UPDATE
         SET boot_i = EXCLUDED.boot_i, boot_received_at = EXCLUDED.boot_received_at,
             build = EXCLUDED.build, version = EXCLUDED.version
         WHERE (agent_state.boot_i >= EXCLUDED.boot_i) IS NOT TRUE",
        agent,
        to_i64("i", line.i)?,
        at,
        line.build.as_deref(),
        line.version.as_deref(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store an agent's program"))?;
    Ok(())
}

/// How an agent is, by its own word, as the API shows it; what is unknown is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AgentState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock_offset_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock_bound_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clock_synced: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) collector_offset_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lag_us_max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_permille: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rss_kib: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) build: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Controls asked in the newest minute in which something was probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controls: Option<i32>,
    /// Of these, those that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controls_ok: Option<i32>,
}

/// Every agent that has told anything, by name.
pub(crate) async fn list(
    conn: &mut PgConnection,
) -> Result<BTreeMap<String, AgentState>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, s.clock_source, s.clock_offset_us, s.clock_bound_us, s.clock_synced,
                  s.collector_offset_us, s.plan, s.lag_us_max, s.cpu_permille, s.rss_kib, s.build,
                  s.version, m.controls AS "controls?", m.controls_ok AS "controls_ok?"
           FROM agent_state s JOIN agent a ON a.id = s.agent_id
           LEFT JOIN LATERAL (SELECT controls, controls_ok FROM agent_minute
                              WHERE agent_id = s.agent_id
                              ORDER BY minute_at DESC LIMIT 1) m ON true"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the states of agents"))?;
    let states = rows.into_iter().map(|row| {
        let state = AgentState {
            clock_source: row.clock_source,
            clock_offset_us: row.clock_offset_us,
            clock_bound_us: row.clock_bound_us,
            clock_synced: row.clock_synced,
            collector_offset_us: row.collector_offset_us,
            plan: row.plan,
            lag_us_max: row.lag_us_max,
            cpu_permille: row.cpu_permille,
            rss_kib: row.rss_kib,
            build: row.build,
            version: row.version,
            controls: row.controls,
            controls_ok: row.controls_ok,
        };
        (row.name, state)
    });
    Ok(states.collect())
}
