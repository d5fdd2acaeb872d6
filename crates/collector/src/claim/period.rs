//! The stretches of downtime that a claim or a notice is about.

use domain::{Minute, UnixMicros};
use sla::contract::Pooling;
use sla::{Assessment, Claimability, CommitmentAssessment, Contract, State};

use super::Notice;

/// Most minutes without a sample, or excluded, that lie within one incident.
const BRIDGED_MAX: i64 = 30;

/// Consecutive minutes `[start, end)` of downtime.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Period {
    pub(crate) start: Minute,
    pub(crate) end: Minute,
    /// The agents' region that it is about; empty for all together.
    pub(crate) region: String,
}

impl Period {
    /// The incident of a notice.
    pub(crate) fn of(notice: &Notice) -> Self {
        let minute = |at| UnixMicros::from(at).to_millis().minute();
        Self {
            start: minute(notice.start_at),
            end: minute(notice.end_at),
            region: String::new(),
        }
    }

    /// How long it is, in minutes.
    pub(crate) fn minutes(&self) -> i64 {
        self.end.get() - self.start.get()
    }

    /// Whether it is about what an agent of a region saw in a minute.
    pub(crate) fn covers(&self, minute: Minute, region: &str) -> bool {
        (self.start..self.end).contains(&minute)
            && (self.region.is_empty() || self.region == region)
    }
}

/// Downtime of some results: in each region every minute once, in order of time.
pub(crate) fn periods(contract: &Contract, parts: &[&CommitmentAssessment]) -> Vec<Period> {
    let mut all = Vec::new();
    for part in parts {
        let region = region(contract, part);
        all.extend(part.downtime.iter().map(|one| Period {
            start: one.start,
            end: one.end,
            region: region.to_owned(),
        }));
    }
    merged(all)
}

/// The region that a result is about; empty for all together.
fn region<'a>(contract: &Contract, part: &'a CommitmentAssessment) -> &'a str {
    match contract.evidence.pooling {
        Pooling::Pooled => "",
        Pooling::PerRegion => part.id.split_once('@').map_or("", |(_, region)| region),
    }
}

fn merged(mut all: Vec<Period>) -> Vec<Period> {
    all.sort_by(|a, b| (&a.region, a.start, a.end).cmp(&(&b.region, b.start, b.end)));
    let mut merged: Vec<Period> = Vec::new();
    for period in all {
        match merged.last_mut() {
            Some(last) if last.region == period.region && period.start <= last.end => {
                last.end = last.end.max(period.end);
            }
            _ => merged.push(period),
        }
    }
    merged.sort();
    merged
}

/// Incidents of a contract by some assessments: downtime of what can be claimed on, wherever it was
/// seen, each minute once. Windows that follow each other give one incident where it lies over
/// their edge, and a few minutes that nobody measured do not make two of one.
pub(crate) fn incidents(assessments: &[Assessment]) -> Vec<Period> {
    let parts = assessments.iter().flat_map(|one| &one.commitments);
    let parts = parts.filter(|part| part.claim == Claimability::Claimable);
    merged(parts.flat_map(bridged).collect())
}

/// Downtime of a result, runs joined between which nothing was measured for a while.
fn bridged(part: &CommitmentAssessment) -> Vec<Period> {
    let mut all: Vec<Period> = Vec::new();
    for one in &part.downtime {
        match all.last_mut() {
            Some(last) if is_unmeasured(part, (last.end, one.start)) => last.end = one.end,
            _ => all.push(Period {
                start: one.start,
                end: one.end,
                region: String::new(),
            }),
        }
    }
    all
}

/// Whether nothing is known of the minutes in between, and there are few of them.
fn is_unmeasured(part: &CommitmentAssessment, (from, to): (Minute, Minute)) -> bool {
    let within = part
        .timeline
        .iter()
        .filter(|span| span.start < to && span.end > from);
    let is_blank =
        |state: &State| matches!(state, State::Unmeasured { .. } | State::Excluded { .. });
    to.get() - from.get() <= BRIDGED_MAX && within.map(|span| &span.state).all(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(start: i64, end: i64, region: &str) -> Period {
        Period {
            start: Minute::new(start),
            end: Minute::new(end),
            region: region.to_owned(),
        }
    }

    #[test]
    fn downtime_that_overlaps_or_touches_is_one_period_in_its_region() {
        let all = vec![
            period(5, 9, ""),
            period(0, 3, ""),
            period(9, 12, ""),
            period(2, 4, ""),
            period(2, 4, "eu"),
        ];
        let expected = [period(0, 4, ""), period(2, 4, "eu"), period(5, 12, "")];
        assert_eq!(merged(all), expected);
    }

    #[test]
    fn a_period_of_a_region_covers_what_that_region_saw() {
        let eu = period(2, 4, "eu");
        assert!(eu.covers(Minute::new(3), "eu"));
        assert!(!eu.covers(Minute::new(3), "us") && !eu.covers(Minute::new(4), "eu"));
        assert!(period(2, 4, "").covers(Minute::new(2), "us"));
    }
}
