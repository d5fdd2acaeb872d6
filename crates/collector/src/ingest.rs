//! From a posted body to a receipt.
//!
//! [`admit`] is pure: bytes in, rows out, or a reason to refuse. The [`flush`] task commits
//! admitted batches, several in one transaction; a receipt is given after the commit, never
//! before. The bytes are the evidence: parsed, stored, never rewritten.

pub(crate) mod commit;
pub(crate) mod flush;
pub(crate) mod receive;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::cell::Timeliness;
use domain::{AgentId, Class, Line, Sample, SampleView, UnixMicros, UnixMillis};
use evidence::note::NoteError;
use wire::batch::{self, Batch, BatchError};
use wire::limits::{FUTURE_SKEW_MS_MAX, SAMPLE_AGE_MS_MAX};
use wire::names::Origin;
use wire::reserved::ReservedLine;

use crate::store::StoreError;
use crate::store::agent::Agent;
use crate::store::agent_minute::AgentMinute;
use crate::store::agent_state::Told;
use crate::store::batch::NewBatch;
use crate::store::sample::{GapRow, SampleRow};

const DAY_MS: i64 = 86_400_000;

/// A batch that was not stored.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The body does not hold together.
    #[error("the batch cannot be read")]
    Batch(#[source] BatchError),
    /// The note names no agent of this installation.
    #[error("`{name}` is not an agent of this installation")]
    Foreign {
        /// The name in the note.
        name: String,
    },
    /// The agent is not enrolled.
    #[error("agent `{agent}` is not enrolled here; enrol it again")]
    UnknownAgent {
        /// Which.
        agent: AgentId,
    },
    /// The agent's key was revoked.
    #[error("the key of agent `{agent}` has been revoked")]
    Revoked {
        /// Which.
        agent: AgentId,
    },
    /// The signature is not that of the key that signs this batch.
    #[error("the batch of agent `{agent}` is not signed by its key")]
    Signature {
        /// Which.
        agent: AgentId,
        /// Why it does not verify.
        #[source]
        source: NoteError,
    },
    /// A claimed time that cannot be.
    #[error(
        "stream `{stream}`, index {index}: slot {slot} is too far from the collector's clock {now}"
    )]
    Clock {
        /// Stream of the line.
        stream: String,
        /// Index of the line.
        index: u64,
        /// The claimed slot.
        slot: UnixMillis,
        /// The collector's clock.
        now: UnixMillis,
    },
    /// Same sequence number, other bytes; both are kept.
    #[error("agent `{agent}` has already sent other bytes as batch {seq}; both are kept")]
    Conflict {
        /// Which agent.
        agent: AgentId,
        /// Which sequence number.
        seq: u64,
    },
    /// The queue is full: back-pressure before memory grows.
    #[error("the ingest queue is full")]
    Busy,
    /// The database failed; the same batch may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A batch whose form and signature are good, as rows.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) agent: AgentId,
    /// How many keys the agent had when its signature was checked.
    pub(crate) keys: usize,
    pub(crate) batch: NewBatch,
    pub(crate) samples: Vec<SampleRow>,
    pub(crate) gaps: Vec<GapRow>,
    /// Classes of the samples.
    pub(crate) classes: BTreeSet<Arc<Class>>,
    /// Hours touched, as `(target name, hour)`.
    pub(crate) hours: BTreeSet<(String, i64)>,
    /// Days of the samples' slots.
    pub(crate) days: BTreeSet<NaiveDate>,
    /// Whether the agent's own network carried.
    pub(crate) minutes: Vec<AgentMinute>,
    /// How the agent is.
    pub(crate) told: Told,
}

/// Who sends a body, by the name its note claims; the signature is checked by [`admit`].
pub(crate) fn claimed_agent(batch: &Batch<'_>, origin: &Origin) -> Result<AgentId, IngestError> {
    let name = &batch.note.agent;
    origin
        .parse_agent(name)
        .ok_or_else(|| IngestError::Foreign { name: name.clone() })
}

/// Reads a body's text.
pub(crate) fn read(text: &[u8]) -> Result<Batch<'_>, IngestError> {
    batch::parse(text).map_err(IngestError::Batch)
}

/// Checks a batch against its agent's key and the collector's clock, and turns it into rows.
pub(crate) fn admit(
    batch: Batch<'_>,
    body: Vec<u8>,
    agent: &Agent,
    now: UnixMicros,
) -> Result<Admission, IngestError> {
    let id = agent.id.clone();
    if agent.revoked {
        return Err(IngestError::Revoked { agent: id });
    }
    if let Err(source) = agent.keys.verify_batch(batch.note.seq, &batch.signed) {
        return Err(IngestError::Signature { agent: id, source });
    }
    let seq = crate::store::to_i64("batch number", batch.note.seq)?;
    let mut rows = Rows {
        agent: agent.key,
        seq,
        ..Rows::default()
    };
    for stream in batch.streams {
        rows.newest = None;
        let target = Arc::new(stream.id);
        for line in stream.lines {
            rows.push(&target, line.value, now.to_millis())?;
        }
    }
    let lines = rows.samples.len() + rows.gaps.len();
    for stream in &batch.reserved {
        for (_, line) in &stream.lines {
            rows.push_own(line, now.to_millis())?;
        }
    }
    let (first, last) = batch.note.wall_us;
    Ok(Admission {
        agent: id,
        keys: agent.keys.count(),
        batch: NewBatch {
            agent: agent.key,
            seq,
            hash: batch.hash,
            prev: batch.note.prev,
            note: batch.note_bytes.to_vec(),
            body,
            lines: i32::try_from(lines).map_err(|_| StoreError::Range { what: "lines" })?,
            wall_first_at: UnixMicros::new(first).to_utc(),
            wall_last_at: UnixMicros::new(last).to_utc(),
            received_at: now.to_utc(),
        },
        samples: rows.samples,
        gaps: rows.gaps,
        classes: rows.classes,
        hours: rows.hours,
        days: rows.days,
        minutes: rows.minutes,
        told: rows.told,
    })
}

#[derive(Default)]
struct Rows {
    agent: i32,
    seq: i64,
    samples: Vec<SampleRow>,
    gaps: Vec<GapRow>,
    classes: BTreeSet<Arc<Class>>,
    /// The class of the sample that was entered last: nearly all of a batch are of one.
    class: Option<Arc<Class>>,
    hours: BTreeSet<(String, i64)>,
    days: BTreeSet<NaiveDate>,
    minutes: Vec<AgentMinute>,
    told: Told,
    /// The hour of the stream that was entered last, so that its name is not copied every time.
    newest: Option<i64>,
    /// The day that was entered last, counted from 1970.
    newest_day: Option<i64>,
}

impl Rows {
    fn push(
        &mut self,
        stream: &Arc<domain::TargetId>,
        line: Line,
        now: UnixMillis,
    ) -> Result<(), IngestError> {
        let (agent, seq, target) = (self.agent, self.seq, Arc::clone(stream));
        let index = line.index();
        let plausible = |slot: UnixMillis| plausible(slot, now, (stream.as_str(), index));
        match line {
            Line::Sample(sample) => {
                plausible(sample.slot_ms)?;
                plausible(sample.wall_us.to_millis())?;
                let hour = sample.minute().hour().get();
                if self.newest != Some(hour) {
                    self.hours.insert((target.to_string(), hour));
                    self.newest = Some(hour);
                }
                let day = sample.slot_ms.get().div_euclid(DAY_MS);
                if self.newest_day != Some(day) {
                    self.days
                        .insert(sample.slot_ms.to_micros().to_utc().date_naive());
                    self.newest_day = Some(day);
                }
                let class = self.class_of(&sample);
                let row = SampleRow::of(&sample, (agent, seq), (target, class))?;
                self.samples.push(row);
            }
            Line::Gap(gap) => {
                plausible(gap.last_ms)?; // An agent may have been off for long.
                let (first, last) = (gap.first_ms.minute().hour(), gap.last_ms.minute().hour());
                let hours = first.get()..=last.get();
                self.hours
                    .extend(hours.map(|hour| (target.to_string(), hour)));
                self.gaps.push(GapRow {
                    agent,
                    seq,
                    target: domain::TargetId::clone(&target),
                    gap,
                });
            }
        }
        Ok(())
    }

    /// The class of a sample, which samples of one class share. Whether it is late, the log tells.
    fn class_of(&mut self, sample: &Sample) -> Arc<Class> {
        let view = SampleView::from(sample);
        if let Some(class) = &self.class
            && class.describes(&view, Timeliness::Prompt)
        {
            return Arc::clone(class);
        }
        let class = Class::of_view(&view, Timeliness::Prompt);
        let class = self.classes.get(&class).cloned().unwrap_or_else(|| {
            let class = Arc::new(class);
            self.classes.insert(Arc::clone(&class));
            class
        });
        self.class = Some(Arc::clone(&class));
        class
    }

    /// What an agent says about itself. How its clock reads is taken as it is: a wrong clock is
    /// what these lines are there to tell.
    fn push_own(&mut self, line: &ReservedLine, now: UnixMillis) -> Result<(), IngestError> {
        match line {
            ReservedLine::Ctrl(line) => {
                plausible(line.minute.start(), now, ("_ctrl", line.i))?;
                self.minutes.push(AgentMinute {
                    agent: self.agent,
                    minute: line.minute,
                    seq: self.seq,
                    i: line.i,
                    controls: line.of.into(),
                    controls_ok: line.ok.into(),
                });
            }
            ReservedLine::Sys(line) => self.told.hear(line),
            ReservedLine::Time(line) => self.told.clock = Some(line.clone()),
        }
        Ok(())
    }
}

/// Refuses a slot that a line of a stream and index cannot speak of.
fn plausible(
    slot: UnixMillis,
    now: UnixMillis,
    (stream, index): (&str, u64),
) -> Result<(), IngestError> {
    let age = now.get().saturating_sub(slot.get());
    if !(-FUTURE_SKEW_MS_MAX..=SAMPLE_AGE_MS_MAX).contains(&age) {
        return Err(IngestError::Clock {
            stream: stream.to_owned(),
            index,
            slot,
            now,
        });
    }
    Ok(())
}
