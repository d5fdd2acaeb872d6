//! The spool against the simplest thing that it could be, over random histories with crashes.
//!
//! `PROPTEST_CASES` sets how many, `PROPTEST_RNG_SEED` which ones.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use domain::{Gap, GapReason, UnixMillis};
use evidence::batch_note::Seen;
use evidence::hash::Hash;
use evidence::tree;
use proptest::prelude::*;
use wire::batch::{self, StreamLines};
use wire::line::encode_gap;

use super::super::*;
use super::dir;
use super::harness::Harness;
use crate::recorder::tests::identity;

/// Histories in a run where nothing else is asked for.
const CASES: u32 = 48;
pub(super) fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    match env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: CASES,
            ..config
        },
    }
}

/// What a caller may do, and what may befall it.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Line(u8),
    /// An attempt begins, for the slot of a stream's next line or a later one.
    Begin(u8, u8),
    Seal,
    Ack(u8),
    Release(u8),
    See(u8),
    Run(u8),
    Sync,
    Trim,
    /// The power goes: of what was not synced, this share of 65,536 parts survives, and so much
    /// rubbish stands behind it.
    Cut(u16, u8),
    /// The disk had lied: the newest segment ends at any byte behind its head.
    Tear(u16),
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0_u8..3).prop_map(Op::Line),
        2 => (0_u8..3, 0_u8..3).prop_map(|(stream, ahead)| Op::Begin(stream, ahead)),
        4 => Just(Op::Seal),
        3 => any::<u8>().prop_map(Op::Ack),
        2 => any::<u8>().prop_map(Op::Release),
        1 => any::<u8>().prop_map(Op::See),
        1 => any::<u8>().prop_map(Op::Run),
        2 => Just(Op::Sync),
        2 => Just(Op::Trim),
        2 => (any::<u16>(), 0_u8..40).prop_map(|(share, rubbish)| Op::Cut(share, rubbish)),
        1 => any::<u16>().prop_map(Op::Tear),
    ]
}

/// The simplest thing that a spool could be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Model {
    pub(super) next_i: BTreeMap<String, u64>,
    pub(super) begun: BTreeSet<(String, UnixMillis)>,
    pub(super) unsealed: BTreeMap<(String, u64), SpooledLine>,
    pub(super) batches: Vec<SealedBatch>,
    /// Batches that damage took.
    pub(super) lost: BTreeSet<u64>,
    pub(super) acked: u64,
    pub(super) released: u64,
    pub(super) seen: Option<String>,
    pub(super) boot: u64,
}

impl Model {
    pub(super) fn next_seq(&self) -> u64 {
        self.batches.len() as u64
    }
}

pub(super) fn line(stream: &str, i: u64) -> SpooledLine {
    let slot = UnixMillis::new(i64::try_from(i).unwrap() * 1_000);
    let gap = Gap {
        count: 1,
        first_ms: slot,
        gap: GapReason::Budget,
        i,
        last_ms: slot,
        plan: 1,
        v: 1,
    };
    SpooledLine {
        stream: stream.parse().unwrap(),
        i,
        slot: Some(slot),
        line: encode_gap(&gap).unwrap(),
    }
}

/// What a recorder would seal: every line that is in no batch.
pub(super) fn seal(model: &Model) -> SealedBatch {
    let mut streams: BTreeMap<&str, StreamLines> = BTreeMap::new();
    for ((stream, i), line) in &model.unsealed {
        let lines = streams.entry(stream).or_insert_with(|| StreamLines {
            id: line.stream.clone(),
            first_i: *i,
            lines: Vec::new(),
        });
        lines.lines.push(line.line.clone());
    }
    let streams: Vec<StreamLines> = streams.into_values().collect();
    let identity = identity();
    let draft = batch::Draft {
        origin: &identity.origin,
        agent: &identity.agent,
        seq: model.next_seq(),
        prev: model.batches.last().map_or(Hash::ZERO, |batch| batch.hash),
        boot: model.boot,
        wall_us: (0, 0),
        mono_us: (0, 0),
        seen: Seen {
            origin: identity.origin.log(),
            size: 0,
            root: tree::root(&[]),
        },
        streams: &streams,
    };
    batch::seal(&draft, &identity.key).unwrap()
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn after_a_crash_at_any_byte_exactly_the_facts_before_it_are_there(
        ops in proptest::collection::vec(op(), 1..150),
    ) {
        let (_temp, dir) = dir();
        let mut harness = Harness::new(&dir);
        for op in &ops {
            harness.apply(op);
            harness.check();
        }
        harness.apply(&Op::Cut(u16::MAX, 0));
        harness.check();
    }
}
