//! Sketches of hours that are not marked for a recount anyway, and the sums of their days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::AgentId;
use sqlx::PgConnection;

use super::report::{DayReport, Difference, What};
use super::{Day, Mode};
use crate::job::{cells, latency};
use crate::store::cell::TargetHour;
use crate::store::latency::{ByAgent, Found};
use crate::store::rebuild::DIFFERENCES_MAX;
use crate::store::{self, StoreError};

/// Compares what is stored of a day with what its samples say. Hours that differ are marked, so
/// that they are sketched again; a sum that does not follow from its hours is summed up again.
pub(super) async fn compare(
    conn: &mut PgConnection,
    (day, mode): (Day, Mode),
    report: &mut DayReport,
) -> Result<(), StoreError> {
    let agents = cells::agent_names(conn).await?;
    let mut names = cells::Names::load(conn).await?;
    let mut targets: BTreeMap<i32, String> = BTreeMap::new();
    let mut wrong = BTreeSet::new();
    for (at, target) in store::rebuild::settled_hours(conn, day.start, day.end).await? {
        let expected = match measure(conn, &mut names, at).await {
            Err(failure) if failure.is_about_data() => continue, // Told where its cells are.
            measured => measured?,
        };
        let found = differences(&expected, &store::latency::find_hour(conn, at).await?);
        if !found.is_empty() {
            wrong.insert(at);
            let about = ("latency_hour", target.as_str(), at.hour_at);
            tell(report, about, &found, &agents);
        }
        targets.insert(at.target, target);
    }
    for (key, target) in &targets {
        let expected = store::latency::merge_hours(conn, *key, day).await?;
        let stored = store::latency::find_day(conn, *key, day.date).await?;
        let found = differences(&expected, &stored);
        if !found.is_empty() {
            tell(report, ("latency_day", target, day.start), &found, &agents);
            if mode == Mode::Rewrite {
                latency::roll_up(conn, *key, day).await?;
                report.rewritten = true;
            }
        }
    }
    if mode == Mode::Rewrite && !wrong.is_empty() {
        store::cell::mark(conn, &wrong).await?;
        report.rewritten = true;
    }
    Ok(())
}

async fn measure(
    conn: &mut PgConnection,
    names: &mut cells::Names,
    at: TargetHour,
) -> Result<ByAgent, StoreError> {
    let runs = names.read(conn, at).await?;
    store::latency::measure(&runs, &names.classes)
}

fn differences(expected: &ByAgent, stored: &Found) -> Vec<(What, i32)> {
    let known: BTreeSet<i32> = expected.keys().chain(stored.keys()).copied().collect();
    let what = |agent: &i32| match (expected.get(agent), stored.get(agent)) {
        (Some(_), None) => Some(What::Missing),
        (None, _) => Some(What::Extra),
        (Some(expected), Some(Ok(found))) if expected == found => None,
        (Some(_), Some(_)) => Some(What::Changed),
    };
    let all = known.iter();
    all.filter_map(|agent| Some((what(agent)?, *agent)))
        .collect()
}

fn tell(
    report: &mut DayReport,
    (table, target, slot): (&'static str, &str, DateTime<Utc>),
    found: &[(What, i32)],
    agents: &BTreeMap<i32, AgentId>,
) {
    report.differing += found.len() as u64;
    let room = DIFFERENCES_MAX.saturating_sub(report.differences.len());
    let told = found.iter().take(room).map(|(what, agent)| {
        let name = agents.get(agent);
        Difference {
            table,
            what: *what,
            target: target.to_owned(),
            agent: name.map_or_else(|| agent.to_string(), ToString::to_string),
            slot,
            note: String::new(),
        }
    });
    report.differences.extend(told);
}
