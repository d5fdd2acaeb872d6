//! The plans on disk: which one runs, which one ran before, and what that one still owed when the
//! next took over.
//!
//! Slots of a former plan between its last recorded one and the next plan's first are declared at
//! the start, so that every revision is accounted for to its end. A former plan is kept until the
//! plan after next takes over: attempts in its last slots may still be under way when it ends.

use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use domain::{AgentId, GapReason, UnixMillis};
use wire::plan::{Plan, PlanError};

use super::AgentError;
use crate::atomic_file;
use crate::recorder::Recorder;
use crate::schedule::{Missed, Schedule};
use crate::stamp::Stamp;

/// File in the state directory that holds the plan that runs.
const FILE: &str = "plan.json";
/// File that holds the plan that ran before it.
const FORMER_FILE: &str = "plan.former.json";

/// The plans of an agent's earlier life.
#[derive(Debug)]
pub(super) struct Past {
    dir: Utf8PathBuf,
    /// The one that ran last.
    pub(super) current: Option<Plan>,
    /// The one before it.
    former: Option<Plan>,
}

impl Past {
    pub(super) fn read(dir: &Utf8Path) -> Result<Self, AgentError> {
        let read = |name: &str| match fs::read(dir.join(name)) {
            Ok(body) => Plan::from_body(&body).map(Some).map_err(AgentError::Plan),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AgentError::StateDir {
                dir: dir.to_owned(),
                source,
            }),
        };
        Ok(Self {
            dir: dir.to_owned(),
            current: read(FILE)?,
            former: read(FORMER_FILE)?,
        })
    }

    /// Declares what revisions that run no more left open, and remembers `plan` as the one that
    /// runs from now on.
    pub(super) fn settle(
        &self,
        recorder: &mut Recorder,
        agent: &AgentId,
        plan: &Plan,
        now: Stamp,
    ) -> Result<(), AgentError> {
        let ran = [self.former.as_ref(), self.current.as_ref(), Some(plan)];
        let ran: Vec<&Plan> = ran.into_iter().flatten().collect();
        for pair in ran.windows(2) {
            let &[former, next] = pair else { continue };
            if former.revision < next.revision {
                let end = next.effective_from_ms.min(now.wall.to_millis());
                owe(recorder, (former, agent), end, now)?;
            }
        }
        recorder.sync().map_err(AgentError::Recorder)?;
        if self.current.as_ref() == Some(plan) {
            return Ok(());
        }
        succeed(&self.dir, self.current.as_ref(), plan)
    }
}

/// Remembers the plan that runs from now on and the one that ran before it; durable on return.
pub(super) fn succeed(
    dir: &Utf8Path,
    former: Option<&Plan>,
    plan: &Plan,
) -> Result<(), AgentError> {
    let body = |plan: &Plan| -> Result<String, PlanError> { plan.to_body() };
    for (name, plan) in [(FORMER_FILE, former), (FILE, Some(plan))] {
        let Some(plan) = plan else { continue };
        let body = body(plan).map_err(AgentError::Plan)?;
        let written = atomic_file::replace(&dir.join(name), body.as_bytes());
        written.map_err(|source| AgentError::StateDir {
            dir: dir.to_owned(),
            source,
        })?;
    }
    Ok(())
}

/// Declares the slots of a former plan that nothing accounts for.
fn owe(
    recorder: &mut Recorder,
    (former, agent): (&Plan, &AgentId),
    end: UnixMillis,
    now: Stamp,
) -> Result<(), AgentError> {
    let lost = recorder.lost_slots(former.revision).into_iter();
    let mut missed: Vec<Missed> = lost
        .filter(|slot| slot.at < end)
        .map(|slot| Missed::one(slot, GapReason::AgentDown))
        .collect();
    let mut schedule = Schedule::new(former, agent, end, &recorder.last_slots());
    missed.extend(schedule.take_missed(end));
    for missed in missed {
        recorder
            .record_gap(&missed, now)
            .map_err(AgentError::Recorder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use domain::{Line, ManualClock, TargetId};

    use super::*;
    use crate::lifecycle::tests::{PLAN, setup};
    use crate::recorder::RecorderSettings;
    use crate::schedule::Slot;
    use crate::stamp::Timebase;

    #[test]
    fn a_new_revision_leaves_no_slot_of_the_old_one_unexplained() {
        let temp = tempfile::tempdir().unwrap();
        let minutes = |n: i64| UnixMillis::new(n * 60_000);
        let clock = ManualClock::at(minutes(10).to_micros());
        let setup = setup(temp.path(), PLAN);
        let settings = RecorderSettings {
            boot: 1,
            limits: setup.limits.spool,
            seal_interval: Duration::from_hours(1),
        };
        let dir = setup.dir.join("spool");
        let (mut recorder, _) = Recorder::open(&dir, setup.identity.clone(), settings).unwrap();
        let timebase = Timebase::start(Arc::new(clock.clone()));
        let agent = setup.identity.agent.clone();
        let settle = |recorder: &mut Recorder, plan: &Plan| {
            let past = Past::read(&setup.dir).unwrap();
            past.settle(recorder, &agent, plan, timebase.now()).unwrap();
        };
        let plan = Plan::parse(PLAN).unwrap();
        settle(&mut recorder, &plan);
        assert!(recorder.last_slots().is_empty());

        let mut newer = plan.clone();
        newer.revision = 2;
        newer.effective_from_ms = minutes(15);
        clock.set(minutes(20).to_micros());
        for _ in 0..2 {
            settle(&mut recorder, &newer);
        }
        let sealed = recorder.seal(timebase.now()).unwrap().unwrap();
        let text = wire::batch::decompress(&sealed.body).unwrap();
        let batch = wire::batch::parse(&text).unwrap();
        let [line] = batch.streams[0].lines.as_slice() else {
            panic!("one line")
        };
        let Line::Gap(gap) = &line.value else {
            panic!("a gap")
        };
        assert_eq!((gap.plan, gap.count), (1, 15 * 60));
        assert_eq!(gap.last_ms, UnixMillis::new(15 * 60_000 - 1_000));
    }

    /// The new plan took over while the agent ran; then the power went.
    #[test]
    fn attempts_in_the_last_slots_of_a_plan_become_gaps_of_that_plan() {
        let temp = tempfile::tempdir().unwrap();
        let setup = setup(temp.path(), PLAN);
        let settings = RecorderSettings {
            boot: 1,
            limits: setup.limits.spool,
            seal_interval: Duration::from_hours(1),
        };
        let dir = setup.dir.join("spool");
        let at = |s: i64| UnixMillis::new(s * 1_000);
        let clock = ManualClock::at(at(30).to_micros());
        let timebase = Timebase::start(Arc::new(clock.clone()));
        let (older, agent) = (Plan::parse(PLAN).unwrap(), setup.identity.agent.clone());
        let mut newer = older.clone();
        newer.revision = 2;
        newer.effective_from_ms = at(20);
        let target: TargetId = "acme".parse().unwrap();
        let slot = |s: i64, plan: u64| Slot {
            target: target.clone(),
            at: at(s),
            plan,
        };
        {
            let (mut recorder, _) = Recorder::open(&dir, setup.identity.clone(), settings).unwrap();
            succeed(&setup.dir, Some(&older), &newer).unwrap();
            recorder.begin(&slot(19, 1)).unwrap();
            for s in (0..19).chain([20]) {
                let missed = Missed::one(slot(s, 1 + u64::from(s == 20)), GapReason::Budget);
                recorder.record_gap(&missed, timebase.now()).unwrap();
            }
            recorder.sync().unwrap();
        }
        let (mut recorder, _) = Recorder::open(&dir, setup.identity.clone(), settings).unwrap();
        let past = Past::read(&setup.dir).unwrap();
        past.settle(&mut recorder, &agent, &newer, timebase.now())
            .unwrap();
        let sealed = recorder.seal(timebase.now()).unwrap().unwrap();
        let text = wire::batch::decompress(&sealed.body).unwrap();
        let batch = wire::batch::parse(&text).unwrap();
        let gap = batch.streams[0]
            .lines
            .iter()
            .find_map(|line| match &line.value {
                Line::Gap(gap) => Some((gap.plan, gap.first_ms, gap.gap)),
                Line::Sample(_) => None,
            });
        assert_eq!(gap, Some((1, at(19), GapReason::AgentDown)));
    }
}
