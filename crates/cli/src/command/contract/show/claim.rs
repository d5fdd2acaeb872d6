//! How and until when a credit is claimed, with the dates of an example.

use sla::contract::{Claim, ClaimDeadline, Opens};
use sla::{Contract, Deadline};

use super::{COLUMN, example};
use crate::command::contract::phrase;
use crate::page::{Page, listed, local, span};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    let Some(claim) = &contract.claim else {
        if !contract.commitments.is_empty() {
            page.section("How to claim");
            page.paragraph(2, "The contract does not say.");
        }
        return;
    };
    page.section("How to claim");
    let address = claim
        .address
        .as_ref()
        .map(|address| format!(", {}", address.as_str()));
    let channel = claim.channel.replace('_', " ");
    page.labelled(
        "where",
        COLUMN,
        &format!("{channel}{}", address.unwrap_or_default()),
    );
    if let Some(subject) = &claim.subject_must_contain {
        page.labelled("subject", COLUMN, &format!("must contain \"{subject}\""));
    }
    if let Some(opens) = claim.opens.as_ref().map(Opens::anchor) {
        page.labelled(
            "not before",
            COLUMN,
            &phrase::anchor(opens).replacen("within ", "", 1),
        );
    }
    for deadline in &claim.deadlines {
        page.labelled(
            phrase::purpose(deadline.purpose),
            COLUMN,
            &until(claim, deadline),
        );
    }
    if claim.deadlines.is_empty() {
        page.labelled("until", COLUMN, "not found");
    }
    if !claim.evidence.is_empty() {
        let evidence = claim.evidence.iter();
        let evidence: Vec<String> = evidence.map(|one| one.replace('_', " ")).collect();
        page.labelled("enclose", COLUMN, &listed(&evidence));
    }
    if let Some(note) = &claim.note {
        page.labelled("note", COLUMN, note);
    }
    if !claim.deadlines.is_empty() {
        example(page, contract);
    }
}

fn until(claim: &Claim, deadline: &ClaimDeadline) -> String {
    let known = deadline.provenance.or(claim.provenance);
    let known = known.map(|known| format!(" ({})", phrase::provenance(known)));
    let late = if claim.forfeits_if_late {
        "; later it is lost"
    } else {
        ""
    };
    format!(
        "{}{late}{}",
        phrase::anchor(deadline.anchor),
        known.unwrap_or_default()
    )
}

fn example(page: &mut Page, contract: &Contract) {
    let Some(example) = example::of(contract) else {
        return;
    };
    let zone = contract.window.timezone;
    let (start, end) = (example.outage.start(), example.outage.end());
    page.paragraph(
        2,
        &format!(
            "Example: nothing answers from {} to {} ({zone}), {}.",
            local(zone, start),
            local(zone, end),
            span(example.outage.minutes())
        ),
    );
    for deadline in &example.deadlines {
        page.bullet(4, &dates(deadline));
    }
}

fn dates(deadline: &Deadline) -> String {
    format!(
        "{} {}",
        phrase::purpose(deadline.purpose),
        phrase::until(deadline)
    )
}
