//! Every page of a demo, and the report of a bundle, as a person meets them: wide and narrow, light
//! and dark. Nothing overflows, the console is silent, and axe finds nothing in the way of anybody.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Cursor;
use std::time::{Duration, Instant};

use evidence::bundle::Bundle;
use serde_json::Value;

use crate::browser::{Browser, Caller, Look};
use crate::peer;

/// From the start of the demo's live part to its violation: an outage after a minute, its seal and
/// its verdict.
const VIOLATION_WITHIN: Duration = Duration::from_mins(5);
/// Pages of one kind, such as targets, that are looked at.
const OF_A_KIND: usize = 2;
/// The demo has fewer.
const PAGES_MAX: usize = 60;

const LOOKS: [Look; 4] = [
    Look {
        width: 1280,
        scheme: "light",
    },
    Look {
        width: 1280,
        scheme: "dark",
    },
    Look {
        width: 360,
        scheme: "light",
    },
    Look {
        width: 360,
        scheme: "dark",
    },
];

/// Elements that reach over the right edge, unless something scrolls them.
const OVERFLOWING: &str = "
    const edge = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= edge) return [];
    const scrolls = (e) => e && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX)
        || scrolls(e.parentElement));
    return [...document.body.querySelectorAll('*')]
        .filter((e) => e.getBoundingClientRect().right > edge + 1 && !scrolls(e.parentElement))
        .slice(0, 5).map((e) => e.outerHTML.slice(0, 160));";

const AXE: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']}).then(
        (found) => done(found.violations.map((v) => v.id + ' (' + v.impact + '): ' + v.help + ': '
            + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | '))),
        (error) => done(['axe: ' + error]));";

fn strings(value: &Value) -> Vec<String> {
    let values = value.as_array().expect("the script gives a list");
    let text = |value: &Value| value.as_str().expect("of texts").to_owned();
    values.iter().map(text).collect()
}

/// What is wrong with a page, in every look.
fn findings(browser: &Browser, url: &str, axe: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for look in LOOKS {
        browser.look(look);
        browser.visit(url);
        browser.run(axe);
        let mut found = strings(&browser.run(OVERFLOWING));
        found.extend(strings(&browser.wait_for(AXE)));
        found.extend(browser.console());
        let of_look = found
            .into_iter()
            .map(|what| format!("{url} at {} px, {}: {what}", look.width, look.scheme));
        findings.extend(of_look);
    }
    findings
}

/// The first part of a path, which says of what kind a page is.
fn kind(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split(['/', '?']).next().unwrap_or_default()
}

/// Pages that lead from one to the other, the front page first: at most so many of each kind.
fn pages(caller: &Caller, browser: &Browser, site: &str) -> Vec<String> {
    const LINKS: &str = "return [...document.querySelectorAll('a[href]')]
        .filter((a) => a.origin === location.origin && !a.hasAttribute('download'))
        .map((a) => a.pathname + a.search);";
    let mut found = Vec::new();
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(path) = next.pop_front()
        && found.len() < PAGES_MAX
    {
        let many = kinds.entry(kind(&path).to_owned()).or_default();
        if *many == OF_A_KIND {
            continue;
        }
        let url = format!("{site}{path}");
        let answer = caller.get(&url);
        assert!(answer.is_success, "{url}");
        if !answer.media.starts_with("text/html") {
            continue;
        }
        *many += 1;
        browser.visit(&url);
        for link in strings(&browser.run(LINKS)) {
            if seen.insert(link.clone()) {
                next.push_back(link);
            }
        }
        found.push(url);
    }
    found
}

/// What is asked for, as soon as it is there.
fn awaited<T>(ask: impl Fn() -> Result<T, String>) -> T {
    let deadline = Instant::now() + VIOLATION_WITHIN;
    loop {
        match ask() {
            Ok(found) => return found,
            Err(said) => assert!(Instant::now() < deadline, "{said}"),
        }
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

/// The name of the first violation.
fn violation(caller: &Caller, site: &str) -> String {
    awaited(|| {
        let listed = caller.get(&format!("{site}/api/v1/violations")).json();
        let first = listed.get(0).and_then(|first| first["violation"].as_str());
        first.map(str::to_owned).ok_or_else(|| listed.to_string())
    })
}

/// Its bundle: what breaches has to be anchored first.
fn bundle(caller: &Caller, site: &str) -> Vec<u8> {
    let url = format!(
        "{site}/api/v1/violations/{}/evidence",
        violation(caller, site)
    );
    awaited(|| {
        let answer = caller.get(&url);
        let refused = || String::from_utf8_lossy(&answer.body).into_owned();
        answer
            .is_success
            .then(|| answer.body.clone())
            .ok_or_else(refused)
    })
}

#[test]
#[ignore = "needs a demo and a driver: `cargo xtask browser`"]
fn every_page_serves_everybody_wide_and_narrow_light_and_dark() {
    let (site, caller) = (peer::pages(), Caller::new());
    violation(&caller, &site);
    let axe = std::fs::read_to_string(peer::axe()).expect("axe is installed");
    let browser = Browser::open();
    let pages = pages(&caller, &browser, &site);
    for kind in ["targets", "contracts", "violations"] {
        let prefix = format!("{site}/{kind}/");
        assert!(
            pages.iter().any(|page| page.starts_with(&prefix)),
            "{pages:#?}"
        );
    }
    browser.console();
    let findings: Vec<String> = pages
        .iter()
        .flat_map(|page| findings(&browser, page, &axe))
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
#[ignore = "needs a demo and a driver: `cargo xtask browser`"]
fn the_report_of_a_bundle_serves_everybody_and_prints() {
    let (site, caller) = (peer::pages(), Caller::new());
    let bundle = bundle(&caller, &site);
    let mut bundle = Bundle::open(Cursor::new(bundle)).expect("it is a bundle");
    let report = bundle.read("report/report.html").expect("it has a report");
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let file = directory.path().join("report.html");
    std::fs::write(&file, report).expect("there is room for a report");
    let axe = std::fs::read_to_string(peer::axe()).expect("axe is installed");
    let browser = Browser::open();
    let url = format!("file://{}", file.display());
    let findings = findings(&browser, &url, &axe);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let pdf = browser.print();
    assert!(pdf.starts_with("JVBERi0"), "base64 of %PDF-");
    assert!(pdf.len() > 20_000, "{} characters", pdf.len());
}
