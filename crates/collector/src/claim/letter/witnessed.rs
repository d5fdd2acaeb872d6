//! What letters say of the downtime itself: when, for how long, seen from where, and which requests
//! the provider can look up.

use super::Facts;
use super::facts::{ended, put, time};
use crate::claim::period::Period;
use crate::claim::seen::{Errors, Seen, Sightings};
use crate::claim::table;

/// Periods of downtime listed with their length.
const PERIODS_MAX: usize = 200;
/// Periods told in full.
const TOLD_MAX: usize = 50;
/// Agents named in one period.
const AGENTS_MAX: usize = 20;

/// The facts that follow from the requests.
pub(super) fn facts(sightings: &Sightings) -> Facts {
    let minutes: i64 = sightings.periods.iter().map(|(one, _)| one.minutes()).sum();
    let total = sightings.total();
    Facts::from([
        ("downtime", periods(sightings)),
        ("downtime_minutes", minutes.to_string()),
        ("incidents", incidents(sightings)),
        ("outcomes", outcomes(&total.errors)),
        ("seen_by", seen_by(&total)),
        ("attempts", attempts(&total)),
        ("log_note", log_note(sightings)),
    ])
}

fn region(period: &Period) -> String {
    if period.region.is_empty() {
        return String::new();
    }
    format!("  {}", period.region)
}

fn periods(sightings: &Sightings) -> String {
    let mut text = String::new();
    for (period, _) in sightings.periods.iter().take(PERIODS_MAX) {
        let (start, end) = (time(period.start), time(period.end));
        let (length, region) = (period.minutes(), region(period));
        put(
            &mut text,
            format_args!("{start}  {end}  {length} min{region}\n"),
        );
    }
    let unlisted = sightings.periods.len().saturating_sub(PERIODS_MAX);
    if unlisted > 0 {
        put(
            &mut text,
            format_args!("and {unlisted} more in the evidence\n"),
        );
    }
    ended(&text)
}

fn incidents(sightings: &Sightings) -> String {
    let mut text = String::new();
    for (at, (period, seen)) in sightings.periods.iter().take(TOLD_MAX).enumerate() {
        let (start, end) = (time(period.start), time(period.end));
        let (number, length, region) = (at + 1, period.minutes(), region(period));
        put(
            &mut text,
            format_args!("{number}. {start} to {end}, {length} minutes{region}\n"),
        );
        put(&mut text, format_args!("   seen by: {}\n", seen_by(seen)));
        put(
            &mut text,
            format_args!(
                "   requests: {}, errors: {}\n",
                seen.requests,
                seen.failed()
            ),
        );
        put(
            &mut text,
            format_args!("   errors: {}\n", outcomes(&seen.errors)),
        );
        put(&mut text, format_args!("   request ids:{}\n", ids(seen)));
    }
    let untold = sightings.periods.len().saturating_sub(TOLD_MAX);
    if untold > 0 {
        put(
            &mut text,
            format_args!("and {untold} more in the enclosed log\n"),
        );
    }
    ended(&text)
}

fn seen_by(seen: &Seen) -> String {
    if seen.by.is_empty() {
        return "nobody".to_owned();
    }
    let named = seen.by.iter().take(AGENTS_MAX);
    let named: Vec<_> = named
        .map(|(region, agent)| format!("{region} ({agent})"))
        .collect();
    let more = seen.by.len().saturating_sub(AGENTS_MAX);
    let more = (more > 0).then(|| format!(" and {more} more"));
    format!("{}{}", named.join(", "), more.unwrap_or_default())
}

fn outcomes(errors: &Errors) -> String {
    let one = |((outcome, status), count): (&(domain::Outcome, Option<u16>), &u64)| {
        let status = status.map_or("no status".to_owned(), |status| format!("HTTP {status}"));
        format!("{outcome}, {status}: {count}")
    };
    let all: Vec<_> = errors.iter().map(one).collect();
    ended(&all.join("; "))
}

/// The first request ids of a period, each on a line of its own.
fn ids(seen: &Seen) -> String {
    if seen.ids.is_empty() {
        return " the provider sent none".to_owned();
    }
    let mut text = String::new();
    for (at, id) in &seen.ids {
        put(&mut text, format_args!("\n     {}  {id}", table::time(*at)));
    }
    let more = seen.ids_all.saturating_sub(seen.ids.len() as u64);
    if more > 0 {
        put(
            &mut text,
            format_args!("\n     {more} more in the enclosed log"),
        );
    }
    text
}

fn attempts(total: &Seen) -> String {
    format!(
        "Requests went on by a fixed plan throughout the downtime: {} were made in it, {} of them at \
         once after another had failed, from {}.",
        total.requests,
        total.repeats,
        seen_by(total)
    )
}

/// What the log of requests lacks; empty where it is whole.
fn log_note(sightings: &Sightings) -> String {
    if sightings.missing == 0 {
        return String::new();
    }
    format!(
        "{} batches of that time are no longer kept as they came: the log and the numbers of single \
         incidents lack what they held.\n",
        sightings.missing
    )
}
