//! The minutes of a window as a table, for evidence bundles: what a stranger needs to follow an
//! assessment by hand.

use std::fmt::Write as _;

use super::view::Judge;
use super::{Facts, Readings};
use crate::contract::{Commitment, Contract};
use crate::formula;
use crate::standing::KnownExclusions;
use crate::subject::whole;
use crate::terms::Terms;

/// One CSV line per minute of the window, under a heading: minute (RFC 3339), its state as in
/// [`crate::State`], and the counts that the commitment's formula reads by the literal reading,
/// all models and regions together, late samples included. Counts of future and excluded minutes
/// are shown as they are. Lines end with `\n`.
#[must_use]
pub fn minutes_csv(
    contract: &Contract,
    terms: &Terms,
    facts: Facts<'_>,
    commitment: &Commitment,
) -> String {
    let subject = whole(contract, terms, facts.cells, commitment);
    let exclusions = KnownExclusions::new(contract, terms);
    let mut judge = Judge::new(contract, terms, facts, &exclusions, &subject);
    let readings = Readings::of(contract, terms, &subject);
    let (_, view) = &readings.views[0];
    let seen = judge.see(view);
    let minutes = seen.minutes(view, facts);
    let states = formula::detail(&view.metric, minutes).states;
    let tallies = &minutes.tallies[minutes.inside()];
    let mut csv = String::from("minute,state,valid,errors,unknown,not_valid\n");
    for ((minute, state), tally) in seen.window.iter().zip(&states).zip(tallies) {
        writeln!(
            csv,
            "{},{},{},{},{},{}",
            minute.start(),
            state.as_str(),
            tally.valid(),
            tally.errors,
            tally.unknown,
            tally.not_valid,
        )
        .expect("writing to a String cannot fail");
    }
    csv
}
