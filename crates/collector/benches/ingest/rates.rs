//! How fast samples come in, and how soon they are answered, counted and read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::UnixMillis;
use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use wire::limits::BATCHES_IN_FLIGHT_MAX;

use crate::fleet::Shape;
use crate::hold;
use crate::post::Connection;
use crate::report::{Report, median, ms, per_second, percentile};
use crate::site::Site;
use crate::{bytes, copy};

/// 2026-02-02T00:00Z.
const START: UnixMillis = UnixMillis::new(1_769_990_400_000);
/// Batches of each agent that one measurement sends.
const BATCHES: usize = 75;
/// Batches under way at once in process.
const DEPTH: usize = 48;
/// Batches of each agent sent at half load.
const HALF_LOAD_BATCHES: usize = 100;
/// Samples a second that arrive while the open hour is read.
const SUSTAINED: u64 = 5_000;
/// Batches of each agent that arrive meanwhile: 25 s of them.
const SUSTAINED_BATCHES: usize = 31;
/// Samples a second that packing must reach, so that an hour of [`SUSTAINED`] takes a minute.
const PACKED: u64 = SUSTAINED * 3_600 / 60;

const SHAPE: Shape = Shape {
    agents: 4,
    targets: 40,
    interval_ms: 12_000,
    slots: 25,
    start: START,
};

pub(crate) async fn run(server: &str, rounds: u64, report: &mut Report) {
    let mut site = Site::start(server, "nines_bench_rates", SHAPE, (40, 40)).await;
    set_autovacuum(&mut site, "off").await;
    let (mut sql, mut whole, mut http) = (Vec::new(), Vec::new(), Vec::new());
    warm_up(&mut site).await;
    for _ in 0..rounds {
        empty(&mut site).await;
        let flushing = flush_a_full_queue(&mut site).await;
        let (rows, copying) = copy::measure(&mut site).await;
        sql.push((per_second(rows, flushing), per_second(rows, copying)));

        empty(&mut site).await;
        let in_process = deliver_in_process(&mut site).await;
        let (rows, copying) = copy::measure(&mut site).await;
        whole.push((per_second(rows, in_process), per_second(rows, copying)));

        empty(&mut site).await;
        let over_http = deliver_over_http(&mut site).await;
        let (rows, copying) = copy::measure(&mut site).await;
        http.push((per_second(rows, over_http), per_second(rows, copying)));
    }
    set_autovacuum(&mut site, "on").await;
    report.ratio("ingest, SQL part", &sql, 100);
    report.ratio("ingest, whole, in process", &whole, 60);
    report.ratio("ingest, over HTTP, 4 agents", &http, 60);
    let rates: Vec<u64> = http.iter().map(|(measured, _)| *measured).collect();
    latency_at_half_load(&mut site, median(&rates), report).await;
    site.stop().await;
    let mut site = Site::start(server, "nines_bench_bytes", SHAPE, (40, 40)).await;
    bytes_of_one_load(&mut site, report).await;
    pack(&mut site, report).await;
    read_the_open_hour(&mut site, report).await;
    site.stop().await;
}

/// Plans are made and partitions exist before anything counts.
async fn warm_up(site: &mut Site) {
    for body in site.seal(2).into_iter().flatten() {
        site.collector.ingest(body).await.expect("a receipt");
    }
}

/// It comes once a minute, to whichever side is measured then.
async fn set_autovacuum(site: &mut Site, state: &str) {
    site.run(format!("ALTER SYSTEM SET autovacuum = {state}"))
        .await;
    site.run("SELECT pg_reload_conf()".to_owned()).await;
}

/// Both sides meet tables of one size in every round.
async fn empty(site: &mut Site) {
    site.run("TRUNCATE sample".to_owned()).await;
    site.run("CHECKPOINT".to_owned()).await;
}

/// What the flusher needs for batches that have all been admitted before: from the first moment in
/// which the database lets it go on to the last receipt.
async fn flush_a_full_queue(site: &mut Site) -> Duration {
    let queue = in_turn(site.seal(BATCHES));
    site.run("CHECKPOINT".to_owned()).await;
    let held = hold::hold(site).await;
    let senders = send(site, queue, BATCHES * SHAPE.agents);
    hold::settle().await;
    let started = Instant::now();
    held.release().await;
    senders.join_all().await;
    started.elapsed()
}

async fn deliver_in_process(site: &mut Site) -> Duration {
    let queue = in_turn(site.seal(BATCHES));
    site.run("CHECKPOINT".to_owned()).await;
    let (started, cpu) = (Instant::now(), hold::cpu_ticks());
    send(site, queue, DEPTH).join_all().await;
    let samples = SHAPE.samples() * (BATCHES * SHAPE.agents) as u64;
    let cpu_ns = (hold::cpu_ticks() - cpu) * 10_000_000 / samples;
    println!("  in process: {cpu_ns} ns of this process' CPU a sample");
    started.elapsed()
}

/// All agents' first batches, then all their second: as a fleet delivers.
fn in_turn(agents: Vec<Vec<Vec<u8>>>) -> VecDeque<Vec<u8>> {
    let mut queue = VecDeque::new();
    let all: usize = agents.iter().map(Vec::len).sum();
    let mut agents: Vec<_> = agents.into_iter().map(Vec::into_iter).collect();
    while queue.len() < all {
        queue.extend(agents.iter_mut().filter_map(Iterator::next));
    }
    queue
}

/// Sends so many at once.
pub(crate) fn send(site: &Site, queue: VecDeque<Vec<u8>>, depth: usize) -> JoinSet<()> {
    let queue = Arc::new(Mutex::new(queue));
    let mut senders = JoinSet::new();
    for _ in 0..depth {
        let (queue, collector) = (queue.clone(), site.collector.clone());
        senders.spawn(async move {
            let next = || queue.lock().expect("nobody panics with it").pop_front();
            while let Some(body) = next() {
                collector.ingest(body).await.expect("a receipt");
            }
        });
    }
    senders
}

/// Each agent delivers a backlog in windows of as many batches as it may have on their way.
async fn deliver_over_http(site: &mut Site) -> Duration {
    let agents = site.seal(BATCHES);
    site.run("CHECKPOINT".to_owned()).await;
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for mut batches in agents {
        let mut connections = Vec::new();
        for _ in 0..BATCHES_IN_FLIGHT_MAX {
            connections.push(Connection::open(site.collector.addr()).await);
        }
        senders.spawn(async move {
            while !batches.is_empty() {
                let window = batches.drain(..connections.len().min(batches.len()));
                let posts = connections.iter_mut().zip(window);
                join_all(posts.map(|(connection, body)| connection.deliver(body))).await;
            }
        });
    }
    senders.join_all().await;
    started.elapsed()
}

/// Each agent sends by the clock, whether or not the answer to the batch before is there: time
/// that a batch waits for its turn counts.
async fn latency_at_half_load(site: &mut Site, rate: u64, report: &mut Report) {
    let per_batch = Duration::from_micros(
        SHAPE.samples() * 1_000_000 * SHAPE.agents as u64 / (rate / 2).max(1),
    );
    let latencies = send_by_the_clock(site, HALF_LOAD_BATCHES, per_batch).await;
    let micros = |percent| percentile(&latencies, percent).div_ceil(1_000);
    report.note(
        "receipt of 1,000 samples at half load, p50",
        format!("{} ms", micros(50)),
    );
    report.at_most(
        "receipt of 1,000 samples at half load, p99",
        micros(99),
        100,
        "ms",
    );
}

/// Microseconds from the moment each batch was due to its receipt.
async fn send_by_the_clock(site: &mut Site, batches: usize, every: Duration) -> Vec<u64> {
    let agents = site.seal(batches);
    let mut senders = JoinSet::new();
    for (agent, batches) in agents.into_iter().enumerate() {
        let mut connection = Connection::open(site.collector.addr()).await;
        let share = every / u32::try_from(SHAPE.agents).expect("few agents");
        let first = Instant::now() + share * u32::try_from(agent).expect("few agents");
        senders.spawn(async move {
            let mut latencies = Vec::with_capacity(batches.len());
            let mut due = first;
            for body in batches {
                sleep_until(due).await;
                connection.deliver(body).await;
                latencies.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
                due += every;
            }
            latencies
        });
    }
    senders.join_all().await.concat()
}

/// What one uninterrupted load leaves on disk, after the log has taken it up. The site is new: a log
/// that was signed is not emptied, and a collector refuses to go on with one that was.
async fn bytes_of_one_load(site: &mut Site, report: &mut Report) {
    deliver_in_process(site).await;
    site.collector.run_sequencer().await.expect("a checkpoint");
    bytes::samples(site, report).await;
}

/// Counts the closed hours, and writes them.
async fn pack(site: &mut Site, report: &mut Report) {
    site.wait_minutes(60);
    site.run("ANALYZE".to_owned()).await;
    let rows = site.number("SELECT count(*) FROM sample").await;
    let started = Instant::now();
    site.collector.run_jobs().await.expect("jobs that run");
    let packed = per_second(rows, started.elapsed());
    report.at_least(
        "packing of closed hours, assessment included",
        packed,
        PACKED,
        "/s",
    );
    bytes::cells(site, report, "every 12 s").await;
}

/// Live assessments over all targets, their open hour read from samples, while samples arrive.
async fn read_the_open_hour(site: &mut Site, report: &mut Report) {
    site.fleet.shape.interval_ms = 400; // 31 batches of 10 s stay within an hour.
    let every =
        Duration::from_micros(SHAPE.samples() * 1_000_000 * SHAPE.agents as u64 / SUSTAINED);
    let collector = site.collector.clone();
    let reader = tokio::spawn(async move {
        let mut runs = Vec::new();
        let mut turn = interval(Duration::from_secs(1));
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turn.tick().await;
            let started = Instant::now();
            collector.run_jobs().await.expect("jobs that run");
            runs.push(ms(started.elapsed()));
            if runs.len() > 20 {
                return runs;
            }
        }
    });
    let latencies = send_by_the_clock(site, SUSTAINED_BATCHES, every).await;
    let runs = reader.await.expect("a reader that ends");
    let slowest = percentile(&runs, 100);
    report.at_most(
        "open hour read and judged at 5,000/s, slowest",
        slowest,
        2_000,
        "ms",
    );
    let p99 = percentile(&latencies, 99).div_ceil(1_000);
    report.note("receipts meanwhile, p99", format!("{p99} ms"));
}
