//! What samples are at the provider, and which of them are judged: `--scope` and the contract's
//! own `covers`.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::bail;
use sla::Contract;
use sla::contract::Dimension;

/// Longest value, in characters.
const VALUE_CHARS_MAX: usize = 200;

/// What is known about a target, by dimension.
pub(super) type Scope = BTreeMap<Dimension, String>;

/// `--scope DIMENSION=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    dimension: Dimension,
    value: String,
}

const DIMENSIONS: [Dimension; 10] = [
    Dimension::Organisation,
    Dimension::Account,
    Dimension::Project,
    Dimension::Region,
    Dimension::Model,
    Dimension::ModelFamily,
    Dimension::Tier,
    Dimension::Consumption,
    Dimension::Endpoint,
    Dimension::Deployment,
];

impl FromStr for Assignment {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let (name, value) = given
            .split_once('=')
            .ok_or("write DIMENSION=VALUE, such as account=acme")?;
        let dimension = DIMENSIONS.iter().find(|one| one.as_str() == name);
        let dimension = dimension.ok_or_else(|| {
            let known: Vec<&str> = DIMENSIONS.iter().map(|one| one.as_str()).collect();
            format!("`{name}` is not a dimension; they are {}", known.join(", "))
        })?;
        let is_plain = !value.is_empty() && !value.chars().any(char::is_control);
        if !is_plain || value.chars().count() > VALUE_CHARS_MAX {
            return Err(format!(
                "the value of `{name}` is empty, too long or not plain text"
            ));
        }
        Ok(Self {
            dimension: *dimension,
            value: value.to_owned(),
        })
    }
}

/// All assignments together.
pub(super) fn scope(assignments: &[Assignment]) -> anyhow::Result<Scope> {
    let mut scope = Scope::new();
    for one in assignments {
        if let Some(before) = scope.insert(one.dimension, one.value.clone()) {
            bail!(
                "--scope names {} twice, `{before}` and `{}`; assess one after the other",
                one.dimension,
                one.value
            );
        }
    }
    Ok(scope)
}

/// Whether samples are judged, as far as their region and model tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Judged,
    /// `--scope` says another value.
    Elsewhere,
    /// The contract does not cover the value.
    NotCovered,
}

/// What is known of a sample with this region and model, and whether it is judged.
pub(super) fn admit(
    contract: &Contract,
    asked: &Scope,
    region: Option<&str>,
    model: Option<&str>,
) -> (Scope, Admission) {
    let mut scope = asked.clone();
    let mut admission = Admission::Judged;
    for (dimension, said) in [(Dimension::Region, region), (Dimension::Model, model)] {
        let Some(said) = said else { continue };
        if asked.get(&dimension).is_some_and(|asked| asked != said) {
            admission = Admission::Elsewhere;
        }
        scope.insert(dimension, said.to_owned());
    }
    let covered = contract.scope.covers.iter().all(|(dimension, values)| {
        let known = scope.get(dimension);
        known.is_none_or(|value| values.contain(value))
    });
    if admission == Admission::Judged && !covered {
        admission = Admission::NotCovered;
    }
    (scope, admission)
}

/// The part of a contract's partition that a scope lies in, as far as it is known.
pub(super) fn part(contract: &Contract, scope: &Scope) -> Scope {
    let dimensions = contract.scope.partition.iter();
    dimensions
        .filter_map(|dimension| Some((*dimension, scope.get(dimension)?.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(scope: &str) -> Contract {
        let text = include_str!("../../../../sla/contracts/demo-direct.toml");
        let text = text.replace("partition = [\"account\"]", scope);
        Contract::parse(&text).unwrap()
    }

    fn asked(given: &[&str]) -> Scope {
        let all: Vec<Assignment> = given.iter().map(|one| one.parse().unwrap()).collect();
        scope(&all).unwrap()
    }

    #[test]
    fn what_the_log_says_is_held_against_what_is_asked_and_covered() {
        let contract = contract("partition = [\"region\"]\ncovers = { region = [\"eu\", \"us\"] }");
        let check = |given: &[&str], region, expected| {
            let (_, admission) = admit(&contract, &asked(given), region, None);
            assert_eq!(admission, expected, "{given:?} {region:?}");
        };
        check(&[], Some("eu"), Admission::Judged);
        check(&[], None, Admission::Judged);
        check(&[], Some("ap"), Admission::NotCovered);
        check(&["region=eu"], Some("us"), Admission::Elsewhere);
        check(&["region=eu"], None, Admission::Judged);
    }

    #[test]
    fn a_part_has_the_known_dimensions_of_the_partition() {
        let contract = contract("partition = [\"account\", \"region\", \"model\"]");
        let (scope, _) = admit(
            &contract,
            &asked(&["account=acme", "tier=gold"]),
            Some("eu"),
            None,
        );
        let part: Vec<String> = part(&contract, &scope)
            .iter()
            .map(|(dimension, value)| format!("{dimension}={value}"))
            .collect();
        assert_eq!(part, ["account=acme", "region=eu"]);
    }

    #[test]
    fn mistakes_in_scope_are_explained() {
        let refused = |given: &str| given.parse::<Assignment>().unwrap_err();
        assert!(refused("acme").contains("write DIMENSION=VALUE"));
        assert!(refused("acount=acme").contains("they are organisation, account"));
        assert!(refused("account=").contains("is empty"));
        let twice = ["region=eu", "region=us"].map(|one| one.parse().unwrap());
        assert!(
            scope(&twice)
                .unwrap_err()
                .to_string()
                .contains("names region twice")
        );
    }
}
