//! The way through the lines, one stream after the other.

use std::collections::BTreeMap;

use domain::cell::Timeliness;
use domain::{AgentId, Gap, Kind, Line, Minute, Outcome, Sample, Source, TargetId};
use sla::Assessment;
use wire::limits::SLOTS_MAX;
use wire::line::parse_core;
use wire::reserved::ReservedLine;
use wire::stream::Reserved;

use super::logged::Logged;
use super::outage::Told;
use super::revealed::Revealed;
use super::{AgentTally, Members, OutageTally, Seen, Tally};
use crate::cells::timeliness;
use crate::layout::claim::Inputs;
use crate::layout::nonces::Nonces;
use crate::layout::paths::StreamPath;
use crate::layout::{self};
use crate::page::outage::{self, OUTAGES_MAX};

/// The counts as far as they have come, and what lines are held against.
pub(super) struct Walk {
    start: Minute,
    end: Minute,
    /// By commitment: the outages that are told, in order and apart from each other.
    outages: Vec<Vec<(Minute, Minute)>>,
    logged: Logged,
    tally: Tally,
}

impl Walk {
    pub(super) fn new(inputs: &Inputs, assessment: &Assessment, logged: Logged) -> Self {
        let told = |judged| {
            let outages = outage::outages(judged).into_iter().take(OUTAGES_MAX);
            outages.map(|outage| (outage.start, outage.end)).collect()
        };
        let outages: Vec<Vec<(Minute, Minute)>> =
            outage::shown(assessment).into_iter().map(told).collect();
        let tally = Tally {
            agents: inputs
                .agents
                .iter()
                .map(|_| AgentTally::default())
                .collect(),
            outages: outages.iter().map(|of| none(of)).collect(),
            ..Tally::default()
        };
        Self {
            start: inputs.window.start(),
            end: inputs.end(),
            outages,
            logged,
            tally,
        }
    }

    pub(super) fn finish(self) -> Tally {
        self.tally
    }

    /// Counts the lines of one target on one agent.
    pub(super) fn stream(
        &mut self,
        members: &mut Members<'_>,
        (at, agent): (usize, &AgentId),
        target: &TargetId,
        nonces: Option<&Nonces>,
    ) {
        let revealed = nonces.map(|nonces| Revealed { nonces, agent });
        let Some(cores) = members.read(&layout::cores(agent, target)) else {
            return;
        };
        let details = members.read(&layout::details(agent, target));
        let details = details.unwrap_or_default();
        let mut details = lines(&details);
        let paths = members.read(&layout::paths(agent, target));
        let times = self.times(at, &paths.unwrap_or_default());
        let mut times = times
            .into_iter()
            .flat_map(|(n, time)| (0..n).map(move |_| time));
        for core in lines(&cores) {
            let anchored_s = times.next().flatten();
            match parse_core(core) {
                Err(_) => self.tally.unread += 1,
                Ok(Line::Gap(gap)) => self.gap(at, &gap),
                Ok(Line::Sample(sample)) => {
                    let has_detail = sample.outcome != Outcome::Ok && sample.detail.is_some();
                    let detail = has_detail.then(|| details.next()).flatten();
                    let told = Told { detail, revealed };
                    self.sample((at, target), &sample, told, anchored_s);
                }
            }
        }
    }

    /// How many lines each batch carried, and when others had seen it.
    fn times(&self, at: usize, paths: &[u8]) -> Vec<(u64, Option<i64>)> {
        let text = |line| std::str::from_utf8(line).ok();
        let paths = lines(paths).filter_map(|line| text(line)?.parse::<StreamPath>().ok());
        paths
            .map(|path| (path.count, self.logged.anchored_s(at, path.seq)))
            .collect()
    }

    fn sample(
        &mut self,
        (at, target): (usize, &TargetId),
        sample: &Sample,
        told: Told<'_>,
        anchored_s: Option<i64>,
    ) {
        let minute = sample.minute();
        let Some(agent) = self.tally.agents.get_mut(at) else {
            return;
        };
        if minute < self.start || minute >= self.end {
            return;
        }
        agent.samples += 1;
        agent.ok += u64::from(sample.outcome == Outcome::Ok);
        let own = sample.kind == Kind::Planned && sample.attempt == 1;
        agent.run += u64::from(own && sample.source == Source::Probe);
        let late = anchored_s.map(|anchored_s| timeliness(anchored_s, sample.wall_us));
        agent.late += u64::from(late == Some(Timeliness::Late));
        let own = sample.deadline_ms;
        let (least, most) = self.tally.deadlines_ms.unwrap_or((own, own));
        self.tally.deadlines_ms = Some((least.min(own), most.max(own)));
        self.tally.kinds.add(Seen {
            outcome: sample.outcome,
            status: sample.status,
        });
        for outage in self.within(minute) {
            outage.sample((at, target), sample, told);
        }
    }

    /// The outages that a minute lies in, at most one of each commitment.
    fn within(&mut self, minute: Minute) -> impl Iterator<Item = &mut OutageTally> {
        let all = self.outages.iter().zip(&mut self.tally.outages);
        all.filter_map(move |(spans, tallies)| {
            let next = spans.partition_point(|(_, end)| *end <= minute);
            let (start, _) = spans.get(next)?;
            (*start <= minute).then(|| tallies.get_mut(next)).flatten()
        })
    }

    fn gap(&mut self, at: usize, gap: &Gap) {
        let count = slots_between(gap, self.start, self.end);
        if let Some(agent) = self.tally.agents.get_mut(at) {
            let missed = agent.missed.entry(gap.gap).or_default();
            *missed = missed.saturating_add(count);
        }
    }

    /// Counts what an agent says about itself.
    pub(super) fn own(&mut self, members: &mut Members<'_>, (at, agent): (usize, &AgentId)) {
        let mut read = |stream| members.read(&layout::own_lines(agent, stream));
        let (time, ctrl) = (read(Reserved::Time), read(Reserved::Ctrl));
        let mut minutes: BTreeMap<Minute, bool> = BTreeMap::new();
        let (start, end) = (self.start, self.end);
        let Some(told) = self.tally.agents.get_mut(at) else {
            return;
        };
        for line in lines(&time.unwrap_or_default()) {
            if let Ok(ReservedLine::Time(line)) = ReservedLine::parse(Reserved::Time, line) {
                told.timed += 1;
                told.doubtful += u64::from(line.is_doubtful());
            }
        }
        for line in lines(&ctrl.unwrap_or_default()) {
            if let Ok(ReservedLine::Ctrl(line)) = ReservedLine::parse(Reserved::Ctrl, line)
                && line.of > 0
                && (start..end).contains(&line.minute)
            {
                minutes.insert(line.minute, !line.all_failed());
            }
        }
        for is_connected in minutes.values() {
            told.controlled += 1;
            told.cut_off += u64::from(!is_connected);
        }
        for (minute, is_connected) in minutes {
            for outage in self.within(minute) {
                outage.controls(is_connected);
            }
        }
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

fn none(outages: &[(Minute, Minute)]) -> Vec<OutageTally> {
    outages.iter().map(|_| OutageTally::default()).collect()
}

/// How many slots of a gap fall into minutes from `start` up to `end`; as [`crate::cells::slots`]
/// has them.
fn slots_between(gap: &Gap, start: Minute, end: Minute) -> u64 {
    let first = gap.first_ms.get();
    let steps = i64::try_from(gap.count.clamp(1, SLOTS_MAX) - 1).unwrap_or(0);
    let step = gap.last_ms.get().saturating_sub(first) / steps.max(1);
    let (from, to) = (start.start().get(), end.start().get());
    if step <= 0 || steps == 0 {
        let inside = (from..to).contains(&first);
        return if inside { steps.unsigned_abs() + 1 } else { 0 };
    }
    // Slots before an instant, of those from the first to the last.
    let before = |instant: i64| {
        let ahead = instant.saturating_sub(first);
        let whole = ahead.div_euclid(step);
        let begun = whole.saturating_add(i64::from(ahead.rem_euclid(step) > 0));
        begun.clamp(0, steps + 1)
    };
    before(to).abs_diff(before(from))
}

#[cfg(test)]
mod tests {
    use domain::{GapReason, UnixMillis};
    use proptest::prelude::*;

    use super::*;
    use crate::cells::slots;

    proptest! {
        #[test]
        fn slots_of_a_gap_are_counted_as_they_are_told(
            first in -200_000_i64..200_000, span in 0_i64..900_000, count in 1_u64..40,
            start in -3_i64..3, length in 1_i64..9,
        ) {
            let gap = Gap {
                count,
                first_ms: UnixMillis::new(first),
                gap: GapReason::AgentDown,
                i: 0,
                last_ms: UnixMillis::new(first + span),
                plan: 1,
                v: 1,
            };
            let (start, end) = (Minute::new(start), Minute::new(start + length));
            let inside = |slot: &UnixMillis| (start..end).contains(&slot.minute());
            let told = slots(&gap).filter(inside).count() as u64;
            prop_assert_eq!(slots_between(&gap, start, end), told);
        }
    }
}
