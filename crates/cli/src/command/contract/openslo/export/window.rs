//! A contract's windows as OpenSLO's `timeWindow`.

use sla::Basis;
use sla::contract::{TimeZone, WindowKind, WindowRule};

use super::super::{Warnings, keeps_its_clock};
use super::write::{Yaml, map, text, word};

/// The month in which months and quarters are said to begin: any would do that has 31 days and
/// begins a quarter.
const FIRST_MONTH: &str = "2026-01";

/// The last day that every month has.
const EVERY_MONTH_HAS: u32 = 28;

/// The window, and what OpenSLO does not say of it.
pub(super) fn of(window: &WindowRule, warnings: &mut Warnings) -> Yaml {
    let zone = window.timezone;
    let trails = matches!(window.kind, WindowKind::TrailingDays { .. });
    if window.timezone_basis != Basis::Stated && !trails {
        warnings.push(format!(
            "`window.timezone`: OpenSLO needs a zone: {zone} is written, though the contract does not state it"
        ));
    }
    match window.kind {
        WindowKind::CalendarMonth => month("1M", 1, zone),
        WindowKind::CalendarQuarter => month("1Q", 1, zone),
        WindowKind::BillingMonth { anchor_day } => {
            let day = anchor_day.get();
            if day > EVERY_MONTH_HAS {
                warnings.push(format!(
                    "`window.anchor_day`: OpenSLO leaves open when a month without a day {day} begins"
                ));
            }
            month("1M", day, zone)
        }
        WindowKind::FixedDays { days, anchor } => {
            let duration = format!("{days}d");
            let shown = zone.local(anchor);
            if zone.minute_at(shown) != anchor {
                return calendar(
                    &duration,
                    &TimeZone::UTC.local(anchor).to_string(),
                    TimeZone::UTC,
                );
            }
            if !keeps_its_clock(zone) {
                warnings.push(format!(
                    "`window.days`: these have 24 hours each; where {zone} sets its clocks, OpenSLO's days have 23 or 25"
                ));
            }
            calendar(&duration, &shown.to_string(), zone)
        }
        WindowKind::TrailingDays { days } => {
            warnings.push(format!(
                "`window.kind`: these windows end with a day in {zone}; OpenSLO has a rolling window move all the time"
            ));
            map([
                ("duration", word(&format!("{days}d"))),
                ("isRolling", word("true")),
            ])
        }
    }
}

fn month(duration: &str, day: u32, zone: TimeZone) -> Yaml {
    calendar(duration, &format!("{FIRST_MONTH}-{day:02} 00:00:00"), zone)
}

fn calendar(duration: &str, start: &str, zone: TimeZone) -> Yaml {
    let calendar = map([("startTime", word(start)), ("timeZone", text(zone.name()))]);
    map([
        ("duration", word(duration)),
        ("isRolling", word("false")),
        ("calendar", calendar),
    ])
}
