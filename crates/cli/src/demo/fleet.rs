//! The demo's agents, their identities, and the collector they enrol with.

use std::sync::Arc;

use agent::Identity;
use agent::identity::{StoredIdentity, find_seed};
use agent::operate::EnrolOptions;
use anyhow::Context as _;
use collector::{Collector, Jobs, Setup};
use domain::{AgentId, Clock, ManualClock};
use probe::TlsRoots;
use telemetry::Metrics;
use wire::plan::Plan;

use super::contracts;
use super::plan::{self, Provider};
use super::published;
use super::state::Demo;

/// The plan of a demo: its simulated providers listen on the demo's own ports.
pub(crate) fn plan_of(demo: &Demo) -> anyhow::Result<Plan> {
    let from = contracts::history_start(demo.started_at);
    plan::plan(|provider| base_url(demo, provider), from)
}

/// Port of a simulated provider.
pub(crate) fn port(demo: &Demo, provider: Provider) -> u16 {
    let place = Provider::ALL
        .iter()
        .position(|p| *p == provider)
        .unwrap_or(0);
    demo.ports.get(place).copied().unwrap_or(0)
}

fn base_url(demo: &Demo, provider: Provider) -> String {
    format!("http://127.0.0.1:{}/v1", port(demo, provider))
}

/// Starts the demo's collector.
pub(crate) async fn start_collector(
    demo: &Demo,
    listen: std::net::SocketAddr,
    clock: Arc<dyn Clock>,
    jobs: Jobs,
    metrics: &Metrics,
) -> anyhow::Result<Collector> {
    let mut setup = setup(demo, clock, metrics)?;
    setup.listen = listen;
    setup.jobs = jobs;
    Ok(Collector::start(setup).await?)
}

/// A collector on any free port, whose jobs are driven by hand.
fn setup(demo: &Demo, clock: Arc<dyn Clock>, metrics: &Metrics) -> anyhow::Result<Setup> {
    Ok(Setup {
        database_url: demo.database_url.clone(),
        state_dir: demo.collector_dir(),
        origin: demo.origin.clone(),
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)),
        plan: plan_of(demo)?,
        contracts: contracts::setups(demo.started_at)?,
        retention: collector::Retention::default(),
        archive: None,
        timestamping: None,
        claim_forms: collector::Forms::default(),
        outside: collector::Outside::default(),
        published: published::configured(demo)?,
        claim_leads: collector::Leads::default(),
        clock,
        jobs: Jobs::Manual,
        metrics: metrics.clone(),
    })
}

/// Starts the collector that takes the history. It may lose what it committed last when the
/// machine fails, for an interrupted history is made again; nothing else is different.
pub(crate) async fn start_history_collector(
    demo: &Demo,
    clock: &ManualClock,
    metrics: &Metrics,
) -> anyhow::Result<Collector> {
    let mut setup = setup(demo, Arc::new(clock.clone()), metrics)?;
    setup
        .database_url
        .push_str("&options=-csynchronous_commit%3Doff");
    Ok(Collector::start(setup).await?)
}

/// Enrols an agent as an operator would: a token, then proof of its own key.
pub(crate) async fn enrol(
    demo: &Demo,
    collector: &Collector,
    id: &AgentId,
    clock: &dyn Clock,
) -> anyhow::Result<Identity> {
    let token = collector.mint_token(id).await?;
    let options = EnrolOptions {
        collector: format!("http://{}", collector.addr()).parse()?,
        token: token.into(),
        agent: id.clone(),
        dir: demo.agent_dir(id),
        roots: TlsRoots::Platform,
    };
    agent::operate::enrol(&options, clock)
        .await
        .with_context(|| format!("failed to enrol agent `{id}`"))?;
    identity(demo, id)
}

/// The identity an agent stored when it enrolled.
pub(crate) fn identity(demo: &Demo, id: &AgentId) -> anyhow::Result<Identity> {
    let dir = demo.agent_dir(id);
    let stored = StoredIdentity::find(&dir)?;
    let stored = stored.with_context(|| format!("agent `{id}` has no identity in `{dir}`"))?;
    let seed = find_seed(&dir)?;
    let seed = seed.with_context(|| format!("agent `{id}` has no key in `{dir}`"))?;
    Ok(stored.with_key(&seed)?)
}
