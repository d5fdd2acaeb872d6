//! The flushers: tasks that commit whatever has been admitted, as much as fits one transaction.
//! While commits run, the next group gathers: the busier, the larger.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use domain::UnixMicros;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit, mpsc, oneshot};
use tracing::{debug, error};
use wire::protocol::{Receipt, ReceiptState};

use super::commit::{Partitions, Stored, commit};
use super::{Admission, IngestError};
use crate::app::App;
use crate::confirm;
use crate::store::batch::Before;
use crate::store::{self, StoreError};

/// Batches that may wait for the flusher; beyond it senders are told to come back.
const QUEUE_BATCHES_MAX: usize = 512;
/// Rows in one transaction: large enough for COPY's full rate, small enough for its latency.
const FLUSH_ROWS_MAX: usize = 10_000;
/// Transactions at once: while one waits for the disk, the other encodes its rows. They may meet
/// in the same rows as those of two collectors may, and take them in the same order.
pub(crate) const FLUSHERS: usize = 3;
/// Bodies read at once: each may unfold to 64 MiB, and asks the database for its agent.
const READERS_MAX: usize = 2;

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
    /// Agents and numbers of the batches that wait, or are being committed.
    under_way: Arc<std::sync::Mutex<BTreeSet<(i32, i64)>>>,
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
        under_way: Arc::default(),
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
        let _under_way = UnderWay::enter(self, (admission.batch.agent, admission.batch.seq));
        self.queue
            .try_send(Waiting { admission, answer })
            .map_err(|_| IngestError::Busy)?;
        answered.await.unwrap_or(Err(IngestError::Busy))
    }

    /// Whether a batch is about to be stored, or refused to a sender who then sends it again.
    pub(crate) fn is_under_way(&self, agent: i32, seq: i64) -> bool {
        let under_way = self.under_way.lock();
        under_way.is_ok_and(|batches| batches.contains(&(agent, seq)))
    }
}

/// A batch, until its sender is answered or has gone.
struct UnderWay<'a>(&'a Intake, (i32, i64));

impl<'a> UnderWay<'a> {
    fn enter(intake: &'a Intake, batch: (i32, i64)) -> Self {
        if let Ok(mut batches) = intake.under_way.lock() {
            batches.insert(batch);
        }
        Self(intake, batch)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Ok(mut batches) = self.0.under_way.lock() {
            batches.remove(&self.1);
        }
    }
}

/// Commits until every [`Intake`] is gone, of which `app` has one: it must not be kept.
pub(crate) async fn run(app: Weak<App>, pool: PgPool, queue: Queue) {
    let mut flusher = Flusher {
        app,
        pool,
        conn: None,
        partitions: Partitions::new(),
    };
    while let Some(group) = next_group(&queue).await {
        flusher.flush(group).await;
    }
}

/// One who commits, over one connection as long as that is well: its server process has the pages of
/// the table in its map, and the plans of the statements.
struct Flusher {
    app: Weak<App>,
    pool: PgPool,
    conn: Option<PoolConnection<Postgres>>,
    partitions: Partitions,
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

impl Flusher {
    #[tracing::instrument(
        name = "ingest.group.flush", skip_all, fields(ingest.batches = group.len())
    )]
    async fn flush(&mut self, group: Vec<Waiting>) {
        let (admissions, answers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|w| (w.admission, w.answer)).unzip();
        match self.commit(&admissions).await {
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
                answers.into_iter().for_each(refuse);
            }
        }
    }

    async fn commit(&mut self, group: &[Admission]) -> Result<Vec<Stored>, StoreError> {
        let mut conn = if let Some(conn) = self.conn.take() {
            conn
        } else {
            let fresh = self.pool.acquire().await;
            fresh.map_err(StoreError::query("get a connection"))?
        };
        let states = commit(&mut conn, &mut self.partitions, group).await?;
        if let Some(app) = self.app.upgrade() {
            let stored = group.iter().zip(&states);
            let new = stored.filter(|(_, state)| matches!(state, Stored::Fresh(_)));
            let new: Vec<_> = new.map(|(admission, _)| admission).collect();
            confirm::issue(&app, &mut conn, &new).await;
        }
        self.conn = Some(conn);
        Ok(states)
    }
}

fn refuse(answer: oneshot::Sender<Result<Answer, IngestError>>) {
    let busy = "failed to store batches; they may be sent again";
    let again = StoreError::Query {
        operation: "commit a group of batches",
        source: sqlx::Error::Protocol(busy.into()),
    };
    reply(answer, Err(again.into()));
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
