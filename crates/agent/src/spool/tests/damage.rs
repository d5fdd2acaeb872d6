//! A flipped bit anywhere in the spool, after any history: what it took is told, and nothing else
//! is touched.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use super::dir;
use super::harness::Harness;
use super::model::{Model, Op, config, op};
use crate::spool::frame::{Piece, Pieces};

/// The frame that a flipped bit hit.
struct Hit {
    segment: u64,
    frame: Frame,
    /// Where the frame begins.
    at: u64,
    /// Nothing stands behind it: such damage looks like a write that a crash cut off.
    is_tail: bool,
    /// Recovery does not read so far back.
    is_history: bool,
}

impl Harness {
    /// Flips one bit of one segment and opens the spool again.
    fn flip(&mut self, segment: u16, at: u16, bit: u8) {
        let before = self.model.clone();
        self.close();
        let segments = segment::list(&self.dir).unwrap();
        let newest = *segments.last().unwrap();
        let number = segments[usize::from(segment) % segments.len()];
        let scan_from = segment::head(&self.dir, newest).unwrap().unwrap().scan_from;
        let path = segment::path(&self.dir, number);
        let intact = fs::read(&path).unwrap();
        let at = usize::from(at) % intact.len();
        let hit = hit(&intact, at, (number, newest), scan_from);
        let mut bytes = intact.clone();
        bytes[at] ^= 1 << (bit % 8);
        fs::write(&path, bytes).unwrap();
        match self.reopen() {
            Ok(recovered) => self.check_damage(&hit, &recovered, &before),
            Err(SpoolError::CountersLost { .. }) => {
                let is_only_head = matches!(hit.frame, Frame::Snapshot(_)) && hit.at == 0;
                assert!(is_only_head && number == segments[0], "one bit lost them");
                fs::write(&path, intact).unwrap();
                self.reopen().unwrap();
            }
            Err(other) => panic!("{other}"),
        }
        self.check();
    }

    fn check_damage(&mut self, hit: &Hit, recovered: &Recovered, before: &Model) {
        let told = (recovered.quarantined.len(), recovered.lines_lost);
        if hit.is_tail {
            assert_eq!(told, (0, 0));
            self.roll_back(hit.segment, hit.at);
            self.check_recovered(recovered);
            self.begin_history();
        } else if hit.is_history {
            assert_eq!(told, (0, 0), "what is not needed is not read");
            self.check_recovered(recovered);
        } else {
            assert_eq!(told.0, 1, "the segment is put aside");
            self.check_corruption(hit, recovered, before);
            self.adopt(recovered);
        }
    }

    fn check_corruption(&mut self, hit: &Hit, recovered: &Recovered, before: &Model) {
        let state = self.spool().state().clone();
        assert_eq!(
            state.next_seq,
            before.batches.len() as u64,
            "numbers are never used again"
        );
        check_marks(
            &hit.frame,
            (state.acked_below, state.released_below),
            before,
        );
        let mut taken = before.lost.clone();
        if let Frame::Seal { batch, .. } = &hit.frame {
            taken.insert(batch.seq);
        }
        if let Frame::Acked { .. } = &hit.frame {
            // Without the receipt, what was trimmed on its strength seems lost; the collector has it.
            let received = recovered.batches_lost.iter().filter(|s| **s < before.acked);
            taken.extend(received);
        }
        let unacked: Vec<u64> = taken.range(state.acked_below..).copied().collect();
        assert_eq!(recovered.batches_lost, unacked, "lost batches are told");
        self.model.lost = taken;
        self.model.acked = state.acked_below;
        self.check_batches();
        check_lines(&hit.frame, recovered, (before, state.acked_below));
    }
}

/// Receipts and releases stay, but for the one that was hit.
fn check_marks(hit: &Frame, (acked, released): (u64, u64), before: &Model) {
    match hit {
        Frame::Acked { .. } => assert!(acked <= before.acked),
        _ => assert_eq!(acked, before.acked),
    }
    match hit {
        Frame::Released { .. } => assert!(released <= before.released),
        _ => assert_eq!(released, before.released),
    }
}

/// Lines are there or counted as lost; no line comes that is in a batch already, unless the damage
/// took that batch before it had a receipt; indexes have no holes.
fn check_lines(hit: &Frame, recovered: &Recovered, (before, acked_below): (&Model, u64)) {
    let again: BTreeSet<(String, u64)> = match hit {
        Frame::Seal { batch, .. } if batch.seq >= acked_below => keys(batch),
        _ => BTreeSet::new(),
    };
    let mut lost = 0;
    for (key, line) in &before.unsealed {
        match recovered.lines.iter().find(|found| key_of(found) == *key) {
            Some(found) => assert_eq!(found, line),
            None => lost += 1,
        }
    }
    let strangers = recovered.lines.iter().map(key_of);
    let strangers: Vec<_> = strangers
        .filter(|key| !before.unsealed.contains_key(key) && !again.contains(key))
        .collect();
    assert_eq!(strangers, [], "lines that were in a batch, or never were");
    if again.is_empty() {
        let untold = u64::from(matches!(hit, Frame::Line(_)));
        let told = recovered.lines_lost..=recovered.lines_lost + untold;
        assert!(told.contains(&lost), "{lost} lost, but {told:?} told");
    }
    let mut sorted: Vec<_> = recovered.lines.iter().map(key_of).collect();
    sorted.sort();
    for pair in sorted.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[0].1 + 1 == pair[1].1);
    }
}

fn key_of(line: &SpooledLine) -> (String, u64) {
    (line.stream.to_string(), line.i)
}

/// The lines that a batch carries.
fn keys(sealed: &SealedBatch) -> BTreeSet<(String, u64)> {
    let text = wire::batch::decompress(&sealed.body).unwrap();
    let batch = wire::batch::parse(&text).unwrap();
    let streams = batch.streams.iter();
    streams
        .flat_map(|stream| {
            let lines = stream.lines.iter();
            lines.map(|line| (stream.id.to_string(), line.value.index()))
        })
        .collect()
}

fn hit(bytes: &[u8], at: usize, (number, newest): (u64, u64), scan_from: u64) -> Hit {
    let found = Pieces::new(bytes).find_map(|piece| match piece {
        Piece::Frame(frame, range) if range.contains(&at) => Some((*frame, range)),
        _ => None,
    });
    let (frame, range) = found.expect("every byte of an intact segment is in a frame");
    Hit {
        segment: number,
        frame,
        at: range.start as u64,
        is_tail: number == newest && range.end == bytes.len() && range.start > 0,
        is_history: number < scan_from,
    }
}

/// Carried over, it stands in a newer segment than batches that were sealed after it.
#[test]
fn what_is_carried_over_from_damage_does_not_let_younger_batches_be_trimmed() {
    let (_temp, dir) = dir();
    let mut harness = Harness::new(&dir);
    let ops = [
        Op::Run(120),
        Op::Line(2),
        Op::Begin(0, 1),
        Op::Line(0),
        Op::Seal,
        Op::Line(2),
        Op::See(0),
        Op::Line(1),
        Op::Seal,
        Op::Release(0),
        Op::Run(76),
        Op::Line(0),
        Op::Line(0),
        Op::Line(2),
        Op::Line(1),
        Op::Line(2),
        Op::Ack(92),
        Op::Seal,
        Op::Run(31),
        Op::Seal,
        Op::Seal,
    ];
    for op in &ops {
        harness.apply(op);
    }
    harness.flip(6_156, 20_005, 0);
    harness.apply(&Op::Trim);
    harness.check();
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn a_flipped_bit_takes_one_fact_and_says_so(
        ops in proptest::collection::vec(op(), 1..80),
        (segment, at, bit) in (any::<u16>(), any::<u16>(), any::<u8>()),
        after in proptest::collection::vec(op(), 0..30),
    ) {
        let (_temp, dir) = dir();
        let mut harness = Harness::new(&dir);
        for op in &ops {
            harness.apply(op);
        }
        harness.flip(segment, at, bit);
        for op in &after {
            harness.apply(op);
            harness.check();
        }
        harness.apply(&Op::Cut(u16::MAX, 0));
        harness.check();
    }
}
