//! The stretches of time that a page tells one by one.

use domain::Minute;
use sla::{Assessment, CommitmentAssessment, State, Verdict};

/// Most commitments that get a section of their own.
pub(super) const COMMITMENTS_MAX: usize = 20;

/// Most stretches told one by one, of each commitment.
pub(super) const OUTAGES_MAX: usize = 100;

/// A stretch of time that counted against the commitment, or, where none did, one with errors. Neighbours without time between them are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) start: Minute,
    pub(super) end: Minute,
    /// What the assessment says about it; absent where it names no downtime.
    pub(super) counted: Option<Counted>,
}

/// What the formula counted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) valid: u64,
    pub(super) errors: u64,
    pub(super) start_known_to_s: Option<u64>,
    pub(super) end_known_to_s: Option<u64>,
}

/// The commitments with a section of their own, those breached first.
pub(super) fn shown(assessment: &Assessment) -> Vec<&CommitmentAssessment> {
    let mut all: Vec<&CommitmentAssessment> = assessment.commitments.iter().collect();
    all.sort_by_key(|judged| judged.verdict != Verdict::Breached);
    all.truncate(COMMITMENTS_MAX);
    all
}

/// All of them, in order of time.
pub(super) fn outages(judged: &CommitmentAssessment) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    if judged.downtime.is_empty() {
        let failing = |state: &State| matches!(state, State::Degraded | State::Down);
        for span in judged.timeline.iter().filter(|s| failing(&s.state)) {
            push(&mut found, (span.start, span.end), None);
        }
    }
    for down in &judged.downtime {
        let counted = Counted {
            valid: down.valid,
            errors: down.errors,
            start_known_to_s: down.start_known_to_s,
            end_known_to_s: down.end_known_to_s,
        };
        push(&mut found, (down.start, down.end), Some(counted));
    }
    found
}

fn push(found: &mut Vec<Outage>, (start, end): (Minute, Minute), counted: Option<Counted>) {
    if let Some(last) = found.last_mut()
        && last.end == start
    {
        last.end = end;
        if let Some((all, more)) = last.counted.as_mut().zip(counted) {
            all.valid = all.valid.saturating_add(more.valid);
            all.errors = all.errors.saturating_add(more.errors);
            all.end_known_to_s = more.end_known_to_s;
        }
        return;
    }
    found.push(Outage {
        start,
        end,
        counted,
    });
}
