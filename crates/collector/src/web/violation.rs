//! The page of one violation: what a claim needs, and what a stranger can check.

use domain::Window;
use maud::{Markup, html};
use sla::contract::Remedy;
use sla::{Claimability, Commitment, CommitmentAssessment, Downtime, Verdict};
use verify::words::{credit as credit_words, finding as finding_words, promise as promise_words};

use super::overview::window;
use super::view::{FailingSample, ViolationPage};
use super::{
    admitted, chip, claim, conclusion, finding, link, page, promise, revision, sighting, timeline,
    words,
};

/// Most periods of downtime with a drawing of their own.
const DRAWN_MAX: usize = 6;
/// Least time shown on either side of a period of downtime, in minutes.
const MARGIN_MIN: i64 = 15;

pub(super) fn main(view: &ViolationPage) -> Markup {
    let of = |id: &str| id == view.commitment;
    let part = view
        .judged
        .assessment
        .commitments
        .iter()
        .find(|part| of(&part.id));
    let promised = part.and_then(|part| promise_words::of(&view.contract, part));
    let promised = promised.as_ref();
    html! {
        main.violation id="main" tabindex="-1" {
            (head(view, part))
            (standing(view, part))
            @if let Some(part) = part {
                (summary(view, promised, part))
                @if let Some(claim) = &view.claim { (claim::note(claim, &view.site)) }
                (evidence(view))
                (measured(view, part))
                (missing(part))
                (admitted::section(&view.published))
                (revision::section(&view.revisions))
                (samples(&view.samples))
            }
        }
    }
}

fn head(view: &ViolationPage, part: Option<&CommitmentAssessment>) -> Markup {
    html! {
        section.head id="head" {
            div {
                p.muted {
                    a href=(link::contract(view.contract.id())) { (view.contract.id()) }
                    " · " (view.contract.provider) " · " (view.contract.service)
                }
                h1 {
                    "Violation: " (view.commitment) " "
                    @if let Some(part) = part { (chip::verdict(part.verdict)) (finding::tag(part)) }
                }
                p.window { (window(&view.judged)) }
            }
            div.side {
                (page::as_of(&view.site))
                p.muted { "First found " (words::time(view.detected_at)) }
                p.links { a href=(view.json_href) { "This page as JSON" } }
            }
        }
    }
}

/// What the reader must know before the rest: that it was taken back, or may change.
fn standing(view: &ViolationPage, part: Option<&CommitmentAssessment>) -> Markup {
    let verdict = part.map(|part| part.verdict);
    html! {
        section.standing id="standing" {
            @if let Some(at) = view.withdrawn_at {
                div.notice.warn {
                    strong { "Withdrawn " (words::time(at)) "." }
                    " A correction took this violation back. The page stays, so that what was \
                     said remains known; do not claim on it."
                }
            } @else if verdict != Some(Verdict::Breached) {
                div.notice.warn {
                    strong { "Not breached by the newest assessment." }
                    " Do not claim on it while this stands."
                }
            }
            @if let Some(part) = part.filter(|part| part.claim != Claimability::Claimable) {
                (finding::claim(part))
            }
            @if view.contract.simulated && !view.site.simulated {
                div.notice { "The contract is made up: there is nothing to claim from anybody." }
            }
        }
    }
}

fn summary(
    view: &ViolationPage,
    promised: Option<&Commitment>,
    part: &CommitmentAssessment,
) -> Markup {
    html! {
        section.panel id="summary" aria-labelledby="summary-title" {
            h2 id="summary-title" { "In short" }
            h3 { "What was promised" }
            @if let Some(promised) = promised {
                (promise::promise(&view.contract, promised))
            }
            h3 { "What happened" }
            (sighting::story(view, promised, part))
            h3 { "What the contract says about it" }
            p {
                strong { (words::verdict(part.verdict)) ". " }
                (finding_words::meaning(part.verdict))
            }
            @if part.claim == Claimability::Claimable { (finding::claim(part)) }
            (finding::readings(&view.contract, part))
            @if let Some(promised) = promised { (promise::credit(&view.contract, promised)) }
            h3 {
                @if part.claim == Claimability::Claimable { "What is owed" }
                @else { "What would be owed" }
            }
            (owed(view, part))
            @if !part.deadlines.is_empty() {
                h3 { "Until when" }
                (conclusion::deadlines(&part.deadlines, view.site.now))
                (procedure(view))
            }
        }
    }
}

fn owed(view: &ViolationPage, part: &CommitmentAssessment) -> Markup {
    html! {
        @match (&part.credit, &part.no_credit, view.contract.remedy) {
            (Some(credit), ..) => {
                p.credit {
                    "By the contract's schedule, " (conclusion::credit(credit)) " ("
                    (credit_words::source(&credit.source)) "). The provider has not confirmed it."
                }
                @for limit in credit_words::limited(credit) { p.note { (limit) } }
            }
            (None, Some(reason), _) => (finding::no_credit(reason)),
            (None, None, Remedy::Termination) => {
                p { "The right to leave the contract early." }
            }
            (None, None, _) => { p { "No credit, as things stand." } }
        }
    }
}

fn procedure(view: &ViolationPage) -> Markup {
    html! {
        @if let Some(claim) = &view.contract.claim {
            ul {
                li {
                    "Send it by: " code { (claim.channel) }
                    @if let Some(address) = &claim.address { ", " code { (address.as_str()) } }
                    "."
                }
                @if let Some(subject) = &claim.subject_must_contain {
                    li { "The subject must contain: " code { (subject) } "." }
                }
                @if !claim.evidence.is_empty() {
                    li { "Enclose: " (claim.evidence.join(", ")) "." }
                }
                @if claim.forfeits_if_late { li { "A late claim is lost." } }
            }
        }
    }
}

fn evidence(view: &ViolationPage) -> Markup {
    html! {
        section.panel.evidence id="evidence" aria-labelledby="evidence-title" {
            h2 id="evidence-title" { "Evidence" }
            p {
                "The bundle holds the signed samples, the log's proofs and the contract. Anybody \
                 can check it offline and recompute the verdict from the samples:"
            }
            p { a.button href=(view.bundle_href) download { "Download evidence bundle" } }
            (page::command(&view.verify_command))
        }
    }
}

fn measured(view: &ViolationPage, part: &CommitmentAssessment) -> Markup {
    let window = view.judged.assessment.window;
    let runs = conclusion::runs(part);
    let undrawn = runs.len().saturating_sub(DRAWN_MAX);
    html! {
        section.panel id="measured" aria-labelledby="measured-title" {
            h2 id="measured-title" { "What was measured" }
            (conclusion::bounds(part))
            (conclusion::budget(&part.budget))
            h3 { "The whole window" }
            (timeline::strip("whole", window, part))
            (timeline::legend(part))
            @if !runs.is_empty() {
                h3 { "Around the downtime" }
                @for (index, run) in runs.iter().take(DRAWN_MAX).enumerate() {
                    p.caption {
                        (words::minute_bare(run.whole.start)) " to "
                        (words::minute(run.whole.end)) ", "
                        (words::minutes(conclusion::length(run.whole)))
                    }
                    (timeline::strip(&format!("around-{index}"), around(window, run.whole), part))
                }
                @if undrawn > 0 { p.note { (undrawn) " more are in the table only." } }
            }
            h3 { "What counted against it" }
            (conclusion::downtime(part))
            (finding::support(part))
            (promise::decided(&view.contract, &part.rules))
            (finding::exclusions(&view.judged.assessment.exclusions))
            h3 { "From where" }
            @if view.sightings.is_empty() {
                p.muted { "No agent's samples are at hand." }
            } @else {
                (sighting::table(&view.sightings))
            }
        }
    }
}

/// The part of the window that shows a period with as much again on either side.
fn around(window: Window, down: Downtime) -> Window {
    let margin = (down.end.get() - down.start.get()).max(MARGIN_MIN);
    let start = down.start.plus(-margin).max(window.start());
    let end = down.end.plus(margin).min(window.end());
    Window::new(start, end.max(start.plus(1))).unwrap_or(window)
}

fn missing(part: &CommitmentAssessment) -> Markup {
    let reasons = conclusion::unmeasured(&part.timeline);
    let future = part.minutes.future;
    html! {
        section.panel id="missing" aria-labelledby="missing-title" {
            h2 id="missing-title" { "What could not be measured" }
            @if reasons.is_empty() {
                p { "Every minute of the window up to now was measured." }
            } @else {
                p {
                    (words::minutes(part.minutes.unmeasured)) " of the window. A minute with \
                     several reasons is listed under each."
                }
                ul {
                    @for (reason, minutes) in &reasons {
                        li { (words::minutes(*minutes)) ": " (finding_words::unmeasured(*reason)) "." }
                    }
                }
            }
            @if future > 0 { p { (words::minutes(future)) " are still to come, or not yet in." } }
        }
    }
}

fn samples(samples: &[FailingSample]) -> Markup {
    let table = html! {
        table.tight {
            thead {
                tr {
                    th scope="col" { "Started (UTC)" }
                    th scope="col" { "Agent" }
                    th scope="col" { "Target" }
                    th scope="col" { "Outcome" }
                    th.num scope="col" { "Status" }
                    th scope="col" { "Attributed to" }
                    th scope="col" { "Provider request id" }
                }
            }
            tbody {
                @for sample in samples {
                    tr {
                        td { (words::time_bare(sample.at)) }
                        td { (sample.agent) }
                        td { (sample.target) }
                        td { (chip::outcome(sample.outcome, sample.attribution)) }
                        td.num { @match sample.status { Some(status) => (status), None => "none" } }
                        td { (sample.attribution) }
                        td { code { (sample.request_id.as_deref().unwrap_or("")) } }
                    }
                }
            }
        }
    };
    html! {
        section id="samples" aria-labelledby="samples-title" {
            h2 id="samples-title" { "Recent failing samples" }
            @if samples.is_empty() {
                p.muted { "None at hand; the bundle holds all." }
            } @else {
                (page::scroll("Recent failing samples", &table))
            }
        }
    }
}
