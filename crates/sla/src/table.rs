//! The minutes of a window as a table, for evidence bundles: what a stranger needs to follow an
//! assessment by hand.

use std::fmt::Write as _;

use domain::CellHour;

use crate::contract::{Commitment, Contract};
use crate::formula::{self, Minutes};
use crate::tally::tallies;
use crate::terms::Terms;

/// One CSV line per minute of the window, under a heading: minute (RFC 3339), its state as in
/// [`crate::State`], and the counts that the commitment's formula reads, late samples included.
/// Counts of future and excluded minutes are shown as they are. Lines end with `\n`.
#[must_use]
pub fn minutes_csv(
    contract: &Contract,
    terms: &Terms,
    cells: &[CellHour],
    commitment: &Commitment,
) -> String {
    let standings = terms.standings(|kind| contract.effect_of(kind));
    let family = commitment.metric.family();
    let tallies = tallies(terms.window, cells, &contract.events, family);
    let minutes = Minutes {
        window: terms.window,
        tallies: &tallies.literal,
        standings: &standings,
        missed: &tallies.missed,
    };
    let states = formula::detail(&commitment.metric, minutes).states;
    let mut csv = String::from("minute,state,valid,errors,unknown,not_valid\n");
    for ((minute, state), tally) in terms.window.iter().zip(&states).zip(&tallies.literal) {
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
