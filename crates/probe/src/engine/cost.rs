//! What an attempt cost, by its own usage and the table in force.

use domain::clock::{Clock as _, SystemClock};
use domain::detail;

use crate::attempt::Attempt;
use crate::price::{Asked, Cost, PriceTable, Usage, Why};
use crate::spec::{Request, Spec};

/// `None` where usage or price is not known: unknown is not nothing.
pub(super) fn of(attempt: &Attempt, spec: &Spec, table: &PriceTable) -> Option<detail::Cost> {
    let Request::Call(call) = &spec.request else {
        return None;
    };
    let parts = attempt.detail.usage.clone().unwrap_or_default();
    let usage = Usage {
        input_tokens: attempt.input_tokens,
        output_tokens: attempt.output_tokens,
        cache_read_tokens: parts.cache_read,
        cache_write_tokens: parts.cache_write,
        reasoning_tokens: parts.reasoning,
    };
    let asked = |model| Asked {
        provider: call.prices.as_deref().unwrap_or_default(),
        model,
        tier: attempt.served_tier.as_deref().or(call.tier.as_deref()),
        at: SystemClock.now().to_millis(),
    };
    let mut cost = table.cost(&asked(&call.model), &usage);
    if let (Cost::Unknown { why: Why::Model }, Some(served)) = (cost, &attempt.served_model) {
        cost = table.cost(&asked(served), &usage);
    }
    let (amount, at_most) = match cost {
        Cost::Exact(amount) => (amount, false),
        Cost::AtMost(amount) => (amount, true),
        Cost::Unknown { .. } => return None,
    };
    Some(detail::Cost {
        at_most,
        table: table.version.clone(),
        usd_nano: amount.get(),
    })
}
