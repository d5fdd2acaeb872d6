//! An agent by hand: its own recorder, spool and schedule, without tasks, timers and sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent::Identity;
use agent::health::Health;
use agent::recorder::task::{Command, Desk, Progress, Taken, TaskSettings};
use agent::recorder::{Recorder, RecorderSettings, is_burst_worthy};
use agent::schedule::{Missed, Schedule};
use agent::spool::{Durability, Limits};
use agent::stamp::{Stamp, Timebase};
use agent::witness::{self, Trusted};
use camino::Utf8PathBuf;
use domain::{GapReason, Kind, ManualClock, UnixMillis};
use probe::Attempt;
use telemetry::Metrics;
use telemetry::metrics::AgentMetrics;
use tokio::sync::oneshot;
use wire::batch::SealedBatch;
use wire::plan::{Plan, PlanTarget};
use wire::protocol::{CheckpointAnswer, CosignatureRequest};

use super::random::Random;
use super::world::World;

/// Between batches where nothing presses.
const SEAL_INTERVAL: Duration = Duration::from_mins(5);
/// Attempts at one target at once.
const OVERLAP_MAX: usize = 2;
/// Batches that may be under way at once.
pub(super) const SENDS_MAX: usize = 2;
/// Seconds after which an answer is no longer waited for.
const ANSWER_WAIT_S: i64 = 20;

/// A machine with an agent's state on its disk.
pub(super) struct Machine {
    pub(super) identity: Arc<Identity>,
    pub(super) dir: Utf8PathBuf,
    pub(super) limits: Limits,
    /// How far its clock is ahead, seconds.
    pub(super) skew_s: i64,
    pub(super) clock: ManualClock,
    pub(super) boot: u64,
    /// Off until then, while nothing runs.
    pub(super) off_until_s: i64,
    pub(super) run: Option<Run>,
}

/// What a crash ends.
pub(super) struct Run {
    desk: Desk,
    schedule: Schedule,
    timebase: Timebase,
    health: Health,
    plan: Arc<Plan>,
    under_way: Vec<UnderWay>,
    sends: BTreeMap<u64, Send>,
}

struct UnderWay {
    target: Arc<PlanTarget>,
    slot: UnixMillis,
    number: u32,
    kind: Kind,
    begins_s: i64,
    /// What it observes, and from when on it is known; none before it begins.
    met: Option<(Stamp, Attempt, i64)>,
}

/// What became of a batch that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Send {
    UnderWay {
        until_s: i64,
    },
    /// There is a receipt, but not yet for every batch before it.
    Received,
}

/// An attempt that was handed to the recorder.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) target: String,
    pub(super) slot: UnixMillis,
    pub(super) number: u32,
    pub(super) outcome: &'static str,
    /// Whether the spool had no room before or after it.
    pub(super) is_full: bool,
}

/// Limits so small that an hour without the collector fills the spool.
pub(super) fn small_disk() -> Limits {
    Limits {
        segment_bytes_max: 6_000,
        backlog_bytes_max: 30_000,
        kept_bytes_max: 30_000,
        ..large_disk()
    }
}

/// The power stays on here, so nothing need be forced to disk.
pub(super) fn large_disk() -> Limits {
    Limits {
        segment_bytes_max: 20_000,
        durability: Durability::Manual,
        ..Limits::default()
    }
}

impl Machine {
    pub(super) fn set_clock(&self, now_s: i64) {
        let now = UnixMillis::new((now_s + self.skew_s) * 1_000);
        self.clock.set(now.to_micros());
    }

    pub(super) fn start(&mut self, plan: &Arc<Plan>) {
        self.boot += 1;
        let settings = RecorderSettings {
            boot: self.boot,
            limits: self.limits,
            seal_interval: SEAL_INTERVAL,
        };
        let identity = Arc::clone(&self.identity);
        let opened = Recorder::open(&self.dir.join("spool"), identity, settings);
        let (recorder, recovered) = opened.expect("the spool opens");
        assert!(
            recovered.quarantined.is_empty() && recovered.batches_lost.is_empty(),
            "a crash damages nothing: {recovered:?}"
        );
        let timebase = Timebase::start(Arc::new(self.clock.clone()));
        let (agent, now) = (&self.identity.agent, timebase.now().wall.to_millis());
        let schedule = Schedule::new(plan, agent, now, &recorder.last_slots());
        let grids = plan.targets.iter();
        let grids = grids.filter_map(|t| Some((t.id.clone(), plan.grid(agent, &t.id)?)));
        let metrics = Metrics::local("fleet", "0").expect("metrics can be made");
        let health = Health::default();
        let settings = TaskSettings {
            plan_revision: plan.revision,
            grids: grids.collect(),
            timebase: timebase.clone(),
            health: health.clone(),
            metrics: AgentMetrics::new(&metrics, agent.as_str()),
        };
        let (desk, _sealed) = Desk::new(recorder, settings);
        let mut run = Run {
            desk,
            schedule,
            timebase,
            health,
            plan: Arc::clone(plan),
            under_way: Vec::new(),
            sends: BTreeMap::new(),
        };
        let owed = run.desk.owed();
        run.write(owed);
        self.run = Some(run);
    }
}

impl Run {
    fn write(&mut self, group: Vec<Command>) {
        self.desk.write(group).expect("recording is possible");
    }

    fn ask<T>(&mut self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> T {
        let (reply, mut answer) = oneshot::channel();
        self.write(vec![question(reply)]);
        answer.try_recv().expect("the desk answers at once")
    }

    pub(super) fn progress(&mut self) -> Progress {
        self.ask(|reply| Command::Progress { reply })
    }

    pub(super) fn is_full(&self) -> bool {
        let health = self.health.get();
        health.backlog_bytes >= health.backlog_bytes_max
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    pub(super) fn seal_if_due(&mut self) {
        self.write(Vec::new());
    }

    pub(super) fn finish(&mut self) {
        self.ask(|reply| Command::Finish { reply });
    }

    /// Begins the attempts of the slots that are due, and declares those that are not to be run.
    pub(super) fn take_due(&mut self, now_s: i64) {
        let due = self.schedule.take_due(self.timebase.now().wall.to_millis());
        let mut group: Vec<Command> = due.missed.into_iter().map(Command::Miss).collect();
        for slot in due.slots {
            let at_target = self.under_way.iter();
            let overlap = at_target.filter(|a| a.target.id == slot.target).count();
            if overlap >= OVERLAP_MAX {
                group.push(Command::Miss(Missed::one(slot, GapReason::Overloaded)));
                continue;
            }
            group.push(Command::Begin(slot.clone()));
            let target = self.plan.target(&slot.target).expect("a planned target");
            self.under_way.push(UnderWay {
                target: Arc::new(target.clone()),
                slot: slot.at,
                number: 1,
                kind: Kind::Planned,
                begins_s: now_s,
                met: None,
            });
        }
        if !group.is_empty() {
            self.write(group);
        }
    }

    /// Lets attempts begin and end; gives those that were recorded.
    pub(super) fn attempt(
        &mut self,
        (world, random): (&World, &mut Random),
        now_s: i64,
    ) -> Vec<Recorded> {
        let now = self.timebase.now();
        for one in &mut self.under_way {
            if one.met.is_none() && one.begins_s <= now_s {
                let (attempt, lasts_s) = world.attempt(random, one.target.id.as_str(), now_s);
                one.met = Some((now, attempt, now_s + lasts_s));
            }
        }
        let is_over = |one: &mut UnderWay| one.met.as_ref().is_some_and(|met| met.2 <= now_s);
        let over: Vec<UnderWay> = self.under_way.extract_if(.., is_over).collect();
        over.into_iter()
            .map(|one| self.record(one, now_s))
            .collect()
    }

    fn record(&mut self, one: UnderWay, now_s: i64) -> Recorded {
        let UnderWay {
            target,
            slot,
            number,
            kind,
            met,
            ..
        } = one;
        let (start, attempt, _) = met.expect("it is over");
        let burst = target.burst;
        if is_burst_worthy(&attempt) && number <= burst.count {
            self.under_way.push(UnderWay {
                target: Arc::clone(&target),
                slot,
                number: number + 1,
                kind: Kind::Burst,
                begins_s: now_s + i64::from(burst.spacing_ms / 1_000),
                met: None,
            });
        }
        let mut recorded = Recorded {
            target: target.id.to_string(),
            slot,
            number,
            outcome: attempt.outcome.as_str(),
            is_full: self.is_full(),
        };
        let taken = Taken {
            target,
            plan_revision: 1,
            slot,
            number,
            kind,
            start,
            attempt,
        };
        self.write(vec![Command::Take(Box::new(taken))]);
        recorded.is_full |= self.is_full();
        recorded
    }

    /// Batches to send now.
    pub(super) fn take_sends(&mut self, now_s: i64) -> Vec<SealedBatch> {
        let health = self.health.get();
        let mut found = Vec::new();
        let mut from_seq = health.acked_below;
        if from_seq == health.next_seq {
            return found;
        }
        while found.len() < SENDS_MAX && self.sends.len() < SENDS_MAX + found.len() + 8 {
            let batch = self.ask(|reply| Command::FindUnacked { from_seq, reply });
            let Some(batch) = batch else { break };
            from_seq = batch.seq + 1;
            match self.sends.get(&batch.seq) {
                Some(Send::Received) => {}
                Some(Send::UnderWay { until_s }) if now_s < *until_s => break,
                _ => {
                    let until_s = now_s + ANSWER_WAIT_S;
                    self.sends.insert(batch.seq, Send::UnderWay { until_s });
                    found.push(batch);
                }
            }
        }
        found
    }

    /// Notes a receipt. Those of younger batches wait for the older ones.
    pub(super) fn receive(&mut self, seq: u64) {
        self.sends.insert(seq, Send::Received);
        loop {
            let next = self.progress().acked_below;
            self.sends.retain(|seq, _| *seq >= next);
            if self.sends.get(&next) != Some(&Send::Received) {
                return;
            }
            self.write(vec![Command::Acked { seq: next }]);
        }
    }

    /// Waits before a batch is sent again.
    pub(super) fn put_off(&mut self, seq: u64, until_s: i64) {
        if let Some(Send::UnderWay { until_s: until }) = self.sends.get_mut(&seq) {
            *until = until_s;
        }
    }

    /// Believes a checkpoint after the agent's own checks, and releases what it proves; gives the
    /// cosignature for one that is new.
    pub(super) fn witness(
        &mut self,
        identity: &Identity,
        answer: CheckpointAnswer,
    ) -> Option<CosignatureRequest> {
        let progress = self.progress();
        let log = identity.origin.log();
        let trusted = Trusted {
            log: &log,
            log_key: &identity.log_key,
            seen: &progress.seen,
        };
        let witnessed = witness::check(&answer, trusted).expect("the log is honest");
        let mut cosigned = None;
        if witnessed.checkpoint.size > progress.seen.size {
            let checkpoint = answer.checkpoint;
            self.ask(|reply| Command::Seen { checkpoint, reply });
            let wall = self.timebase.now().wall.get();
            let time_s = u64::try_from(wall / 1_000_000).expect("after 1970");
            let request = witnessed.cosign(&identity.agent, &identity.key, time_s);
            cosigned = Some(request.expect("it can be signed"));
        }
        if let Some(inclusion) = answer.inclusion {
            let seq = inclusion.seq;
            if let Some(batch) = self.ask(|reply| Command::FindBatch { seq, reply }) {
                let included = witnessed.check_inclusion(&inclusion, &batch.note);
                included.expect("the log holds what it says");
                self.write(vec![Command::Released { seq }]);
            }
        }
        cosigned
    }
}
