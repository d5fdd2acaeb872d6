//! The web pages: pure functions from view structs to HTML.
//!
//! A page is handed everything it shows, the present time included, so that equal views give
//! equal bytes. Pages work without a script; where there is one, it asks for the same page's
//! fragment (its `<main>`) every two seconds and swaps the sections that changed. Everything a
//! page needs comes from this installation: [`assets::ASSETS`].
//!
//! Pages repeat what an assessment says and add nothing to it: no percentage is computed here,
//! only printed. Every text from outside passes through maud's escaping; there is no inline
//! style and no inline script, so [`assets::CONTENT_SECURITY_POLICY`] can forbid both.
//! Deliberately absent: SQL, HTTP, clocks, and forms that change anything.

pub(crate) mod assets;
pub(crate) mod link;
pub(crate) mod view;

mod admitted;
mod chart;
mod chip;
mod claim;
mod conclusion;
mod contract;
mod finding;
mod fleet;
mod listing;
mod now;
mod overview;
mod own;
mod page;
mod promise;
mod published;
mod revision;
mod sighting;
mod target;
mod timeline;
mod violation;
mod words;

#[cfg(test)]
mod tests;

use maud::{Markup, html};

use self::view::{ClaimPage, ContractPage, Overview, Site, TargetPage, ViolationPage};

/// The front page.
#[must_use]
pub(crate) fn overview(view: &Overview) -> Markup {
    page::live(&view.site, "Overview", &overview_fragment(view))
}

/// `<main>` of the front page.
#[must_use]
pub(crate) fn overview_fragment(view: &Overview) -> Markup {
    overview::main(view)
}

/// One contract with its running window.
#[must_use]
pub(crate) fn contract(view: &ContractPage) -> Markup {
    page::live(
        &view.site,
        view.contract.id().as_str(),
        &contract_fragment(view),
    )
}

/// `<main>` of a contract's page.
#[must_use]
pub(crate) fn contract_fragment(view: &ContractPage) -> Markup {
    contract::main(view)
}

/// One target: what it is like, and how long its answers took.
#[must_use]
pub(crate) fn target(view: &TargetPage) -> Markup {
    page::live(&view.site, view.now.target.as_str(), &target_fragment(view))
}

/// `<main>` of a target's page.
#[must_use]
pub(crate) fn target_fragment(view: &TargetPage) -> Markup {
    target::main(view)
}

/// One breached commitment in one window.
#[must_use]
pub(crate) fn violation(view: &ViolationPage) -> Markup {
    let title = format!("Violation {}", view.name);
    page::live(&view.site, &title, &violation_fragment(view))
}

/// `<main>` of a violation's page.
#[must_use]
pub(crate) fn violation_fragment(view: &ViolationPage) -> Markup {
    violation::main(view)
}

/// One claim.
#[must_use]
pub(crate) fn claim(view: &ClaimPage) -> Markup {
    let title = format!("Claim {}", view.claim.name);
    page::live(&view.site, &title, &claim_fragment(view))
}

/// `<main>` of a claim's page.
#[must_use]
pub(crate) fn claim_fragment(view: &ClaimPage) -> Markup {
    claim::page::main(view)
}

/// What is served where nothing is.
#[must_use]
pub(crate) fn not_found(site: &Site) -> Markup {
    error_page(
        site,
        "Not found",
        "There is nothing at this address. Contracts and violations are listed in the overview; \
         a violation that was withdrawn keeps its page.",
    )
}

/// What is served instead of a page that could not be made.
#[must_use]
pub(crate) fn error_page(site: &Site, title: &str, detail: &str) -> Markup {
    let main = html! {
        main id="main" tabindex="-1" {
            section.panel id="error" {
                h1 { (title) }
                p { (detail) }
                p { a href="/" { "To the overview" } }
            }
        }
    };
    page::still(site, title, &main)
}
