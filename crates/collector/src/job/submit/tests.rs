use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::{self, SignedNote, SigningKey};
use evidence::policy::Policy;
use evidence::tree::{TreeHead, verify_consistency};

use crate::lab::outside::{Outsider, Reply};
use crate::lab::{Lab, utc};
use crate::{Outside, WitnessConfig};

const START: &str = "2026-02-25T00:00:00Z";
const SIZE: &str = "text/x.tlog.size";

/// A witness after C2SP tlog-witness: last head by origin, under its own key.
#[derive(Clone)]
struct Witness {
    key: Arc<SigningKey>,
    log: evidence::note::VerifierKey,
    heads: Arc<Mutex<BTreeMap<String, TreeHead>>>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("witness.example/w1", &[seed; 32]).unwrap()
}

impl Witness {
    fn add_checkpoint(&self, body: &str) -> Reply {
        let (proof, note) = body.split_once("\n\n").unwrap();
        let mut lines = proof.lines();
        let old = lines.next().unwrap().strip_prefix("old ").unwrap();
        let old: u64 = old.parse().unwrap();
        let proof: Vec<Hash> = lines.map(|line| line.parse().unwrap()).collect();
        let note = SignedNote::parse(note.as_bytes()).unwrap();
        let Ok(new) = Checkpoint::open(&note, &self.log) else {
            return (403, "text/plain", "unknown key\n".into());
        };
        let mut heads = self.heads.lock().unwrap();
        let known = heads.get(&new.origin).copied();
        let size = known.map_or(0, |head| head.size);
        if old != size {
            return (409, SIZE, format!("{size}\n"));
        }
        if known.is_some_and(|head| head.size == new.size && head.root != new.root) {
            return (409, SIZE, format!("{size}\n"));
        }
        let known = known.unwrap_or(TreeHead {
            size: 0,
            root: evidence::tree::root(&[]),
        });
        if verify_consistency(known, new.head(), &proof).is_err() {
            return (422, "text/plain", "inconsistent\n".into());
        }
        heads.insert(new.origin.clone(), new.head());
        let line = note::cosign(note.text(), 1_772_000_000, &self.key).unwrap();
        let other = note::cosign(note.text(), 1, &key(99)).unwrap(); // To be ignored.
        (200, "text/plain", format!("{other}\n{line}\n"))
    }
}

fn outside(vkey: &SigningKey, outsider: &Outsider) -> Outside {
    let config = WitnessConfig {
        name: "customer".to_owned(),
        vkey: vkey.cosigner_key().to_string(),
        url: format!("http://{}/", outsider.addr),
    };
    Outside::checked(&[config], 60, &[]).unwrap()
}

/// A lab with a witness.
async fn start(name: &str) -> (Lab, Witness, Outsider) {
    let lab = Lab::start(name, utc(START)).await;
    let log = crate::keys::Keys::load(&lab.state_dir().join("keys"), &crate::lab::origin());
    let witness = Witness {
        key: Arc::new(key(5)),
        log: log.unwrap().log.verifier_key(),
        heads: Arc::default(),
    };
    let asked = witness.clone();
    let outsider = Outsider::start(move |body| asked.add_checkpoint(body)).await;
    let lab = lab.with_outside(outside(&key(5), &outsider)).await;
    (lab, witness, outsider)
}

async fn measure(lab: &mut Lab, hour: i64) {
    let from = utc(START) + TimeDelta::hours(hour);
    lab.measure((from, from + TimeDelta::hours(1)), |_| false)
        .await;
}

async fn cosigned(lab: &Lab) -> i64 {
    lab.number("SELECT count(*) FROM outside_cosignature").await
}

#[tokio::test]
async fn a_witness_cosigns_what_is_new_and_is_asked_for_nothing_else() {
    let (mut lab, witness, outsider) = start("submit_new").await;
    for hour in 0..2 {
        measure(&mut lab, hour).await;
        lab.collector.run_witnesses().await.unwrap();
        lab.collector.run_witnesses().await.unwrap();
    }
    assert_eq!(outsider.requests().len(), 2);
    assert!(outsider.requests()[0].starts_with("POST /add-checkpoint HTTP/1.1\r\n"));
    assert_eq!(cosigned(&lab).await, 2);
    let newest = lab
        .number("SELECT max(size) FROM outside_cosignature")
        .await;
    let head = witness.heads.lock().unwrap()["nines.example/lab/log"];
    assert_eq!(i64::try_from(head.size).unwrap(), newest);
    // They date nothing: agents alone do.
    let dated = "SELECT count(*) FROM batch WHERE anchored_at IS NOT NULL";
    assert_eq!(lab.number(dated).await, 0);
    let health = lab.get("/api/v1/health").await;
    assert!(
        health.contains(&format!("\"witness\":\"customer\",\"size\":{newest}")),
        "{health}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_witness_that_is_ahead_of_what_we_remember_is_met_where_it_is() {
    let (mut lab, _witness, outsider) = start("submit_conflict").await;
    measure(&mut lab, 0).await;
    lab.collector.run_witnesses().await.unwrap();
    lab.tamper("DELETE FROM outside_cosignature").await;
    // The same checkpoint again: asked from 0, told the size, cosigned without proof.
    lab.collector.run_witnesses().await.unwrap();
    assert_eq!(outsider.requests().len(), 3);
    assert_eq!(cosigned(&lab).await, 1);
    lab.tamper("DELETE FROM outside_cosignature").await;
    measure(&mut lab, 1).await;
    lab.collector.run_witnesses().await.unwrap();
    assert_eq!(cosigned(&lab).await, 1);
    lab.stop().await;
}

#[tokio::test]
async fn a_witness_that_saw_another_log_is_an_alarm() {
    let (mut lab, witness, _outsider) = start("submit_fork").await;
    measure(&mut lab, 0).await;
    let set = |size, root| {
        let head = TreeHead { size, root };
        let origin = "nines.example/lab/log".to_owned();
        witness.heads.lock().unwrap().insert(origin, head);
    };
    for (size, expected) in [(2, "it answered 422"), (1_000, "a fork, or a log set back")] {
        set(size, Hash::of(b"elsewhere"));
        lab.collector.run_witnesses().await.unwrap_err();
        let health = lab.get("/api/v1/health").await;
        assert!(health.contains(expected), "{health}");
    }
    let newest = lab.number("SELECT max(size) FROM checkpoint").await;
    set(newest.unsigned_abs(), Hash::of(b"elsewhere"));
    lab.collector.run_witnesses().await.unwrap_err();
    let health = lab.get("/api/v1/health").await;
    assert!(health.contains("another root at size"), "{health}");
    assert_eq!(cosigned(&lab).await, 0);
    lab.stop().await;
}

#[tokio::test]
async fn what_is_no_cosignature_of_the_configured_key_is_not_kept() {
    let mut lab = Lab::start("submit_wrong", utc(START)).await;
    let replies = Mutex::new(vec![
        (200, "text/plain", String::new()),
        (
            200,
            "text/plain",
            "\u{2014} witness.example/w1 AAAA\n".to_owned(),
        ),
        (409, "text/plain", "3\n".to_owned()),
        (409, SIZE, "03\n".to_owned()),
        (500, "text/plain", "x".repeat(100_000)),
        (302, "text/plain", String::new()),
    ]);
    let count = replies.lock().unwrap().len();
    let outsider = Outsider::start(move |body| {
        let forged = note::cosign("another\n0\nx\n", 7, &key(5)).unwrap();
        assert!(body.starts_with("old 0\n\n"), "{body}");
        replies
            .lock()
            .unwrap()
            .pop()
            .unwrap_or((200, "text/plain", format!("{forged}\n")))
    })
    .await;
    lab = lab.with_outside(outside(&key(5), &outsider)).await;
    measure(&mut lab, 0).await;
    for _ in 0..=count {
        lab.collector.run_witnesses().await.unwrap_err();
    }
    assert_eq!(cosigned(&lab).await, 0);
    let health = lab.get("/api/v1/health").await;
    assert!(
        health.contains(&format!("\"failures\":{}", count + 1)),
        "{health}"
    );
    assert!(health.contains("does not verify"), "{health}");
    lab.stop().await;
}

/// The policy that the collector publishes: agents alone are not enough, nor are those outside.
#[tokio::test]
async fn the_policy_asks_for_agents_and_for_somebody_outside() {
    let (lab, _witness, _outsider) = start("submit_policy").await;
    let text = lab.collector.policy().await.unwrap();
    let policy = Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let note = lab.get("/checkpoint").await;
    let (_, note) = note.split_once("\r\n\r\n").unwrap();
    let bare = SignedNote::parse(note.as_bytes()).unwrap();
    let is_met = |keys: &[&SigningKey]| {
        let mut note = bare.clone();
        for key in keys {
            let line = note::cosign(note.text(), 9, key).unwrap();
            note.push(line).unwrap();
        }
        policy.quorum_met(&note).is_ok()
    };
    assert!(is_met(&[&lab.key, &key(5)]));
    assert!(!is_met(&[&lab.key]));
    assert!(!is_met(&[&key(5)]));
    lab.stop().await;
}
