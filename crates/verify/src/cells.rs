//! From the lines of one stream to the counts that contracts are judged by.
//!
//! The collector derives its cells from its own tables; this is the same from the evidence, so
//! that a test, and a stranger, can compare the two.

use std::collections::BTreeMap;

use domain::cell::{CellHourBuilder, Timeliness};
use domain::{AgentId, CellHour, Class, Gap, Hour, Line, TargetId, UnixMicros, UnixMillis, Window};
use sla::contract::{Attributed, Promise};
use sla::{Commitment, Contract};
use wire::limits::{LATE_AFTER_MS, SLOTS_MAX};

/// Whether a sample was anchored soon enough: `anchored_s` is the time of the first cosignature
/// over a checkpoint that covers its batch, seconds since the Unix epoch.
#[must_use]
pub fn timeliness(anchored_s: i64, started: UnixMicros) -> Timeliness {
    let delay_us = anchored_s
        .saturating_mul(1_000_000)
        .saturating_sub(started.get());
    if delay_us > LATE_AFTER_MS * 1_000 {
        Timeliness::Late
    } else {
        Timeliness::Prompt
    }
}

/// Collects the cells of one stream, line by line, in any order.
#[derive(Debug)]
pub struct CellsBuilder {
    agent: AgentId,
    target: TargetId,
    hours: (Hour, Hour),
    built: BTreeMap<Hour, CellHourBuilder>,
}

impl CellsBuilder {
    /// Nothing yet. Only hours that touch the window are kept, whole.
    #[must_use]
    pub fn new(agent: AgentId, target: TargetId, window: Window) -> Self {
        let hours = (window.start().hour(), window.end().plus(-1).hour());
        Self {
            agent,
            target,
            hours,
            built: BTreeMap::new(),
        }
    }

    /// Counts one line; `timeliness` is that of its batch and sample, and means nothing for gaps.
    pub fn add(&mut self, line: &Line, timeliness: Timeliness) {
        match line {
            Line::Sample(sample) => {
                let minute = sample.minute();
                if let Some(hour) = self.hour(minute.hour()) {
                    hour.add(minute, Class::of(sample, timeliness), 1);
                }
            }
            Line::Gap(gap) => {
                for slot in slots(gap) {
                    let minute = slot.minute();
                    if let Some(hour) = self.hour(minute.hour()) {
                        hour.miss(minute, gap.gap);
                    }
                }
            }
        }
    }

    /// The finished hours, in order; hours without lines are not among them.
    #[must_use]
    pub fn build(self) -> Vec<CellHour> {
        let hours = self.built.into_values();
        hours.map(CellHourBuilder::build).collect()
    }

    fn hour(&mut self, hour: Hour) -> Option<&mut CellHourBuilder> {
        let inside = self.hours.0 <= hour && hour <= self.hours.1;
        let (agent, target) = (&self.agent, &self.target);
        inside.then(|| {
            let new = || CellHourBuilder::new(agent.clone(), target.clone(), hour);
            self.built.entry(hour).or_insert_with(new)
        })
    }
}

/// The first commitment that cells are not enough for, because it needs the times of single
/// samples; [`sla::timed`] computes it from those.
#[must_use]
pub fn beyond_counts(contract: &Contract) -> Option<&Commitment> {
    let needs_times = |commitment: &&Commitment| {
        let promise = Promise {
            commitment,
            for_models: None,
        };
        contract.events.attribution == Attributed::RequestEnd || promise.needs_times()
    };
    contract.commitments.iter().find(needs_times)
}

/// The cells of one stream's lines, each with its timeliness.
pub fn cells_from_lines<'a>(
    agent: &AgentId,
    target: &TargetId,
    window: Window,
    lines: impl IntoIterator<Item = (&'a Line, Timeliness)>,
) -> Vec<CellHour> {
    let mut cells = CellsBuilder::new(agent.clone(), target.clone(), window);
    for (line, timeliness) in lines {
        cells.add(line, timeliness);
    }
    cells.build()
}

/// The slots of a gap, evenly spaced from its first to its last; at most [`SLOTS_MAX`]. That they
/// are the plan's is for coverage to check.
pub fn slots(gap: &Gap) -> impl Iterator<Item = UnixMillis> + use<> {
    let first = gap.first_ms.get();
    let steps = i64::try_from(gap.count.clamp(1, SLOTS_MAX) - 1).unwrap_or(0);
    let step = gap.last_ms.get().saturating_sub(first) / steps.max(1);
    (0..=steps).map(move |n| UnixMillis::new(first.saturating_add(step.saturating_mul(n))))
}

#[cfg(test)]
mod tests {
    use domain::{GapReason, Minute};

    use super::*;

    fn gap(first: i64, last: i64, count: u64) -> Gap {
        Gap {
            count,
            first_ms: UnixMillis::new(first),
            gap: GapReason::AgentDown,
            i: 0,
            last_ms: UnixMillis::new(last),
            plan: 1,
            v: 1,
        }
    }

    #[test]
    fn a_gap_stands_for_each_of_its_slots() {
        let at = |gap| slots(&gap).map(UnixMillis::get).collect::<Vec<_>>();
        assert_eq!(at(gap(30, 30, 1)), [30]);
        assert_eq!(at(gap(30, 90, 3)), [30, 60, 90]);
    }

    #[test]
    fn hours_outside_the_window_are_left_out() {
        let window = Window::new(Minute::new(70), Minute::new(80)).unwrap();
        let (agent, target) = ("a".parse().unwrap(), "t".parse().unwrap());
        let line = Line::Gap(gap(0, 3 * 3_600_000, 181));
        let cells = cells_from_lines(&agent, &target, window, [(&line, Timeliness::Prompt)]);
        assert_eq!(cells.len(), 1);
        let slots: u32 = cells[0].missed.iter().map(|missed| missed.count).sum();
        assert_eq!((cells[0].hour.get(), slots), (1, 60));
    }

    #[test]
    fn a_sample_is_late_when_its_anchor_came_more_than_a_quarter_of_an_hour_after() {
        let started = UnixMicros::new(1_000_000);
        assert_eq!(timeliness(901, started), Timeliness::Prompt);
        assert_eq!(timeliness(902, started), Timeliness::Late);
    }
}
