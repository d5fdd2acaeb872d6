//! The phases of an attempt, each with how long it took, as bars on one scale.

use domain::Outcome;
use probe::Attempt;

use super::page::ms;
use crate::page::{Look, width};

/// Narrowest scale that still shows an order of events.
const BAR_MIN: usize = 10;

/// One phase: from the end of the one before it to its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) name: &'static str,
    pub(super) from_us: u64,
    pub(super) until_us: u64,
}

/// The phases that ended, and what the attempt ended in, in the order in which they did.
pub(super) fn phases(attempt: &Attempt) -> Vec<Phase> {
    let phase = &attempt.detail.phase;
    // The text of an answer that is not streamed is seen at its end, as its body's is.
    let (first_us, last_us) = if attempt.stream {
        (attempt.first_us, attempt.last_us)
    } else {
        (None, None)
    };
    let mut ends: Vec<(u64, &'static str)> = [
        (phase.dns_us, "name lookup"),
        (phase.tcp_us, "TCP connect"),
        (phase.tls_us, "TLS handshake"),
        (attempt.sent_us, "request sent"),
        (phase.headers_us, "wait for headers"),
        (phase.first_byte_us, "first body byte"),
        (phase.first_event_us, "first event"),
        (phase.first_reasoning_us, "first reasoning"),
        (first_us, "first text"),
        (last_us, "text to its last piece"),
        (phase.terminator_us, "end mark"),
    ]
    .into_iter()
    .filter_map(|(end, name)| Some((end?, name)))
    .collect();
    ends.sort_by_key(|(end, _)| *end);
    ends.push((attempt.end_us, last(attempt.outcome)));
    let mut from_us = 0;
    let mut phases = Vec::new();
    for (until_us, name) in ends {
        phases.push(Phase {
            name,
            from_us,
            until_us: until_us.max(from_us),
        });
        from_us = until_us.max(from_us);
    }
    phases
}

/// What the time after the last phase was spent on.
const fn last(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Dns => "name lookup, failed",
        Outcome::Tcp => "TCP connect, failed",
        Outcome::Tls => "TLS handshake, failed",
        Outcome::ConnectTimeout => "connecting, given up",
        Outcome::TtfbTimeout => "no headers, given up",
        Outcome::TtftTimeout => "no text, given up",
        Outcome::Stall => "silence, given up",
        Outcome::Deadline => "still coming, given up",
        Outcome::StreamCut => "until the cut",
        Outcome::ProbeFault => "failed here",
        _ => "end of body",
    }
}

/// One line for each phase: its name, how long it took, when it was over, and its bar.
pub(super) fn lines(attempt: &Attempt, look: Look) -> Vec<String> {
    let phases = phases(attempt);
    let rows: Vec<[String; 3]> = phases
        .iter()
        .map(|phase| {
            let took = ms(phase.until_us - phase.from_us);
            [phase.name.to_owned(), took, ms(phase.until_us)]
        })
        .collect();
    let header = ["", "took", "until"].map(str::to_owned);
    let column = |at: usize| {
        let rows = rows.iter().chain([&header]);
        rows.map(|row| width(&row[at])).max().unwrap_or(0)
    };
    let (name, took, until) = (column(0), column(1), column(2));
    let text =
        |row: &[String; 3]| format!("  {:<name$}  {:>took$}  {:>until$}", row[0], row[1], row[2]);
    let head = text(&header);
    let room = look.width.saturating_sub(width(&head) + 2).max(BAR_MIN);
    let bars = phases.iter().map(|phase| bar(phase, attempt.end_us, room));
    let mark = look.pick("█", "#");
    let lines = rows.iter().zip(bars).map(|(row, (before, long))| {
        format!("{}  {}{}", text(row), " ".repeat(before), mark.repeat(long))
    });
    std::iter::once(head).chain(lines).collect()
}

/// Cells before a bar and cells of it, on a scale of so many: a phase is never without one.
fn bar(phase: &Phase, whole_us: u64, room: usize) -> (usize, usize) {
    let wide = u128::try_from(room).unwrap_or(1);
    let scale = |us: u64| {
        let cells = u128::from(us) * wide / u128::from(whole_us.max(1));
        usize::try_from(cells).unwrap_or(room).min(room)
    };
    let before = scale(phase.from_us).min(room.saturating_sub(1));
    let until = scale(phase.until_us);
    (before, until.saturating_sub(before).max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::hand::streamed;
    use super::*;

    #[test]
    fn durations_of_all_phases_make_the_whole() {
        let attempt = streamed();
        let phases = phases(&attempt);
        let sum: u64 = phases
            .iter()
            .map(|phase| phase.until_us - phase.from_us)
            .sum();
        assert_eq!(sum, attempt.end_us);
        assert_eq!(phases.first().unwrap().name, "name lookup");
        assert_eq!(phases.last().unwrap().name, "end of body");
    }

    #[test]
    fn a_warm_connection_has_no_phases_of_its_own() {
        let mut attempt = streamed();
        let phase = &mut attempt.detail.phase;
        (phase.dns_us, phase.tcp_us, phase.tls_us) = (None, None, None);
        assert_eq!(phases(&attempt)[0].name, "request sent");
    }

    proptest! {
        #[test]
        fn no_bar_leaves_its_scale(from in 0u64..2_000_000, long in any::<u64>(), whole in any::<u64>(), room in 1usize..200) {
            let phase = Phase { name: "", from_us: from, until_us: from.saturating_add(long) };
            let (before, cells) = bar(&phase, whole, room);
            prop_assert!(cells >= 1 && before + cells <= room);
        }
    }
}
