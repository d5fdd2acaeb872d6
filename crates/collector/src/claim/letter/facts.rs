//! The facts of a letter, from a claim, its contract and its assessment.

use std::fmt::Write as _;
use std::num::NonZeroU64;

use domain::Minute;
use sla::contract::Pooling;
use sla::{Assessment, CommitmentAssessment, Contract, Downtime, Fraction};

use super::{Facts, witnessed};
use crate::claim::seen::Sightings;
use crate::claim::{Claim, draft, table};

/// Intervals listed in a letter; all of them stand in the list that is enclosed.
const INTERVALS_MAX: usize = 300;
/// Said of a claim that could not wait for the end of its window.
const EARLY: &str = "\nThe window is not over: this is what is certain by now. A correction follows \
                     if more comes to it.\n";
/// Decimals of a percentage beside its fraction.
const PERCENT_DIGITS: u8 = 6;

/// What a letter is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) claim: &'a Claim,
    pub(crate) contract: &'a Contract,
    pub(crate) assessment: &'a Assessment,
    pub(crate) targets: &'a [String],
    pub(crate) sightings: &'a Sightings,
}

/// Everything that a form can be filled with.
pub(crate) fn facts(source: Source<'_>) -> Facts {
    let parts = source.assessment.commitments.iter();
    let parts: Vec<_> = parts.filter(|part| draft::is_claimable(part)).collect();
    let mut facts = about(source);
    facts.extend(witnessed::facts(source.sightings));
    let name = &source.claim.name;
    facts.extend([
        ("results", results(&parts)),
        ("errors", errors(&parts)),
        ("intervals", intervals(&parts, name)),
        ("request_log", format!("{name}.requests.csv")),
        ("evidence", evidence(source.claim)),
    ]);
    facts
}

fn about(source: Source<'_>) -> Facts {
    let (claim, contract) = (source.claim, source.contract);
    let procedure = contract.claim.as_ref();
    let subject = procedure.and_then(|claim| claim.subject_must_contain.clone());
    let address = procedure.and_then(|claim| claim.address.as_ref());
    let enclose = procedure.map(|claim| claim.evidence.join(", "));
    let window = source.assessment.window;
    let asked = match claim.asked {
        Some(_) if claim.is_void() => "nothing: a correction took it back, do not send".to_owned(),
        Some(asked) => asked.to_string(),
        None => "as the contract's schedule gives".to_owned(),
    };
    let standing = match (claim.replaces, contract.simulated) {
        (None, false) if claim.early => EARLY.to_owned(),
        (_, true) => "\nThe contract is made up: do not send this.\n".to_owned(),
        (Some(old), _) => corrected(claim, old),
        (None, _) => String::new(),
    };
    let pooled = match contract.evidence.pooling {
        Pooling::Pooled => "all agents together",
        Pooling::PerRegion => "each region apart",
    };
    Facts::from([
        ("claim", claim.name.clone()),
        ("revision", claim.revision.to_string()),
        ("correction", standing),
        ("subject", subject.unwrap_or_else(|| "SLA claim".to_owned())),
        (
            "channel",
            procedure.map(|c| c.channel.clone()).unwrap_or_default(),
        ),
        (
            "address",
            address.map(|a| a.as_str().to_owned()).unwrap_or_default(),
        ),
        ("enclose", enclose.unwrap_or_default()),
        ("provider", contract.provider.to_string()),
        ("service", contract.service.clone()),
        ("contract", contract.id().to_string()),
        ("contract_sha256", contract.sha256.as_str().to_owned()),
        ("targets", source.targets.join(", ")),
        ("observers", pooled.to_owned()),
        ("period", claim.period.clone()),
        ("timezone", contract.window.timezone.to_string()),
        ("window_start", time(window.start())),
        ("window_end", time(window.end())),
        ("assessment_revision", claim.assessment_revision.to_string()),
        ("asked", asked),
    ])
}

fn corrected(claim: &Claim, old: i32) -> String {
    let mut text = format!(
        "\nThis is revision {} and replaces revision {old}. What changed:\n",
        claim.revision
    );
    for change in &claim.changes {
        text.push_str("- ");
        text.push_str(change);
        text.push('\n');
    }
    text
}

fn percent(value: &Fraction) -> String {
    let decimal = value.percent_string(PERCENT_DIGITS);
    let decimal = decimal.trim_end_matches('%').trim_end().to_owned();
    format!("{decimal} % ({}/{})", value.num(), value.den())
}

fn results(parts: &[&CommitmentAssessment]) -> String {
    let mut text = String::new();
    for part in parts {
        let observed = part.observed.as_ref().map_or("none".to_owned(), percent);
        let credit = part.credit.as_ref();
        let share = credit.and_then(|credit| credit.share.as_ref());
        let amount = credit.and_then(|credit| credit.amount);
        let share = share.map_or("not a share of fees".to_owned(), percent);
        let amount = amount.map_or("not known".to_owned(), |amount| amount.to_string());
        put(
            &mut text,
            format_args!(
                "- {}\n  promised: at least {}\n  at most: {}\n  measured: {observed}\n  \
                 credit: {share} of the fees, {amount}\n",
                part.id,
                percent(&part.target),
                percent(&part.high),
            ),
        );
    }
    ended(&text)
}

pub(super) fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line)
        .expect("writing to a string cannot fail");
}

pub(super) fn ended(text: &str) -> String {
    if text.is_empty() {
        return "none".to_owned();
    }
    text.trim_end().to_owned()
}

fn counted(downtime: &[Downtime]) -> (u64, u64) {
    let add = |(valid, errors): (u64, u64), one: &Downtime| {
        (
            valid.saturating_add(one.valid),
            errors.saturating_add(one.errors),
        )
    };
    downtime.iter().fold((0, 0), add)
}

fn errors(parts: &[&CommitmentAssessment]) -> String {
    let mut text = String::new();
    for part in parts {
        let (valid, errors) = counted(&part.downtime);
        put(
            &mut text,
            format_args!(
                "- {}: {errors} errors of {valid} valid requests in the downtime\n",
                part.id
            ),
        );
    }
    ended(&text)
}

/// Intervals below 100 %, where a formula counts by them.
fn intervals(parts: &[&CommitmentAssessment], name: &str) -> String {
    let mut text = String::new();
    let by_intervals = parts.iter().filter(|part| table::is_by_intervals(part));
    let all = by_intervals.flat_map(|part| part.downtime.iter().map(|one| (&part.id, one)));
    let count = all.clone().count();
    for (id, one) in all.take(INTERVALS_MAX) {
        let (start, end) = (time(one.start), time(one.end));
        let good = one.valid.saturating_sub(one.errors);
        let share = NonZeroU64::new(one.valid).map(|all| percent(&Fraction::new(good, all)));
        let availability = share.unwrap_or_else(|| "nothing".to_owned());
        put(
            &mut text,
            format_args!("- {id}  {start}  {end}  {availability} available\n"),
        );
    }
    if count == 0 {
        return "none: the formula does not count by intervals".to_owned();
    }
    if count > INTERVALS_MAX {
        put(
            &mut text,
            format_args!("all {count} are in the enclosed {name}.intervals.csv\n"),
        );
    }
    ended(&text)
}

fn evidence(claim: &Claim) -> String {
    let mut text = String::new();
    for violation in &claim.violations {
        put(
            &mut text,
            format_args!("- {violation}.evidence.zip (nines verify {violation}.evidence.zip)\n"),
        );
    }
    ended(&text)
}

pub(super) fn time(at: Minute) -> String {
    let at = at.start().to_micros().to_utc();
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
