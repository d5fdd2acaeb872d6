//! The flushers: tasks that commit whatever has been admitted, as much as fits one transaction.
//! While commits run, the next group gathers: the busier, the larger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use chrono::NaiveDate;
use domain::{Hour, UnixMicros};
use sqlx::{Acquire as _, PgConnection, PgPool};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc, oneshot};
use tracing::{debug, error, warn};
use wire::protocol::{Receipt, ReceiptState};

use super::{Admission, IngestError};
use crate::app::App;
use crate::confirm;
use crate::store::agent_state::Heard;
use crate::store::batch::Before;
use crate::store::cell::TargetHour;
use crate::store::partition::Table;
use crate::store::sample::class::ClassIds;
use crate::store::{self, StoreError};

/// Batches that may wait for the flusher; beyond it senders are told to come back.
const QUEUE_BATCHES_MAX: usize = 512;
/// Rows in one transaction: large enough for COPY's full rate, small enough for its latency.
const FLUSH_ROWS_MAX: usize = 10_000;
/// Transactions at once: while one waits for the disk, the other encodes its rows. They may meet
/// in the same rows as those of two collectors may, and take them in the same order.
pub(crate) const FLUSHERS: usize = 2;
/// Bodies read at once: each may unfold to 64 MiB, and asks the database for its agent.
const READERS_MAX: usize = 4;

/// A batch on its way to the flusher, with the sender who waits.
#[derive(Debug)]
struct Waiting {
    admission: Admission,
    answer: oneshot::Sender<Result<Answer, IngestError>>,
}

/// What is told to the sender of a batch that is committed, or known.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Without what is missing before it.
    pub(crate) receipt: Receipt,
    /// Whether the batch before it is known to be here.
    pub(crate) before: Before,
}

/// Hands admitted batches to the flushers.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    queue: mpsc::Sender<Waiting>,
    readers: Arc<Semaphore>,
}

/// The receiving end, for [`run`].
#[derive(Clone, Debug)]
pub(crate) struct Queue(Arc<Mutex<mpsc::Receiver<Waiting>>>);

/// A queue and its handle.
pub(crate) fn queue() -> (Intake, Queue) {
    let (sender, receiver) = mpsc::channel(QUEUE_BATCHES_MAX);
    let intake = Intake {
        queue: sender,
        readers: Arc::new(Semaphore::new(READERS_MAX)),
    };
    (intake, Queue(Arc::new(Mutex::new(receiver))))
}

impl Intake {
    /// Waits for a turn to read a body; it lasts until the permit is dropped.
    pub(crate) async fn reader(&self) -> Result<SemaphorePermit<'_>, IngestError> {
        self.readers.acquire().await.map_err(|_| IngestError::Busy)
    }

    /// Waits until the batch is committed, or known, or refused.
    pub(crate) async fn submit(&self, admission: Admission) -> Result<Answer, IngestError> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Waiting { admission, answer })
            .map_err(|_| IngestError::Busy)?;
        answered.await.unwrap_or(Err(IngestError::Busy))
    }
}

/// Commits until every [`Intake`] is gone, of which `app` has one: it must not be kept.
pub(crate) async fn run(app: Weak<App>, pool: PgPool, queue: Queue) {
    let mut partitions = BTreeSet::new();
    while let Some(group) = next_group(&queue).await {
        flush_group(&app, &pool, &mut partitions, group).await;
    }
}

/// What waits, up to a transaction's worth, and at least one batch.
async fn next_group(queue: &Queue) -> Option<Vec<Waiting>> {
    let mut waiting = queue.0.lock().await;
    let first = waiting.recv().await?;
    let mut rows = first.admission.samples.len();
    let mut group = vec![first];
    while rows < FLUSH_ROWS_MAX {
        let Ok(next) = waiting.try_recv() else { break };
        rows += next.admission.samples.len();
        group.push(next);
    }
    Some(group)
}

#[tracing::instrument(name = "ingest.group.flush", skip_all, fields(ingest.batches = group.len()))]
async fn flush_group(
    app: &Weak<App>,
    pool: &PgPool,
    partitions: &mut BTreeSet<(Table, NaiveDate)>,
    group: Vec<Waiting>,
) {
    let (admissions, answers): (Vec<_>, Vec<_>) =
        group.into_iter().map(|w| (w.admission, w.answer)).unzip();
    match commit(app, pool, partitions, &admissions).await {
        Ok(states) => {
            debug!(ingest.batches = states.len(), "stored a group of batches");
            for ((admission, answer), state) in admissions.iter().zip(answers).zip(states) {
                reply(answer, answer_to(admission, state));
            }
        }
        Err(failure) => {
            error!(
                error = &failure as &dyn std::error::Error,
                "failed to store batches"
            );
            let busy = "failed to store batches; they may be sent again";
            for answer in answers {
                let source = sqlx::Error::Protocol(busy.into());
                let again = StoreError::Query {
                    operation: "commit a group of batches",
                    source,
                };
                reply(answer, Err(again.into()));
            }
        }
    }
}

/// A sender that hung up will send again, and find its batch stored.
fn reply(
    answer: oneshot::Sender<Result<Answer, IngestError>>,
    result: Result<Answer, IngestError>,
) {
    if answer.send(result).is_err() {
        debug!("sender left before its receipt");
    }
}

/// What became of one batch of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Fresh(Before),
    Duplicate,
    Conflict,
    /// The agent's keys changed after the signature was checked.
    Stale,
}

fn answer_to(admission: &Admission, stored: Stored) -> Result<Answer, IngestError> {
    let seq = store::to_u64("batch.seq", admission.batch.seq)?;
    let agent = admission.agent.clone();
    let (state, before) = match stored {
        Stored::Fresh(before) => (ReceiptState::Stored, before),
        Stored::Duplicate => (ReceiptState::Duplicate, Before::NotSeen),
        Stored::Conflict => return Err(IngestError::Conflict { agent, seq }),
        // Sent again, it is held to the keys as they are now.
        Stored::Stale => return Err(IngestError::Busy),
    };
    let batch = admission.batch.hash.to_string();
    let received_us = UnixMicros::from(admission.batch.received_at);
    let receipt = Receipt {
        agent,
        seq,
        batch,
        state,
        received_us,
        missing_from: None,
    };
    Ok(Answer { receipt, before })
}

pub(crate) async fn commit(
    app: &Weak<App>,
    pool: &PgPool,
    partitions: &mut BTreeSet<(Table, NaiveDate)>,
    group: &[Admission],
) -> Result<Vec<Stored>, StoreError> {
    let mut conn = pool
        .acquire()
        .await
        .map_err(StoreError::query("get a connection"))?;
    for (table, day) in days(group) {
        if !partitions.contains(&(table, day)) {
            store::partition::ensure(&mut conn, table, day).await?;
            partitions.insert((table, day));
        }
    }
    // Before the transaction: what it does not commit must not take back numbers of classes, and who
    // waits for a class must not wait for a whole group.
    let classes = group.iter().flat_map(|a| &a.classes).cloned().collect();
    let classes = store::sample::class::ids(&mut conn, classes).await?;
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
    insert_rows(&mut tx, &new, &classes).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    if let Some(app) = app.upgrade() {
        confirm::issue(&app, &mut conn, &new).await;
    }
    Ok(states)
}

/// The partitions that a group needs.
fn days(group: &[Admission]) -> BTreeSet<(Table, NaiveDate)> {
    let samples = group.iter().flat_map(|a| &a.samples);
    let slots = samples.map(|row| row.sample.slot_ms.to_micros().to_utc());
    let raw = group.iter().map(|a| a.batch.received_at);
    let of = |table| move |at: chrono::DateTime<chrono::Utc>| (table, at.date_naive());
    slots
        .map(of(Table::Sample))
        .chain(raw.map(of(Table::Raw)))
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
    conn: &mut sqlx::Transaction<'_, sqlx::Postgres>,
    new: &[&Admission],
    classes: &ClassIds,
) -> Result<(), StoreError> {
    let names: BTreeSet<&String> = new.iter().flat_map(|a| &a.hours).map(|(t, _)| t).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let targets = store::sample::target_ids(conn, &names).await?;
    let samples = new.iter().flat_map(|a| &a.samples);
    let stream = store::sample::encode(samples, &targets, classes)?;
    insert_samples(conn, &stream).await?;
    let gaps: Vec<_> = new.iter().flat_map(|a| &a.gaps).collect();
    store::sample::insert_gaps(conn, &gaps, &targets).await?;
    insert_own(conn, new).await?;
    store::cell::mark(conn, &touched(new, &targets)).await?;
    let agents: Vec<_> = new.iter().map(|a| a.batch.agent).collect();
    let seqs: Vec<_> = new.iter().map(|a| a.batch.seq).collect();
    store::log::enqueue_batches(conn, &agents, &seqs).await?;
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

/// What the agents say about themselves.
async fn insert_own(conn: &mut PgConnection, new: &[&Admission]) -> Result<(), StoreError> {
    let minutes = store::agent_minute::newest(new.iter().flat_map(|a| &a.minutes));
    store::agent_minute::insert(conn, &minutes).await?;
    let heard = new.iter().map(|admission| Heard {
        agent: admission.batch.agent,
        received_at: admission.batch.received_at,
        told: &admission.told,
    });
    store::agent_state::update(conn, &heard.collect::<Vec<_>>()).await
}

/// COPY where every key is new, as it is but for broken agents; else row by row, keeping what
/// contradicts.
async fn insert_samples(
    tx: &mut sqlx::Transaction<'_, sqlx::Postgres>,
    stream: &[u8],
) -> Result<(), StoreError> {
    let mut attempt = tx
        .begin()
        .await
        .map_err(StoreError::query("set a savepoint"))?;
    match store::sample::insert(&mut attempt, stream).await {
        Ok(()) => attempt
            .commit()
            .await
            .map_err(StoreError::query("release a savepoint")),
        Err(error) if error.is_unique_violation() => {
            attempt
                .rollback()
                .await
                .map_err(StoreError::query("roll back to a savepoint"))?;
            let conflicts = store::sample::insert_slowly(tx, stream).await?;
            warn!(
                ingest.conflicts = conflicts,
                "{conflicts} samples were stored before"
            );
            Ok(())
        }
        Err(error) => Err(error),
    }
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
