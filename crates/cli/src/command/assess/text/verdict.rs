//! The verdict in words, which never say more than was found.

use sla::contract::{Commitment, RoundingMode};
use sla::{CommitmentAssessment, Contract, Fraction, Verdict};

use crate::command::contract::phrase;
use crate::page::{TIE, Tone, counted, exact_percent, fraction, local, uptime};

/// The verdict in one word, and how it is coloured.
pub(super) const fn word(result: &CommitmentAssessment) -> (Tone, &'static str) {
    match result.verdict {
        Verdict::Met => (Tone::Good, "MET"),
        Verdict::Breached => (Tone::Bad, "BREACHED"),
        Verdict::Indeterminate => (Tone::Unsure, "UNDETERMINED"),
        Verdict::NoData => (Tone::Unsure, "NO DATA"),
        Verdict::Open => (Tone::Unsure, "OPEN"),
    }
}

/// What was found, and what it hangs on.
pub(super) fn sentences(contract: &Contract, result: &CommitmentAssessment) -> Vec<String> {
    let commitment = commitment(contract, result);
    let said = Said::of(commitment, result);
    let mut all = vec![match result.verdict {
        Verdict::Met => said.met(),
        Verdict::Breached => said.breached(),
        Verdict::Indeterminate => said.undetermined(),
        Verdict::NoData => said.no_data(),
        Verdict::Open => said.open(contract),
    }];
    if let Some(commitment) = commitment
        && commitment.rounding.literal() != RoundingMode::None
    {
        all.push(phrase::rounding(&commitment.rounding));
    }
    if result.reading_dependent {
        all.push(
            "This hangs on how the contract is read: another reading comes to another verdict or \
             credit, see below."
                .to_owned(),
        );
    }
    all
}

/// The commitment that a result is about.
pub(super) fn commitment<'a>(
    contract: &'a Contract,
    result: &CommitmentAssessment,
) -> Option<&'a Commitment> {
    let mut commitments = contract.commitments.iter();
    commitments.find(|one| one.id.as_str() == result.commitment)
}

struct Said<'a> {
    noun: &'static str,
    result: &'a CommitmentAssessment,
    target: String,
}

impl<'a> Said<'a> {
    fn of(commitment: Option<&Commitment>, result: &'a CommitmentAssessment) -> Self {
        Self {
            noun: commitment.map_or("uptime", |one| phrase::noun(&one.metric)),
            target: exact_percent(&result.target),
            result,
        }
    }

    /// `10789/10800 (99.898 %)`.
    fn exactly(&self, value: &Fraction) -> String {
        let shown = uptime(value, &self.result.target);
        match fraction(value) {
            Some(exact) => format!("{exact}{TIE}({shown})"),
            None => format!("about {shown}"),
        }
    }

    fn is_certain(&self) -> bool {
        self.result.low == self.result.high
    }

    fn short(&self) -> &'static str {
        if self.result.high < self.result.target {
            "below"
        } else {
            "not more than"
        }
    }

    fn observed(&self) -> String {
        match &self.result.observed {
            Some(observed) => format!(
                " Over measured time alone it was {}.",
                uptime(observed, &self.result.target)
            ),
            None => " Nothing was measured.".to_owned(),
        }
    }

    fn met(&self) -> String {
        let (noun, target, low) = (self.noun, &self.target, self.exactly(&self.result.low));
        if self.is_certain() {
            return format!(
                "By this contract's formula on these requests, {noun} was {low}, which keeps the \
                 {target} promised."
            );
        }
        format!(
            "Met, even if everything unmeasured or unknown had failed: by this contract's formula \
             on these requests, {noun} was at least {low}, and {target} is promised.{}",
            self.observed()
        )
    }

    fn breached(&self) -> String {
        let (noun, target, high) = (self.noun, &self.target, self.exactly(&self.result.high));
        if self.is_certain() {
            return format!(
                "By this contract's formula on these requests, {noun} was {high}, {} the {target} \
                 promised.",
                self.short()
            );
        }
        format!(
            "By this contract's formula on these requests, {noun} was at most {high}, even if \
             everything unmeasured or unknown had succeeded: {} the {target} promised.{}",
            self.short(),
            self.observed()
        )
    }

    fn no_data(&self) -> String {
        format!(
            "Nothing was measured that this contract counts: there is no {}, neither good nor bad.",
            self.noun
        )
    }

    fn undetermined(&self) -> String {
        let Self {
            noun,
            target,
            result,
        } = self;
        let why = match result.minutes.unmeasured {
            0 => "requests of which nobody can tell what they are decide".to_owned(),
            minutes => format!("{} unmeasured", counted(minutes, "minute")),
        };
        format!(
            "Undetermined: {why}. By this contract's formula on these requests, {noun} lies \
             between {} and {}, and {target} is promised.{}",
            uptime(&result.low, &result.target),
            uptime(&result.high, &result.target),
            self.observed()
        )
    }

    fn open(&self, contract: &Contract) -> String {
        let Self {
            noun,
            target,
            result,
        } = self;
        let zone = super::zone(contract);
        let end = result.timeline.last().map(|span| local(zone, span.end));
        format!(
            "Open until {} {zone}: what is left of the window decides. At its end, {noun} will lie \
             between {} and {}, and {target} is promised.{}",
            end.unwrap_or_default(),
            uptime(&result.low, &result.target),
            uptime(&result.high, &result.target),
            self.observed()
        )
    }
}
