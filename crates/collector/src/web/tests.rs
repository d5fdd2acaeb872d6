use maud::Markup;
use sla::{Fraction, Verdict};

use super::view::{ContractPage, Overview, Site, ViolationPage};
use super::*;

mod fixtures;
mod listing;
mod now;
mod published;
mod results;
mod target;

use fixtures::{HOSTILE, day_contract, gateway_contract, month_contract, simulated, site};

/// Every page in every shape, for one site.
fn pages(site: &Site) -> Vec<Markup> {
    let month = month_contract();
    vec![
        overview(&fixtures::rich_overview(site.clone())),
        overview(&listing::many(site.clone(), 250)),
        overview(&fixtures::empty_overview(site.clone())),
        contract(&fixtures::contract_page(site.clone(), month.clone())),
        contract(&fixtures::contract_page(site.clone(), gateway_contract())),
        contract(&fixtures::empty_contract_page(site.clone(), day_contract())),
        contract(&published::contract_page(site.clone())),
        violation(&fixtures::violation_page(site.clone(), month)),
        violation(&fixtures::violation_page(site.clone(), gateway_contract())),
        violation(&published::violation_page(site.clone())),
        target(&target::target_page(site.clone())),
        not_found(site),
        error_page(site, "The database is away", "Try again in a minute."),
    ]
}

fn hostile_site() -> Site {
    Site {
        origin: HOSTILE.to_owned(),
        ..site()
    }
}

fn hostile_overview() -> Overview {
    let mut view = fixtures::rich_overview(hostile_site());
    view.enrol_command = HOSTILE.to_owned();
    view.contracts[0].contract.service = HOSTILE.to_owned();
    view.matrix.agents[0].region = HOSTILE.to_owned();
    view.matrix.rows[0].label = HOSTILE.to_owned();
    view.violations[0].name = HOSTILE.to_owned();
    view.violations[0].commitment = HOSTILE.to_owned();
    view.fleet[0].network = HOSTILE.to_owned();
    view.log.checkpoint.as_mut().unwrap().root = HOSTILE.to_owned();
    view.log.checkpoint.as_mut().unwrap().href = HOSTILE.to_owned();
    view
}

fn hostile_contract() -> ContractPage {
    let mut view = fixtures::contract_page(hostile_site(), month_contract());
    view.contract.source.text_url = Some(format!("javascript:{HOSTILE}"));
    let feature = sla::contract::Text::try_from(HOSTILE.to_owned()).unwrap();
    view.contract.events.rules[0].when.feature = vec![feature];
    view.judged.as_mut().unwrap().assessment.commitments[0].id = HOSTILE.to_owned();
    view.targets.push(HOSTILE.to_owned());
    view.json_href = HOSTILE.to_owned();
    view
}

fn hostile_violation() -> ViolationPage {
    let mut view = fixtures::violation_page(hostile_site(), month_contract());
    let claim = view.contract.claim.as_mut().unwrap();
    claim.channel = HOSTILE.to_owned();
    claim.subject_must_contain = Some(HOSTILE.to_owned());
    view.name = HOSTILE.to_owned();
    view.sightings[0].region = HOSTILE.to_owned();
    view.endpoints = vec![HOSTILE.to_owned()];
    view.samples[0].request_id = Some(HOSTILE.to_owned());
    view.bundle_href = HOSTILE.to_owned();
    view.published = published::violation_page(site()).published;
    view.published[0].source = HOSTILE.to_owned();
    view.published[0].incidents[0].incident.id = HOSTILE.to_owned();
    view.verify_command = HOSTILE.to_owned();
    view
}

#[test]
fn a_page_says_that_it_is_simulated_exactly_when_it_is() {
    for page in pages(&simulated()) {
        assert!(page.0.contains("SIMULATED"));
    }
    for page in pages(&site()) {
        assert!(!page.0.contains("SIMULATED"));
    }
}

#[test]
fn hostile_text_stays_text() {
    let pages = [
        overview(&hostile_overview()),
        contract(&hostile_contract()),
        contract(&published::hostile_page(hostile_site())),
        violation(&hostile_violation()),
        not_found(&hostile_site()),
        error_page(&hostile_site(), HOSTILE, HOSTILE),
    ];
    for page in pages {
        assert!(page.0.contains("&lt;script&gt;alert(1)"));
        assert!(!page.0.contains("<script>"));
        assert!(!page.0.contains("<b>"));
        assert!(!page.0.contains("\"' onload"), "an attribute was left");
        assert!(!page.0.contains("href=\"javascript"));
    }
}

#[test]
fn nothing_inline_that_the_content_security_policy_forbids_and_nothing_from_elsewhere() {
    let ours = "<script src=\"/assets/live.js\" defer></script>";
    for page in pages(&site()) {
        assert!(!page.0.replacen(ours, "", 1).contains("<script"));
        for forbidden in [" style=", "<style", " onclick", "src=\"http", "<iframe"] {
            assert!(!page.0.contains(forbidden), "{forbidden}");
        }
    }
    for asset in assets::ASSETS {
        let text = std::str::from_utf8(asset.bytes).unwrap();
        let text = text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !text.contains("http") && !text.contains("@import"),
            "{}",
            asset.path
        );
        assert!(assets::find(asset.path).is_some());
    }
}

#[test]
fn a_fragment_is_the_main_element_of_its_page_and_its_sections_have_names() {
    let view = fixtures::rich_overview(site());
    let fragment = overview_fragment(&view).0;
    assert!(fragment.starts_with("<main") && fragment.ends_with("</main>"));
    assert!(overview(&view).0.contains(&fragment));
    for page in pages(&site()) {
        let main = page.0.split("<main").nth(1).unwrap();
        assert!(
            !main.contains("<section class=\"panel\">"),
            "a section without an id"
        );
        let mut ids: Vec<&str> = page
            .0
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id occurs twice");
    }
}

#[test]
fn every_verdict_has_a_word_of_its_own_and_a_shape() {
    let verdicts = [
        Verdict::Met,
        Verdict::Breached,
        Verdict::Open,
        Verdict::Indeterminate,
        Verdict::NoData,
    ];
    let chips = verdicts.map(|verdict| chip::verdict(verdict).0);
    for (chip, word) in chips
        .iter()
        .zip(["Met", "Breached", "Open", "Indeterminate", "No data"])
    {
        assert!(chip.contains(&format!("</svg>{word}</span>")), "{chip}");
    }
    let shape = |chip: &String| chip.split(" d=\"").nth(1).unwrap().to_owned();
    let mut shapes = chips.iter().map(shape).collect::<Vec<_>>();
    shapes.sort();
    shapes.dedup();
    assert_eq!(shapes.len(), verdicts.len());
}

#[test]
fn a_contract_page_tells_promise_verdict_bounds_and_where_the_text_is() {
    let page = contract(&fixtures::contract_page(site(), month_contract()))
        .0
        .replace('\u{a0}', " ");
    for text in [
        "at least 99.9 % in each calendar month (UTC)",
        "more than 5 % of its valid requests are errors",
        "Missed, even if everything unmeasured was up.",
        "href=\"https://acme.example/sla\"",
        "href=\"/api/v1/contracts/acme-direct/text\"",
        "at least two pixels wide",
        "Windows are cut at midnight UTC: assumed; the text is silent.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_violation_tells_what_was_seen_and_offers_the_bundle() {
    let mut view = fixtures::violation_page(site(), month_contract());
    let page = violation(&view).0;
    for text in [
        "52 consecutive minutes",
        "4 of 4 agents in 2 networks received errors from https://api.acme.example",
        "HTTP 503 server_error × 904, ttfb_timeout × 16",
        "Its start and end are each known to 2 min.",
        "By this contract's formula on these requests",
        "Download evidence bundle",
        "nines verify acme-direct.uptime.20261101.nines.zip",
        "The provider has not confirmed it.",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("Withdrawn"));
    view.withdrawn_at = Some(fixtures::millis("2026-11-16T08:00:00Z"));
    assert!(violation(&view).0.contains("Withdrawn"));
}

#[test]
fn equal_views_give_equal_bytes() {
    let bytes = |site: &Site| {
        pages(site)
            .into_iter()
            .map(|page| page.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(&site()), bytes(&site()));
}

#[track_caller]
fn check_uptime(value: &str, target: &str, shown: &str) {
    let fraction = |text: &str| text.parse::<Fraction>().unwrap();
    let text = words::uptime(&fraction(value), &fraction(target));
    assert_eq!(text, shown.replace(' ', "\u{a0}"));
}

#[test]
fn rounding_never_moves_an_uptime_onto_or_across_its_target() {
    check_uptime("10789/10800", "999/1000", "99.898 %");
    check_uptime("999/1000", "999/1000", "99.900 %");
    check_uptime("9989999/10000000", "999/1000", "99.89999 %");
    check_uptime("99999999/100000000", "999/1000", "99.999999 %");
    check_uptime("1/1", "999/1000", "100.000 %");
    check_uptime("1/100000000", "999/1000", "0.000001 %");
}

#[test]
fn quantities_are_exact_where_they_can_be() {
    let quantity = |text: &str| words::quantity(&text.parse::<Fraction>().unwrap());
    assert_eq!(quantity("216/5"), "43.2");
    assert_eq!(quantity("46/1"), "46");
    assert_eq!(quantity("1/3"), "0.33");
    assert_eq!(quantity("1/3000"), "0.000333");
    assert_eq!(quantity("-14/5"), "-2.8");
}

#[test]
fn lengths_and_counts_read_as_people_write_them() {
    assert_eq!(words::minutes(46), "46 min");
    assert_eq!(words::minutes(65), "1 h 05 min");
    assert_eq!(words::minutes(43_200), "30 d");
    assert_eq!(words::count(1_204_399), "1,204,399");
    assert_eq!(words::count(999), "999");
}
