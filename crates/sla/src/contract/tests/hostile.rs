//! Texts and samples that nobody would write: whatever comes, it is judged or refused in words.

use domain::cell::CellHourBuilder;
use domain::{Attribution, CellHour, Class, GapReason, Kind, Minute, Outcome, Source, Window};
use proptest::prelude::*;

use super::{COMPLETE, Contract, DIRECT};
use crate::library::TEMPLATES;
use crate::{Assessment, Facts, Terms, assess};

/// Minutes of a month that are sampled: enough for runs, intervals and a quorum.
const SAMPLED_MINUTES: i64 = 180;

/// Longest window that is judged.
const JUDGED_MINUTES_MAX: i64 = 6 * 60;

/// One count of a cell: agent, minute, class, and how often.
type Counted = (u8, i64, Class, u32);

fn class() -> impl Strategy<Value = Class> {
    let outcome = prop::sample::select(Outcome::ALL.to_vec());
    let attribution = prop::sample::select(Attribution::ALL.to_vec());
    let kind = prop::sample::select(vec![
        Kind::Planned,
        Kind::Burst,
        Kind::Confirm,
        Kind::Manual,
    ]);
    let source = prop::sample::select(vec![Source::Probe, Source::Traffic]);
    let status = prop::option::of(prop::sample::select(vec![
        100, 200, 429, 500, 502, 503, 599,
    ]));
    (
        outcome,
        attribution,
        kind,
        source,
        status,
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(outcome, attribution, kind, source, status, [stream, late, grounded])| Class {
                outcome,
                status,
                attribution,
                kind,
                source,
                stream,
                served_model: stream.then(|| "acme-mini".into()),
                served_tier: grounded.then(|| "priority".into()),
                features: if grounded {
                    vec!["grounding".into()]
                } else {
                    Vec::new()
                },
                late,
            },
        )
}

fn counts() -> impl Strategy<Value = Vec<Counted>> {
    let count = prop_oneof![Just(1_u32), 0..100_u32, Just(u32::MAX)];
    prop::collection::vec((0..4_u8, 0..SAMPLED_MINUTES, class(), count), 0..40)
}

/// One cell per agent and hour, from a minute on.
fn cells(from: Minute, counts: &[Counted]) -> Vec<CellHour> {
    let mut cells = Vec::new();
    for agent in 0..4_u8 {
        for hour in 0..=SAMPLED_MINUTES / 60 {
            let hour = from.plus(hour * 60).hour();
            let name = format!("agent-{agent}").parse().unwrap();
            let mut cell = CellHourBuilder::new(name, "chat".parse().unwrap(), hour);
            for (_, offset, class, count) in counts.iter().filter(|counted| counted.0 == agent) {
                let minute = from.plus(*offset);
                if minute.hour() == hour {
                    cell.add(minute, class.clone(), *count);
                }
            }
            cell.miss(hour.first_minute(), GapReason::Paused);
            cells.push(cell.build());
        }
    }
    cells
}

/// Judges the window that a minute lies in; what follows has to survive being written and read.
fn judged(contract: &Contract, minute: Minute, as_of: i64, counts: &[Counted]) -> Assessment {
    let window = contract.window_at(minute);
    // A longer window takes longer, and shows nothing that some hours do not.
    let end = window.end().min(window.start().plus(JUDGED_MINUTES_MAX));
    let window = Window::new(window.start(), end).unwrap();
    let terms = Terms::of(window, window.start().plus(as_of));
    let cells = cells(window.start(), counts);
    let assessment = assess(contract, &terms, Facts::counted(&cells));
    let json = serde_json::to_string(&assessment).unwrap();
    assert_eq!(
        serde_json::from_str::<Assessment>(&json).unwrap(),
        assessment
    );
    assert_eq!(assess(contract, &terms, Facts::counted(&cells)), assessment);
    assessment
}

/// A contract after damage of the sort that slips of the finger, editors and bad copies do.
fn damaged(bases: Vec<&'static str>) -> impl Strategy<Value = String> {
    let insert = prop_oneof![
        "[\\[\\]{}=\"'.,#\\n0-9a-z_ -]{0,8}",
        prop::sample::select(vec![
            "-1",
            "0",
            "100",
            "\"100\"",
            "\"0\"",
            "9e999",
            "nan",
            "0xffff_ffff_ffff",
            "[[[[",
            "{a.b={",
            "\u{0}",
            "\u{feff}",
            "\r",
            "[]",
            "{}",
            "1979-05-27",
            "'''",
            "`a`: b",
            "unknown",
            "\"unknown\"",
            "[[commitment]]",
            "99999999999999999999",
        ])
        .prop_map(str::to_owned),
    ];
    let edit = (any::<prop::sample::Index>(), 0..30_usize, insert);
    (
        prop::sample::select(bases),
        prop::collection::vec(edit, 1..4),
    )
        .prop_map(|(base, edits)| {
            let mut text: Vec<char> = base.chars().collect();
            for (place, cut, insert) in edits {
                let start = place.index(text.len());
                let end = (start + cut).min(text.len());
                text.splice(start..end, insert.chars());
            }
            text.into_iter().collect()
        })
}

/// A contract with one of its lines left out, said twice, or moved: much of it still parses.
fn reordered() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = COMPLETE.lines().collect();
    let place = 0..lines.len();
    (place.clone(), place, 0..3_u8).prop_map(move |(from, to, how)| {
        let mut lines = lines.clone();
        let line = lines[from];
        match how {
            0 => drop(lines.remove(from)),
            1 => lines.insert(to, line),
            _ => lines.swap(from, to),
        }
        lines.join("\n")
    })
}

/// A contract with one word or number replaced by another one of the same contract.
fn exchanged() -> impl Strategy<Value = String> {
    let values: Vec<(usize, &str)> = COMPLETE
        .match_indices(" = ")
        .map(|(at, _)| at + 3)
        .filter_map(|at| {
            let end = COMPLETE[at..].find(['\n', ',', ' ', '}'])?;
            Some((at, &COMPLETE[at..at + end]))
        })
        .collect();
    let value = 0..values.len();
    (value.clone(), value).prop_map(move |(to, from)| {
        let (at, replaced) = values[to];
        let (_, with) = values[from];
        format!(
            "{}{with}{}",
            &COMPLETE[..at],
            &COMPLETE[at + replaced.len()..]
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_in_words(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        let error = Contract::parse(&text).unwrap_err();
        prop_assert!((1..=text.split('\n').count()).contains(&error.line), "{}", error);
        prop_assert!(!error.problem.to_string().is_empty());
    }

    #[test]
    fn a_damaged_template_is_refused_inside_its_text_or_read(
        text in damaged(TEMPLATES.iter().map(|template| template.toml).collect()),
    ) {
        if let Err(error) = Contract::parse(&text) {
            let line = text.split('\n').nth(error.line - 1).unwrap_or_default();
            prop_assert!(error.column <= line.chars().count() + 1, "{}", error);
        }
    }

    #[test]
    fn a_damaged_contract_is_refused_inside_its_text_or_judged(
        text in prop_oneof![2 => damaged(vec![COMPLETE, DIRECT]), 1 => reordered(), 3 => exchanged()],
        counts in counts(),
        minute in prop_oneof![Just(29_891_520_i64), any::<i64>()],
        as_of in 0..JUDGED_MINUTES_MAX * 2,
    ) {
        match Contract::parse(&text) {
            Err(error) => {
                let line = text.split('\n').nth(error.line - 1).unwrap_or_default();
                prop_assert!(error.column <= line.chars().count() + 1, "{}", error);
            }
            Ok(contract) => {
                judged(&contract, Minute::new(minute), as_of, &counts);
            }
        }
    }

    #[test]
    fn whatever_is_sampled_is_judged_and_survives_being_written_and_read(
        counts in counts(), as_of in -5..JUDGED_MINUTES_MAX * 2,
    ) {
        // In another zone the window is a whole month.
        let complete = COMPLETE.replacen("also_test_timezones = [\"America/Los_Angeles\"]\n", "", 1);
        for text in [&complete, DIRECT] {
            let contract = Contract::parse(text).unwrap();
            let assessment = judged(&contract, Minute::new(29_891_520), as_of, &counts);
            prop_assert!(assessment.commitments.len() >= contract.commitments.len());
            for one in &assessment.commitments {
                prop_assert!(one.low <= one.high, "{}", one.id);
                let observed = one.observed.as_ref();
                prop_assert!(observed.is_none_or(|o| one.low <= *o && *o <= one.high), "{}", one.id);
            }
        }
    }
}
