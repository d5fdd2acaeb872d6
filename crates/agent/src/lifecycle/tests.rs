use domain::SystemClock;

use super::*;
use crate::client::scripted::{Answer, Scripted};
use crate::recorder::tests::identity;

mod nonces;

pub(super) fn setup(dir: &std::path::Path, plan: &str) -> AgentSetup {
    AgentSetup {
        identity: identity(),
        plan: PlanSource::Fixed(Arc::new(Plan::parse(plan).unwrap())),
        keys: BTreeMap::new(),
        dir: Utf8PathBuf::from_path_buf(dir.to_owned()).unwrap(),
        clock: Arc::new(SystemClock),
        seal_interval: Duration::from_mins(5),
        preview_interval: None,
        collector: None,
        http: Some("127.0.0.1:0".parse().unwrap()),
        roots: TlsRoots::Platform,
        limits: AgentLimits::default(),
        prices: Arc::new(PriceTable::embedded()),
        selfcheck: SelfcheckSettings::default(),
        metrics: Metrics::local("test", "0").unwrap(),
    }
}

async fn get(url: String) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await
}

/// A target at an address where nobody listens.
pub(super) const PLAN: &str = r#"
revision = 1
effective_from_ms = 0
[[agent]]
id = "eu-1"
region = "r"
network = "n"
[[target]]
id = "acme"
provider = "acme"
interval_s = 1
deadline_ms = 1000
burst = { count = 0, spacing_ms = 1 }
request = { kind = "http", url = "http://127.0.0.1:1/" }
"#;

#[tokio::test]
async fn what_was_measured_is_sealed_at_the_end_and_there_at_the_next_start() {
    let temp = tempfile::tempdir().unwrap();
    let agent = Agent::start(setup(temp.path(), PLAN)).await.unwrap();
    let health = agent.health().clone();
    let page = format!("http://{}/", agent.http_address().unwrap());
    while health.get().targets.is_empty() {
        tokio::task::yield_now().await;
    }
    let text = get(page).await.unwrap().text().await.unwrap();
    assert!(text.contains("acme") && text.contains("tcp"), "{text}");
    agent.shutdown().await;
    let sealed = health.get().next_seq;
    assert!(sealed >= 1);

    let agent = Agent::start(setup(temp.path(), PLAN)).await.unwrap();
    assert!(agent.health().get().next_seq >= sealed);
    agent.shutdown().await;
}

#[tokio::test]
async fn an_agent_that_the_plan_does_not_know_does_not_start() {
    let temp = tempfile::tempdir().unwrap();
    let plan = PLAN.replace("id = \"eu-1\"", "id = \"us-1\"");
    let refused = Agent::start(setup(temp.path(), &plan)).await.unwrap_err();
    assert!(matches!(refused, AgentError::NotPlanned { .. }));
}

#[tokio::test]
async fn two_agents_never_share_a_state_directory() {
    let temp = tempfile::tempdir().unwrap();
    let agent = Agent::start(setup(temp.path(), PLAN)).await.unwrap();
    let refused = Agent::start(setup(temp.path(), PLAN)).await.unwrap_err();
    assert!(matches!(refused, AgentError::Recorder(_)), "{refused:?}");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_running_agent_previews_what_no_batch_has_told_yet() {
    let temp = tempfile::tempdir().unwrap();
    let collector = Scripted::default();
    // Enough for batches and previews of some seconds, none of which is taken.
    collector.script((0..1_000).map(|_| Answer::RetryAfter(0)));
    let address = collector.listen().await;
    let agent = Agent::start(AgentSetup {
        collector: Some(format!("http://{address}/").parse().unwrap()),
        preview_interval: Some(Duration::from_millis(10)),
        ..setup(temp.path(), PLAN)
    });
    let agent = agent.await.unwrap();
    let told = loop {
        let mut requests = collector.requests().into_iter();
        if let Some((_, body)) = requests.find(|(path, _)| path == "/api/v1/previews") {
            break body;
        }
        tokio::task::yield_now().await;
    };
    let unverified = wire::preview::Unverified::read(&told).unwrap();
    let preview = unverified.verify(&identity().key.verifier_key()).unwrap();
    assert_eq!(preview.streams[0].target.as_str(), "acme");
    assert_eq!(preview.streams[0].outcome, domain::Outcome::Tcp);
    agent.shutdown().await;
}
