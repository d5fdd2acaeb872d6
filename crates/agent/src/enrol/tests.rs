use domain::ManualClock;
use evidence::note::SignedNote;
use serde_json::json;
use wire::problem::{Problem, ProblemType};

use super::*;
use crate::client::scripted::{Answer, Scripted};

#[test]
fn clocks_may_differ_by_minutes_but_not_by_many() {
    let at = |s: i64| UnixMicros::new(s * 1_000_000);
    check_clock(at(1_003), at(1_000), at(1_010)).unwrap();
    check_clock(at(1_310), at(1_000), at(1_010)).unwrap();
    let refused = check_clock(at(600), at(1_000), at(1_010)).unwrap_err();
    assert!(matches!(refused, EnrolError::Clock { off_s: 400 }));
}

#[test]
fn the_origin_stands_in_the_logs_key() {
    let log = SigningKey::from_seed("nines.example/t/log", &[1; 32])
        .unwrap()
        .verifier_key();
    let (origin, vkey) = log_of(&format!("log {log}\nquorum none\n")).unwrap();
    assert_eq!(
        (origin.to_string().as_str(), vkey),
        ("nines.example/t", log.to_string())
    );
}

fn log_vkey() -> String {
    let log = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
    log.verifier_key().to_string()
}

fn operator_vkey() -> String {
    let operator = SigningKey::from_seed("nines.example/operator", &[3; 32]).unwrap();
    operator.verifier_key().to_string()
}

fn policy() -> Answer {
    Answer::Text(format!("log {}\nquorum none\n", log_vkey()))
}

struct Bench {
    _temp: tempfile::TempDir,
    collector: Scripted,
    options: EnrolOptions,
}

impl Bench {
    async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let collector = Scripted::default();
        let options = EnrolOptions {
            collector: format!("http://{}/", collector.listen().await)
                .parse()
                .unwrap(),
            token: "join-me".into(),
            agent: "eu-1".parse().unwrap(),
            dir: Utf8PathBuf::from_path_buf(temp.path().join("state")).unwrap(),
            roots: TlsRoots::Platform,
        };
        Self {
            _temp: temp,
            collector,
            options,
        }
    }

    async fn enrol(&self) -> Result<StoredIdentity, EnrolError> {
        let clock = ManualClock::at(UnixMicros::new(1_000_000_000));
        enrol(&self.options, &clock).await
    }
}

fn answer(log_vkey: &str) -> Answer {
    let now_us = 1_000_000_000;
    let origin = "nines.example";
    Answer::Json(
        200,
        json!({
            "origin": origin,
            "log_vkey": log_vkey,
            "operator_vkey": operator_vkey(),
            "now_us": now_us,
        }),
    )
}

#[tokio::test]
async fn an_agent_proves_its_key_and_pins_the_log() {
    let bench = Bench::new().await;
    bench.collector.script([policy(), answer(&log_vkey())]);
    let stored = bench.enrol().await.unwrap();
    assert_eq!(
        StoredIdentity::find(&bench.options.dir).unwrap(),
        Some(stored)
    );
    let (_, body) = bench.collector.requests().remove(1);
    let request: EnrolRequest = serde_json::from_slice(&body).unwrap();
    let key: evidence::note::VerifierKey = request.vkey.parse().unwrap();
    assert_eq!(key.name(), "nines.example/agents/eu-1");
    let proof = SignedNote::parse(request.proof.as_bytes()).unwrap();
    proof.verify(&key).unwrap();
    assert_eq!(
        proof.text(),
        enrol_text(&request.agent, &request.vkey, "join-me")
    );
    assert!(matches!(
        bench.enrol().await,
        Err(EnrolError::Enrolled { .. })
    ));
}

#[tokio::test]
async fn a_refused_enrolment_may_be_repeated_with_the_same_key() {
    let bench = Bench::new().await;
    let kind = ProblemType::TokenInvalid;
    let refusal = serde_json::to_value(Problem::new(kind, "used")).unwrap();
    bench
        .collector
        .script([policy(), Answer::Json(kind.status(), refusal)]);
    assert!(matches!(bench.enrol().await, Err(EnrolError::Refused(_))));
    bench.collector.script([policy(), answer(&log_vkey())]);
    bench.enrol().await.unwrap();
    let vkey = |body: &[u8]| serde_json::from_slice::<EnrolRequest>(body).unwrap().vkey;
    let requests = bench.collector.requests();
    assert_eq!(vkey(&requests[1].1), vkey(&requests[3].1));
}

#[tokio::test]
async fn a_collector_that_names_two_logs_is_refused() {
    let bench = Bench::new().await;
    bench.collector.script([policy(), answer("another")]);
    assert!(matches!(
        bench.enrol().await,
        Err(EnrolError::TwoLogs { .. })
    ));
    assert_eq!(StoredIdentity::find(&bench.options.dir).unwrap(), None);
}
