use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use domain::{Line, ManualClock, Outcome, UnixMicros, UnixMillis};
use telemetry::Metrics;
use wire::batch;
use wire::plan::Plan;

use super::*;
use crate::recorder::RecorderSettings;
use crate::recorder::tests::{PLAN, attempt, identity};
use crate::spool::Limits;

/// Slots that samples and gaps account for, in the order of the lines.
async fn accounted(recorder: &RecorderHandle) -> Vec<(u64, Option<GapReason>, u64)> {
    let mut lines = Vec::new();
    let mut from_seq = 0;
    while let Some(sealed) = recorder.find_unacked(from_seq).await.unwrap() {
        from_seq = sealed.seq + 1;
        let text = batch::decompress(&sealed.body).unwrap();
        for stream in batch::parse(&text).unwrap().streams {
            lines.extend(stream.lines.into_iter().map(|line| match line.value {
                Line::Sample(sample) => (sample.i, None, 1),
                Line::Gap(gap) => (gap.i, Some(gap.gap), gap.count),
            }));
        }
    }
    lines
}

#[tokio::test]
async fn what_a_full_spool_refuses_becomes_a_gap_once_there_is_room() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let limits = Limits {
        segment_bytes_max: 2_000,
        backlog_bytes_max: 8_000,
        ..Limits::default()
    };
    let settings = RecorderSettings {
        boot: 1,
        limits,
        seal_interval: Duration::from_hours(1),
    };
    let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
    let settings = task_settings();
    let now = settings.timebase.now();
    let health = settings.health.clone();
    let (recorder, _task) = spawn(recorder, settings);
    let target = Arc::new(Plan::parse(PLAN).unwrap().targets.remove(0));
    let take = |slot: i64| Taken {
        target: Arc::clone(&target),
        plan_revision: 7,
        slot: UnixMillis::new(slot * 60_000),
        number: 1,
        kind: Kind::Planned,
        start: now,
        attempt: attempt(Outcome::Ok),
    };
    for slot in 0..30 {
        recorder.take(take(slot)).await.unwrap();
    }
    recorder.finish().await.unwrap();
    let lines = accounted(&recorder).await;
    let (kept, gaps): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(_, gap, _)| gap.is_none());
    let refused = 30 - kept.len() as u64;
    assert!(refused > 0);
    assert_eq!(
        gaps,
        [(kept.len() as u64, Some(GapReason::SpoolFull), refused)]
    );
    assert_eq!(health.get().slots_missed, refused);
}

/// Its snapshots name every attempt under way: weeks of them would not fit a frame.
#[tokio::test]
async fn a_full_spool_does_not_grow_with_every_slot_it_cannot_take() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let limits = Limits {
        segment_bytes_max: 2_000,
        backlog_bytes_max: 8_000,
        ..Limits::default()
    };
    let settings = RecorderSettings {
        boot: 1,
        limits,
        seal_interval: Duration::from_hours(1),
    };
    let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
    let (mut desk, _sealed) = Desk::new(recorder, task_settings());
    let target = Arc::new(Plan::parse(PLAN).unwrap().targets.remove(0));
    let start = desk.settings.timebase.now();
    for slot in 0..200 {
        let slot = UnixMillis::new(slot * 60_000);
        let at = Slot {
            target: target.id.clone(),
            at: slot,
            plan: 7,
        };
        let taken = Taken {
            target: Arc::clone(&target),
            plan_revision: 7,
            slot,
            number: 1,
            kind: Kind::Planned,
            start,
            attempt: attempt(Outcome::Ok),
        };
        desk.write(vec![Command::Begin(at)]).unwrap();
        desk.write(vec![Command::Take(Box::new(taken))]).unwrap();
    }
    let spool = desk.recorder.spool();
    assert!(spool.is_full() && spool.backlog_bytes() < 10_000);
    assert!(spool.state().begun.values().flatten().count() <= 1);
    assert_eq!((desk.held.len(), desk.unbegun.len()), (1, 0));
}

#[tokio::test]
async fn a_slot_that_a_former_run_had_begun_becomes_one_gap() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let target = Arc::new(Plan::parse(PLAN).unwrap().targets.remove(0));
    let at = |slot: i64| Slot {
        target: target.id.clone(),
        at: UnixMillis::new(slot * 60_000),
        plan: 7,
    };
    let run = |boot| {
        let settings = RecorderSettings {
            boot,
            limits: Limits::default(),
            seal_interval: Duration::from_hours(1),
        };
        let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
        let settings = task_settings();
        let now = settings.timebase.now();
        let (recorder, task) = spawn(recorder, settings);
        (recorder, task, now)
    };
    let (recorder, task, start) = run(1);
    for slot in [1, 2, 3] {
        recorder.begin(at(slot)).await.unwrap();
    }
    let taken = Taken {
        target: Arc::clone(&target),
        plan_revision: 7,
        slot: at(2).at,
        number: 1,
        kind: Kind::Planned,
        start,
        attempt: attempt(Outcome::Ok),
    };
    recorder.take(taken).await.unwrap();
    drop(recorder);
    task.await.unwrap().unwrap();

    // The schedule goes on behind slot 2, so that 3 is its to account for.
    let wanted = [(0, None, 1), (1, Some(GapReason::AgentDown), 1)];
    for boot in [2, 3] {
        let (recorder, task, _) = run(boot);
        recorder.finish().await.unwrap();
        assert_eq!(accounted(&recorder).await, wanted);
        drop(recorder);
        task.await.unwrap().unwrap();
    }
}

fn task_settings() -> TaskSettings {
    let plan = Plan::parse(PLAN).unwrap();
    let target = plan.targets[0].id.clone();
    let grid = plan.grid(&plan.agents[0].id, &target).unwrap();
    TaskSettings {
        plan_revision: 7,
        grids: BTreeMap::from([(target, grid)]),
        timebase: Timebase::start(Arc::new(ManualClock::at(UnixMicros::new(0)))),
        health: Health::default(),
        metrics: AgentMetrics::new(&Metrics::local("test", "0").unwrap(), "eu-1"),
    }
}

#[test]
fn refused_slots_are_joined_only_where_they_touch() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let settings = RecorderSettings {
        boot: 1,
        limits: Limits::default(),
        seal_interval: Duration::from_hours(1),
    };
    let (recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
    let settings = task_settings();
    let target = settings.grids.keys().next().unwrap().clone();
    let (mut desk, _sealed) = Desk::new(recorder, settings);
    for slot in [1, 2, 4, 5] {
        let at = UnixMillis::new(slot * 60_000);
        desk.hold(Missed::one(
            Slot {
                target: target.clone(),
                at,
                plan: 7,
            },
            GapReason::SpoolFull,
        ));
    }
    let runs: Vec<_> = desk
        .held
        .iter()
        .map(|run| (run.first.get() / 60_000, run.count))
        .collect();
    assert_eq!(runs, [(1, 2), (4, 2)]);
}
