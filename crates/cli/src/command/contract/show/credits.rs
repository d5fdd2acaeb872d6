//! What a breach is worth.

use sla::contract::credit::CreditSchedule;
use sla::contract::{OtherRemedyKind, Remedy};
use sla::{Commitment, Contract};

use crate::command::contract::phrase;
use crate::page::{Align, Page, Table, exact_percent};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    if contract.commitments.is_empty() {
        return;
    }
    page.section("What a breach is worth");
    if contract.remedy == Remedy::None {
        page.paragraph(2, "Nothing: it is a target without remedy.");
        return;
    }
    for commitment in &contract.commitments {
        let name = commitment.id.as_str();
        match &commitment.credit {
            Some(credit) => schedule(page, contract, name, credit),
            None => page.paragraph(
                2,
                &format!("{name}: the contract has no table of credits for it."),
            ),
        }
        overrides(page, contract, commitment);
    }
    for other in &contract.other_remedies {
        let kind = match other.kind {
            OtherRemedyKind::Termination => "leaving the contract early",
            OtherRemedyKind::Extension => "an extension of the term without charge",
            OtherRemedyKind::Refund => "money back",
            OtherRemedyKind::Support => "a better level of support",
        };
        let below = other.below.as_ref();
        let below = below.map(|below| format!(", below {}", exact_percent(below.fraction())));
        let note = other
            .note
            .as_ref()
            .map(|note| format!(": {}", note.as_str()));
        page.bullet(
            2,
            &format!(
                "also {kind}{}{}",
                below.unwrap_or_default(),
                note.unwrap_or_default()
            ),
        );
    }
}

fn overrides(page: &mut Page, contract: &Contract, commitment: &Commitment) {
    for other in &commitment.overrides {
        if let Some(credit) = &other.credit {
            let name = format!("{}.{}", commitment.id.as_str(), other.model_list.as_str());
            schedule(page, contract, &name, credit);
        }
    }
}

fn schedule(page: &mut Page, contract: &Contract, name: &str, credit: &CreditSchedule) {
    let words = phrase::schedule(credit, contract.currency);
    let mut table = Table::new([(name, Align::Left), ("credit", Align::Right)]);
    for (when, worth) in words.rows {
        table.row([when, worth]);
    }
    page.table(2, &table);
    page.paragraph(2, &words.notes.join(" "));
}
