use chrono::TimeDelta;
use evidence::hash::Hash;
use evidence::tree;
use sqlx::{Connection as _, PgConnection};
use wire::protocol::CheckpointAnswer;

use crate::lab::{Lab, utc};
use crate::store;

const START: &str = "2026-02-25T00:00:00Z";

async fn newest(lab: &Lab) -> i64 {
    lab.number("SELECT max(size) FROM checkpoint").await
}

fn proofs(answer: &CheckpointAnswer) -> (usize, bool) {
    (answer.consistency.len(), answer.inclusion.is_some())
}

#[tokio::test]
async fn a_collector_proves_what_another_one_appended() {
    let mut lab = Lab::start("sequence_two", utc(START)).await;
    let dir = tempfile::tempdir().unwrap();
    let second = lab.second(dir.path()).await;
    let known = u64::try_from(newest(&lab).await).unwrap();
    let to = utc(START) + TimeDelta::hours(4);
    lab.measure((utc(START), to), |_| false).await;
    let agent = "a".parse().unwrap();
    let own = lab.collector.checkpoint(&agent, Some(3), known).await;
    let other = second.checkpoint(&agent, Some(3), known).await.unwrap();
    assert_eq!(proofs(&other), proofs(&own.unwrap()));
    assert!(other.inclusion.is_some());
    // And goes on where the other one left off.
    lab.measure((to, to + TimeDelta::hours(1)), |_| false).await;
    let size = second.run_sequencer().await.unwrap();
    assert_eq!(i64::try_from(size).unwrap(), newest(&lab).await);
    second.shutdown().await;
    lab.stop().await;
}

#[tokio::test]
async fn a_head_that_a_killed_sequencer_left_unsigned_is_signed_by_the_next() {
    let mut lab = Lab::start("sequence_unsigned", utc(START)).await;
    let to = utc(START) + TimeDelta::hours(1);
    lab.measure((utc(START), to), |_| false).await;
    let size = newest(&lab).await;
    lab.tamper("DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)")
        .await;
    assert!(newest(&lab).await < size);
    lab.collector.run_sequencer().await.unwrap();
    assert_eq!(newest(&lab).await, size);
    lab.stop().await;
}

/// A batch whose transaction began first and ends last is not taken for one that is logged.
#[tokio::test]
async fn a_batch_that_is_committed_while_the_log_is_ordered_is_logged_next() {
    let lab = Lab::start("sequence_race", utc(START)).await;
    for seq in 0..2 {
        lab.tamper(&format!(
            "INSERT INTO batch (agent_id, seq, hash, prev, note, lines, wall_first_at,
                                wall_last_at, received_at)
             SELECT id, {seq}, sha256('{seq}'), sha256('{seq}'), 'note {seq}', 0, now(), now(), now()
             FROM agent"
        ))
        .await;
    }
    let mut late = PgConnection::connect(&lab.url).await.unwrap();
    let mut late = late.begin().await.unwrap();
    let queue = "INSERT INTO log_pending (agent_id, seq) SELECT id, $1 FROM agent";
    let queue = |seq: i64| sqlx::query(queue).bind(seq);
    queue(0).execute(&mut *late).await.unwrap();
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    queue(1).execute(&mut conn).await.unwrap();
    let size = u64::try_from(newest(&lab).await).unwrap();
    let rows = store::log::waiting(&mut conn).await.unwrap();
    late.commit().await.unwrap();
    let hashes = store::log::append(&mut conn, size, &rows).await.unwrap();
    let leaf = |note: &str| tree::leaf_hash(note.as_bytes());
    assert_eq!(hashes, [leaf("note 1")]);
    let rows = store::log::waiting(&mut conn).await.unwrap();
    let hashes: Vec<Hash> = store::log::append(&mut conn, size + 1, &rows)
        .await
        .unwrap();
    assert_eq!(hashes, [leaf("note 0")]);
    lab.stop().await;
}
