//! What runs: the newest sample of every stream, the agents, the log.

use domain::UnixMillis;
use maud::{Markup, html};

use super::view::{
    AgentRow, AgentStanding, Latest, LogRow, LogTrouble, Matrix, MatrixRow, Overview,
};
use super::{chip, own, page, words};

/// Age from which a stream's newest sample is marked as old: well above probing intervals.
const STALE_MS: i64 = 10 * 60 * 1_000;

/// Targets by agents.
pub(super) fn matrix(view: &Overview) -> Markup {
    let (matrix, site) = (&view.matrix, &view.site);
    let table = html! {
        table.matrix {
            thead {
                tr {
                    th scope="col" { "Target" }
                    @for agent in &matrix.agents {
                        th scope="col" { (agent.id) span.sub { (agent.region) } }
                    }
                }
            }
            tbody { @for row in &matrix.rows { (target(matrix, row, site.now)) } }
        }
    };
    html! {
        section id="live-matrix" aria-labelledby="live-matrix-title" {
            h2 id="live-matrix-title" { "Latest samples" }
            @if matrix.rows.is_empty() || matrix.agents.is_empty() {
                p.muted { "No sample yet. The first ones show here within a probing interval." }
            } @else {
                p.muted {
                    "The newest sample of each target"
                    @if view.listing.matching < view.listing.all() || view.listing.pages > 1 {
                        " shown above"
                    }
                    " on each agent: outcome, HTTP status, time to first token, age. Verdicts do \
                     not rest on this view."
                    @if has_preview(matrix) {
                        " What is marked as preview was told by the agent ahead of its batch."
                    }
                }
                (page::scroll("Latest samples", &table))
            }
        }
    }
}

fn has_preview(matrix: &Matrix) -> bool {
    let mut cells = matrix
        .rows
        .iter()
        .flat_map(|row| row.latest.iter().flatten());
    cells.any(|latest| latest.is_preview)
}

fn target(matrix: &Matrix, row: &MatrixRow, now: UnixMillis) -> Markup {
    html! {
        tr {
            th scope="row" {
                (row.target)
                @if !row.label.is_empty() { span.sub { (row.label) } }
            }
            @for column in 0..matrix.agents.len() {
                @match row.latest.get(column).and_then(Option::as_ref) {
                    Some(latest) => (cell(latest, now)),
                    None => td.muted { "no sample" },
                }
            }
        }
    }
}

fn cell(latest: &Latest, now: UnixMillis) -> Markup {
    let is_stale = is_stale(latest.at, now);
    html! {
        td .stale[is_stale] {
            (chip::outcome(latest.outcome, latest.attribution))
            span.sub {
                @if let Some(status) = latest.status { (status) " · " }
                @if let Some(ttft) = latest.ttft_us { (words::latency(ttft)) " · " }
                span.age title={ (latest.at) } { (words::age(latest.at, now)) }
                @if is_stale { " (old)" }
            }
            @if latest.is_preview { span.sub { "preview, not yet signed in a batch" } }
        }
    }
}

/// The agents, or how to get one.
pub(super) fn agents(view: &Overview) -> Markup {
    let table = html! {
        table.tight {
            thead {
                tr {
                    th scope="col" { "Agent" }
                    th scope="col" { "Region" }
                    th scope="col" { "Network" }
                    th.num scope="col" { "Last batch" }
                    th.num scope="col" { "Received" }
                    th.num scope="col" { "Batches" }
                    th.num scope="col" { "Lines" }
                    (own::headings())
                }
            }
            tbody { @for row in &view.fleet { (agent(row, view.site.now)) } }
        }
    };
    html! {
        section id="fleet" aria-labelledby="fleet-title" {
            h2 id="fleet-title" { "Fleet" }
            @if view.fleet.is_empty() {
                p { "No agent is enrolled. On the machine that shall probe, run:" }
                (page::command(&view.enrol_command))
            } @else {
                (page::scroll("Fleet", &table))
            }
        }
    }
}

fn agent(row: &AgentRow, now: UnixMillis) -> Markup {
    html! {
        tr {
            th scope="row" {
                (row.id)
                @if row.standing == AgentStanding::Revoked { " " span.tag { "revoked" } }
            }
            td { (row.region) }
            td { (row.network) }
            @match row.newest {
                Some(newest) => {
                    td.num { (words::count(newest.seq)) }
                    td.num .stale[is_stale(newest.received_at, now)] {
                        (age(newest.received_at, now))
                        span.sub { (newest_sample(newest.observed_at, now)) }
                    }
                }
                None => { td.num { "none" } td.num { "never" } }
            }
            td.num { (words::count(row.batches)) }
            td.num { (words::count(row.lines)) }
            (own::cells(&row.own))
        }
    }
}

fn newest_sample(at: Option<UnixMillis>, now: UnixMillis) -> Markup {
    html! {
        @match at {
            Some(at) => {
                "newest sample " (age(at, now))
                @if is_stale(at, now) { " (old)" }
            }
            None => "no sample",
        }
    }
}

fn is_stale(at: UnixMillis, now: UnixMillis) -> bool {
    now.get().saturating_sub(at.get()) > STALE_MS
}

fn age(at: UnixMillis, now: UnixMillis) -> Markup {
    html! { span title=(at) { (words::age(at, now)) } }
}

/// A log that does not go on: before everything else, for the evidence waits for it.
pub(super) fn trouble(trouble: &LogTrouble) -> Markup {
    html! {
        section.panel id="log-trouble" role="alert" aria-labelledby="log-trouble-title" {
            h2 id="log-trouble-title" { "The log does not go on " span.tag { "act" } }
            p { (trouble.what) }
            @if !trouble.owed_by.is_empty() {
                p { "Entries that have not come back:" }
                ul {
                    @for (agent, entries) in &trouble.owed_by {
                        li {
                            @match agent {
                                Some(agent) => { (agent) ": " }
                                None => { "registry records: " }
                            }
                            (words::count(*entries))
                        }
                    }
                }
            }
        }
    }
}

/// The append-only log.
pub(super) fn log(log: &LogRow, now: UnixMillis) -> Markup {
    html! {
        section.panel id="log" aria-labelledby="log-title" {
            h2 id="log-title" { "Log" }
            dl.facts {
                div { dt { "Entries" } dd { (words::count(log.size)) } }
                @if let Some(checkpoint) = &log.checkpoint {
                    div {
                        dt { "Newest checkpoint" }
                        dd { a href=(checkpoint.href) { "size " (words::count(checkpoint.size)) } }
                        dd.note {
                            "signed " (words::age(checkpoint.at, now)) ", "
                            (words::time(checkpoint.at))
                        }
                    }
                    div.wide { dt { "Root hash" } dd { code.hash { (checkpoint.root) } } }
                } @else {
                    div { dt { "Newest checkpoint" } dd { "none yet" } }
                }
            }
        }
    }
}
