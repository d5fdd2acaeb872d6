use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use domain::{TargetId, UnixMicros, UnixMillis};
use evidence::hash::Hash;
use proptest::prelude::*;
use tempfile::TempDir;
use wire::line::EncodedLine;

use camino::Utf8Path;

use super::*;

/// Small enough that a few dozen facts fill several segments.
const SEGMENT: u64 = 1_500;

fn limits() -> Limits {
    Limits {
        segment_bytes_max: SEGMENT,
        ..Limits::default()
    }
}

fn dir() -> (TempDir, Utf8PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(temp.path().join("spool")).unwrap();
    (temp, path)
}

fn line(stream: &str, i: u64) -> SpooledLine {
    let detail = i.is_multiple_of(2).then(|| r#"{"salt":"x"}"#.to_owned());
    SpooledLine {
        stream: stream.parse().unwrap(),
        i,
        slot: Some(UnixMillis::new(i64::try_from(i).unwrap() * 1_000)),
        line: EncodedLine {
            core: format!(r#"{{"i":{i}}}"#),
            detail,
        },
    }
}

fn batch(seq: u64) -> SealedBatch {
    let note = format!("batch {seq}\n\nsignature\n").into_bytes();
    let hash = Hash::of(&note);
    let size = usize::try_from(seq % 7).unwrap();
    SealedBatch {
        seq,
        hash,
        note,
        body: vec![b'z'; 30 * size],
    }
}

/// What a caller may do between two crashes.
#[derive(Clone, Debug)]
enum Op {
    Line(u8),
    Seal,
    Ack(u8),
    Release(u8),
    See(u8),
    Run(u8),
    Sync,
    /// Ends the process; of what was not synced, this share of 256 parts survives, and so much
    /// rubbish stands behind it.
    Crash(u8, u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0_u8..3).prop_map(Op::Line),
        3 => Just(Op::Seal),
        2 => any::<u8>().prop_map(Op::Ack),
        2 => any::<u8>().prop_map(Op::Release),
        1 => any::<u8>().prop_map(Op::See),
        1 => any::<u8>().prop_map(Op::Run),
        2 => Just(Op::Sync),
        2 => (any::<u8>(), 0_u8..40).prop_map(|(share, rubbish)| Op::Crash(share, rubbish)),
    ]
}

/// The simplest thing that a spool could be.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    next_i: BTreeMap<String, u64>,
    unsealed: BTreeMap<(String, u64), SpooledLine>,
    batches: Vec<SealedBatch>,
    acked: u64,
    released: u64,
    seen: Option<String>,
    boot: u64,
}

/// A spool, its model after every fact, and where each fact ends on disk.
struct Harness {
    dir: Utf8PathBuf,
    spool: Option<Spool>,
    model: Model,
    history: Vec<(u64, u64, Model)>,
    synced: (u64, u64),
}

impl Harness {
    fn new(dir: &Utf8Path) -> Self {
        let (spool, recovered) = Spool::open(dir, limits()).unwrap();
        assert_eq!(recovered, Recovered::default());
        let end = (spool.active.number, spool.active.len);
        let model = Model::default();
        Self {
            dir: dir.to_owned(),
            spool: Some(spool),
            history: vec![(end.0, end.1, model.clone())],
            model,
            synced: end,
        }
    }

    fn spool(&mut self) -> &mut Spool {
        self.spool.as_mut().unwrap()
    }

    fn apply(&mut self, op: &Op) {
        let model = &mut self.model;
        let spool = self.spool.as_mut().unwrap();
        let next_seq = model.batches.len() as u64;
        match op {
            Op::Line(n) => {
                let stream = format!("s{n}");
                let i = model.next_i.entry(stream.clone()).or_default();
                let line = line(&stream, *i);
                model.unsealed.insert((stream, *i), line.clone());
                *i += 1;
                spool.append_line(&line).unwrap();
            }
            Op::Seal => {
                model.unsealed.clear();
                model.batches.push(batch(next_seq));
                spool
                    .append_seal(batch(next_seq), UnixMicros::new(0))
                    .unwrap();
            }
            Op::Ack(n) if next_seq > 0 => {
                let seq = u64::from(*n) % next_seq;
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
            }
            Op::Sync => {
                spool.sync().unwrap();
                self.synced = (spool.active.number, spool.active.len);
            }
            Op::Crash(share, rubbish) => return self.crash(*share, *rubbish),
            Op::Ack(_) | Op::Release(_) => {}
        }
        let (number, len) = (self.spool().active.number, self.spool().active.len);
        if number != self.synced.0 {
            // A new segment begins only after the old one is durable.
            self.synced = (number, 0);
        }
        self.history.push((number, len, self.model.clone()));
    }

    fn crash(&mut self, share: u8, rubbish: u8) {
        let (number, len) = (self.spool().active.number, self.spool().active.len);
        self.spool = None;
        let head = segment_head_len(&self.dir, number);
        let safe = self.synced.1.max(head);
        let cut = safe + (len - safe) * u64::from(share) / 256;
        let path = segment::path(&self.dir, number);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(cut).unwrap();
        file.write_all_at(&vec![0xa5; usize::from(rubbish)], cut)
            .unwrap();
        self.history
            .retain(|(segment, end, _)| *segment < number || *end <= cut);
        self.model = self.history.last().unwrap().2.clone();
        let (spool, recovered) = Spool::open(&self.dir, limits()).unwrap();
        assert!(recovered.quarantined.is_empty());
        assert_eq!((recovered.lines_lost, recovered.batches_lost.len()), (0, 0));
        assert_eq!(recovered.boot, self.model.boot);
        assert_eq!(
            recovered.lines,
            self.model.unsealed.values().cloned().collect::<Vec<_>>()
        );
        self.synced = (number, spool.active.len);
        self.spool = Some(spool);
    }

    fn check(&self) {
        let (spool, model) = (self.spool.as_ref().unwrap(), &self.model);
        let state = spool.state();
        let next_i: BTreeMap<String, u64> = state
            .streams
            .iter()
            .map(|(id, stream)| (id.to_string(), stream.next_i))
            .collect();
        assert_eq!(next_i, model.next_i);
        let counters = (state.next_seq, state.acked_below, state.released_below);
        assert_eq!(
            counters,
            (model.batches.len() as u64, model.acked, model.released)
        );
        assert_eq!(
            state.prev,
            model.batches.last().map_or(Hash::ZERO, |batch| batch.hash)
        );
        assert_eq!(state.seen, model.seen);
        let unacked: Vec<SealedBatch> = spool.unacked(0).map(Result::unwrap).collect();
        assert_eq!(
            unacked,
            model.batches[usize::try_from(model.acked).unwrap()..]
        );
    }
}

fn segment_head_len(dir: &Utf8Path, number: u64) -> u64 {
    let bytes = fs::read(segment::path(dir, number)).unwrap();
    frame::read(&bytes, 0).unwrap().1 as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn after_a_crash_at_any_byte_exactly_the_facts_before_it_are_there(
        ops in proptest::collection::vec(op(), 1..120),
    ) {
        let (_temp, dir) = dir();
        let mut harness = Harness::new(&dir);
        for op in &ops {
            harness.apply(op);
            harness.check();
        }
        harness.apply(&Op::Crash(255, 0));
        harness.check();
    }
}

fn open(dir: &Utf8Path) -> (Spool, Recovered) {
    Spool::open(dir, limits()).unwrap()
}

fn next_i(spool: &Spool, stream: &str) -> u64 {
    spool.state().streams[&stream.parse::<TargetId>().unwrap()].next_i
}

/// Flips one bit of the first occurrence of `text` in a segment.
fn damage(dir: &Utf8Path, number: u64, text: &str) {
    let path = segment::path(dir, number);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_spool_has_one_holder() {
    let (_temp, dir) = dir();
    let (_spool, _) = open(&dir);
    assert!(matches!(
        Spool::open(&dir, limits()),
        Err(SpoolError::Locked { .. })
    ));
}

#[test]
fn a_corrupt_middle_is_put_aside_and_what_can_be_read_is_carried_over() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    spool.append_seal(batch(0), UnixMicros::new(0)).unwrap();
    for i in 0..4 {
        spool.append_line(&line("a", i)).unwrap();
    }
    spool.append_line(&line("b", 0)).unwrap();
    spool.sync().unwrap();
    drop(spool);
    damage(&dir, 0, r#"{"i":2}"#);

    let (mut spool, recovered) = open(&dir);
    assert_eq!(recovered.quarantined.len(), 1);
    assert_eq!(
        recovered.lines_lost, 2,
        "the damaged line and the one that hung on it"
    );
    assert_eq!(recovered.lines, [line("a", 0), line("a", 1), line("b", 0)]);
    assert_eq!((next_i(&spool, "a"), next_i(&spool, "b")), (2, 1));
    assert_eq!(
        spool.unacked(0).map(Result::unwrap).collect::<Vec<_>>(),
        [batch(0)]
    );
    spool.append_line(&line("a", 2)).unwrap();
    drop(spool);

    let (spool, recovered) = open(&dir);
    assert_eq!(
        recovered.lines,
        [line("a", 0), line("a", 1), line("a", 2), line("b", 0)]
    );
    assert_eq!((recovered.quarantined.len(), recovered.lines_lost), (0, 0));
    assert_eq!(next_i(&spool, "a"), 3);
}

#[test]
fn a_damaged_batch_is_reported_and_its_number_is_never_used_again() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    for seq in 0..3 {
        spool.append_seal(batch(seq), UnixMicros::new(0)).unwrap();
    }
    drop(spool);
    damage(&dir, 0, "batch 1");
    let (spool, recovered) = open(&dir);
    assert_eq!(recovered.batches_lost, [1]);
    assert_eq!(
        (spool.state().next_seq, spool.state().prev),
        (3, batch(2).hash)
    );
    let left: Vec<u64> = spool.unacked(0).map(|batch| batch.unwrap().seq).collect();
    assert_eq!(left, [0, 2]);
}

#[test]
fn a_spool_whose_counters_are_lost_refuses_to_open() {
    let (_temp, dir) = dir();
    drop(open(&dir));
    damage(&dir, 0, "next_seq");
    let opened = Spool::open(&dir, limits());
    assert!(matches!(opened, Err(SpoolError::CountersLost { .. })));
}

#[test]
fn a_full_spool_refuses_lines_until_batches_are_acknowledged() {
    let (_temp, dir) = dir();
    let limits = Limits {
        backlog_bytes_max: 3 * SEGMENT,
        ..limits()
    };
    let (mut spool, _) = Spool::open(&dir, limits).unwrap();
    let full = (0..1_000)
        .find(|i| spool.append_line(&line("a", *i)).is_err())
        .unwrap();
    let refused = spool.append_line(&line("a", full));
    assert!(
        matches!(refused, Err(SpoolError::Full { .. })),
        "{refused:?}"
    );
    spool.append_seal(batch(0), UnixMicros::new(0)).unwrap();
    assert!(spool.is_full() || spool.backlog_bytes() <= 2 * SEGMENT);
    spool.mark_acked(0).unwrap();
    spool.append_line(&line("a", full)).unwrap();
}

#[test]
fn acknowledged_segments_go_when_they_are_too_old_or_too_many() {
    let (_temp, dir) = dir();
    let limits = Limits {
        kept_bytes_max: 4 * SEGMENT,
        kept_us_max: 100,
        ..limits()
    };
    let (mut spool, _) = Spool::open(&dir, limits).unwrap();
    for seq in 0..200 {
        let at = UnixMicros::new(i64::try_from(seq).unwrap());
        spool.append_seal(batch(seq), at).unwrap();
    }
    let segments = |spool: &Spool| spool.closed.len();
    let before = segments(&spool);
    assert_eq!(
        spool.trim(UnixMicros::new(1_000_000)).unwrap(),
        0,
        "nothing has a receipt"
    );
    spool.mark_acked(199).unwrap();
    spool.mark_released(199).unwrap();
    let by_bytes = spool.trim(UnixMicros::new(0)).unwrap();
    assert!(by_bytes > 0 && segments(&spool) == before - by_bytes);
    let kept: u64 = spool.closed.values().map(|closed| closed.bytes).sum();
    assert!(kept <= 4 * SEGMENT, "{kept}");
    spool.trim(UnixMicros::new(1_000_000)).unwrap();
    assert_eq!(segments(&spool), 0);
    drop(spool);
    let (spool, recovered) = open(&dir);
    assert_eq!((spool.state().next_seq, recovered.lines.len()), (200, 0));
}
