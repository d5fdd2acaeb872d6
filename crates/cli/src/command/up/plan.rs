//! The plan behind `nines.toml`: an edit of the targets makes a new revision, in force from now.

use anyhow::Context as _;
use camino::Utf8Path;
use domain::{Clock as _, SystemClock};
use wire::plan::{Plan, PlanAgent};

use super::AGENT;
use super::config::UpConfig;

/// File that remembers the newest revision.
const FILE: &str = "plan.json";

/// The revision in force for a configuration.
pub(super) fn current(config: &UpConfig, root: &Utf8Path) -> anyhow::Result<Plan> {
    let path = root.join(FILE);
    let last = match std::fs::read(&path) {
        Ok(body) => Some(Plan::from_body(&body).with_context(|| format!("`{path}` is damaged"))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read `{path}`")),
    };
    let agent = PlanAgent {
        id: AGENT.parse()?,
        network: AGENT.into(),
        region: AGENT.into(),
    };
    if let Some(last) = &last
        && last.targets == config.targets
        && last.agents == [agent.clone()]
    {
        return Ok(last.clone());
    }
    let plan = Plan {
        agents: vec![agent],
        effective_from_ms: SystemClock.now().to_millis(),
        nonces: None,
        revision: last.map_or(1, |last| last.revision + 1),
        targets: config.targets.clone(),
    };
    plan.check()?;
    std::fs::write(&path, plan.to_body()?).with_context(|| format!("cannot write `{path}`"))?;
    Ok(plan)
}
