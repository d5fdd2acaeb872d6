use domain::SystemClock;

use super::*;
use crate::lab::{Lab, TARGET, utc};
use crate::{Hold, Retention, add_hold, release_hold};

const DAYS: &str = "SELECT count(DISTINCT slot_at::date) FROM sample";
const RAW: &str = "SELECT count(*) FROM batch_raw";

/// Four days of a healthy target in the middle of February, and a clock long after.
async fn aged(name: &str, retention: Retention, is_down: bool) -> Lab {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-03-01T02:00:00Z"));
    let mut lab = Lab::start_with(name, from, retention).await;
    let running = utc("2026-02-28T00:00:00Z");
    lab.measure((from, running), |_| is_down).await;
    lab.measure((running, to), |at| {
        is_down && at < utc("2026-03-01T00:00:00Z")
    })
    .await;
    lab.clock.set(utc("2026-05-01T00:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    lab
}

fn retention(toml: &str) -> Retention {
    let retention: Retention = toml::from_str(toml).unwrap();
    retention.check().unwrap();
    retention
}

/// Everything that is to stay, as text.
async fn verdicts(lab: &Lab) -> Vec<String> {
    let prints = lab.fingerprint().await.into_iter();
    prints
        .filter(|print| !print.starts_with("sample ") && !print.starts_with("agent_minute "))
        .collect()
}

#[tokio::test]
async fn days_whose_time_is_up_leave_whole_and_everything_judged_stays() {
    let lab = aged("drop", retention("samples_days = 63\nraw_days = 64"), false).await;
    assert_eq!((lab.number(DAYS).await, lab.number(RAW).await), (5, 196));
    let before = verdicts(&lab).await;
    let done = lab.collector.run_retention().await.unwrap();
    // 63 days before the first of May lies the 27th of February; 64 days, the 26th.
    assert_eq!((done.days, done.held), (3, 0));
    assert_eq!(lab.number(DAYS).await, 3);
    assert_eq!(lab.number(RAW).await, 196 - 47);
    let again = lab.collector.run_retention().await.unwrap();
    assert_eq!(again, Retained::default(), "dropped once");
    // A mark on a day that is gone does not undo what was counted.
    lab.tamper("INSERT INTO cell_dirty SELECT id, '2026-02-25T10:00:00Z' FROM target")
        .await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(verdicts(&lab).await, before);
    let setup = crate::rebuild::tests::setup(&lab, crate::RebuildMode::Check);
    let totals = crate::rebuild(&setup, |_| {}).await.unwrap();
    assert_eq!(
        (totals.differing, totals.days_dropped),
        (0, 2),
        "{totals:?}"
    );
    assert_eq!(totals.assessments_kept, 1, "{totals:?}");
    let noted = "SELECT sum(dropped_rows)::bigint FROM day_dropped WHERE kind = 'raw'";
    assert_eq!(lab.number(noted).await, 47);
    lab.stop().await;
}

#[tokio::test]
async fn nothing_leaves_without_a_policy() {
    let lab = aged("keep", Retention::default(), false).await;
    let done = lab.collector.run_retention().await.unwrap();
    assert_eq!(done, Retained::default());
    assert_eq!((lab.number(DAYS).await, lab.number(RAW).await), (5, 196));
    lab.stop().await;
}

#[tokio::test]
async fn what_is_held_stays_until_it_is_released() {
    let lab = aged("held", retention("samples_days = 43\nraw_days = 43"), false).await;
    let hold = Hold {
        name: String::new(),
        target: TARGET.to_owned(),
        from_day: "2026-02-26".parse().unwrap(),
        to_day: "2026-02-26".parse().unwrap(),
        reason: "a dispute".to_owned(),
    };
    let number = add_hold(&lab.url, &hold, &SystemClock).await.unwrap();
    let done = lab.collector.run_retention().await.unwrap();
    assert!(done.held > 0, "{done:?}");
    let samples = "SELECT count(*) FROM sample WHERE slot_at::date = '2026-02-26'";
    assert!(lab.number(samples).await > 1_400);
    let raw = "SELECT count(*) FROM batch_raw WHERE received_at >= '2026-02-26'
               AND received_at < '2026-02-28'";
    assert_eq!(
        lab.number(raw).await,
        96,
        "the batch that closes the day too"
    );
    release_hold(&lab.url, &number.to_string(), &SystemClock)
        .await
        .unwrap();
    lab.collector.run_retention().await.unwrap();
    assert_eq!((lab.number(DAYS).await, lab.number(RAW).await), (0, 0));
    let twice = release_hold(&lab.url, &number.to_string(), &SystemClock).await;
    assert!(twice.is_err());
    lab.stop().await;
}

#[tokio::test]
async fn a_violation_holds_its_window_by_itself_for_its_months() {
    let policy = "samples_days = 43\nraw_days = 43\nviolation_months = 12";
    let lab = aged("violation", retention(policy), true).await;
    let [name] = &lab.collector.violations().await.unwrap()[..] else {
        panic!("one violation");
    };
    let done = lab.collector.run_retention().await.unwrap();
    assert_eq!(done.days, 0, "{done:?}");
    assert!(done.held >= 8, "{done:?}");
    release_hold(&lab.url, name, &SystemClock).await.unwrap();
    lab.collector.run_retention().await.unwrap();
    assert_eq!((lab.number(DAYS).await, lab.number(RAW).await), (0, 0));
    lab.stop().await;
}

#[tokio::test]
async fn raw_bytes_stay_while_a_batch_of_their_day_is_not_in_the_log() {
    let lab = aged("unlogged", retention("raw_days = 43"), false).await;
    lab.tamper("UPDATE batch SET log_index = NULL WHERE seq = 10")
        .await;
    lab.collector.run_retention().await.unwrap();
    let raw = "SELECT count(*) FROM batch_raw WHERE received_at < '2026-02-26'";
    assert_eq!((lab.number(raw).await, lab.number(RAW).await), (47, 47));
    let setup = crate::rebuild::tests::setup(&lab, crate::RebuildMode::Rewrite);
    let before = lab.fingerprint().await;
    let totals = crate::rebuild(&setup, |_| {}).await.unwrap();
    assert_eq!(
        (totals.differing, totals.days_rewritten),
        (0, 0),
        "{totals:?}"
    );
    assert_eq!(
        totals.unverifiable,
        149 * 31,
        "rows without raw bytes are left alone"
    );
    assert_eq!(lab.fingerprint().await, before);
    lab.stop().await;
}

/// Bytes that were stored before there were partitions leave with their day too.
#[tokio::test]
async fn raw_bytes_of_before_the_partitions_are_read_and_dropped_alike() {
    let lab = aged("before", retention("raw_days = 43"), false).await;
    lab.tamper(
        "UPDATE batch b SET body = r.body FROM batch_raw r
         WHERE r.agent_id = b.agent_id AND r.seq = b.seq; TRUNCATE batch_raw",
    )
    .await;
    let bodies = "SELECT count(body) FROM batch";
    assert_eq!(lab.number(bodies).await, 196);
    lab.collector.run_retention().await.unwrap();
    assert_eq!(lab.number(bodies).await, 0);
    lab.stop().await;
}
