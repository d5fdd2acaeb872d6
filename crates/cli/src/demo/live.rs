//! The demo's live part: agents that probe, providers that answer, and an outage.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use agent::{Agent, AgentLimits, AgentSetup, PlanSource, SelfcheckSettings};
use anyhow::Context as _;
use collector::{Collector, Jobs};
use domain::{Clock as _, SystemClock};
use probe::TlsRoots;
use probe::price::PriceTable;
use secrecy::SecretString;
use simulator::{Config, ErrorStatus, Fault, Persona, Rule, Script, Share, Simulator};
use telemetry::Metrics;

use super::evidence::{self, Proof};
use super::plan::{CREDENTIAL, KEY, MODEL, Provider};
use super::state::Demo;
use super::{OUTAGE_AFTER, fleet, published};
use crate::command::stop_signal;
use crate::print;

/// Where the pages are, unless that is taken.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8090);
/// How long the outage lasts: every agent's turn falls into it several times.
const OUTAGE: Duration = Duration::from_mins(3);
/// How often the demo looks for the violation.
const POLL: Duration = Duration::from_millis(500);

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) collector: Collector,
    agents: Vec<Agent>,
    simulators: Vec<(Provider, Simulator)>,
    pub(crate) demo_dir: camino::Utf8PathBuf,
}

impl Live {
    /// Starts providers, collector and agents.
    pub(crate) async fn start(
        demo: &Demo,
        listen: Option<SocketAddr>,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let mut simulators = Vec::new();
        for provider in Provider::ALL {
            let simulator = Simulator::start(simulated(demo, provider))
                .await
                .with_context(|| format!("failed to start the simulated {}", provider.name()))?;
            simulators.push((provider, simulator));
        }
        let collector = start_collector(demo, listen, metrics).await?;
        let mut agents = Vec::new();
        for planned in &fleet::plan_of(demo)?.agents {
            let identity = fleet::identity(demo, &planned.id)?;
            agents.push(Agent::start(agent_setup(demo, &collector, identity, metrics)?).await?);
        }
        Ok(Self {
            collector,
            agents,
            simulators,
            demo_dir: demo.dir.clone(),
        })
    }

    /// Where the pages are.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.collector.addr())
    }

    /// Begins the scripted outage of the direct provider.
    pub(crate) fn begin_outage(&self) {
        for (provider, simulator) in &self.simulators {
            if *provider == Provider::Direct {
                simulator.inject(Fault::status(ErrorStatus::UNAVAILABLE), OUTAGE);
            }
        }
    }

    /// Waits for a violation whose evidence is complete, and exports it.
    pub(crate) async fn wait_for_proof(&self) -> anyhow::Result<Proof> {
        loop {
            for violation in self.collector.violations().await? {
                match self.collector.export(&violation).await {
                    Ok(exported) => {
                        let (collector, dir) = (&self.collector, &self.demo_dir);
                        return evidence::keep(collector, dir, &violation, exported).await;
                    }
                    Err(
                        collector::ExportError::NotAnchored
                        | collector::ExportError::NotYetProven { .. },
                    ) => {}
                    Err(failure) => return Err(failure.into()),
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops everything, the agents first, so that they can deliver.
    pub(crate) async fn stop(self) {
        for agent in self.agents {
            agent.shutdown().await;
        }
        self.collector.shutdown().await;
        for (_, simulator) in self.simulators {
            simulator.shutdown().await;
        }
    }
}

/// Shows where to look, lets the outage begin, exports and verifies its evidence, and goes on
/// until stopped.
pub(crate) async fn watch(live: &Live) -> anyhow::Result<std::process::ExitCode> {
    print::line(&format!(
        "\nNines demo: everything here is SIMULATED\n\n  pages     {0}\n  API       {0}/api/v1/contracts\n  metrics   {0}/metrics\n\nProviders are probed from five places. In {1} s one of them fails; less than a minute of its\nerror budget is left. Ctrl-C stops.\n",
        live.url(),
        OUTAGE_AFTER.as_secs(),
    ));
    let story = async {
        tokio::time::sleep(OUTAGE_AFTER).await;
        live.begin_outage();
        print::line("the outage has begun: watch the pages; the violation takes a minute or two");
        let proof = live.wait_for_proof().await?;
        print::line(&format!(
            "violation {0}\n  page      {1}/violations/{0}",
            proof.violation,
            live.url()
        ));
        evidence::show(&proof)?;
        print::line("\nthe demo goes on; Ctrl-C stops");
        std::future::pending::<anyhow::Result<()>>().await
    };
    tokio::select! {
        ended = story => ended?,
        stopped = stop_signal() => stopped?,
    }
    print::line("stopping");
    Ok(std::process::ExitCode::SUCCESS)
}

async fn start_collector(
    demo: &Demo,
    listen: Option<SocketAddr>,
    metrics: &Metrics,
) -> anyhow::Result<Collector> {
    let jobs = Jobs::Periodic {
        checkpoint: Duration::from_secs(5),
        assess: Duration::from_secs(2),
    };
    let clock = Arc::new(SystemClock);
    let wanted = listen.unwrap_or(LISTEN);
    let free = std::net::TcpListener::bind(wanted).is_ok();
    let listen = match listen {
        None if !free => SocketAddr::new(wanted.ip(), 0),
        _ => wanted,
    };
    fleet::start_collector(demo, listen, clock, jobs, metrics).await
}

fn agent_setup(
    demo: &Demo,
    collector: &Collector,
    identity: agent::Identity,
    metrics: &Metrics,
) -> anyhow::Result<AgentSetup> {
    let keys = BTreeMap::from([(CREDENTIAL.parse()?, SecretString::from(KEY))]);
    let dir = demo.agent_dir(&identity.agent);
    agent::nonces::keep(&dir, &collector.nonces())?;
    Ok(AgentSetup {
        dir,
        identity: Arc::new(identity),
        plan: PlanSource::Fixed(Arc::new(fleet::plan_of(demo)?)),
        keys,
        clock: Arc::new(SystemClock),
        seal_interval: Duration::from_secs(10),
        preview_interval: None, // A seal is never far.
        collector: Some(format!("http://{}", collector.addr()).parse()?),
        http: None,
        roots: TlsRoots::Platform,
        limits: AgentLimits::default(),
        prices: Arc::new(PriceTable::embedded()),
        selfcheck: SelfcheckSettings::default(),
        metrics: metrics.clone(),
    })
}

fn simulated(demo: &Demo, provider: Provider) -> Config {
    let script = match provider {
        Provider::Flaky => Script::new(vec![Rule {
            share: Share::parse("2.5%").unwrap_or_default(),
            ..Rule::always(Fault::status(ErrorStatus::UNAVAILABLE))
        }])
        .unwrap_or_default(),
        Provider::Direct | Provider::Gateway => Script::default(),
    };
    Config {
        name: provider.name().to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], fleet::port(demo, provider))),
        persona: match provider {
            Provider::Gateway => Persona::Gateway,
            Provider::Direct | Provider::Flaky => Persona::Direct,
        },
        models: vec![MODEL.to_owned()],
        keys: vec![SecretString::from(KEY)],
        seed: u64::from(fleet::port(demo, provider)),
        script,
        status: published::page(demo, provider),
        started_unix_s: SystemClock.now_utc().timestamp().unsigned_abs(),
        ..Config::default()
    }
}
