use camino::Utf8PathBuf;
use domain::{Kind, ManualClock, Outcome, UnixMicros, UnixMillis};
use probe::TlsRoots;
use serde_json::json;
use telemetry::Metrics;
use wire::plan::Plan;
use wire::preview::{PreviewStream, Unverified};

use super::*;
use crate::client::scripted::{Answer, Scripted};
use crate::recorder::tests::{PLAN, attempt, identity};
use crate::recorder::{Attempted, Recorder, RecorderSettings};
use crate::spool::Limits;
use crate::stamp::Stamp;

const NOW_US: i64 = 1_800_000_000_000_000;
const SEEN: &str = "/api/v1/previews";

struct Bench {
    collector: Scripted,
    recorder: Recorder,
    previews: Arc<Previews>,
    metrics: Metrics,
    _temp: tempfile::TempDir,
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
        let (mut recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
        let newest = Newest::default();
        recorder.show(newest.clone());
        let collector = Scripted::default();
        let base = format!("http://{}/", collector.listen().await);
        let metrics = Metrics::local("test", "0").unwrap();
        let clock = ManualClock::at(UnixMicros::new(NOW_US));
        let previews = Previews::new(PreviewSettings {
            identity: identity(),
            client: Client::new(base.parse().unwrap(), &TlsRoots::Platform).unwrap(),
            newest,
            interval: Duration::from_millis(1),
            boot: 1,
            timebase: Timebase::start(Arc::new(clock)),
            metrics: AgentMetrics::new(&metrics, "eu-1"),
        });
        Self {
            collector,
            recorder,
            previews: Arc::new(previews),
            metrics,
            _temp: temp,
        }
    }

    /// Records an attempt at a target of the plan, so many seconds ago.
    fn record(&mut self, target: usize, ago_s: i64, outcome: Outcome) {
        let plan = Plan::parse(PLAN).unwrap();
        let wall = UnixMicros::new(NOW_US - ago_s * 1_000_000);
        let attempted = Attempted {
            target: &plan.targets[target],
            plan_revision: plan.revision,
            slot: wall.to_millis(),
            number: 1,
            kind: Kind::Planned,
            start: Stamp { wall, mono_us: 0 },
            attempt: &attempt(outcome),
        };
        self.recorder.record_attempt(&attempted).unwrap();
        self.recorder.commit().unwrap();
    }

    fn seal(&mut self) {
        let now = self.previews.settings.timebase.now();
        self.recorder.seal(now).unwrap().unwrap();
    }

    /// What the collector was told: nothing, or one preview.
    fn told(&self) -> Option<Vec<PreviewStream>> {
        let mut requests = self.collector.requests();
        let (path, body) = requests.pop()?;
        assert_eq!((path.as_str(), requests.len()), (SEEN, 0));
        let unverified = Unverified::read(&body).unwrap();
        let preview = unverified.verify(&identity().key.verifier_key()).unwrap();
        assert_eq!(preview.wall_us, UnixMicros::new(NOW_US));
        Some(preview.streams)
    }

    fn counted(&self, result: &str) -> bool {
        let text = self.metrics.render();
        text.contains(&format!("nines_agent_previews_total{{{result}"))
    }
}

fn taken() -> Answer {
    Answer::Json(200, json!({}))
}

/// Asks often, so that what never comes shows as a test that does not end.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_preview_tells_what_changed_since_the_last_one_and_since_the_seal() {
    let mut bench = Bench::new().await;
    bench.previews.send().await;
    assert_eq!(bench.told(), None);

    bench.record(1, 30, Outcome::Ok);
    bench.record(0, 20, Outcome::Ok);
    bench.record(0, 10, Outcome::ServerError);
    bench.collector.script([taken()]);
    bench.previews.send().await;
    let told = bench.told().unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|s| (s.target.as_str(), s.outcome, s.slot_ms))
        .collect();
    let at = |ago_s: i64| UnixMillis::new(NOW_US / 1_000 - ago_s * 1_000);
    assert_eq!(
        told,
        [
            ("acme", Outcome::ServerError, at(10)),
            ("zeta", Outcome::Ok, at(30))
        ]
    );

    bench.previews.send().await;
    assert_eq!(bench.told(), None);
    bench.record(0, 5, Outcome::Ok);
    bench.seal();
    bench.previews.send().await;
    assert_eq!(bench.told(), None);
    bench.record(1, 4, Outcome::Ok);
    bench.collector.script([taken()]);
    bench.previews.send().await;
    assert_eq!(bench.told().unwrap().len(), 1);
    assert!(bench.counted("agent_id=\"eu-1\",preview_result=\"taken\"} 2"));
}

#[tokio::test]
async fn a_preview_that_is_not_taken_is_forgotten() {
    let mut bench = Bench::new().await;
    let refused = [
        Answer::Json(404, json!({})),
        Answer::RetryAfter(7),
        Answer::Lost,
    ];
    for answer in refused {
        bench.record(0, 10, Outcome::Ok);
        bench.collector.script([answer]);
        bench.previews.send().await;
        assert_eq!(bench.told().unwrap().len(), 1);
        bench.previews.send().await;
        assert_eq!(bench.told(), None);
    }
    assert!(bench.counted("agent_id=\"eu-1\",preview_result=\"dropped\"} 3"));
    assert!(!bench.counted("agent_id=\"eu-1\",preview_result=\"taken\""));
}

/// A second preview would meet the answer that is meant for the batch.
#[tokio::test]
async fn a_collector_that_never_answers_a_preview_gets_no_second_one_but_every_batch() {
    let mut bench = Bench::new().await;
    let receipt = json!({
        "agent": "eu-1", "seq": 0, "batch": "", "state": "stored", "received_us": 0
    });
    bench
        .collector
        .script([Answer::Held, Answer::Json(200, receipt)]);
    let (stop, stopping) = watch::channel(false);
    let previews = Previews::new(PreviewSettings {
        newest: bench.previews.settings.newest.clone(),
        client: bench.previews.settings.client.clone(),
        metrics: bench.previews.settings.metrics.clone(),
        timebase: bench.previews.settings.timebase.clone(),
        identity: identity(),
        interval: Duration::from_millis(1),
        boot: 1,
    });
    let running = tokio::spawn(previews.run(stopping));
    bench.record(0, 10, Outcome::Ok);
    let mut told = None;
    until(|| {
        told = bench.told();
        told.is_some()
    })
    .await;
    bench.record(1, 5, Outcome::Ok);
    let client = bench.previews.settings.client.clone();
    client.post_batch(b"a batch".to_vec()).await.unwrap();
    let requests = bench.collector.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].0, "/api/v1/batches");
    // A stopping agent does not wait for it either.
    stop.send_replace(true);
    running.await.unwrap();
}

#[tokio::test]
async fn a_preview_is_given_up_within_seconds() {
    let mut bench = Bench::new().await;
    bench.collector.script([Answer::Held]);
    bench.record(0, 10, Outcome::Ok);
    let previews = Arc::clone(&bench.previews);
    let sent = tokio::spawn(async move { previews.send().await });
    until(|| bench.told().is_some()).await;
    // From here on time passes by itself while nothing else happens: up to the time limit.
    tokio::time::pause();
    let before = Instant::now();
    sent.await.unwrap();
    assert!(before.elapsed() <= Duration::from_secs(5));
    assert!(bench.counted("agent_id=\"eu-1\",preview_result=\"dropped\"} 1"));
}
