//! How a spool comes to be: locked, folded, repaired.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::frame::Frame;
use super::recover::{self, Fold};
use super::segment::{self, Active};
use super::{Closed, Limits, Recovered, Spool, SpoolError, State};

impl Spool {
    /// Opens or creates the spool of a directory, and repairs what a crash left behind.
    pub fn open(dir: &Utf8Path, limits: Limits) -> Result<(Self, Recovered), SpoolError> {
        let open = |source| SpoolError::Open {
            dir: dir.to_owned(),
            source,
        };
        let lock = lock(dir)?;
        let segments = segment::list(dir).map_err(open)?;
        let mut fold = recover::fold(dir, &segments)?;
        let newest = segments.last().copied();
        let lines_lost = fold.close_holes();
        let unacked = fold.state.acked_below..fold.state.next_seq;
        let mut recovered = Recovered {
            boot: fold.state.boot,
            torn_bytes: fold.torn_bytes,
            lines_lost,
            batches_lost: unacked
                .filter(|seq| !fold.batches.contains_key(seq))
                .collect(),
            lines: Vec::new(),
            quarantined: Vec::new(),
        };
        let active = match newest {
            Some(number) if fold.damaged.is_empty() => {
                Active::reopen(dir, number, fold.intact_to).map_err(open)?
            }
            _ => {
                let number = newest.map_or(0, |number| number + 1);
                fold.state.scan_from = fold.oldest_segment().unwrap_or(number);
                let head = Frame::Snapshot(fold.state.clone());
                let head = head.encode().ok_or(SpoolError::TooLong)?;
                Active::create(dir, number, &head).map_err(open)?
            }
        };
        let mut spool = Self {
            closed: closed_segments(dir, &segments, active.number, &fold.state)?,
            unsealed_from: fold.unsealed.values().map(|(_, segment)| *segment).min(),
            state: std::mem::take(&mut fold.state),
            batches: std::mem::take(&mut fold.batches),
            unacked_from: None,
            dir: dir.to_owned(),
            limits,
            active,
            kept: None,
            poisoned: false,
            _lock: lock,
        };
        spool.find_unacked_from();
        recovered.quarantined = spool.put_aside(&fold)?;
        let lines = fold.unsealed.into_values();
        recovered.lines = lines.map(|(line, _)| line).collect();
        Ok((spool, recovered))
    }

    /// Carries over what damaged segments still hold, then renames them.
    fn put_aside(&mut self, fold: &Fold) -> Result<Vec<Utf8PathBuf>, SpoolError> {
        let damaged = |segment: &u64| fold.damaged.contains(segment);
        let carried: Vec<_> = self
            .batches
            .iter()
            .filter(|(_, l)| damaged(&l.segment))
            .map(|(s, l)| (*s, *l))
            .collect();
        for (seq, location) in carried {
            let frame = self.read_frame(seq, location)?;
            let location = self.append(&frame)?;
            self.batches.insert(seq, location);
            self.find_unacked_from();
        }
        // Lines go last: a seal behind them would seem to carry them.
        let mut oldest_line = None;
        for (line, segment) in fold.unsealed.values() {
            let segment = if damaged(segment) {
                self.append(&Frame::Line(line.clone()))?.segment
            } else {
                *segment
            };
            oldest_line = Some(oldest_line.map_or(segment, |oldest: u64| oldest.min(segment)));
        }
        self.unsealed_from = oldest_line;
        if !fold.damaged.is_empty() {
            self.sync()?;
        }
        let mut aside = Vec::with_capacity(fold.damaged.len());
        for number in &fold.damaged {
            let path = segment::quarantine(&self.dir, *number).map_err(|source| {
                SpoolError::Quarantine {
                    segment: segment::path(&self.dir, *number),
                    source,
                }
            })?;
            self.closed.remove(number);
            aside.push(path);
        }
        Ok(aside)
    }
}

/// Takes the directory for this process alone. The lock goes with the process, however it ends.
fn lock(dir: &Utf8Path) -> Result<File, SpoolError> {
    let open = |source| SpoolError::Open {
        dir: dir.to_owned(),
        source,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(open)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(dir.join("lock")).map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(SpoolError::Locked {
            dir: dir.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(open(source)),
    }
}

/// Sizes and ages of all segments but the active one. The age of a segment stands in the head of
/// its successor.
fn closed_segments(
    dir: &Utf8Path,
    segments: &[u64],
    active: u64,
    state: &State,
) -> Result<BTreeMap<u64, Closed>, SpoolError> {
    let mut closed = BTreeMap::new();
    let mut until = state.sealed_us;
    for number in segments.iter().rev() {
        let path = segment::path(dir, *number);
        let read = |source| SpoolError::Read {
            path: path.clone(),
            source,
        };
        if *number != active {
            let bytes = fs::metadata(&path).map_err(read)?.len();
            closed.insert(*number, Closed { bytes, until });
        }
        if let Some(head) = segment::head(dir, *number).map_err(read)? {
            until = head.sealed_us;
        }
    }
    Ok(closed)
}
