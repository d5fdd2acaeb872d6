use chrono::{DateTime, TimeDelta, Utc};
use evidence::note::{self, SigningKey};
use sqlx::{Connection as _, PgConnection};
use wire::protocol::ReceiptState;

use super::*;
use crate::IngestError;
use crate::lab::{Lab, origin, utc};
use crate::store::agent::NewAgent;

fn agent() -> AgentId {
    "a".parse().unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&origin().agent(&agent()), &[seed; 32]).unwrap()
}

fn request(old: &SigningKey, new: &SigningKey, from_batch: u64) -> RotateRequest {
    signed(old, new, (from_batch, &[old, new]))
}

fn signed(
    old: &SigningKey,
    new: &SigningKey,
    (from_batch, by): (u64, &[&SigningKey]),
) -> RotateRequest {
    let (old_vkey, new_vkey) = (
        old.verifier_key().to_string(),
        new.verifier_key().to_string(),
    );
    let rotation = Rotation {
        agent: agent(),
        old_vkey: old_vkey.clone(),
        new_vkey: new_vkey.clone(),
        from_batch,
    };
    RotateRequest {
        from_batch,
        new_vkey,
        old_vkey,
        proof: note::sign(&rotation.text(), by).unwrap().to_string(),
    }
}

fn half_hour(nth: i32) -> DateTime<Utc> {
    utc("2026-03-01T00:00:00Z") + TimeDelta::minutes(30) * nth
}

async fn lab(name: &str) -> Lab {
    let mut lab = Lab::start(name, half_hour(0)).await;
    lab.measure((half_hour(0), half_hour(2)), |_| false).await;
    lab
}

#[tokio::test]
async fn a_backlog_of_the_old_key_and_batches_of_the_new_one_are_both_taken() {
    let mut lab = lab("rotate").await;
    let backlog = lab.seal_quietly(half_hour(2));
    let (old, new) = (key(7), key(8));
    let request = request(&old, &new, lab.next_seq());
    let answer = lab.collector.rotate(&agent(), &request).await.unwrap();
    assert_eq!(
        (answer.from_batch, answer.vkey),
        (3, request.new_vkey.clone())
    );

    let receipt = lab.collector.ingest(backlog.clone()).await.unwrap();
    assert_eq!((receipt.seq, receipt.state), (2, ReceiptState::Stored));
    lab.replace_key(new);
    let next = lab.seal_quietly(half_hour(3));
    lab.collector.ingest(next).await.unwrap();
    let receipt = lab.collector.ingest(backlog).await.unwrap();
    assert_eq!(receipt.state, ReceiptState::Duplicate);

    lab.replace_key(old);
    let stale = lab.seal_quietly(half_hour(4));
    let refused = lab.collector.ingest(stale).await.unwrap_err();
    assert!(matches!(refused, IngestError::Signature { .. }));
    lab.stop().await;
}

#[tokio::test]
async fn the_same_rotation_again_has_the_same_answer_and_one_record() {
    let lab = lab("rotate_again").await;
    let request = request(&key(7), &key(8), lab.next_seq());
    let first = lab.collector.rotate(&agent(), &request).await.unwrap();
    let again = lab.collector.rotate(&agent(), &request).await.unwrap();
    assert_eq!(first, again);
    let bodies = lab.fleet_bodies("rotate").await;
    assert_eq!(bodies.len(), 1);
    assert_eq!(
        (&bodies[0]["agent"], &bodies[0]["from_batch"]),
        (&"a".into(), &2.into())
    );
    assert_eq!(bodies[0]["new_vkey"], request.new_vkey);
    lab.stop().await;
}

#[tokio::test]
async fn a_rotation_that_does_not_hold_is_refused_and_changes_nothing() {
    let mut lab = lab("rotate_refused").await;
    let (old, new) = (key(7), key(8));
    let rotate = async |request: RotateRequest| {
        let refused = lab.collector.rotate(&agent(), &request).await;
        refused.unwrap_err()
    };
    let refused = rotate(request(&old, &new, 1)).await;
    assert!(matches!(
        refused,
        RotateError::Stored {
            from_batch: 1,
            next: 2
        }
    ));
    let refused = rotate(signed(&old, &new, (2, &[&new]))).await;
    let is_old = matches!(
        refused,
        RotateError::Rotation(RotationError::OldSignature(_))
    );
    assert!(is_old, "{refused}");
    let refused = rotate(request(&new, &key(9), 2)).await;
    let is_other = matches!(
        refused,
        RotateError::Rotation(RotationError::NotNewest { .. })
    );
    assert!(is_other, "{refused}");
    let other: AgentId = "z".parse().unwrap();
    let taken = SigningKey::from_seed(&origin().agent(&other), &[8; 32]).unwrap();
    let other = NewAgent {
        id: &other,
        vkey: &taken.verifier_key().to_string(),
        region: "r",
        network: "n",
        enrolled_at: half_hour(0),
    };
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    store::agent::insert(&mut conn, &other).await.unwrap();
    let refused = rotate(request(&old, &new, 2)).await;
    assert!(matches!(refused, RotateError::Taken { .. }), "{refused}");
    assert!(lab.fleet_bodies("rotate").await.is_empty());
    let next = lab.seal_quietly(half_hour(2));
    lab.collector.ingest(next).await.unwrap();
    lab.stop().await;
}
