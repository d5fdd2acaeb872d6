//! Who promises: what OpenSLO hardly says, and an export of ours wrote into the annotations.

use std::fmt::Display;
use std::str::FromStr;

use domain::{ContractId, ProviderId};
use sla::Currency;
use sla::contract::{Head, Remedy};

use super::super::document::{File, Object};
use super::super::yaml::At;
use super::super::{ANNOTATION_PREFIX, ImportOptions, Warnings};
use super::{line, unread};

/// Currency of a draft that nothing names one for; a draft has no credits to count in it.
const CURRENCY: &str = "USD";

/// Longest id of a contract and name of a provider, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Who promises what to whom, as far as OpenSLO or the options say.
pub(super) fn read(
    file: &File<'_>,
    slo: &Object<'_>,
    spec: &At<'_>,
    options: &ImportOptions,
    warnings: &mut Warnings,
) -> anyhow::Result<Head> {
    let metadata = slo.at.get("metadata")?;
    unread(
        &metadata,
        &["name", "displayName", "labels", "annotations"],
        warnings,
    )?;
    if let Some(labels) = metadata.find("labels")? {
        warnings.push(labels.say("labels are left out: a contract has no place for them"));
    }
    let noted = Noted::read(&metadata, warnings)?;
    let service = spec.get("service")?;
    let named = match file.find("Service", service.text()?) {
        Some(object) => object.at.get("metadata")?.find("displayName")?,
        None => None,
    };
    let words = named.as_ref().unwrap_or(&service);
    Ok(Head {
        id: match (&options.id, noted.contract) {
            (Some(id), _) => id.clone(),
            (None, Some(id)) => id,
            (None, None) => id(slo, warnings)?,
        },
        provider: match (&options.provider, noted.provider) {
            (Some(provider), _) => provider.clone(),
            (None, Some(provider)) => provider,
            (None, None) => provider(&service, warnings)?,
        },
        service: line(words.text()?).ok_or_else(|| words.fault("must not be blank"))?,
        currency: match options.currency.or(noted.currency) {
            Some(currency) => currency,
            None => currency(warnings)?,
        },
        simulated: noted.simulated,
        text_date: None,
        effective_from: None,
        effective_until: None,
        text_url: None,
        text_sha256: None,
        provenance: None,
        remedy: Remedy::None,
        other_remedies: Vec::new(),
        sole_remedy: None,
        measured_by: None,
        note: None,
    })
}

/// What an export of ours wrote into the annotations.
#[derive(Debug, Default)]
struct Noted {
    contract: Option<ContractId>,
    provider: Option<ProviderId>,
    currency: Option<Currency>,
    simulated: bool,
}

impl Noted {
    fn read(metadata: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<Self> {
        let Some(annotations) = metadata.find("annotations")? else {
            return Ok(Self::default());
        };
        let all = annotations.beside(&[])?;
        let ours = format!("{}.{ANNOTATION_PREFIX}", annotations.path);
        if all.iter().any(|at| !at.path.starts_with(&ours)) {
            warnings.push(
                annotations.say("annotations are left out: a contract has no place for them"),
            );
        }
        let own = |name: &str| annotations.find(&format!("{ANNOTATION_PREFIX}{name}"));
        Ok(Self {
            contract: parsed(own("contract")?)?,
            provider: parsed(own("provider")?)?,
            currency: parsed(own("currency")?)?,
            simulated: match own("simulated")? {
                Some(at) => at.text()? == "true",
                None => false,
            },
        })
    }
}

fn parsed<T: FromStr<Err: Display>>(at: Option<At<'_>>) -> anyhow::Result<Option<T>> {
    let parse = |at: At<'_>| at.text()?.parse().map_err(|error| at.fault(error));
    at.map(parse).transpose()
}

fn id(slo: &Object<'_>, warnings: &mut Warnings) -> anyhow::Result<ContractId> {
    let name = slo.at.get("metadata")?.get("name")?;
    let made = slug(slo.name);
    if made != slo.name {
        warnings.push(name.say(format_args!(
            "cannot be the id of a contract: it is `{made}` there; choose another with --id"
        )));
    }
    made.parse()
        .map_err(|_| name.fault("cannot be the id of a contract: choose one with --id"))
}

fn provider(service: &At<'_>, warnings: &mut Warnings) -> anyhow::Result<ProviderId> {
    let made = slug(service.text()?);
    let provider = made
        .parse()
        .map_err(|_| service.fault("cannot be the name of a provider: give it with --provider"))?;
    warnings.push(service.say(format_args!(
        "OpenSLO does not say who promises: the provider is `{made}`, after the service; give it with --provider"
    )));
    Ok(provider)
}

fn currency(warnings: &mut Warnings) -> anyhow::Result<Currency> {
    warnings.push(format!(
        "OpenSLO has no currency: it is {CURRENCY}, in which nothing is counted yet; give it with --currency"
    ));
    Ok(CURRENCY.parse()?)
}

/// Text as a name of lower-case letters, digits, `.`, `_` and `-`; empty where it has none.
pub(super) fn slug(text: &str) -> String {
    let mut made = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            made.push(c);
        } else if !made.ends_with('-') {
            made.push('-');
        }
    }
    let made = made.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    made.chars().take(NAME_CHARS_MAX).collect()
}
