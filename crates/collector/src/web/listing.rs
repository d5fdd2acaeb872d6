//! Around the targets on the front page, where there are many: how many are in which state, a
//! search by name, and other pages. A plain form and links, without a script.

use maud::{Markup, html};
use sla::Condition;

use super::view::{Asked, Listing};
use super::{chip, link, words};

/// Links to pages around the current one.
const NEAR: usize = 2;

/// How many there are in which state, and the search.
pub(super) fn head(listing: &Listing) -> Markup {
    let asked = &listing.asked;
    html! {
        div.listing {
            ul.counts aria-label="Targets by state" {
                (state(listing, None, &html! { "All" }, listing.all()))
                @for (condition, count) in &listing.counts {
                    @if *count > 0 {
                        (state(listing, Some(*condition), &chip::condition(*condition), *count))
                    }
                }
            }
            form.find method="get" action="/#now" role="search" aria-label="Targets" {
                label for="find-name" { "Name" }
                input id="find-name" type="search" name="q" value=(asked.name) maxlength="100"
                    autocomplete="off" spellcheck="false";
                @if let Some(state) = asked.state {
                    input type="hidden" name="state" value=(state.as_str());
                }
                button type="submit" { "Find" }
            }
        }
        (told(listing))
    }
}

/// One count, as a link to the targets that it is about.
fn state(listing: &Listing, of: Option<Condition>, name: &Markup, count: usize) -> Markup {
    let asked = Asked {
        state: of,
        page: 0,
        ..listing.asked.clone()
    };
    let is_current = listing.asked.state == of;
    html! {
        li {
            a href=(link::listing(&asked)) aria-current=[is_current.then_some("true")] {
                (name) " " (number(count))
            }
        }
    }
}

/// Which targets these are.
fn told(listing: &Listing) -> Markup {
    let last = listing.before + listing.shown;
    html! {
        p.muted {
            @if listing.matching == 0 {
                "No target" (narrowed(&listing.asked)) "."
            } @else {
                @if listing.pages > 1 {
                    (number(listing.before + 1)) " to " (number(last)) " of "
                }
                (number(listing.matching))
                @if listing.matching == 1 { " target" } @else { " targets" }
                (narrowed(&listing.asked))
                @if listing.matching > 1 && listing.asked.state.is_none() { ", the worst first" }
                "."
            }
            @if listing.asked.is_some() {
                " " a href=(link::listing(&Asked::default())) { "Show all" }
            }
        }
    }
}

/// What a search leaves out.
fn narrowed(asked: &Asked) -> Markup {
    html! {
        @if let Some(state) = asked.state { " in state \u{201c}" (super::now::word(state)) "\u{201d}" }
        @if !asked.name.is_empty() {
            " with \u{201c}" (asked.name) "\u{201d} in the name"
        }
    }
}

/// Links to the other pages.
pub(super) fn foot(listing: &Listing) -> Markup {
    let (current, last) = (listing.asked.page, listing.pages.saturating_sub(1));
    let near = |page: &usize| {
        *page == 0
            || *page == last
            || (current.saturating_sub(NEAR)..=current + NEAR).contains(page)
    };
    let pages: Vec<usize> = (0..=last).filter(near).collect();
    let is_after_gap = |page: usize| page > 0 && !near(&(page - 1));
    html! {
        @if last > 0 {
            nav.pager aria-label="Pages of targets" {
                @if current > 0 {
                    a rel="prev" href=(link::listing(&listing.asked.on(current - 1))) { "Previous" }
                }
                @for page in pages {
                    @if is_after_gap(page) { span.muted { "…" } }
                    (step(listing, page))
                }
                @if current < last {
                    a rel="next" href=(link::listing(&listing.asked.on(current + 1))) { "Next" }
                }
            }
        }
    }
}

fn step(listing: &Listing, page: usize) -> Markup {
    html! {
        @if page == listing.asked.page {
            strong aria-current="page" { (number(page + 1)) }
        } @else {
            a href=(link::listing(&listing.asked.on(page)))
                aria-label={ "Page " (number(page + 1)) } { (number(page + 1)) }
        }
    }
}

fn number(count: usize) -> String {
    words::count(u64::try_from(count).unwrap_or(u64::MAX))
}
