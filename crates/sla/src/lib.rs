//! What a contract means: SLA contracts as data, and exact verdicts about them.
//!
//! Start at [`Contract::parse`] and [`assess`]. Everything is pure and exact: same inputs, same
//! bytes, no clock, no IO, no floats. Collector and verifier call the same function, so a verdict
//! can be recomputed by anybody who holds the contract, the terms and the cells.
//!
//! Deliberately absent: IO and clocks, reading of samples, and selection of the samples that
//! belong to a contract. Statistics appear only as a statement beside the contract's own literal
//! rule, in [`support`].

#![deny(clippy::float_arithmetic)]

pub mod assessment;
pub mod condition;
pub mod contract;
pub mod credit;
pub mod deadline;
pub mod fraction;
pub mod library;
pub mod money;
pub mod reading;
pub mod revision;
pub mod support;
pub mod terms;
pub mod timed;

mod assess;
mod formula;
mod standing;
mod subject;
mod tally;

pub use assess::{Facts, assess, minutes_csv};
pub use assessment::{
    Assessment, AssessmentSchema, Budget, BudgetUnit, CommitmentAssessment, Downtime,
    MinuteSupport, MinuteTotals, Reading, RuleCount, Span, Spread, State, UnmeasuredReason,
    Verdict,
};
pub use condition::{Condition, CutOff, Fleet, Sights, Vantage};
pub use contract::{Basis, Commitment, Contract, ContractError, Effect, EventClass, Family};
pub use credit::{Credit, CreditTotal, NoCredit};
pub use deadline::{Deadline, Due};
pub use fraction::Fraction;
pub use money::{Currency, Money};
pub use reading::Choice;
pub use revision::{Change, What, changes};
pub use standing::{ConsideredSpan, SpanOutcome};
pub use subject::{Claimability, Reservation};

pub use terms::{ExcludedSpan, Place, TargetScope, Terms};
pub use timed::{Timed, TimedFold};
