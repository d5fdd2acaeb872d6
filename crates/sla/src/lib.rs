//! What a contract means: SLA contracts as data, and exact verdicts about them.
//!
//! Start at [`Contract::parse`] and [`assess`]. Everything is pure and exact: same inputs, same
//! bytes, no clock, no IO, no floats. Collector and verifier call the same function, so a verdict
//! can be recomputed by anybody who holds the contract, the terms and the cells.
//!
//! Deliberately absent: hashing of contract texts, selection of the cells that belong to a
//! contract, statistics. Only the families `downtime_minutes` and `interval_mean` are known, and
//! windows are cut in UTC only; everything else is refused by the parser with a reason.

#![deny(clippy::float_arithmetic)]

pub mod assessment;
pub mod contract;
pub mod deadline;
pub mod fraction;
pub mod money;
pub mod terms;

mod assess;
mod formula;
mod table;
mod tally;

pub use assess::assess;
pub use assessment::{
    Assessment, AssessmentSchema, Budget, BudgetUnit, CommitmentAssessment, Credit, Downtime,
    MinuteTotals, Reading, Span, State, UnmeasuredReason, Verdict,
};
pub use contract::{Basis, Commitment, Contract, ContractError, Effect, EventClass, Family};
pub use deadline::{Deadline, Due};
pub use fraction::Fraction;
pub use money::{Currency, Money};
pub use table::minutes_csv;
pub use terms::{ExcludedSpan, Terms};
