//! The one owner of a recorder at run time: everything that is to be recorded comes through one
//! bounded queue, is written in groups with one sync each, and is sealed when due.
//!
//! Disk work runs on a blocking thread, so that it never delays a probe's clock. What the spool
//! refuses because it is full is remembered as a gap and written as soon as there is room.

use std::collections::{BTreeMap, VecDeque};

use domain::{GapReason, Kind, TargetId};
use telemetry::metrics::AgentMetrics;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle};
use tracing::{debug, error, warn};
use wire::batch::SealedBatch;
use wire::plan::Grid;
use wire::reserved::LeftOut;

use super::{Attempted, Recorder, RecorderError};

pub use super::handle::{Command, Progress, RecorderGone, RecorderHandle, Taken};

use crate::health::{Health, TargetState};
use crate::schedule::{Missed, Slot};
use crate::spool::SpoolError;
use crate::stamp::{Stamp, Timebase};

mod held;
#[cfg(test)]
mod tests;

/// Facts that may wait to be written; above it, whoever probes waits.
const QUEUE_MAX: usize = 1_024;
/// Revisions of the plan that are known at once: the one in force, and those whose attempts end.
const REVISIONS_MAX: usize = 4;
/// Facts written with one sync.
const GROUP_MAX: usize = 1_000;

/// The task ended with this.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Recording is no longer possible.
    #[error(transparent)]
    Recorder(#[from] RecorderError),
    /// The blocking thread was lost.
    #[error("the recorder's thread was lost")]
    Thread(#[source] JoinError),
}

/// What the task needs beside the recorder.
#[derive(Debug)]
pub struct TaskSettings {
    /// Revision of the plan in force at the start; 0 before the first.
    pub plan_revision: u64,
    /// Where its slots of each target lie.
    pub grids: BTreeMap<TargetId, Grid>,
    /// Both clocks.
    pub timebase: Timebase,
    /// The agent's picture of itself.
    pub health: Health,
    /// The agent's instruments.
    pub metrics: AgentMetrics,
}

/// Starts the task.
#[must_use]
pub fn spawn(
    recorder: Recorder,
    settings: TaskSettings,
) -> (RecorderHandle, JoinHandle<Result<(), TaskError>>) {
    let (queue, commands) = mpsc::channel(QUEUE_MAX);
    let (desk, sealed) = Desk::new(recorder, settings);
    let task = tokio::spawn(run(desk, commands));
    (RecorderHandle { queue, sealed }, task)
}

async fn run(mut desk: Desk, mut commands: mpsc::Receiver<Command>) -> Result<(), TaskError> {
    let mut group = desk.owed();
    loop {
        let due = desk.settings.timebase.instant(desk.recorder.due_at_us());
        let received = !group.is_empty()
            || tokio::select! {
                received = commands.recv_many(&mut group, GROUP_MAX) => received > 0,
                () = tokio::time::sleep_until(due) => true,
            };
        let facts = std::mem::take(&mut group);
        let (back, written) = tokio::task::spawn_blocking(move || {
            let written = desk.write(facts);
            (desk, written)
        })
        .await
        .map_err(TaskError::Thread)?;
        desk = back;
        if let Err(failed) = written {
            desk.settings
                .health
                .update(|health| health.failed = Some(failed.to_string()));
            return Err(failed.into());
        }
        if !received {
            return Ok(());
        }
    }
}

/// The recorder with what belongs on its desk: what the task does, without its queue and its
/// timer, for whoever brings his own time.
#[derive(Debug)]
pub struct Desk {
    pub(super) recorder: Recorder,
    settings: TaskSettings,
    /// Where slots lie, by revision of the plan: of the newest few.
    grids: BTreeMap<u64, BTreeMap<TargetId, Grid>>,
    /// Slots whose lines the spool refused, in runs, until there is room to declare them.
    held: VecDeque<Missed>,
    /// Attempts under way that the spool had no room to note.
    unbegun: Vec<Slot>,
    sealed: watch::Sender<u64>,
}

impl Desk {
    /// A desk, and the number of the next batch as it changes.
    #[must_use]
    pub fn new(recorder: Recorder, settings: TaskSettings) -> (Self, watch::Receiver<u64>) {
        let (sealed_tx, sealed) = watch::channel(recorder.spool().state().next_seq);
        let mut desk = Self {
            recorder,
            grids: BTreeMap::from([(settings.plan_revision, settings.grids.clone())]),
            settings,
            held: VecDeque::new(),
            unbegun: Vec::new(),
            sealed: sealed_tx,
        };
        desk.report();
        (desk, sealed)
    }

    /// What a former run left unfinished, to be written before anything else.
    #[must_use]
    pub fn owed(&self) -> Vec<Command> {
        let plan = self.settings.plan_revision;
        let lost = self.recorder.lost_slots(plan).into_iter();
        lost.map(|slot| Command::Miss(Missed::one(slot, GapReason::AgentDown)))
            .collect()
    }

    /// Writes a group of facts with one sync, and seals if that is due; an empty group only does
    /// the latter. On return what was recorded is durable and what was asked is answered.
    pub fn write(&mut self, group: Vec<Command>) -> Result<(), RecorderError> {
        let now = self.settings.timebase.now();
        let to_sync = self.is_behind() || !group.iter().all(Command::needs_no_sync);
        self.catch_up(now)?;
        let mut replies = Vec::new();
        for command in group {
            self.apply(command, now, &mut replies)?;
        }
        if to_sync {
            self.recorder.commit()?;
        }
        // A seal that falls due while its facts were written need not wait for the next round.
        if self.recorder.due(self.settings.timebase.now()) {
            self.seal()?;
        }
        for reply in replies {
            if reply.send(()).is_err() {
                debug!("whoever waited for the recorder has gone");
            }
        }
        self.report();
        Ok(())
    }

    fn apply(
        &mut self,
        command: Command,
        now: Stamp,
        replies: &mut Vec<oneshot::Sender<()>>,
    ) -> Result<(), RecorderError> {
        match command {
            Command::Begin(slot) => self.begin(slot)?,
            Command::Take(taken) => self.take(&taken, now)?,
            Command::Miss(missed) => self.miss(missed, now)?,
            Command::LeaveOut(left_out) => self.recorder.leave_out(left_out),
            Command::Adopt {
                plan_revision,
                grids,
            } => {
                self.recorder.adopt(plan_revision);
                self.grids.insert(plan_revision, grids);
                while self.grids.len() > REVISIONS_MAX {
                    self.grids.pop_first();
                }
            }
            Command::Note(line) => self.recorder.record_note(*line, now)?,
            Command::FindUnacked { from_seq, reply } => {
                drop(reply.send(self.find_unacked(from_seq)));
            }
            Command::FindBatch { seq, reply } => {
                drop(reply.send(self.find_batch(seq)));
            }
            Command::FindKept { seqs, reply } => drop(reply.send(self.find_kept(seqs))),
            Command::Acked { seq } => self.recorder.mark_acked(seq)?,
            Command::Released { seq } => self.recorder.mark_released(seq)?,
            Command::Seen { checkpoint, reply } => {
                self.recorder.set_seen(&checkpoint)?;
                replies.push(reply);
            }
            Command::Progress { reply } => drop(reply.send(self.progress())),
            Command::Finish { reply } => {
                self.seal()?;
                // The seal may have made room for what was refused before.
                if self.is_behind() {
                    self.catch_up(now)?;
                    self.seal()?;
                }
                replies.push(reply);
            }
        }
        Ok(())
    }

    fn take(&mut self, taken: &Taken, now: Stamp) -> Result<(), RecorderError> {
        let attempted = Attempted {
            target: &taken.target,
            plan_revision: taken.plan_revision,
            slot: taken.slot,
            number: taken.number,
            kind: taken.kind,
            start: taken.start,
            attempt: &taken.attempt,
        };
        self.unbegun
            .retain(|slot| slot.target != taken.target.id || slot.at != taken.slot);
        let recorded = if self.catch_up(now)? {
            self.recorder.record_attempt(&attempted)
        } else {
            Err(self.full())
        };
        let refused = self.refused(recorded)?;
        self.settings
            .metrics
            .attempt_ended(taken.attempt.outcome.as_str());
        match (refused, taken.kind) {
            (Some(reason), Kind::Planned) => {
                let slot = Slot {
                    target: taken.target.id.clone(),
                    at: taken.slot,
                    plan: taken.plan_revision,
                };
                self.miss(Missed::one(slot, reason), now)?;
            }
            (Some(reason), Kind::Burst) => self.recorder.leave_out(LeftOut {
                attempt: taken.number,
                count: 1,
                reason,
                slot_ms: taken.slot,
                target: taken.target.id.clone(),
            }),
            _ => {}
        }
        let state = TargetState {
            slot: taken.slot,
            outcome: taken.attempt.outcome,
            attribution: taken.attempt.attribution,
        };
        self.settings.health.update(|health| {
            health.targets.insert(taken.target.id.clone(), state);
        });
        Ok(())
    }

    fn miss(&mut self, missed: Missed, now: Stamp) -> Result<(), RecorderError> {
        self.settings
            .metrics
            .slots_missed(missed.count, missed.reason.as_str());
        self.settings
            .health
            .update(|health| health.slots_missed += missed.count);
        let slots = missed.first..=missed.last;
        self.unbegun
            .retain(|slot| slot.target != missed.target || !slots.contains(&slot.at));
        let recorded = if self.catch_up(now)? {
            self.recorder.record_gap(&missed, now)
        } else {
            Err(self.full())
        };
        if self.refused(recorded)?.is_some() {
            self.hold(missed);
        }
        Ok(())
    }

    /// Why a line was not written, where the recorder can go on without it.
    fn refused(
        &self,
        recorded: Result<(), RecorderError>,
    ) -> Result<Option<GapReason>, RecorderError> {
        let (reason, failed) = match recorded {
            Ok(()) => return Ok(None),
            Err(failed @ RecorderError::Line { .. }) => (GapReason::AgentDown, failed),
            Err(RecorderError::Spool(
                failed @ (SpoolError::Full { .. } | SpoolError::Append { .. }),
            )) => (GapReason::SpoolFull, failed.into()),
            Err(other) => return Err(other),
        };
        let agent = self.recorder.agent();
        error!(agent.id = %agent, error = &failed as &dyn std::error::Error,
            "agent {agent} cannot keep a line; its slot becomes a gap");
        Ok(Some(reason))
    }

    /// Seals what is due. Without room on disk the lines stay open and the seal is tried again an
    /// interval later; room may come from what is kept for replay.
    fn seal(&mut self) -> Result<(), RecorderError> {
        let now = self.settings.timebase.now();
        self.recorder.trim(now.wall)?;
        match self.recorder.seal(now) {
            Ok(Some(_)) => {}
            Ok(None) => self.recorder.postpone(now),
            Err(RecorderError::Spool(failed @ SpoolError::Append { .. })) => {
                let agent = self.recorder.agent();
                error!(agent.id = %agent, error = &failed as &dyn std::error::Error,
                    "agent {agent} cannot write a batch to disk");
                self.recorder.postpone(now);
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// The next batch to send. One that does not read back is skipped: it cannot be sent.
    fn find_unacked(&self, from_seq: u64) -> Option<SealedBatch> {
        self.recorder.spool().unacked(from_seq).find_map(readable)
    }

    fn find_batch(&self, seq: u64) -> Option<SealedBatch> {
        self.recorder
            .spool()
            .find_batch(seq)
            .transpose()
            .and_then(readable)
    }

    fn progress(&self) -> Progress {
        let state = self.recorder.spool().state();
        Progress {
            next_seq: state.next_seq,
            acked_below: state.acked_below,
            released_below: state.released_below,
            seen: self.recorder.seen().clone(),
            seen_note: state.seen.clone(),
        }
    }

    fn report(&mut self) {
        let (spool, progress) = (self.recorder.spool(), self.progress());
        let (usage, limit) = (spool.backlog_bytes(), spool.limits().backlog_bytes_max);
        self.settings.metrics.spool_sized(usage, limit);
        self.settings.health.update(|health| {
            health.backlog_bytes = usage;
            health.backlog_bytes_max = limit;
            health.next_seq = progress.next_seq;
            health.acked_below = progress.acked_below;
            health.released_below = progress.released_below;
            health.seen_size = progress.seen.size;
        });
        self.sealed.send_if_modified(|sealed| {
            let news = *sealed != progress.next_seq;
            *sealed = progress.next_seq;
            news
        });
    }
}

fn readable(batch: Result<SealedBatch, SpoolError>) -> Option<SealedBatch> {
    batch
        .inspect_err(|failed| {
            warn!(
                error = failed as &dyn std::error::Error,
                "a batch cannot be read back"
            );
        })
        .ok()
}
