//! The minutes of agents: few rows, compared in memory.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::AgentId;
use sqlx::PgConnection;

use super::report::{DayReport, Difference, What};
use super::{Day, Mode};
use crate::job::assess::utc;
use crate::job::cells;
use crate::store::agent_minute::{self, AgentMinute, Key};
use crate::store::rebuild::DIFFERENCES_MAX;
use crate::store::{self, StoreError};

/// Compares what is stored of a day with what its batches say, and rewrites what differs. Rows
/// whose batch is no longer here cannot be held against anything. Conditions that rest on what is
/// rewritten are derived anew.
pub(super) async fn compare(
    conn: &mut PgConnection,
    (day, mode): (Day, Mode),
    expected: &BTreeMap<Key, AgentMinute>,
    report: &mut DayReport,
) -> Result<(), StoreError> {
    let names = cells::agent_names(conn).await?;
    let mut left = expected.clone();
    let mut wrong: Vec<(What, Key)> = Vec::new();
    let mut turned: Vec<Key> = Vec::new();
    for (stored, has_raw) in agent_minute::list(conn, (day.start, day.end)).await? {
        let key = (stored.agent, stored.minute);
        let what = match left.remove(&key) {
            Some(expected) if expected == stored => continue,
            _ if !has_raw => {
                report.unverifiable += 1;
                continue;
            }
            Some(_) => What::Changed,
            None => What::Extra,
        };
        wrong.push((what, key));
        if stored.is_cut_off() {
            turned.push(key);
        }
    }
    wrong.extend(left.keys().map(|key| (What::Missing, *key)));
    report.differing += wrong.len() as u64;
    let room = DIFFERENCES_MAX.saturating_sub(report.differences.len());
    let told = wrong.iter().take(room);
    report
        .differences
        .extend(told.map(|(what, key)| difference(*what, *key, &names)));
    if mode == Mode::Rewrite && !wrong.is_empty() {
        let keys: Vec<Key> = wrong.into_iter().map(|(_, key)| key).collect();
        agent_minute::delete(conn, &keys).await?;
        let right = keys.iter().filter_map(|key| expected.get(key));
        turned.extend(agent_minute::insert(conn, &agent_minute::newest(right)).await?);
        mark(conn, &turned).await?;
        report.rewritten = true;
    }
    Ok(())
}

/// Marks the hours from the first to the last of some minutes, of all targets: which an agent looked
/// at is derived, too, and may be wrong.
async fn mark(conn: &mut PgConnection, turned: &[Key]) -> Result<(), StoreError> {
    let minutes = || turned.iter().map(|(_, minute)| *minute);
    let Some((first, last)) = minutes().min().zip(minutes().max()) else {
        return Ok(());
    };
    store::cell::mark_span(conn, utc(first), utc(last)).await
}

fn difference(what: What, (agent, minute): Key, names: &BTreeMap<i32, AgentId>) -> Difference {
    let slot: DateTime<Utc> = minute.start().to_micros().to_utc();
    Difference {
        table: "agent_minute",
        what,
        target: String::new(),
        agent: names
            .get(&agent)
            .map_or_else(|| agent.to_string(), ToString::to_string),
        slot,
        note: String::new(),
    }
}
