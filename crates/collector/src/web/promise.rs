//! A contract as it is written: what is promised, which samples count, what a breach is worth.

use maud::{Markup, html};
use sla::contract::Remedy;
use sla::{Commitment, Contract, RuleCount};
use verify::words::{credit, promise, terms};

use super::{page, words};

/// A commitment with its formula; what few readers need is folded away.
pub(super) fn promise(contract: &Contract, commitment: &Commitment) -> Markup {
    html! {
        p {
            (promise::measure(&commitment.metric)) " of "
            (promise::headline(contract, commitment)) ". "
            (promise::formula(&commitment.metric)) " " (promise::rounding(commitment))
        }
        @for limit in promise::limits(contract, commitment) { p { (limit) } }
        (details(commitment))
    }
}

fn details(commitment: &Commitment) -> Markup {
    let alternatives = promise::alternatives(commitment);
    html! {
        details {
            summary { "More about the formula" }
            p { (promise::kinds(&commitment.metric)) }
            @for alternative in &alternatives { p { (alternative) } }
            @if let Some(note) = &commitment.note { p { (note) } }
        }
    }
}

/// What a breach is worth.
pub(super) fn credit(contract: &Contract, commitment: &Commitment) -> Markup {
    html! {
        @match (&commitment.credit, contract.remedy) {
            (_, Remedy::None) => { p { "A target only: the contract gives no remedy." } }
            (_, Remedy::Termination) => {
                p { "The remedy is leaving the contract early; no credits." }
            }
            (None, Remedy::Credit) => { p { "No credit is given for this commitment." } }
            (Some(schedule), Remedy::Credit) => (self::schedule(&credit::schedule(contract, schedule))),
        }
    }
}

fn schedule(schedule: &credit::Schedule) -> Markup {
    html! {
        p { (schedule.rule) }
        @if !schedule.bands.is_empty() {
            ul.bands { @for band in &schedule.bands { li { (band) } } }
        }
        @if !schedule.limits.is_empty() { p { (schedule.limits.join(" ")) } }
    }
}

/// Which samples are errors, first match first.
pub(super) fn events(contract: &Contract) -> Markup {
    let table = html! {
        table {
            thead {
                tr { th scope="col" { "A sample with" } th scope="col" { "is" } th scope="col" { "Basis" } }
            }
            tbody {
                @for rule in &contract.events.rules {
                    tr {
                        td.roomy { (terms::condition(&rule.when)) }
                        td.tight {
                            (terms::class(rule.class))
                            @if let Some(otherwise) = rule.otherwise {
                                span.sub { "by another reading: " (terms::class(otherwise)) }
                            }
                        }
                        td.muted { (stated(terms::basis(rule.basis))) }
                    }
                }
                tr {
                    td { "anything else" } td { (terms::class(contract.events.default)) } td {}
                }
            }
        }
    };
    html! {
        p { "Rules are tried in order; the first that matches decides." }
        (page::scroll("Event rules", &table))
        @for sentence in terms::evidence(contract) { p { (sentence) } }
    }
}

const fn stated(basis: &'static str) -> &'static str {
    if basis.is_empty() { "stated" } else { basis }
}

/// How many samples each rule decided.
pub(super) fn decided(contract: &Contract, counts: &[RuleCount]) -> Markup {
    let rule = |count: &RuleCount| {
        let position = count.rule.and_then(|rule| usize::try_from(rule).ok());
        let rule = position.and_then(|position| contract.events.rules.get(position));
        rule.map_or_else(
            || "anything else".to_owned(),
            |rule| terms::condition(&rule.when),
        )
    };
    let table = html! {
        table {
            thead {
                tr { th scope="col" { "Samples with" } th scope="col" { "are" } th.num scope="col" { "How many" } }
            }
            tbody {
                @for count in counts {
                    tr {
                        td.roomy { (rule(count)) }
                        td { (terms::class(count.class)) }
                        td.num { (words::count(count.samples)) }
                    }
                }
            }
        }
    };
    html! {
        @if !counts.is_empty() {
            details {
                summary { "Which event rule decided how many samples" }
                (page::scroll("Samples by event rule", &table))
            }
        }
    }
}

/// What one verdict is about, and which time is not judged like all other.
pub(super) fn scope(contract: &Contract) -> Markup {
    let exclusions = terms::exclusions(contract);
    html! {
        @for sentence in terms::scope(contract) { p { (sentence) } }
        @if !exclusions.is_empty() {
            h3 { "Time that is not judged like all other" }
            ul { @for exclusion in &exclusions { li { (exclusion) } } }
        }
    }
}
