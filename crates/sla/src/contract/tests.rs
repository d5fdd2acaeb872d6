//! Contracts as operators write them: those that are right, and every way to get one wrong.

mod documents;
mod events;
mod hostile;
mod mistakes;
mod warnings;

use super::*;

/// A contract in which every table occurs.
const COMPLETE: &str = include_str!("tests/complete.toml");
const DIRECT: &str = include_str!("../../contracts/demo-direct.toml");

#[test]
fn a_contract_with_every_table_is_read() {
    let contract = Contract::parse(COMPLETE).unwrap_or_else(|error| panic!("{error}"));
    let families = contract.commitments.iter().map(|c| c.metric.family());
    assert_eq!(
        families.collect::<Vec<_>>(),
        [
            Family::DowntimeMinutes,
            Family::IntervalMean,
            Family::RequestRatio,
            Family::OutageProportional,
            Family::LatencyAttainment,
            Family::TargetOnly,
        ]
    );
}
