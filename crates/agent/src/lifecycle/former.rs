//! The plan that ran before: what it still owed when a new one took over.
//!
//! An agent reads its plan at its start. Slots of the former plan between its last recorded one
//! and the new plan's first are declared here, so that every revision is accounted for to its end.

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::Utf8Path;
use wire::plan::Plan;

use super::{AgentError, AgentSetup};
use crate::recorder::Recorder;
use crate::schedule::Schedule;
use crate::stamp::Timebase;

/// File in the state directory that holds the newest plan that ran.
const FILE: &str = "plan.json";

/// Declares what a former revision left open, and remembers the one that runs from now on.
pub(super) fn declare(
    recorder: &mut Recorder,
    setup: &AgentSetup,
    timebase: &Timebase,
) -> Result<(), AgentError> {
    let path = setup.dir.join(FILE);
    let failed = |source| AgentError::StateDir {
        dir: setup.dir.clone(),
        source,
    };
    let body = setup.plan.to_body().map_err(AgentError::Plan)?;
    let former = match fs::read(&path) {
        Ok(former) if former == body.as_bytes() => return Ok(()),
        Ok(former) => Some(Plan::from_body(&former).map_err(AgentError::Plan)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(failed(source)),
    };
    if let Some(former) = former.filter(|former| former.revision < setup.plan.revision) {
        let now = timebase.now();
        let end = setup.plan.effective_from_ms.min(now.wall.to_millis());
        let agent = &setup.identity.agent;
        let mut schedule = Schedule::new(&former, agent, end, &recorder.last_slots());
        for missed in schedule.take_missed(end) {
            recorder
                .record_gap(&missed, former.revision, now)
                .map_err(AgentError::Recorder)?;
        }
        recorder.sync().map_err(AgentError::Recorder)?;
    }
    replace(&path, body.as_bytes()).map_err(failed)
}

/// Writes a file whole or not at all.
fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("json.new");
    let mut file = File::create(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&staged, path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use domain::{Line, ManualClock, UnixMillis};

    use super::*;
    use crate::lifecycle::tests::{PLAN, setup};
    use crate::recorder::RecorderSettings;

    #[test]
    fn a_new_revision_leaves_no_slot_of_the_old_one_unexplained() {
        let temp = tempfile::tempdir().unwrap();
        let minutes = |n: i64| UnixMillis::new(n * 60_000);
        let clock = ManualClock::at(minutes(10).to_micros());
        let mut setup = setup(temp.path(), PLAN);
        let settings = RecorderSettings {
            boot: 1,
            limits: setup.limits.spool,
            seal_interval: Duration::from_hours(1),
        };
        let dir = setup.dir.join("spool");
        let (mut recorder, _) = Recorder::open(&dir, setup.identity.clone(), settings).unwrap();
        let timebase = Timebase::start(Arc::new(clock.clone()));
        declare(&mut recorder, &setup, &timebase).unwrap();
        assert!(recorder.last_slots().is_empty());

        let mut newer = Plan::clone(&setup.plan);
        newer.revision = 2;
        newer.effective_from_ms = minutes(15);
        setup.plan = Arc::new(newer);
        clock.set(minutes(20).to_micros());
        for _ in 0..2 {
            declare(&mut recorder, &setup, &timebase).unwrap();
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
}
