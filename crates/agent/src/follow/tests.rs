use std::collections::BTreeSet;

use domain::{ManualClock, UnixMicros};
use evidence::hash::Hash;
use evidence::note::{self, SigningKey};
use evidence::registry::{RegistryNote, RegistryType};
use probe::TlsRoots;
use serde_json::{Value, json};
use wire::names::Origin;

use super::*;
use crate::client::scripted::{Answer, Scripted};

mod nonces;

pub(crate) fn operator() -> SigningKey {
    SigningKey::from_seed("nines.example/operator", &[3; 32]).unwrap()
}

pub(crate) fn origin() -> Origin {
    "nines.example".parse().unwrap()
}

fn identity() -> Identity {
    let log = SigningKey::from_seed("nines.example/log", &[4; 32]).unwrap();
    let agent = "eu-1".parse().unwrap();
    Identity::new(agent, origin(), &[5; 32], log.verifier_key()).unwrap()
}

pub(crate) fn plan(revision: u64, agent: &str) -> Plan {
    let text = format!(
        "revision = {revision}\neffective_from_ms = 0\n\
         [[agent]]\nid = \"{agent}\"\nregion = \"r\"\nnetwork = \"n\"\n\
         [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
         request = {{ kind = \"http\", url = \"http://127.0.0.1:1/\" }}\n"
    );
    Plan::parse(&text).unwrap()
}

/// A plan as the operator records it, but for what a test changes.
pub(crate) fn recorded(plan: &Plan, key: &SigningKey, chain: &str, kind: RegistryType) -> Cached {
    let body = plan.to_body().unwrap();
    let note = RegistryNote {
        chain: chain.to_owned(),
        entry: plan.revision,
        prev: Hash::ZERO,
        kind,
        at_s: 1_800_000_000,
        body: Hash::of(body.as_bytes()),
    };
    let note = note::sign(&note.text().unwrap(), &[key]).unwrap();
    Cached {
        note: note.to_string(),
        body,
    }
}

pub(crate) fn honest(plan: &Plan) -> Cached {
    let chain = origin().fleet_chain();
    recorded(plan, &operator(), &chain, RegistryType::Plan)
}

pub(crate) fn answer(cached: &Cached, orders: &[&str]) -> Value {
    json!({"note": cached.note, "body": cached.body, "orders": orders})
}

struct Bench {
    temp: tempfile::TempDir,
    collector: Scripted,
    follower: Follower,
    health: Health,
    plans: watch::Receiver<Option<Arc<Plan>>>,
    orders: watch::Receiver<Vec<String>>,
}

impl Bench {
    async fn new(known: Option<Plan>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let collector = Scripted::default();
        let base = format!("http://{}/", collector.listen().await);
        let (health, clock) = (
            Health::default(),
            ManualClock::at(UnixMicros::new(1_800_000_000_000_000)),
        );
        let dir = camino::Utf8Path::from_path(temp.path()).unwrap();
        let settings = FollowSettings {
            identity: Arc::new(identity()),
            nonces: Nonces::open(dir).unwrap(),
            operator: operator().verifier_key(),
            client: Client::new(base.parse().unwrap(), &TlsRoots::Platform).unwrap(),
            dir: Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap(),
            timebase: Timebase::start(Arc::new(clock)),
            health: health.clone(),
            seed: 1,
            follow: Follow::Plans,
        };
        let (plans, newest) = watch::channel(known.map(Arc::new));
        let (orders, open) = watch::channel(Vec::new());
        Self {
            temp,
            collector,
            follower: Follower::new(settings, Told { plans, orders }),
            health,
            plans: newest,
            orders: open,
        }
    }

    async fn step(&mut self, answer: Answer) -> Duration {
        self.collector.script([answer]);
        self.follower.step().await
    }

    fn revision(&self) -> Option<u64> {
        self.plans.borrow().as_ref().map(|plan| plan.revision)
    }

    fn kept(&self) -> Option<Cached> {
        let dir = camino::Utf8Path::from_path(self.temp.path()).unwrap();
        cache::find(dir).unwrap()
    }
}

#[tokio::test]
async fn a_signed_plan_is_kept_told_and_not_asked_for_again() {
    let mut bench = Bench::new(None).await;
    let signed = honest(&plan(3, "eu-1"));
    let tagged = Answer::Tagged("\"one\"", answer(&signed, &["order"]));
    assert_eq!(bench.step(tagged).await, Duration::ZERO);
    assert_eq!((bench.revision(), bench.kept()), (Some(3), Some(signed)));
    assert_eq!(*bench.orders.borrow(), ["order"]);

    // Nothing new, at once: somebody in between does not hold requests.
    assert!(bench.step(Answer::NotModified).await > Duration::from_secs(1));
    assert_eq!(bench.revision(), Some(3));
    let state = bench.health.get().plan;
    assert_eq!(state.origin, PlanOrigin::Collector);
    assert!(state.contact_at.is_some() && state.trouble.is_none());
    let paths: BTreeSet<String> = bench
        .collector
        .requests()
        .into_iter()
        .map(|r| r.0)
        .collect();
    assert_eq!(
        paths,
        BTreeSet::from(["/api/v1/agents/eu-1/plan".to_owned()])
    );
}

#[tokio::test]
async fn orders_change_without_the_plan() {
    let mut bench = Bench::new(None).await;
    let signed = honest(&plan(3, "eu-1"));
    for orders in [&["a"] as &[&str], &["a", "b"], &[]] {
        let wait = bench
            .step(Answer::Tagged("\"x\"", answer(&signed, orders)))
            .await;
        assert_eq!(
            (wait, &*bench.orders.borrow()),
            (
                Duration::ZERO,
                &orders.iter().map(ToString::to_string).collect()
            )
        );
    }
    // The same again is a collector that ignores the tag.
    let again = Answer::Tagged("\"x\"", answer(&signed, &[]));
    assert_eq!(bench.step(again).await, PAUSE);
}

#[tokio::test]
async fn what_the_operator_did_not_record_as_the_fleets_plan_is_refused() {
    let (newer, chain) = (plan(4, "eu-1"), origin().fleet_chain());
    let (theirs, ours) = (
        SigningKey::from_seed("nines.example/operator", &[9; 32]).unwrap(),
        operator(),
    );
    let mut swapped = honest(&newer);
    swapped.body = plan(5, "eu-1").to_body().unwrap();
    let forged = [
        recorded(&newer, &theirs, &chain, RegistryType::Plan),
        recorded(&newer, &ours, "nines.example/other", RegistryType::Plan),
        recorded(&newer, &ours, &chain, RegistryType::Annotate),
        swapped,
    ];
    let mut bench = Bench::new(Some(plan(3, "eu-1"))).await;
    for forged in forged {
        let wait = bench
            .step(Answer::Tagged("\"x\"", answer(&forged, &["order"])))
            .await;
        assert!(wait >= Duration::from_millis(500), "{wait:?}");
        assert_eq!((bench.revision(), bench.kept()), (Some(3), None));
        assert!(bench.health.get().plan.refused.is_some());
        assert!(bench.orders.borrow().is_empty());
    }
}

#[tokio::test]
async fn a_revision_that_goes_back_or_is_rewritten_is_refused() {
    let known = plan(3, "eu-1");
    let mut rewritten = known.clone();
    rewritten.targets[0].deadline_ms = 2;
    let mut bench = Bench::new(Some(known)).await;
    for sent in [plan(2, "eu-1"), rewritten] {
        let wait = bench
            .step(Answer::Tagged("\"x\"", answer(&honest(&sent), &[])))
            .await;
        assert!(wait >= Duration::from_millis(500));
        assert_eq!((bench.revision(), bench.kept()), (Some(3), None));
    }
    assert_eq!(bench.health.get().complaints().len(), 1);
}

#[tokio::test]
async fn a_collector_that_is_away_is_asked_ever_more_rarely_or_as_it_says() {
    let mut bench = Bench::new(Some(plan(3, "eu-1"))).await;
    let mut waits = Vec::new();
    for _ in 0..4 {
        waits.push(bench.step(Answer::Lost).await);
    }
    assert!(waits[3] > waits[0], "{waits:?}");
    assert!(bench.health.get().plan.trouble.is_some());
    let told = bench.step(Answer::RetryAfter(7)).await;
    assert_eq!(told, Duration::from_secs(7));
    let told = bench.step(Answer::RetryAfter(3_000)).await;
    assert_eq!(told, RETRY_AFTER_MAX);
    assert_eq!(bench.revision(), Some(3));
}
