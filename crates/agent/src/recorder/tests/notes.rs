//! What the agent says about itself, in the chain.

use domain::Minute;
use wire::reserved::{ControlLine, RESERVED_VERSION, ReservedLine};

use super::*;
use crate::selfcheck::Readings;

fn control(at_s: i64) -> ReservedLine {
    ReservedLine::Ctrl(ControlLine {
        failed: Vec::new(),
        hosts: Vec::new(),
        i: 0,
        minute: Minute::new(at_s / 60),
        mono_us: stamp(at_s).mono_us,
        of: 2,
        ok: 2,
        v: RESERVED_VERSION,
        wall_us: stamp(at_s).wall,
    })
}

/// The reserved streams of a batch with the indexes of their lines.
fn own(sealed: &SealedBatch) -> Vec<(String, Vec<u64>)> {
    read(sealed, |batch| {
        let of = |stream: &batch::ReservedStream<'_>| {
            let lines = stream.lines.iter().map(|(_, line)| line.index());
            (stream.id.to_string(), lines.collect())
        };
        batch.reserved.iter().map(of).collect()
    })
}

fn wanted(streams: &[(&str, &[u64])]) -> Vec<(String, Vec<u64>)> {
    let of = |(id, indexes): &(&str, &[u64])| ((*id).to_owned(), indexes.to_vec());
    streams.iter().map(of).collect()
}

#[test]
fn every_batch_says_how_clock_and_load_were_also_a_heartbeat() {
    let mut bench = Bench::new();
    bench.recorder.observe(Readings::default());
    bench.recorder.record_note(control(60), stamp(60)).unwrap();
    bench.sample(0, 60, Outcome::Ok);
    let first = bench.seal(61).unwrap();
    assert_eq!(
        own(&first),
        wanted(&[("_ctrl", &[0]), ("_sys", &[0]), ("_time", &[0])])
    );
    assert_eq!(indexes(&first), [("acme".to_owned(), vec![0])]);
    let covered = read(&first, |batch| (batch.note.wall_us, batch.note.streams));
    assert_eq!(covered, ((60_000_000, 60_000_000), 4), "the sample's time");

    let heartbeat = bench.seal(400).unwrap();
    assert_eq!(own(&heartbeat), wanted(&[("_sys", &[1]), ("_time", &[1])]));
    assert_eq!(bench.seal(401), None);
}

#[test]
fn own_lines_count_on_across_a_kill_and_keep_their_clock() {
    let mut bench = Bench::new();
    bench.recorder.observe(Readings::default());
    bench.sample(0, 60, Outcome::Ok);
    bench.seal(100).unwrap();
    for at in [120, 180] {
        bench.recorder.record_note(control(at), stamp(at)).unwrap();
    }
    bench.recorder.commit().unwrap();
    let mut bench = bench.killed(2);
    let spool = bench.recorder.spool();
    let sent: Vec<SealedBatch> = spool.unacked(0).map(Result::unwrap).collect();
    assert_eq!(own(&sent[1]), wanted(&[("_ctrl", &[0, 1])]));
    let (boot, mono) = read(&sent[1], |batch| (batch.note.boot, batch.note.mono_us));
    assert_eq!((boot, mono), (1, (180_000_000, 180_000_000)));

    bench.recorder.observe(Readings::default());
    bench.recorder.record_note(control(240), stamp(1)).unwrap();
    let next = bench.seal(2).unwrap();
    assert_eq!(
        own(&next),
        wanted(&[("_ctrl", &[2]), ("_sys", &[1]), ("_time", &[1])])
    );
}

#[test]
fn own_streams_have_no_slots_to_account_for() {
    let mut bench = Bench::new();
    bench.recorder.record_note(control(60), stamp(60)).unwrap();
    assert!(bench.recorder.last_slots().is_empty());
}

#[test]
fn a_full_spool_leaves_own_lines_out_and_still_seals() {
    let mut bench = Bench::new();
    let limits = Limits {
        segment_bytes_max: 2_000,
        backlog_bytes_max: 8_000,
        ..Limits::default()
    };
    let settings = RecorderSettings {
        limits,
        ..settings(1)
    };
    let (recorder, _) = Recorder::open(&bench.dir.join("small"), identity(), settings).unwrap();
    bench.recorder = recorder;
    bench.recorder.observe(Readings::default());
    let missed = Missed {
        target: "acme".parse().unwrap(),
        first: UnixMillis::new(0),
        last: UnixMillis::new(0),
        count: 1,
        plan: 7,
        reason: GapReason::Budget,
    };
    while bench.recorder.record_gap(&missed, stamp(1)).is_ok() {}
    bench.recorder.record_note(control(60), stamp(60)).unwrap();
    let sealed = bench.seal(61).unwrap();
    assert_eq!(own(&sealed), []);
    assert_eq!(indexes(&sealed).len(), 1);
}
