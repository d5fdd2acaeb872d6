//! A week of spool, cut off: the collector is away, and everything comes home while the agent goes
//! on measuring. Seven days of twenty targets are 200,000 samples: with `NINES_SIM_WEEK=1` only, else
//! a day of four.

use std::env;
use std::time::{Duration, Instant};

use domain::{ManualClock, UnixMicros};
use tokio::runtime;
use wire::plan::Plan;

use super::agent::{Machine, Run, SENDS_MAX, large_disk};
use super::random::Random;
use super::simulation::{DAY_S, MIDNIGHT_S};
use super::site::Site;
use super::world::World;

/// Asks for the whole week and not just its first day.
const WHOLE: &str = "NINES_SIM_WEEK";
/// Between two slots of a target.
const INTERVAL_S: i64 = 60;
/// Seconds that go by at once: as late as a slot may begin.
const ROUND_S: i64 = 5;

fn plan(targets: i64) -> Plan {
    let target = |n: i64| {
        format!(
            "[[target]]\nid = \"{}\"\nprovider = \"sim\"\ninterval_s = {INTERVAL_S}\n\
             deadline_ms = 30000\nburst = {{ count = 0, spacing_ms = 0 }}\n\
             request = {{ kind = \"http\", url = \"http://t.invalid/\" }}\n",
            match n {
                0 => "acme".to_owned(),
                1 => "quiet".to_owned(),
                n => format!("t{n:02}"),
            }
        )
    };
    let targets: String = (0..targets).map(target).collect();
    let text = format!(
        "revision = 1\neffective_from_ms = {}\n[[agent]]\nid = \"eu-1\"\nregion = \"eu\"\n\
         network = \"a\"\n{targets}",
        MIDNIGHT_S * 1_000
    );
    Plan::parse(&text).expect("a plan")
}

/// An agent with its backlog, and where it will bring it.
struct Cut {
    site: Site,
    machine: Machine,
    random: Random,
    world: World,
    time: runtime::Runtime,
    now_s: i64,
    samples: u64,
}

impl Cut {
    fn new(targets: i64) -> Self {
        let site = Site::start("week", plan(targets), MIDNIGHT_S * 1_000);
        let (dir, identity) = site.enrol(&"eu-1".parse().expect("a name"));
        let mut random = Random::new(1);
        let machine = Machine {
            identity,
            dir,
            limits: agent::spool::Limits {
                segment_bytes_max: agent::spool::SEGMENT_BYTES_MAX,
                ..large_disk()
            },
            skew_s: 0,
            clock: ManualClock::at(UnixMicros::new(MIDNIGHT_S * 1_000_000)),
            boot: 0,
            off_until_s: 0,
            run: None,
        };
        let time = runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime can be made");
        let mut cut = Self {
            world: World::new(&mut random, (MIDNIGHT_S, MIDNIGHT_S + DAY_S)),
            site,
            machine,
            random,
            time,
            now_s: MIDNIGHT_S,
            samples: 0,
        };
        cut.restart();
        cut
    }

    fn restart(&mut self) {
        let _time = self.time.enter();
        self.machine.set_clock(self.now_s);
        self.machine.start(&self.site.plan);
    }

    fn run(&mut self) -> &mut Run {
        self.machine.run.as_mut().expect("it runs")
    }

    /// The slots of a few seconds; attempts end in the round after, where they take long.
    fn round(&mut self) {
        let step = Duration::from_secs(ROUND_S.unsigned_abs());
        self.time.block_on(tokio::time::advance(step));
        let _time = self.time.enter();
        self.machine.set_clock(self.now_s);
        let (now_s, random) = (self.now_s, &mut self.random);
        let run = self.machine.run.as_mut().expect("it runs");
        run.take_due(now_s);
        let recorded = run.attempt((&self.world, random), now_s + ROUND_S - 1);
        self.samples += recorded.len() as u64;
        run.seal_if_due();
        let now = UnixMicros::new(self.now_s * 1_000_000);
        self.site.clock.set(now);
        self.now_s += ROUND_S;
    }

    /// Sends a few batches; gives how many.
    fn send(&mut self) -> usize {
        let now_s = self.now_s;
        let batches = {
            let _time = self.time.enter();
            self.run().take_sends(now_s)
        };
        let sent = batches.len();
        let bodies = batches.into_iter().map(|batch| batch.body).collect();
        for answer in self.site.ingest(bodies) {
            let receipt = answer.expect("the batch is taken");
            let _time = self.time.enter();
            self.run().receive(receipt.seq);
        }
        sent
    }
}

#[test]
fn a_week_of_backlog_comes_home_in_order_while_measuring_goes_on() {
    let is_whole = env::var_os(WHOLE).is_some();
    let (days, targets) = if is_whole { (7, 20) } else { (1, 4) };
    let mut cut = Cut::new(targets);
    while cut.now_s < MIDNIGHT_S + days * DAY_S {
        cut.round();
    }
    cut.machine.run = None; // And a power cut before the way home.
    cut.restart();
    let backlog = cut.run().progress();
    let (samples, began) = (cut.samples, Instant::now());
    assert_eq!(backlog.acked_below, 0);
    let mut rounds = 0;
    while cut.send() > 0 {
        // A minute goes by every few dozen batches: about as fast as a collector takes them.
        rounds += 1;
        if rounds % 40 == 0 {
            (0..INTERVAL_S / ROUND_S).for_each(|_| cut.round());
        }
    }
    let (took, live) = (began.elapsed(), cut.samples - samples);
    {
        let _time = cut.time.enter();
        cut.machine.run.as_mut().expect("it runs").finish();
    }
    while cut.send() > 0 {}
    let progress = cut.run().progress();
    println!(
        "week: {samples} samples in {} batches drained in {took:.1?}, {} samples/s, while \
         {live} more were taken ({} sends at once)",
        backlog.next_seq,
        u128::from(samples) * 1_000 / took.as_millis().max(1),
        SENDS_MAX,
    );
    assert!(live > 0, "measuring went on");
    assert!(samples > (targets * days * 1_300).unsigned_abs());
    assert_eq!(progress.acked_below, progress.next_seq);
    check(&mut cut, progress.next_seq);
}

/// Every batch and every line is there, numbered without a hole and in order.
fn check(cut: &mut Cut, next_seq: u64) {
    let watcher = &mut cut.site.watcher;
    let whole = "SELECT count(*), max(seq) + 1 FROM batch";
    assert_eq!(watcher.rows(whole), [format!("{next_seq}|{next_seq}")]);
    let lines = "SELECT target_id, i, seq FROM sample UNION ALL \
                 SELECT target_id, i, seq FROM slot_gap";
    let holes = format!(
        "SELECT count(*) FROM (SELECT i, row_number() OVER s - 1 AS place, seq, \
         max(seq) OVER s AS newest FROM ({lines}) l \
         WINDOW s AS (PARTITION BY target_id ORDER BY i)) x WHERE i <> place OR seq <> newest"
    );
    assert_eq!(
        watcher.number(&holes),
        0,
        "indexes and batches rise together"
    );
    let stored = watcher.number("SELECT count(*) FROM sample");
    assert_eq!(stored.unsigned_abs(), cut.samples, "nothing is lost");
    let disordered = "SELECT count(*) FROM (SELECT received_at, lag(received_at) OVER \
                      (ORDER BY seq) AS former FROM batch) x WHERE received_at < former";
    assert_eq!(watcher.number(disordered), 0);
}
