use domain::UnixMicros;
use evidence::hash::Hash;
use evidence::note::{SignedNote, VerifierKey};
use serde_json::{Value, json};
use wire::batch::SealedBatch;
use wire::problem::{Problem, ProblemType};

use super::*;
use crate::client::scripted::{Answer, Scripted};
use crate::identity::{find_seed, has_next_seed};

struct Bench {
    _temp: tempfile::TempDir,
    collector: Scripted,
    options: RotateOptions,
}

impl Bench {
    /// An enrolled agent that has sealed three batches.
    async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().join("state")).unwrap();
        let collector = Scripted::default();
        let address = format!("http://{}/", collector.listen().await);
        identity::get_or_create_seed(&dir).unwrap();
        let log = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
        let stored = StoredIdentity {
            agent: "eu-1".parse().unwrap(),
            collector: address.parse().unwrap(),
            log_vkey: log.verifier_key().to_string(),
            origin: "nines.example".into(),
            operator_vkey: None,
        };
        stored.store(&dir).unwrap();
        let options = RotateOptions {
            dir,
            collector: stored.collector,
            roots: TlsRoots::Platform,
            limits: Limits::default(),
        };
        let mut spool = open_spool(&options, &stored.agent).unwrap();
        for seq in 0..3 {
            let batch = SealedBatch {
                seq,
                hash: Hash::of(&[7]),
                note: vec![1],
                body: vec![2],
            };
            spool.append_seal(batch, UnixMicros::new(1)).unwrap();
        }
        spool.sync().unwrap();
        drop(spool);
        Self {
            _temp: temp,
            collector,
            options,
        }
    }

    fn seed(&self) -> [u8; 32] {
        *find_seed(&self.options.dir).unwrap().unwrap()
    }

    /// The new key that a rotation from here asks for.
    fn next_vkey(&self) -> String {
        let seed = identity::get_or_create_next_seed(&self.options.dir).unwrap();
        let key = SigningKey::from_seed("nines.example/agents/eu-1", &seed).unwrap();
        key.verifier_key().to_string()
    }

    fn agreed(&self) -> Answer {
        Answer::Json(200, agreed(&self.next_vkey()))
    }
}

fn agreed(vkey: &str) -> Value {
    json!({"agent": "eu-1", "from_batch": 3, "vkey": vkey})
}

fn request_of(body: &[u8]) -> RotateRequest {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn both_keys_sign_and_the_new_one_takes_over_from_the_next_batch_on() {
    let bench = Bench::new().await;
    let before = bench.seed();
    bench.collector.script([bench.agreed()]);
    let rotated = rotate(&bench.options).await.unwrap();
    assert_eq!(rotated.from_batch, 3);
    assert_ne!(bench.seed(), before);
    assert!(!has_next_seed(&bench.options.dir));

    let (path, body) = bench.collector.requests().remove(0);
    assert_eq!(path, "/api/v1/agents/eu-1/keys");
    let request = request_of(&body);
    assert_eq!(rotated.vkey, request.new_vkey);
    let proof = SignedNote::parse(request.proof.as_bytes()).unwrap();
    for vkey in [&request.old_vkey, &request.new_vkey] {
        let key: VerifierKey = vkey.parse().unwrap();
        proof.verify(&key).unwrap();
    }
    let (old, new) = (&request.old_vkey, &request.new_vkey);
    let text = format!("nines/rotate/v1\nagent eu-1\nold {old}\nnew {new}\nfrom-batch 3\n");
    assert_eq!(proof.text(), text);
}

/// Whatever the collector did with the first request, the second is the same.
#[tokio::test]
async fn a_rotation_whose_answer_was_lost_is_asked_for_again_with_the_same_key() {
    let bench = Bench::new().await;
    let before = bench.seed();
    bench.collector.script([Answer::Lost]);
    let lost = rotate(&bench.options).await.unwrap_err();
    assert!(matches!(lost, RotateError::Unanswered(_)), "{lost}");
    assert_eq!(bench.seed(), before);
    assert!(has_next_seed(&bench.options.dir));
    bench.collector.script([bench.agreed()]);
    rotate(&bench.options).await.unwrap();
    let requests = bench.collector.requests();
    let (first, again) = (request_of(&requests[0].1), request_of(&requests[1].1));
    assert_eq!((first.new_vkey, first.proof), (again.new_vkey, again.proof));
    assert_ne!(bench.seed(), before);
}

#[tokio::test]
async fn a_refused_rotation_leaves_the_old_key_in_place() {
    let bench = Bench::new().await;
    let before = bench.seed();
    let kind = ProblemType::KeyConflict;
    let refusal = serde_json::to_value(Problem::new(kind, "another")).unwrap();
    bench
        .collector
        .script([Answer::Json(kind.status(), refusal)]);
    let refused = rotate(&bench.options).await.unwrap_err();
    assert!(matches!(refused, RotateError::Refused { .. }), "{refused}");
    bench
        .collector
        .script([Answer::Json(200, agreed("another"))]);
    let other = rotate(&bench.options).await.unwrap_err();
    assert!(matches!(other, RotateError::Mismatch), "{other}");
    assert_eq!(bench.seed(), before);
}

#[tokio::test]
async fn a_running_agent_is_told_to_stop_first() {
    let bench = Bench::new().await;
    let agent = "eu-1".parse().unwrap();
    let _running = open_spool(&bench.options, &agent).unwrap();
    let refused = rotate(&bench.options).await.unwrap_err();
    assert!(matches!(refused, RotateError::Running(_)));
    assert!(bench.collector.requests().is_empty());
    assert!(!has_next_seed(&bench.options.dir));
}
