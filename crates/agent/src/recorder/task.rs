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
use wire::limits::SLOTS_MAX;
use wire::plan::Grid;

use super::handle::Command;
use super::{Attempted, Recorder, RecorderError};

pub use super::handle::{Progress, RecorderGone, RecorderHandle, Taken};

use crate::health::{Health, TargetState};
use crate::schedule::{Missed, Slot};
use crate::spool::SpoolError;
use crate::stamp::{Stamp, Timebase};

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
    let (sealed_tx, sealed) = watch::channel(recorder.spool().state().next_seq);
    let mut desk = Desk {
        recorder,
        grids: BTreeMap::from([(settings.plan_revision, settings.grids.clone())]),
        settings,
        held: VecDeque::new(),
        sealed: sealed_tx,
    };
    desk.report();
    let task = tokio::spawn(run(desk, commands));
    (RecorderHandle { queue, sealed }, task)
}

async fn run(mut desk: Desk, mut commands: mpsc::Receiver<Command>) -> Result<(), TaskError> {
    let plan_revision = desk.settings.plan_revision;
    let lost = desk.recorder.lost_slots(plan_revision).into_iter();
    let mut group: Vec<Command> = lost
        .map(|slot| Command::Miss(Missed::one(slot, GapReason::AgentDown)))
        .collect();
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

/// The recorder with what belongs on its desk.
struct Desk {
    recorder: Recorder,
    settings: TaskSettings,
    /// Where slots lie, by revision of the plan: of the newest few.
    grids: BTreeMap<u64, BTreeMap<TargetId, Grid>>,
    /// Slots whose lines the spool refused, in runs, until there is room to declare them.
    held: VecDeque<Missed>,
    sealed: watch::Sender<u64>,
}

impl Desk {
    fn write(&mut self, group: Vec<Command>) -> Result<(), RecorderError> {
        let now = self.settings.timebase.now();
        let to_sync = !self.held.is_empty() || !group.iter().all(Command::needs_no_sync);
        self.write_held(now)?;
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
            Command::Begin(slot) => {
                let begun = self.recorder.begin(&slot);
                self.refused(begun)?;
            }
            Command::Take(taken) => self.take(&taken, now)?,
            Command::Miss(missed) => self.miss(missed, now)?,
            Command::Adopt {
                plan_revision,
                grids,
            } => {
                self.grids.insert(plan_revision, grids);
                while self.grids.len() > REVISIONS_MAX {
                    self.grids.pop_first();
                }
            }
            Command::FindUnacked { from_seq, reply } => {
                drop(reply.send(self.find_unacked(from_seq)));
            }
            Command::FindBatch { seq, reply } => {
                drop(reply.send(self.find_batch(seq)));
            }
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
                if !self.held.is_empty() {
                    self.write_held(now)?;
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
        let recorded = self.recorder.record_attempt(&attempted);
        let refused = self.refused(recorded)?;
        self.settings
            .metrics
            .attempt_ended(taken.attempt.outcome.as_str());
        if let (Some(reason), Kind::Planned) = (refused, taken.kind) {
            let target = taken.target.id.clone();
            self.miss(
                Missed::one(
                    Slot {
                        target,
                        at: taken.slot,
                        plan: taken.plan_revision,
                    },
                    reason,
                ),
                now,
            )?;
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
        let recorded = self.recorder.record_gap(&missed, now);
        if self.refused(recorded)?.is_some() {
            self.hold(missed);
        }
        Ok(())
    }

    /// Joins a gap to the run that it continues. Gaps that do not touch stay apart: a slot between
    /// them may have been run, and its line may still come. So do those that lie unevenly.
    fn hold(&mut self, missed: Missed) {
        let grids = self.grids.get(&missed.plan);
        let grid = grids.and_then(|grids| grids.get(&missed.target));
        let continues = |held: &&mut Missed| {
            held.target == missed.target
                && held.plan == missed.plan
                && held.reason == missed.reason
                && grid.is_some_and(|grid| {
                    let joined = grid.run(held.first, missed.last.plus_ms(1), SLOTS_MAX);
                    (joined.last, joined.count)
                        == (missed.last, held.count.saturating_add(missed.count))
                })
        };
        match self.held.iter_mut().rev().find(continues) {
            Some(held) => {
                held.last = missed.last;
                held.count = held.count.saturating_add(missed.count);
            }
            None => self.held.push_back(missed),
        }
    }

    fn write_held(&mut self, now: Stamp) -> Result<(), RecorderError> {
        while !self.recorder.spool().is_full()
            && let Some(missed) = self.held.pop_front()
        {
            let recorded = self.recorder.record_gap(&missed, now);
            if self.refused(recorded)?.is_some() {
                self.held.push_front(missed);
                break;
            }
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
