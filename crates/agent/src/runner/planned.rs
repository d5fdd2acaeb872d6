//! A target where it stands in its plan: thousands of copies of what the plan keeps anyway are not
//! made for it.

use std::ops::Deref;
use std::sync::Arc;

use wire::plan::{Plan, PlanTarget};

/// One target of a plan.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    plan: Arc<Plan>,
    nth: usize,
}

impl Planned {
    /// All of them, in the order of the plan.
    pub(super) fn all(plan: &Arc<Plan>) -> impl Iterator<Item = Self> + '_ {
        (0..plan.targets.len()).map(|nth| Self {
            plan: Arc::clone(plan),
            nth,
        })
    }
}

impl Deref for Planned {
    type Target = PlanTarget;

    fn deref(&self) -> &PlanTarget {
        &self.plan.targets[self.nth]
    }
}
