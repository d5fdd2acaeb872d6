//! What a later assessment of the same window says otherwise than an earlier one.
//!
//! A pure comparison: it says what changed, never why, and it never decides which of the two is
//! right. Where the assessments differ at all, there is at least one change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::assessment::{Assessment, CommitmentAssessment, MinuteTotals, Verdict};
use crate::credit::{Credit, CreditTotal};
use crate::fraction::Fraction;

#[cfg(test)]
mod tests;

/// One thing that a later assessment says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// [`CommitmentAssessment::id`]; absent where it concerns the whole assessment.
    pub commitment: Option<String>,
    /// What is said otherwise.
    pub what: What,
}

/// What is said otherwise, in JSON under the key `field` with `from` and `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// The earlier one did not speak of this commitment.
    Added,
    /// The later one does not speak of this commitment.
    Removed,
    /// [`CommitmentAssessment::verdict`].
    Verdict {
        /// Before.
        from: Verdict,
        /// Now.
        to: Verdict,
    },
    /// [`CommitmentAssessment::observed`], a ratio.
    Observed {
        /// Before.
        from: Option<Fraction>,
        /// Now.
        to: Option<Fraction>,
    },
    /// [`CommitmentAssessment::high`], a ratio.
    High {
        /// Before.
        from: Fraction,
        /// Now.
        to: Fraction,
    },
    /// [`CommitmentAssessment::low`], a ratio.
    Low {
        /// Before.
        from: Fraction,
        /// Now.
        to: Fraction,
    },
    /// [`CommitmentAssessment::credit`].
    Credit {
        /// Before.
        from: Option<Box<Credit>>,
        /// Now.
        to: Option<Box<Credit>>,
    },
    /// [`Assessment::credit`].
    CreditTotal {
        /// Before.
        from: Option<Box<CreditTotal>>,
        /// Now.
        to: Option<Box<CreditTotal>>,
    },
    /// [`CommitmentAssessment::minutes`].
    Minutes {
        /// Before.
        from: MinuteTotals,
        /// Now.
        to: MinuteTotals,
    },
    /// Something that explains the result, such as the timeline or a reading.
    Detail,
}

/// What `to` says otherwise than `from`: commitments in the order of their names, the whole
/// assessment last. Empty exactly where the two are equal.
#[must_use]
pub fn changes(from: &Assessment, to: &Assessment) -> Vec<Change> {
    let mut found = Vec::new();
    let all = from.commitments.iter().chain(&to.commitments);
    let ids: BTreeSet<&str> = all.map(|part| part.id.as_str()).collect();
    for id in ids {
        let changed = match (part(from, id), part(to, id)) {
            (Some(_), None) => vec![What::Removed],
            (None, _) => vec![What::Added],
            (Some(from), Some(to)) => of_part(from, to),
        };
        found.extend(changed.into_iter().map(|what| Change {
            commitment: Some(id.to_owned()),
            what,
        }));
    }
    if from.credit != to.credit {
        let boxed = |credit: &Option<CreditTotal>| credit.clone().map(Box::new);
        let (from, to) = (boxed(&from.credit), boxed(&to.credit));
        found.push(whole(What::CreditTotal { from, to }));
    }
    if found.is_empty() && from != to {
        found.push(whole(What::Detail));
    }
    found
}

const fn whole(what: What) -> Change {
    Change {
        commitment: None,
        what,
    }
}

fn part<'a>(assessment: &'a Assessment, id: &str) -> Option<&'a CommitmentAssessment> {
    assessment.commitments.iter().find(|part| part.id == id)
}

fn of_part(from: &CommitmentAssessment, to: &CommitmentAssessment) -> Vec<What> {
    let mut found = Vec::new();
    if from.verdict != to.verdict {
        let (from, to) = (from.verdict, to.verdict);
        found.push(What::Verdict { from, to });
    }
    if from.observed != to.observed {
        let (from, to) = (from.observed.clone(), to.observed.clone());
        found.push(What::Observed { from, to });
    }
    if from.high != to.high {
        let (from, to) = (from.high.clone(), to.high.clone());
        found.push(What::High { from, to });
    }
    if from.low != to.low {
        let (from, to) = (from.low.clone(), to.low.clone());
        found.push(What::Low { from, to });
    }
    if from.credit != to.credit {
        let boxed = |credit: &Option<Credit>| credit.clone().map(Box::new);
        let (from, to) = (boxed(&from.credit), boxed(&to.credit));
        found.push(What::Credit { from, to });
    }
    if from.minutes != to.minutes {
        let (from, to) = (from.minutes, to.minutes);
        found.push(What::Minutes { from, to });
    }
    if found.is_empty() && from != to {
        found.push(What::Detail);
    }
    found
}
