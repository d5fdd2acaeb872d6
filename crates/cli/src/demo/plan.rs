//! The demo's plan: three simulated providers seen from five places.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::UnixMillis;
use wire::plan::{Burst, Plan, PlanAgent, PlanCall, PlanRequest, PlanTarget, Via};

/// A simulated provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// Under a contract that counts minutes; the one whose outage the demo shows.
    Direct,
    /// A gateway under a contract that averages intervals.
    Gateway,
    /// Under no contract, and never quite well.
    Flaky,
}

impl Provider {
    /// All three.
    pub(crate) const ALL: [Self; 3] = [Self::Direct, Self::Gateway, Self::Flaky];

    /// Name of provider and target.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "demo-direct",
            Self::Gateway => "demo-gateway",
            Self::Flaky => "demo-flaky",
        }
    }
}

/// The key that the simulated providers accept; made up, and good for nothing else.
pub(crate) const KEY: &str = "sk-simulated";
/// Alias of that key.
pub(crate) const CREDENTIAL: &str = "demo-key";
/// Model that the simulated providers serve.
pub(crate) const MODEL: &str = "sim-1";

/// Agents with their regions and networks.
const AGENTS: [(&str, &str, &str); 5] = [
    ("us-east", "aws:us-east-1", "aws"),
    ("us-west", "gcp:us-west1", "gcp"),
    ("eu-west", "aws:eu-west-1", "aws"),
    ("eu-north", "hetzner:hel1", "hetzner"),
    ("ap-south", "gcp:asia-south1", "gcp"),
];

/// The plan, for providers at these addresses, in force from a moment on.
pub(crate) fn plan(
    base_url: impl Fn(Provider) -> String,
    from: DateTime<Utc>,
) -> anyhow::Result<Plan> {
    let agents = AGENTS.into_iter().map(|(id, region, network)| {
        Ok(PlanAgent {
            id: id.parse()?,
            network: network.into(),
            region: region.into(),
        })
    });
    let targets = Provider::ALL
        .into_iter()
        .map(|provider| target(provider, base_url(provider)));
    Ok(Plan {
        agents: agents.collect::<anyhow::Result<_>>()?,
        effective_from_ms: UnixMillis::from(from),
        nonces: None,
        revision: 1,
        targets: targets.collect::<anyhow::Result<_>>()?,
    })
}

fn target(provider: Provider, base_url: String) -> anyhow::Result<PlanTarget> {
    Ok(PlanTarget {
        budget: None,
        burst: Burst::default(),
        credential: Some(CREDENTIAL.parse()?),
        cron: None,
        deadline_ms: 10_000,
        features: Vec::new(),
        id: provider.name().parse()?,
        interval_s: Some(60),
        jitter_ms: 0,
        provider: provider.name().parse()?,
        request: PlanRequest::Call(Box::new(PlanCall {
            stream: true,
            ..PlanCall::compatible(base_url, MODEL.into())
        })),
        scope: BTreeMap::from([("region".to_owned(), "demo-1".to_owned())]),
        slow_after_ms: Some(2_000),
        via: Some(match provider {
            Provider::Gateway => Via::Gateway,
            Provider::Direct | Provider::Flaky => Via::Direct,
        }),
    })
}
