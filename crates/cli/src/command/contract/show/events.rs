//! What counts as an error, and what does not.

use sla::contract::{Attributed, EventRule, Pooling};
use sla::{Contract, EventClass};

use super::COLUMN;
use crate::command::contract::phrase;
use crate::page::{Page, counted};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    let events = &contract.events;
    if contract.commitments.is_empty() {
        return;
    }
    page.section("What counts as what (the first rule that matches decides)");
    for (nth, rule) in (1..).zip(&events.rules) {
        page.labelled(
            &format!("{nth:>2}. {}", label(rule.class)),
            COLUMN + 5,
            &words(rule),
        );
    }
    page.labelled(
        &format!("    {}", label(events.default)),
        COLUMN + 5,
        "everything else",
    );
    let counted_when = match events.attribution {
        Attributed::RequestStart => "in the minute it begins in",
        Attributed::RequestEnd => "in the minute its answer ends in",
    };
    page.paragraph(2, &format!("A request counts {counted_when}."));
    if events
        .rules
        .iter()
        .any(|rule| rule.class == EventClass::Unknown)
        || events.default == EventClass::Unknown
    {
        page.paragraph(
            2,
            "What is not known widens the bounds: it counts as a success in the highest uptime \
             and as an error in the lowest.",
        );
    }
    if events.asks_for_quorum() {
        let quorum = contract.evidence.quorum;
        page.paragraph(
            2,
            &format!(
                "Enough agents are {} in {} that fail in the same minute.",
                counted(quorum.agents.get().into(), "agent"),
                counted(quorum.networks.get().into(), "network")
            ),
        );
    }
    if contract.evidence.pooling == Pooling::PerRegion {
        page.paragraph(
            2,
            "Each region that agents stand in gets a result of its own.",
        );
    }
}

const fn label(class: EventClass) -> &'static str {
    match class {
        EventClass::Error => "error",
        EventClass::Success => "success",
        EventClass::NotValid => "not counted",
        EventClass::Unknown => "not known",
    }
}

fn words(rule: &EventRule) -> String {
    let other = rule
        .otherwise
        .map(|other| format!(" (or {}, by another reading)", phrase::class(other)));
    format!(
        "{}{}",
        phrase::condition(&rule.when),
        other.unwrap_or_default()
    )
}
