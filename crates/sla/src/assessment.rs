//! The result of judging one window: per commitment the exact fraction with its bounds, the
//! verdict, what it is worth and until when, and every minute's part in it.
//!
//! Equal inputs give equal assessments, byte for byte in JSON. Minutes are integers since the
//! Unix epoch, fractions pairs of strings.

use domain::{ContractId, GapReason, Minute, Window};
use serde::{Deserialize, Serialize};

use crate::contract::{Effect, EventClass, Family, TextSha256};
use crate::credit::{Credit, CreditTotal, NoCredit};
use crate::deadline::Deadline;
use crate::fraction::Fraction;
use crate::reading::Choice;
use crate::standing::ConsideredSpan;
use crate::subject::Claimability;

/// One contract judged over one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Version of this format.
    pub schema: AssessmentSchema,
    /// The contract.
    pub contract: ContractId,
    /// SHA-256 of the contract's text.
    pub contract_sha256: TextSha256,
    /// The window.
    pub window: Window,
    /// First minute that had not happened yet.
    pub as_of: Minute,
    /// Every span that the contract or an announcement names, and what became of it.
    pub exclusions: Vec<ConsideredSpan>,
    /// One entry per commitment, in the contract's order; more than one where models or regions
    /// are judged apart.
    pub commitments: Vec<CommitmentAssessment>,
    /// What all breaches are worth together; absent where nothing is due.
    pub credit: Option<CreditTotal>,
}

/// Version of the assessment format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssessmentSchema {
    /// This one.
    #[serde(rename = "assessment/1")]
    V1,
}

/// One commitment judged over one window, by the literal reading: every clause as it is written,
/// and late samples count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentAssessment {
    /// Its name, unique in the assessment: that of the commitment, then `.` and the list of
    /// models, then `@` and the agents' region, where the result is about those only.
    pub id: String,
    /// The commitment's name in the contract.
    pub commitment: String,
    /// Whether the result can stand behind a claim.
    pub claim: Claimability,
    /// Its formula.
    pub family: Family,
    /// Uptime promised, as a ratio.
    pub target: Fraction,
    /// Uptime over measured time only, unrounded; absent where nothing was measured.
    pub observed: Option<Fraction>,
    /// Uptime if all that is unmeasured or future is up and every unknown sample a success.
    pub high: Fraction,
    /// Uptime if all that is unmeasured or future is down and every unknown sample an error.
    pub low: Fraction,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether verdict or credit hang on how the contract is read.
    pub reading_dependent: bool,
    /// The reading that gives the claimant least; absent where all readings come to the same.
    pub least_favourable: Option<Reading>,
    /// How readings differ; absent where there is one only.
    pub spread: Option<Spread>,
    /// What the breach is worth at [`Self::high`]: so much is proven. Only where the verdict is
    /// `breached`.
    pub credit: Option<Credit>,
    /// Why a breach is worth nothing, where the contract has credits.
    pub no_credit: Option<NoCredit>,
    /// How much loss the target allows.
    pub budget: Budget,
    /// How many minutes of the window are what.
    pub minutes: MinuteTotals,
    /// What counted against uptime, in order: for `downtime_minutes` every run that reached the
    /// minimum; for `interval_mean` every interval below 100 %.
    pub downtime: Vec<Downtime>,
    /// The whole window without gaps, neighbours of the same state merged.
    pub timeline: Vec<Span>,
    /// Whether the number of samples supports what a threshold says, minute by minute; absent
    /// for formulas without a threshold.
    pub support: Option<MinuteSupport>,
    /// How many samples each event rule decided, in the contract's order.
    pub rules: Vec<RuleCount>,
    /// What has to be sent until when.
    pub deadlines: Vec<Deadline>,
}

/// The conclusion about a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Kept, even if everything unmeasured was down.
    Met,
    /// Missed, even if everything unmeasured was up.
    Breached,
    /// What was not measured decides.
    Indeterminate,
    /// Nothing was measured.
    NoData,
    /// The window still runs and what is left of it decides.
    Open,
}

/// What follows when the contract is read in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The clauses that are read otherwise than literally, and how.
    pub choices: Vec<Choice>,
    /// As [`CommitmentAssessment::observed`].
    pub observed: Option<Fraction>,
    /// As [`CommitmentAssessment::high`].
    pub high: Fraction,
    /// As [`CommitmentAssessment::low`].
    pub low: Fraction,
    /// As [`CommitmentAssessment::verdict`].
    pub verdict: Verdict,
    /// As [`CommitmentAssessment::credit`].
    pub credit: Option<Credit>,
}

/// How readings differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Readings computed, the literal one among them.
    pub readings: u32,
    /// Whether readings were left out: because combinations would be too many, so that each open
    /// clause was varied by itself, or because nothing was measured beyond the window's edges
    /// that they look at.
    pub cut: bool,
    /// The least of all readings' `low`.
    pub lowest: Fraction,
    /// The greatest of all readings' `high`.
    pub highest: Fraction,
    /// For every other conclusion, verdict or credit, the reading with fewest departures from
    /// the letter that comes to it.
    pub conclusions: Vec<Reading>,
}

/// Samples that one event rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleCount {
    /// Position of the rule in `[[events.rule]]`, from 0; absent for those that none matched.
    pub rule: Option<u32>,
    /// What it makes of them.
    pub class: EventClass,
    /// How many.
    pub samples: u64,
}

/// Whether the number of samples supports what a threshold says: of minutes with valid samples,
/// how many are for certain above it, at most it, and neither, one-sided at 95 % by Clopper and
/// Pearson. Independent of the contract's own literal rule, which needs no certainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinuteSupport {
    /// Minutes whose rate of errors is above the threshold.
    pub above: u64,
    /// Minutes whose rate is at most the threshold.
    pub at_most: u64,
    /// Minutes with too few samples to tell.
    pub undetermined: u64,
    /// Valid samples without an error that a minute needs to be told at most the threshold.
    pub samples_needed: u64,
}

/// How much loss the target allows, before any rounding that the contract does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What is counted.
    pub unit: BudgetUnit,
    /// Loss at which uptime is exactly the target.
    pub allowed: Fraction,
    /// Loss observed.
    pub used: Fraction,
    /// The difference; negative where overdrawn.
    pub remaining: Fraction,
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetUnit {
    /// Minutes of downtime.
    Minutes,
    /// Intervals, each by its share of errors.
    Intervals,
    /// Valid requests.
    Requests,
    /// Latency windows.
    LatencyWindows,
}

/// How many minutes of the window are what; they add up to `window`. For `interval_mean` a
/// minute is what its interval is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinuteTotals {
    /// All.
    pub window: u64,
    /// Valid requests, no error.
    pub up: u64,
    /// Counted as down; for `interval_mean`, in intervals where all requests failed.
    pub down: u64,
    /// Some errors, but not down.
    pub degraded: u64,
    /// Measured, without a valid request.
    pub empty: u64,
    /// Excluded by the contract.
    pub excluded: u64,
    /// Not measured.
    pub unmeasured: u64,
    /// Not happened yet; for `interval_mean` with the elapsed part of the interval in progress.
    pub future: u64,
}

/// A stretch of time that counted against uptime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Downtime {
    /// First minute.
    pub start: Minute,
    /// First minute after.
    pub end: Minute,
    /// Valid requests in it.
    pub valid: u64,
    /// Errors among them.
    pub errors: u64,
    /// How finely its beginning is known, in seconds: to the last minute before that had a
    /// success. Absent where none had.
    pub start_known_to_s: Option<u64>,
    /// How finely its end is known, in seconds: to the first minute after that had a success.
    /// Absent where none had.
    pub end_known_to_s: Option<u64>,
}

/// A stretch of time in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First minute.
    pub start: Minute,
    /// First minute after.
    pub end: Minute,
    /// What it is: in JSON the key `state` and what belongs to it.
    #[serde(flatten)]
    pub state: State,
}

/// What a minute is. No two of these are ever merged into one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Valid requests, no error.
    Up,
    /// Some errors, but not down.
    Degraded,
    /// Counted as down.
    Down,
    /// Measured, without a valid request.
    Empty,
    /// Excluded by the contract.
    Excluded {
        /// What that means for the fraction.
        effect: Effect,
    },
    /// Not measured.
    Unmeasured {
        /// Why, each reason once, in a fixed order.
        reasons: Vec<UnmeasuredReason>,
    },
    /// Not happened yet.
    Future,
}

/// Why a minute counts as not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmeasuredReason {
    /// There are samples, but the contract cannot tell what they are.
    Unknown,
    /// There are samples, but all of them came too late.
    Late,
    /// [`GapReason::AgentDown`].
    AgentDown,
    /// [`GapReason::Overloaded`].
    Overloaded,
    /// [`GapReason::Budget`].
    Budget,
    /// [`GapReason::Paused`].
    Paused,
    /// [`GapReason::NoKey`].
    NoKey,
    /// [`GapReason::SpoolFull`].
    SpoolFull,
    /// There is neither a sample nor a slot that was not run.
    NoData,
}

impl Assessment {
    /// The commitments that are breached.
    pub fn breached(&self) -> impl Iterator<Item = &CommitmentAssessment> {
        let breached = |c: &&CommitmentAssessment| c.verdict == Verdict::Breached;
        self.commitments.iter().filter(breached)
    }
}

impl Verdict {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Breached => "breached",
            Self::Indeterminate => "indeterminate",
            Self::NoData => "no_data",
            Self::Open => "open",
        }
    }
}

impl State {
    /// The word used in JSON for the state itself.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Empty => "empty",
            Self::Excluded { .. } => "excluded",
            Self::Unmeasured { .. } => "unmeasured",
            Self::Future => "future",
        }
    }
}

impl From<GapReason> for UnmeasuredReason {
    fn from(reason: GapReason) -> Self {
        match reason {
            GapReason::AgentDown => Self::AgentDown,
            GapReason::Overloaded => Self::Overloaded,
            GapReason::Budget => Self::Budget,
            GapReason::Paused => Self::Paused,
            GapReason::NoKey => Self::NoKey,
            GapReason::SpoolFull => Self::SpoolFull,
        }
    }
}
