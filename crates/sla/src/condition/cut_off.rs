//! Minutes in which agents could not have reached anything.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AgentId, Minute};

/// In which minutes which agents were cut off: controls of their own were asked, which have nothing
/// to do with any target, and none answered. A minute in which no control was asked is not among
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutOff(BTreeMap<AgentId, BTreeSet<Minute>>);

impl CutOff {
    /// None at all.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// For each minute of a row of them, whether an agent was cut off.
    pub(super) fn among(
        &self,
        agent: &AgentId,
        minutes: impl Iterator<Item = Minute>,
    ) -> Vec<bool> {
        let cut_off = self.0.get(agent);
        let is_cut_off = |at| cut_off.is_some_and(|all| all.contains(&at));
        minutes.map(is_cut_off).collect()
    }
}

impl FromIterator<(AgentId, Minute)> for CutOff {
    fn from_iter<I: IntoIterator<Item = (AgentId, Minute)>>(minutes: I) -> Self {
        let mut all = Self::default();
        for (agent, at) in minutes {
            all.0.entry(agent).or_default().insert(at);
        }
        all
    }
}
