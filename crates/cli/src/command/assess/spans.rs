//! Moments and spans of time on the command line and in files of operators.

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, NaiveDate, Utc};
use domain::{Minute, UnixMicros, UnixMillis, Window};
use sla::contract::TimeZone;

/// A moment in whole minutes: RFC 3339, or a day, which is its first minute in a zone.
pub(super) fn moment(given: &str, zone: TimeZone) -> anyhow::Result<Minute> {
    if let Ok(day) = given.parse::<NaiveDate>() {
        return Ok(zone.day_start(day));
    }
    instant(given)
}

/// The minute that an RFC 3339 instant lies in.
pub(super) fn instant(given: &str) -> anyhow::Result<Minute> {
    Ok(UnixMillis::from(rfc3339(given)?).minute())
}

/// The first minute at or after an RFC 3339 instant.
pub(super) fn instant_up(given: &str) -> anyhow::Result<Minute> {
    let at = UnixMicros::from(rfc3339(given)?).get();
    // Rounded up: the last part of a minute belongs to the span.
    Ok(Minute::new(-(-at).div_euclid(60_000_000)))
}

fn rfc3339(given: &str) -> anyhow::Result<DateTime<Utc>> {
    let shown: String = given.chars().take(40).collect();
    let at = DateTime::parse_from_rfc3339(given).map_err(|_| {
        anyhow!("`{shown}` is not a time; write RFC 3339, such as 2026-10-17T02:00:00Z")
    })?;
    Ok(at.with_timezone(&Utc))
}

/// The part of a window's neighbourhood that `FIRST/AFTER` names; an end that is left out lies
/// beyond the window.
pub(super) fn subscribed(given: &str, window: Window, zone: TimeZone) -> anyhow::Result<Window> {
    let Some((first, after)) = given.split_once('/') else {
        bail!(
            "--subscribed: `{given}` is not a span; write the first day and the day after the \
             last, such as 2026-03-17/2026-04-01"
        );
    };
    let end = |text: &str, other: Minute| match text {
        "" => Ok(other),
        text => moment(text, zone).with_context(|| "--subscribed cannot be used"),
    };
    let first = end(first, window.start())?;
    let after = end(after, window.end())?;
    Window::new(first, after).map_err(|_| anyhow!("--subscribed: `{given}` ends before it begins"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_inside_a_minute_take_the_whole_minute() {
        let start = instant("2026-10-17T02:00:30Z").unwrap();
        let end = instant_up("2026-10-17T02:10:01Z").unwrap();
        assert_eq!(end.get() - start.get(), 11);
        let whole = instant_up("2026-10-17T02:10:00Z").unwrap();
        assert_eq!(whole.get() - start.get(), 10);
    }

    #[test]
    fn a_day_begins_in_its_zone() {
        let paris: TimeZone = "Europe/Paris".parse().unwrap();
        let midnight = moment("2026-10-17", paris).unwrap();
        assert_eq!(midnight, instant("2026-10-16T22:00:00Z").unwrap());
    }

    #[test]
    fn a_subscription_may_be_open_on_one_side() {
        let start = instant("2026-10-01T00:00:00Z").unwrap();
        let window = Window::new(start, start.plus(44_640)).unwrap();
        let read = |text: &str| subscribed(text, window, TimeZone::UTC);
        let from = read("2026-10-17/").unwrap();
        assert_eq!(
            (from.start(), from.end()),
            (start.plus(16 * 1_440), window.end())
        );
        let error = |text: &str| read(text).unwrap_err().to_string();
        assert!(error("2026-10-17").contains("is not a span"));
        assert!(error("2026-10-17/2026-10-01").contains("ends before it begins"));
    }
}
