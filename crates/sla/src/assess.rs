//! Judging: contract, terms and cells to an [`Assessment`]. The only place that decides a verdict.

use domain::CellHour;

use crate::assessment::{
    Assessment, AssessmentSchema, Budget, CommitmentAssessment, Credit, MinuteTotals, Reading,
    Span, State, Verdict,
};
use crate::contract::{Commitment, Contract, CreditSchedule, Remedy};
use crate::deadline::{Occasion, deadlines};
use crate::formula::{self, Bounds, Detail, Minutes};
use crate::fraction::Fraction;
use crate::money::Money;
use crate::tally::tallies;
use crate::terms::{Standing, Terms};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

/// Judges every commitment of a contract over one window.
///
/// Cells are pooled over all agents and targets given: the caller selects those of the contract's
/// targets. Their order, and how samples are split over them, cannot change the result. Cells
/// outside the window are ignored.
#[must_use]
pub fn assess(contract: &Contract, terms: &Terms, cells: &[CellHour]) -> Assessment {
    let standings = terms.standings(|kind| contract.effect_of(kind));
    let judge = Judge {
        contract,
        terms,
        standings: &standings,
    };
    let commitments = contract.commitments.iter();
    Assessment {
        schema: AssessmentSchema::V1,
        contract: contract.id().clone(),
        window: terms.window,
        as_of: terms.as_of,
        commitments: commitments.map(|c| judge.commitment(c, cells)).collect(),
    }
}

struct Judge<'a> {
    contract: &'a Contract,
    terms: &'a Terms,
    standings: &'a [Standing],
}

impl Judge<'_> {
    fn commitment(&self, commitment: &Commitment, cells: &[CellHour]) -> CommitmentAssessment {
        let window = self.terms.window;
        let family = commitment.metric.family();
        let tallies = tallies(window, cells, &self.contract.events, family);
        let literal = Minutes {
            window,
            tallies: &tallies.literal,
            standings: self.standings,
            missed: &tallies.missed,
        };
        let reading = self.reading(commitment, literal);
        let least_favourable = tallies.least_favourable.as_ref().map(|tallies| {
            let minutes = Minutes { tallies, ..literal };
            self.reading(commitment, minutes)
        });
        let detail = formula::detail(&commitment.metric, literal);
        let occasion = Occasion {
            window,
            downtime: &detail.downtime,
            due_since: self
                .owes(&reading)
                .then(|| detail.losses.breached_by(commitment))
                .flatten(),
        };
        CommitmentAssessment {
            id: commitment.id.clone(),
            family,
            target: commitment.target.clone(),
            reading_dependent: least_favourable
                .as_ref()
                .is_some_and(|other| concludes_otherwise(&reading, other)),
            least_favourable,
            budget: budget(commitment, &detail),
            minutes: totals(&detail.states),
            timeline: timeline(literal, &detail.states),
            deadlines: deadlines(self.contract, occasion),
            downtime: detail.downtime,
            observed: reading.observed,
            high: reading.high,
            low: reading.low,
            verdict: reading.verdict,
            credit: reading.credit,
        }
    }

    fn reading(&self, commitment: &Commitment, minutes: Minutes<'_>) -> Reading {
        let bounds = formula::bounds(&commitment.metric, minutes);
        let verdict = self.verdict(commitment, &bounds);
        let credit = commitment
            .credit
            .as_ref()
            .filter(|_| verdict == Verdict::Breached)
            .and_then(|schedule| {
                let uptime = commitment.rounding.mode.apply(&bounds.high);
                self.credit(schedule, &uptime)
            });
        Reading {
            observed: bounds.observed,
            high: bounds.high,
            low: bounds.low,
            verdict,
            credit,
        }
    }

    fn verdict(&self, commitment: &Commitment, bounds: &Bounds) -> Verdict {
        if !commitment.kept_by(&bounds.high) {
            Verdict::Breached
        } else if commitment.kept_by(&bounds.low) {
            Verdict::Met
        } else if !self.terms.is_complete() {
            Verdict::Open
        } else if bounds.observed.is_none() {
            Verdict::NoData
        } else {
            Verdict::Indeterminate
        }
    }

    /// The credit at an uptime below the target; `None` where it stays under the minimum.
    fn credit(&self, schedule: &CreditSchedule, uptime: &Fraction) -> Option<Credit> {
        let band = schedule.bands.iter().find(|band| band.contains(uptime))?;
        let percent = match &schedule.cap {
            Some(cap) => cap.min(&band.percent).clone(),
            None => band.percent.clone(),
        };
        let fees = self
            .terms
            .fees
            .filter(|fees| fees.currency() == self.contract.currency);
        let exact = fees.map(|fees| (fees, fees.exact_share(&percent)));
        if let (Some((_, exact)), Some(least)) = (&exact, schedule.min_amount)
            && *exact <= least.exact_share(&Fraction::one())
        {
            return None;
        }
        Some(Credit {
            percent,
            amount: exact.map(|(fees, exact): (Money, _)| fees.rounded(&exact)),
            band: band.clone(),
        })
    }

    /// Whether there is something to claim.
    fn owes(&self, reading: &Reading) -> bool {
        match self.contract.remedy {
            Remedy::Credit => reading.credit.is_some(),
            Remedy::Termination => reading.verdict == Verdict::Breached,
            Remedy::None => false,
        }
    }
}

fn concludes_otherwise(one: &Reading, other: &Reading) -> bool {
    one.verdict != other.verdict || one.credit != other.credit
}

fn budget(commitment: &Commitment, detail: &Detail) -> Budget {
    let units = num_rational::BigRational::from_integer(detail.losses.units.into());
    let allowed = units * (Fraction::one().ratio() - commitment.target.ratio());
    let remaining = &allowed - detail.used.ratio();
    Budget {
        unit: detail.unit,
        allowed: Fraction::from_ratio(allowed),
        used: detail.used.clone(),
        remaining: Fraction::from_ratio(remaining),
    }
}

fn totals(states: &[State]) -> MinuteTotals {
    let mut totals = MinuteTotals::default();
    for state in states {
        totals.window += 1;
        *match state {
            State::Up => &mut totals.up,
            State::Degraded => &mut totals.degraded,
            State::Down => &mut totals.down,
            State::Empty => &mut totals.empty,
            State::Excluded { .. } => &mut totals.excluded,
            State::Unmeasured { .. } => &mut totals.unmeasured,
            State::Future => &mut totals.future,
        } += 1;
    }
    totals
}

fn timeline(minutes: Minutes<'_>, states: &[State]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (minute, state) in minutes.window.iter().zip(states) {
        let end = minute.plus(1);
        match spans.last_mut() {
            Some(span) if span.state == *state => span.end = end,
            _ => spans.push(Span {
                start: minute,
                end,
                state: state.clone(),
            }),
        }
    }
    spans
}
