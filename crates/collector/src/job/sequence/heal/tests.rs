use chrono::{DateTime, TimeDelta, Utc};
use domain::AgentId;
use evidence::checkpoint::Checkpoint;
use evidence::note::SignedNote;
use evidence::tree::{self, TreeHead};
use sqlx::Connection as _;
use wire::protocol::Receipt;

use super::*;
use crate::keys::Keys;
use crate::lab::{Lab, origin, utc};
use crate::registry::{self, RecordError};

const START: &str = "2026-02-25T00:00:00Z";
const HALF_HOUR: TimeDelta = TimeDelta::minutes(30);

fn agent() -> AgentId {
    "a".parse().unwrap()
}

/// A lab whose log has `count` batches signed, with their bodies.
async fn signed(name: &str, count: i32) -> (Lab, Vec<Vec<u8>>, DateTime<Utc>) {
    let mut lab = Lab::start(name, utc(START)).await;
    let (mut at, mut bodies) = (utc(START), Vec::new());
    for _ in 0..count {
        bodies.push(deliver(&mut lab, &mut at).await);
        lab.collector.run_sequencer().await.unwrap();
    }
    (lab, bodies, at)
}

async fn deliver(lab: &mut Lab, at: &mut DateTime<Utc>) -> Vec<u8> {
    let body = lab.seal_quietly(*at);
    *at += HALF_HOUR;
    ingest(lab, &body).await;
    body
}

async fn ingest(lab: &Lab, body: &[u8]) -> Receipt {
    lab.collector.ingest(body.to_vec()).await.unwrap()
}

async fn head(lab: &Lab) -> TreeHead {
    let answer = lab.collector.checkpoint(&agent(), None, 0).await.unwrap();
    let note = SignedNote::parse(answer.checkpoint.as_bytes()).unwrap();
    Checkpoint::parse(note.text()).unwrap().head()
}

/// Forgets every entry from an index on, as an older copy would not know them.
async fn lose(lab: &Lab, from: u64) {
    lab.tamper(&format!(
        "DELETE FROM cosignature WHERE size > {from};
         DELETE FROM checkpoint WHERE size > {from};
         DELETE FROM sample s USING batch b
         WHERE s.agent_id = b.agent_id AND s.seq = b.seq AND b.log_index >= {from};
         DELETE FROM slot_gap s USING batch b
         WHERE s.agent_id = b.agent_id AND s.seq = b.seq AND b.log_index >= {from};
         DELETE FROM batch_raw s USING batch b
         WHERE s.agent_id = b.agent_id AND s.seq = b.seq AND b.log_index >= {from};
         DELETE FROM log_entry WHERE idx >= {from};
         DELETE FROM batch WHERE log_index >= {from};
         DELETE FROM registry WHERE log_index >= {from};"
    ))
    .await;
}

async fn heal_error(lab: &Lab) -> HealError {
    match lab.collector.run_sequencer().await {
        Err(SequenceError::Heal(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lost_entries_come_back_to_their_places_and_the_next_head_continues_the_signed_one() {
    let (mut lab, bodies, mut at) = signed("heal_order", 5).await;
    let before = head(&lab).await;
    let samples = lab.number("SELECT count(*) FROM sample").await;
    lose(&lab, before.size - 3).await;

    let missing = heal_error(&lab).await;
    assert!(
        matches!(missing, HealError::Missing { missing: 3, .. }),
        "{missing}"
    );
    let health = lab.get("/api/v1/health").await;
    assert!(health.contains(r#""ok":false"#), "{health}");
    assert!(health.contains(r#""missing":3"#), "{health}");
    assert!(health.contains("restored from an older copy"), "{health}");
    assert!(lab.get("/").await.contains("The log does not go on"));

    // Batches go on to be taken, but nothing is put before what is owed.
    let live = lab.seal_quietly(at);
    at += HALF_HOUR;
    assert_eq!(ingest(&lab, &live).await.missing_from, Some(2));
    for body in [&bodies[4], &bodies[2]] {
        ingest(&lab, body).await;
    }
    let missing = heal_error(&lab).await;
    assert!(
        matches!(missing, HealError::Missing { size, missing: 1, .. } if size == before.size - 2)
    );
    assert_eq!(ingest(&lab, &bodies[3]).await.missing_from, None);
    let size = lab.collector.run_sequencer().await.unwrap();
    assert_eq!(size, before.size + 1);

    let answer = lab
        .collector
        .checkpoint(&agent(), None, before.size)
        .await
        .unwrap();
    let proof: Vec<_> = answer
        .consistency
        .iter()
        .map(|h| h.parse().unwrap())
        .collect();
    tree::verify_consistency(before, head(&lab).await, &proof).unwrap();
    assert_eq!(
        lab.number("SELECT count(*) FROM sample").await,
        samples + 30
    );
    for table in ["log_behind", "log_owed", "log_owed_cosignature"] {
        let left = format!("SELECT count(*) FROM {table}");
        assert_eq!(lab.number(&left).await, 0, "{table}");
    }
    assert!(lab.get("/api/v1/health").await.contains(r#""ok":true"#));
    deliver(&mut lab, &mut at).await;
    lab.collector.run_sequencer().await.unwrap();
    lab.stop().await;
}

#[tokio::test]
async fn nothing_is_recorded_while_records_are_to_come_back() {
    let (lab, _, _) = signed("heal_record", 2).await;
    lose(&lab, 3).await;
    heal_error(&lab).await;
    let keys = Keys::load(&lab.state_dir().join("keys"), &origin()).unwrap();
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let entry = registry::Entry {
        kind: evidence::registry::RegistryType::Annotate,
        at: utc(START),
        body: "{}".to_owned(),
    };
    let refused = registry::append(&mut conn, "x", entry, &keys.operator).await;
    assert!(matches!(refused, Err(RecordError::Behind)));
    lab.stop().await;
}

#[tokio::test]
async fn registry_records_come_back_from_the_journal_alone() {
    let (lab, bodies, _) = signed("heal_registry", 1).await;
    let before = head(&lab).await;
    let notes = "SELECT count(*) FROM registry";
    let records = lab.number(notes).await;
    lose(&lab, 1).await;
    assert_eq!(lab.number(notes).await, 1);
    let missing = heal_error(&lab).await;
    assert!(
        matches!(missing, HealError::Missing { missing: 1, .. }),
        "{missing}"
    );
    assert_eq!(lab.number(notes).await, records);
    ingest(&lab, &bodies[0]).await;
    assert_eq!(lab.collector.run_sequencer().await.unwrap(), before.size);
    assert_eq!(head(&lab).await, before);
    lab.stop().await;
}

#[tokio::test]
async fn without_the_journal_nothing_is_signed_any_more() {
    let (lab, bodies, _) = signed("heal_journal", 3).await;
    let before = head(&lab).await;
    let dir = tempfile::tempdir().unwrap();
    let state = lab.state_dir().join("signer.state");
    std::fs::copy(state, dir.path().join("signer.state")).unwrap();
    lose(&lab, before.size - 1).await;
    let second = lab.second(dir.path()).await;
    ingest(&lab, &bodies[2]).await;
    for _ in 0..2 {
        let refused = second.run_sequencer().await.unwrap_err();
        let SequenceError::Heal(HealError::NoOrder { size, signed, .. }) = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!((*size, *signed), (before.size - 1, before.size));
        assert!(refused.to_string().contains("new origin"), "{refused}");
    }
    // The collector that has it heals the log, also for the other one.
    lab.collector.run_sequencer().await.unwrap();
    assert_eq!(head(&lab).await, before);
    second.run_sequencer().await.unwrap();
    second.shutdown().await;
    lab.stop().await;
}

#[tokio::test]
async fn a_journal_of_another_order_is_not_believed() {
    let (lab, _, _) = signed("heal_other", 3).await;
    let before = head(&lab).await;
    let journal = lab.state_dir().join("journal/00000000000000000000.journal");
    let text = std::fs::read_to_string(&journal).unwrap();
    let (last, swapped) = (before.size - 1, before.size - 2);
    let text = text
        .replace(&format!("entry {last} "), "entry X ")
        .replace(&format!("entry {swapped} "), &format!("entry {last} "))
        .replace("entry X ", &format!("entry {swapped} "));
    let mut lines: Vec<&str> = text.lines().collect();
    let end = lines.len();
    lines.swap(end - 1, end - 2);
    std::fs::write(&journal, lines.join("\n") + "\n").unwrap();
    lose(&lab, before.size - 2).await;
    let refused = heal_error(&lab).await;
    assert!(matches!(refused, HealError::OtherOrder { .. }), "{refused}");
    lab.stop().await;
}

#[tokio::test]
async fn cosignatures_come_back_and_date_what_was_lost() {
    let (lab, bodies, _) = signed("heal_date", 3).await;
    let before = head(&lab).await;
    let note = lab.collector.checkpoint(&agent(), None, 0).await.unwrap();
    let note = SignedNote::parse(note.checkpoint.as_bytes()).unwrap();
    let time_s = u64::try_from(utc(START).timestamp()).unwrap() + 7_200;
    let line = evidence::note::cosign(note.text(), time_s, &lab.key).unwrap();
    let request = wire::protocol::CosignatureRequest {
        agent: agent(),
        size: before.size,
        line: line.to_string(),
    };
    lab.collector.cosign(&request).await.unwrap();
    lose(&lab, before.size - 2).await;
    for body in &bodies[1..] {
        ingest(&lab, body).await;
    }
    lab.collector.run_sequencer().await.unwrap();
    let dated = format!("SELECT count(*) FROM batch WHERE anchored_at = to_timestamp({time_s})");
    assert_eq!(lab.number(&dated).await, 3);
    let lines = format!(
        "SELECT count(*) FROM cosignature WHERE size = {}",
        before.size
    );
    assert_eq!(lab.number(&lines).await, 1);
    assert_eq!(head(&lab).await, before);
    lab.stop().await;
}

#[tokio::test]
async fn a_revoked_agents_lost_batches_are_taken_again_and_no_others() {
    let (mut lab, bodies, at) = signed("heal_revoked", 3).await;
    let before = head(&lab).await;
    lose(&lab, before.size - 1).await;
    heal_error(&lab).await;
    lab.tamper("UPDATE agent SET revoked_at = now()").await;
    let beyond = lab.seal_quietly(at);
    let refused = lab.collector.ingest(beyond).await;
    assert!(matches!(refused, Err(crate::IngestError::Revoked { .. })));
    ingest(&lab, &bodies[2]).await;
    lab.collector.run_sequencer().await.unwrap();
    assert_eq!(head(&lab).await, before);
    lab.stop().await;
}

#[tokio::test]
async fn every_collector_holds_to_what_another_one_signed() {
    let (lab, bodies, _) = signed("heal_two", 1).await;
    let dir = tempfile::tempdir().unwrap();
    let second = lab.second(dir.path()).await;
    let mut lab = lab;
    let mut at = utc(START) + HALF_HOUR;
    let later = deliver(&mut lab, &mut at).await;
    lab.collector.run_sequencer().await.unwrap();
    second.run_sequencer().await.unwrap();
    let before = head(&lab).await;
    lose(&lab, before.size - 2).await;
    // The one that never signed knows as well what is owed, and in which order.
    let refused = second.run_sequencer().await;
    assert!(matches!(
        refused,
        Err(SequenceError::Heal(HealError::Missing { missing: 2, .. }))
    ));
    for body in [&later, &bodies[0]] {
        second.ingest(body.clone()).await.unwrap();
    }
    assert_eq!(second.run_sequencer().await.unwrap(), before.size);
    assert_eq!(head(&lab).await, before);
    lab.collector.run_sequencer().await.unwrap();
    second.shutdown().await;
    lab.stop().await;
}
