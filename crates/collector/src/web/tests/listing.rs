//! The front page where targets are many.

use super::fixtures::{self, HOSTILE, site};
use crate::web::overview;
use crate::web::view::{Asked, Listing, MatrixRow, Overview, Site};
use sla::{Condition, Vantage};

/// The second page of many targets: the first fifty need attention in part.
pub(crate) fn many(site: Site, all: usize) -> Overview {
    let mut view = fixtures::rich_overview(site);
    let mut model = view.now[4].clone();
    for region in &mut model.regions {
        region.1 = Vantage::Up;
    }
    let worst = view.now.clone();
    view.now = (0..50)
        .map(|n| {
            let mut target = worst.get(n / 2).filter(|_| n < 8).unwrap_or(&model).clone();
            target.target = format!("acme-chat-{n:04}").parse().unwrap();
            target
        })
        .collect();
    let rows = view.now.iter().enumerate().map(|(n, target)| MatrixRow {
        target: target.target.clone(),
        ..view.matrix.rows[n % view.matrix.rows.len()].clone()
    });
    view.matrix.rows = rows.collect();
    view.listing = Listing {
        asked: Asked::default(),
        counts: vec![
            (Condition::ProviderDown, 2),
            (Condition::Regional, 2),
            (Condition::OurSide, 0),
            (Condition::Unmeasured, 4),
            (Condition::Up, all - 8),
        ],
        matching: all,
        before: 0,
        shown: 50,
        pages: all.div_ceil(50),
    };
    view
}

#[track_caller]
fn check(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn of_many_targets_counts_a_search_and_other_pages_are_shown() {
    let view = many(site(), 1_000);
    let page = overview(&view).0;
    check(
        &page,
        &[
            "<a href=\"/#now\" aria-current=\"true\">All 1,000</a>",
            "<a href=\"/?state=provider_down#now\">",
            "</svg>Up</span> 992</a>",
            "<form class=\"find\" method=\"get\" action=\"/#now\"",
            "1 to 50 of 1,000 targets, the worst first.",
            "<strong aria-current=\"page\">1</strong>",
            "href=\"/?page=20#now\" aria-label=\"Page 20\">20</a>",
            "rel=\"next\" href=\"/?page=2#now\"",
            "The newest sample of each target shown above on each agent",
        ],
    );
    assert!(!page.contains("rel=\"prev\""));
    assert!(!page.contains("state=our_side"), "nobody is in that state");
    assert!(!page.contains("Page 4\""), "too far away");
}

#[test]
fn a_search_is_kept_from_page_to_page_and_can_be_left() {
    let mut view = many(site(), 1_000);
    view.listing = Listing {
        asked: Asked {
            name: "a&b c".to_owned(),
            state: Some(Condition::Up),
            page: 1,
        },
        matching: 120,
        before: 50,
        pages: 3,
        ..view.listing
    };
    check(
        &overview(&view).0,
        &[
            "51 to 100 of 120 targets in state “Up” with “a&amp;b c” in the name.",
            "rel=\"prev\" href=\"/?q=a%26b%20c&amp;state=up#now\"",
            "rel=\"next\" href=\"/?q=a%26b%20c&amp;state=up&amp;page=3#now\"",
            "name=\"state\" value=\"up\"",
            "<a href=\"/#now\">Show all</a>",
            "href=\"/?q=a%26b%20c&amp;state=regional#now\"",
        ],
    );
    view.now.clear();
    view.listing = Listing {
        matching: 0,
        before: 0,
        shown: 0,
        pages: 1,
        ..view.listing
    };
    let none = overview(&view).0;
    check(
        &none,
        &["No target in state “Up” with “a&amp;b c” in the name."],
    );
    assert!(!none.contains("class=\"pager\""));
    view.listing.asked.name = HOSTILE.to_owned();
    let hostile = overview(&view).0;
    assert!(!hostile.contains("<b>") && !hostile.contains("<script>"));
}

#[test]
fn few_targets_have_neither_counts_nor_a_search() {
    let page = overview(&fixtures::rich_overview(site())).0;
    for part in ["class=\"find\"", "class=\"counts\"", "class=\"pager\""] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("The newest sample of each target on each agent"));
}

#[test]
fn what_only_a_preview_tells_is_marked_and_explained() {
    let mut view = fixtures::rich_overview(site());
    let (mark, note) = (
        "preview, not yet signed in a batch",
        "marked as preview was told by the agent ahead of its batch",
    );
    let page = overview(&view).0;
    assert_eq!((page.matches(mark).count(), page.contains(note)), (1, true));
    let rows = view.matrix.rows.iter_mut();
    for latest in rows.flat_map(|row| row.latest.iter_mut().flatten()) {
        latest.is_preview = false;
    }
    let page = overview(&view).0;
    assert!(!page.contains(mark) && !page.contains(note));
}
