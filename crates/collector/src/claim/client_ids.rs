//! What each attempt named itself to the provider: the nonce that its request carried as
//! `x-client-request-id`, computed anew. It is there also where no answer came.

use std::collections::BTreeSet;

use camino::Utf8Path;
use domain::{AgentId, Kind, Sample, Source, TargetId};
use wire::names::Origin;
use wire::nonce::{AttemptName, NonceRoot, Seed, day_of};
use wire::plan::Plan;

use super::ClaimError;
use crate::app::App;
use crate::keys::Keys;
use crate::plans::apply::list_plans;

/// Computes them; the default knows none.
#[derive(Clone, Debug, Default)]
pub struct ClientIds {
    root: Option<NonceRoot>,
    /// Revisions of the plan that commit to it.
    revisions: BTreeSet<u64>,
    /// The seed that was last needed.
    seed: Option<Seed>,
}

impl ClientIds {
    /// Those of attempts under the plans that commit to a root.
    pub(crate) fn of<'a>(root: &NonceRoot, plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let stated = Some(root.commitment());
        let plans = plans.into_iter().filter(|plan| plan.nonces == stated);
        Self {
            revisions: plans.map(|plan| plan.revision).collect(),
            root: Some(root.clone()),
            seed: None,
        }
    }

    /// Those of a collector that runs.
    pub(crate) fn now(app: &App) -> Self {
        Self::of(&app.keys.nonces, app.plans().all())
    }

    /// Those of an installation, where its operator's key is in the state directory; else none.
    pub async fn find(
        database_url: &str,
        state_dir: &Utf8Path,
        origin: &Origin,
    ) -> Result<Self, ClaimError> {
        let keys = state_dir.join("keys");
        if !keys.join("operator.key").exists() {
            return Ok(Self::default());
        }
        let keys = Keys::load(&keys, origin).map_err(ClaimError::Keys)?;
        let plans = list_plans(database_url, origin).await?;
        Ok(Self::of(&keys.nonces, &plans))
    }

    /// What one attempt named itself; none where nobody can tell.
    pub(crate) fn find_one(
        &mut self,
        (agent, target): (&AgentId, &TargetId),
        sample: &Sample,
    ) -> Option<String> {
        let is_ours = sample.source == Source::Probe && sample.kind != Kind::Manual;
        if !is_ours || !self.revisions.contains(&sample.plan) {
            return None;
        }
        let day = day_of(sample.slot_ms);
        let root = self.root.as_ref()?;
        let seed = match self.seed {
            Some(seed) if seed.day() == day => seed,
            _ => *self.seed.insert(root.seed(day)),
        };
        seed.nonce(&AttemptName {
            agent,
            target,
            kind: sample.kind,
            slot: sample.slot_ms,
            number: sample.attempt,
        })
    }
}
