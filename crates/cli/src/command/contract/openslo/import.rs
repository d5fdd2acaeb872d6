//! An OpenSLO SLO as the draft of a contract.
//!
//! What OpenSLO says becomes the contract's own words: formula, targets, window. What it does not
//! say (whose fault an error is, what a miss is worth) is assumed or left out, with a warning.
//! What it says and a contract cannot is refused, or warned of with the nearest that was written.

mod events;
mod head;
mod indicator;
mod objective;
mod window;

use anyhow::Context as _;
use sla::Contract;
use sla::contract::{ContractText, EvidenceRule, Head, Schema, Scope, Text};

use super::document::{File, Object};
use super::yaml::{self, At, cut};
use super::{ImportOptions, Warnings};

/// Longest note, in characters: the rest of a longer description is cut off.
const NOTE_CHARS_MAX: usize = sla::contract::exact::TEXT_CHARS_MAX;

/// A contract file, and what is not as OpenSLO says or leaves open.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) toml: String,
    pub(super) warnings: Warnings,
}

/// Makes the draft.
pub(super) fn draft(yaml: &str, options: &ImportOptions) -> anyhow::Result<Draft> {
    let documents = yaml::read(yaml)?;
    let file = File::read(&documents)?;
    let slo = file.slo(options.slo.as_deref())?;
    let mut warnings = Warnings::default();
    let text = contract(&file, slo, options, &mut warnings)?;
    file.warn_of_others(&mut warnings);
    let toml = toml::to_string(&text).context("the contract cannot be written as TOML")?;
    Contract::parse(&toml).context("the contract that it became is refused")?;
    Ok(Draft { toml, warnings })
}

fn contract(
    file: &File<'_>,
    slo: &Object<'_>,
    options: &ImportOptions,
    warnings: &mut Warnings,
) -> anyhow::Result<ContractText> {
    let spec = slo.at.get("spec")?;
    unread(
        &spec,
        &[
            "description",
            "service",
            "indicator",
            "indicatorRef",
            "timeWindow",
            "budgetingMethod",
            "objectives",
            "alertPolicies",
        ],
        warnings,
    )?;
    let indicators = indicator::read(file, &spec, warnings)?;
    let window = window::read(&spec, warnings)?;
    let commitment = objective::read(&spec, &window, indicators.threshold, warnings)?;
    let head = head::read(file, slo, &spec, options, warnings)?;
    let note = note(slo, &spec, &indicators.said, warnings)?;
    if let Some(alerts) = spec.find("alertPolicies")? {
        warnings.push(alerts.say("alerts are left out: a contract has no place for them"));
    }
    warnings.push(
        "OpenSLO leaves to the metric source which requests are errors: [events] is assumed; compare it".to_owned(),
    );
    warnings.push("OpenSLO has no credits, claims and exclusions: remedy is \"none\"".to_owned());
    Ok(ContractText {
        schema: Schema::V1,
        contract: Head {
            note: Some(note),
            ..head
        },
        scope: Scope::default(),
        model_lists: std::collections::BTreeMap::new(),
        window,
        evidence: EvidenceRule::default(),
        events: events::assumed(),
        commitment,
        exclusion: Vec::new(),
        claim: None,
    })
}

/// Where the draft comes from, and what its author says of it.
fn note(
    slo: &Object<'_>,
    spec: &At<'_>,
    indicator: &str,
    warnings: &mut Warnings,
) -> anyhow::Result<Text> {
    let metadata = slo.at.get("metadata")?;
    let display = match metadata.find("displayName")? {
        Some(name) => format!(" ({})", cut(name.text()?)),
        None => String::new(),
    };
    let mut note = format!(
        "From the OpenSLO SLO `{}`{display}; indicator: {indicator}.",
        cut(slo.name)
    );
    if let Some(description) = spec.find("description")? {
        note.push(' ');
        note.push_str(description.text()?);
        if note.trim_end().chars().count() > NOTE_CHARS_MAX {
            warnings.push(description.say("is cut off: a note has one line of 1,000 characters"));
        }
    }
    line(&note).context("the note is blank")
}

/// Warns of keys that are not read.
fn unread(at: &At<'_>, known: &[&str], warnings: &mut Warnings) -> anyhow::Result<()> {
    for other in at.beside(known)? {
        warnings.push(other.say("is left out: OpenSLO v1 has no such key"));
    }
    Ok(())
}

/// Text as one line of bounded length; nothing where it is blank.
fn line(text: &str) -> Option<Text> {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().map(plain).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(NOTE_CHARS_MAX).collect();
    line.parse().ok()
}
