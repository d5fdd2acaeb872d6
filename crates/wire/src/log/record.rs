//! The values of one line, from whatever format, and what follows from those left out.

use domain::cell::Timeliness;
use domain::{
    AgentId, Attribution, GapReason, Kind, Outcome, SampleView, Source, TargetId, UnixMicros,
    UnixMillis,
};

use super::column::Column;
use super::derive::{attribution_of, outcome_of};
use super::entry::{Entry, Logged, LoggedGap};
use super::error::{Fault, excerpt};
use super::reader::Options;
use super::value::{Names, Text, boolean, micros, status, whole, word};
use super::{GAP_MS_MAX, instant};
use crate::limits::SLOTS_MAX;

/// What is wrong with a line, and with which column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) column: Option<Column>,
    pub(super) fault: Fault,
}

impl From<Fault> for Bad {
    fn from(fault: Fault) -> Self {
        Self {
            column: None,
            fault,
        }
    }
}

impl Fault {
    pub(super) const fn of(self, column: Column) -> Bad {
        Bad {
            column: Some(column),
            fault: self,
        }
    }
}

/// What a complete line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Sample(Sampled),
    Gap(Missed),
}

/// What every sample has, said or derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampled {
    started: UnixMicros,
    outcome: Outcome,
    attribution: Attribution,
}

/// What every gap has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed {
    reason: GapReason,
    first: UnixMillis,
    last: UnixMillis,
    count: u64,
}

/// One line's values; its texts are kept in place from line to line.
#[derive(Debug)]
pub(super) struct Record {
    values: Values,
    agents: Names<AgentId>,
    targets: Names<TargetId>,
    region: Text,
    model: Text,
    served_model: Text,
    tier: Text,
    features: Vec<String>,
}

/// Those that are copied.
#[derive(Clone, Copy, Debug, Default)]
struct Values {
    /// A bit for each column that was given.
    given: u32,
    is_core: bool,
    started: Option<UnixMicros>,
    status: Option<u16>,
    outcome: Option<Outcome>,
    attribution: Option<Attribution>,
    kind: Option<Kind>,
    source: Option<Source>,
    stream: Option<bool>,
    late: Option<bool>,
    sent_us: Option<u64>,
    first_us: Option<u64>,
    last_us: Option<u64>,
    end_us: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    agent: Option<usize>,
    target: Option<usize>,
    features: usize,
    gap: Option<GapReason>,
    count: Option<u64>,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            values: Values::default(),
            agents: Names::new(),
            targets: Names::new(),
            region: Text::default(),
            model: Text::default(),
            served_model: Text::default(),
            tier: Text::default(),
            features: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.values = Values::default();
        let texts = [
            &mut self.region,
            &mut self.model,
            &mut self.served_model,
            &mut self.tier,
        ];
        texts.into_iter().for_each(Text::clear);
    }

    /// Takes one value; an empty one is not given.
    pub(super) fn set(&mut self, column: Column, text: &[u8]) -> Result<(), Bad> {
        if text.is_empty() {
            return Ok(());
        }
        self.once(column)?;
        self.parse(column, text).map_err(|fault| fault.of(column))
    }

    /// Takes a JSON number or boolean.
    pub(super) fn set_bare(&mut self, column: Column, text: &[u8]) -> Result<(), Bad> {
        if column.is_text() {
            return Err(Fault::NotText.of(column));
        }
        self.set(column, text)
    }

    /// Takes a list.
    pub(super) fn set_list<'t>(
        &mut self,
        column: Column,
        texts: impl Iterator<Item = &'t [u8]>,
    ) -> Result<(), Bad> {
        if column != Column::Features {
            return Err(Fault::Nested.of(column));
        }
        self.once(column)?;
        for text in texts {
            self.feature(text).map_err(|fault| fault.of(column))?;
        }
        Ok(())
    }

    fn once(&mut self, column: Column) -> Result<(), Bad> {
        let bit = 1 << (column.same() as u32);
        if self.values.given & bit != 0 {
            return Err(Fault::Twice.of(column));
        }
        self.values.given |= bit;
        Ok(())
    }

    fn parse(&mut self, column: Column, text: &[u8]) -> Result<(), Fault> {
        let values = &mut self.values;
        match column {
            Column::Time => values.started = Some(instant::parse(text)?),
            Column::WallUs => {
                values.started = Some(UnixMicros::new(signed(text)?));
                values.is_core = true;
            }
            Column::Agent => values.agent = Some(self.agents.find(text)?),
            Column::Target => values.target = Some(self.targets.find(text)?),
            Column::Region => self.region.set(text)?,
            Column::Model | Column::AskedModel => self.model.set(text)?,
            Column::Status => values.status = Some(status(text)?),
            Column::Outcome => values.outcome = Some(word(text, Outcome::ALL, Outcome::as_str)?),
            Column::TtftMs => values.first_us = Some(micros(text)?),
            Column::FirstUs => values.first_us = Some(whole(text)?),
            Column::TotalMs => values.end_us = Some(micros(text)?),
            Column::EndUs => values.end_us = Some(whole(text)?),
            Column::SentUs => values.sent_us = Some(whole(text)?),
            Column::LastUs => values.last_us = Some(whole(text)?),
            Column::InputTokens => values.input_tokens = Some(whole(text)?),
            Column::OutputTokens => values.output_tokens = Some(whole(text)?),
            Column::Attribution => {
                values.attribution = Some(word(text, Attribution::ALL, Attribution::as_str)?);
            }
            Column::Kind => values.kind = Some(word(text, Kind::ALL, Kind::as_str)?),
            Column::Source => values.source = Some(word(text, Source::ALL, Source::as_str)?),
            Column::Stream => values.stream = Some(boolean(text)?),
            Column::ServedModel => self.served_model.set(text)?,
            Column::Tier | Column::ServedTier => self.tier.set(text)?,
            Column::Features => {
                for feature in text.split(|byte| *byte == b';') {
                    self.feature(feature.trim_ascii())?;
                }
            }
            Column::Late => values.late = Some(boolean(text)?),
            Column::Gap => values.gap = Some(word(text, GapReason::ALL, GapReason::as_str)?),
            Column::Count => values.count = Some(whole(text)?),
            Column::FirstMs => values.first_ms = Some(signed(text)?),
            Column::LastMs => values.last_ms = Some(signed(text)?),
        }
        Ok(())
    }

    fn feature(&mut self, text: &[u8]) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let text = std::str::from_utf8(text).map_err(|_| Fault::NotUtf8)?;
        let at = self.values.features;
        if let Some(place) = self.features.get_mut(at) {
            place.clear();
            place.push_str(text);
        } else {
            self.features.push(text.to_owned());
        }
        self.values.features += 1;
        Ok(())
    }

    /// Whether the values make a line, and which.
    pub(super) fn finish(&self) -> Result<Shape, Bad> {
        let values = &self.values;
        if let Some(reason) = values.gap {
            return values.missed(reason).map(Shape::Gap);
        }
        let started = values.started.ok_or(Fault::NoTime)?;
        if values.is_core {
            values.complete_core()?;
        }
        let outcome = values.outcome.or(values.status.map(outcome_of));
        let outcome = outcome.ok_or(Fault::NoOutcome)?;
        let attribution = values.attribution;
        Ok(Shape::Sample(Sampled {
            started,
            outcome,
            attribution: attribution.unwrap_or_else(|| attribution_of(outcome)),
        }))
    }

    /// The line as it is handed out.
    pub(super) fn entry<'a>(&'a self, line: u64, shape: Shape, options: &'a Options) -> Entry<'a> {
        let values = &self.values;
        let agent = values.agent.map(|at| self.agents.get(at));
        let agent = agent.unwrap_or(&options.agent);
        let target = values.target.map(|at| self.targets.get(at));
        let target = target.unwrap_or(&options.target);
        let region = self.region.get();
        match shape {
            Shape::Gap(missed) => Entry::Gap(LoggedGap {
                line,
                agent,
                target,
                region,
                reason: missed.reason,
                first: missed.first,
                last: missed.last,
                count: missed.count,
            }),
            Shape::Sample(sampled) => Entry::Sample(Logged {
                line,
                agent,
                target,
                region,
                model: self.model.get(),
                timeliness: match values.late {
                    Some(true) => Timeliness::Late,
                    Some(false) | None => Timeliness::Prompt,
                },
                sample: self.view(sampled),
            }),
        }
    }

    fn view(&self, sampled: Sampled) -> SampleView<'_> {
        let values = &self.values;
        SampleView {
            started: sampled.started,
            sent_us: values.sent_us,
            first_us: values.first_us,
            last_us: values.last_us,
            end_us: values.end_us,
            input_tokens: values.input_tokens,
            output_tokens: values.output_tokens,
            outcome: sampled.outcome,
            status: values.status,
            attribution: sampled.attribution,
            kind: values.kind.unwrap_or(Kind::Planned),
            source: values.source.unwrap_or(Source::Traffic),
            stream: values.stream.unwrap_or(values.first_us.is_some()),
            served_model: self.served_model.get(),
            served_tier: self.tier.get(),
            features: &self.features[..values.features],
        }
    }
}

impl Values {
    /// In our own lines nothing is guessed.
    fn complete_core(&self) -> Result<(), Bad> {
        let must = [
            (Column::Outcome, self.outcome.is_some()),
            (Column::Attribution, self.attribution.is_some()),
            (Column::Kind, self.kind.is_some()),
            (Column::Source, self.source.is_some()),
            (Column::Stream, self.stream.is_some()),
            (Column::EndUs, self.end_us.is_some()),
        ];
        match must.iter().find(|(_, is_given)| !is_given) {
            Some((column, _)) => Err(Fault::Incomplete(Column::WallUs).of(*column)),
            None => Ok(()),
        }
    }

    fn missed(&self, reason: GapReason) -> Result<Missed, Bad> {
        let of_gap = |column: Column| Fault::Incomplete(Column::Gap).of(column);
        let first = self.first_ms.ok_or_else(|| of_gap(Column::FirstMs))?;
        let last = self.last_ms.ok_or_else(|| of_gap(Column::LastMs))?;
        let count = self.count.ok_or_else(|| of_gap(Column::Count))?;
        let counted = (1..=SLOTS_MAX).contains(&count);
        if !counted || last < first || last.abs_diff(first) > GAP_MS_MAX {
            return Err(Fault::GapSpan.into());
        }
        Ok(Missed {
            reason,
            first: UnixMillis::new(first),
            last: UnixMillis::new(last),
            count,
        })
    }
}

fn signed(text: &[u8]) -> Result<i64, Fault> {
    i64::try_from(whole(text)?).map_err(|_| Fault::TooLarge(excerpt(text)))
}
