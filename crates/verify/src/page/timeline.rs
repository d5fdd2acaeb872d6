//! The window as a picture, to the minute.
//!
//! Each state has a shape of its own beside its colour, so that a copy in black and white says
//! the same: up is a band, degraded time a band that is split, downtime a block higher than the
//! row, unmeasured time stripes, excluded time a thin band, empty and future time a line. Drawings
//! stretch with the page; shapes differ in height only, which stretching leaves alone.

use std::fmt::Write as _;

use domain::{Minute, Window};
use maud::{Markup, html};
use sla::{CommitmentAssessment, Effect, Span, State};

use super::element::{moment, span};
use crate::words::number::{counted, minutes};

const DAY: i64 = 1_440;
/// Longest window with a row for each day; others have one for each week.
const DAYS_MAX: i64 = 62;
/// Height of a row, in pixels.
const PITCH: i64 = 16;
/// Least time on either side of a stretch at close range, in minutes.
const MARGIN: i64 = 30;

/// From back to front: what matters most is drawn last.
const LAYERS: [&str; 7] = [
    "future",
    "up",
    "empty",
    "excluded",
    "unmeasured",
    "degraded",
    "down",
];

/// Where minutes fall on a drawing.
#[derive(Clone, Copy)]
struct Grid {
    start: Minute,
    end: Minute,
    /// Minute at the left end of the first row.
    origin: i64,
    /// Minutes in a row.
    row: i64,
}

impl Grid {
    fn rows(self) -> i64 {
        (self.end.get() - self.origin + self.row - 1) / self.row
    }

    /// A stretch within the drawing, cut at the ends of rows: row, left end, width.
    fn pieces(self, start: Minute, end: Minute) -> impl Iterator<Item = (i64, i64, i64)> {
        let start = start.max(self.start).get() - self.origin;
        let end = end.min(self.end).get() - self.origin;
        let rows = start.div_euclid(self.row)..=(end - 1).div_euclid(self.row);
        rows.filter(move |_| end > start).map(move |row| {
            let left = start.max(row * self.row);
            let right = end.min((row + 1) * self.row);
            (row, left - row * self.row, right - left)
        })
    }
}

/// The bars of a state within a row: distance from its top, and height.
const fn shape(state: &State) -> &'static [(i64, i64)] {
    match state {
        State::Up => &[(4, 8)],
        State::Degraded => &[(2, 5), (9, 5)],
        State::Down => &[(0, 16)],
        State::Empty => &[(7, 2)],
        State::Excluded { .. } => &[(6, 4)],
        State::Unmeasured { .. } => &[(3, 2), (7, 2), (11, 2)],
        State::Future => &[(12, 1)],
    }
}

fn outline(grid: Grid, timeline: &[Span], layer: &str) -> String {
    let mut path = String::new();
    for span in timeline.iter().filter(|span| span.state.as_str() == layer) {
        for (row, x, width) in grid.pieces(span.start, span.end) {
            for (top, height) in shape(&span.state) {
                bar(&mut path, (x, row * PITCH + top), (width, *height));
            }
        }
    }
    path
}

fn bar(path: &mut String, (x, y): (i64, i64), (width, height): (i64, i64)) {
    write!(path, "M{x} {y}h{width}v{height}h-{width}z").expect("writing to a string cannot fail");
}

fn drawing(grid: Grid, judged: &CommitmentAssessment) -> Markup {
    let height = grid.rows() * PITCH;
    let hours: Vec<String> = (1..4)
        .map(|n| format!("M{} 0v{height}", grid.row * n / 4))
        .collect();
    html! {
        svg.plot width="100%" height=(height) viewBox={ "0 0 " (grid.row) " " (height) }
            preserveAspectRatio="none" role="img" aria-label=(description(grid, judged)) {
            @for layer in LAYERS {
                @let path = outline(grid, &judged.timeline, layer);
                @if !path.is_empty() { path class=(layer) d=(path) {} }
            }
            path.grid d=(hours.concat()) {}
        }
    }
}

fn description(grid: Grid, judged: &CommitmentAssessment) -> String {
    let inside = |span: &&Span| span.end > grid.start && span.start < grid.end;
    let is_down = |span: &&Span| span.state == State::Down;
    let down = judged
        .timeline
        .iter()
        .filter(inside)
        .filter(is_down)
        .count();
    format!(
        "{}: {} of downtime. The lists below say the same in words.",
        span(grid.start, grid.end),
        counted(down as u64, "stretch").replace("stretchs", "stretches")
    )
}

/// Whether single outages are too small to be seen on the picture of the whole window.
pub(super) fn is_long(window: Window) -> bool {
    window.end().get() - window.start().get() > 2 * DAY
}

/// A window with one row for each day, or week.
pub(super) fn days(window: Window, judged: &CommitmentAssessment) -> Markup {
    let origin = window.start().get().div_euclid(DAY) * DAY;
    let row = if window.end().get() - origin > DAYS_MAX * DAY {
        7 * DAY
    } else {
        DAY
    };
    let (start, end) = (window.start(), window.end());
    let grid = Grid {
        start,
        end,
        origin,
        row,
    };
    let label = |row: i64| {
        let at = Minute::new(origin + row * grid.row)
            .start()
            .to_micros()
            .to_utc();
        at.format("%b %d").to_string()
    };
    let hours: &[&str] = if row == DAY {
        &["00:00 UTC", "06:00", "12:00", "18:00"]
    } else {
        &["a row is a week (UTC)"]
    };
    html! {
        div.days {
            div.hours aria-hidden="true" { @for hour in hours { span { (hour) } } }
            div.labels aria-hidden="true" { @for row in 0..grid.rows() { span { (label(row)) } } }
            (drawing(grid, judged))
        }
    }
}

/// A stretch with as much again on either side.
pub(super) fn close(
    window: Window,
    judged: &CommitmentAssessment,
    (from, to): (Minute, Minute),
) -> Markup {
    let margin = (to.get() - from.get()).max(MARGIN);
    let start = from.plus(-margin).max(window.start());
    let end = to.plus(margin).min(window.end()).max(start.plus(1));
    let grid = Grid {
        start,
        end,
        origin: start.get(),
        row: end.get() - start.get(),
    };
    html! {
        figure {
            figcaption { "Around " (span(from, to)) }
            (drawing(grid, judged))
            div.ends aria-hidden="true" { span { (moment(start)) }
                span { (moment(end)) " UTC" } }
        }
    }
}

/// What the shapes mean, and how many minutes of the window are what.
pub(super) fn legend(judged: &CommitmentAssessment) -> Markup {
    let totals = judged.minutes;
    let excluded = State::Excluded {
        effect: Effect::TreatAsUp,
    };
    let unmeasured = State::Unmeasured {
        reasons: Vec::new(),
    };
    let entries = [
        (State::Up, totals.up, "up: valid requests, no error"),
        (State::Down, totals.down, "down: counted against it"),
        (
            State::Degraded,
            totals.degraded,
            "degraded: some errors, not down",
        ),
        (
            State::Empty,
            totals.empty,
            "measured, without a valid request",
        ),
        (excluded, totals.excluded, "excluded by the contract"),
        (unmeasured, totals.unmeasured, "not measured"),
        (State::Future, totals.future, "to come, or not yet in"),
    ];
    html! {
        ul.legend aria-label="Minutes of the window" {
            @for (state, total, meaning) in &entries {
                @if *total > 0 {
                    li { (swatch(state)) span.length { (minutes(*total)) } span { (meaning) } }
                }
            }
        }
    }
}

fn swatch(state: &State) -> Markup {
    let mut path = String::new();
    for (top, height) in shape(state) {
        bar(&mut path, (1, *top), (20, *height));
    }
    html! {
        svg.plot width="22" height=(PITCH) viewBox={ "0 0 22 " (PITCH) } aria-hidden="true" {
            path class=(state.as_str()) d=(path) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use sla::UnmeasuredReason;

    use super::*;

    #[test]
    fn pieces_cover_a_stretch_once_and_nothing_else() {
        let grid = Grid {
            start: Minute::new(700),
            end: Minute::new(5_000),
            origin: 0,
            row: DAY,
        };
        let cuts = [-50, 700, 701, 1_439, 1_440, 3_000, 4_320, 9_000];
        let mut seen = vec![0; 5_760];
        for pair in cuts.windows(2) {
            for (row, x, width) in grid.pieces(Minute::new(pair[0]), Minute::new(pair[1])) {
                assert!(width > 0 && x >= 0 && x + width <= DAY);
                for minute in row * DAY + x..row * DAY + x + width {
                    seen[usize::try_from(minute).unwrap()] += 1;
                }
            }
        }
        for (minute, times) in seen.into_iter().enumerate() {
            assert_eq!(times, i32::from((700..5_000).contains(&minute)), "{minute}");
        }
    }

    #[test]
    fn every_state_has_a_shape_of_its_own() {
        let states = [
            State::Up,
            State::Degraded,
            State::Down,
            State::Empty,
            State::Excluded {
                effect: Effect::TreatAsUp,
            },
            State::Unmeasured {
                reasons: vec![UnmeasuredReason::Late],
            },
            State::Future,
        ];
        let mut shapes: Vec<_> = states.iter().map(shape).collect();
        assert!(states.iter().all(|state| LAYERS.contains(&state.as_str())));
        shapes.sort_unstable();
        shapes.dedup();
        assert_eq!(shapes.len(), states.len());
        assert_eq!(LAYERS.last(), Some(&"down"));
    }
}
