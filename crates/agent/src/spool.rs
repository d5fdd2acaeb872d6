//! The spool: an append-only journal on disk of what was measured and what became of it.
//!
//! Invariants: a fact is durable once [`Spool::sync`] has returned after it; counters never go
//! back; bytes are bounded, and a full spool says so instead of dropping anything; after a crash
//! at any byte, exactly the facts before it are there. One process at a time holds a spool.
//!
//! Non-goals: what a line or a batch means, sealing, sending. Bodies are read back from disk, in
//! memory are only their places.

use std::collections::BTreeMap;
use std::fs::{self, File};

use camino::Utf8PathBuf;
use domain::{TargetId, UnixMicros, UnixMillis};
use wire::batch::SealedBatch;

mod error;
mod frame;
mod kept;
mod limits;
mod open;
mod recover;
mod salvage;
mod scan;
mod segment;
mod skim;
mod state;
#[cfg(test)]
mod tests;

pub use error::SpoolError;
pub use frame::SpooledLine;
pub use limits::{
    BACKLOG_BYTES_MAX, Durability, KEPT_BYTES_MAX, KEPT_US_MAX, Limits, SEGMENT_BYTES_MAX,
};
pub use state::{State, StreamState};

use frame::Frame;
use segment::{Active, Location};

/// What a restart found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Lines in no batch yet, by stream and index.
    pub lines: Vec<SpooledLine>,
    /// Random id of the run that wrote them.
    pub boot: u64,
    /// Bytes cut off behind the last intact frame.
    pub torn_bytes: u64,
    /// Damaged segments that were put aside, under their new names.
    pub quarantined: Vec<Utf8PathBuf>,
    /// Unsealed lines that the damage took; a stream's last one only where its index tells of it.
    pub lines_lost: u64,
    /// Unacknowledged batches that the damage took.
    pub batches_lost: Vec<u64>,
}

/// A closed segment.
#[derive(Clone, Copy, Debug)]
struct Closed {
    bytes: u64,
    /// When the newest batch before its end was sealed.
    until: UnixMicros,
}

/// The journal. See the module's invariants.
#[derive(Debug)]
pub struct Spool {
    dir: Utf8PathBuf,
    limits: Limits,
    active: Active,
    closed: BTreeMap<u64, Closed>,
    state: State,
    batches: BTreeMap<u64, Location>,
    /// Oldest segment with a batch without receipt: asked for at each line, where a backlog has
    /// thousands of batches.
    unacked_from: Option<u64>,
    unsealed_from: Option<u64>,
    kept: Option<kept::Index>,
    poisoned: bool,
    _lock: File,
}

impl Spool {
    /// The counters, with every appended fact counted.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Notes that a new run begins: what follows is under its boot id.
    pub fn begin_run(&mut self, boot: u64) -> Result<(), SpoolError> {
        let state = State {
            boot,
            scan_from: self.scan_from(),
            ..self.state.clone()
        };
        self.append(&Frame::Snapshot(state.clone()))?;
        self.state = state;
        self.commit()
    }

    /// Appends a line. Refused when the backlog is full.
    pub fn append_line(&mut self, line: &SpooledLine) -> Result<(), SpoolError> {
        if self.is_full() {
            return Err(SpoolError::Full {
                bytes_max: self.limits.backlog_bytes_max,
            });
        }
        let location = self.append(&Frame::Line(line.clone()))?;
        self.unsealed_from.get_or_insert(location.segment);
        self.state.add_line(line);
        Ok(())
    }

    /// Notes that the attempt of a slot begins. It need not be synced: facts keep their order, so
    /// it is durable once any later line is, and only then can its slot be passed over.
    pub fn append_begun(&mut self, stream: &TargetId, slot: UnixMillis) -> Result<(), SpoolError> {
        self.append(&Frame::Begun {
            stream: stream.clone(),
            slot,
        })?;
        self.state.begin(stream, slot);
        Ok(())
    }

    /// Appends a batch that carries every line so far. Never refused for want of room: it makes
    /// lines that were accepted fit to be sent.
    pub fn append_seal(
        &mut self,
        batch: SealedBatch,
        sealed_us: UnixMicros,
    ) -> Result<(), SpoolError> {
        let (seq, hash) = (batch.seq, batch.hash);
        let location = self.append(&Frame::Seal { batch, sealed_us })?;
        self.batches.insert(seq, location);
        let oldest = self.unacked_from.unwrap_or(u64::MAX);
        self.unacked_from = Some(oldest.min(location.segment));
        self.state.add_seal(seq, hash, sealed_us);
        self.unsealed_from = None;
        Ok(())
    }

    /// Notes that the collector has every batch up to `seq`.
    pub fn mark_acked(&mut self, seq: u64) -> Result<(), SpoolError> {
        if seq >= self.state.acked_below && seq < self.state.next_seq {
            self.append(&Frame::Acked { seq })?;
            self.state.acked_below = seq + 1;
            self.find_unacked_from();
        }
        Ok(())
    }

    /// Notes that the log has every batch up to `seq`.
    pub fn mark_released(&mut self, seq: u64) -> Result<(), SpoolError> {
        if seq >= self.state.released_below && seq < self.state.acked_below {
            self.append(&Frame::Released { seq })?;
            self.state.released_below = seq + 1;
            self.batches = self.batches.split_off(&(seq + 1));
        }
        Ok(())
    }

    /// Notes the newest verified checkpoint, a signed note.
    pub fn set_seen(&mut self, checkpoint: String) -> Result<(), SpoolError> {
        self.append(&Frame::Seen {
            checkpoint: checkpoint.clone(),
        })?;
        self.state.seen = Some(checkpoint);
        Ok(())
    }

    /// Ends a group of appends: durable on return, unless the caller asked to sync by hand.
    pub fn commit(&mut self) -> Result<(), SpoolError> {
        match self.limits.durability {
            Durability::EveryGroup => self.sync(),
            Durability::Manual => Ok(()),
        }
    }

    /// Forces everything appended to disk.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        if self.poisoned {
            return Err(SpoolError::Poisoned);
        }
        self.active.sync().map_err(|source| {
            // After a failed sync the system may call lost pages clean: trust nothing but a rescan.
            self.poisoned = true;
            SpoolError::Sync {
                segment: segment::path(&self.dir, self.active.number),
                source,
            }
        })
    }

    /// Batches without a receipt from `from_seq` on, in order, read from disk one by one.
    pub fn unacked(
        &self,
        from_seq: u64,
    ) -> impl Iterator<Item = Result<SealedBatch, SpoolError>> + '_ {
        let from = from_seq.max(self.state.acked_below);
        self.batches
            .range(from..)
            .map(|(seq, location)| self.read_batch(*seq, *location))
    }

    /// A batch that is not proven to be in the log yet; `None` where there is no such.
    pub fn find_batch(&self, seq: u64) -> Result<Option<SealedBatch>, SpoolError> {
        let location = self.batches.get(&seq).copied();
        location
            .map(|location| self.read_batch(seq, location))
            .transpose()
    }

    /// Bytes of all segments that hold a line or batch without receipt.
    #[must_use]
    pub fn backlog_bytes(&self) -> u64 {
        let closed = self.closed.range(self.needed_from()..);
        self.active.len + closed.map(|(_, closed)| closed.bytes).sum::<u64>()
    }

    /// Whether lines are refused.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.backlog_bytes() >= self.limits.backlog_bytes_max
    }

    /// Bounds that this spool was opened with.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Deletes segments that are kept for replay only and are beyond their age or bytes. Under
    /// pressure of bytes, batches with a receipt go even if the log has not proven them yet.
    /// Returns how many segments went.
    pub fn trim(&mut self, now: UnixMicros) -> Result<usize, SpoolError> {
        let (needed_from, scan_from) = (self.needed_from(), self.scan_from());
        let mut kept: u64 = self.closed.range(..needed_from).map(|(_, c)| c.bytes).sum();
        let mut deleted = 0;
        while let Some((&number, &closed)) = self.closed.range(..needed_from).next() {
            let aged = number < scan_from
                && now.get().saturating_sub(closed.until.get()) > self.limits.kept_us_max;
            if !aged && kept <= self.limits.kept_bytes_max {
                break;
            }
            if deleted == 0 {
                self.sync()?; // A receipt that a crash took back would leave a batch missing.
            }
            let path = segment::path(&self.dir, number);
            fs::remove_file(&path).map_err(|source| SpoolError::Delete {
                segment: path,
                source,
            })?;
            self.closed.remove(&number);
            self.kept = None;
            self.batches
                .retain(|_, location| location.segment != number);
            kept -= closed.bytes;
            deleted += 1;
        }
        Ok(deleted)
    }

    fn append(&mut self, frame: &Frame) -> Result<Location, SpoolError> {
        if self.poisoned {
            return Err(SpoolError::Poisoned);
        }
        let bytes = frame.encode().ok_or(SpoolError::TooLong)?;
        if self.active.len >= self.limits.segment_bytes_max {
            self.rotate()?;
        }
        self.active
            .append(&bytes)
            .map_err(|source| SpoolError::Append {
                segment: segment::path(&self.dir, self.active.number),
                source,
            })
    }

    fn rotate(&mut self) -> Result<(), SpoolError> {
        self.sync()?;
        let number = self.active.number + 1;
        self.state.scan_from = self.scan_from();
        let head = Frame::Snapshot(self.state.clone())
            .encode()
            .ok_or(SpoolError::TooLong)?;
        let active =
            Active::create(&self.dir, number, &head).map_err(|source| SpoolError::Append {
                segment: segment::path(&self.dir, number),
                source,
            })?;
        let full = std::mem::replace(&mut self.active, active);
        let closed = Closed {
            bytes: full.len,
            until: self.state.sealed_us,
        };
        self.closed.insert(full.number, closed);
        Ok(())
    }

    /// Oldest segment with data that has no receipt.
    fn needed_from(&self) -> u64 {
        self.active
            .number
            .min(self.unacked_from.unwrap_or(u64::MAX))
            .min(self.unsealed_from.unwrap_or(u64::MAX))
    }

    fn find_unacked_from(&mut self) {
        // What was carried over from a damaged segment stands behind batches of higher numbers.
        let unacked = self.batches.range(self.state.acked_below..);
        self.unacked_from = unacked.map(|(_, location)| location.segment).min();
    }

    /// Oldest segment that recovery has to read.
    fn scan_from(&self) -> u64 {
        let unreleased = self.batches.values().map(|location| location.segment).min();
        self.needed_from().min(unreleased.unwrap_or(u64::MAX))
    }

    fn read_frame(&self, seq: u64, location: Location) -> Result<Frame, SpoolError> {
        let path = segment::path(&self.dir, location.segment);
        let bytes = segment::read_at(&self.dir, location).map_err(|source| SpoolError::Read {
            path: path.clone(),
            source,
        })?;
        match frame::read(&bytes, 0) {
            Some((frame, _)) => Ok(frame),
            None => Err(SpoolError::Damaged { seq, segment: path }),
        }
    }

    fn read_batch(&self, seq: u64, location: Location) -> Result<SealedBatch, SpoolError> {
        match self.read_frame(seq, location)? {
            Frame::Seal { batch, .. } if batch.seq == seq => Ok(batch),
            _ => Err(SpoolError::Damaged {
                seq,
                segment: segment::path(&self.dir, location.segment),
            }),
        }
    }
}
