//! The frame around every page: head, header, footer.

use maud::{DOCTYPE, Markup, html};

use super::view::Site;
use super::{assets, words};

/// A page that keeps itself up to date.
pub(super) fn live(site: &Site, title: &str, main: &Markup) -> Markup {
    let script = html! { script src=(assets::SCRIPT) defer {} };
    document(site, title, &script, main)
}

/// A page that stays as it is.
pub(super) fn still(site: &Site, title: &str, main: &Markup) -> Markup {
    document(site, title, &html! {}, main)
}

fn document(site: &Site, title: &str, script: &Markup, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { @if site.simulated { "[SIMULATED] " } (title) " · Nines" }
                link rel="icon" href=(assets::ICON) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE);
                (script)
            }
            body {
                a.skip href="#main" { "Skip to content" }
                (header(site))
                (main)
                (footer())
            }
        }
    }
}

fn header(site: &Site) -> Markup {
    html! {
        header.top {
            @if site.simulated {
                p.simulated role="note" {
                    strong { "SIMULATED" }
                    " Traffic, keys and clock of this installation are made up: nothing here is \
                     about a real provider, and nothing can be claimed."
                }
            }
            div.bar {
                a.brand href="/" aria-label="Nines, overview" { (mark()) "Nines" }
                span.origin title="Log origin of this installation" { (site.origin) }
                span id="live" .live hidden {}
                nav aria-label="Main" {
                    a href="/" { "Overview" }
                    a href="/api/openapi.json" { "API" }
                }
            }
        }
    }
}

/// The same shape as the icon: bars, one of them short.
fn mark() -> Markup {
    html! {
        svg.mark width="20" height="20" viewBox="0 0 16 16" aria-hidden="true" focusable="false" {
            path d="M1 2h2.4v12H1zM5 2h2.4v12H5zM9 9h2.4v5H9zM13 2h2.4v12H13z" {}
        }
    }
}

fn footer() -> Markup {
    html! {
        footer.foot {
            p {
                "All times are UTC. Percentages are rounded half-up to three decimals, or to as \
                 many more as it takes not to round onto the target or onto 100 %; verdicts are \
                 computed on exact fractions."
            }
            noscript { p { "This page is as of its time of request; reload it for newer data." } }
        }
    }
}

/// When the page was made; the script shows it beside its own state.
pub(super) fn as_of(site: &Site) -> Markup {
    html! { p.as-of { "As of " (words::time(site.now)) } }
}

/// A table that scrolls inside its own box on narrow screens.
pub(super) fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="group" aria-label=(label) tabindex="0" { (table) } }
}

/// A command to copy.
pub(super) fn command(text: &str) -> Markup {
    html! { pre.command { code { (text) } } }
}
