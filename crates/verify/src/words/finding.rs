//! What a result says beside its verdict: whether it can be claimed on, whether the samples are
//! enough, what was excluded.

use sla::{
    Claimability, Credit, Downtime, MinuteSupport, Reservation, SpanOutcome, UnmeasuredReason,
    Verdict,
};

use super::listed;
use super::number::{count, counted, exact_percent, seconds};
use super::terms::{dimension, effect};

/// A verdict within a sentence.
#[must_use]
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Breached => "breached",
        Verdict::Indeterminate => "indeterminate",
        Verdict::NoData => "no data",
        Verdict::Open => "open",
    }
}

/// What a verdict means.
#[must_use]
pub const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Kept, even if everything unmeasured was down.",
        Verdict::Breached => "Missed, even if everything unmeasured was up.",
        Verdict::Indeterminate => "What was not measured decides.",
        Verdict::NoData => "Nothing was measured.",
        Verdict::Open => "The window still runs, and what is left of it decides.",
    }
}

/// `10 % of the fees`, or the amount where there is no share.
#[must_use]
pub fn worth(credit: &Credit) -> String {
    match (&credit.share, credit.amount) {
        (Some(share), None) => format!("{} of the fees", exact_percent(share)),
        (Some(share), Some(amount)) => {
            format!("{} of the fees, which is {amount}", exact_percent(share))
        }
        (None, Some(amount)) => amount.to_string(),
        (None, None) => "an amount that is not known here".to_owned(),
    }
}

/// Why a result is indicative only; empty where it is claimable.
#[must_use]
pub fn reservations(claim: &Claimability) -> Vec<String> {
    match claim {
        Claimability::Claimable => Vec::new(),
        Claimability::Indicative { reasons } => reasons.iter().map(reservation).collect(),
    }
}

fn reservation(reason: &Reservation) -> String {
    match reason {
        Reservation::NoRemedy => "The contract gives nothing for a miss.".to_owned(),
        Reservation::NotKnown {
            dimension: of,
            target,
        } => format!(
            "It is not known here which {} the target {target} belongs to, and the contract \
             judges each by itself.",
            dimension(*of)
        ),
        Reservation::SeveralParts {
            dimension: of,
            values,
        } => format!(
            "The targets belong to more than one {} ({}), and the contract judges each by itself.",
            dimension(*of),
            listed(values)
        ),
        Reservation::NoTarget => "No target is one that the commitment is about.".to_owned(),
    }
}

/// Whether the samples are enough for what the threshold says, minute by minute.
#[must_use]
pub fn support(support: &MinuteSupport) -> String {
    format!(
        "Of the minutes with valid requests, the error rate was above the contract's threshold in \
         {}, at most the threshold in {}, and too few requests tell in {} (one-sided, 95\u{a0}%). \
         A minute without an error needs {} to tell. The contract's own rule asks for no such \
         certainty.",
        count(support.above),
        count(support.at_most),
        count(support.undetermined),
        counted(support.samples_needed, "request"),
    )
}

/// How finely the edges of a stretch of downtime are known.
#[must_use]
pub fn edges(down: &Downtime) -> String {
    match (down.start_known_to_s, down.end_known_to_s) {
        (Some(start), Some(end)) if start == end => {
            format!("Its start and end are each known to {}.", seconds(start))
        }
        (Some(start), Some(end)) => format!(
            "Its start is known to {}, its end to {}.",
            seconds(start),
            seconds(end)
        ),
        (Some(start), None) => format!(
            "Its start is known to {}; no success was measured after it.",
            seconds(start)
        ),
        (None, Some(end)) => format!(
            "No success was measured before it; its end is known to {}.",
            seconds(end)
        ),
        (None, None) => "No success was measured before or after it.".to_owned(),
    }
}

/// What became of a span that was looked at for exclusion.
#[must_use]
pub fn outcome(outcome: SpanOutcome) -> String {
    match outcome {
        SpanOutcome::Applied { effect: of } => effect(of).to_owned(),
        SpanOutcome::AppliedInRegions { effect: of } => {
            format!("in the regions it names: {}", effect(of))
        }
        SpanOutcome::UnknownKind => {
            "judged like all other time: the contract does not know this kind".to_owned()
        }
        SpanOutcome::NoticeTooShort { hours } => format!(
            "judged like all other time: not known to have been announced {} before",
            counted(hours.into(), "hour")
        ),
        SpanOutcome::LimitReached { minutes } => format!(
            "judged like all other time: more than what is left of the {} that a window may have",
            counted(minutes.into(), "minute")
        ),
    }
}

/// Why time was not measured.
#[must_use]
pub const fn unmeasured(reason: UnmeasuredReason) -> &'static str {
    match reason {
        UnmeasuredReason::Unknown => "the contract cannot tell what the samples are",
        UnmeasuredReason::Late => "all samples came too late",
        UnmeasuredReason::AgentDown => "the agent was not running",
        UnmeasuredReason::Overloaded => "the agent was overloaded",
        UnmeasuredReason::Budget => "the probing budget was used up",
        UnmeasuredReason::Paused => "an operator paused the target",
        UnmeasuredReason::NoKey => "the agent lacked the provider key",
        UnmeasuredReason::SpoolFull => "the agent's spool was full",
        UnmeasuredReason::NoData => "no sample, and no record of a slot that was not run",
    }
}
