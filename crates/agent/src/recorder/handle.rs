//! What the recorder's task can be told and asked.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use domain::{Kind, TargetId, UnixMillis};
use evidence::batch_note::Seen;
use probe::Attempt;
use tokio::sync::{mpsc, oneshot, watch};
use wire::batch::SealedBatch;
use wire::plan::{Grid, PlanTarget};
use wire::reserved::{LeftOut, ReservedLine};

use crate::schedule::{Missed, Slot};
use crate::stamp::Stamp;

/// An attempt on its way to the recorder.
#[derive(Debug)]
pub struct Taken {
    /// What was probed.
    pub target: Arc<PlanTarget>,
    /// Revision of the plan whose slot it is.
    pub plan_revision: u64,
    /// The planned moment; for what was ordered, the moment of the order.
    pub slot: UnixMillis,
    /// 1 for the slot's own attempt, 2 and up for repeats.
    pub number: u32,
    /// Why the attempt was made.
    pub kind: Kind,
    /// Both clocks at its start.
    pub start: Stamp,
    /// What was observed.
    pub attempt: Attempt,
}

/// How far a chain has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Number of the next batch.
    pub next_seq: u64,
    /// Batches below this number have a receipt.
    pub acked_below: u64,
    /// Batches below this number are proven to be in the log.
    pub released_below: u64,
    /// The newest verified checkpoint.
    pub seen: Seen,
    /// The same, as the signed note; none before the first.
    pub seen_note: Option<String>,
}

/// What the task is asked to do.
#[derive(Debug)]
pub enum Command {
    /// Note that the attempt of a slot begins.
    Begin(Slot),
    /// Record an attempt.
    Take(Box<Taken>),
    /// Record slots that were not run.
    Miss(Missed),
    /// Tell of repeats that were not made.
    LeaveOut(LeftOut),
    /// Know where the slots of a further revision lie.
    Adopt {
        /// The revision.
        plan_revision: u64,
        /// Its grids by target.
        grids: BTreeMap<TargetId, Grid>,
    },
    /// Record what the agent says about itself.
    Note(Box<ReservedLine>),
    /// Give the oldest batch without a receipt.
    FindUnacked {
        /// From this number on.
        from_seq: u64,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<SealedBatch>>,
    },
    /// Give a batch that is not proven to be in the log yet.
    FindBatch {
        /// Its number.
        seq: u64,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<SealedBatch>>,
    },
    /// Give the first batch of these numbers that is still here, whatever became of it.
    FindKept {
        /// The numbers.
        seqs: Range<u64>,
        /// Where the answer goes.
        reply: oneshot::Sender<Option<SealedBatch>>,
    },
    /// Note a receipt for every batch so far.
    Acked {
        /// Number of the last of them.
        seq: u64,
    },
    /// Note that the log has every batch so far.
    Released {
        /// Number of the last of them.
        seq: u64,
    },
    /// Note the newest verified checkpoint.
    Seen {
        /// The signed note.
        checkpoint: String,
        /// Told once it is durable.
        reply: oneshot::Sender<()>,
    },
    /// Tell how far the chain has come.
    Progress {
        /// Where the answer goes.
        reply: oneshot::Sender<Progress>,
    },
    /// Seal what is there.
    Finish {
        /// Told once it is durable.
        reply: oneshot::Sender<()>,
    },
}

impl Command {
    /// Whether what it says may wait for the sync of a later line.
    pub(super) const fn needs_no_sync(&self) -> bool {
        matches!(self, Self::Begin(_))
    }
}

/// The recorder's task has ended; its own result says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorder has ended")]
pub struct RecorderGone;

/// Sends facts to the recorder's task. Cheap to clone; the task ends with its last handle.
#[derive(Clone, Debug)]
pub struct RecorderHandle {
    pub(super) queue: mpsc::Sender<Command>,
    pub(super) sealed: watch::Receiver<u64>,
}

impl RecorderHandle {
    /// Notes that an attempt begins.
    pub async fn begin(&self, slot: Slot) -> Result<(), RecorderGone> {
        self.send(Command::Begin(slot)).await
    }

    /// Records an attempt.
    pub async fn take(&self, taken: Taken) -> Result<(), RecorderGone> {
        self.send(Command::Take(Box::new(taken))).await
    }

    /// Records slots that were not run.
    pub async fn miss(&self, missed: Missed) -> Result<(), RecorderGone> {
        self.send(Command::Miss(missed)).await
    }

    /// Tells of repeats that were not made.
    pub async fn leave_out(&self, left_out: LeftOut) -> Result<(), RecorderGone> {
        self.send(Command::LeaveOut(left_out)).await
    }

    /// Tells where the slots of each target lie in a revision that takes over.
    pub async fn adopt(
        &self,
        plan_revision: u64,
        grids: BTreeMap<TargetId, Grid>,
    ) -> Result<(), RecorderGone> {
        self.send(Command::Adopt {
            plan_revision,
            grids,
        })
        .await
    }

    /// Records what the agent says about itself; the line's index is given to it here.
    pub async fn note(&self, line: ReservedLine) -> Result<(), RecorderGone> {
        self.send(Command::Note(Box::new(line))).await
    }

    /// The oldest batch without a receipt from `from_seq` on.
    pub async fn find_unacked(&self, from_seq: u64) -> Result<Option<SealedBatch>, RecorderGone> {
        self.ask(|reply| Command::FindUnacked { from_seq, reply })
            .await
    }

    /// A batch that is not proven to be in the log yet.
    pub async fn find_batch(&self, seq: u64) -> Result<Option<SealedBatch>, RecorderGone> {
        self.ask(|reply| Command::FindBatch { seq, reply }).await
    }

    /// The first batch of these numbers that is still here, whatever became of it.
    pub async fn find_kept(&self, seqs: Range<u64>) -> Result<Option<SealedBatch>, RecorderGone> {
        self.ask(|reply| Command::FindKept { seqs, reply }).await
    }

    /// Notes a receipt for every batch up to `seq`.
    pub async fn mark_acked(&self, seq: u64) -> Result<(), RecorderGone> {
        self.send(Command::Acked { seq }).await
    }

    /// Notes that the log has every batch up to `seq`.
    pub async fn mark_released(&self, seq: u64) -> Result<(), RecorderGone> {
        self.send(Command::Released { seq }).await
    }

    /// Notes the newest verified checkpoint; on return it is durable.
    pub async fn set_seen(&self, checkpoint: String) -> Result<(), RecorderGone> {
        self.ask(|reply| Command::Seen { checkpoint, reply }).await
    }

    /// How far the chain has come.
    pub async fn progress(&self) -> Result<Progress, RecorderGone> {
        self.ask(|reply| Command::Progress { reply }).await
    }

    /// Seals what is there; on return it is durable.
    pub async fn finish(&self) -> Result<(), RecorderGone> {
        self.ask(|reply| Command::Finish { reply }).await
    }

    /// Shows the number of the next batch, and changes with every seal.
    #[must_use]
    pub fn sealed(&self) -> watch::Receiver<u64> {
        self.sealed.clone()
    }

    async fn send(&self, command: Command) -> Result<(), RecorderGone> {
        self.queue.send(command).await.map_err(|_| RecorderGone)
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, RecorderGone> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await?;
        answer.await.map_err(|_| RecorderGone)
    }
}
