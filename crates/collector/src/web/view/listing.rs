//! Which targets the front page shows, of all that the plan has.

use sla::Condition;

/// Targets up to which they are shown in the order of the plan, without counts or a search.
pub(crate) const FEW: usize = 10;

/// What a reader asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What is to stand in a target's name; empty for any.
    pub(crate) name: String,
    /// The state to be in; absent for any.
    pub(crate) state: Option<Condition>,
    /// Which page, from 0.
    pub(crate) page: usize,
}

/// What is shown of the targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// What was asked for; the page is one that there is.
    pub(crate) asked: Asked,
    /// How many targets of the plan are in each state, from worst to best.
    pub(crate) counts: Vec<(Condition, usize)>,
    /// Targets that match.
    pub(crate) matching: usize,
    /// Those before this page.
    pub(crate) before: usize,
    /// Those on this page.
    pub(crate) shown: usize,
    /// Pages of them.
    pub(crate) pages: usize,
}

impl Asked {
    /// The same on another page.
    pub(crate) fn on(&self, page: usize) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// Whether only some targets are asked for.
    pub(crate) fn is_some(&self) -> bool {
        !self.name.is_empty() || self.state.is_some()
    }
}

impl Listing {
    /// Targets of the plan.
    pub(crate) fn all(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// Whether there are so many that a reader has to be told which ones these are.
    pub(crate) fn is_told(&self) -> bool {
        self.all() > FEW || self.asked.is_some()
    }
}
