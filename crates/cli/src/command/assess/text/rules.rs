//! Which event rule decided how many samples.

use sla::{CommitmentAssessment, Contract, RuleCount};

use crate::command::contract::phrase;
use crate::page::{Align, Page, Table, count};

pub(super) fn section(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    if result.rules.is_empty() {
        return;
    }
    page.section("  Which rule decided how many samples");
    let mut table = Table::new([
        ("samples", Align::Right),
        ("rule", Align::Right),
        ("counts as", Align::Left),
        ("when", Align::Left),
    ]);
    for decided in &result.rules {
        table.row([
            count(decided.samples),
            decided
                .rule
                .map(|rule| (u64::from(rule) + 1).to_string())
                .unwrap_or_default(),
            phrase::class(decided.class).to_owned(),
            when(contract, decided),
        ]);
    }
    page.table(4, &table);
}

fn when(contract: &Contract, decided: &RuleCount) -> String {
    let at = decided.rule.and_then(|rule| usize::try_from(rule).ok());
    let rule = at.and_then(|at| contract.events.rules.get(at));
    rule.map_or_else(
        || "no rule matches".to_owned(),
        |rule| phrase::condition(&rule.when),
    )
}
