//! The parts that all sections are made of.

use domain::{Minute, UnixMicros};
use maud::{Markup, html};
use sla::{Due, Fraction, Verdict};

use crate::layout;
use crate::words::finding;
use crate::words::number::minutes;

/// Longest text from outside on the page, in characters.
const CHARS_MAX: usize = 200;

/// Longest fraction on the page, in characters: means of thousands of intervals have hundreds.
const EXACT_CHARS_MAX: usize = 41;

/// A column of a table.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// Words.
    Text(&'static str),
    /// Numbers, which end at the same place.
    Number(&'static str),
}

use Column::{Number, Text};

/// A table that scrolls in its own box on narrow screens.
pub(super) fn table(caption: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.scroll role="group" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { @match column {
                    Text(name) => th scope="col" { (name) },
                    Number(name) => th.num scope="col" { (name) },
                } } } }
                tbody { (rows) }
            }
        }
    }
}

/// What a cut table says about the rest.
pub(super) fn rest(rows: usize, shown: usize, place: &str) -> Markup {
    html! {
        @if rows > shown {
            p.note { "And " (rows - shown) " more: " code { (place) } " has all." }
        }
    }
}

/// `2026-03-01 00:20`; columns and sentences say that it is UTC.
pub(super) fn moment(minute: Minute) -> String {
    let at = minute.start().to_micros().to_utc();
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// `2026-03-01 00:20:30`.
pub(super) fn second(at: UnixMicros) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-03-01 00:20 to 00:40 UTC`.
pub(super) fn span(start: Minute, end: Minute) -> String {
    let (from, to) = (moment(start), moment(end));
    let same_day = from.split(' ').next() == to.split(' ').next();
    let to = match to.split_once(' ') {
        Some((_, clock)) if same_day => clock,
        _ => &to,
    };
    format!("{from} to {to} UTC")
}

/// `2026-05-31` or `2026-05-31 10:50 UTC`.
pub(super) fn due(due: Due) -> String {
    match due {
        Due::Day(day) => day.to_string(),
        Due::Instant(minute) => format!("{} UTC", moment(minute)),
    }
}

/// `1 h 05 min`.
pub(super) fn length(start: Minute, end: Minute) -> String {
    minutes(start.get().abs_diff(end.get()))
}

/// Text from outside, no longer than a page can bear.
pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A verdict with a mark of its own, so that colour is not needed to tell it.
pub(super) fn chip(verdict: Verdict) -> Markup {
    let mark = match verdict {
        Verdict::Met => "\u{2713}",
        Verdict::Breached => "\u{2717}",
        Verdict::Indeterminate | Verdict::NoData => "?",
        Verdict::Open => "\u{2026}",
    };
    html! {
        span class={ "chip " (verdict.as_str()) } {
            span aria-hidden="true" { (mark) " " } (finding::verdict(verdict))
        }
    }
}

/// A fraction exactly, where a person can read it.
pub(super) fn exact(value: &Fraction) -> Markup {
    let text = value.to_string();
    html! {
        @if text.len() <= EXACT_CHARS_MAX { code { (text) } }
        @else { "exactly in " code { (layout::RESULT) } }
    }
}
