//! A contract as SLOs of OpenSLO v1: one for every budgeting method that its formulas need.
//!
//! What OpenSLO cannot say is left out with a warning that names the clause, and where a formula
//! has only a near neighbour, the neighbour is written and its difference told. A formula without
//! even that is left out. Everything that an import needs to find the contract again stands in
//! annotations.

mod lost;
mod objective;
mod window;
mod write;

use anyhow::bail;
use sla::Contract;

use super::document::API_VERSION;
use super::{ANNOTATION_PREFIX, Warnings};
use objective::{Method, Objective};
use write::{Yaml, map, text, word};

/// Longest name that every implementation of OpenSLO takes, in characters.
const NAME_CHARS_MAX: usize = 63;

/// An OpenSLO file, and what it does not say of the contract.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) yaml: String,
    pub(super) warnings: Warnings,
}

/// Makes the file.
pub(super) fn draft(contract: &Contract) -> anyhow::Result<Draft> {
    let mut warnings = Warnings::default();
    let objectives: Vec<Objective> = contract
        .commitments
        .iter()
        .filter_map(|one| objective::of(one, &contract.window, &mut warnings))
        .collect();
    if objectives.is_empty() {
        bail!("{}", nothing(contract, &warnings));
    }
    let window = window::of(&contract.window, &mut warnings);
    lost::warn(contract, &mut warnings);
    let methods: Vec<Method> = Method::ALL
        .into_iter()
        .filter(|method| objectives.iter().any(|o| o.method == *method))
        .collect();
    warnings.push(
        "`indicator`: its metric source is Nines itself, which no other tool can ask: put your own query there"
            .to_owned(),
    );
    let mut documents = Vec::new();
    for method in &methods {
        let name = name(contract, *method, &methods);
        if name != contract.id().as_str() {
            warnings.push(format!(
                "`contract.id`: the SLO of all {} objectives is named `{name}`; an annotation keeps the id",
                method.as_str()
            ));
        }
        let own = objectives.iter().filter(|o| o.method == *method);
        documents.push(slo(contract, &name, *method, own, &window).render());
    }
    Ok(Draft {
        yaml: documents.join("---\n"),
        warnings,
    })
}

fn nothing(contract: &Contract, warnings: &Warnings) -> String {
    let id = contract.id();
    if contract.commitments.is_empty() {
        return format!("`{id}` promises nothing: there is no SLO in it");
    }
    let why = warnings.0.join("; ");
    format!("OpenSLO can say no commitment of `{id}`: {why}")
}

/// A name as OpenSLO takes it: the contract's, and the method where there are several.
fn name(contract: &Contract, method: Method, methods: &[Method]) -> String {
    let mut name = contract.id().as_str().replace(['_', '.'], "-");
    if methods.len() > 1 {
        let method = format!("-{}", method.as_str().to_lowercase());
        name = name.chars().take(NAME_CHARS_MAX - method.len()).collect();
        name.push_str(&method);
    }
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    name.trim_end_matches('-').to_owned()
}

fn slo<'a>(
    contract: &Contract,
    name: &str,
    method: Method,
    objectives: impl Iterator<Item = &'a Objective>,
    window: &Yaml,
) -> Yaml {
    let mut spec = Vec::new();
    if let Some(note) = &contract.note {
        spec.push(("description", text(note)));
    }
    spec.extend([
        ("service", text(&contract.service)),
        ("indicator", indicator(contract, name)),
        ("timeWindow", Yaml::List(vec![window.clone()])),
        ("budgetingMethod", word(method.as_str())),
        (
            "objectives",
            Yaml::List(objectives.map(Objective::yaml).collect()),
        ),
    ]);
    map([
        ("apiVersion", word(API_VERSION)),
        ("kind", word("SLO")),
        (
            "metadata",
            map([("name", text(name)), ("annotations", annotations(contract))]),
        ),
        ("spec", map(spec)),
    ])
}

/// What an import needs to find the contract again.
fn annotations(contract: &Contract) -> Yaml {
    let source = &contract.source;
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    let all = [
        ("contract", Some(contract.id().as_str().to_owned())),
        ("sha256", Some(contract.sha256.as_str().to_owned())),
        ("provider", Some(contract.provider.as_str().to_owned())),
        ("currency", Some(contract.currency.to_string())),
        ("text-date", day(source.text_date)),
        ("effective-from", day(source.effective_from)),
        ("effective-until", day(source.effective_until)),
        ("text-url", source.text_url.clone()),
        ("simulated", contract.simulated.then(|| "true".to_owned())),
    ];
    let given = all
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    Yaml::Map(
        given
            .map(|(key, value)| (format!("{ANNOTATION_PREFIX}{key}"), text(&value)))
            .collect(),
    )
}

/// An indicator, which OpenSLO requires: the samples that Nines counts.
fn indicator(contract: &Contract, name: &str) -> Yaml {
    let source = |events: &str| {
        let spec = map([
            ("contract", text(contract.id().as_str())),
            ("events", word(events)),
        ]);
        map([(
            "metricSource",
            map([("type", word("Nines")), ("spec", spec)]),
        )])
    };
    let ratio = map([
        ("counter", word("false")),
        ("good", source("success")),
        ("total", source("valid")),
    ]);
    map([
        ("metadata", map([("name", text(name))])),
        ("spec", map([("ratioMetric", ratio)])),
    ])
}
