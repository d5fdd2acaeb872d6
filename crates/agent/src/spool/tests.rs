use camino::Utf8Path;
use domain::{UnixMicros, UnixMillis};
use evidence::hash::Hash;
use tempfile::TempDir;
use wire::line::EncodedLine;
use wire::stream::StreamId;

use super::*;

mod damage;
mod harness;
mod kept;
mod model;
mod skim;

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

fn open(dir: &Utf8Path) -> (Spool, Recovered) {
    Spool::open(dir, limits()).unwrap()
}

fn next_i(spool: &Spool, stream: &str) -> u64 {
    spool.state().streams[&stream.parse::<StreamId>().unwrap()].next_i
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
