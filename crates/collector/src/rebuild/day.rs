//! One day: staged, compared and, where it is asked for, rewritten, within one snapshot.

use std::collections::BTreeMap;

use sqlx::{Connection as _, PgConnection};

use super::derive::Index;
use super::report::{DayReport, Difference, What};
use super::{Day, Mode, latency, minutes};
use crate::job::cells;
use crate::store::cell::TargetHour;
use crate::store::partition::Table;
use crate::store::rebuild::{self, Found};
use crate::store::{self, StoreError};

pub(super) async fn run(
    conn: &mut PgConnection,
    index: &mut Index,
    day: Day,
    mode: Mode,
) -> Result<DayReport, StoreError> {
    let mut report = DayReport::of(day.date);
    if store::partition::any_dropped(conn, Table::Sample, day.date, day.date).await? {
        report.dropped = true;
        return Ok(report);
    }
    index.follow(conn, day).await?;
    if mode == Mode::Rewrite && index.touches(day.date) {
        store::partition::ensure(conn, Table::Sample, day.date).await?; // Not within: it would block ingest.
    }
    rebuild::prepare(conn).await?;
    let snapshot = conn.begin_with(store::SNAPSHOT).await;
    let mut tx = snapshot.map_err(StoreError::query("begin"))?;
    index.follow(&mut tx, day).await?;
    let staged = index.stage(&mut tx, day).await?;
    report.batches = staged.batches;
    let counts = rebuild::compare(&mut tx, day.start, day.end).await?;
    (report.samples, report.gaps) = (counts.samples, counts.gaps);
    report.unverifiable = counts.unverifiable;
    report.differing = counts.differing;
    let found = rebuild::differences(&mut tx).await?;
    report.differences = found.into_iter().map(Difference::from).collect();
    report
        .differences
        .extend_from_slice(index.unreadable(day.date));
    report.differing += index.unreadable(day.date).len() as u64;
    if mode == Mode::Rewrite && counts.differing > 0 {
        rebuild::heal(&mut tx, day.start, day.end).await?;
        report.rewritten = true;
    }
    compare_cells(&mut tx, day, mode, &mut report).await?;
    latency::compare(&mut tx, (day, mode), &mut report).await?;
    minutes::compare(&mut tx, (day, mode), &staged.minutes, &mut report).await?;
    match mode {
        Mode::Rewrite => tx.commit().await,
        Mode::Check => tx.rollback().await,
    }
    .map_err(StoreError::query("end a day"))?;
    Ok(report)
}

/// Counts the hours anew that are not marked for it anyway.
async fn compare_cells(
    conn: &mut PgConnection,
    day: Day,
    mode: Mode,
    report: &mut DayReport,
) -> Result<(), StoreError> {
    let agents = cells::agent_names(conn).await?;
    let mut names = cells::Names::load(conn).await?;
    for (at, target) in rebuild::settled_hours(conn, day.start, day.end).await? {
        let id = cells::parse_target(&target)?;
        report.cells += 1;
        let computed: BTreeMap<_, _> = match cells::compute(conn, &mut names, at, &id).await {
            Ok(computed) => computed.into_iter().collect(),
            Err(failure) if failure.is_about_data() => {
                // Samples that cannot be counted were told above, unless no batch speaks of them.
                report.differing += 1;
                if report.differences.len() < rebuild::DIFFERENCES_MAX {
                    let note = failure.to_string();
                    let difference = cell_difference(What::Changed, &target, String::new(), at);
                    report.differences.push(Difference { note, ..difference });
                }
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let stored = store::cell::find(conn, at).await?;
        let known = computed.keys().chain(stored.keys());
        let known: std::collections::BTreeSet<_> = known.copied().collect();
        let mut differs = false;
        for agent in known {
            let what = match (computed.get(&agent), stored.get(&agent)) {
                (Some(_), None) => What::Missing,
                (None, _) => What::Extra,
                (Some(expected), Some(Ok(found))) if expected == found => continue,
                (Some(_), Some(_)) => What::Changed,
            };
            differs = true;
            report.differing += 1;
            if report.differences.len() < rebuild::DIFFERENCES_MAX {
                let name = agents.get(&agent);
                let agent = name.map_or_else(|| agent.to_string(), ToString::to_string);
                report
                    .differences
                    .push(cell_difference(what, &target, agent, at));
            }
        }
        if differs && mode == Mode::Rewrite {
            store::cell::forget(conn, at).await?;
            report.rewritten = true;
        }
    }
    Ok(())
}

fn cell_difference(what: What, target: &str, agent: String, at: TargetHour) -> Difference {
    Difference {
        table: "cell",
        what,
        target: target.to_owned(),
        agent,
        slot: at.hour_at,
        note: String::new(),
    }
}

impl From<Found> for Difference {
    fn from(found: Found) -> Self {
        let what = match found.what.as_str() {
            "missing" => What::Missing,
            "extra" => What::Extra,
            _ => What::Changed,
        };
        let table = if found.is_gap { "gap" } else { "sample" };
        let note = if found.is_gap {
            format!("index {}", found.number)
        } else if found.number == 1 {
            String::new()
        } else {
            format!("attempt {}", found.number)
        };
        Self {
            table,
            what,
            target: found.target,
            agent: found.agent,
            slot: found.slot_at,
            note,
        }
    }
}
