//! Whatever can be read as a contract can be judged, always with the same result, which survives
//! being written and read.
//!
//! The input is a contract, a byte 0xFF, which no text has, and then four bytes per count.

#![no_main]

use domain::cell::CellHourBuilder;
use domain::{Attribution, CellHour, Class, Kind, Minute, Outcome, Source, Window};
use libfuzzer_sys::{Corpus, fuzz_target};
use sla::{Assessment, Contract, Facts, Terms, assess};

/// Longest window that is judged, in minutes.
const JUDGED_MINUTES_MAX: i64 = 6 * 60;

/// Most counts.
const COUNTS_MAX: usize = 256;

fn class(first: u8, second: u8) -> Class {
    let outcomes = Outcome::ALL;
    let attributions = Attribution::ALL;
    let kinds = [Kind::Planned, Kind::Burst, Kind::Confirm, Kind::Manual];
    let statuses = [None, Some(200), Some(429), Some(500), Some(503)];
    let (first, second) = (usize::from(first), usize::from(second));
    Class {
        outcome: outcomes[first % outcomes.len()],
        status: statuses[second % statuses.len()],
        attribution: attributions[second % attributions.len()],
        kind: kinds[first % kinds.len()],
        source: [Source::Probe, Source::Traffic][second % 2],
        stream: first % 3 == 0,
        served_model: (first % 5 == 0).then(|| "a".into()),
        served_tier: (first % 7 == 0).then(|| "standard".into()),
        features: Vec::new(),
        late: second % 11 == 0,
    }
}

/// One cell per agent and hour.
fn cells(window: Window, counts: &[u8]) -> Vec<CellHour> {
    let counts: Vec<&[u8]> = counts.chunks_exact(4).take(COUNTS_MAX).collect();
    let mut cells = Vec::new();
    for agent in 0..4_u8 {
        for first in (0..=JUDGED_MINUTES_MAX).step_by(60) {
            let hour = window.start().plus(first).hour();
            let name = format!("agent-{agent}").parse().expect("it is a name");
            let target = "chat".parse().expect("it is a name");
            let mut cell = CellHourBuilder::new(name, target, hour);
            for count in counts.iter().filter(|count| count[0] % 4 == agent) {
                let minute = window.start().plus(i64::from(count[1]));
                if minute.hour() == hour {
                    cell.add(
                        minute,
                        class(count[2], count[3]),
                        u32::from(count[0] / 4) + 1,
                    );
                }
            }
            cells.push(cell.build());
        }
    }
    cells
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let (text, counts) = match data.iter().position(|byte| *byte == 0xff) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let Some(contract) = std::str::from_utf8(text)
        .ok()
        .and_then(|t| Contract::parse(t).ok())
    else {
        return Corpus::Reject;
    };
    // 2026-11-01T00:00:00Z.
    let window = contract.window_at(Minute::new(29_891_520));
    let end = window.end().min(window.start().plus(JUDGED_MINUTES_MAX));
    let window = Window::new(window.start(), end).expect("a window has a minute");
    let elapsed = i64::from(counts.len() % 2 == 0) * JUDGED_MINUTES_MAX / 2 + 100;
    let terms = Terms::of(window, window.start().plus(elapsed));
    let cells = cells(window, counts);
    let assessment = assess(&contract, &terms, Facts::counted(&cells));
    for one in &assessment.commitments {
        assert!(one.low <= one.high, "{}", one.id);
    }
    let json = serde_json::to_string(&assessment).expect("it can be written");
    let read: Assessment = serde_json::from_str(&json).expect("what was written can be read");
    assert_eq!(read, assessment);
    assert_eq!(
        assess(&contract, &terms, Facts::counted(&cells)),
        assessment
    );
    Corpus::Keep
});
