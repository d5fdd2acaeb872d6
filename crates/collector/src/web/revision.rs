//! Final assessments that were followed by others, and what each says otherwise.

use maud::{Markup, html};
use sla::{Assessment, Change, Fraction, What};

use super::view::RevisionNote;
use super::{conclusion, words};

/// Most changes told; the JSON has all.
const CHANGES_MAX: usize = 40;

/// Revisions in a section; nothing where there are none.
pub(super) fn section(notes: &[RevisionNote]) -> Markup {
    html! {
        @if !notes.is_empty() {
            section.panel id="revisions" aria-labelledby="revisions-title" {
                h2 id="revisions-title" { "Revisions" }
                p.muted {
                    "A final assessment is never changed. Where evidence came in later, or a \
                     rebuild corrected it, another follows; both are kept."
                }
                @for note in notes { (self::note(note)) }
            }
        }
    }
}

fn note(note: &RevisionNote) -> Markup {
    html! {
        div.notice {
            p {
                strong {
                    "Revision " (note.revision) " of " (words::window(note.assessment.window))
                    " replaces revision " (note.replaces)
                }
                @if let Some(cause) = note.cause { ": " (cause) }
                "."
                @if let Some(at) = note.revised_at { " Made " (words::time(at)) "." }
            }
            ul {
                @for change in note.changes.iter().take(CHANGES_MAX) {
                    li { (self::change(&note.assessment, change)) }
                }
                @if note.changes.len() > CHANGES_MAX {
                    li { (note.changes.len() - CHANGES_MAX) " more are in the JSON." }
                }
            }
            @if let Some(sha256) = &note.replaces_sha256 {
                p.note { "SHA-256 of what it replaces: " code.hash { (sha256) } }
            }
        }
    }
}

fn change(assessment: &Assessment, change: &Change) -> Markup {
    let mut parts = assessment.commitments.iter();
    let part = parts.find(|part| Some(&part.id) == change.commitment.as_ref());
    let one = Fraction::one();
    let target = part.map_or(&one, |part| &part.target);
    html! {
        @if let Some(commitment) = &change.commitment { strong { (commitment) } ": " }
        @match &change.what {
            What::Added => "judged for the first time",
            What::Removed => "judged no more",
            What::Verdict { from, to } => {
                "verdict " strong { (words::verdict(*to)) } ", before " (words::verdict(*from))
            }
            What::Observed { from, to } => {
                "observed " (observed(to.as_ref(), target)) ", before "
                (observed(from.as_ref(), target))
            }
            What::High { from, to } => {
                "at most " (conclusion::uptime(to, target)) ", before "
                (conclusion::uptime(from, target))
            }
            What::Low { from, to } => {
                "at least " (conclusion::uptime(to, target)) ", before "
                (conclusion::uptime(from, target))
            }
            What::Credit { from, to } => {
                "credit " (credit(to.as_deref())) ", before " (credit(from.as_deref()))
            }
            What::CreditTotal { from, to } => {
                "all credits together "
                @match to { Some(to) => (conclusion::total(to)), None => "none" }
                ", before "
                @match from { Some(from) => (conclusion::total(from)), None => "none" }
            }
            What::Minutes { from, to } => {
                (words::minutes(to.down)) " down, before " (words::minutes(from.down)) "; "
                (words::minutes(to.unmeasured)) " unmeasured, before "
                (words::minutes(from.unmeasured))
            }
            What::Detail => "what explains the result, not the result",
        }
    }
}

fn observed(value: Option<&Fraction>, target: &Fraction) -> Markup {
    html! {
        @match value {
            Some(value) => (conclusion::uptime(value, target)),
            None => "nothing measured",
        }
    }
}

fn credit(credit: Option<&sla::Credit>) -> Markup {
    html! { @match credit { Some(credit) => (conclusion::credit(credit)), None => "none" } }
}
