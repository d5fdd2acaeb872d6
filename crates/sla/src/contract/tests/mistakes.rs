//! What operators get wrong, and what they are told: each mistake is one edit of a contract that
//! is right, and is shown as the line that the error points at, and its words.

use super::{COMPLETE, Contract, ContractError};

mod claims;
mod commitments;
mod credits;
mod files;
mod heads;
mod keys;
mod metrics;
mod rules;
mod values;
mod windows;

/// Longest part of a line that is shown before and after the place of an error, in characters.
const SHOWN: usize = 70;

/// Each edit of the complete contract with the error that it leads to.
#[track_caller]
fn refused(edits: &[(&str, &str)]) -> String {
    let refused = |(from, to): &(&str, &str)| {
        let text = edited(from, to);
        let error = Contract::parse(&text);
        let error = error.expect_err(&format!("taken silently: {from} -> {to}"));
        pointed(&text, &error)
    };
    edits.iter().map(refused).collect::<Vec<_>>().join("\n")
}

/// The complete contract after an edit that leaves it right.
#[track_caller]
fn accepted(from: &str, to: &str) -> Contract {
    Contract::parse(&edited(from, to)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn edited(from: &str, to: &str) -> String {
    assert_eq!(COMPLETE.matches(from).count(), 1, "occurrences of {from}");
    COMPLETE.replacen(from, to, 1)
}

/// The line that an error points at, a mark below the place, and the error.
fn pointed(text: &str, error: &ContractError) -> String {
    let line = text
        .split('\n')
        .nth(error.line - 1)
        .expect("the line is there");
    let line: Vec<char> = line.chars().collect();
    let place = error.column - 1;
    assert!(place <= line.len(), "{error}");
    let (first, last) = (place.saturating_sub(SHOWN), line.len().min(place + SHOWN));
    let shown = &line[first..last];
    let problem = &error.problem;
    let shown: String = shown.iter().copied().map(visible).collect();
    format!("{shown}\n{}^ {problem}", " ".repeat(place - first))
}

/// What stands for a character in a snapshot: those that cannot be seen would shift the mark.
fn visible(c: char) -> char {
    if c.is_control() || c == '\u{feff}' {
        '\u{fffd}'
    } else {
        c
    }
}
