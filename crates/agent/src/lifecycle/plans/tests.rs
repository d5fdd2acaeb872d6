use std::collections::BTreeMap;

use super::*;
use crate::client::scripted::{Answer, Scripted};
use crate::follow::tests::{answer, honest, operator, plan};
use crate::identity::Identity;
use crate::lifecycle::Agent;
use crate::lifecycle::tests::{PLAN, setup};

/// An agent that goes by the collector's plan.
fn following(dir: &std::path::Path, collector: &str) -> AgentSetup {
    let mut setup = setup(dir, PLAN);
    let known = &setup.identity;
    let (agent, origin) = (known.agent.clone(), known.origin.clone());
    let mut identity = Identity::new(agent, origin, &[2; 32], known.log_key.clone()).unwrap();
    identity.operator_key = Some(operator().verifier_key());
    setup.identity = Arc::new(identity);
    setup.plan = PlanSource::Collector;
    setup.collector = Some(collector.parse().unwrap());
    setup
}

async fn until(agent: &Agent, is_so: impl Fn(&crate::health::HealthState) -> bool) {
    while !is_so(&agent.health().get()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_agent_without_a_plan_waits_for_the_collectors_and_keeps_it_over_a_restart() {
    let temp = tempfile::tempdir().unwrap();
    let collector = Scripted::default();
    let address = format!("http://{}/", collector.listen().await);
    let sent = answer(&honest(&plan(3, "eu-1")), &[]);
    let script = [Answer::Tagged("\"x\"", sent), Answer::Held, Answer::Held];
    collector.script(script.into_iter().chain((0..9).map(|_| Answer::Held)));
    let agent = Agent::start(following(temp.path(), &address))
        .await
        .unwrap();
    until(&agent, |health| health.plan.revision == Some(3)).await;
    let state = agent.health().get().plan;
    assert_eq!(
        (state.origin, state.is_awaited),
        (PlanOrigin::Collector, false)
    );
    agent.shutdown().await;

    // Nobody listens there: the collector is away.
    let away = following(temp.path(), "http://127.0.0.1:1/");
    let agent = Agent::start(away).await.unwrap();
    until(&agent, |health| health.plan.trouble.is_some()).await;
    let state = agent.health().get().plan;
    assert_eq!((state.origin, state.revision), (PlanOrigin::Cache, Some(3)));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_kept_plan_that_the_operator_did_not_sign_is_not_used() {
    let temp = tempfile::tempdir().unwrap();
    let setup = following(temp.path(), "http://127.0.0.1:1/");
    let mut forged = honest(&plan(3, "eu-1"));
    forged.body = plan(4, "eu-1").to_body().unwrap();
    follow::cache::store(&setup.dir, &forged).unwrap();
    let agent = Agent::start(setup).await.unwrap();
    assert_eq!(agent.health().get().complaints(), ["waiting for a plan"]);
    agent.shutdown().await;
}

#[tokio::test]
async fn without_the_operators_key_only_a_file_will_do() {
    let temp = tempfile::tempdir().unwrap();
    let mut setup = setup(temp.path(), PLAN);
    setup.plan = PlanSource::Collector;
    let refused = Agent::start(setup).await.unwrap_err();
    assert!(matches!(refused, AgentError::NoOperatorKey));
}

#[test]
fn a_kept_revision_waits_for_its_moment_while_the_former_one_runs() {
    let temp = tempfile::tempdir().unwrap();
    let dir = camino::Utf8Path::from_path(temp.path()).unwrap();
    let (older, mut newer) = (plan(1, "eu-1"), plan(2, "eu-1"));
    newer.effective_from_ms = UnixMillis::new(1_000);
    crate::lifecycle::former::succeed(dir, None, &older).unwrap();
    let plans = Plans {
        past: Past::read(dir).unwrap(),
        newest: Some(Arc::new(newer)),
        is_fixed: false,
    };
    let revisions: BTreeMap<i64, u64> = [999, 1_000]
        .map(|ms| {
            let current = plans.in_force(UnixMillis::new(ms)).unwrap();
            (ms, current.revision)
        })
        .into();
    assert_eq!(revisions, BTreeMap::from([(999, 1), (1_000, 2)]));
}
