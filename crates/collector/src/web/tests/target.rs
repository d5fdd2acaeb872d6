//! The page of a target.

use chrono::{DateTime, TimeDelta};
use domain::{Outcome, UnixMillis};

use super::fixtures::{HOSTILE, millis, site};
use super::now::targets;
use crate::latency::{Latency, Point};
use crate::web::target;
use crate::web::view::{Site, TargetPage};

/// A week of hours, a night of which was not measured, and its days.
pub(crate) fn target_page(site: Site) -> TargetPage {
    let to = millis("2026-11-22T13:40:00Z").to_micros().to_utc();
    let to = DateTime::from_timestamp(to.timestamp() / 3_600 * 3_600, 0).unwrap();
    let from = to - TimeDelta::days(7);
    let hours = (0..168).filter(|hour| !(50..56).contains(hour));
    let point = |hour: i64| {
        let mut latency = Latency::empty();
        let load = u64::try_from((hour % 24 - 12).abs()).unwrap();
        for n in 0..60 {
            latency.first.record(380_000 + load * 9_000 + n * 2_000, 1);
            latency
                .end
                .record(1_500_000 + load * 60_000 + n * n * 400, 1);
        }
        latency.outcomes.insert(Outcome::Ok, 60);
        if hour % 40 == 7 {
            latency.outcomes.insert(Outcome::ServerError, 30);
            latency.outcomes.insert(Outcome::TtfbTimeout, 2);
        }
        Point::of(from + TimeDelta::hours(hour), latency)
    };
    let hours: Vec<Point> = hours.map(point).collect();
    TargetPage {
        now: targets(UnixMillis::from(to)).remove(0),
        site,
        from,
        to,
        days: hours.iter().rev().step_by(24).cloned().collect(),
        hours,
        json_href: "/api/v1/targets/acme-chat".to_owned(),
    }
}

#[test]
fn a_target_page_tells_state_latency_and_outcomes() {
    let mut view = target_page(site());
    let page = target(&view).0.replace('\u{a0}', " ");
    for text in [
        "<h1>acme-chat</h1>",
        "No verdict rests on these states.",
        "To the first visible text of acme-chat, last 7 days",
        "162 of 168 hours have samples.",
        "aria-describedby=\"end-desc\"",
        "These hours as a table",
        "server_error × 30, ttfb_timeout × 2",
        "href=\"/api/v1/targets/acme-chat/latency\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
    view.hours.clear();
    view.days.clear();
    let page = target(&view).0;
    assert!(page.contains("No closed hour of the last 7 days has such a sample."));
    assert!(page.contains("No closed hour of the last 30 days has a planned sample."));
    view.json_href = HOSTILE.to_owned();
    assert!(!target(&view).0.contains("<script>alert"));
}
