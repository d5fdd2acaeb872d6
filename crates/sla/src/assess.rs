//! Judging: contract, terms and facts to an [`Assessment`]. The only place that decides a verdict.

mod explain;
mod table;
mod view;

use domain::{CellHour, Window};

use crate::assessment::{
    Assessment, AssessmentSchema, CommitmentAssessment, Reading, Spread, Verdict,
};
use crate::contract::{Contract, Exclusion, Remedy};
use crate::credit::{CreditTotal, Due, combine};
use crate::deadline::{Occasion, deadlines};
use crate::formula;
use crate::fraction::Fraction;
use crate::reading::{Readings, View};
use crate::standing::{Global, KnownExclusions};
use crate::subject::{Subject, claimability, subjects};
use crate::terms::Terms;
use crate::timed::Timed;
pub use table::minutes_csv;
use view::{Figures, Judge, Seen};

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Exact counts, by agent, target and minute.
    pub cells: &'a [CellHour],
    /// What counts cannot tell, for the formulas that need more; without it those know of no
    /// sample at all. See [`crate::timed`].
    pub timed: Option<&'a Timed>,
}

impl<'a> Facts<'a> {
    /// Counts only: enough for every formula that [`crate::contract::Metric::needs_times`] is
    /// false for.
    #[must_use]
    pub const fn counted(cells: &'a [CellHour]) -> Self {
        Self { cells, timed: None }
    }
}

/// Judges every commitment of a contract over one window.
///
/// The caller selects the facts of the contract's targets, and of one part of its partition.
/// Their order, and how samples are split over them, cannot change the result. What lies outside
/// the window is ignored, but for runs of bad minutes that reach over its edges, where the
/// contract lets them.
#[must_use]
pub fn assess(contract: &Contract, terms: &Terms, facts: Facts<'_>) -> Assessment {
    let subjects = subjects(contract, terms, facts.cells);
    let exclusions = KnownExclusions::new(contract, terms);
    let judged: Vec<Judged<'_>> = subjects
        .iter()
        .map(|subject| judge(Judge::new(contract, terms, facts, &exclusions, subject)))
        .collect();
    let global = Global::of(contract, |clause| {
        let mut all = subjects.iter();
        all.all(|subject| covers_all(terms, subject, clause))
    });
    let considered = exclusions.of(terms.window, global).considered.clone();
    Assessment {
        schema: AssessmentSchema::V1,
        contract: contract.id().clone(),
        contract_sha256: contract.sha256.clone(),
        window: terms.window,
        as_of: terms.as_of,
        exclusions: considered,
        credit: total(&judged),
        commitments: judged.into_iter().map(|one| one.assessment).collect(),
    }
}

/// One result, and what its credit was computed from.
struct Judged<'a> {
    judge: Judge<'a>,
    view: View,
    window: Window,
    assessment: CommitmentAssessment,
}

/// What all breaches are worth together.
fn total(judged: &[Judged<'_>]) -> Option<CreditTotal> {
    let figures: Vec<Figures> = judged
        .iter()
        .map(|one| Figures::of(&one.assessment.high, &one.view, one.window))
        .collect();
    let downtime: Vec<Vec<Window>> = judged
        .iter()
        .map(|one| {
            let spans = one.assessment.downtime.iter();
            spans
                .filter_map(|down| Window::new(down.start, down.end).ok())
                .collect()
        })
        .collect();
    let dues: Vec<Due<'_>> = judged
        .iter()
        .zip(figures.iter().zip(&downtime))
        .filter_map(|(one, (figures, downtime))| {
            Some(Due {
                schedule: one.judge.subject.promise.credit()?,
                inputs: one.judge.inputs(figures, &one.view),
                credit: one.assessment.credit.as_ref()?,
                downtime,
            })
        })
        .collect();
    combine(&dues)
}

/// Whether every target of a subject is known to lie in the regions of an exclusion.
fn covers_all(terms: &Terms, subject: &Subject<'_>, clause: &Exclusion) -> bool {
    let inside = |region: &String| {
        clause
            .regions
            .as_ref()
            .is_none_or(|all| all.contain(region))
    };
    subject.targets.iter().all(|target| {
        let scope = terms.scope_of(target);
        let region = scope.and_then(|scope| scope.get(&crate::contract::Dimension::Region));
        region.is_some_and(inside)
    })
}

fn judge(mut judge: Judge<'_>) -> Judged<'_> {
    let readings = Readings::of(judge.contract, judge.terms, judge.subject);
    let mut judged = each(&mut judge, &readings);
    let literal = judged.remove(0);
    let least = least_favourable(&literal, &judged);
    let spread = spread(&literal, &judged, readings.cut);
    let mut views = readings.views.into_iter().map(|(_, view)| view);
    let view = views.next().expect("there is always the literal reading");
    let seen = judge.see(&view);
    let mut assessment = explained(&judge, &seen, &view, literal);
    assessment.reading_dependent = spread.as_ref().is_some_and(|s| !s.conclusions.is_empty());
    assessment.least_favourable = least;
    assessment.spread = spread;
    Judged {
        judge,
        view,
        window: seen.window,
        assessment,
    }
}

/// What follows from every reading that differs from others at all, the literal one first.
fn each(judge: &mut Judge<'_>, readings: &Readings) -> Vec<Reading> {
    let mut judged = Vec::with_capacity(readings.views.len());
    for (choices, view) in &readings.views {
        if !judge.is_idle(view) {
            judged.push(judge.reading(choices.clone(), view));
        }
    }
    judged
}

/// The literal reading with everything that explains it.
fn explained(
    judge: &Judge<'_>,
    seen: &Seen,
    view: &View,
    literal: Reading,
) -> CommitmentAssessment {
    let (contract, terms, subject) = (judge.contract, judge.terms, judge.subject);
    let minutes = seen.minutes(view, judge.facts);
    let mut detail = formula::detail(&view.metric, minutes);
    explain::resolution(&mut detail.downtime, minutes);
    let no_credit = (literal.verdict == Verdict::Breached)
        .then(|| judge.credit(&literal.high, view, seen.window)?.err())
        .flatten();
    let kept = |uptime: &Fraction| subject.promise.kept_by(uptime, view.rounding);
    let occasion = Occasion {
        window: seen.window,
        downtime: &detail.downtime,
        due_since: owes(contract, &literal)
            .then(|| detail.losses.breached_by(kept))
            .flatten(),
    };
    CommitmentAssessment {
        id: subject.id(),
        commitment: subject.promise.commitment.id.as_str().to_owned(),
        claim: claimability(contract, terms, &subject.targets),
        family: subject.promise.commitment.metric.family(),
        target: subject.promise.target().clone(),
        reading_dependent: false,
        least_favourable: None,
        spread: None,
        budget: explain::budget(subject.promise.target(), &detail),
        minutes: explain::totals(&detail.states),
        timeline: explain::timeline(seen.window, &detail.states),
        support: explain::support(&view.metric, minutes),
        rules: explain::rules(contract, seen),
        deadlines: deadlines(&contract.window, contract.claim.as_ref(), occasion),
        downtime: detail.downtime,
        observed: literal.observed,
        high: literal.high,
        low: literal.low,
        verdict: literal.verdict,
        credit: literal.credit,
        no_credit,
    }
}

/// The other reading that gives the claimant least, where any gives something else.
fn least_favourable(literal: &Reading, others: &[Reading]) -> Option<Reading> {
    let worst = others.iter().min_by(|one, other| {
        let order = gain(one).cmp(&gain(other));
        order.then_with(|| one.choices.len().cmp(&other.choices.len()))
    })?;
    let differs = others.iter().any(|other| {
        (&other.high, &other.low, &other.observed)
            != (&literal.high, &literal.low, &literal.observed)
            || concludes_otherwise(literal, other)
    });
    if !differs {
        return None;
    }
    let worst = if gain(literal) < gain(worst) {
        literal
    } else {
        worst
    };
    Some(worst.clone())
}

/// What a claimant has of a reading, from nothing upwards: what is credited, then how certain the
/// breach is, then how much was lost.
fn gain(reading: &Reading) -> (Fraction, u8, std::cmp::Reverse<Fraction>) {
    let share = reading.credit.as_ref().map_or_else(Fraction::zero, |c| {
        c.share.clone().unwrap_or_else(Fraction::one)
    });
    let certainty = match reading.verdict {
        Verdict::Met => 0,
        Verdict::NoData => 1,
        Verdict::Open => 2,
        Verdict::Indeterminate => 3,
        Verdict::Breached => 4,
    };
    (share, certainty, std::cmp::Reverse(reading.high.clone()))
}

fn spread(literal: &Reading, others: &[Reading], cut: bool) -> Option<Spread> {
    if others.is_empty() && !cut {
        return None;
    }
    let all = || others.iter().chain(std::iter::once(literal));
    let readings = u32::try_from(all().count()).unwrap_or(u32::MAX);
    let lowest = all().map(|r| &r.low).min()?.clone();
    let highest = all().map(|r| &r.high).max()?.clone();
    let mut conclusions: Vec<Reading> = Vec::new();
    // Readings come with fewest departures from the letter first.
    for other in others {
        let known = conclusions
            .iter()
            .any(|one| !concludes_otherwise(one, other));
        if concludes_otherwise(literal, other) && !known {
            conclusions.push(other.clone());
        }
    }
    Some(Spread {
        readings,
        cut,
        lowest,
        highest,
        conclusions,
    })
}

fn concludes_otherwise(one: &Reading, other: &Reading) -> bool {
    let worth = |reading: &Reading| reading.credit.as_ref().map(|c| (c.share.clone(), c.amount));
    one.verdict != other.verdict || worth(one) != worth(other)
}

/// Whether there is something to claim.
fn owes(contract: &Contract, reading: &Reading) -> bool {
    match contract.remedy {
        Remedy::Credit => reading.credit.is_some(),
        Remedy::Termination => reading.verdict == Verdict::Breached,
        Remedy::None => false,
    }
}
