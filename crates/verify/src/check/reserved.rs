//! What the agents say about themselves, as far as a bundle discloses it: lines hung into their
//! batches as samples are, and reduced to what the checks tell of them.
//!
//! Agents of older versions have no such streams, which fails nothing. One that has any discloses
//! all three.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use domain::{AgentId, GapReason, TargetId};
use evidence::bundle::Bundle;
use evidence::hash::Hash;
use evidence::tree;
use wire::reserved::{LEFT_OUT_MAX, LeftOut, ReservedLine, SysLine};
use wire::stream::Reserved;

use super::segment::LoggedBatch;
use super::streams::Lines;
use super::time::is_ahead;
use super::{Parts, member};
use crate::layout::paths::StreamPath;
use crate::layout::{self};
use crate::verdict::{Checked, Halt, Remarks, needed};

/// One agent's own streams.
pub(super) struct ReservedFacts {
    pub(super) agent: AgentId,
    pub(super) told: Checked<Told>,
}

/// What they say.
#[derive(Default)]
pub(super) struct Told {
    /// Whether there are any.
    pub(super) disclosed: bool,
    /// Numbers of the batches that say how right the clock was.
    pub(super) timed: BTreeSet<u64>,
    /// Those of them whose clock is in doubt.
    pub(super) doubtful: u64,
    /// Minutes in which no control answered.
    pub(super) cut_off: u64,
    /// Repeats that it says it left out, by target and slot.
    left_out: BTreeMap<(TargetId, i64), Vec<LeftOut>>,
    /// By run: until when, on its monotonic clock, it told of all that it left out.
    pub(super) loads: BTreeMap<u64, u64>,
    /// The first line that claims a time after its anchor.
    pub(super) ahead: Option<Halt>,
}

/// Reads what every agent of the inputs says about itself.
pub(super) fn read<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
) -> Vec<ReservedFacts> {
    let Ok(inputs) = &parts.inputs else {
        return Vec::new();
    };
    let agents = inputs.agents.iter();
    agents
        .map(|agent| ReservedFacts {
            agent: agent.clone(),
            told: read_agent(bundle, parts, agent),
        })
        .collect()
}

fn read_agent<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    agent: &AgentId,
) -> Checked<Told> {
    let mut told = Told::default();
    let held = |stream: &Reserved| bundle.contains(&layout::own_lines(agent, *stream));
    let (held, missing): (Vec<Reserved>, Vec<Reserved>) = Reserved::ALL.into_iter().partition(held);
    match (held.first(), missing.first()) {
        (None, _) => return Ok(told),
        (Some(held), Some(missing)) => {
            let reason = format!("is missing, though `{held}` of the same agent is disclosed");
            return Err(Halt::fail(layout::own_lines(agent, *missing), reason));
        }
        (Some(_), None) => told.disclosed = true,
    }
    for stream in held {
        let walk = Walk {
            parts,
            agent,
            stream,
        };
        walk.read(bundle, &mut told)?;
    }
    Ok(told)
}

/// A stream and what it is read against.
struct Walk<'a> {
    parts: &'a Parts<'a>,
    agent: &'a AgentId,
    stream: Reserved,
}

impl Walk<'_> {
    fn read<R: Read + Seek>(&self, bundle: &mut Bundle<R>, told: &mut Told) -> Checked {
        let lines_path = layout::own_lines(self.agent, self.stream);
        let paths_path = layout::own_paths(self.agent, self.stream);
        let lines = member::bytes(bundle, &lines_path)?;
        let paths = member::text(bundle, &paths_path)?;
        let mut lines = Lines::new(&lines, lines_path);
        for path in member::stream_paths(&paths, &paths_path) {
            let (place, path) = path?;
            self.batch(&path, &place, &mut lines, told)?;
        }
        lines.end()
    }

    /// Reads the lines that one batch carried.
    fn batch(
        &self,
        path: &StreamPath,
        place: &str,
        lines: &mut Lines<'_>,
        told: &mut Told,
    ) -> Checked {
        let segment = needed(&self.parts.segment, "the log segment")?;
        let batch = segment
            .batch(self.agent, path.seq)
            .ok_or_else(|| Halt::fail(place, format!("batch {} is not in the log", path.seq)))?;
        let mut leaves: Vec<Hash> = Vec::new();
        for index in path.first_i..path.end_i() {
            let bytes = lines.next()?;
            let line = ReservedLine::parse(self.stream, bytes).map_err(|e| lines.error(&e))?;
            if line.index() != index {
                let reason = format!("index {} stands where {index} belongs", line.index());
                return Err(lines.fail(reason));
            }
            leaves.push(tree::leaf_hash(bytes));
            if self.is_ahead(&line, batch) && told.ahead.is_none() {
                let reason = "claims a time after the one its batch was anchored at";
                told.ahead = Some(lines.fail(reason));
            }
            told.add(&line, batch);
        }
        let root = tree::root(&leaves);
        path.verify(self.stream.as_str(), root, batch.streams)
            .map_err(|_| lines.unsigned(place, path))
    }

    fn is_ahead(&self, line: &ReservedLine, batch: &LoggedBatch) -> bool {
        let anchors = self.parts.anchors.as_ref().ok();
        let anchored_s = anchors.and_then(|anchors| anchors.anchored_s(batch.index));
        anchored_s.is_some_and(|at_s| is_ahead(line.written().0.get(), at_s))
    }
}

impl Told {
    fn add(&mut self, line: &ReservedLine, batch: &LoggedBatch) {
        match line {
            ReservedLine::Ctrl(line) => self.cut_off += u64::from(line.all_failed()),
            ReservedLine::Sys(line) => self.add_load(line, batch.boot),
            ReservedLine::Time(line) => {
                self.doubtful += u64::from(line.is_doubtful());
                self.timed.insert(batch.seq);
            }
        }
    }

    fn add_load(&mut self, line: &SysLine, boot: u64) {
        let Some(told) = &line.left_out else {
            return;
        };
        for one in told {
            let key = (one.target.clone(), one.slot_ms.get());
            self.left_out.entry(key).or_default().push(one.clone());
        }
        if told.len() < LEFT_OUT_MAX {
            let last_us = self.loads.entry(boot).or_default();
            *last_us = line.mono_us.max(*last_us);
        }
    }

    /// Why a repeat was not made, as the agent says.
    pub(super) fn why(&self, target: &TargetId, slot: i64, attempt: u32) -> Option<GapReason> {
        let told = self.left_out.get(&(target.clone(), slot))?;
        let is_it = |one: &&LeftOut| {
            (one.attempt..one.attempt.saturating_add(one.count)).contains(&attempt)
        };
        told.iter().find(is_it).map(|one| one.reason)
    }
}

/// What the agents' own clocks say, beside what others vouch for.
pub(super) fn check_clocks(parts: &Parts<'_>, remarks: &mut Remarks) -> Checked {
    let segment = needed(&parts.segment, "the log segment")?;
    for facts in &parts.reserved {
        let agent = &facts.agent;
        let told = needed(&facts.told, "what the agents say about themselves")?;
        if let Some(halt) = &told.ahead {
            return Err(halt.clone());
        }
        if told.doubtful > 0 {
            remarks.add(format!(
                "agent `{agent}` sealed {} batches by a clock in doubt: not synchronised, or off \
                 by more than a second",
                told.doubtful
            ));
        }
        let Some((first, last)) = told.timed.first().zip(told.timed.last()) else {
            remarks.add(format!(
                "agent `{agent}` does not say how right its clock was"
            ));
            continue;
        };
        let last = (*last).max(last_disclosed(parts, agent));
        let batches = segment
            .by_seq
            .range((agent.clone(), *first)..=(agent.clone(), last));
        let untimed = batches
            .filter(|((_, seq), _)| !told.timed.contains(seq))
            .count();
        if untimed > 0 {
            remarks.add(format!(
                "{untimed} batches of agent `{agent}` do not say how right its clock was"
            ));
        }
    }
    Ok(())
}

/// Number of the last batch of an agent with a disclosed sample.
fn last_disclosed(parts: &Parts<'_>, agent: &AgentId) -> u64 {
    let own = parts.streams.iter().filter(|stream| stream.agent == *agent);
    let seqs = own.filter_map(|stream| stream.disclosed.as_ref().ok()?.last_seq);
    seqs.max().unwrap_or(0)
}

/// Tells in how many minutes an agent may have been cut off itself.
pub(super) fn tell_controls(parts: &Parts<'_>, remarks: &mut Remarks) {
    for facts in &parts.reserved {
        if let Ok(Told {
            cut_off: n @ 1.., ..
        }) = &facts.told
        {
            remarks.add(format!(
                "in {n} minutes no control of agent `{}` answered: its own network may have failed",
                facts.agent
            ));
        }
    }
}
