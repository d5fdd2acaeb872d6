//! From where: agents, regions, networks, and how much of the plan they ran.

use maud::{Markup, html};

use super::Page;
use super::element::{
    Column::{Number, Text},
    clipped, rest, table,
};
use super::tally::AgentTally;
use crate::layout;
use crate::words::number::{count, uptime};
use crate::words::outcome;

/// Most agents with a row of their own.
const ROWS_MAX: usize = 100;
/// Most targets named.
const TARGETS_MAX: usize = 20;

pub(super) fn section(page: &Page<'_>) -> Markup {
    let agents = &page.inputs.agents;
    let columns = [
        Text("Agent"),
        Text("Region"),
        Text("Network"),
        Number("Requests"),
        Number("ok"),
        Number("not ok"),
        Number("Slots run of planned"),
        Number("Late"),
        Text("Slots not run"),
    ];
    let rows = html! {
        @for (agent, tally) in agents.iter().zip(&page.tally.agents).take(ROWS_MAX) {
            @let place = page.inputs.places.iter().find(|place| place.agent == *agent);
            tr {
                th scope="row" { (agent) }
                td { (place.map(|place| clipped(&place.region)).unwrap_or_default()) }
                td { (place.map(|place| clipped(&place.network)).unwrap_or_default()) }
                td.num { (count(tally.samples)) }
                td.num { (count(tally.ok)) }
                td.num { (count(tally.samples.saturating_sub(tally.ok))) }
                td.num { (coverage(tally)) }
                td.num { (count(tally.late)) }
                td { (missed(tally)) }
            }
        }
    };
    html! {
        section {
            h2 { "From where" }
            p { "Own requests to " (targets(page)) ". Which agent asks what and when was fixed in a signed \
                plan beforehand: every slot of it has a request here, or a record of why not." }
            (table("Agents and what they measured in the window", &columns, &rows))
            (rest(agents.len(), ROWS_MAX, layout::INPUTS))
        }
    }
}

fn targets(page: &Page<'_>) -> String {
    let targets = &page.inputs.targets;
    let mut named: Vec<String> = targets
        .iter()
        .take(TARGETS_MAX)
        .map(|target| {
            let scope = page
                .inputs
                .scopes
                .iter()
                .find(|scope| scope.target == *target);
            let parts = scope.into_iter().flat_map(|scope| &scope.scope);
            let parts: Vec<String> = parts
                .map(|(dimension, value)| format!("{dimension} {value}"))
                .collect();
            if parts.is_empty() {
                target.to_string()
            } else {
                clipped(&format!("{target} ({})", parts.join(", ")))
            }
        })
        .collect();
    if targets.len() > TARGETS_MAX {
        named.push(format!("{} more", targets.len() - TARGETS_MAX));
    }
    named.join("; ")
}

/// `1,439 of 1,440 (99.931 %)`.
fn coverage(tally: &AgentTally) -> String {
    let planned = tally.run.saturating_add(tally.missed());
    let told = format!("{} of {}", count(tally.run), count(planned));
    match std::num::NonZeroU64::new(planned) {
        None => told,
        Some(planned) => {
            let share = sla::Fraction::new(tally.run, planned);
            format!("{told} ({})", uptime(&share, &sla::Fraction::one()))
        }
    }
}

fn missed(tally: &AgentTally) -> String {
    let missed = tally.missed.iter().filter(|(_, n)| **n > 0);
    let missed: Vec<String> = missed
        .map(|(reason, n)| format!("{}: {}", count(*n), outcome::missed(*reason)))
        .collect();
    if missed.is_empty() {
        "none".to_owned()
    } else {
        missed.join(", ")
    }
}
