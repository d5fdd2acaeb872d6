//! What providers publish about themselves beside what was verified: a drawing of both, figures
//! per window, first notices, and the incidents as the provider tells them.
//!
//! In the drawing the upper half of a row is what was verified and the lower half what was
//! published; shapes differ in height as those of the timeline do.

use domain::{Minute, Window};
use maud::{Markup, html};

use super::timeline::{DAY, DAY_PITCH, Grid, Piece, bar};
use super::view::{PublishedPart, PublishedWindow, Site};
use super::{chip, link, page, words};
use crate::published::{Level, Notice, Outage, Seen, Stretch, Told};

/// The most outages and incidents in a table; the JSON has more.
const ROWS_MAX: usize = 20;

/// A class, and bars: offset from the top of the row and height.
type Shape = (&'static str, &'static [(i64, i64)]);

/// Nothing where no page speaks about the contract.
pub(super) fn section(parts: &[PublishedPart], site: &Site) -> Markup {
    html! {
        @if !parts.is_empty() {
            section.panel id="published" aria-labelledby="published-title" {
                h2 id="published-title" { "Published and verified" }
                p.notice {
                    "What the provider says of itself, read from its status page. "
                    strong { "Not evidence; no verdict reads it." }
                    " Unknown is where the page could not be read: that is neither well nor wrong."
                }
                @for (index, part) in parts.iter().enumerate() {
                    (source(part, site, &format!("published-{index}")))
                }
            }
        }
    }
}

fn source(part: &PublishedPart, site: &Site, id: &str) -> Markup {
    html! {
        header.line {
            h3 { (part.source) }
            (chip::published(part.level))
        }
        p.muted {
            @match part.since {
                Some(since) => { "Since " (words::time(since)) },
                None => "Not read yet",
            }
            @if let Some(as_of) = part.as_of { ", read " (words::age(as_of, site.now)) }
            @if let Some(note) = &part.note { ": " (note) }
            ". "
            @match link::outside(&part.url) {
                Some(url) => a href=(url) rel="noreferrer noopener" { "The page" },
                None => (part.url),
            }
            ", " a href=(part.json_href) { "as JSON" }
        }
        @if let Some(shown) = part.windows.first() {
            (drawing(part, shown.window, id))
            (legend())
            (figures(&part.windows))
            (notices(&shown.difference.outages))
        }
        (incidents(&part.incidents))
    }
}

const fn seen_shape(seen: Seen) -> Shape {
    match seen {
        Seen::Down => ("down", &[(1, 4)]),
        Seen::Up => ("up", &[(3, 2)]),
        Seen::Unmeasured => ("future", &[]),
    }
}

const fn level_shape(level: Level) -> Shape {
    match level {
        Level::Operational => ("up", &[(10, 2)]),
        Level::Unknown => ("unmeasured", &[(8, 1), (10, 1), (12, 1)]),
        Level::Maintenance => ("excluded", &[(9, 4)]),
        Level::Degraded => ("degraded", &[(8, 1), (12, 1)]),
        Level::PartialOutage | Level::MajorOutage => ("down", &[(9, 4)]),
    }
}

fn drawing(part: &PublishedPart, window: Window, id: &str) -> Markup {
    let grid = Grid {
        window,
        origin: window.start().get().div_euclid(DAY) * DAY,
        row: DAY,
        pitch: DAY_PITCH,
    };
    let height = grid.rows() * grid.pitch;
    let verified = Seen::ALL.map(|seen| path(grid, &part.verified, seen, seen_shape(seen)));
    let said = Level::ALL.map(|level| path(grid, &part.said, level, level_shape(level)));
    html! {
        div.days {
            div.hours aria-hidden="true" {
                span { "00" } span { "06" } span { "12" } span { "18" } span { "24 UTC" }
            }
            div.labels aria-hidden="true" {
                @for row in 0..grid.rows() {
                    span { (words::utc(Minute::new(grid.origin + row * DAY)).format("%b %d")) }
                }
            }
            svg.plot width="100%" height=(height) viewBox={ "0 0 " (grid.row) " " (height) }
                preserveAspectRatio="none" role="img"
                aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-desc" } {
                title id={ (id) "-title" } { "Verified above, published below, by the minute" }
                desc id={ (id) "-desc" } { (description(part)) }
                @for (class, outline) in verified.iter().chain(&said) {
                    @if !outline.is_empty() { path class=(class) d=(outline) {} }
                }
            }
        }
    }
}

/// The outline of all stretches of one value.
fn path<T: Copy + PartialEq>(
    grid: Grid,
    stretches: &[Stretch<T>],
    value: T,
    (class, shape): Shape,
) -> (&'static str, String) {
    let mut outline = String::new();
    for stretch in stretches.iter().filter(|one| one.value == value) {
        for Piece { x, y, width } in grid.pieces(stretch.start, stretch.end) {
            for (top, height) in shape {
                bar(&mut outline, (x, y + top), (width, *height));
            }
        }
    }
    (class, outline)
}

fn description(part: &PublishedPart) -> String {
    let found = part.windows.first().map(|shown| &shown.difference);
    found.map_or_else(String::new, |found| {
        format!(
            "{} verified as down, {} of them admitted.",
            words::minutes(found.down),
            words::minutes(found.admitted)
        )
    })
}

fn legend() -> Markup {
    let entries: [(&str, &str, Shape); 7] = [
        ("Verified down", "upper half", seen_shape(Seen::Down)),
        (
            "Not down",
            "upper half; nothing where not measured",
            seen_shape(Seen::Up),
        ),
        (
            "Operational",
            "lower half: the page says all is well",
            level_shape(Level::Operational),
        ),
        (
            "Degraded",
            "lower half: the page admits trouble",
            level_shape(Level::Degraded),
        ),
        (
            "Outage",
            "lower half: the page admits an outage",
            level_shape(Level::MajorOutage),
        ),
        (
            "Maintenance",
            "lower half: announced work",
            level_shape(Level::Maintenance),
        ),
        (
            "Unknown",
            "lower half: the page could not be read",
            level_shape(Level::Unknown),
        ),
    ];
    html! {
        ul.legend.states aria-label="What the shapes mean" {
            @for (word, meaning, (class, shape)) in entries {
                li {
                    (swatch(class, shape))
                    span.word { (word) }
                    span.meaning { (meaning) }
                }
            }
        }
    }
}

fn swatch(class: &str, shape: &[(i64, i64)]) -> Markup {
    let mut outline = String::new();
    for (top, height) in shape {
        bar(&mut outline, (2, *top), (14, *height));
    }
    html! {
        svg.plot width="18" height="14" viewBox="0 0 18 14" aria-hidden="true" {
            path class=(class) d=(outline) {}
        }
    }
}

fn figures(windows: &[PublishedWindow]) -> Markup {
    let table = html! {
        table.figures {
            thead {
                tr {
                    th scope="col" { "Window" }
                    th.num scope="col" { "Verified down" }
                    th.num scope="col" { "of it admitted" }
                    th.num scope="col" { "maintenance" }
                    th.num scope="col" { "said operational" }
                    th.num scope="col" { "page unknown" }
                    th.num scope="col" { "Admitted, not seen" }
                    th.num scope="col" { "Admitted, unmeasured" }
                    th.num scope="col" { "Lag to first notices" }
                }
            }
            tbody { @for one in windows { (figure(one)) } }
        }
    };
    html! {
        h4 { "Minutes per window" }
        (page::scroll("Minutes per window", &table))
        p.note {
            "A minute in which the page admitted trouble at any moment is an admitted one. \
             Not seen: measured in that minute, and not counted as down."
        }
    }
}

fn figure(one: &PublishedWindow) -> Markup {
    let found = &one.difference;
    let (lag, noticed) = found.lag();
    let outages = u64::try_from(found.outages.len()).unwrap_or(u64::MAX);
    let name = words::window(one.window);
    html! {
        tr {
            th scope="row" {
                @match name.split_once(" to ") {
                    Some((from, to)) => { span.tight { (from) " to" } " " span.tight { (to) } },
                    None => (name),
                }
            }
            @for minutes in [
                found.down, found.admitted, found.maintenance, found.denied, found.unknown,
                found.unseen, found.unmeasured,
            ] {
                td.num { (words::count(minutes)) }
            }
            td.num {
                @if outages == 0 { "-" } @else {
                    (words::minutes(lag)) " over " (words::count(noticed)) " of "
                    (words::counted(outages, "outage"))
                }
            }
        }
    }
}

fn notices(outages: &[Outage]) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Verified as down (UTC)" }
                    th scope="col" { "to" }
                    th scope="col" { "First notice" }
                }
            }
            tbody {
                @for one in outages.iter().rev().take(ROWS_MAX) {
                    tr {
                        th.tight scope="row" { (words::minute_bare(one.start)) }
                        td.tight { (words::minute_bare(one.end)) }
                        td.roomy { (notice(one.notice)) }
                    }
                }
            }
        }
    };
    html! {
        @if !outages.is_empty() {
            h4 { "First notices" }
            @if outages.len() > ROWS_MAX { p.muted { "The newest " (ROWS_MAX) "." } }
            (page::scroll("First notices", &table))
        }
    }
}

fn notice(notice: Notice) -> String {
    match notice {
        Notice::After(0) => "admitted when it began".to_owned(),
        Notice::After(lag) => format!("{} later", words::minutes(lag)),
        Notice::Within(lag) => format!(
            "{} later at most: the page could not be read before",
            words::minutes(lag)
        ),
        Notice::None => "none within a day, or none yet".to_owned(),
        Notice::Unknown => "not known: the page could not be read".to_owned(),
    }
}

fn incidents(told: &[Told]) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Title" }
                    th scope="col" { "Impact" }
                    th scope="col" { "Started (UTC)" }
                    th scope="col" { "Resolved (UTC)" }
                    th scope="col" { "First read here (UTC)" }
                    th.num scope="col" { "Versions" }
                }
            }
            tbody { @for one in told.iter().take(ROWS_MAX) { (incident(one)) } }
        }
    };
    html! {
        @if !told.is_empty() {
            h4 { "Incidents as the provider tells them" }
            @if told.len() > ROWS_MAX { p.muted { "The newest " (ROWS_MAX) "." } }
            (page::scroll("Incidents as the provider tells them", &table))
        }
    }
}

fn incident(told: &Told) -> Markup {
    let one = &told.incident;
    html! {
        tr {
            td.roomy {
                @match one.url.as_deref().and_then(link::outside) {
                    Some(url) => a href=(url) rel="noreferrer noopener" { (one.title) },
                    None => (one.title),
                }
            }
            td { (one.impact.as_deref().unwrap_or("-")) }
            td.tight { @match one.started_at { Some(at) => (words::time_bare(at.into())), None => "-" } }
            td.tight {
                @match one.resolved_at { Some(at) => (words::time_bare(at.into())), None => "open, or not said" }
            }
            td.tight { (words::time_bare(told.first_seen_at.into())) }
            td.num { (told.versions) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_shape_or_says_the_same() {
        let mut shapes: Vec<_> = Level::ALL.map(level_shape).to_vec();
        shapes.sort_unstable();
        shapes.dedup();
        // Part of it down and all of it down are drawn alike; the chip tells them apart.
        assert_eq!(shapes.len(), Level::ALL.len() - 1);
    }

    #[test]
    fn no_notice_and_no_knowledge_read_differently() {
        let all = [
            Notice::After(0),
            Notice::After(7),
            Notice::Within(7),
            Notice::None,
            Notice::Unknown,
        ];
        let mut texts = all.map(notice).to_vec();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all.len());
        assert!(notice(Notice::After(7)).starts_with("7 min"), "{texts:?}");
    }
}
