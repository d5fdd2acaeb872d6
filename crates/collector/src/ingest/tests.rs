use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock as _, Minute};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::commit::{self, Stored};
use super::{admit, read};
use crate::lab::{Lab, utc};
use crate::store;
use crate::store::agent_minute::{self, AgentMinute};
use crate::store::agent_state;
use crate::store::batch::Before;

#[tokio::test]
async fn what_an_agent_says_about_itself_is_stored() {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-01-30T14:00:00Z"));
    let mut lab = Lab::start("own", from).await;
    lab.measure((from, to), |_| false).await;
    let count = "SELECT count(*) FROM agent_minute WHERE (controls, controls_ok) = (2, 1)";
    assert_eq!(lab.number(count).await, 4);
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let states = agent_state::list(&mut conn).await.unwrap();
    let state = &states["a"];
    let clock = (state.clock_offset_us, state.clock_bound_us);
    assert_eq!(clock, (Some(-1_500), Some(2_000)));
    assert_eq!(state.clock_source.as_deref(), Some("ntp"));
    assert_eq!((state.lag_us_max, state.plan), (Some(1_003), Some(1)));
    let program = (state.build.as_deref(), state.version.as_deref());
    assert_eq!(program, (Some("ab".repeat(32).as_str()), Some("0.1.0")));
    assert_eq!((state.controls_ok, state.controls), (Some(1), Some(2)));
    lab.stop().await;
}

#[tokio::test]
async fn of_two_lines_about_a_minute_the_later_one_counts_in_whatever_order_they_come() {
    let at = utc("2026-01-30T12:00:00Z");
    let lab = Lab::start("minute", at).await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let minute = domain::UnixMillis::from(at).minute();
    let row = |i, controls_ok| AgentMinute {
        agent: 1,
        minute,
        seq: 0,
        i,
        controls: 2,
        controls_ok,
    };
    for (i, ok, stored) in [(5, 0, 0), (4, 2, 0), (6, 1, 1)] {
        let rows = agent_minute::newest(&[row(i, ok), row(i.saturating_sub(3), 2)]);
        assert_eq!(rows.len(), 1);
        agent_minute::insert(&mut conn, &rows).await.unwrap();
        let sql = "SELECT sum(controls_ok)::bigint FROM agent_minute";
        assert_eq!(lab.number(sql).await, stored, "after line {i}");
    }
    agent_minute::delete(&mut conn, &[(1, minute), (1, Minute::new(0))])
        .await
        .unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM agent_minute").await, 0);
    lab.stop().await;
}

#[tokio::test]
async fn a_receipt_names_the_first_batch_before_it_that_is_not_here() {
    let from = utc("2026-01-30T12:00:00Z");
    let mut lab = Lab::start("before", from).await;
    let bodies = seal(&mut lab, from, 6);
    for (seq, missing) in [
        (0, None),
        (2, Some(1)),
        (1, None),
        (2, None),
        (3, None),
        (5, Some(4)),
    ] {
        assert_eq!(told(&lab, &bodies[seq]).await, missing, "batch {seq}");
    }
    lab.stop().await;
}

/// As after a restore: the ledger says what is here, and no memory of a collector's does.
#[tokio::test]
async fn a_batch_that_the_ledger_has_lost_is_missing_though_it_was_here() {
    let from = utc("2026-01-30T12:00:00Z");
    let mut lab = Lab::start("lost", from).await;
    let bodies = seal(&mut lab, from, 3);
    for body in &bodies[..2] {
        assert_eq!(told(&lab, body).await, None);
    }
    lab.tamper(
        "DELETE FROM sample WHERE seq = 1; DELETE FROM slot_gap WHERE seq = 1;
         DELETE FROM log_pending WHERE seq = 1; DELETE FROM batch_raw WHERE seq = 1;
         DELETE FROM batch WHERE seq = 1",
    )
    .await;
    assert_eq!(told(&lab, &bodies[2]).await, Some(1));
    lab.stop().await;
}

#[tokio::test]
async fn batches_of_one_transaction_stand_before_each_other_in_whatever_order_they_came() {
    let from = utc("2026-01-30T12:00:00Z");
    let mut lab = Lab::start("group", from).await;
    let bodies = seal(&mut lab, from, 6);
    let pool = PgPool::connect(&lab.url).await.unwrap();
    let mut conn = pool.acquire().await.unwrap();
    let agent = store::agent::find(&mut conn, &"a".parse().unwrap()).await;
    let agent = agent.unwrap().unwrap();
    let admit = |seq: usize| {
        let text = wire::batch::decompress(&bodies[seq]).unwrap();
        admit(
            read(&text).unwrap(),
            bodies[seq].clone(),
            &agent,
            lab.clock.now(),
        )
        .unwrap()
    };
    let mut partitions = BTreeSet::new();
    let (here, not_seen) = (Stored::Fresh(Before::Here), Stored::Fresh(Before::NotSeen));
    for (group, expected) in [
        (vec![1, 0], vec![here, here]),
        (vec![4, 3], vec![here, not_seen]),
        (vec![2, 2, 5], vec![here, Stored::Duplicate, here]),
    ] {
        let group: Vec<_> = group.into_iter().map(admit).collect();
        let stored = commit::commit(&mut conn, &mut partitions, &group).await;
        assert_eq!(stored.unwrap(), expected);
    }
    lab.stop().await;
}

fn seal(lab: &mut Lab, from: DateTime<Utc>, batches: i32) -> Vec<Vec<u8>> {
    let starts = (0..batches).map(|n| from + TimeDelta::minutes(30) * n);
    starts.map(|start| lab.seal_quietly(start)).collect()
}

/// What a batch's receipt says is missing.
async fn told(lab: &Lab, body: &[u8]) -> Option<u64> {
    lab.collector
        .ingest(body.to_vec())
        .await
        .unwrap()
        .missing_from
}
