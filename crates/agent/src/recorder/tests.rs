use domain::{Attribution, Detail, GapReason, Line};
use evidence::note::SigningKey;
use wire::batch::Batch;
use wire::plan::Plan;

use super::*;

mod notes;
mod said;

pub(crate) const PLAN: &str = r#"
revision = 7
effective_from_ms = 0
[[agent]]
id = "eu-1"
region = "r"
network = "n"
[[target]]
id = "acme"
provider = "acme"
credential = "acme-prod"
interval_s = 60
deadline_ms = 30000
features = ["preview"]
request = { kind = "call", base_url = "http://127.0.0.1:1/v1", model = "m" }
[[target]]
id = "zeta"
provider = "zeta"
interval_s = 60
deadline_ms = 30000
request = { kind = "http", url = "http://127.0.0.1:1/" }
"#;

pub(crate) fn identity() -> Arc<Identity> {
    let log = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
    let origin = "nines.example".parse().unwrap();
    let agent = "eu-1".parse().unwrap();
    Arc::new(Identity::new(agent, origin, &[2; 32], log.verifier_key()).unwrap())
}

pub(crate) fn attempt(outcome: Outcome) -> Attempt {
    Attempt {
        outcome,
        attribution: Attribution::None,
        status: Some(200),
        sent_us: Some(10),
        first_us: None,
        last_us: None,
        end_us: 1_000,
        input_tokens: Some(1 << 60),
        output_tokens: Some(3),
        served_model: None,
        served_tier: None,
        asked_model: None,
        asked_tier: None,
        stream: false,
        detail: Detail::default(),
    }
}

fn settings(boot: u64) -> RecorderSettings {
    RecorderSettings {
        boot,
        limits: Limits::default(),
        seal_interval: Duration::from_mins(5),
    }
}

struct Bench {
    temp: tempfile::TempDir,
    dir: camino::Utf8PathBuf,
    plan: Plan,
    recorder: Recorder,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = camino::Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let (recorder, _) = Recorder::open(&dir, identity(), settings(1)).unwrap();
        Self {
            temp,
            dir,
            plan: Plan::parse(PLAN).unwrap(),
            recorder,
        }
    }

    /// Ends the run the hard way: whatever was committed is on disk, nothing else happens.
    fn killed(self, boot: u64) -> Self {
        let Self {
            temp,
            dir,
            plan,
            recorder,
        } = self;
        drop(recorder);
        let (recorder, _) = Recorder::open(&dir, identity(), settings(boot)).unwrap();
        Self {
            temp,
            dir,
            plan,
            recorder,
        }
    }

    fn sample(&mut self, target: usize, at_s: i64, outcome: Outcome) {
        self.record((target, Kind::Planned, 1), at_s, outcome);
    }

    /// Records a good sample that was ordered.
    fn confirm(&mut self, target: usize, at_s: i64) {
        let number = wire::order::CONFIRM_ATTEMPT_FIRST;
        self.record((target, Kind::Confirm, number), at_s, Outcome::Ok);
    }

    fn record(&mut self, (target, kind, number): (usize, Kind, u32), at_s: i64, outcome: Outcome) {
        let attempted = Attempted {
            target: &self.plan.targets[target],
            plan_revision: self.plan.revision,
            slot: UnixMillis::new(at_s * 1_000),
            number,
            kind,
            start: stamp(at_s),
            attempt: &attempt(outcome),
        };
        self.recorder.record_attempt(&attempted).unwrap();
        self.recorder.commit().unwrap();
    }

    fn seal(&mut self, at_s: i64) -> Option<SealedBatch> {
        self.recorder.seal(stamp(at_s)).unwrap()
    }
}

fn slot(at_s: i64) -> crate::schedule::Slot {
    crate::schedule::Slot {
        target: "acme".parse().unwrap(),
        at: UnixMillis::new(at_s * 1_000),
        plan: 1,
    }
}

fn stamp(at_s: i64) -> Stamp {
    let wall = UnixMicros::new(at_s * 1_000_000);
    Stamp {
        wall,
        mono_us: u64::try_from(at_s).unwrap() * 1_000_000,
    }
}

#[track_caller]
fn read<T>(sealed: &SealedBatch, check: impl FnOnce(&Batch<'_>) -> T) -> T {
    let text = batch::decompress(&sealed.body).unwrap();
    let batch = batch::parse(&text).unwrap();
    batch.signed.verify(&identity().key.verifier_key()).unwrap();
    check(&batch)
}

fn indexes(sealed: &SealedBatch) -> Vec<(String, Vec<u64>)> {
    read(sealed, |batch| {
        let lines = |s: &batch::Stream<'_>| s.lines.iter().map(|l| l.value.index()).collect();
        batch
            .streams
            .iter()
            .map(|s| (s.id.to_string(), lines(s)))
            .collect()
    })
}

#[test]
fn a_sample_carries_what_plan_and_attempt_say() {
    let mut bench = Bench::new();
    bench.sample(0, 60, Outcome::Ok);
    let sealed = bench.seal(61).unwrap();
    read(&sealed, |batch| {
        let line = &batch.streams[0].lines[0];
        let Line::Sample(sample) = &line.value else {
            panic!("a sample")
        };
        assert_eq!((sample.i, sample.plan, sample.attempt), (0, 7, 1));
        assert_eq!(sample.slot_ms, UnixMillis::new(60_000));
        assert_eq!(sample.cred.as_ref().unwrap().as_str(), "acme-prod");
        assert_eq!(sample.features, ["preview"]);
        assert_eq!((sample.input_tokens, sample.output_tokens), (None, Some(3)));
        let detail: domain::Detail = serde_json::from_str(line.detail.unwrap()).unwrap();
        assert_eq!(detail.salt.len(), 22);
        assert_eq!(batch.note.wall_us, (60_000_000, 60_000_000));
    });
}

#[test]
fn batches_chain_and_streams_count_on_across_a_kill() {
    let mut bench = Bench::new();
    bench.sample(0, 60, Outcome::Ok);
    bench.sample(1, 60, Outcome::Ok);
    let first = bench.seal(61).unwrap();
    bench.sample(0, 120, Outcome::Ok);
    bench = bench.killed(2);
    bench.sample(0, 180, Outcome::Ok);
    let third = bench.seal(181).unwrap();

    let sent: Vec<SealedBatch> = bench
        .recorder
        .spool()
        .unacked(0)
        .map(Result::unwrap)
        .collect();
    assert_eq!(sent.len(), 3);
    assert_eq!(
        (&sent[0], &sent[2]),
        (&first, &third),
        "a sealed batch is sent byte for byte"
    );
    let all = [
        vec![("acme", 0), ("zeta", 0)],
        vec![("acme", 1)],
        vec![("acme", 2)],
    ];
    for (batch, lines) in sent.iter().zip(&all) {
        let expected: Vec<(String, Vec<u64>)> = lines
            .iter()
            .map(|(id, i)| ((*id).to_owned(), vec![*i]))
            .collect();
        assert_eq!(indexes(batch), expected);
    }
    let chain: Vec<(u64, evidence::hash::Hash)> = sent
        .iter()
        .map(|b| read(b, |batch| (batch.note.boot, batch.note.prev)))
        .collect();
    assert_eq!(chain[0].0, 1);
    assert_eq!(
        chain[1],
        (1, sent[0].hash),
        "recovered lines stay under the run that took them"
    );
    assert_eq!(chain[2], (2, sent[1].hash));
}

#[test]
fn receipts_outlast_a_kill() {
    let mut bench = Bench::new();
    for at in [60, 120, 180] {
        bench.sample(0, at, Outcome::Ok);
        bench.seal(at + 1).unwrap();
    }
    bench.recorder.mark_acked(1).unwrap();
    bench.recorder.mark_released(0).unwrap();
    bench.recorder.commit().unwrap();
    let bench = bench.killed(2);
    let spool = bench.recorder.spool();
    let unacked: Vec<u64> = spool.unacked(0).map(|batch| batch.unwrap().seq).collect();
    assert_eq!((unacked, spool.state().released_below), (vec![2], 1));
    assert!(spool.find_batch(1).unwrap().is_some());
    assert!(spool.find_batch(0).unwrap().is_none());
}

#[test]
fn a_batch_is_due_at_the_interval_and_soon_after_a_change_of_state() {
    let mut bench = Bench::new();
    bench.sample(0, 10, Outcome::Ok);
    assert!(!bench.recorder.due(stamp(299)));
    assert!(bench.recorder.due(stamp(300)));
    bench.seal(300).unwrap();
    bench.sample(0, 310, Outcome::ServerError);
    assert!(!bench.recorder.due(stamp(310)));
    assert!(bench.recorder.due(stamp(312)));
    bench.seal(312).unwrap();
    bench.sample(0, 320, Outcome::ServerError);
    assert!(
        !bench.recorder.due(stamp(330)),
        "the same state is no change"
    );
    bench.sample(0, 330, Outcome::Ok);
    assert!(bench.recorder.due(stamp(332)));
}

#[test]
fn a_sample_made_by_order_presses_the_seal_and_settles_no_slot() {
    let mut bench = Bench::new();
    bench.sample(0, 60, Outcome::Ok);
    bench.seal(61).unwrap();
    bench.recorder.begin(&slot(120)).unwrap();
    bench.confirm(0, 120);
    assert!(bench.recorder.due(stamp(122)));
    let last = |bench: &Bench| {
        bench
            .recorder
            .last_slots()
            .into_values()
            .collect::<Vec<_>>()
    };
    assert_eq!(last(&bench), [UnixMillis::new(60_000)]);
    assert_eq!(bench.recorder.spool().state().begun.len(), 1);
    let mut bench = bench.killed(2);
    assert_eq!(last(&bench), [UnixMillis::new(60_000)]);
    assert_eq!(bench.recorder.spool().state().begun.len(), 1);
    bench.sample(0, 120, Outcome::Ok);
    assert_eq!(last(&bench), [UnixMillis::new(120_000)]);
    assert!(bench.recorder.spool().state().begun.is_empty());
}

#[test]
fn an_empty_batch_is_sealed_only_as_a_heartbeat() {
    let mut bench = Bench::new();
    assert_eq!(bench.seal(10), None);
    let heartbeat = bench.seal(300).unwrap();
    assert_eq!(indexes(&heartbeat), []);
    assert_eq!(bench.seal(301), None);
}

#[test]
fn a_full_batch_is_sealed_before_the_next_line() {
    let mut bench = Bench::new();
    bench.recorder.settings.limits.durability = crate::spool::Durability::Manual;
    let lines = open::LINES_MAX as u64;
    for i in 0..=lines {
        let at = i64::try_from(i).unwrap();
        let missed = Missed {
            target: "acme".parse().unwrap(),
            first: UnixMillis::new(at),
            last: UnixMillis::new(at),
            count: 1,
            reason: GapReason::Budget,
            plan: 7,
        };
        bench.recorder.record_gap(&missed, stamp(1)).unwrap();
    }
    assert_eq!(bench.recorder.spool().state().next_seq, 1);
    let rest = bench.seal(2).unwrap();
    assert_eq!(indexes(&rest), [("acme".to_owned(), vec![lines])]);
}

#[test]
fn a_batch_behind_damage_still_says_which_lines_it_took() {
    let mut bench = Bench::new();
    bench.sample(0, 60, Outcome::Ok);
    bench.sample(0, 120, Outcome::Ok);
    bench.seal(121).unwrap();
    let dir = bench.dir.clone();
    let Bench {
        temp,
        plan,
        recorder,
        ..
    } = bench;
    drop(recorder);
    let path = dir.join("000000000000.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes
        .windows(11)
        .position(|window| window == b"\"attempt\":1")
        .unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    let (recorder, recovered) = Recorder::open(&dir, identity(), settings(2)).unwrap();
    assert_eq!((recovered.quarantined.len(), recovered.lines_lost), (1, 0));
    let mut bench = Bench {
        temp,
        dir,
        plan,
        recorder,
    };
    bench.sample(0, 180, Outcome::Ok);
    let next = bench.seal(181).unwrap();
    assert_eq!(indexes(&next), [("acme".to_owned(), vec![2])]);
    assert_eq!(bench.recorder.spool().unacked(0).count(), 2);
}
