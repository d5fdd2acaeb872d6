//! What a page of the provider's says on the page of a contract.

use domain::Minute;

use super::fixtures::{self, HOSTILE, millis, minute, month_contract, site};
use crate::published::{Incident, Level, Seen, Stretch, Told, compare};
use crate::web::view::{
    ContractPage, PublishedPart, PublishedStory, PublishedWindow, Site, ViolationPage,
};
use crate::web::{contract, violation};

fn over<T>(from: &str, to: &str, value: T) -> Stretch<T> {
    let at = |text: &str| -> Minute { minute(&format!("2026-11-{text}:00Z")) };
    Stretch {
        start: at(from),
        end: at(to),
        value,
    }
}

/// A page that admits late, is silent once, once cannot be read and once admits what nobody saw.
fn part() -> PublishedPart {
    let window = month_contract().window_at(minute("2026-11-22T13:40:00Z"));
    let verified = vec![
        over("01T00:00", "06T14:02", Seen::Up),
        over("06T14:02", "06T14:05", Seen::Down),
        over("06T14:05", "14T09:12", Seen::Up),
        over("14T09:12", "14T09:58", Seen::Down),
        over("14T09:58", "22T13:40", Seen::Up),
    ];
    let said = vec![
        over("01T00:00", "09T04:00", Level::Operational),
        over("09T04:00", "09T08:30", Level::Unknown),
        over("09T08:30", "14T09:47", Level::Operational),
        over("14T09:47", "14T11:30", Level::PartialOutage),
        over("14T11:30", "18T02:00", Level::Operational),
        over("18T02:00", "18T04:00", Level::Maintenance),
        over("18T04:00", "20T20:00", Level::Operational),
        over("20T20:00", "20T21:15", Level::Degraded),
        over("20T21:15", "22T13:41", Level::Operational),
    ];
    let at = |text: &str| Some(millis(text).to_micros().to_utc());
    let told = Told {
        first_seen_at: millis("2026-11-14T09:47:20Z").to_micros().to_utc(),
        versions: 4,
        incident: Incident {
            id: "i1".to_owned(),
            title: "Elevated error rates on the chat API".to_owned(),
            impact: Some("major".to_owned()),
            started_at: at("2026-11-14T09:30:00Z"),
            resolved_at: at("2026-11-14T11:30:00Z"),
            updated_at: at("2026-11-15T08:00:00Z"),
            url: Some("https://stspg.example/i1".to_owned()),
        },
    };
    PublishedPart {
        source: "acme".to_owned(),
        url: "https://status.acme.example/api/v2/summary.json".to_owned(),
        level: Level::Operational,
        note: None,
        since: Some(millis("2026-11-20T21:15:00Z")),
        as_of: Some(millis("2026-11-22T13:41:10Z")),
        windows: vec![PublishedWindow {
            window,
            difference: compare(window, &verified, &said),
        }],
        verified,
        said,
        incidents: vec![told],
        json_href: "/api/v1/published/acme".to_owned(),
    }
}

/// The page of a contract with one page of the provider's.
pub(crate) fn contract_page(site: Site) -> ContractPage {
    ContractPage {
        published: vec![part()],
        ..fixtures::contract_page(site, month_contract())
    }
}

/// The same from a provider who means no good.
pub(crate) fn hostile_page(site: Site) -> ContractPage {
    let mut part = part();
    part.note = Some(HOSTILE.to_owned());
    part.url = format!("javascript:{HOSTILE}");
    part.incidents[0].incident.title = HOSTILE.to_owned();
    part.incidents[0].incident.impact = Some(HOSTILE.to_owned());
    part.incidents[0].incident.url = Some(format!("javascript:{HOSTILE}"));
    ContractPage {
        published: vec![part],
        ..fixtures::contract_page(site, month_contract())
    }
}

/// The page of a violation of which one page tells and another does not.
pub(crate) fn violation_page(site: Site) -> ViolationPage {
    let story = |source: &str, incidents| PublishedStory {
        source: source.to_owned(),
        incidents,
        json_href: format!("/api/v1/published/{source}"),
    };
    let mut untimed = part().incidents.remove(0);
    untimed.incident.started_at = None;
    untimed.incident.resolved_at = None;
    let told = [part().incidents, vec![untimed]].concat();
    ViolationPage {
        published: vec![story("acme", told), story("cloud", Vec::new())],
        ..fixtures::violation_page(site, month_contract())
    }
}

#[test]
fn the_providers_incidents_stand_beside_a_violation_and_are_no_evidence() {
    let page = violation(&violation_page(site())).0;
    for text in [
        "What the provider told of it",
        "Not evidence: neither the verdict nor the bundle has it.",
        "Elevated error rates on the chat API",
        "<code>i1</code>",
        "2026-11-14 09:30:00",
        "2026-11-14 11:30:00",
        "2026-11-14 09:47:20",
        "not said",
        "open, or not said",
        "No incident was read there that overlaps the downtime.",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    let silent = violation(&fixtures::violation_page(site(), month_contract())).0;
    assert!(!silent.contains("id=\"admitted\""));
}

#[test]
fn what_was_admitted_stands_beside_what_was_verified() {
    let page = contract(&contract_page(site())).0;
    for text in [
        "Not evidence; no verdict reads it.",
        "35 min over 1 of 2 outages",
        "35 min later",
        "none within a day, or none yet",
        "49 min verified as down, 11 min of them admitted.",
        "Elevated error rates on the chat API",
        "read 57 s ago",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
}

#[test]
fn a_contract_that_no_page_speaks_about_says_nothing_of_pages() {
    let page = contract(&fixtures::contract_page(site(), month_contract())).0;
    assert!(!page.contains("id=\"published\""));
}

#[test]
fn a_page_that_was_never_read_is_unknown() {
    let mut view = contract_page(site());
    view.published[0] = PublishedPart {
        level: Level::Unknown,
        since: None,
        as_of: None,
        windows: Vec::new(),
        incidents: Vec::new(),
        ..part()
    };
    let page = contract(&view).0;
    assert!(page.contains("Not read yet"), "{page}");
}
