//! A spool beside its model: does the same to both, crashes the one, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use camino::Utf8Path;
use domain::{UnixMicros, UnixMillis};
use evidence::hash::Hash;

use super::super::*;
use super::SEGMENT;
use super::model::{Model, Op, line, seal};

/// Backlog at which lines are refused, bytes.
const BACKLOG: u64 = 8 * SEGMENT;
/// What may be kept for replay, bytes.
const KEPT: u64 = 3 * SEGMENT;
/// Age at which it may go, microseconds; a seal ages everything by one.
const KEPT_US: i64 = 20;

fn limits() -> Limits {
    Limits {
        segment_bytes_max: SEGMENT,
        backlog_bytes_max: BACKLOG,
        kept_bytes_max: KEPT,
        kept_us_max: KEPT_US,
        ..Limits::default()
    }
}

/// A spool, its model after every fact, and where each fact ends on disk.
pub(super) struct Harness {
    pub(super) dir: Utf8PathBuf,
    spool: Option<Spool>,
    pub(super) model: Model,
    pub(super) history: Vec<(u64, u64, Model)>,
    synced: (u64, u64),
    /// Before this, even a disk that lies would have to lie about files that are gone.
    floor: (u64, u64),
}

impl Harness {
    pub(super) fn new(dir: &Utf8Path) -> Self {
        let (spool, recovered) = Spool::open(dir, limits()).unwrap();
        assert_eq!(recovered, Recovered::default());
        let mut harness = Self {
            dir: dir.to_owned(),
            spool: Some(spool),
            history: Vec::new(),
            model: Model::default(),
            synced: (0, 0),
            floor: (0, 0),
        };
        harness.begin_history();
        harness
    }

    pub(super) fn spool(&self) -> &Spool {
        self.spool.as_ref().unwrap()
    }

    fn end(&self) -> (u64, u64) {
        (self.spool().active.number, self.spool().active.len)
    }

    /// From here on: what came before can no longer be cut off.
    pub(super) fn begin_history(&mut self) {
        let (number, len) = self.end();
        (self.synced, self.floor) = ((number, len), (number, len));
        self.history = vec![(number, len, self.model.clone())];
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Cut(share, rubbish) => return self.cut(*share, *rubbish),
            Op::Tear(share) => return self.tear(*share),
            Op::Sync => {
                self.spool.as_mut().unwrap().sync().unwrap();
                self.synced = self.end();
            }
            Op::Line(n) => self.append_line(*n),
            Op::Seal => self.append_seal(),
            Op::Trim => self.trim(),
            other => self.note(other),
        }
        let (number, len) = self.end();
        if number != self.synced.0 {
            // A new segment begins only after the old one is durable.
            self.synced = (number, 0);
        }
        self.history.push((number, len, self.model.clone()));
    }

    fn append_line(&mut self, n: u8) {
        let (model, spool) = (&mut self.model, self.spool.as_mut().unwrap());
        let stream = format!("s{n}");
        let i = model.next_i.get(&stream).copied().unwrap_or(0);
        let line = line(&stream, i);
        let appended = spool.append_line(&line);
        if spool.is_full() && matches!(appended, Err(SpoolError::Full { .. })) {
            return;
        }
        appended.unwrap();
        model.begun.remove(&(stream.clone(), line.slot.unwrap()));
        model.next_i.insert(stream.clone(), i + 1);
        model.unsealed.insert((stream, i), line);
    }

    fn append_seal(&mut self) {
        let (model, spool) = (&mut self.model, self.spool.as_mut().unwrap());
        let batch = seal(model);
        let sealed_us = UnixMicros::new(i64::try_from(batch.seq).unwrap());
        spool.append_seal(batch.clone(), sealed_us).unwrap();
        model.unsealed.clear();
        model.batches.push(batch);
    }

    fn note(&mut self, op: &Op) {
        let (model, spool) = (&mut self.model, self.spool.as_mut().unwrap());
        match op {
            Op::Begin(n, ahead) => {
                let stream = format!("s{n}");
                let next = model.next_i.get(&stream).copied().unwrap_or(0);
                let slot = line(&stream, next + u64::from(*ahead)).slot.unwrap();
                spool.append_begun(&stream.parse().unwrap(), slot).unwrap();
                model.begun.insert((stream, slot));
            }
            Op::Ack(n) if model.next_seq() > 0 => {
                let seq = u64::from(*n) % model.next_seq();
                model.acked = model.acked.max(seq + 1);
                spool.mark_acked(seq).unwrap();
            }
            Op::Release(n) if model.acked > 0 => {
                let seq = u64::from(*n) % model.acked;
                model.released = model.released.max(seq + 1);
                spool.mark_released(seq).unwrap();
            }
            Op::See(n) => {
                model.seen = Some(format!("checkpoint {n}"));
                spool.set_seen(format!("checkpoint {n}")).unwrap();
            }
            Op::Run(n) => {
                model.boot = u64::from(*n);
                spool.begin_run(u64::from(*n)).unwrap();
                self.synced = (spool.active.number, spool.active.len);
            }
            _ => {}
        }
    }

    fn trim(&mut self) {
        let spool = self.spool.as_mut().unwrap();
        let mut deleted = spool.trim(UnixMicros::new(0)).unwrap();
        let needed_from = spool.needed_from();
        let kept = spool.closed.range(..needed_from).map(|(_, c)| c.bytes);
        let kept: u64 = kept.sum();
        assert!(kept <= KEPT, "{kept} bytes are kept");
        let aged = UnixMicros::new(i64::try_from(self.model.next_seq()).unwrap());
        deleted += spool.trim(aged).unwrap();
        if deleted > 0 {
            (self.synced, self.floor) = (self.end(), self.end());
        }
    }

    fn cut(&mut self, share: u16, rubbish: u8) {
        let (number, len) = self.end();
        let safe = self.cut_after(self.synced);
        self.crash(safe + (len - safe) * u64::from(share) / 65_536, rubbish);
        assert_eq!(number, self.end().0);
    }

    fn tear(&mut self, share: u16) {
        let safe = self.cut_after(self.floor);
        let len = self.end().1;
        self.crash(safe + (len - safe) * u64::from(share) / 65_536, 0);
    }

    /// First byte of the newest segment that may be cut off, where what was before a place is safe.
    fn cut_after(&self, (number, len): (u64, u64)) -> u64 {
        let newest = self.end().0;
        let head = head_len(&self.dir, newest);
        if number == newest {
            len.max(head)
        } else {
            head
        }
    }

    /// Ends the process and the newest segment at a byte, and opens the spool again.
    fn crash(&mut self, cut: u64, rubbish: u8) {
        let (number, _) = self.end();
        self.spool = None;
        let path = segment::path(&self.dir, number);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(cut).unwrap();
        file.write_all_at(&vec![0xa5; usize::from(rubbish)], cut)
            .unwrap();
        self.roll_back(number, cut);
        let recovered = self.reopen().unwrap();
        assert_eq!(recovered.quarantined, Vec::<Utf8PathBuf>::new());
        assert_eq!(recovered.lines_lost, 0);
        assert_eq!(recovered.batches_lost, self.lost_unacked());
        self.check_recovered(&recovered);
        self.synced = self.end();
    }

    /// Forgets every fact that ends behind a byte of a segment.
    pub(super) fn roll_back(&mut self, number: u64, cut: u64) {
        self.history
            .retain(|(segment, end, _)| *segment < number || *end <= cut);
        self.model = self.history.last().unwrap().2.clone();
    }

    pub(super) fn close(&mut self) {
        self.spool.as_mut().unwrap().sync().unwrap();
        self.spool = None;
    }

    pub(super) fn reopen(&mut self) -> Result<Recovered, SpoolError> {
        let (spool, recovered) = Spool::open(&self.dir, limits())?;
        self.spool = Some(spool);
        Ok(recovered)
    }

    pub(super) fn lost_unacked(&self) -> Vec<u64> {
        let lost = self.model.lost.range(self.model.acked..);
        lost.copied().collect()
    }

    pub(super) fn check_recovered(&self, recovered: &Recovered) {
        assert_eq!(recovered.boot, self.model.boot);
        let lines: Vec<SpooledLine> = self.model.unsealed.values().cloned().collect();
        assert_eq!(recovered.lines, lines);
    }

    /// Takes over what the spool has after damage; what it may have was checked before.
    pub(super) fn adopt(&mut self, recovered: &Recovered) {
        let state = self.spool().state().clone();
        let streams = state.streams.iter();
        self.model.next_i = streams.map(|(id, s)| (id.to_string(), s.next_i)).collect();
        let lines = recovered.lines.iter();
        self.model.unsealed = lines
            .map(|line| ((line.stream.to_string(), line.i), line.clone()))
            .collect();
        self.model.begun = begun(&state);
        (self.model.acked, self.model.released) = (state.acked_below, state.released_below);
        (self.model.seen, self.model.boot) = (state.seen, state.boot);
        self.begin_history();
    }

    pub(super) fn check(&self) {
        let (spool, model) = (self.spool(), &self.model);
        let state = spool.state();
        let streams = state.streams.iter();
        let next_i: BTreeMap<String, u64> =
            streams.map(|(id, s)| (id.to_string(), s.next_i)).collect();
        assert_eq!(next_i, model.next_i);
        assert_eq!(begun(state), model.begun);
        let counters = (state.next_seq, state.acked_below, state.released_below);
        assert_eq!(counters, (model.next_seq(), model.acked, model.released));
        let prev = model.batches.last().map_or(Hash::ZERO, |batch| batch.hash);
        assert_eq!(state.prev, prev);
        assert_eq!(state.seen, model.seen);
        self.check_batches();
    }

    /// Everything without a receipt is there, in order and byte for byte; of the rest, nothing but
    /// what was.
    pub(super) fn check_batches(&self) {
        let (spool, model) = (self.spool(), &self.model);
        let unacked: Vec<SealedBatch> = spool.unacked(0).map(Result::unwrap).collect();
        let acked = usize::try_from(model.acked).unwrap();
        let kept = model.batches.iter().skip(acked);
        let kept: Vec<SealedBatch> = kept
            .filter(|batch| !model.lost.contains(&batch.seq))
            .cloned()
            .collect();
        let seqs = |batches: &[SealedBatch]| batches.iter().map(|b| b.seq).collect::<Vec<_>>();
        assert_eq!(seqs(&unacked), seqs(&kept));
        assert!(unacked == kept, "byte for byte");
        for batch in &model.batches[..acked] {
            let found = spool.find_batch(batch.seq).unwrap();
            assert!(found.is_none_or(|found| found == *batch));
        }
    }
}

fn begun(state: &State) -> BTreeSet<(String, UnixMillis)> {
    let begun = state.begun.iter();
    begun
        .flat_map(|(id, slots)| slots.iter().map(|slot| (id.to_string(), *slot)))
        .collect()
}

fn head_len(dir: &Utf8Path, number: u64) -> u64 {
    let bytes = fs::read(segment::path(dir, number)).unwrap();
    frame::read(&bytes, 0).unwrap().1 as u64
}
