//! The form of the document: complete, accessible, bounded, the same each time.

use domain::Outcome;

use super::scene::{Scene, Script};
use super::{MONTH, says};

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let (_, page) = &*MONTH;
    let outside = [
        "http://", "https://", " src=", " href=", "url(", "@import", "<script", "<link",
    ];
    for outside in outside {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_same_contents_give_the_same_page() {
    let (scene, page) = &*MONTH;
    assert_eq!(scene.page(), *page);
}

#[test]
fn tables_have_captions_and_their_headers_say_what_for() {
    let (_, page) = &*MONTH;
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<table>"), count("<table><caption>"));
    assert!(count("<table>") >= 8);
    assert_eq!(
        count("<th"),
        count("<thead") + count("scope=\"col\"") + count("scope=\"row\"")
    );
    assert!(page.contains("<html lang=\"en\">") && page.contains("name=\"viewport\""));
    assert_eq!(
        count("<svg"),
        count("role=\"img\" aria-label") + count("aria-hidden=\"true\"><path")
    );
}

#[test]
fn headings_go_down_one_step_at_a_time() {
    let (_, page) = &*MONTH;
    let mut level = 0;
    for (at, _) in page.match_indices("<h") {
        let digit = page[at + 2..].chars().next().unwrap();
        let Some(next) = digit.to_digit(10) else {
            continue;
        };
        assert!(next <= level + 1, "h{next} after h{level}");
        level = next;
    }
    assert_eq!(page.matches("<h1").count(), 1);
}

#[test]
fn it_prints_and_follows_the_reader_s_colours() {
    let (_, page) = &*MONTH;
    for rule in [
        "@media print",
        "@page",
        "break-inside: avoid",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(rule), "{rule}");
    }
}

#[test]
fn what_is_simulated_says_so_before_all_else() {
    let script = Script {
        simulated: true,
        days: 1,
        ..Script::default()
    };
    let page = Scene::play(&script).page();
    assert!(page.contains("<body><aside class=\"simulated\"><strong>SIMULATED."));
    assert!(!MONTH.1.contains("SIMULATED"));
}

#[test]
fn long_lists_are_cut_and_name_the_file_with_the_rest() {
    let outage = |nth: i64| (nth * 10, nth * 10 + 1, Outcome::ServerError, Some(500));
    let script = Script {
        days: 2,
        failing: (0..260).map(outage).collect(),
        idle: (0..260).map(|nth| (nth * 10 + 5, nth * 10 + 6)).collect(),
        ..Script::default()
    };
    let page = Scene::play(&script).page();
    says(
        &page,
        &[
            "And 160 more: result/minutes-uptime.csv has all.",
            "And 210 more: result/minutes-uptime.csv has all.",
            "260 outages, 4 h 20 min in all; the longest 2026-03-01 00:00 to 00:01 UTC (1 min)",
        ],
    );
    assert!(page.len() < 250_000, "{}", page.len());
}
