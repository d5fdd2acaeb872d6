//! The recorder: turns attempts and gaps into the lines of an agent's chain, and seals them.
//!
//! Invariants: a line has its index from the spool's counters and no index is given twice or left
//! out; a batch carries every line before it and nothing else; all lines of a batch are of one
//! run, so that their monotonic stamps compare; a sealed batch never changes.
//!
//! Non-goals: when to probe, how to send.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use domain::{AgentId, Kind, Outcome, TargetId, UnixMicros, UnixMillis};
use evidence::batch_note::Seen;
use evidence::checkpoint::Checkpoint;
use evidence::note::SignedNote;
use evidence::tree;
use probe::Attempt;
use wire::batch::{self, SealedBatch};
use wire::line::{EncodedLine, LineError};
use wire::plan::PlanTarget;
use wire::stream::StreamId;

use crate::identity::Identity;
use crate::schedule::Missed;
use crate::selfcheck::Readings;
use crate::spool::{Limits, Recovered, Spool, SpooledLine};
use crate::stamp::Stamp;

mod begun;
mod error;
mod handle;
mod kept;
mod line;
mod newest;
mod note;
mod open;
pub mod task;
#[cfg(test)]
pub(crate) mod tests;

pub use error::RecorderError;
pub use newest::Newest;
pub use note::is_burst_worthy;
use open::OpenBatch;

/// How often a batch is sealed where nothing presses, also when it is empty: a heartbeat.
pub const SEAL_INTERVAL_DEFAULT: Duration = Duration::from_mins(5);

/// How long a batch waits for company after a stream changed its state, or an attempt was made by
/// order, microseconds: long enough for targets that fail together, short enough to be committed
/// two seconds after.
const CHANGE_SEAL_AFTER_US: u64 = 1_000_000;

/// How a recorder is opened.
#[derive(Clone, Copy, Debug)]
pub struct RecorderSettings {
    /// Random id of this run.
    pub boot: u64,
    /// Bounds of the spool.
    pub limits: Limits,
    /// How often a batch is sealed where nothing presses.
    pub seal_interval: Duration,
}

/// One attempt with everything that only its caller knows.
#[derive(Clone, Copy, Debug)]
pub struct Attempted<'a> {
    /// What was probed.
    pub target: &'a PlanTarget,
    /// Plan revision in force for the slot.
    pub plan_revision: u64,
    /// The planned moment; for what was ordered, the moment of the order.
    pub slot: UnixMillis,
    /// 1 for the slot's own attempt, 2 and up for repeats.
    pub number: u32,
    /// Why the attempt was made.
    pub kind: Kind,
    /// Both clocks at its start.
    pub start: Stamp,
    /// What was observed.
    pub attempt: &'a Attempt,
}

/// The chain of one agent. See the module's invariants.
#[derive(Debug)]
pub struct Recorder {
    spool: Spool,
    identity: Arc<Identity>,
    settings: RecorderSettings,
    seen: Seen,
    open: OpenBatch,
    sealed_mono_us: u64,
    changed_mono_us: Option<u64>,
    ok: BTreeMap<TargetId, bool>,
    readings: Option<Readings>,
    newest: Option<Newest>,
    left_out: note::Untold,
}

impl Recorder {
    /// Opens the spool and takes up the chain where it was left: lines that a former run could not
    /// seal are sealed now, under that run's id.
    pub fn open(
        dir: &Utf8Path,
        identity: Arc<Identity>,
        settings: RecorderSettings,
    ) -> Result<(Self, Recovered), RecorderError> {
        let (spool, recovered) = Spool::open(dir, settings.limits)?;
        let seen = match &spool.state().seen {
            Some(note) => seen_of(note)?,
            None => Seen {
                origin: identity.origin.log(),
                size: 0,
                root: tree::root(&[]),
            },
        };
        let mut recorder = Self {
            spool,
            identity,
            settings,
            seen,
            open: OpenBatch::default(),
            sealed_mono_us: 0,
            changed_mono_us: None,
            ok: BTreeMap::new(),
            readings: None,
            newest: None,
            left_out: note::Untold::default(),
        };
        recorder.seal_recovered(&recovered)?;
        recorder.spool.begin_run(settings.boot)?;
        Ok((recorder, recovered))
    }

    fn seal_recovered(&mut self, recovered: &Recovered) -> Result<(), RecorderError> {
        for line in &recovered.lines {
            self.open
                .add_recovered(line)
                .map_err(|source| RecorderError::Recovered {
                    stream: line.stream.clone(),
                    source,
                })?;
        }
        if !self.open.is_empty() {
            let last = self.open.last();
            self.append_seal(recovered.boot, last)?;
            self.spool.sync()?;
        }
        Ok(())
    }

    /// The agent whose chain this is.
    #[must_use]
    pub fn agent(&self) -> &AgentId {
        &self.identity.agent
    }

    /// The spool, to read from.
    #[must_use]
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Appends the sample of one attempt. It is durable after the next [`Recorder::commit`].
    pub fn record_attempt(&mut self, attempted: &Attempted<'_>) -> Result<(), RecorderError> {
        let target = &attempted.target.id;
        let stream = StreamId::from(target.clone());
        let salt = line::salt().map_err(RecorderError::Random)?;
        let i = self.next_i(&stream);
        let line = line::encode(attempted, (i, salt), &mut self.open.said)
            .map_err(|source| line_error(&stream, source))?;
        let ordered = attempted.kind == Kind::Confirm;
        let slot = (!ordered).then_some(attempted.slot);
        let end = attempted.start.after_us(attempted.attempt.end_us);
        self.append(&stream, slot, line, end)?;
        self.open.cover(attempted.start);
        if let Some(newest) = &self.newest {
            newest.note(attempted);
        }
        let ok = attempted.attempt.outcome == Outcome::Ok;
        // Before its first sample a stream passes for well, so that a bad start is told at once.
        // Whoever gave an order waits for the answer, whatever it is.
        if self.ok.insert(target.clone(), ok).unwrap_or(true) != ok || ordered {
            self.changed_mono_us.get_or_insert(end.mono_us);
        }
        Ok(())
    }

    /// Appends a gap for slots that were not run.
    pub fn record_gap(&mut self, missed: &Missed, now: Stamp) -> Result<(), RecorderError> {
        let stream = StreamId::from(missed.target.clone());
        let line = line::encode_gap(missed, self.next_i(&stream))
            .map_err(|source| line_error(&stream, source))?;
        self.append(&stream, Some(missed.last), line, now)
    }

    fn append(
        &mut self,
        stream: &StreamId,
        slot: Option<UnixMillis>,
        line: EncodedLine,
        now: Stamp,
    ) -> Result<(), RecorderError> {
        if self.open.is_full_for(stream, &line) {
            self.note_seal(now)?;
            self.append_seal(self.settings.boot, now)?;
        }
        self.append_open(stream, slot, line)
    }

    fn append_open(
        &mut self,
        stream: &StreamId,
        slot: Option<UnixMillis>,
        line: EncodedLine,
    ) -> Result<(), RecorderError> {
        let i = self.next_i(stream);
        let spooled = SpooledLine {
            stream: stream.clone(),
            i,
            slot,
            line,
        };
        self.spool.append_line(&spooled)?;
        self.open.add(spooled);
        Ok(())
    }

    /// From now on `newest` shows what no batch tells yet.
    pub fn show(&mut self, newest: Newest) {
        self.newest = Some(newest);
    }

    /// Ends a group of lines: they are durable on return.
    pub fn commit(&mut self) -> Result<(), RecorderError> {
        Ok(self.spool.commit()?)
    }

    /// Forces everything to disk, whatever the durability asked for.
    pub fn sync(&mut self) -> Result<(), RecorderError> {
        Ok(self.spool.sync()?)
    }

    /// When the next batch is to be sealed, on the run's monotonic clock, microseconds.
    #[must_use]
    pub fn due_at_us(&self) -> u64 {
        let interval = u64::try_from(self.settings.seal_interval.as_micros()).unwrap_or(u64::MAX);
        let regular = self.sealed_mono_us.saturating_add(interval);
        let pressing = self
            .changed_mono_us
            .map(|at| at.saturating_add(CHANGE_SEAL_AFTER_US));
        pressing.map_or(regular, |at| at.min(regular))
    }

    /// Whether a batch is to be sealed now.
    #[must_use]
    pub fn due(&self, now: Stamp) -> bool {
        now.mono_us >= self.due_at_us()
    }

    /// Seals what is there; an empty batch only as a heartbeat that is due, and only while the
    /// spool has room for it. The batch is durable on return.
    pub fn seal(&mut self, now: Stamp) -> Result<Option<SealedBatch>, RecorderError> {
        let is_wanted = self.due(now) || self.left_out.waits();
        if self.open.is_empty() && (!is_wanted || self.spool.is_full()) {
            return Ok(None);
        }
        self.note_seal(now)?;
        let sealed = self.append_seal(self.settings.boot, now)?;
        self.spool.commit()?;
        Ok(Some(sealed))
    }

    /// Puts off the next seal by one interval: there was no room for this one.
    pub(crate) fn postpone(&mut self, now: Stamp) {
        self.sealed_mono_us = now.mono_us;
        self.changed_mono_us = None;
    }

    fn append_seal(&mut self, boot: u64, now: Stamp) -> Result<SealedBatch, RecorderError> {
        let seq = self.spool.state().next_seq;
        let (wall_us, mono_us) = self.open.covered(now);
        let streams = self.open.streams();
        let draft = batch::Draft {
            origin: &self.identity.origin,
            agent: &self.identity.agent,
            seq,
            prev: self.spool.state().prev,
            boot,
            wall_us,
            mono_us,
            seen: self.seen.clone(),
            streams: &streams,
        };
        let sealed = batch::seal(&draft, &self.identity.key)
            .map_err(|source| RecorderError::Seal { seq, source })?;
        self.spool.append_seal(sealed.clone(), now.wall)?;
        if let Some(newest) = &self.newest {
            newest.forget(); // The batch tells it.
        }
        self.open = OpenBatch::default();
        self.sealed_mono_us = now.mono_us;
        self.changed_mono_us = None;
        Ok(sealed)
    }

    /// Notes the collector's receipt for every batch up to `seq`.
    pub fn mark_acked(&mut self, seq: u64) -> Result<(), RecorderError> {
        Ok(self.spool.mark_acked(seq)?)
    }

    /// Notes that every batch up to `seq` is proven to be in the log.
    pub fn mark_released(&mut self, seq: u64) -> Result<(), RecorderError> {
        Ok(self.spool.mark_released(seq)?)
    }

    /// Notes the newest verified checkpoint, which later batches will name.
    pub fn set_seen(&mut self, checkpoint: &str) -> Result<(), RecorderError> {
        let seen = seen_of(checkpoint)?;
        self.spool.set_seen(checkpoint.to_owned())?;
        self.seen = seen;
        Ok(())
    }

    /// The newest verified checkpoint; size 0 before the first.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Deletes what is kept for replay beyond its bounds.
    pub fn trim(&mut self, now: UnixMicros) -> Result<usize, RecorderError> {
        Ok(self.spool.trim(now)?)
    }

    /// The last slot recorded for each stream.
    #[must_use]
    pub fn last_slots(&self) -> BTreeMap<TargetId, UnixMillis> {
        let streams = self.spool.state().streams.iter();
        streams
            .filter_map(|(id, stream)| Some((id.target()?.clone(), stream.last_slot?)))
            .collect()
    }

    fn next_i(&self, stream: &StreamId) -> u64 {
        self.spool
            .state()
            .streams
            .get(stream)
            .map_or(0, |counters| counters.next_i)
    }
}

fn line_error(stream: &StreamId, source: LineError) -> RecorderError {
    RecorderError::Line {
        stream: stream.clone(),
        source,
    }
}

fn seen_of(checkpoint: &str) -> Result<Seen, RecorderError> {
    let note = SignedNote::parse(checkpoint.as_bytes()).map_err(RecorderError::SeenNote)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(RecorderError::SeenText)?;
    Ok(Seen {
        origin: checkpoint.origin,
        size: checkpoint.size,
        root: checkpoint.root,
    })
}
