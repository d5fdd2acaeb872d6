//! What makes the attempts: the probe engine, and the plans in their succession.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{TargetId, UnixMillis};
use probe::{Engine, Spec, Trust};

use super::held;
use super::plans::Heard;
use super::succession::{Stage, Succession};
use super::{AgentError, AgentSetup, Shared};
use crate::recorder::task::RecorderHandle;
use crate::runner::AttemptFn;

pub(super) fn attempt(setup: &AgentSetup, trust: &Trust) -> Result<Arc<AttemptFn>, AgentError> {
    let engine = Engine::believing(trust)
        .map_err(AgentError::Engine)?
        .with_prices(Arc::clone(&setup.prices))
        .with_held(&held::held(&setup.keys, std::env::vars_os()));
    Ok(Arc::new(move |spec: Spec| {
        let engine = engine.clone();
        Box::pin(async move { engine.attempt(&spec).await })
    }))
}

pub(super) fn succession(
    setup: &AgentSetup,
    shared: &Shared,
    (recorder, heard): (&RecorderHandle, Heard),
    (attempt, last_slots): (Arc<AttemptFn>, BTreeMap<TargetId, UnixMillis>),
) -> Succession {
    let stage = Stage {
        agent: setup.identity.agent.clone(),
        keys: setup.keys.clone(),
        prices: Arc::clone(&setup.prices),
        limits: setup.limits,
        dir: setup.dir.clone(),
        attempt,
        timebase: shared.timebase.clone(),
        health: shared.health.clone(),
        metrics: shared.metrics.clone(),
        recorder: recorder.clone(),
        orders: heard.orders,
        nonces: shared.nonces.clone(),
        operator_key: setup.identity.operator_key.clone(),
        budgets: None,
    };
    Succession::new(stage, heard.plans, last_slots)
}
