//! Reading a log once, in memory that does not grow with it: samples become counts per minute, and
//! for contracts that need times of single requests what those say.

mod timing;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context as _, bail};
use camino::Utf8Path;
use domain::fold::Stream;
use domain::{
    AgentId, CellHour, Fold, GapReason, SampleView, TargetId, UnixMicros, UnixMillis, Window,
};
use sla::contract::Attributed;
use sla::{TargetScope, Timed};
use wire::log::{Entry, LogReader, Logged, LoggedGap};

use super::narrow::{Admission, Scope};
use super::progress::Progress;
use super::report::Input;
use super::request::Request;
use super::targets::{Asked, Targets};
use timing::Timing;

/// Most gap lines that are kept until the end of the log.
const GAPS_MAX: usize = 1_000_000;

/// What a log comes to.
#[derive(Debug)]
pub(super) struct Counted {
    /// One for each part of the contract's partition, in order.
    pub(super) parts: Vec<Part>,
    pub(super) input: Input,
}

/// What was counted in one part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) scope: Scope,
    pub(super) cells: Vec<CellHour>,
    pub(super) targets: Vec<TargetScope>,
    pub(super) timed: Option<Timed>,
}

/// Reads a file, or standard input.
pub(super) fn file(path: &Utf8Path, request: &Request) -> anyhow::Result<Counted> {
    let name = if path == "-" {
        "standard input"
    } else {
        path.as_str()
    };
    let source: Box<dyn Read> = if path == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot read `{path}`"))?)
    };
    let mut progress = Progress::of(path);
    let counted = read(source, request, &mut progress);
    let mut counted = counted.with_context(|| format!("cannot use the samples of {name}"))?;
    name.clone_into(&mut counted.input.source);
    Ok(counted)
}

pub(super) fn read(
    source: impl Read,
    request: &Request,
    progress: &mut Progress,
) -> anyhow::Result<Counted> {
    let mut reader = wire::log::open(source, request.reading.clone())?;
    let mut intake = Intake::new(request);
    loop {
        progress.line(reader.bytes_read());
        let Some(entry) = reader.read()? else { break };
        match entry {
            Entry::Sample(logged) => intake.sample(&logged)?,
            Entry::Gap(gap) => intake.gap(&gap)?,
        }
    }
    intake.finish(&reader)
}

/// Slots of one stream that were not run.
#[derive(Debug)]
struct Gap {
    agent: AgentId,
    target: TargetId,
    region: Option<String>,
    reason: GapReason,
    minutes: Vec<(domain::Minute, u32)>,
}

#[derive(Debug)]
struct Intake<'a> {
    request: &'a Request,
    kept: Window,
    fold: Fold,
    targets: Targets<'a>,
    timing: Timing<'a>,
    gaps: Vec<Gap>,
    agents: BTreeSet<AgentId>,
    input: Input,
}

impl<'a> Intake<'a> {
    fn new(request: &'a Request) -> Self {
        let unnamed = &request.reading.target;
        Self {
            request,
            kept: request.kept(),
            fold: Fold::new(),
            targets: Targets::new(&request.contract, &request.scope, unnamed),
            timing: Timing::new(&request.contract, &request.terms),
            gaps: Vec::new(),
            agents: BTreeSet::new(),
            input: Input::default(),
        }
    }

    fn sample(&mut self, logged: &Logged<'_>) -> anyhow::Result<()> {
        self.input.lines = logged.line;
        self.input.samples += 1;
        self.input.saw(logged.sample.started.to_millis());
        let view = self.counted_at(&logged.sample);
        let minute = view.minute();
        let window = self.request.terms.window;
        if !self.kept.contains(minute) {
            self.input.outside += 1;
            return Ok(());
        }
        let at = self.targets.find(Asked {
            target: logged.target,
            region: logged.region,
            model: logged.model,
        })?;
        let known = &self.targets.known[at];
        match known.admission {
            Admission::Judged => {}
            Admission::Elsewhere => {
                self.input.elsewhere += 1;
                return Ok(());
            }
            Admission::NotCovered => {
                self.input.not_covered += 1;
                return Ok(());
            }
        }
        if window.contains(minute) {
            self.input.counted += 1;
        } else {
            self.input.around += 1;
        }
        let stream = Stream {
            agent: logged.agent,
            target: &known.id,
        };
        self.fold
            .add(stream, &view, logged.timeliness)
            .with_context(|| format!("line {}", logged.line))?;
        if let Some(part) = known.part {
            self.timing
                .add(part, stream, &view, logged.timeliness)
                .with_context(|| format!("line {}", logged.line))?;
        }
        if !self.agents.contains(logged.agent) {
            self.agents.insert(logged.agent.clone());
        }
        Ok(())
    }

    /// The sample, in the minute that the contract counts it in.
    fn counted_at<'s>(&mut self, sample: &SampleView<'s>) -> SampleView<'s> {
        let mut view = *sample;
        if self.request.contract.events.attribution == Attributed::RequestEnd {
            match sample.end_us.and_then(|end| i64::try_from(end).ok()) {
                Some(end) => {
                    let at = sample.started.get().saturating_add(end);
                    view.started = UnixMicros::new(at);
                }
                None => self.input.without_end += 1,
            }
        }
        view
    }

    fn gap(&mut self, gap: &LoggedGap<'_>) -> anyhow::Result<()> {
        self.input.lines = gap.line;
        self.input.slots_missed = self.input.slots_missed.saturating_add(gap.count);
        let minutes = gap
            .minutes()
            .filter(|(minute, _)| self.kept.contains(*minute));
        let minutes: Vec<_> = minutes.collect();
        if minutes.is_empty() {
            return Ok(());
        }
        self.input.saw(UnixMillis::new(gap.first.get()));
        if self.gaps.len() == GAPS_MAX {
            bail!(
                "line {}: the log has more than {GAPS_MAX} lines with gaps",
                gap.line
            );
        }
        self.gaps.push(Gap {
            agent: gap.agent.clone(),
            target: gap.target.clone(),
            region: gap.region.map(ToOwned::to_owned),
            reason: gap.reason,
            minutes,
        });
        Ok(())
    }

    /// Counts the gaps, once it is known what their targets ask.
    fn count_gaps(&mut self) -> anyhow::Result<()> {
        for gap in std::mem::take(&mut self.gaps) {
            let asked = Asked {
                target: &gap.target,
                region: gap.region.as_deref(),
                model: None,
            };
            for at in self.targets.of_gap(asked)? {
                let known = &self.targets.known[at];
                if known.admission != Admission::Judged {
                    continue;
                }
                let stream = Stream {
                    agent: &gap.agent,
                    target: &known.id,
                };
                for (minute, slots) in &gap.minutes {
                    self.fold.miss(stream, *minute, (gap.reason, *slots))?;
                }
            }
            self.agents.insert(gap.agent);
        }
        Ok(())
    }

    fn finish(mut self, reader: &LogReader<'_>) -> anyhow::Result<Counted> {
        let has_gaps = !self.gaps.is_empty();
        self.count_gaps()?;
        self.input.skipped = reader.skipped().clone();
        self.input.agents = self.agents.iter().cloned().collect();
        if self.input.counted == 0 && !has_gaps {
            bail!("{}", self.nothing());
        }
        let Targets { known, parts, .. } = self.targets;
        let mut parts: Vec<Part> = parts
            .into_iter()
            .zip(self.timing.finish())
            .map(|(scope, timed)| Part {
                scope,
                cells: Vec::new(),
                targets: Vec::new(),
                timed,
            })
            .collect();
        let mut part_of = std::collections::BTreeMap::new();
        for target in known {
            let Some(part) = target.part else { continue };
            part_of.insert(target.id.clone(), part);
            parts[part].targets.push(TargetScope {
                target: target.id,
                scope: target.scope,
            });
        }
        let mut cells = self.fold.build();
        if let [only] = &mut parts[..] {
            cells.retain(|cell| part_of.contains_key(&cell.target));
            only.cells = cells;
        } else {
            for cell in cells {
                if let Some(part) = part_of.get(&cell.target) {
                    parts[*part].cells.push(cell);
                }
            }
        }
        parts.sort_by(|a, b| a.scope.cmp(&b.scope));
        Ok(Counted {
            parts,
            input: self.input,
        })
    }

    /// Why there is nothing to judge.
    fn nothing(&self) -> String {
        let period = &self.request.period;
        let input = &self.input;
        if input.elsewhere + input.not_covered > 0 {
            return format!(
                "no sample of {period} is left: {} lie in other regions or models than --scope \
                 says, and {} in some that the contract does not cover",
                input.elsewhere, input.not_covered
            );
        }
        let skipped = match input.skipped.lines {
            0 => String::new(),
            lines => format!("; {lines} lines are no samples and were skipped"),
        };
        match (input.first_at, input.last_at) {
            (Some(first), Some(last)) => format!(
                "no sample lies in {period}: the log reaches from {first} to {last}{skipped}"
            ),
            _ => format!("the log has no sample{skipped}"),
        }
    }
}
