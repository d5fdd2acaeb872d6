//! What the operator does with agents, at the collector.

use camino::Utf8Path;
use collector::config::Loaded;
use collector::{AgentView, Revocation};
use domain::{AgentId, SystemClock};

use crate::args::Database;
use crate::command::runtime;
use crate::{environment, print};

/// Mints a token, for a new agent or for one that takes a lost one's place.
pub(super) fn token(
    config: &Utf8Path,
    database: &Database,
    (agent, supersedes): (&AgentId, Option<&AgentId>),
) -> anyhow::Result<()> {
    let loaded = Loaded::read(config)?;
    let plan = (&loaded.origin, &loaded.plan);
    let url = environment::database_url(database)?;
    let runtime = runtime()?;
    let token = match supersedes {
        None => {
            let minted = collector::mint_token(&url, plan, agent, &SystemClock);
            runtime.block_on(minted)?
        }
        Some(lost) => {
            let pair = (agent, lost);
            let minted = collector::mint_successor_token(&url, plan, pair, &SystemClock);
            runtime.block_on(minted)?
        }
    };
    print::line(&token);
    Ok(())
}

/// Prints a line for each agent.
pub(super) fn list(database: &Database) -> anyhow::Result<()> {
    let url = environment::database_url(database)?;
    for agent in runtime()?.block_on(collector::list_agents(&url))? {
        print::line(&line(&agent));
    }
    Ok(())
}

fn line(agent: &AgentView) -> String {
    let state = match (&agent.successor, agent.revoked) {
        (Some(successor), _) => format!("superseded by {successor}"),
        (None, true) => "revoked".to_owned(),
        (None, false) => "active".to_owned(),
    };
    let last = match agent.last {
        Some((seq, at)) => format!("batch {seq} at {}", at.format("%Y-%m-%dT%H:%M:%SZ")),
        None => "no batch".to_owned(),
    };
    let keys: Vec<String> = agent
        .keys
        .iter()
        .map(|key| format!("{} from batch {}", key.id, key.from_batch))
        .collect();
    format!(
        "{}  {state}  {last}  keys: {}",
        agent.agent,
        keys.join(", ")
    )
}

/// Ends an agent.
pub(super) fn revoke(
    config: &Utf8Path,
    database: &Database,
    (agent, reason): (&AgentId, &str),
) -> anyhow::Result<()> {
    let loaded = Loaded::read(config)?;
    let url = environment::database_url(database)?;
    let revocation = Revocation {
        origin: &loaded.origin,
        state_dir: &loaded.config.state_dir,
        agent,
        reason,
    };
    let revoked = collector::revoke_agent(&url, &revocation, &SystemClock);
    let from_batch = runtime()?.block_on(revoked)?;
    print::line(&format!(
        "revoked agent `{agent}`: batches from {from_batch} on are not believed"
    ));
    Ok(())
}
