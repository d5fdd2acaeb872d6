use camino::Utf8Path;
use domain::{Clock, Line, Outcome, UnixMicros};
use telemetry::Metrics;
use tokio::time::Instant;
use wire::batch;

use super::*;
use crate::recorder::task::{self, TaskSettings};
use crate::recorder::tests::{attempt, identity};
use crate::recorder::{Recorder, RecorderSettings};

/// Milliseconds since the epoch at which a bench begins.
const START_MS: i64 = 1_800_000_000_000;

/// A wall clock that runs with the runtime's own, so that paused time moves both.
#[derive(Debug)]
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> UnixMicros {
        let elapsed = i64::try_from(self.0.elapsed().as_micros()).unwrap();
        UnixMicros::new(START_MS * 1_000 + elapsed)
    }
}

/// A revision in force from so many seconds after the start.
fn plan(revision: u64, from_s: i64, targets: &[(&str, u32)]) -> Arc<Plan> {
    let from = START_MS + from_s * 1_000;
    let mut text = format!(
        "revision = {revision}\neffective_from_ms = {from}\n\
         [[agent]]\nid = \"eu-1\"\nregion = \"r\"\nnetwork = \"n\"\n"
    );
    text.extend(targets.iter().map(|(id, interval_s)| {
        format!(
            "[[target]]\nid = \"{id}\"\nprovider = \"p\"\ninterval_s = {interval_s}\n\
             deadline_ms = 1000\nburst = {{ count = 0, spacing_ms = 1 }}\n\
             request = {{ kind = \"http\", url = \"http://127.0.0.1:1/\" }}\n"
        )
    }));
    Arc::new(Plan::parse(&text).unwrap())
}

/// What became of a slot: seconds after the start, revision, and whether it was run.
type Fate = (i64, u64, bool);

struct Bench {
    _temp: tempfile::TempDir,
    recorder: RecorderHandle,
    health: Health,
    dir: Utf8PathBuf,
    plans: watch::Sender<Option<Arc<Plan>>>,
    succession: Option<Succession>,
}

impl Bench {
    /// Attempts take so many seconds.
    fn new(attempt_s: u64) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap().to_owned();
        let settings = RecorderSettings {
            boot: 1,
            limits: crate::spool::Limits::default(),
            seal_interval: Duration::from_hours(24),
        };
        let (recorder, _) = Recorder::open(&dir.join("spool"), identity(), settings).unwrap();
        let timebase = Timebase::start(Arc::new(RuntimeClock(Instant::now())));
        let health = Health::default();
        let metrics = AgentMetrics::new(&Metrics::local("test", "0").unwrap(), "eu-1");
        let task = TaskSettings {
            plan_revision: 0,
            grids: BTreeMap::new(),
            timebase: timebase.clone(),
            health: health.clone(),
            metrics: metrics.clone(),
        };
        let (recorder, _task) = task::spawn(recorder, task);
        let stage = Stage {
            agent: "eu-1".parse().unwrap(),
            keys: BTreeMap::new(),
            prices: crate::budget::tests::prices(),
            limits: AgentLimits::default(),
            dir: dir.clone(),
            attempt: Arc::new(move |_| {
                Box::pin(async move {
                    tokio::time::sleep(Duration::from_secs(attempt_s)).await;
                    attempt(Outcome::Ok)
                })
            }),
            timebase,
            health: health.clone(),
            metrics,
            recorder: recorder.clone(),
            orders: watch::channel(Vec::new()).1,
            nonces: Nonces::open(&dir).unwrap(),
            operator_key: None,
            budgets: None,
        };
        let (plans, newest) = watch::channel(None);
        Self {
            _temp: temp,
            recorder,
            health,
            dir,
            plans,
            succession: Some(Succession::new(stage, newest, BTreeMap::new())),
        }
    }

    /// Tells plans at their moments, seconds after the start, and stops at `until_s`.
    async fn run(&mut self, told: &[(u64, Arc<Plan>)], until_s: u64) {
        let start = Instant::now();
        let at = |s: u64| tokio::time::sleep_until(start + Duration::from_millis(s * 1_000 + 500));
        let (stop, stopping) = watch::channel(false);
        let succession = self.succession.take().unwrap();
        let running = tokio::spawn(succession.run(stopping));
        for (s, plan) in told {
            at(*s).await;
            self.plans.send_replace(Some(Arc::clone(plan)));
        }
        at(until_s).await;
        stop.send_replace(true);
        running.await.unwrap().unwrap();
        self.recorder.finish().await.unwrap();
    }

    /// Every slot of a target, in order.
    async fn fates(&self, target: &str) -> Vec<Fate> {
        let mut fates = Vec::new();
        let mut from_seq = 0;
        while let Some(sealed) = self.recorder.find_unacked(from_seq).await.unwrap() {
            from_seq = sealed.seq + 1;
            let text = batch::decompress(&sealed.body).unwrap();
            let streams = batch::parse(&text).unwrap().streams.into_iter();
            for line in streams
                .filter(|stream| stream.id.as_str() == target)
                .flat_map(|stream| stream.lines)
            {
                match line.value {
                    Line::Sample(s) => fates.push(fate(s.slot_ms, s.plan, true)),
                    Line::Gap(gap) => {
                        let n = i64::try_from(gap.count).unwrap();
                        let span = gap.last_ms.get() - gap.first_ms.get();
                        let step = if n > 1 { span / (n - 1) } else { 0 };
                        let slots = (0..n).map(|k| gap.first_ms.plus_ms(k * step));
                        fates.extend(slots.map(|at| fate(at, gap.plan, false)));
                    }
                }
            }
        }
        fates.sort_unstable();
        fates
    }
}

fn fate(at: UnixMillis, plan: u64, is_run: bool) -> Fate {
    ((at.get() - START_MS) / 1_000, plan, is_run)
}

/// Slots that were run, from `first` on, `step` seconds apart. The targets of a plan have phases of
/// their own: the second begins 0.618 of an interval after the first, the third 0.236.
fn every(step: usize, first: i64, to: i64, plan: u64) -> impl Iterator<Item = Fate> {
    (first..to).step_by(step).map(move |s| (s, plan, true))
}

#[tokio::test(start_paused = true)]
async fn a_new_revision_takes_over_at_its_moment_and_every_slot_is_accounted_for() {
    let mut bench = Bench::new(0);
    let first = plan(1, 0, &[("same", 10), ("slower", 10), ("gone", 10)]);
    let second = plan(2, 60, &[("same", 10), ("slower", 20), ("new", 5)]);
    bench.run(&[(0, first), (25, second)], 100).await;
    let same: Vec<Fate> = every(10, 0, 60, 1).chain(every(10, 60, 101, 2)).collect();
    assert_eq!(bench.fates("same").await, same);
    let slower: Vec<Fate> = every(10, 6, 60, 1).chain(every(20, 72, 101, 2)).collect();
    assert_eq!(bench.fates("slower").await, slower);
    let gone: Vec<Fate> = every(10, 2, 60, 1).collect();
    assert_eq!(bench.fates("gone").await, gone);
    let new: Vec<Fate> = every(5, 61, 101, 2).collect();
    assert_eq!(bench.fates("new").await, new);
    let state = bench.health.get();
    assert_eq!((state.plan.revision, state.plan.next), (Some(2), None));
    let past = former::Past::read(&bench.dir).unwrap();
    assert_eq!(past.current.unwrap().revision, 2);
}

#[tokio::test(start_paused = true)]
async fn attempts_under_way_end_as_samples_of_their_own_plan() {
    let mut bench = Bench::new(15);
    let (first, second) = (plan(1, 0, &[("t", 30)]), plan(2, 70, &[("t", 30)]));
    bench.run(&[(0, first), (1, second)], 170).await;
    let wanted = [(0, 1), (30, 1), (60, 1), (90, 2), (120, 2), (150, 2)];
    let wanted: Vec<Fate> = wanted.map(|(at, plan)| (at, plan, true)).into();
    assert_eq!(bench.fates("t").await, wanted);
}

/// Slots that the former plan ran stand; the others become gaps.
#[tokio::test(start_paused = true)]
async fn a_plan_that_comes_too_late_leaves_no_slot_out_and_repeats_none() {
    let mut bench = Bench::new(0);
    let first = plan(1, 0, &[("same", 10), ("faster", 20)]);
    let second = plan(2, 30, &[("same", 10), ("faster", 10), ("new", 20)]);
    bench.run(&[(0, first), (65, second)], 100).await;
    let same: Vec<Fate> = every(10, 0, 66, 1).chain(every(10, 70, 101, 2)).collect();
    assert_eq!(bench.fates("same").await, same);
    let mut faster: Vec<Fate> = every(20, 12, 66, 1).chain(every(10, 76, 101, 2)).collect();
    faster.extend([36, 46, 56, 66].map(|s| (s, 2, false)));
    faster.sort_unstable();
    assert_eq!(bench.fates("faster").await, faster);
    let mut new: Vec<Fate> = every(20, 84, 101, 2).collect();
    new.extend([(44, 2, false), (64, 2, false)]);
    new.sort_unstable();
    assert_eq!(bench.fates("new").await, new);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_left_out_stops_says_so_and_may_be_taken_up_again() {
    let mut bench = Bench::new(0);
    let first = plan(1, 0, &[("t", 10)]);
    let mut second = Plan::clone(&plan(2, 30, &[("t", 10)]));
    second.agents[0].id = "us-1".parse().unwrap();
    let third = plan(3, 60, &[("t", 10)]);
    let waiting = bench.health.get().complaints();
    assert_eq!(waiting, ["waiting for a plan"]);
    bench
        .run(&[(0, first), (5, Arc::new(second.clone()))], 50)
        .await;
    let wanted: Vec<Fate> = every(10, 0, 30, 1).collect();
    assert_eq!(bench.fates("t").await, wanted);
    assert!(bench.health.get().plan.is_left_out);

    let mut bench = Bench::new(0);
    let told = [
        (0, plan(1, 0, &[("t", 10)])),
        (5, Arc::new(second)),
        (35, third),
    ];
    bench.run(&told, 80).await;
    let wanted: Vec<Fate> = every(10, 0, 30, 1).chain(every(10, 60, 81, 3)).collect();
    assert_eq!(bench.fates("t").await, wanted);
    assert_eq!(bench.health.get().complaints(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_slots_of_a_plan_that_cannot_be_run_become_gaps() {
    let mut bench = Bench::new(0);
    let first = plan(1, 0, &[("t", 10)]);
    let mut second = Plan::clone(&plan(2, 30, &[("t", 10)]));
    let call = "kind = \"call\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:1/v1\"\n";
    second.targets[0].request = toml::from_str(call).unwrap();
    // A budget in dollars for a model without a known price.
    second.targets[0].budget = Some(toml::from_str("usd_per_day = \"1\"").unwrap());
    let third = plan(3, 60, &[("t", 10)]);
    let told = [(0, first), (5, Arc::new(second)), (35, third)];
    bench.run(&told, 80).await;
    let mut wanted: Vec<Fate> = every(10, 0, 30, 1).chain(every(10, 60, 81, 3)).collect();
    wanted.extend([(30, 2, false), (40, 2, false), (50, 2, false)]);
    wanted.sort_unstable();
    assert_eq!(bench.fates("t").await, wanted);
    assert_eq!(bench.health.get().plan.fault, None);
}
