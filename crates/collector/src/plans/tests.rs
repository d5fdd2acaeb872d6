use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Clock as _, SystemClock};
use evidence::note::SignedNote;
use evidence::registry::RegistryNote;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::protocol::{PLAN_PROOF_HEADER, PlanAnswer, plan_proof_text};

use super::apply::{Applied, ApplyError, ApplySetup, apply_plan, list_plans};
use super::*;
use crate::lab::{self, Lab, utc};

const START: &str = "2026-10-01T00:00:00Z";

/// The lab's plan as a later revision, in force some minutes after the lab's start.
fn revision(number: u64, from_min: i64) -> Plan {
    let mut plan = lab::plan();
    plan.revision = number;
    plan.effective_from_ms = UnixMillis::from(utc(START)).plus_ms(from_min * 60_000);
    plan
}

/// A plan as it is recorded.
fn recorded(lab: &Lab, plan: &Plan) -> Plan {
    committed(plan, &lab.collector.nonces())
}

async fn apply(lab: &Lab, plan: &Plan) -> Result<Applied, ApplyError> {
    let setup = ApplySetup {
        database_url: lab.url.clone(),
        state_dir: lab.state_dir().into(),
        origin: lab::origin(),
    };
    apply_plan(&setup, plan, &lab.clock).await
}

/// What the collector answers: status, header lines in small letters, body.
struct Answered {
    status: u16,
    head: String,
    body: String,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn plan(&self) -> PlanAnswer {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn get(addr: std::net::SocketAddr, agent: &str, headers: &str) -> Answered {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!(
        "GET /api/v1/agents/{agent}/plan HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answered {
        status: head[9..12].parse().unwrap(),
        head: head.replace("\r\n", "\n"),
        body: body.to_owned(),
    }
}

#[tokio::test]
async fn an_agent_gets_the_signed_plan_once_and_then_hears_that_nothing_changed() {
    let lab = Lab::start("plan_get", utc(START)).await;
    let addr = lab.collector.addr();
    let first = get(addr, "a", "").await;
    let (tag, answer) = (first.header("etag").unwrap(), first.plan());
    assert_eq!((first.status, tag), (200, answer.etag().as_str()));
    assert_eq!(
        Plan::from_body(answer.body.as_bytes()).unwrap(),
        recorded(&lab, &lab::plan())
    );
    let note = SignedNote::parse(answer.note.as_bytes()).unwrap();
    note.verify(&lab.operator_key()).unwrap();
    let record = RegistryNote::parse(note.text()).unwrap();
    assert_eq!(record.kind, RegistryType::Plan);
    assert_eq!(record.chain, lab::origin().fleet_chain());

    let again = get(addr, "a", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(tag));
    let held = format!("if-none-match: {tag}\r\nprefer: wait=1\r\n");
    let asked = Instant::now();
    let held = get(addr, "a", &held).await;
    assert_eq!(
        (held.status, held.header("preference-applied")),
        (304, Some("wait=1"))
    );
    assert!(asked.elapsed() >= Duration::from_secs(1));
    assert_eq!(get(addr, "nobody", "").await.status, 401);
    assert_eq!(get(addr, "no%20name", "").await.status, 401);
    lab.stop().await;
}

#[tokio::test]
async fn a_held_request_is_answered_when_a_revision_is_applied() {
    let lab = Lab::start("plan_hold", utc(START)).await;
    let addr = lab.collector.addr();
    let tag = get(addr, "a", "").await.plan().etag();
    let headers = format!("if-none-match: {tag}\r\nprefer: wait=60\r\n");
    let held = tokio::spawn(async move { get(addr, "a", &headers).await });
    while lab.collector.held_polls() == 0 {
        tokio::task::yield_now().await;
    }
    let second = revision(2, 5);
    assert_eq!(apply(&lab, &second).await.unwrap(), Applied::Recorded);
    assert_eq!(apply(&lab, &second).await.unwrap(), Applied::Known);
    let answered = held.await.unwrap();
    assert_eq!(answered.status, 200);
    let plan = Plan::from_body(answered.plan().body.as_bytes()).unwrap();
    assert_eq!(plan, recorded(&lab, &second));

    let plans = lab.collector.plans();
    let at = |min: i64| UnixMillis::from(utc(START)).plus_ms(min * 60_000);
    assert_eq!(plans.in_force(at(4)).revision, 1);
    assert_eq!(plans.in_force(at(5)).revision, 2);
    let listed = list_plans(&lab.url, &lab::origin()).await.unwrap();
    let expected = [lab::plan(), second].map(|plan| recorded(&lab, &plan));
    assert_eq!(listed, expected);
    lab.stop().await;
}

#[tokio::test]
async fn a_collector_that_stops_lets_go_of_held_requests_at_once() {
    let lab = Lab::start("plan_stop", utc(START)).await;
    let addr = lab.collector.addr();
    let tag = get(addr, "a", "").await.plan().etag();
    let headers = format!("if-none-match: {tag}\r\nprefer: wait=60\r\n");
    let held = tokio::spawn(async move { get(addr, "a", &headers).await });
    while lab.collector.held_polls() == 0 {
        tokio::task::yield_now().await;
    }
    let asked = Instant::now();
    lab.stop().await;
    assert_eq!(held.await.unwrap().status, 304);
    assert!(asked.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_revision_that_cannot_follow_is_refused_with_its_reason() {
    let lab = Lab::start("plan_order", utc(START)).await;
    let refused = apply(&lab, &revision(1, 5)).await.unwrap_err();
    assert!(matches!(
        refused,
        ApplyError::Order(OrderError::Revision { .. })
    ));
    let refused = apply(&lab, &revision(2, -1)).await.unwrap_err();
    assert!(matches!(refused, ApplyError::Past { .. }));
    apply(&lab, &revision(2, 5)).await.unwrap();
    let refused = apply(&lab, &revision(3, 4)).await.unwrap_err();
    assert!(matches!(
        refused,
        ApplyError::Order(OrderError::Backwards { .. })
    ));
    let refused = apply(&lab, &revision(3, 6)).await.unwrap_err();
    assert!(matches!(refused, ApplyError::Pending { newest: 2, .. }));
    assert_eq!(
        apply(&lab, &revision(3, 5)).await.unwrap(),
        Applied::Recorded
    );

    let elsewhere = ApplySetup {
        database_url: lab.url.clone(),
        state_dir: lab.state_dir().join("elsewhere"),
        origin: lab::origin(),
    };
    let refused = apply_plan(&elsewhere, &revision(4, 9), &lab.clock).await;
    assert!(matches!(refused, Err(ApplyError::NoKey { .. })));
    assert!(!elsewhere.state_dir.exists());
    lab.stop().await;
}

#[tokio::test]
async fn a_collector_that_starts_with_an_older_file_goes_by_the_recorded_plan() {
    let lab = Lab::start("plan_older", utc(START)).await;
    let second = revision(2, 5);
    apply(&lab, &second).await.unwrap();
    let other = lab.start_another().await;
    assert_eq!(*other.plans().newest(), recorded(&lab, &second));
    assert_eq!(get(other.addr(), "a", "").await.plan().etag(), {
        // The first one has had no reason to look yet; the request gives it one.
        let url = lab.collector.addr();
        let mut tag = get(url, "a", "").await.plan().etag();
        while lab.collector.plans().newest().revision < 2 {
            tag = get(url, "a", "").await.plan().etag();
        }
        tag
    });
    other.shutdown().await;
    lab.stop().await;
}

#[tokio::test]
async fn an_agent_of_a_new_revision_may_be_invited_and_enrol() {
    let lab = Lab::start("plan_invite", utc(START)).await;
    let file = lab::plan();
    let origin = lab::origin();
    let agent: AgentId = "b".parse().unwrap();
    let invite = async || crate::mint_token(&lab.url, (&origin, &file), &agent, &SystemClock).await;
    assert!(invite().await.is_err());
    let mut second = revision(2, 5);
    let mut added = second.agents[0].clone();
    added.id = agent.clone();
    second.agents.push(added);
    apply(&lab, &second).await.unwrap();
    invite().await.unwrap();
    lab.stop().await;
}

#[tokio::test]
async fn the_root_of_nonces_is_told_to_an_agent_that_proves_who_it_is_and_to_nobody_else() {
    let lab = Lab::start("plan_nonces", utc(START)).await;
    let addr = lab.collector.addr();
    let now = UnixMillis::from(lab.clock.now_utc());
    let (agent, other) = ("a".parse().unwrap(), "b".parse().unwrap());
    let stranger = SigningKey::from_seed(&lab::origin().agent(&agent), &[99; 32]).unwrap();
    let proof = |agent: &AgentId, at: UnixMillis, key: &SigningKey| {
        let note = evidence::note::sign(&plan_proof_text(agent, at), &[key]).unwrap();
        format!(
            "{PLAN_PROOF_HEADER}: {}\r\n",
            STANDARD.encode(note.to_bytes())
        )
    };
    let day = 24 * 3_600 * 1_000;
    let told = get(addr, "a", &proof(&agent, now, &lab.key)).await.plan();
    let plan = Plan::from_body(told.body.as_bytes()).unwrap();
    assert_eq!(told.nonces, Some(lab.collector.nonces()));
    assert_eq!(plan.nonces, told.nonces.map(|root| root.commitment()));
    for headers in [
        String::new(),
        format!("{PLAN_PROOF_HEADER}: AAAA\r\n"),
        proof(&agent, now, &stranger),
        proof(&other, now, &lab.key),
        proof(&agent, now.plus_ms(-day - 1), &lab.key),
        proof(&agent, now.plus_ms(day + 1), &lab.key),
    ] {
        let answered = get(addr, "a", &headers).await;
        assert_eq!(
            (answered.status, answered.plan().nonces),
            (200, None),
            "{headers}"
        );
    }
    lab.stop().await;
}

#[test]
fn a_plan_that_was_recorded_before_there_were_nonces_stays_as_it_is() {
    let root = NonceRoot::from_bytes([1; 32]);
    let (old, new) = (lab::plan(), committed(&lab::plan(), &root));
    assert!(is_recorded(&old, &new) && is_recorded(&new, &new));
    let other = committed(&lab::plan(), &NonceRoot::from_bytes([2; 32]));
    assert!(!is_recorded(&other, &new));
    let mut edited = new.clone();
    edited.targets[0].deadline_ms += 1;
    assert!(!is_recorded(&old, &edited));
}
