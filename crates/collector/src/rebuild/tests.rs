use std::collections::BTreeSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::*;
use crate::lab::{self, Lab, reclass, utc};

pub(crate) fn setup(lab: &Lab, mode: Mode) -> RebuildSetup {
    RebuildSetup {
        database_url: lab.url.clone(),
        origin: lab::origin(),
        plan: lab::plan(),
        contracts: vec![lab::contract()],
        clock: Arc::new(lab.clock.clone()),
        from: None,
        to: None,
        mode,
    }
}

/// What a run finds, in words, and its totals.
pub(crate) async fn run(lab: &Lab, mode: Mode) -> (Vec<String>, Totals) {
    let mut found = Vec::new();
    let totals = rebuild(&setup(lab, mode), |event| {
        if let Event::Difference(difference) = event {
            found.push(difference.to_string());
        }
    })
    .await
    .unwrap();
    (found, totals)
}

/// Two days around the end of a month with an hour of outage, judged and final.
async fn judged(name: &str) -> Lab {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start(name, from).await;
    let outage = utc("2026-01-31T10:00:00Z")..utc("2026-01-31T11:00:00Z");
    lab.measure((from, utc("2026-01-31T23:00:00Z")), |at| {
        outage.contains(&at)
    })
    .await;
    lab.measure((utc("2026-01-31T23:00:00Z"), to), |_| false)
        .await;
    let finals = "SELECT count(*) FROM assessment WHERE state = 'final'";
    assert_eq!(lab.number(finals).await, 1);
    lab
}

#[tokio::test]
async fn what_ingest_stored_is_equal_to_what_the_batches_say() {
    let lab = judged("equal").await;
    let before = lab.fingerprint().await;
    for mode in [Mode::Check, Mode::Rewrite] {
        let (found, totals) = run(&lab, mode).await;
        assert_eq!((found, totals.differing), (vec![], 0));
        assert_eq!((totals.samples, totals.gaps), (2_294, 46));
        assert_eq!((totals.assessments, totals.days_rewritten), (1, 0));
        assert!(totals.cells >= 39, "{totals:?}");
    }
    assert_eq!(lab.fingerprint().await, before);
    lab.stop().await;
}

#[tokio::test]
async fn corrupt_lost_and_invented_rows_are_found_and_healed() {
    let lab = judged("heal").await;
    let before = lab.fingerprint().await;
    let good = [
        "outcome = 'ok'",
        "status = 200::smallint",
        "attribution = 'none'",
    ];
    lab.tamper(&reclass(&good, "slot_at = '2026-01-31T10:05:00Z'"))
        .await;
    lab.tamper(
        "DELETE FROM sample WHERE slot_at >= '2026-01-30T13:00:00Z'
             AND slot_at < '2026-01-30T13:03:00Z';
         INSERT INTO sample SELECT slot_at + interval '10 s', started_at, seq, i, end_us, target_id,
             agent_id, attempt, class_id, first_us, output_tokens
             FROM sample WHERE slot_at = '2026-01-31T12:00:00Z';
         DELETE FROM slot_gap WHERE i = 49;
         UPDATE slot_gap SET last_at = last_at + interval '3 days' WHERE i = 99;
         UPDATE cell SET packed = '\\x00' WHERE hour_at = '2026-01-31T20:00:00Z'",
    )
    .await;
    let tampered = lab.fingerprint().await;
    let (found, totals) = run(&lab, Mode::Check).await;
    assert_eq!(lab.fingerprint().await, tampered, "a check writes nothing");
    for line in [
        "sample changed t a 2026-01-31T10:05:00Z",
        "sample missing t a 2026-01-30T13:02:00Z",
        "sample extra t a 2026-01-31T12:00:10Z",
        "gap missing t a 2026-01-30T12:49:00Z (index 49)",
        "gap changed t a 2026-01-30T13:39:00Z (index 99)",
        "cell changed t a 2026-01-31T20:00:00Z",
    ] {
        assert!(found.iter().any(|one| one == line), "{line}: {found:#?}");
    }
    assert_eq!(totals.unhealed, 1, "no verdict without the cell");
    let (_, totals) = run(&lab, Mode::Rewrite).await;
    assert_eq!(totals.days_rewritten, 2);
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    assert_eq!(lab.fingerprint().await, before, "the verdict too");
    lab.stop().await;
}

#[tokio::test]
async fn sketches_are_compared_and_healed() {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-01-30T18:00:00Z"));
    let mut lab = Lab::start("sketches", from).await;
    lab.measure((from, to), |_| false).await;
    let before = lab.fingerprint().await;
    lab.tamper(
        "UPDATE latency_hour SET packed = '\\x01' WHERE hour_at = '2026-01-30T13:00:00Z';
         UPDATE latency_hour SET outcomes = '{\"ok\": 1}' WHERE hour_at = '2026-01-30T14:00:00Z';
         DELETE FROM latency_hour WHERE hour_at = '2026-01-30T15:00:00Z';
         UPDATE latency_day SET agent_id = 77",
    )
    .await;
    let wanted = [
        "latency_hour changed t a 2026-01-30T13:00:00Z",
        "latency_hour changed t a 2026-01-30T14:00:00Z",
        "latency_hour missing t a 2026-01-30T15:00:00Z",
        "latency_day missing t a 2026-01-30T00:00:00Z",
        "latency_day extra t 77 2026-01-30T00:00:00Z",
    ];
    assert_eq!(run(&lab, Mode::Check).await.0, wanted);
    run(&lab, Mode::Rewrite).await;
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    assert_eq!(lab.fingerprint().await, before);
    lab.stop().await;
}

#[tokio::test]
async fn minutes_of_agents_are_compared_and_healed() {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-01-30T14:00:00Z"));
    let mut lab = Lab::start("minutes", from).await;
    lab.measure((from, to), |_| false).await;
    let before = lab.fingerprint().await;
    lab.tamper(
        "UPDATE agent_minute SET controls_ok = 2 WHERE i = 0;
         DELETE FROM agent_minute WHERE i = 1;
         INSERT INTO agent_minute SELECT agent_id, minute_at + interval '1 minute', seq, i, 2, 0
             FROM agent_minute WHERE i = 2",
    )
    .await;
    let (found, totals) = run(&lab, Mode::Check).await;
    let wanted = [
        "agent_minute changed a 2026-01-30T12:00:00Z",
        "agent_minute extra a 2026-01-30T13:01:00Z",
        "agent_minute missing a 2026-01-30T12:30:00Z",
    ];
    assert_eq!(
        (found, totals.differing),
        (wanted.map(String::from).to_vec(), 3)
    );
    run(&lab, Mode::Rewrite).await;
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    assert_eq!(lab.fingerprint().await, before);
    lab.stop().await;
}

/// However rows are damaged, a check names every slot of them, and a rewrite undoes it.
#[tokio::test]
async fn any_damage_is_found_and_undone() {
    let lab = judged("any").await;
    let before = lab.fingerprint().await;
    let kinds = [
        |i: i64| format!("UPDATE sample SET end_us = end_us + 1 WHERE i = {i}"),
        |i| reclass(&["status = NULL::smallint"], &format!("i = {i}")),
        |i| format!("UPDATE sample SET seq = seq + 1 WHERE i = {i}"),
        |i| {
            let later = "started_at = started_at + interval '70 minutes'";
            format!("UPDATE sample SET {later} WHERE i = {i}")
        },
        |i| format!("DELETE FROM sample WHERE i = {i}"),
    ];
    let damage = proptest::collection::vec((0_usize..kinds.len(), 0_i64..2_340), 1..6);
    let mut runner = TestRunner::deterministic();
    for _case in 0..8 {
        let damage = damage.new_tree(&mut runner).unwrap().current();
        let mut slots = BTreeSet::new();
        for (kind, i) in damage.iter().filter(|(_, i)| i % 50 != 49) {
            lab.tamper(&kinds[*kind](*i)).await;
            slots.insert(i);
        }
        let totals = run(&lab, Mode::Check).await.1;
        assert!(totals.differing >= slots.len() as u64, "{damage:?}");
        run(&lab, Mode::Rewrite).await;
        assert_eq!(lab.fingerprint().await, before, "{damage:?}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_batch_whose_bytes_changed_is_named_and_cannot_be_healed() {
    let lab = judged("bytes").await;
    let flip = "UPDATE batch_raw SET body = set_byte(body, 40, get_byte(body, 40) # 1)";
    lab.tamper(&format!("{flip} WHERE seq = 3")).await;
    let (found, totals) = run(&lab, Mode::Check).await;
    assert_eq!(totals.unhealed, 1, "{found:#?}");
    assert!(
        found.iter().any(|one| one.contains("batch 3: ")),
        "{found:#?}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_final_assessment_that_does_not_follow_is_followed_by_one_that_does() {
    let lab = judged("verdict").await;
    lab.tamper(
        "UPDATE assessment SET body = replace(body, '\"breached\"', '\"met\"')
         WHERE state = 'final'",
    )
    .await;
    let (found, _) = run(&lab, Mode::Check).await;
    assert_eq!(
        found,
        ["assessment changed acme-direct 2026-01-01T00:00:00Z (revision 0)"]
    );
    run(&lab, Mode::Rewrite).await;
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    let revisions = "SELECT max(revision)::bigint FROM assessment WHERE state = 'final'";
    assert_eq!(lab.number(revisions).await, 1);
    lab.stop().await;
}

#[tokio::test]
async fn a_collector_may_ingest_and_judge_meanwhile() {
    let (from, to) = (utc("2026-01-31T20:00:00Z"), utc("2026-02-01T06:00:00Z"));
    let mut lab = Lab::start("beside", from).await;
    let setup = setup(&lab, Mode::Rewrite);
    let watch = async {
        for _ in 0..12 {
            let totals = rebuild(&setup, |event| {
                assert!(!matches!(event, Event::Difference(_)), "{event:?}");
            });
            assert_eq!(totals.await.unwrap().differing, 0);
        }
    };
    tokio::join!(lab.measure((from, to), |_| false), watch);
    lab.stop().await;
}

#[tokio::test]
async fn two_rebuilds_do_not_run_at_once() {
    let lab = Lab::start("twice", utc("2026-01-30T12:00:00Z")).await;
    let mut other = PgConnection::connect(&lab.url).await.unwrap();
    assert!(database::try_lock_days(&mut other).await.unwrap());
    let refused = rebuild(&setup(&lab, Mode::Check), |_| {}).await;
    assert!(matches!(refused, Err(RebuildError::Locked)), "{refused:?}");
    lab.stop().await;
}
