//! Exact counts per minute: all that the availability families need of the samples.
//!
//! A cell hour is always computed whole from its samples, never added to, so that late and
//! replayed data correct themselves. Counts of different classes are never merged here: which
//! classes are errors is the contract's question.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{AgentId, TargetId};
use crate::outcome::{Attribution, GapReason, Kind, Outcome, Source};
use crate::sample::Sample;
use crate::time::{Hour, Minute};
use crate::view::SampleView;

/// Everything a contract's event rule may tell samples apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// What was observed.
    pub outcome: Outcome,
    /// HTTP status, where one arrived.
    pub status: Option<u16>,
    /// Whose fault it is.
    pub attribution: Attribution,
    /// Why the attempt was made.
    pub kind: Kind,
    /// Probe or traffic.
    pub source: Source,
    /// Whether a streamed answer was asked for.
    pub stream: bool,
    /// Model that the answer names.
    pub served_model: Option<String>,
    /// Service tier that the answer names.
    pub served_tier: Option<String>,
    /// Features of the request.
    pub features: Vec<String>,
    /// Whether the sample reached the log too late to be beyond doubt.
    pub late: bool,
}

impl Class {
    /// The class of a sample, given whether it was anchored late.
    #[must_use]
    pub fn of(sample: &Sample, timeliness: Timeliness) -> Self {
        Self::of_view(&sample.into(), timeliness)
    }

    /// The class of a sample that is borrowed from where it was read.
    #[must_use]
    pub fn of_view(sample: &SampleView<'_>, timeliness: Timeliness) -> Self {
        Self {
            outcome: sample.outcome,
            status: sample.status,
            attribution: sample.attribution,
            kind: sample.kind,
            source: sample.source,
            stream: sample.stream,
            served_model: sample.served_model.map(str::to_owned),
            served_tier: sample.served_tier.map(str::to_owned),
            features: sample.features.to_vec(),
            late: timeliness == Timeliness::Late,
        }
    }

    /// Whether [`Self::of_view`] would give this class; copies nothing.
    #[must_use]
    pub fn describes(&self, sample: &SampleView<'_>, timeliness: Timeliness) -> bool {
        self.outcome == sample.outcome
            && self.status == sample.status
            && self.attribution == sample.attribution
            && self.kind == sample.kind
            && self.source == sample.source
            && self.stream == sample.stream
            && self.late == (timeliness == Timeliness::Late)
            && self.served_model.as_deref() == sample.served_model
            && self.served_tier.as_deref() == sample.served_tier
            && self.features == sample.features
    }
}

/// Whether a sample was anchored in the log soon enough after its claimed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeliness {
    /// Anchored within the limit.
    Prompt,
    /// Anchored after it, without an outside proof of time.
    Late,
}

/// Samples of one class in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Minute of the hour, `0..60`.
    pub minute: u8,
    /// Index into [`CellHour::classes`].
    pub class: u32,
    /// Samples, at least 1.
    pub count: u32,
}

/// Slots of one minute that were not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Minute of the hour, `0..60`.
    pub minute: u8,
    /// Why.
    pub reason: GapReason,
    /// Slots, at least 1.
    pub count: u32,
}

/// The cells of one target on one agent for one hour, in canonical order: classes sorted and
/// unique, counts sorted by minute, then class. Equal samples give equal cell hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellHour {
    /// Where the samples were taken.
    pub agent: AgentId,
    /// What was probed.
    pub target: TargetId,
    /// Which hour.
    pub hour: Hour,
    /// Dictionary of the classes that occur.
    pub classes: Vec<Class>,
    /// Samples per minute and class.
    pub counts: Vec<Count>,
    /// Planned slots that were not run, per minute and reason.
    pub missed: Vec<Missed>,
}

/// Collects the samples of one hour, in any order.
#[derive(Debug)]
pub struct CellHourBuilder {
    agent: AgentId,
    target: TargetId,
    hour: Hour,
    counts: BTreeMap<Class, BTreeMap<u8, u32>>,
    missed: BTreeMap<(u8, GapReason), u32>,
}

impl CellHourBuilder {
    /// An hour without samples.
    #[must_use]
    pub fn new(agent: AgentId, target: TargetId, hour: Hour) -> Self {
        Self {
            agent,
            target,
            hour,
            counts: BTreeMap::new(),
            missed: BTreeMap::new(),
        }
    }

    /// Counts samples of one class and minute. Minutes of other hours are ignored: callers may
    /// pass ranges that reach over the hour's edges.
    pub fn add(&mut self, minute: Minute, class: Class, samples: u32) {
        if let Some(minute) = self.minute_of_hour(minute) {
            let count = self
                .counts
                .entry(class)
                .or_default()
                .entry(minute)
                .or_default();
            *count = count.saturating_add(samples);
        }
    }

    /// Counts one planned slot that was not run.
    pub fn miss(&mut self, minute: Minute, reason: GapReason) {
        if let Some(minute) = self.minute_of_hour(minute) {
            *self.missed.entry((minute, reason)).or_default() += 1;
        }
    }

    /// The finished hour.
    #[must_use]
    pub fn build(self) -> CellHour {
        let Self {
            agent,
            target,
            hour,
            counts: by_class,
            missed,
        } = self;
        let mut classes = Vec::with_capacity(by_class.len());
        let mut counts = Vec::new();
        for (index, (class, minutes)) in by_class.into_iter().enumerate() {
            classes.push(class);
            let class = u32::try_from(index)
                .expect("classes are no more than samples, which are counted in u32");
            counts.extend(minutes.into_iter().map(|(minute, count)| Count {
                minute,
                class,
                count,
            }));
        }
        counts.sort_unstable_by_key(|c| (c.minute, c.class));
        let missed = missed
            .into_iter()
            .map(|((minute, reason), count)| Missed {
                minute,
                reason,
                count,
            })
            .collect();
        CellHour {
            agent,
            target,
            hour,
            classes,
            counts,
            missed,
        }
    }

    fn minute_of_hour(&self, minute: Minute) -> Option<u8> {
        let offset = minute.get().checked_sub(self.hour.first_minute().get())?;
        u8::try_from(offset).ok().filter(|m| *m < 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(outcome: Outcome) -> Class {
        Class {
            outcome,
            status: Some(200),
            attribution: Attribution::None,
            kind: Kind::Planned,
            source: Source::Probe,
            stream: true,
            served_model: None,
            served_tier: None,
            features: Vec::new(),
            late: false,
        }
    }

    fn build(order: &[(i64, Outcome)]) -> CellHour {
        let hour = Hour::new(10);
        let mut builder = CellHourBuilder::new("a".parse().unwrap(), "t".parse().unwrap(), hour);
        for (minute, outcome) in order {
            builder.add(hour.first_minute().plus(*minute), class(*outcome), 1);
        }
        builder.build()
    }

    #[test]
    fn the_order_of_arrival_does_not_change_the_hour() {
        let a = build(&[
            (0, Outcome::Ok),
            (1, Outcome::Tls),
            (1, Outcome::Ok),
            (1, Outcome::Ok),
        ]);
        let b = build(&[
            (1, Outcome::Ok),
            (1, Outcome::Ok),
            (0, Outcome::Ok),
            (1, Outcome::Tls),
        ]);
        assert_eq!(a, b);
        assert_eq!(a.counts.len(), 3);
    }

    #[test]
    fn minutes_of_other_hours_are_not_counted() {
        let hour = build(&[(-1, Outcome::Ok), (60, Outcome::Ok), (59, Outcome::Ok)]);
        assert_eq!(hour.counts.len(), 1);
        assert_eq!(hour.counts[0].minute, 59);
    }
}
