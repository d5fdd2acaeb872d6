use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;
use domain::{Attribution, Clock, Kind, Line, Outcome, Sample, UnixMicros};
use telemetry::metrics::AgentMetrics;
use tokio::time::Instant;
use wire::batch;
use wire::plan::Budget;
use wire::reserved::{LeftOut, ReservedLine};

use super::*;
use crate::budget::BudgetSettings;
use crate::health::Health;
use crate::recorder::task::{self, TaskSettings};
use crate::recorder::tests::{attempt, identity};
use crate::recorder::{Recorder, RecorderSettings};
use crate::spool::Limits;

mod confirm;
mod nonces;
mod repeats;

/// A wall clock that runs with the runtime's own, so that paused time moves both.
#[derive(Debug)]
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> UnixMicros {
        let elapsed = i64::try_from(self.0.elapsed().as_micros()).unwrap();
        UnixMicros::new(1_800_000_000_000_000 + elapsed)
    }
}

fn plan(target: &str) -> Plan {
    let text = format!(
        r#"
revision = 1
effective_from_ms = 1800000000000
[[agent]]
id = "eu-1"
region = "r"
network = "n"
[[target]]
id = "acme"
provider = "acme"
interval_s = 60
deadline_ms = 30000
request = {{ kind = "call", base_url = "http://127.0.0.1:1/v1", model = "m", stream = true }}
{target}
"#
    );
    Plan::parse(&text).unwrap()
}

struct Bench {
    temp: tempfile::TempDir,
    metrics: telemetry::Metrics,
    recorder: RecorderHandle,
    runner: Runner,
}

impl Bench {
    fn new(plan: Plan, attempt: Arc<AttemptFn>) -> Self {
        Self::with_orders(plan, attempt, watch::channel(Vec::new()).1)
    }

    fn with_orders(
        plan: Plan,
        attempt: Arc<AttemptFn>,
        orders: watch::Receiver<Vec<String>>,
    ) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).unwrap();
        let seal_interval = Duration::from_hours(24);
        let settings = RecorderSettings {
            boot: 1,
            limits: Limits::default(),
            seal_interval,
        };
        let (mut recorder, _) = Recorder::open(&dir, identity(), settings).unwrap();
        recorder.observe(crate::selfcheck::Readings::default());
        let timebase = Timebase::start(Arc::new(RuntimeClock(Instant::now())));
        let metrics = telemetry::Metrics::local("test", "0").unwrap();
        let task = TaskSettings {
            plan_revision: 1,
            grids: BTreeMap::new(),
            timebase: timebase.clone(),
            health: Health::default(),
            metrics: AgentMetrics::new(&metrics, "eu-1"),
        };
        let (recorder, _task) = task::spawn(recorder, task);
        let budgets = Budgets::open(BudgetSettings {
            plan: &plan,
            cap: Budget::NONE,
            keys: &Keys::new(),
            prices: crate::budget::tests::prices(),
            dir: &dir,
            now: timebase.now().wall.to_millis(),
            health: Health::default(),
            metrics: AgentMetrics::new(&metrics, "eu-1"),
        })
        .unwrap();
        let settings = RunnerSettings {
            plan: Arc::new(plan),
            agent: "eu-1".parse().unwrap(),
            keys: BTreeMap::new(),
            timebase,
            overlap_max: 2,
            attempts_max: 3,
            attempt,
            budgets,
            nonces: Nonces::open(&dir).unwrap(),
            until: watch::channel(crate::schedule::NEVER).1,
            orders,
            operator_key: Some(confirm::operator().verifier_key()),
            metrics: AgentMetrics::new(&metrics, "eu-1"),
        };
        let runner = Runner::new(settings, recorder.clone(), &BTreeMap::new()).unwrap();
        Self {
            temp,
            metrics,
            recorder,
            runner,
        }
    }

    /// Runs for a while of paused time and returns every line that was recorded.
    async fn run_for(self, seconds: u64) -> Vec<Line> {
        self.run_and_tell(seconds).await.0
    }

    /// The same, and what was told of repeats that were left out.
    async fn run_and_tell(self, seconds: u64) -> (Vec<Line>, Vec<LeftOut>) {
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(self.runner.run(stopping));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stop.send(true).unwrap();
        running.await.unwrap().unwrap();
        self.recorder.finish().await.unwrap();
        let (mut lines, mut left_out) = (Vec::new(), Vec::new());
        let mut from_seq = 0;
        while let Some(sealed) = self.recorder.find_unacked(from_seq).await.unwrap() {
            from_seq = sealed.seq + 1;
            let text = batch::decompress(&sealed.body).unwrap();
            let batch = batch::parse(&text).unwrap();
            left_out.extend(left_out_of(&batch).flatten().flatten());
            let streams = batch.streams.into_iter().flat_map(|stream| stream.lines);
            lines.extend(streams.map(|line| line.value));
        }
        (lines, left_out)
    }
}

/// What the lines of load in a batch tell of repeats.
fn left_out_of<'a>(batch: &'a batch::Batch<'_>) -> impl Iterator<Item = Option<Vec<LeftOut>>> + 'a {
    let lines = batch.reserved.iter().flat_map(|stream| &stream.lines);
    lines.filter_map(|(_, line)| match line {
        ReservedLine::Sys(line) => Some(line.left_out.clone()),
        _ => None,
    })
}

fn samples(lines: &[Line]) -> Vec<&Sample> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Sample(sample) => Some(&**sample),
            Line::Gap(_) => None,
        })
        .collect()
}

/// The same attempts, without a word of what they cost.
fn without_usage(attempt: Arc<AttemptFn>) -> Arc<AttemptFn> {
    Arc::new(move |spec| {
        let attempt = attempt(spec);
        Box::pin(async move {
            Attempt {
                input_tokens: None,
                ..attempt.await
            }
        })
    })
}

/// Answers each attempt with the next outcome, then with `ok`, after `takes`.
fn answering(outcomes: &[(Outcome, Attribution)], takes: Duration) -> Arc<AttemptFn> {
    let outcomes = Mutex::new(outcomes.to_vec());
    Arc::new(move |_| {
        let next = {
            let mut outcomes = outcomes.lock().unwrap();
            (!outcomes.is_empty()).then(|| outcomes.remove(0))
        };
        let (outcome, attribution) = next.unwrap_or((Outcome::Ok, Attribution::None));
        let attempt = Attempt {
            attribution,
            ..attempt(outcome)
        };
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            attempt
        })
    })
}

#[tokio::test(start_paused = true)]
async fn every_slot_gets_its_attempt_on_time() {
    let bench = Bench::new(plan(""), answering(&[], Duration::from_millis(100)));
    let lines = bench.run_for(185).await;
    let slots: Vec<i64> = samples(&lines)
        .iter()
        .map(|s| s.slot_ms.get() % 1_000_000)
        .collect();
    assert_eq!(slots, [0, 60_000, 120_000, 180_000]);
    for sample in samples(&lines) {
        let late_us = sample.wall_us.get() - sample.slot_ms.to_micros().get();
        assert!((0..2_000).contains(&late_us), "{late_us}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_repeated_by_the_plans_rule() {
    let failing = [(Outcome::ServerError, Attribution::Provider)];
    let bench = Bench::new(plan(""), answering(&failing, Duration::from_millis(100)));
    let lines = bench.run_for(50).await;
    let course: Vec<(u32, Kind, u64)> = samples(&lines)
        .iter()
        .map(|s| (s.attempt, s.kind, s.mono_us / 1_000_000))
        .collect();
    let expected = [
        (1, Kind::Planned, 0),
        (2, Kind::Burst, 10),
        (3, Kind::Burst, 20),
    ];
    assert_eq!(course, expected);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_our_own_is_not_repeated() {
    let ours = [(Outcome::RateLimited, Attribution::Ours)];
    let bench = Bench::new(plan(""), answering(&ours, Duration::from_millis(100)));
    assert_eq!(samples(&bench.run_for(50).await).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_is_a_sample_and_no_request() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let attempt: Arc<AttemptFn> = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    });
    let bench = Bench::new(plan("credential = \"acme-prod\""), attempt);
    let lines = bench.run_for(50).await;
    let sample = samples(&lines)[0];
    assert_eq!(
        (sample.outcome, sample.attribution),
        (Outcome::Auth, Attribution::Ours)
    );
    assert_eq!(sample.asked_model.as_deref(), Some("m"));
    assert_eq!((lines.len(), asked.load(Ordering::SeqCst)), (1, 0));
}

/// A plan whose share is four planned calls and one repeat, or that many dollars.
fn budgeted(target: &str) -> Plan {
    plan(&format!("budget = {{ tokens_per_day = 5650 }}\n{target}"))
}

fn reasons(lines: &[Line]) -> Vec<GapReason> {
    let gaps = lines.iter().filter_map(|line| match line {
        Line::Gap(gap) => Some(gap.gap),
        Line::Sample(_) => None,
    });
    gaps.collect()
}

#[tokio::test(start_paused = true)]
async fn a_slot_without_budget_is_a_gap_and_no_request() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let attempt: Arc<AttemptFn> = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        let silent = Attempt {
            input_tokens: None,
            ..attempt(Outcome::Ok)
        };
        Box::pin(async move { silent })
    });
    let lines = Bench::new(budgeted(""), attempt).run_for(6 * 60 + 5).await;
    assert_eq!(
        (samples(&lines).len(), asked.load(Ordering::SeqCst)),
        (4, 4)
    );
    assert_eq!(reasons(&lines), [GapReason::Budget; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_without_budget_ends_and_leaves_no_gap() {
    let failing = [(Outcome::ServerError, Attribution::Provider); 9];
    let silent = without_usage(answering(&failing, Duration::from_millis(100)));
    let burst = "burst = { count = 9, spacing_ms = 1000 }";
    let lines = Bench::new(budgeted(burst), silent).run_for(50).await;
    let kinds: Vec<Kind> = samples(&lines).iter().map(|sample| sample.kind).collect();
    assert_eq!(kinds, [vec![Kind::Planned], vec![Kind::Burst; 4]].concat());
    assert_eq!(reasons(&lines), []);
}

#[tokio::test(start_paused = true)]
async fn jitter_moves_the_attempt_and_not_the_slot() {
    let jittered = plan("jitter_ms = 6000");
    let jitter = jittered
        .jitter(&"eu-1".parse().unwrap(), &"acme".parse().unwrap())
        .unwrap();
    let bench = Bench::new(jittered, answering(&[], Duration::from_millis(100)));
    let lines = bench.run_for(185).await;
    let samples = samples(&lines);
    assert!(samples.len() >= 3);
    for (sample, minute) in samples.iter().zip(0..) {
        assert_eq!(sample.slot_ms.get(), 1_800_000_000_000 + minute * 60_000);
        let late_us = sample.wall_us.get() - jitter.moved(sample.slot_ms).to_micros().get();
        assert!((0..2_000).contains(&late_us), "{late_us}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_costs_its_own_slots_only() {
    let text = r#"
[[target]]
id = "quick"
provider = "quick"
interval_s = 60
deadline_ms = 1000
request = { kind = "http", url = "http://127.0.0.1:1/" }
"#;
    let attempt: Arc<AttemptFn> = Arc::new(|spec| {
        Box::pin(async move {
            if matches!(spec.request, Request::Call(_)) {
                std::future::pending::<()>().await;
            }
            attempt(Outcome::Ok)
        })
    });
    let bench = Bench::new(plan(text), attempt);
    let lines = bench.run_for(230).await;
    let quick = samples(&lines).len();
    let mut gaps: Vec<(GapReason, i64)> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Gap(gap) => Some((gap.gap, gap.first_ms.get() % 1_000_000 / 60_000)),
            Line::Sample(_) => None,
        })
        .collect();
    gaps.sort_unstable(); // Attempts given up together end in any order.
    assert_eq!(quick, 4);
    let (overloaded, given_up): (Vec<_>, Vec<_>) = gaps
        .into_iter()
        .partition(|(reason, _)| *reason == GapReason::Overloaded);
    assert_eq!(
        overloaded,
        [(GapReason::Overloaded, 2), (GapReason::Overloaded, 3)]
    );
    assert_eq!(
        given_up,
        [(GapReason::AgentDown, 0), (GapReason::AgentDown, 1)]
    );
}
