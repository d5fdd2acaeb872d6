//! The disclosed streams: every line read once, hung into its batch, and reduced to what the
//! checks need of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Read, Seek};

use domain::cell::Timeliness;
use domain::{AgentId, Attribution, CellHour, Gap, Kind, Line, Outcome, Sample, Source, TargetId};
use evidence::bundle::Bundle;
use evidence::hash::Hash;
use evidence::tree;
use wire::limits::SLOTS_MAX;
use wire::line::{parse_core, parse_detail};

use super::segment::{LoggedBatch, Segment};
use super::stamps::{Coverage, Stamps};
use super::time::{Anchors, is_ahead};
use super::{Parts, member};
use crate::cells::{CellsBuilder, timeliness};
use crate::layout::claim::Inputs;
use crate::layout::paths::StreamPath;
use crate::layout::{self};
use crate::verdict::{Checked, Halt};

/// One stream of the bundle.
pub(super) struct StreamFacts {
    pub(super) agent: AgentId,
    pub(super) target: TargetId,
    pub(super) disclosed: Checked<Disclosed>,
}

/// What its lines say.
#[derive(Default)]
pub(super) struct Disclosed {
    /// Slots of the planned first attempts, milliseconds since the epoch, in stream order.
    pub(super) planned: Vec<i64>,
    /// Those of them that failed, and not by our own doing.
    pub(super) failing: Vec<Failing>,
    /// What was made because an attempt had failed, in stream order.
    pub(super) repeats: Vec<Repeat>,
    /// Slots that were not run.
    pub(super) gaps: Vec<Gap>,
    /// Where each revision of the plan first shows.
    pub(super) plans: BTreeMap<u64, FirstUse>,
    /// Its cells; `None` where times are missing.
    pub(super) cells: Option<Vec<CellHour>>,
    /// Samples that were anchored late.
    pub(super) late: u64,
    /// How much of them timestamps cover.
    pub(super) stamped: Coverage,
    /// The first sample that claims a time after its anchor.
    pub(super) ahead: Option<Halt>,
    /// Number of the last batch that carries a line.
    pub(super) last_seq: Option<u64>,
}

/// A slot's own attempt that failed.
pub(super) struct Failing {
    pub(super) slot: i64,
    /// Revision of the plan.
    pub(super) plan: u64,
    /// The run of the agent, and when in it the attempt began.
    pub(super) boot: u64,
    pub(super) mono_us: u64,
}

/// One attempt of a burst.
pub(super) struct Repeat {
    pub(super) slot: i64,
    pub(super) attempt: u32,
    /// Revision of the plan.
    pub(super) plan: u64,
}

/// The first use of a plan revision in a stream.
#[derive(Clone, Copy)]
pub(super) struct FirstUse {
    /// Its earliest slot, milliseconds since the epoch.
    pub(super) slot: i64,
    /// Log index of its earliest batch.
    pub(super) index: u64,
}

/// Reads every stream that the inputs name and the bundle holds.
pub(super) fn read<R: Read + Seek>(bundle: &mut Bundle<R>, parts: &Parts<'_>) -> Vec<StreamFacts> {
    let (Ok(inputs), Ok(segment)) = (&parts.inputs, &parts.segment) else {
        return Vec::new();
    };
    let anchors = parts.anchors.as_ref().ok();
    let mut streams = Vec::new();
    for agent in &inputs.agents {
        for target in &inputs.targets {
            if bundle.contains(&layout::cores(agent, target)) {
                let stream = Stream {
                    agent,
                    target,
                    inputs,
                    segment,
                    anchors,
                    stamps: &parts.stamps,
                };
                streams.push(StreamFacts {
                    agent: agent.clone(),
                    target: target.clone(),
                    disclosed: stream.read(bundle),
                });
            }
        }
    }
    streams
}

/// A stream and what it is read against.
struct Stream<'a> {
    agent: &'a AgentId,
    target: &'a TargetId,
    inputs: &'a Inputs,
    segment: &'a Segment,
    anchors: Option<&'a Anchors>,
    stamps: &'a Stamps,
}

impl Stream<'_> {
    fn read<R: Read + Seek>(&self, bundle: &mut Bundle<R>) -> Checked<Disclosed> {
        let (agent, target) = (self.agent, self.target);
        let cores_path = layout::cores(agent, target);
        let details_path = layout::details(agent, target);
        let paths_path = layout::paths(agent, target);
        let cores = member::bytes(bundle, &cores_path)?;
        let details = member::bytes(bundle, &details_path)?;
        let paths = member::text(bundle, &paths_path)?;
        let mut reader = Reader {
            stream: self,
            cores: Lines::new(&cores, cores_path),
            details: Lines::new(&details, details_path),
            found: Disclosed::default(),
            cells: CellsBuilder::new(agent.clone(), target.clone(), self.inputs.window),
            gap_slots: 0,
        };
        for path in member::stream_paths(&paths, &paths_path) {
            let (place, path) = path?;
            reader.batch(&path, &place)?;
        }
        reader.finish()
    }
}

/// A walk along the lines of a stream.
struct Reader<'a> {
    stream: &'a Stream<'a>,
    cores: Lines<'a>,
    details: Lines<'a>,
    found: Disclosed,
    cells: CellsBuilder,
    gap_slots: u64,
}

impl Reader<'_> {
    /// Reads the lines that one batch carried.
    fn batch(&mut self, path: &StreamPath, place: &str) -> Checked {
        let segment = self.stream.segment;
        let batch = segment
            .batch(self.stream.agent, path.seq)
            .ok_or_else(|| Halt::fail(place, format!("batch {} is not in the log", path.seq)))?;
        let anchored_s = self
            .stream
            .anchors
            .and_then(|anchors| anchors.anchored_s(batch.index));
        let mut leaves: Vec<Hash> = Vec::new();
        for index in path.first_i..path.end_i() {
            let bytes = self.cores.next()?;
            let line = parse_core(bytes).map_err(|error| self.cores.error(&error))?;
            if line.index() != index {
                let reason = format!("index {} stands where {index} belongs", line.index());
                return Err(self.cores.fail(reason));
            }
            leaves.push(tree::leaf_hash(bytes));
            self.line(&line, batch, anchored_s)?;
        }
        self.found.last_seq = Some(path.seq);
        let root = tree::root(&leaves);
        path.verify(self.stream.target.as_str(), root, batch.streams)
            .map_err(|_| self.cores.unsigned(place, path))
    }

    fn line(&mut self, line: &Line, batch: &LoggedBatch, anchored_s: Option<i64>) -> Checked {
        let timeliness = match line {
            Line::Sample(sample) => self.sample(sample, batch, anchored_s)?,
            Line::Gap(gap) => self.gap(gap, batch)?,
        };
        self.cells.add(line, timeliness);
        Ok(())
    }

    fn sample(
        &mut self,
        sample: &Sample,
        batch: &LoggedBatch,
        anchored_s: Option<i64>,
    ) -> Checked<Timeliness> {
        let slot = sample.slot_ms.get();
        if sample.kind == Kind::Planned && sample.source == Source::Probe && sample.attempt == 1 {
            self.found.planned.push(slot);
            if sample.outcome != Outcome::Ok && sample.attribution != Attribution::Ours {
                self.found.failing.push(Failing {
                    slot,
                    plan: sample.plan,
                    boot: batch.boot,
                    mono_us: sample.mono_us,
                });
            }
        } else if sample.kind == Kind::Burst && sample.source == Source::Probe {
            self.found.repeats.push(Repeat {
                slot,
                attempt: sample.attempt,
                plan: sample.plan,
            });
        }
        self.note_plan(sample.plan, slot, batch.index);
        let stamped_us = self.stream.stamps.first_us(batch.index);
        self.found.stamped.add(sample.wall_us.get(), stamped_us);
        if sample.outcome != Outcome::Ok
            && let Some(expected) = sample.detail
        {
            let bytes = self.details.next()?;
            parse_detail(bytes, expected).map_err(|error| self.details.error(&error))?;
        }
        let Some(anchored_s) = anchored_s else {
            return Ok(Timeliness::Prompt);
        };
        if is_ahead(sample.wall_us.get(), anchored_s) && self.found.ahead.is_none() {
            let reason = "claims a time after the one its batch was anchored at";
            self.found.ahead = Some(self.cores.fail(reason));
        }
        let timeliness = timeliness(anchored_s, sample.wall_us);
        self.found.late += u64::from(timeliness == Timeliness::Late);
        Ok(timeliness)
    }

    fn gap(&mut self, gap: &Gap, batch: &LoggedBatch) -> Checked<Timeliness> {
        self.gap_slots = self.gap_slots.saturating_add(gap.count);
        if gap.count == 0 || self.gap_slots > SLOTS_MAX || gap.last_ms < gap.first_ms {
            return Err(self.cores.fail("the gap spans no or too many slots"));
        }
        self.note_plan(gap.plan, gap.first_ms.get(), batch.index);
        self.found.gaps.push(gap.clone());
        Ok(Timeliness::Prompt)
    }

    fn note_plan(&mut self, plan: u64, slot: i64, index: u64) {
        let first = self.found.plans.entry(plan);
        let first = first.or_insert(FirstUse { slot, index });
        first.slot = first.slot.min(slot);
        first.index = first.index.min(index);
    }

    fn finish(mut self) -> Checked<Disclosed> {
        self.cores.end()?;
        self.details.end()?;
        let segment = self.stream.segment;
        let covered = self.stream.anchors.is_some_and(|anchors| {
            let last = segment.end().checked_sub(1);
            last.is_some_and(|last| anchors.anchored_s(last).is_some())
        });
        self.found.cells = covered.then(|| self.cells.build());
        Ok(self.found)
    }
}

/// The lines of a member, each with its LF.
pub(super) struct Lines<'a> {
    path: String,
    rest: &'a [u8],
    at: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8], path: String) -> Self {
        Self {
            path,
            rest: bytes,
            at: 0,
        }
    }

    pub(super) fn next(&mut self) -> Checked<&'a [u8]> {
        self.at += 1;
        let all = self.rest;
        // Of a slice it fails never, and looks at many bytes at once.
        let length = self.rest.skip_until(b'\n').unwrap_or_default();
        let line = all.get(..length).and_then(|line| line.strip_suffix(b"\n"));
        line.ok_or_else(|| self.fail("the member ends too early"))
    }

    pub(super) fn end(&mut self) -> Checked {
        self.at += 1;
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.fail("a line that no batch carries"))
        }
    }

    pub(super) fn fail(&self, reason: impl Into<String>) -> Halt {
        Halt::fail(format!("{}, line {}", self.path, self.at), reason)
    }

    pub(super) fn error(&self, error: &dyn std::error::Error) -> Halt {
        self.fail(crate::verdict::causes(error))
    }

    /// The failure of lines that do not hash to what was signed.
    pub(super) fn unsigned(&self, place: &str, path: &StreamPath) -> Halt {
        let (first, last) = (path.first_i, path.end_i() - 1);
        let reason = format!(
            "lines {first} to {last} of {} are not those that batch {} was signed over",
            self.path, path.seq
        );
        Halt::fail(place, reason)
    }
}
