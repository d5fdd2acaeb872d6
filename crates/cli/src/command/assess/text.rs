//! The result as a page for people. Nothing on it says more than was found.

mod bar;
mod credit;
mod due;
mod figures;
mod input;
mod readings;
mod rules;
mod stretches;
mod verdict;

use sla::contract::TimeZone;
use sla::{CommitmentAssessment, Contract};

use super::report::{Part, Report};
use crate::page::{Look, Page, Tone, counted, local, plain};

/// Column of what stands behind a label.
const COLUMN: usize = 14;

/// The whole page.
pub(super) fn page(report: &Report, look: Look) -> String {
    let mut page = Page::new(look);
    head(&mut page, report);
    for part in &report.parts {
        section(&mut page, report, part);
    }
    if let Some(part) = report.parts.first().filter(|_| same_exclusions(report)) {
        stretches::exclusions(&mut page, &report.contract, &part.assessment);
    }
    input::section(&mut page, report);
    page.finish()
}

fn head(page: &mut Page, report: &Report) {
    let contract = &report.contract;
    let dash = page.look.pick(" · ", " - ");
    page.title(&format!(
        "{}{dash}{}{dash}{}",
        contract.id(),
        plain(&contract.service),
        report.period
    ));
    if contract.simulated {
        page.paragraph(0, "SIMULATED: a made-up contract.");
    }
    if report.is_template && !contract.simulated {
        page.paragraph(
            0,
            "Judged by a template: compare its figures with the provider's own page before you \
             claim anything by it.",
        );
    }
    page.gap();
    let zone = contract.window.timezone;
    let window = report.terms.window;
    page.labelled(
        "window",
        COLUMN,
        &format!(
            "{} to {} {zone}, {}",
            local(zone, window.start()),
            local(zone, window.end()),
            counted(window.minutes(), "minute")
        ),
    );
    if report.terms.as_of < window.end() {
        page.labelled(
            "as of",
            COLUMN,
            &format!("{} {zone}", local(zone, report.terms.as_of)),
        );
    }
    if zone != TimeZone::UTC {
        page.labelled("times", COLUMN, &format!("as clocks in {zone} show them"));
    }
    page.labelled("sha256", COLUMN, contract.sha256.as_str());
}

fn section(page: &mut Page, report: &Report, part: &Part) {
    let several = report.parts.len() > 1;
    let partition: Vec<String> = part
        .partition
        .iter()
        .map(|(dimension, value)| format!("{dimension}={}", plain(value)))
        .collect();
    if !partition.is_empty() || several {
        page.title(&if partition.is_empty() {
            "samples that say nothing of the partition".to_owned()
        } else {
            partition.join(" ")
        });
    }
    for result in &part.assessment.commitments {
        one(page, report, part, result);
    }
    if !same_exclusions(report) {
        stretches::exclusions(page, &report.contract, &part.assessment);
    }
    credit::total(page, &part.assessment);
}

/// Whether all parts say the same of exclusions, which are then told once.
fn same_exclusions(report: &Report) -> bool {
    let mut parts = report.parts.windows(2);
    parts.all(|pair| match pair {
        [a, b] => a.assessment.exclusions == b.assessment.exclusions,
        _ => true,
    })
}

fn one(page: &mut Page, report: &Report, part: &Part, result: &CommitmentAssessment) {
    let contract = &report.contract;
    page.gap();
    let (tone, word) = verdict::word(result);
    let word = page.look.paint(tone, word);
    let name = page.look.paint(Tone::Strong, &plain(&result.id));
    page.line(&format!("{name}  {word}"));
    for sentence in verdict::sentences(contract, result) {
        page.paragraph(2, &sentence);
    }
    figures::section(page, result);
    bar::section(page, contract, result);
    stretches::downtime(page, contract, result);
    stretches::others(page, contract, result);
    readings::section(page, contract, result);
    rules::section(page, contract, result);
    credit::section(page, contract, result);
    due::section(page, part, result);
}

/// The zone that times are shown in.
const fn zone(contract: &Contract) -> TimeZone {
    contract.window.timezone
}
