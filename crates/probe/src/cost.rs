//! What an attempt cost, by its own usage and a price table.

use domain::UnixMillis;

use crate::attempt::Attempt;
use crate::price::{Asked, Cost, PriceTable, Why};
use crate::spec::Call;

/// The cost of an attempt that made `call` at `at`. The model asked for decides, and where the
/// table does not have it, the one that served; the tier that served decides, else the one asked.
#[must_use]
pub fn cost(attempt: &Attempt, call: &Call, table: &PriceTable, at: UnixMillis) -> Cost {
    let Some(provider) = call.prices.as_deref() else {
        return Cost::Unknown { why: Why::Model };
    };
    let usage = attempt.usage();
    let asked = |model| Asked {
        provider,
        model,
        tier: attempt.served_tier.as_deref().or(call.tier.as_deref()),
        at,
    };
    match (
        table.cost(&asked(&call.model), &usage),
        &attempt.served_model,
    ) {
        (Cost::Unknown { why: Why::Model }, Some(served)) => table.cost(&asked(served), &usage),
        (cost, _) => cost,
    }
}
