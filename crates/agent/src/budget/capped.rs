//! Which targets of a plan some cap binds, and what a call of each can use.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::TargetId;
use probe::{Request, Wire};
use wire::plan::{Budget, PlanTarget};

use super::bound::Bound;
use super::{BudgetError, BudgetSettings};
use crate::runner::request_for;

/// The bounds of capped targets.
pub(super) type Bounds = BTreeMap<TargetId, Arc<Bound>>;

/// The bounds of a plan's capped targets, and the agent's share of each one's budget.
pub(super) fn bounds_of(
    settings: &BudgetSettings<'_>,
) -> Result<(Bounds, BTreeMap<TargetId, Budget>), BudgetError> {
    let (mut bounds, mut shares) = (Bounds::new(), BTreeMap::new());
    for target in &settings.plan.targets {
        let share = settings.plan.share(target);
        if let Some(bound) = bound_of(target, &share, settings)? {
            bounds.insert(target.id.clone(), Arc::new(bound));
            shares.insert(target.id.clone(), share);
        }
    }
    Ok((bounds, shares))
}

/// The bound of a target that some cap binds.
fn bound_of(
    target: &PlanTarget,
    share: &Budget,
    settings: &BudgetSettings<'_>,
) -> Result<Option<Bound>, BudgetError> {
    if share.is_none() && settings.cap.is_none() {
        return Ok(None);
    }
    let request = request_for(target, settings.keys)?;
    let Request::Call(call) = request else {
        return Ok(None);
    };
    if call.wire == Wire::Models {
        return Ok(None); // A list of models uses no tokens.
    }
    let bound = Bound::new(target, &call)?;
    if share.needs_prices() || settings.cap.needs_prices() {
        return Ok(Some(bound.with_price(
            &target.id,
            &settings.prices,
            settings.now,
        )?));
    }
    Ok(Some(bound))
}
