//! The short way to what a backlog says, beside the whole one.

use proptest::prelude::*;

use super::harness::Harness;
use super::model::{config, op};
use super::*;
use crate::spool::recover::{self, Fold};
use crate::spool::skim::{self, Skimmed};

/// Everything that a fold says but where it passed damage.
fn check_same(dir: &Utf8Path) {
    let segments = segment::list(dir).unwrap();
    let Ok(short) = recover::fold(dir, &segments) else {
        return;
    };
    let from = segment::head(dir, *segments.last().unwrap());
    let from = from.unwrap().map_or(0, |head| head.scan_from);
    let needed: Vec<u64> = segments.into_iter().filter(|n| *n >= from).collect();
    let whole = recover::whole(dir, &needed).unwrap();
    assert_eq!(said(&short), said(&whole));
}

fn said(fold: &Fold) -> impl PartialEq + std::fmt::Debug + '_ {
    (
        (&fold.state, &fold.unsealed, &fold.batches),
        (&fold.damaged, fold.torn_bytes, fold.intact_to),
    )
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn the_short_way_finds_what_the_whole_one_finds(
        ops in proptest::collection::vec(op(), 1..150),
    ) {
        let (_temp, dir) = dir();
        let mut harness = Harness::new(&dir);
        for op in &ops {
            harness.apply(op);
        }
        harness.close();
        check_same(&dir);
    }
}

#[test]
fn lines_behind_the_last_batch_are_found_in_older_segments() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    spool.append_line(&line("sealed", 0)).unwrap();
    spool.append_seal(batch(0), UnixMicros::new(0)).unwrap();
    for i in 0..100 {
        spool.append_line(&line("open", i)).unwrap();
    }
    spool.sync().unwrap();
    drop(spool);
    let segments = segment::list(&dir).unwrap();
    let (_, older) = segments.split_last().unwrap();
    assert!(older.len() > 1);
    let Skimmed::Through(fold) = skim::skim(&dir, older).unwrap() else {
        panic!("nothing is damaged");
    };
    let found: Vec<u64> = fold.unsealed.keys().map(|(_, i)| *i).collect();
    assert_eq!(found, (0..found.len() as u64).collect::<Vec<_>>());
    let (_, recovered) = open(&dir);
    assert_eq!(recovered.lines.len(), 100);
}

#[test]
fn the_short_way_is_left_at_damage() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    for seq in 0..40 {
        spool.append_seal(batch(seq), UnixMicros::new(0)).unwrap();
    }
    drop(spool);
    let segments = segment::list(&dir).unwrap();
    let (_, older) = segments.split_last().unwrap();
    damage(&dir, older[0], "batch 1");
    let way = skim::skim(&dir, older).unwrap();
    assert!(matches!(way, Skimmed::Damaged), "{way:?}");
}

#[test]
fn a_frame_longer_than_the_window_is_read_whole() {
    let (_temp, dir) = dir();
    let (mut spool, _) = open(&dir);
    let long = SealedBatch {
        body: vec![b'z'; 700_000],
        ..batch(0)
    };
    spool.append_seal(long.clone(), UnixMicros::new(0)).unwrap();
    for i in 0..3 {
        spool.append_line(&line("a", i)).unwrap();
    }
    spool.sync().unwrap();
    drop(spool);
    let (spool, recovered) = open(&dir);
    assert_eq!(recovered.lines.len(), 3);
    assert_eq!(spool.find_batch(0).unwrap(), Some(long));
}
