//! Time as bars, to the minute.
//!
//! Each state has a shape of its own besides its colour: up fills the row, degraded time is split
//! in two, downtime overhangs the row, unmeasured time is striped, excluded time half as high,
//! empty and future time a line. Drawings stretch with the page, so shapes differ in height only,
//! which stretching leaves alone. Downtime has an outline that does not stretch: one minute of a
//! month stays visible.

use std::fmt::Write as _;

use domain::{Minute, Window};
use maud::{Markup, html};
use sla::{CommitmentAssessment, Downtime, Span, State};

use super::words;

/// Minutes in a row of [`days`].
pub(super) const DAY: i64 = 1_440;
/// Height of a row of [`days`], in pixels.
pub(super) const DAY_PITCH: i64 = 14;
/// Height of a [`strip`], in pixels.
const STRIP_PITCH: i64 = 20;
/// Most periods of downtime with a tooltip of their own; all of them are drawn.
const TOOLTIPS_MAX: usize = 300;

/// The states, in the order they are drawn: what matters most comes last, on top.
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
pub(super) struct Grid {
    pub(super) window: Window,
    /// Minute at the left end of the first row.
    pub(super) origin: i64,
    /// Minutes per row.
    pub(super) row: i64,
    /// Height of a row, in pixels.
    pub(super) pitch: i64,
}

/// A stretch of minutes on one row.
pub(super) struct Piece {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
}

impl Grid {
    pub(super) fn rows(self) -> i64 {
        (self.window.end().get() - self.origin + self.row - 1) / self.row
    }

    /// The part of `[start, end)` inside the window, cut at the ends of rows.
    pub(super) fn pieces(self, start: Minute, end: Minute) -> impl Iterator<Item = Piece> {
        let start = start.max(self.window.start()).get() - self.origin;
        let end = end.min(self.window.end()).get() - self.origin;
        let rows = start.div_euclid(self.row)..=(end - 1).div_euclid(self.row);
        rows.filter(move |_| end > start).map(move |row| {
            let left = start.max(row * self.row);
            let right = end.min((row + 1) * self.row);
            Piece {
                x: left - row * self.row,
                y: row * self.pitch,
                width: right - left,
            }
        })
    }
}

/// The bars of a state: offset from the top of the row and height.
fn shape(state: &State, pitch: i64) -> &'static [(i64, i64)] {
    match (state, pitch) {
        (State::Up, DAY_PITCH) => &[(2, 10)],
        (State::Up, _) => &[(3, 14)],
        (State::Degraded, DAY_PITCH) => &[(1, 4), (9, 4)],
        (State::Degraded, _) => &[(2, 6), (12, 6)],
        (State::Down, DAY_PITCH) => &[(0, 14)],
        (State::Down, _) => &[(0, 20)],
        (State::Empty, DAY_PITCH) => &[(6, 2)],
        (State::Empty, _) => &[(9, 2)],
        (State::Excluded { .. }, DAY_PITCH) => &[(5, 4)],
        (State::Excluded { .. }, _) => &[(7, 6)],
        (State::Unmeasured { .. }, DAY_PITCH) => &[(2, 2), (6, 2), (10, 2)],
        (State::Unmeasured { .. }, _) => &[(3, 2), (7, 2), (11, 2), (15, 2)],
        (State::Future, DAY_PITCH) => &[(11, 1)],
        (State::Future, _) => &[(16, 1)],
    }
}

/// The outline of everything in one state; one path each keeps a busy month small.
fn outline(grid: Grid, timeline: &[Span], layer: &str) -> String {
    let mut path = String::new();
    for span in timeline.iter().filter(|span| span.state.as_str() == layer) {
        for Piece { x, y, width } in grid.pieces(span.start, span.end) {
            for (top, height) in shape(&span.state, grid.pitch) {
                bar(&mut path, (x, y + top), (width, *height));
            }
        }
    }
    path
}

pub(super) fn bar(path: &mut String, (x, y): (i64, i64), (width, height): (i64, i64)) {
    write!(path, "M{x} {y}h{width}v{height}h-{width}z").expect("writing to a string cannot fail");
}

fn drawing(grid: Grid, part: &CommitmentAssessment, id: &str) -> Markup {
    let height = grid.rows() * grid.pitch;
    let quarters: Vec<String> = (1..4)
        .map(|n| format!("M{} 0v{height}", grid.row * n / 4))
        .collect();
    html! {
        svg.plot width="100%" height=(height) viewBox={ "0 0 " (grid.row) " " (height) }
            preserveAspectRatio="none" role="img"
            aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-desc" } {
            title id={ (id) "-title" } { "Timeline of " (part.id) }
            desc id={ (id) "-desc" } { (description(grid.window, part)) }
            @for layer in LAYERS {
                @let path = outline(grid, &part.timeline, layer);
                @if !path.is_empty() { path class=(layer) d=(path) {} }
            }
            path.grid d=(quarters.concat()) {}
            @for down in part.downtime.iter().take(TOOLTIPS_MAX) { (tooltip(grid, *down)) }
        }
    }
}

fn tooltip(grid: Grid, down: Downtime) -> Markup {
    html! {
        @for Piece { x, y, width } in grid.pieces(down.start, down.end) {
            rect.hit x=(x) y=(y) width=(width) height=(grid.pitch) {
                title {
                    (words::minute_text(down.start)) " to " (words::minute_text(down.end))
                    " UTC: " (words::count(down.errors)) " of " (words::count(down.valid))
                    " valid requests were errors"
                }
            }
        }
    }
}

fn description(window: Window, part: &CommitmentAssessment) -> String {
    let inside = |down: &&Downtime| down.end > window.start() && down.start < window.end();
    let periods = part.downtime.iter().filter(inside).count();
    format!(
        "{} to {} UTC. {} counted against uptime. {} of the whole window unmeasured.",
        words::minute_text(window.start()),
        words::minute_text(window.end()),
        words::counted(u64::try_from(periods).unwrap_or(u64::MAX), "period"),
        words::minutes(part.minutes.unmeasured),
    )
}

/// A window with one row per day.
pub(super) fn days(id: &str, window: Window, part: &CommitmentAssessment) -> Markup {
    let origin = window.start().get().div_euclid(DAY) * DAY;
    let grid = Grid {
        window,
        origin,
        row: DAY,
        pitch: DAY_PITCH,
    };
    html! {
        div.days {
            div.hours aria-hidden="true" {
                span { "00" } span { "06" } span { "12" } span { "18" } span { "24 UTC" }
            }
            div.labels aria-hidden="true" {
                @for row in 0..grid.rows() {
                    span { (words::utc(Minute::new(origin + row * DAY)).format("%b %d")) }
                }
            }
            (drawing(grid, part, id))
        }
    }
}

/// A stretch of time as one row with its ends below.
pub(super) fn strip(id: &str, window: Window, part: &CommitmentAssessment) -> Markup {
    let row = window.end().get() - window.start().get();
    let grid = Grid {
        window,
        origin: window.start().get(),
        row,
        pitch: STRIP_PITCH,
    };
    html! {
        div.strip {
            (drawing(grid, part, id))
            div.ends {
                (words::minute_bare(window.start()))
                (words::minute(window.end()))
            }
        }
    }
}

/// What the shapes mean, and how many minutes of the window are what.
pub(super) fn legend(part: &CommitmentAssessment) -> Markup {
    let minutes = part.minutes;
    let unmeasured = State::Unmeasured {
        reasons: Vec::new(),
    };
    let excluded = State::Excluded {
        effect: sla::Effect::TreatAsUp,
    };
    let entries = [
        (State::Up, "Up", minutes.up, "valid requests, no error"),
        (State::Down, "Down", minutes.down, "counted as down"),
        (
            State::Degraded,
            "Degraded",
            minutes.degraded,
            "some errors, but not down",
        ),
        (
            State::Empty,
            "Empty",
            minutes.empty,
            "measured, without a valid request",
        ),
        (
            excluded,
            "Excluded",
            minutes.excluded,
            "excluded by the contract",
        ),
        (unmeasured, "Unmeasured", minutes.unmeasured, "not known"),
        (
            State::Future,
            "Future",
            minutes.future,
            "not happened yet, or not yet in",
        ),
    ];
    html! {
        ul.legend aria-label="Minutes of the window" {
            @for (state, word, minutes, meaning) in &entries {
                li .none[*minutes == 0] {
                    (swatch(state))
                    span.word { (word) }
                    span.num { (words::count(*minutes)) " min" }
                    span.meaning { (meaning) }
                }
            }
        }
    }
}

fn swatch(state: &State) -> Markup {
    let mut path = String::new();
    for (top, height) in shape(state, DAY_PITCH) {
        bar(&mut path, (2, *top), (14, *height));
    }
    html! {
        svg.plot width="18" height="14" viewBox="0 0 18 14" aria-hidden="true" {
            path class=(state.as_str()) d=(path) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sla::{BudgetUnit, Effect, UnmeasuredReason};

    fn window(start: i64, end: i64) -> Window {
        Window::new(Minute::new(start), Minute::new(end)).unwrap()
    }

    fn states() -> [State; 7] {
        [
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
        ]
    }

    #[test]
    fn the_pieces_of_a_timeline_cover_the_window_once() {
        // A window that begins and ends within days, cut at odd places.
        let window = window(700, 5_000);
        let grid = Grid {
            window,
            origin: 0,
            row: DAY,
            pitch: DAY_PITCH,
        };
        let cuts = [-50, 700, 701, 1_439, 1_440, 3_000, 4_320, 9_000];
        let mut seen = vec![0; 5_000];
        for pair in cuts.windows(2) {
            for piece in grid.pieces(Minute::new(pair[0]), Minute::new(pair[1])) {
                assert!(piece.width > 0 && piece.x >= 0 && piece.x + piece.width <= DAY);
                let first = piece.y / DAY_PITCH * DAY + piece.x;
                for minute in first..first + piece.width {
                    seen[usize::try_from(minute).unwrap()] += 1;
                }
            }
        }
        assert!(seen[..700].iter().all(|n| *n == 0));
        assert!(seen[700..].iter().all(|n| *n == 1));
        assert_eq!(grid.rows(), 4);
    }

    #[test]
    fn every_state_is_drawn_with_a_shape_of_its_own() {
        let mut shapes = Vec::new();
        for state in states() {
            assert!(LAYERS.contains(&state.as_str()));
            shapes.push((shape(&state, DAY_PITCH), shape(&state, STRIP_PITCH)));
        }
        shapes.sort_unstable();
        shapes.dedup();
        assert_eq!(shapes.len(), states().len());
        assert_eq!(LAYERS.last(), Some(&"down"));
    }

    #[test]
    fn a_minute_of_downtime_is_drawn_and_told() {
        let part = part(vec![
            Span {
                start: Minute::new(0),
                end: Minute::new(9),
                state: State::Up,
            },
            Span {
                start: Minute::new(9),
                end: Minute::new(10),
                state: State::Down,
            },
        ]);
        let drawn = days("x", window(0, 10), &part).0;
        assert!(
            drawn.contains("<path class=\"down\" d=\"M9 0h1v14h-1z\">"),
            "{drawn}"
        );
        assert!(drawn.contains("1970-01-01 00:09 to 1970-01-01 00:10 UTC: 4 of 5 valid"));
        assert!(drawn.contains("role=\"img\"") && drawn.contains("1 period counted against"));
    }

    fn part(timeline: Vec<Span>) -> CommitmentAssessment {
        let one = sla::Fraction::one();
        CommitmentAssessment {
            id: "uptime".to_owned(),
            commitment: "uptime".to_owned(),
            claim: sla::Claimability::Claimable,
            family: sla::Family::DowntimeMinutes,
            target: one.clone(),
            observed: None,
            high: one.clone(),
            low: one.clone(),
            verdict: sla::Verdict::Open,
            reading_dependent: false,
            least_favourable: None,
            spread: None,
            credit: None,
            no_credit: None,
            budget: sla::Budget {
                unit: BudgetUnit::Minutes,
                allowed: one.clone(),
                used: one.clone(),
                remaining: one,
            },
            minutes: sla::MinuteTotals::default(),
            downtime: vec![Downtime {
                start: Minute::new(9),
                end: Minute::new(10),
                valid: 5,
                errors: 4,
                start_known_to_s: None,
                end_known_to_s: None,
            }],
            timeline,
            support: None,
            rules: Vec::new(),
            deadlines: Vec::new(),
        }
    }
}
