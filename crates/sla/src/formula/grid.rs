//! Where intervals begin and end within the window.

use std::ops::Range;

use domain::Minute;

use super::Minutes;
use crate::contract::TimeZone;
use crate::contract::metric::Align;

/// The intervals of a length over the window, by positions of their minutes; the first and last
/// with their part inside only.
pub(super) fn intervals(length: u32, align: Align, minutes: Minutes<'_>) -> Vec<Range<usize>> {
    let (start, end) = (minutes.window.start(), minutes.window.end());
    let length = i64::from(length);
    let origins = match align {
        Align::Epoch | Align::Unknown => {
            vec![Minute::new(start.get().div_euclid(length) * length)]
        }
        Align::WindowStart => vec![start],
        Align::LocalMidnight => midnights(minutes.zone, start, end),
    };
    let mut edges = vec![start];
    for (index, origin) in origins.iter().enumerate() {
        let next = origins.get(index + 1).map_or(end, |next| (*next).min(end));
        let mut edge = *origin;
        while edge < next {
            if edge > start {
                edges.push(edge);
            }
            edge = edge.plus(length);
        }
    }
    edges.push(end);
    edges
        .windows(2)
        .map(|pair| minutes.span.position(pair[0])..minutes.span.position(pair[1]))
        .collect()
}

/// The local midnights from the last one at or before `start` up to `end`.
fn midnights(zone: TimeZone, start: Minute, end: Minute) -> Vec<Minute> {
    let days = zone.day_of(start).iter_days();
    let mut midnights: Vec<Minute> = days
        .take_while(|day| *day <= zone.day_of(end))
        .map(|day| zone.day_start(day))
        .collect();
    midnights.dedup();
    midnights
}
