//! The window as a picture: a row for each day or week, its worst state in every place.

use chrono::{Datelike as _, NaiveDate, Weekday};
use domain::{Minute, Window};
use sla::contract::TimeZone;
use sla::{CommitmentAssessment, Contract, Span, State};

use crate::page::{Look, Page, Tone, span};

/// Windows of more days get a row for each week.
const DAYS_MAX: u64 = 62;

/// Minutes of a day.
const DAY: u64 = 1_440;

/// Minutes that a place may stand for.
const PLACES: [u64; 8] = [15, 20, 30, 60, 120, 180, 240, 360];

/// Equal rows that are told in one line.
const SAME_MIN: usize = 4;

/// Places before a row begins.
const LABEL: usize = 12;

pub(super) fn section(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    let (Some(first), Some(last)) = (result.timeline.first(), result.timeline.last()) else {
        return;
    };
    let Ok(window) = Window::new(first.start, last.end) else {
        return;
    };
    let zone = super::zone(contract);
    let (rows, minutes, what) = if window.minutes() > DAYS_MAX * DAY {
        (weeks(zone, window), 7 * DAY, "week")
    } else {
        (days(zone, window), DAY, "day")
    };
    let place = place(page.look, minutes);
    page.section(&format!(
        "  One row per {what}, {} per place, each its worst state",
        span(place)
    ));
    let rows: Vec<(String, Vec<&State>)> = rows
        .into_iter()
        .map(|(label, row)| {
            (
                label,
                cells(row, place)
                    .map(|cell| worst(&result.timeline, cell))
                    .collect(),
            )
        })
        .collect();
    for run in rows.chunk_by(|(_, a), (_, b)| weights(a) == weights(b)) {
        let shown = if run.len() < SAME_MIN { run.len() } else { 1 };
        for (label, states) in &run[..shown] {
            let row = glyphs(page.look, states);
            page.line(&format!("  {label:<width$}{row}", width = LABEL - 2));
        }
        if let [_, .., (last, _)] = run
            && shown == 1
        {
            let more = run.len() - 1;
            let line = format!(
                "  {:<width$}{more} {what}s the same, to {last}",
                "",
                width = LABEL - 2
            );
            page.line(&page.look.paint(Tone::Faint, &line));
        }
    }
    page.line(&format!("  {}", legend(page.look, &result.timeline)));
}

fn weights(states: &[&State]) -> Vec<u8> {
    states.iter().map(|state| weight(state)).collect()
}

/// Minutes of one place, so that a row fits.
fn place(look: Look, minutes: u64) -> u64 {
    let room = u64::try_from(look.width.saturating_sub(LABEL))
        .unwrap_or(0)
        .max(1);
    let fits = PLACES
        .into_iter()
        .find(|place| minutes.div_ceil(*place) <= room);
    fits.unwrap_or(360)
}

fn days(zone: TimeZone, window: Window) -> Vec<(String, Window)> {
    let label = |day: NaiveDate| day.format("%a %m-%d").to_string();
    rows(zone, window, |_| true, label)
}

fn weeks(zone: TimeZone, window: Window) -> Vec<(String, Window)> {
    let label = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
    rows(zone, window, |day| day.weekday() == Weekday::Mon, label)
}

/// A window cut at the beginnings of some days.
fn rows(
    zone: TimeZone,
    window: Window,
    begins: impl Fn(NaiveDate) -> bool,
    label: impl Fn(NaiveDate) -> String,
) -> Vec<(String, Window)> {
    let mut starts: Vec<(NaiveDate, Minute)> = Vec::new();
    let mut day = zone.day_of(window.start());
    loop {
        let start = zone.day_start(day).max(window.start());
        if start >= window.end() {
            break;
        }
        if starts.is_empty() || begins(day) {
            starts.push((day, start));
        }
        let Some(next) = day.succ_opt() else { break };
        day = next;
    }
    let ends = starts.iter().skip(1).map(|(_, start)| *start);
    let ends: Vec<Minute> = ends.chain([window.end()]).collect();
    let rows = starts.into_iter().zip(ends);
    rows.filter_map(|((day, start), end)| Some((label(day), Window::new(start, end).ok()?)))
        .collect()
}

fn cells(row: Window, place: u64) -> impl Iterator<Item = Window> {
    let step = i64::try_from(place).unwrap_or(i64::MAX);
    let mut start = row.start();
    std::iter::from_fn(move || {
        let end = start.plus(step).min(row.end());
        let cell = Window::new(start, end).ok()?;
        start = end;
        Some(cell)
    })
}

/// The state of a stretch that says most: downtime first.
fn worst(timeline: &[Span], cell: Window) -> &State {
    let begin = timeline.partition_point(|span| span.end <= cell.start());
    let inside = timeline[begin..]
        .iter()
        .take_while(|span| span.start < cell.end());
    let states = inside.map(|span| &span.state);
    states
        .max_by_key(|state| weight(state))
        .unwrap_or(&State::Future)
}

const fn weight(state: &State) -> u8 {
    match state {
        State::Down => 6,
        State::Degraded => 5,
        State::Unmeasured { .. } => 4,
        State::Excluded { .. } => 3,
        State::Empty => 2,
        State::Up => 1,
        State::Future => 0,
    }
}

const STATES: [(u8, &str, &str, &str, Tone); 6] = [
    (1, "▁", ".", "up", Tone::Good),
    (5, "▄", "+", "degraded", Tone::Unsure),
    (6, "█", "#", "down", Tone::Bad),
    (2, "·", "_", "empty", Tone::Faint),
    (3, "▒", "x", "excluded", Tone::Faint),
    (4, "?", "?", "unmeasured", Tone::Unsure),
];

/// Places side by side, those of one state in one colour.
fn glyphs(look: Look, states: &[&State]) -> String {
    let runs = states.chunk_by(|a, b| weight(a) == weight(b));
    let runs = runs.filter_map(|run| Some((weight(run.first()?), run.len())));
    runs.map(
        |(of, length)| match STATES.iter().find(|(known, ..)| *known == of) {
            Some((_, unicode, ascii, _, tone)) => {
                look.paint(*tone, &look.pick(unicode, ascii).repeat(length))
            }
            None => " ".repeat(length),
        },
    )
    .collect()
}

/// What the glyphs that occur mean.
fn legend(look: Look, timeline: &[Span]) -> String {
    let occurs = |weight_of: u8| timeline.iter().any(|span| weight(&span.state) == weight_of);
    let mut parts: Vec<String> = STATES
        .iter()
        .filter(|(weight_of, ..)| *weight_of == 1 || occurs(*weight_of))
        .map(|(_, unicode, ascii, name, tone)| {
            format!("{} {name}", look.paint(*tone, look.pick(unicode, ascii)))
        })
        .collect();
    if occurs(0) {
        parts.push("blank: to come".to_owned());
    }
    parts.join("   ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Glyphs, Ink};

    fn minute(text: &str) -> Minute {
        crate::command::assess::spans::instant(text).unwrap()
    }

    fn window(start: &str, end: &str) -> Window {
        Window::new(minute(start), minute(end)).unwrap()
    }

    fn look(width: usize) -> Look {
        Look {
            width,
            glyphs: Glyphs::Ascii,
            ink: Ink::Plain,
        }
    }

    #[test]
    fn rows_are_the_days_of_the_zone_also_where_clocks_are_set_back() {
        let paris: TimeZone = "Europe/Paris".parse().unwrap();
        let month = window("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z");
        let rows = days(paris, month);
        let hours: Vec<u64> = rows.iter().map(|(_, row)| row.minutes() / 60).collect();
        assert_eq!(rows[0].0, "Thu 10-01");
        assert_eq!((hours.len(), hours[24]), (31, 25));
        assert_eq!(hours.iter().filter(|hours| **hours == 24).count(), 30);
    }

    #[test]
    fn weeks_begin_on_mondays_but_for_the_first() {
        let quarter = window("2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z");
        let rows = weeks(TimeZone::UTC, quarter);
        let labels: Vec<&str> = rows.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels[..2], ["2026-07-01", "2026-07-06"]);
        assert_eq!(rows.last().unwrap().1.end(), quarter.end());
    }

    #[test]
    fn a_row_fits_the_width() {
        assert_eq!(place(look(80), DAY), 30);
        assert_eq!(place(look(120), DAY), 15);
        assert_eq!(place(look(80), 7 * DAY), 180);
    }

    #[test]
    fn a_place_shows_its_worst_state() {
        let day = window("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
        let at = |minutes: i64| day.start().plus(minutes);
        let span = |start, end, state| Span {
            start: at(start),
            end: at(end),
            state,
        };
        let timeline = [
            span(0, 40, State::Up),
            span(40, 41, State::Down),
            span(41, 1_440, State::Up),
        ];
        let states: Vec<&State> = cells(day, 60).map(|cell| worst(&timeline, cell)).collect();
        assert_eq!(glyphs(look(80), &states), "#.......................");
    }
}
