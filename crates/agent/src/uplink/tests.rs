use std::fs;

use bytes::Bytes;
use domain::{GapReason, ManualClock, UnixMicros, UnixMillis};
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::SigningKey;
use evidence::tree;
use probe::TlsRoots;
use serde_json::json;
use wire::problem::{Problem, ProblemType};
use wire::protocol::ReceiptState;

use super::*;
use crate::client::scripted::{Answer, Scripted};
use crate::recorder::task::{self, TaskSettings};
use crate::recorder::tests::identity;
use crate::recorder::{Recorder, RecorderSettings};
use crate::schedule::Missed;
use crate::spool::Limits;

mod replay;
mod window;

struct Bench {
    temp: tempfile::TempDir,
    collector: Scripted,
    recorder: RecorderHandle,
    health: Health,
    uplink: Uplink,
}

impl Bench {
    async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let settings = RecorderSettings {
            boot: 1,
            limits: Limits::default(),
            seal_interval: Duration::from_hours(1),
        };
        let (recorder, _) = Recorder::open(&dir.join("spool"), identity(), settings).unwrap();
        let clock = ManualClock::at(UnixMicros::new(1_800_000_000_000_000));
        let timebase = Timebase::start(Arc::new(clock));
        let metrics = telemetry::Metrics::local("test", "0").unwrap();
        let metrics = AgentMetrics::new(&metrics, "eu-1");
        let health = Health::default();
        let task = TaskSettings {
            plan_revision: 1,
            grids: std::collections::BTreeMap::new(),
            timebase: timebase.clone(),
            health: health.clone(),
            metrics: metrics.clone(),
        };
        let (recorder, _task) = task::spawn(recorder, task);
        let collector = Scripted::default();
        let base = format!("http://{}/", collector.listen().await)
            .parse()
            .unwrap();
        let settings = UplinkSettings {
            identity: identity(),
            client: Client::new(base, &TlsRoots::Platform).unwrap(),
            dir,
            timebase,
            health: health.clone(),
            metrics,
            readings: crate::selfcheck::Readings::default(),
            seed: 7,
        };
        let uplink = Uplink::new(settings, recorder.clone()).unwrap();
        Self {
            temp,
            collector,
            recorder,
            health,
            uplink,
        }
    }

    /// Seals a batch of one gap line.
    async fn seal(&self, at: i64) -> SealedBatch {
        let at = UnixMillis::new(at);
        let missed = Missed {
            target: "acme".parse().unwrap(),
            first: at,
            last: at,
            count: 1,
            reason: GapReason::Budget,
            plan: 1,
        };
        self.recorder.miss(missed).await.unwrap();
        self.recorder.finish().await.unwrap();
        let seq = self.recorder.progress().await.unwrap().next_seq - 1;
        self.recorder.find_batch(seq).await.unwrap().unwrap()
    }

    async fn step(&mut self, answers: impl IntoIterator<Item = Answer>) -> Step {
        self.collector.script(answers);
        self.uplink.step().await.unwrap()
    }
}

fn receipt(batch: &SealedBatch, state: ReceiptState) -> Answer {
    let receipt = Receipt {
        agent: "eu-1".parse().unwrap(),
        seq: batch.seq,
        batch: batch.hash.to_string(),
        state,
        received_us: UnixMicros::new(0),
        missing_from: None,
    };
    Answer::Json(200, serde_json::to_value(receipt).unwrap())
}

fn problem(kind: ProblemType) -> Answer {
    Answer::Json(
        kind.status(),
        serde_json::to_value(Problem::new(kind, "scripted")).unwrap(),
    )
}

#[tokio::test]
async fn a_lost_answer_is_followed_by_the_same_bytes() {
    let mut bench = Bench::new().await;
    let batch = bench.seal(1).await;
    assert!(matches!(bench.step([Answer::Lost]).await, Step::Wait(_)));
    let again = bench.step([receipt(&batch, ReceiptState::Duplicate)]).await;
    assert_eq!(again, Step::Again);
    let requests = bench.collector.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0].1, batch.body);
    assert_eq!(bench.recorder.progress().await.unwrap().acked_below, 1);
}

#[tokio::test]
async fn the_collectors_wish_to_wait_is_obeyed() {
    let mut bench = Bench::new().await;
    bench.seal(1).await;
    let step = bench.step([Answer::RetryAfter(7)]).await;
    assert_eq!(step, Step::Wait(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_conflict_ends_sending_and_shows() {
    let mut bench = Bench::new().await;
    bench.seal(1).await;
    assert_eq!(
        bench.step([problem(ProblemType::BatchConflict)]).await,
        Step::Stop
    );
    let health = bench.health.get();
    assert!(matches!(health.uplink, UplinkState::Stopped { .. }));
    assert_eq!(health.complaints().len(), 1);
    assert_eq!(health.acked_below, 0);
}

#[tokio::test]
async fn a_batch_that_will_never_be_taken_is_put_aside_and_the_next_is_sent() {
    let mut bench = Bench::new().await;
    let (first, second) = (bench.seal(1).await, bench.seal(2).await);
    assert_eq!(
        bench.step([problem(ProblemType::BatchInvalid)]).await,
        Step::Again
    );
    assert_eq!(
        bench.step([receipt(&second, ReceiptState::Stored)]).await,
        Step::Again
    );
    let aside = bench.temp.path().join("quarantine-batch-0.zst");
    assert_eq!(fs::read(aside).unwrap(), first.body);
}

#[tokio::test]
async fn a_receipt_for_another_batch_is_none() {
    let mut bench = Bench::new().await;
    let mut batch = bench.seal(1).await;
    batch.hash = Hash::of(b"other");
    assert!(matches!(
        bench.step([receipt(&batch, ReceiptState::Stored)]).await,
        Step::Wait(_)
    ));
    assert_eq!(bench.recorder.progress().await.unwrap().acked_below, 0);
}

/// The log's answer when its entries are `notes`, of which `seq` is asked about.
fn checkpoint(notes: &[&[u8]], from: u64, seq: Option<(u64, u64)>) -> Answer {
    let leaves: Vec<Hash> = notes.iter().map(|note| tree::leaf_hash(note)).collect();
    let key = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: "nines.example/log".into(),
        size: leaves.len() as u64,
        root: tree::root(&leaves),
    };
    let text = |proof: Vec<Hash>| proof.iter().map(ToString::to_string).collect::<Vec<_>>();
    let inclusion = seq.map(|(seq, index)| {
        let proof = text(tree::inclusion_proof(&leaves, index).unwrap());
        json!({"seq": seq, "index": index, "proof": proof})
    });
    let consistency = text(tree::consistency_proof(&leaves, from).unwrap());
    let checkpoint = checkpoint.sign(&key).unwrap().to_string();
    Answer::Json(
        200,
        json!({"checkpoint": checkpoint, "consistency": consistency, "inclusion": inclusion}),
    )
}

#[tokio::test]
async fn a_batch_is_released_once_the_log_proves_it() {
    let mut bench = Bench::new().await;
    let batch = bench.seal(1).await;
    bench.step([receipt(&batch, ReceiptState::Stored)]).await;
    let accepted = || Answer::Json(200, json!({}));

    let not_yet = bench.step([checkpoint(&[b"x"], 0, None), accepted()]).await;
    assert_eq!(not_yet, Step::Watch(CHECKPOINT_WAIT_MIN));
    let grown: [&[u8]; 3] = [b"x", b"y", &batch.note];
    let proven = bench
        .step([checkpoint(&grown, 1, Some((0, 2))), accepted()])
        .await;
    assert_eq!(proven, Step::Again);
    assert_eq!(bench.uplink.step().await.unwrap(), Step::Idle);

    let progress = bench.recorder.progress().await.unwrap();
    assert_eq!((progress.released_below, progress.seen.size), (1, 3));
    let paths: Vec<String> = bench
        .collector
        .requests()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    let asked = |from| format!("/api/v1/log/checkpoint?agent=eu-1&seq=0&from={from}");
    let cosigned = "/api/v1/log/cosignatures".to_owned();
    assert_eq!(paths[1..], [asked(0), cosigned.clone(), asked(1), cosigned]);
}

#[tokio::test]
async fn after_a_split_view_nothing_is_cosigned_and_both_notes_are_kept() {
    let mut bench = Bench::new().await;
    let batch = bench.seal(1).await;
    bench.step([receipt(&batch, ReceiptState::Stored)]).await;
    bench
        .step([
            checkpoint(&[b"x", b"y"], 0, None),
            Answer::Json(200, json!({})),
        ])
        .await;
    bench.collector.requests();

    let split = bench.step([checkpoint(&[b"x", b"Z", b"w"], 2, None)]).await;
    assert_eq!(split, Step::Idle);
    assert_eq!(
        bench.collector.requests().len(),
        1,
        "asked, but not cosigned"
    );
    assert!(bench.health.get().split_view);
    for name in ["split-view-known.note", "split-view-offered.note"] {
        let note = fs::read(bench.temp.path().join(name)).unwrap();
        assert!(evidence::note::SignedNote::parse(&note).is_ok(), "{name}");
    }
    assert_eq!(bench.uplink.step().await.unwrap(), Step::Idle);
    let dir = Utf8PathBuf::from_path_buf(bench.temp.path().to_owned()).unwrap();
    assert!(has_split_view(&dir).unwrap(), "it outlasts a restart");
    assert_eq!(bench.recorder.progress().await.unwrap().seen.size, 2);
}

#[tokio::test]
async fn a_stopping_uplink_sends_what_is_left() {
    let bench = Bench::new().await;
    let batches = [bench.seal(1).await, bench.seal(2).await];
    let receipts = batches
        .iter()
        .map(|batch| receipt(batch, ReceiptState::Stored));
    bench.collector.script(receipts);
    bench
        .collector
        .script([checkpoint(&[b"x"], 0, None), Answer::Json(200, json!({}))]);
    let (_stop, stopping) = watch::channel(true);
    bench.uplink.run(stopping).await.unwrap();
    assert_eq!(bench.recorder.progress().await.unwrap().acked_below, 2);
}
