//! How to check the page, what no check shows, and what lies where.

use maud::{Markup, html};

use super::Page;
use super::element::{
    Column::{Number, Text},
    table,
};
use crate::layout;
use crate::words::checking::{self, LIMITS, POLICY};
use crate::words::number::count;

pub(super) fn section(page: &Page<'_>) -> Markup {
    let commands = checking::commands(&page.claim.violation);
    html! {
        section {
            h2 { "How to check this" }
            p { "This page is for reading; the evidence is the bundle that it came in. On a machine of \
                yours, in the folder of the bundle and without a network:" }
            ol {
                li { "Unpack it, and compare every file with the signed list:"
                    pre { code { (commands.unpack) } }
                    pre { code { (commands.compare) } } }
                li { "Get the trust anchors. " (POLICY) }
                li { "Verify signatures, log, times and coverage, and recompute the result (Python 3.9 or \
                    newer, no packages; what it leaves to the program below, it says). \
                    Whoever made this bundle could have changed the program in it, so read it first, or \
                    take it from the project:"
                    pre { code { (commands.recompute) } } }
                li { "Or by the first verifier, which shares no code with it:"
                    pre { code { (commands.program) } } }
            }
            p { "Six verdicts follow: container, chain, log, time, coverage, result. Each is PASS, FAIL or \
                NOT-CHECKED, and what was not checked is never called passed. " code { (layout::SPEC) }
                " describes every byte, for whoever would rather write a verifier." }
        }
    }
}

pub(super) fn limits() -> Markup {
    html! {
        section {
            h2 { "What this cannot show" }
            ul { @for limit in LIMITS { li { (limit) } } }
            p.note { "More in " code { (layout::LIMITATIONS) } " and " code { (layout::METHOD) } "." }
        }
    }
}

/// A kind of files: name or pattern, what they hold, and which they are.
type FileKind = (&'static str, &'static str, fn(&str) -> bool);

/// What lies where: a bundle of a large fleet has thousands of files, and ten kinds.
const FILES: [FileKind; 16] = [
    (layout::README, "what this is and how to check it", |name| {
        name == layout::README
    }),
    (layout::CLAIM, "what is claimed", |name| {
        name == layout::CLAIM
    }),
    (
        layout::CONTRACT,
        "the contract's terms as registered",
        |name| name == layout::CONTRACT,
    ),
    (layout::RESULT, "the result, exactly", |name| {
        name == layout::RESULT
    }),
    (
        layout::INPUTS,
        "what it was computed from beside lines and terms",
        |name| name == layout::INPUTS,
    ),
    (
        "result/minutes-*.csv",
        "every minute and what it was",
        layout::is_minutes,
    ),
    ("agents/*/*.jsonl", "every request and every gap", |name| {
        is_agents(name, ".jsonl") && !name.ends_with(DETAILS) && !is_own(name)
    }),
    (
        "agents/*/*.details.jsonl",
        "request ids and headers of what failed",
        |name| is_agents(name, DETAILS),
    ),
    (
        "agents/*/_*.jsonl",
        "what agents say about clock, network and load",
        |name| is_agents(name, ".jsonl") && is_own(name),
    ),
    (
        "agents/*/*.paths",
        "which signed batch holds which lines",
        |name| is_agents(name, ".paths"),
    ),
    (
        "log/*",
        "the whole log of the period, with its cosigned checkpoints",
        |name| name.starts_with("log/"),
    ),
    (
        "registry/*",
        "keys, agents, plans and contract as registered",
        |name| name.starts_with("registry/"),
    ),
    (
        layout::POLICY,
        "a copy to compare with yours; not the root of trust",
        |name| name == layout::POLICY,
    ),
    (
        "verify/*",
        "the specification, and a verifier in Python",
        |name| name.starts_with("verify/"),
    ),
    (
        "legal/*",
        "method, limitations, and a certification to fill in",
        layout::is_legal,
    ),
    (layout::REPORT, "this page; not evidence", |name| {
        name == layout::REPORT
    }),
];

const DETAILS: &str = ".details.jsonl";

fn is_agents(name: &str, ending: &str) -> bool {
    name.starts_with("agents/") && name.ends_with(ending)
}

fn is_own(name: &str) -> bool {
    name.rsplit('/')
        .next()
        .is_some_and(|file| file.starts_with('_'))
}

pub(super) fn files(page: &Page<'_>) -> Markup {
    let columns = [Text("File"), Text("What it holds"), Number("Files")];
    let rows = html! {
        tr { th scope="row" { code { "MANIFEST.note" } }
            td { "the signed list of all others" } td.num { "1" } }
        @for (name, content, is_it) in FILES {
            @let files = page.tally.names.iter().filter(|name| is_it(name)).count();
            tr { th scope="row" { code { (name) } } td { (content) }
                td.num { (count(files as u64)) } }
        }
    };
    html! {
        section {
            h2 { "What is in the bundle" }
            (table("Files; tokens of timestamp authorities stand beside the manifest, where there are any", &columns, &rows))
        }
    }
}
