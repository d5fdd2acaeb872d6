//! What an attempt cost, or why nobody knows.

use domain::UnixMillis;
use probe::price::{Cost, NanoUsd, PriceTable};
use probe::{Attempt, Request, Spec, Wire};
use serde::Serialize;

/// The cost of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Money {
    /// By a price table.
    Known {
        /// Whether it may have been less.
        at_most: bool,
        /// Version of the table.
        table: String,
        /// 10^-9 US dollars, rounded up.
        usd_nano: u64,
    },
    /// Nobody knows.
    Unknown {
        /// Why, in words.
        unknown: String,
    },
}

impl Money {
    pub(super) fn of(attempt: &Attempt, spec: &Spec, table: &PriceTable, at: UnixMillis) -> Self {
        let unknown = |why: &str| Self::Unknown {
            unknown: why.to_owned(),
        };
        let call = match &spec.request {
            Request::Call(call) if call.wire != Wire::Models => call,
            _ => return unknown("no model was asked"),
        };
        if attempt.status.is_none() {
            return unknown("there was no answer to say what was used");
        }
        if call.prices.is_none() {
            return unknown("whose prices hold there is not known");
        }
        let known = |amount: NanoUsd, at_most| Self::Known {
            at_most,
            table: table.version.clone(),
            usd_nano: amount.get(),
        };
        match probe::cost::cost(attempt, call, table, at) {
            Cost::Exact(amount) => known(amount, false),
            Cost::AtMost(amount) => known(amount, true),
            Cost::Unknown { why } => unknown(&why.to_string()),
        }
    }
}
