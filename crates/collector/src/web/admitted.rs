//! What a provider's own pages tell of the time of a violation. It stands beside the evidence and is
//! none: neither the verdict nor the bundle has it.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::view::PublishedStory;
use super::{link, page, words};
use crate::published::Told;

/// The most incidents of a page in the table; the JSON has more.
const ROWS_MAX: usize = 20;

/// Nothing where no page speaks about the contract.
pub(super) fn section(stories: &[PublishedStory]) -> Markup {
    html! {
        @if !stories.is_empty() {
            section.panel id="admitted" aria-labelledby="admitted-title" {
                h2 id="admitted-title" { "What the provider told of it" }
                p.notice {
                    "Incidents on the provider's own pages that overlap the downtime, by the times \
                     that these give. "
                    strong { "Not evidence: neither the verdict nor the bundle has it." }
                }
                @for story in stories { (self::story(story)) }
            }
        }
    }
}

fn story(story: &PublishedStory) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Incident" }
                    th scope="col" { "Id" }
                    th scope="col" { "Started (UTC)" }
                    th scope="col" { "Resolved (UTC)" }
                    th scope="col" { "First read here (UTC)" }
                }
            }
            tbody { @for told in story.incidents.iter().take(ROWS_MAX) { (incident(told)) } }
        }
    };
    html! {
        h3 { (story.source) }
        @if story.incidents.is_empty() {
            p { "No incident was read there that overlaps the downtime." }
        } @else {
            @if story.incidents.len() > ROWS_MAX { p.muted { "The newest " (ROWS_MAX) "." } }
            (page::scroll(&format!("Incidents on {}", story.source), &table))
        }
        p.muted { a href=(story.json_href) { "All versions as JSON" } }
    }
}

fn incident(told: &Told) -> Markup {
    let one = &told.incident;
    html! {
        tr {
            td.roomy {
                @match one.url.as_deref().and_then(link::outside) {
                    Some(url) => a href=(url) rel="noreferrer noopener" { (one.title) },
                    None => (one.title),
                }
            }
            td { code { (one.id) } }
            td.tight { (time(one.started_at, "not said")) }
            td.tight { (time(one.resolved_at, "open, or not said")) }
            td.tight { (words::time_bare(told.first_seen_at.into())) }
        }
    }
}

fn time(at: Option<DateTime<Utc>>, absent: &'static str) -> Markup {
    html! { @match at { Some(at) => (words::time_bare(at.into())), None => (absent) } }
}
