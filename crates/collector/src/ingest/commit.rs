//! The transaction of a group of batches: ledger, raw bytes, samples, marks, and what pages show; all of
//! it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::Hour;
use sqlx::{Connection as _, PgConnection};
use tracing::{error, warn};

use super::Admission;
use crate::store::agent_state::Heard;
use crate::store::batch::Before;
use crate::store::cell::TargetHour;
use crate::store::partition::Table;
use crate::store::sample::class::ClassIds;
use crate::store::{self, StoreError};

/// The partitions that are known to be there.
pub(crate) type Partitions = BTreeSet<(Table, NaiveDate)>;

/// What became of one batch of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Fresh(Before),
    Duplicate,
    Conflict,
    /// The agent's keys changed after the signature was checked.
    Stale,
}

/// How samples come into their table.
#[derive(Clone, Copy)]
enum Way {
    /// Every key is new, as it is but for broken agents.
    Copied,
    /// Row by row, keeping what contradicts.
    Compared,
}

/// Stores a group in one transaction.
pub(crate) async fn commit(
    conn: &mut PgConnection,
    partitions: &mut Partitions,
    group: &[Admission],
) -> Result<Vec<Stored>, StoreError> {
    for (table, day) in days(group) {
        if !partitions.contains(&(table, day)) {
            store::partition::ensure(&mut *conn, table, day).await?;
            partitions.insert((table, day));
        }
    }
    // Before the transaction: what it does not commit must not take back numbers of classes, and who
    // waits for a class must not wait for a whole group.
    let classes = group.iter().flat_map(|a| &a.classes).cloned().collect();
    let classes = store::sample::class::ids(&mut *conn, classes).await?;
    match store_all(conn, (group, &classes), Way::Copied).await {
        Err(error) if error.is_unique_violation() => {
            store_all(conn, (group, &classes), Way::Compared).await
        }
        result => result,
    }
}

async fn store_all(
    conn: &mut PgConnection,
    (group, classes): (&[Admission], &ClassIds),
    way: Way,
) -> Result<Vec<Stored>, StoreError> {
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    let agents: Vec<i32> = group.iter().map(|a| a.batch.agent).collect();
    let keys = store::agent::hold_keys(&mut tx, &agents).await?;
    let is_current = |a: &Admission| keys.get(&a.batch.agent) == Some(&a.keys);
    let current: Vec<&Admission> = group.iter().filter(|a| is_current(a)).collect();
    let mut fresh = insert_ledger(&mut tx, &current).await?.into_iter();
    let mut states = Vec::with_capacity(group.len());
    let mut new = Vec::new();
    for admission in group {
        if !is_current(admission) {
            states.push(Stored::Stale);
        } else if let Some(Some(before)) = fresh.next() {
            new.push(admission);
            states.push(Stored::Fresh(before));
        } else {
            states.push(compare(&mut tx, admission).await?);
        }
    }
    insert_rows(&mut tx, (&new, classes), way).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(states)
}

/// The partitions that a group needs.
fn days(group: &[Admission]) -> BTreeSet<(Table, NaiveDate)> {
    let samples = group.iter().flat_map(|a| &a.days);
    let raw = group.iter().map(|a| a.batch.received_at.date_naive());
    samples
        .map(|day| (Table::Sample, *day))
        .chain(raw.map(|day| (Table::Raw, day)))
        .collect()
}

/// What stands before the batches of the group that are new. Of two with the same number, the first
/// counts.
async fn insert_ledger(
    conn: &mut PgConnection,
    group: &[&Admission],
) -> Result<Vec<Option<Before>>, StoreError> {
    let mut firsts = BTreeMap::new();
    for (place, admission) in group.iter().enumerate() {
        firsts
            .entry((admission.batch.agent, admission.batch.seq))
            .or_insert(place);
    }
    let batches: Vec<_> = firsts.values().map(|place| &group[*place].batch).collect();
    let fresh = store::batch::insert(conn, &batches).await?;
    let before = |(place, admission): (usize, &&Admission)| {
        let key = (admission.batch.agent, admission.batch.seq);
        let is_first = firsts.get(&key) == Some(&place);
        is_first.then(|| fresh.get(&key).copied()).flatten()
    };
    Ok(group.iter().enumerate().map(before).collect())
}

/// Same bytes again, or other bytes under a number that is taken.
async fn compare(conn: &mut PgConnection, admission: &Admission) -> Result<Stored, StoreError> {
    let batch = &admission.batch;
    let stored = store::batch::find_hash(conn, batch.agent, batch.seq).await?;
    if stored == Some(batch.hash) {
        return Ok(Stored::Duplicate);
    }
    error!(
        agent.id = %admission.agent, batch.seq = batch.seq,
        "agent {} sent other bytes as batch {}: cloned or broken", admission.agent, batch.seq
    );
    store::batch::insert_conflict(conn, batch).await?;
    Ok(Stored::Conflict)
}

async fn insert_rows(
    conn: &mut PgConnection,
    (new, classes): (&[&Admission], &ClassIds),
    way: Way,
) -> Result<(), StoreError> {
    let names: BTreeSet<&String> = new.iter().flat_map(|a| &a.hours).map(|(t, _)| t).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let targets = store::sample::target_ids(conn, &names).await?;
    let samples = new.iter().flat_map(|a| &a.samples);
    let stream = store::sample::encode(samples, &targets, classes)?;
    match way {
        Way::Copied => store::sample::insert(conn, &stream).await?,
        Way::Compared => {
            let conflicts = store::sample::insert_slowly(conn, &stream).await?;
            warn!(
                ingest.conflicts = conflicts,
                "{conflicts} samples were stored before"
            );
        }
    }
    let gaps: Vec<_> = new.iter().flat_map(|a| &a.gaps).collect();
    store::sample::insert_gaps(conn, &gaps, &targets).await?;
    let mut hours = insert_own(conn, new).await?;
    hours.append(&mut touched(new, &targets));
    store::cell::mark(conn, &hours).await?;
    keep_for_pages(conn, new, &targets).await
}

/// What pages show. It comes last: two transactions meet in these rows, and the second then waits
/// for no more than the first one's commit.
async fn keep_for_pages(
    conn: &mut PgConnection,
    new: &[&Admission],
    targets: &BTreeMap<String, i32>,
) -> Result<(), StoreError> {
    let batches: Vec<_> = new.iter().map(|admission| &admission.batch).collect();
    store::delivered::add(conn, &batches).await?;
    let samples = new.iter().map(|admission| admission.samples.as_slice());
    let newest = store::stream_latest::newest(samples);
    store::stream_latest::update(conn, &newest, targets).await
}

/// What the agents say about themselves. Gives the hours whose conditions rest on it.
async fn insert_own(
    conn: &mut PgConnection,
    new: &[&Admission],
) -> Result<BTreeSet<TargetHour>, StoreError> {
    let minutes = store::agent_minute::newest(new.iter().flat_map(|a| &a.minutes));
    let turned = store::agent_minute::insert(conn, &minutes).await?;
    let heard = new.iter().map(|admission| Heard {
        agent: admission.batch.agent,
        received_at: admission.batch.received_at,
        told: &admission.told,
    });
    store::agent_state::update(conn, &heard.collect::<Vec<_>>()).await?;
    store::agent_minute::hours_on(conn, &turned).await
}

fn touched(new: &[&Admission], targets: &BTreeMap<String, i32>) -> BTreeSet<TargetHour> {
    let hours = new.iter().flat_map(|a| &a.hours);
    hours
        .filter_map(|(name, hour)| {
            let hour_at = Hour::new(*hour).first_minute().start().to_micros().to_utc();
            targets.get(name).map(|target| TargetHour {
                target: *target,
                hour_at,
            })
        })
        .collect()
}
