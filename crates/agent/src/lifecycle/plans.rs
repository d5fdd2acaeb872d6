//! Which plans an agent finds when it starts, and the follower that brings it later ones.

use std::sync::Arc;

use domain::{AgentId, UnixMillis};
use probe::Trust;
use tokio::sync::watch;
use tracing::warn;
use wire::plan::Plan;

use super::former::Past;
use super::succession::Succession;
use super::{AgentError, AgentSetup, PlanSource, Shared};
use crate::client::Client;
use crate::follow::{self, Follow, FollowSettings, Follower, Told};
use crate::health::PlanOrigin;
use crate::nonces::{self, Nonces};
use crate::recorder::Recorder;
use crate::stamp::Stamp;

#[cfg(test)]
mod tests;

/// The plans at the start.
#[derive(Debug)]
pub(super) struct Plans {
    past: Past,
    /// The newest plan known, which may not be in force yet.
    newest: Option<Arc<Plan>>,
    is_fixed: bool,
}

/// Where later plans and orders are heard of.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) plans: watch::Receiver<Option<Arc<Plan>>>,
    pub(super) orders: watch::Receiver<Vec<String>>,
}

/// What nonces are made from, as a former run kept it, or made now.
pub(super) fn nonces(setup: &AgentSetup) -> Result<Nonces, AgentError> {
    Nonces::open(&setup.dir).map_err(|source| AgentError::Nonces {
        path: setup.dir.join(nonces::FILE),
        source,
    })
}

/// Finds them. A kept plan that cannot be believed is left alone: the collector has a better one.
pub(super) fn at_start(setup: &AgentSetup, shared: &Shared) -> Result<Plans, AgentError> {
    let past = Past::read(&setup.dir)?;
    let (newest, is_fixed) = match &setup.plan {
        PlanSource::Fixed(plan) => {
            let agent = &setup.identity.agent;
            if !plan.agents.iter().any(|planned| planned.id == *agent) {
                let agent = agent.clone();
                return Err(AgentError::NotPlanned { agent });
            }
            if !shared.nonces.fit(plan) {
                let path = setup.dir.join(nonces::FILE);
                return Err(AgentError::OtherNonces { path });
            }
            (Some(Arc::clone(plan)), true)
        }
        PlanSource::Collector => {
            let kept = kept(setup)?;
            let origin = PlanOrigin::Cache;
            shared.health.update(|health| health.plan.origin = origin);
            let ran = past.current.as_ref();
            let is_older = |kept: &Plan| ran.is_some_and(|ran| kept.revision <= ran.revision);
            let newest = kept.filter(|kept| !is_older(kept));
            let newest = newest.or_else(|| ran.cloned());
            // Without what its nonces are made from, the collector has to be heard first.
            let newest = newest.filter(|plan| shared.nonces.fit(plan));
            (newest.map(Arc::new), false)
        }
    };
    Ok(Plans {
        past,
        newest,
        is_fixed,
    })
}

/// What the collector told a former run.
fn kept(setup: &AgentSetup) -> Result<Option<Plan>, AgentError> {
    let identity = &setup.identity;
    let operator = identity.operator_key.as_ref();
    let operator = operator.ok_or(AgentError::NoOperatorKey)?;
    let kept = match follow::cache::find(&setup.dir) {
        Ok(Some(kept)) => kept,
        Ok(None) => return Ok(None),
        Err(failed) => {
            warn!(
                error = &failed as &dyn std::error::Error,
                "the kept plan cannot be read"
            );
            return Ok(None);
        }
    };
    let believed = follow::believe((&kept.note, &kept.body), &identity.origin, operator);
    Ok(believed
        .inspect_err(|disbelief| {
            warn!(
                error = disbelief as &dyn std::error::Error,
                "the kept plan is not believed"
            );
        })
        .ok())
}

impl Plans {
    /// The plan in force now, with everything declared that former ones left open.
    pub(super) fn settle(
        &self,
        recorder: &mut Recorder,
        agent: &AgentId,
        now: Stamp,
    ) -> Result<Option<Arc<Plan>>, AgentError> {
        let current = self.in_force(now.wall.to_millis());
        if let Some(current) = &current {
            self.past.settle(recorder, agent, current, now)?;
        }
        Ok(current)
    }

    /// A newer revision is in force from its first moment on; a file's also when it is no newer.
    fn in_force(&self, now: UnixMillis) -> Option<Arc<Plan>> {
        let newest = self.newest.as_ref()?;
        let Some(ran) = &self.past.current else {
            return Some(Arc::clone(newest));
        };
        let is_newer = newest.revision > ran.revision;
        let is_due = newest.effective_from_ms <= now;
        Some(match (is_newer, is_due, self.is_fixed) {
            (true, true, _) | (false, _, true) => Arc::clone(newest),
            _ => Arc::new(ran.clone()),
        })
    }

    /// Where newer plans and orders are told, and heard.
    pub(super) fn channels(self) -> (Told, Heard) {
        let (plans, newest) = watch::channel(self.newest);
        let (orders, open) = watch::channel(Vec::new());
        let heard = Heard {
            plans: newest,
            orders: open,
        };
        (Told { plans, orders }, heard)
    }
}

/// Starts the plan in force. A fixed one that cannot be run is refused; the collector's may be
/// mended by its next revision, for which the agent waits.
pub(super) fn start(
    source: &PlanSource,
    (succession, plan): (&mut Succession, &Arc<Plan>),
    stop: &watch::Receiver<bool>,
) -> Result<(), AgentError> {
    match (succession.start(plan, stop), source) {
        (Err(fault), PlanSource::Collector) => {
            tracing::error!(
                error = &fault as &dyn std::error::Error,
                "the plan in force cannot be run"
            );
            Ok(())
        }
        (started, _) => started,
    }
}

/// Who asks the collector for plans and orders; none without a collector or the operator's key.
pub(super) fn follower(
    setup: &AgentSetup,
    shared: &Shared,
    (told, trust): (Told, &Trust),
) -> Result<Option<Follower>, AgentError> {
    let identity = &shared.identity;
    let (Some(collector), Some(operator)) = (&setup.collector, &identity.operator_key) else {
        return Ok(None);
    };
    let settings = FollowSettings {
        identity: Arc::clone(identity),
        nonces: shared.nonces.clone(),
        operator: operator.clone(),
        client: Client::believing(collector.clone(), trust)?,
        dir: setup.dir.clone(),
        timebase: shared.timebase.clone(),
        health: shared.health.clone(),
        seed: shared.boot,
        follow: match setup.plan {
            PlanSource::Fixed(_) => Follow::Orders,
            PlanSource::Collector => Follow::Plans,
        },
    };
    Ok(Some(Follower::new(settings, told)))
}
