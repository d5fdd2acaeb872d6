//! Who is judged: which targets and agents one result is about.
//!
//! A commitment gives one result, and one more for every override that has targets, and each of
//! those once per region of agents where the contract says so. What is not known about a target
//! never keeps it out; it makes the result indicative.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AgentId, CellHour, TargetId};
use serde::{Deserialize, Serialize};

use crate::contract::{Commitment, Contract, Dimension, Pooling, Promise, Values};
use crate::terms::Terms;

#[cfg(test)]
mod tests;

/// Region of agents of which nobody knows where they stand.
const REGION_UNKNOWN: &str = "unknown";

/// What one result is about.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) promise: Promise<'a>,
    /// Where its agents stand; absent where all are judged together.
    pub(crate) region: Option<String>,
    pub(crate) cells: Vec<&'a CellHour>,
    pub(crate) targets: BTreeSet<TargetId>,
}

/// Whether a result can stand behind a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Claimability {
    /// What was measured lies in one known part of the contract's partition.
    Claimable,
    /// It does not, or it is not known: the result informs, and proves nothing against this
    /// contract.
    Indicative {
        /// Why, in the contract's order.
        reasons: Vec<Reservation>,
    },
}

/// Why a result is indicative only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reservation {
    /// There is nothing to claim: a target without remedy.
    NoRemedy,
    /// It is not known where a target lies in this dimension.
    NotKnown {
        /// The dimension.
        dimension: Dimension,
        /// The first such target.
        target: TargetId,
    },
    /// Targets lie in several parts, each of which the contract judges by itself.
    SeveralParts {
        /// The dimension that divides them.
        dimension: Dimension,
        /// The parts.
        values: Vec<String>,
    },
    /// Nothing was judged.
    NoTarget,
}

/// The subjects of every commitment, in the contract's order.
pub(crate) fn subjects<'a>(
    contract: &'a Contract,
    terms: &'a Terms,
    cells: &'a [CellHour],
) -> Vec<Subject<'a>> {
    let mut found = Vec::new();
    for commitment in &contract.commitments {
        let covers = |target: &TargetId| covers(contract, terms, commitment, target);
        let mut own = Vec::new();
        for other in &commitment.overrides {
            let list = contract.model_lists.get(other.model_list.as_str());
            let listed = |target: &TargetId| {
                let model = terms
                    .scope_of(target)
                    .and_then(|s| s.get(&Dimension::Model));
                model.is_some_and(|model| list.is_some_and(|list| list.contains(model)))
            };
            let promise = Promise {
                commitment,
                for_models: Some(other),
            };
            let mine = pick(terms, cells, |target| covers(target) && listed(target));
            if !mine.1.is_empty() {
                own.push((promise, mine));
            }
        }
        let elsewhere: BTreeSet<TargetId> = own
            .iter()
            .flat_map(|(_, (_, targets))| targets.iter().cloned())
            .collect();
        let rest = pick(terms, cells, |t| covers(t) && !elsewhere.contains(t));
        if !rest.1.is_empty() || own.is_empty() {
            let promise = Promise {
                commitment,
                for_models: None,
            };
            own.insert(0, (promise, rest));
        }
        for (promise, (cells, targets)) in own {
            found.extend(by_region(contract, terms, &promise, cells, &targets));
        }
    }
    found
}

type Picked<'a> = (Vec<&'a CellHour>, BTreeSet<TargetId>);

fn pick<'a>(
    terms: &Terms,
    cells: &'a [CellHour],
    is_judged: impl Fn(&TargetId) -> bool,
) -> Picked<'a> {
    let mut known: BTreeMap<&TargetId, bool> = BTreeMap::new();
    let mut mine = Vec::new();
    for cell in cells {
        if *known
            .entry(&cell.target)
            .or_insert_with(|| is_judged(&cell.target))
        {
            mine.push(cell);
        }
    }
    let listed = terms
        .targets
        .iter()
        .map(|t| &t.target)
        .filter(|t| is_judged(t));
    let sampled = known
        .iter()
        .filter(|(_, judged)| **judged)
        .map(|(target, _)| *target);
    let targets = listed.chain(sampled).cloned().collect();
    (mine, targets)
}

/// Whether a target can be what is asked for: only a known other value speaks against it.
fn meets(scope: Option<&BTreeMap<Dimension, String>>, asked: &BTreeMap<Dimension, Values>) -> bool {
    asked.iter().all(|(dimension, values)| {
        let known = scope.and_then(|scope| scope.get(dimension));
        known.is_none_or(|value| values.contain(value))
    })
}

fn by_region<'a>(
    contract: &Contract,
    terms: &Terms,
    promise: &Promise<'a>,
    cells: Vec<&'a CellHour>,
    targets: &BTreeSet<TargetId>,
) -> Vec<Subject<'a>> {
    let subject = |region, cells| Subject {
        promise: promise.clone(),
        region,
        cells,
        targets: targets.clone(),
    };
    if contract.evidence.pooling == Pooling::Pooled {
        return vec![subject(None, cells)];
    }
    let region = |agent: &AgentId| {
        let place = terms.places.iter().find(|place| place.agent == *agent);
        place.map_or_else(|| REGION_UNKNOWN.to_owned(), |place| place.region.clone())
    };
    let mut by_region: BTreeMap<String, Vec<&CellHour>> = BTreeMap::new();
    for place in &terms.places {
        by_region.entry(place.region.clone()).or_default();
    }
    for cell in cells {
        by_region.entry(region(&cell.agent)).or_default().push(cell);
    }
    if by_region.is_empty() {
        return vec![subject(None, Vec::new())];
    }
    by_region
        .into_iter()
        .map(|(region, cells)| subject(Some(region), cells))
        .collect()
}

impl Subject<'_> {
    /// The result's name: that of the commitment, and what narrows it.
    pub(crate) fn id(&self) -> String {
        let list = self.models().map(|list| format!(".{list}"));
        let region = self.region.as_ref().map(|region| format!("@{region}"));
        let commitment = self.promise.commitment.id.as_str();
        format!(
            "{commitment}{}{}",
            list.unwrap_or_default(),
            region.unwrap_or_default()
        )
    }

    /// The list of models that it is limited to.
    pub(crate) fn models(&self) -> Option<&str> {
        self.promise
            .for_models
            .map(|other| other.model_list.as_str())
    }
}

/// Everything that a commitment is about, whatever model or region.
pub(crate) fn whole<'a>(
    contract: &Contract,
    terms: &Terms,
    cells: &'a [CellHour],
    commitment: &'a Commitment,
) -> Subject<'a> {
    let (cells, targets) = pick(terms, cells, |target| {
        covers(contract, terms, commitment, target)
    });
    Subject {
        promise: Promise {
            commitment,
            for_models: None,
        },
        region: None,
        cells,
        targets,
    }
}

/// Whether a commitment holds for a target, as far as is known.
fn covers(contract: &Contract, terms: &Terms, commitment: &Commitment, target: &TargetId) -> bool {
    let scope = terms.scope_of(target);
    meets(scope, &contract.scope.covers) && meets(scope, &commitment.requires)
}

/// Whether results about these targets can stand behind a claim.
pub(crate) fn claimability(
    contract: &Contract,
    terms: &Terms,
    targets: &BTreeSet<TargetId>,
) -> Claimability {
    let mut reasons = Vec::new();
    if contract.remedy == crate::contract::Remedy::None {
        reasons.push(Reservation::NoRemedy);
    }
    if targets.is_empty() {
        reasons.push(Reservation::NoTarget);
    }
    for dimension in &contract.scope.partition {
        let value = |target| {
            terms
                .scope_of(target)
                .and_then(|scope| scope.get(dimension))
        };
        if let Some(target) = targets.iter().find(|target| value(target).is_none()) {
            reasons.push(Reservation::NotKnown {
                dimension: *dimension,
                target: target.clone(),
            });
        }
        let values: BTreeSet<&String> = targets.iter().filter_map(value).collect();
        if values.len() > 1 {
            reasons.push(Reservation::SeveralParts {
                dimension: *dimension,
                values: values.into_iter().cloned().collect(),
            });
        }
    }
    if reasons.is_empty() {
        Claimability::Claimable
    } else {
        Claimability::Indicative { reasons }
    }
}
