//! What of a burst is not made is told in the next batch.

use wire::reserved::{LEFT_OUT_MAX, LeftOut};

use super::*;

fn told(attempt: u32, count: u32, reason: GapReason) -> LeftOut {
    LeftOut {
        attempt,
        count,
        reason,
        slot_ms: UnixMillis::new(1_800_000_000_000),
        target: "acme".parse().unwrap(),
    }
}

fn failing() -> Arc<AttemptFn> {
    let failing = [(Outcome::ServerError, Attribution::Provider); 1];
    answering(&failing, Duration::from_millis(100))
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_is_whole_leaves_nothing_to_tell() {
    let bench = Bench::new(plan(""), failing());
    assert_eq!(bench.run_and_tell(50).await.1, []);
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_the_end_of_the_run_cuts_off_is_told() {
    let bench = Bench::new(plan(""), failing());
    let (lines, left_out) = bench.run_and_tell(15).await;
    assert_eq!(samples(&lines).len(), 2);
    assert_eq!(left_out, [told(3, 1, GapReason::AgentDown)]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_without_budget_is_told() {
    let burst = "burst = { count = 9, spacing_ms = 1000 }";
    let failing = [(Outcome::ServerError, Attribution::Provider); 9];
    let silent = without_usage(answering(&failing, Duration::from_millis(100)));
    let (lines, left_out) = Bench::new(budgeted(burst), silent).run_and_tell(50).await;
    assert_eq!(samples(&lines).len(), 5);
    assert_eq!(left_out, [told(6, 5, GapReason::Budget)]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_without_room_for_a_minute_is_left_out_and_told() {
    let bench = Bench::new(plan(""), failing());
    let taken = Arc::clone(&bench.runner.desk.permits);
    let taking = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let _held = taken.acquire_many_owned(3).await.unwrap();
        tokio::time::sleep(Duration::from_secs(200)).await;
    });
    let (_, left_out) = bench.run_and_tell(100).await;
    taking.abort();
    assert_eq!(left_out, [told(2, 2, GapReason::Overloaded)]);
}

#[test]
fn what_no_line_has_room_for_waits_and_what_is_too_much_is_never_half_told() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
    let settings = RecorderSettings {
        boot: 1,
        limits: Limits::default(),
        seal_interval: Duration::from_hours(24),
    };
    let (mut recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
    recorder.observe(crate::selfcheck::Readings::default());
    for _ in 0..=LEFT_OUT_MAX {
        recorder.leave_out(told(2, 1, GapReason::Budget));
    }
    let mut load = |mono_us| {
        let now = crate::stamp::Stamp {
            wall: UnixMicros::new(1_800_000_000_000_000),
            mono_us,
        };
        recorder.note_seal(now).unwrap();
        let sealed = recorder.seal(now).unwrap().unwrap();
        let text = batch::decompress(&sealed.body).unwrap();
        let batch = batch::parse(&text).unwrap();
        let told: Vec<Option<usize>> = left_out_of(&batch)
            .map(|told| told.map(|told| told.len()))
            .collect();
        for _ in 0..10_001 {
            recorder.leave_out(told_once());
        }
        told
    };
    assert_eq!(load(1), [Some(100), Some(1)]);
    assert_eq!(load(2), [None, None]);
}

fn told_once() -> LeftOut {
    told(2, 1, GapReason::Budget)
}
