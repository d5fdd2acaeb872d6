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
    let clocks: Vec<_> = of_each(&newest, |newest| newest.clock);
    let loads: Vec<_> = of_each(&newest, |newest| newest.load);
    let boots: Vec<_> = of_each(&newest, |newest| newest.boot);
    update_clocks(conn, &clocks).await?;
    update_loads(conn, &loads).await?;
    update_boots(conn, &boots).await
}

/// A line with its agent and when it was received.
type Line<'a, T> = (i32, DateTime<Utc>, &'a T);

/// Of every agent that told, its newest line of one kind.
fn of_each<'a, T>(
    newest: &BTreeMap<i32, Newest<'a>>,
    kind: fn(&Newest<'a>) -> Last<'a, T>,
) -> Vec<Line<'a, T>> {
    let lines = newest.iter();
    let lines = lines.filter_map(|(agent, newest)| Some((*agent, kind(newest)?)));
    lines.map(|(agent, (at, line))| (agent, at, line)).collect()
}

/// The last line of a kind, and when it was received.
type Last<'a, T> = Option<(DateTime<Utc>, &'a T)>;

/// The last line of each kind.
#[derive(Default)]
struct Newest<'a> {
    clock: Last<'a, TimeLine>,
    load: Last<'a, SysLine>,
    boot: Last<'a, SysLine>,
}

fn keep<'a, T>(
    known: &mut Last<'a, T>,
    (at, line): (DateTime<Utc>, Option<&'a T>),
    index: impl Fn(&T) -> u64,
) {
    if let Some(line) = line
        && known.is_none_or(|(_, known)| index(known) < index(line))
    {
        *known = Some((at, line));
    }
}

fn column<'a, T, V>(lines: &[Line<'a, T>], of: impl Fn(&'a T) -> V) -> Vec<V> {
    lines.iter().map(|(_, _, line)| of(line)).collect()
}

fn numbers<'a, T>(
    lines: &[Line<'a, T>],
    what: &'static str,
    of: impl Fn(&'a T) -> Option<u64>,
) -> Result<Vec<Option<i64>>, StoreError> {
    let numbers = lines.iter().map(|(_, _, line)| of(line));
    numbers
        .map(|number| number.map(|number| to_i64(what, number)).transpose())
        .collect()
}

fn agents<T>(lines: &[Line<'_, T>]) -> Vec<i32> {
    lines.iter().map(|(agent, ..)| *agent).collect()
}

fn times<T>(lines: &[Line<'_, T>]) -> Vec<DateTime<Utc>> {
    lines.iter().map(|(_, at, _)| *at).collect()
}

async fn update_clocks(
    conn: &mut PgConnection,
    lines: &[Line<'_, TimeLine>],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, clock_i, clock_received_at, clock_source,
                                  clock_offset_us, clock_bound_us, clock_synced,
                                  collector_offset_us, collector_bound_us)
         SELECT * FROM UNNEST($1::int[], $2::bigint[], $3::timestamptz[], $4::text[],
                              $5::bigint[], $6::bigint[], $7::boolean[], $8::bigint[],
                              $9::bigint[]) ORDER BY 1
         ON CONFLICT (agent_id) DO UPDATE
         SET clock_i = EXCLUDED.clock_i, clock_received_at = EXCLUDED.clock_received_at,
             clock_source = EXCLUDED.clock_source, clock_offset_us = EXCLUDED.clock_offset_us,
             clock_bound_us = EXCLUDED.clock_bound_us, clock_synced = EXCLUDED.clock_synced,
             collector_offset_us = EXCLUDED.collector_offset_us,
             collector_bound_us = EXCLUDED.collector_bound_us
         WHERE (agent_state.clock_i >= EXCLUDED.clock_i) IS NOT TRUE",
        &agents(lines),
        &numbers(lines, "i", |line| Some(line.i))? as &[Option<i64>],
        &times(lines),
        &column(lines, |line| line.source.as_str()) as &[&str],
        &column(lines, |line| line.offset_us) as &[Option<i64>],
        &numbers(lines, "bound_us", |line| line.bound_us)? as &[Option<i64>],
        &column(lines, |line| line.synced) as &[Option<bool>],
        &column(lines, |line| line.collector_offset_us) as &[Option<i64>],
        &numbers(lines, "collector_bound_us", |line| line.collector_bound_us)? as &[Option<i64>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store the clocks of agents"))?;
    Ok(())
}

async fn update_loads(
    conn: &mut PgConnection,
    lines: &[Line<'_, SysLine>],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, load_i, load_received_at, plan, lag_us_max,
                                  cpu_permille, rss_kib)
         SELECT * FROM UNNEST($1::int[], $2::bigint[], $3::timestamptz[], $4::bigint[],
                              $5::bigint[], $6::bigint[], $7::bigint[]) ORDER BY 1
         ON CONFLICT (agent_id) DO UPDATE
         SET load_i = EXCLUDED.load_i, load_received_at = EXCLUDED.load_received_at,
             plan = EXCLUDED.plan, lag_us_max = EXCLUDED.lag_us_max,
             cpu_permille = EXCLUDED.cpu_permille, rss_kib = EXCLUDED.rss_kib
         WHERE (agent_state.load_i >= EXCLUDED.load_i) IS NOT TRUE",
        &agents(lines),
        &numbers(lines, "i", |line| Some(line.i))? as &[Option<i64>],
        &times(lines),
        &numbers(lines, "plan", |line| line.plan)? as &[Option<i64>],
        &numbers(lines, "lag_us_max", |line| line.lag_us_max)? as &[Option<i64>],
        &column(lines, |line| line.cpu_permille.map(i64::from)) as &[Option<i64>],
        &numbers(lines, "rss_kib", |line| line.rss_kib)? as &[Option<i64>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store the load of agents"))?;
    Ok(())
}

async fn update_boots(
    conn: &mut PgConnection,
    lines: &[Line<'_, SysLine>],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO agent_state (agent_id, boot_i, boot_received_at, build, version)
         SELECT * FROM UNNEST($1::int[], $2::bigint[], $3::timestamptz[], $4::text[],
                              $5::text[]) ORDER BY 1
         ON CONFLICT (agent_id) DO UPDATE
         SET boot_i = EXCLUDED.boot_i, boot_received_at = EXCLUDED.boot_received_at,
             build = EXCLUDED.build, version = EXCLUDED.version
         WHERE (agent_state.boot_i >= EXCLUDED.boot_i) IS NOT TRUE",
        &agents(lines),
        &numbers(lines, "i", |line| Some(line.i))? as &[Option<i64>],
        &times(lines),
        &column(lines, |line| line.build.as_deref()) as &[Option<&str>],
        &column(lines, |line| line.version.as_deref()) as &[Option<&str>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store the programs of agents"))?;
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
