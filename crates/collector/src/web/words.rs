//! Numbers, times and words as people read them. Rounding never changes what a number says: a
//! value below a target is never printed as the target.

use chrono::{DateTime, Datelike, Months, SecondsFormat, Utc};
use domain::{Minute, UnixMillis, Window};
use maud::{Markup, html};
use sla::contract::{Purpose, TimeZone};
use sla::{Due, Fraction, Verdict};
pub(super) use verify::words::number::{
    count, counted, exact_percent, minutes, quantity, seconds, uptime,
};

/// Longest exact fraction that is printed, in characters; longer ones are in the JSON.
const FRACTION_CHARS_MAX: usize = 40;

/// The exact fraction, where it is short enough to be read.
pub(super) fn fraction(value: &Fraction) -> Option<String> {
    Some(value.to_string()).filter(|text| text.len() <= FRACTION_CHARS_MAX)
}

/// How long ago, in its largest unit.
pub(super) fn age(at: UnixMillis, now: UnixMillis) -> String {
    let seconds = u64::try_from(now.get().saturating_sub(at.get()) / 1_000).unwrap_or(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `412 ms`, `3.2 s`.
pub(super) fn latency(us: u64) -> String {
    match us / 1_000 {
        ms @ 0..10_000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

pub(super) fn utc(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

fn element(at: DateTime<Utc>, format: &str) -> Markup {
    html! {
        time datetime=(at.to_rfc3339_opts(SecondsFormat::Secs, true)) { (at.format(format)) }
    }
}

/// An instant to the second.
pub(super) fn time(at: UnixMillis) -> Markup {
    element(at.to_micros().to_utc(), "%Y-%m-%d %H:%M:%S UTC")
}

/// A minute, with its zone.
pub(super) fn minute(at: Minute) -> Markup {
    element(utc(at), "%Y-%m-%d %H:%M UTC")
}

/// A minute in a column or sentence that names the zone.
pub(super) fn minute_bare(at: Minute) -> Markup {
    element(utc(at), "%Y-%m-%d %H:%M")
}

/// An instant to the second in a column that names the zone.
pub(super) fn time_bare(at: UnixMillis) -> Markup {
    element(at.to_micros().to_utc(), "%Y-%m-%d %H:%M:%S")
}

/// A minute as plain text, for titles and descriptions.
pub(super) fn minute_text(at: Minute) -> String {
    utc(at).format("%Y-%m-%d %H:%M").to_string()
}

/// `November 2026 (UTC)`, `2026-11-22 (UTC)`, or both ends.
pub(super) fn window(window: Window) -> String {
    let (start, end) = (utc(window.start()), utc(window.end()));
    let is_midnight = start.time() == chrono::NaiveTime::MIN;
    if is_midnight && start.day() == 1 && start.checked_add_months(Months::new(1)) == Some(end) {
        return format!("{} (UTC)", start.format("%B %Y"));
    }
    if is_midnight && window.minutes() == 1_440 {
        return format!("{} (UTC)", start.format("%Y-%m-%d"));
    }
    format!(
        "{} to {} (UTC)",
        minute_text(window.start()),
        minute_text(window.end())
    )
}

/// Until when, by the days of a zone, and what is left of it.
pub(super) fn due(due: Due, zone: TimeZone, now: UnixMillis) -> Markup {
    let left = due.before(zone).start().get().saturating_sub(now.get());
    let left = match u64::try_from(left / 60_000) {
        Ok(0) | Err(_) if left <= 0 => "passed".to_owned(),
        Ok(left @ 0..2_880) => format!("{} left", minutes(left)),
        Ok(left) => format!("{} days left", left / 1_440),
        Err(_) => "passed".to_owned(),
    };
    html! {
        @match due {
            Due::Day(day) => { "until the end of " time datetime=(day) { (day) } " " (zone) }
            Due::Instant(minute) => { "before " (self::minute(minute)) }
        }
        " " span .left .passed[left == "passed"] { (left) }
    }
}

/// From when on something is taken.
pub(super) fn opening(due: Due, zone: TimeZone) -> Markup {
    html! {
        @match due {
            Due::Day(day) => { time datetime=(day) { (day) } " " (zone) }
            Due::Instant(minute) => (self::minute(minute)),
        }
    }
}

pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Met",
        Verdict::Breached => "Breached",
        Verdict::Indeterminate => "Indeterminate",
        Verdict::NoData => "No data",
        Verdict::Open => "Open",
    }
}

pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Notice => "Notice of the incident",
        Purpose::Claim => "Claim",
    }
}
