//! How well every clause is known.

use sla::contract::{EventRule, EvidenceRule, Provenance, Purpose};
use sla::{Basis, Contract};

use crate::command::contract::phrase;
use crate::page::{Align, Page, Table};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    page.section("How well each clause is known");
    let mut table = Sources {
        table: Table::new([
            ("clause", Align::Left),
            ("basis", Align::Left),
            ("read in", Align::Left),
            ("note", Align::Left),
        ]),
        whole: contract.source.provenance,
    };
    let (scope, window, evidence) = (&contract.scope, &contract.window, &contract.evidence);
    let note = |note: &Option<sla::contract::Text>| {
        note.as_ref()
            .map(|note| note.as_str().to_owned())
            .unwrap_or_default()
    };
    table.row("contract", Basis::Stated, None, String::new());
    table.row("scope", scope.basis, scope.provenance, note(&scope.note));
    let zone = window.timezone_basis;
    table.row(
        "window",
        zone,
        window.provenance,
        window.note.clone().unwrap_or_default(),
    );
    if *evidence != EvidenceRule::default() {
        table.row(
            "evidence",
            evidence.basis,
            evidence.provenance,
            note(&evidence.note),
        );
    }
    rules(&mut table, contract);
    commitments(&mut table, contract);
    for one in &contract.exclusions {
        let clause = format!("exclusion {}", one.kind.as_str());
        table.row(&clause, one.basis, one.provenance, String::new());
    }
    if let Some(claim) = &contract.claim {
        table.row("claim", claim.basis, claim.provenance, String::new());
        for one in &claim.deadlines {
            let clause = match one.purpose {
                Purpose::Claim => "claim, deadline",
                Purpose::Notice => "notice, deadline",
            };
            let known = one.provenance.or(claim.provenance);
            table.row(
                clause,
                one.basis,
                known,
                one.note.clone().unwrap_or_default(),
            );
        }
    }
    page.table(2, &table.table);
}

fn commitments(table: &mut Sources, contract: &Contract) {
    for one in &contract.commitments {
        let name = one.id.as_str();
        table.row(name, one.basis, one.provenance, String::new());
        let rounding = &one.rounding;
        if rounding.basis != Basis::Stated || rounding.provenance.is_some() {
            let note = rounding.note.clone().unwrap_or_default();
            table.row(
                &format!("{name}, rounding"),
                rounding.basis,
                rounding.provenance,
                note,
            );
        }
        if let Some(credit) = &one.credit {
            let note = credit.note.clone().unwrap_or_default();
            let clause = format!("{name}, credit");
            table.row(&clause, credit.schedule_basis, credit.provenance, note);
        }
    }
}

/// Event rules, neighbours that are known equally well in one row.
fn rules(table: &mut Sources, contract: &Contract) {
    let rules: Vec<(usize, &EventRule)> = (1..).zip(&contract.events.rules).collect();
    let like = |a: &EventRule, b: &EventRule| {
        (a.basis, a.provenance, &a.note) == (b.basis, b.provenance, &b.note)
    };
    for run in rules.chunk_by(|(_, a), (_, b)| like(a, b)) {
        let (Some((first, rule)), Some((last, _))) = (run.first(), run.last()) else {
            continue;
        };
        let clause = if first == last {
            format!("event rule {first}")
        } else {
            format!("event rules {first}-{last}")
        };
        let note = rule.note.as_ref().map(|note| note.as_str().to_owned());
        table.row(
            &clause,
            rule.basis,
            rule.provenance,
            note.unwrap_or_default(),
        );
    }
}

struct Sources {
    table: Table,
    whole: Option<Provenance>,
}

impl Sources {
    /// Adds a clause. What is stated was read where the contract was, unless the clause says
    /// otherwise; what is not stated was read nowhere.
    fn row(&mut self, clause: &str, sure: Basis, known: Option<Provenance>, note: String) {
        let whole = self.whole.filter(|_| sure == Basis::Stated);
        let known = known.or(whole).map(phrase::provenance);
        self.table.row([
            clause.to_owned(),
            phrase::basis(sure).to_owned(),
            known.unwrap_or_default().to_owned(),
            note,
        ]);
    }
}
