//! Latency over a week: a step per hour, the middle as a line, the 95th percentile dashed.
//!
//! Hours without a sample are gaps in the lines, never zero. The drawing stretches with the page;
//! lines keep their width. What it shows stands in a table below it, too.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::view::TargetPage;
use super::{page, words};
use crate::latency::{Figures, Point};

/// Height of the drawing, in its own units and pixels.
const HEIGHT: u64 = 140;

/// Which of the two times.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    /// Of the drawing; its parts' ids start with it.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) of: fn(&Point) -> Option<Figures>,
}

/// What is drawn: the hours that have figures, by their place, of so many.
struct Drawn {
    hours: i64,
    figures: Vec<(i64, Figures)>,
    /// Microseconds at the upper edge.
    top_us: u64,
}

impl Drawn {
    fn of(view: &TargetPage, measure: Measure) -> Self {
        let place = |point: &Point| {
            let figures = (measure.of)(point)?;
            Some(((point.start_at - view.from).num_hours(), figures))
        };
        let figures: Vec<_> = view.hours.iter().filter_map(place).collect();
        let highest = figures.iter().map(|(_, one)| one.p95_us).max();
        Self {
            hours: (view.to - view.from).num_hours(),
            top_us: round_up(highest.unwrap_or(1)),
            figures,
        }
    }

    /// A step per hour; hours that follow each other are joined.
    fn line(&self, value: fn(&Figures) -> u64) -> String {
        let mut path = String::new();
        let mut next = None;
        for (x, figures) in &self.figures {
            let us = u128::from(value(figures).min(self.top_us));
            let y = u128::from(HEIGHT) - us * u128::from(HEIGHT) / u128::from(self.top_us);
            let step = if next == Some(*x) {
                write!(path, "V{y}h1")
            } else {
                write!(path, "M{x} {y}h1")
            };
            step.expect("writing to a string cannot fail");
            next = Some(x + 1);
        }
        path
    }

    fn grid(&self, from: DateTime<Utc>) -> String {
        let is_midnight = |hour: &i64| {
            let at = from + TimeDelta::hours(*hour);
            at.time() == chrono::NaiveTime::MIN
        };
        let mut path = format!("M0 {}h{}", HEIGHT / 2, self.hours);
        for x in (1..self.hours).filter(is_midnight) {
            write!(path, "M{x} 0v{HEIGHT}").expect("writing to a string cannot fail");
        }
        path
    }

    fn description(&self) -> String {
        let range = |value: fn(&Figures) -> u64| {
            let values = self.figures.iter().map(|(_, one)| value(one));
            let ends = values.clone().min().zip(values.max());
            let (low, high) = ends.unwrap_or_default();
            format!("{} to {}", words::latency(low), words::latency(high))
        };
        format!(
            "{} of {} hours have samples. By the hour, half took at most {}, and 95 of 100 at most {}.",
            self.figures.len(),
            self.hours,
            range(|one| one.p50_us),
            range(|one| one.p95_us),
        )
    }
}

/// The next of 1, 2 or 5 times a power of ten.
fn round_up(us: u64) -> u64 {
    let mut unit: u64 = 1;
    loop {
        for step in [1, 2, 5] {
            let top = unit.saturating_mul(step);
            if top >= us {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// The drawing with its scale and its table; a sentence where there is nothing to draw.
pub(super) fn chart(view: &TargetPage, measure: Measure) -> Markup {
    let drawn = Drawn::of(view, measure);
    html! {
        h3 { (measure.title) }
        @if drawn.figures.is_empty() {
            p.muted { "No closed hour of the last 7 days has such a sample." }
        } @else {
            div.chart {
                div.scale aria-hidden="true" {
                    span { (words::latency(drawn.top_us)) }
                    span { (words::latency(drawn.top_us / 2)) }
                    span { "0" }
                }
                (drawing(&drawn, view, measure))
                div.ends {
                    time datetime=(view.from.to_rfc3339()) { (view.from.format("%b %d %H:%M")) }
                    time datetime=(view.to.to_rfc3339()) { (view.to.format("%b %d %H:%M UTC")) }
                }
            }
            details id={ (measure.id) "-hours" } {
                summary { "These hours as a table" }
                (page::scroll(measure.title, &table(view, measure)))
            }
        }
    }
}

fn drawing(drawn: &Drawn, view: &TargetPage, measure: Measure) -> Markup {
    let id = measure.id;
    html! {
        svg width="100%" height=(HEIGHT)
            viewBox={ "0 0 " (drawn.hours) " " (HEIGHT) } preserveAspectRatio="none" role="img"
            aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-desc" } {
            title id={ (id) "-title" } { (measure.title) " of " (view.now.target) ", last 7 days" }
            desc id={ (id) "-desc" } { (drawn.description()) }
            path.grid d=(drawn.grid(view.from)) {}
            path.p95 d=(drawn.line(|one| one.p95_us)) {}
            path.p50 d=(drawn.line(|one| one.p50_us)) {}
        }
    }
}

fn table(view: &TargetPage, measure: Measure) -> Markup {
    let rows = view.hours.iter().rev();
    let rows = rows.filter_map(|point| Some((point.start_at, (measure.of)(point)?)));
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Hour (UTC)" }
                    th.num scope="col" { "Samples" }
                    th.num scope="col" { "p50" }
                    th.num scope="col" { "p95" }
                    th.num scope="col" { "p99" }
                }
            }
            tbody {
                @for (start_at, figures) in rows {
                    tr {
                        th scope="row" { (start_at.format("%Y-%m-%d %H:%M")) }
                        td.num { (words::count(figures.count)) }
                        td.num { (words::latency(figures.p50_us)) }
                        td.num { (words::latency(figures.p95_us)) }
                        td.num { (words::latency(figures.p99_us)) }
                    }
                }
            }
        }
    }
}

/// What the lines mean.
pub(super) fn legend() -> Markup {
    let entries = [
        (
            "p50",
            "p50",
            "half of the hour's answers took at most this long",
        ),
        ("p95", "p95", "95 of 100 took at most this long"),
    ];
    html! {
        ul.legend.states aria-label="Lines of the charts" {
            @for (class, word, meaning) in entries {
                li {
                    svg.swatch width="18" height="14" viewBox="0 0 18 14" aria-hidden="true" {
                        path class=(class) d="M0 7h18" {}
                    }
                    span.word { (word) }
                    span.meaning { (meaning) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_on_a_round_time() {
        let tops = [0, 1, 3, 5, 6, 480_000, 500_001, u64::MAX].map(round_up);
        assert_eq!(tops[..6], [1, 1, 5, 5, 10, 500_000]);
        assert_eq!(tops[6..], [1_000_000, u64::MAX]);
    }

    #[test]
    fn hours_that_follow_each_other_are_joined_and_others_are_not() {
        let figures = |p50_us| Figures {
            count: 1,
            p50_us,
            p95_us: 100,
            p99_us: 100,
        };
        let drawn = Drawn {
            hours: 5,
            top_us: 100,
            figures: vec![(0, figures(50)), (1, figures(100)), (4, figures(0))],
        };
        assert_eq!(drawn.line(|one| one.p50_us), "M0 70h1V0h1M4 140h1");
        let told = drawn.description();
        assert!(told.starts_with("3 of 5 hours have samples."), "{told}");
    }
}
