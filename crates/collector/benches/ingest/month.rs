//! A month under contract, and a front page with many targets.

use std::collections::VecDeque;

use domain::UnixMillis;
use tokio::time::Instant;

use crate::bytes;
use crate::fleet::Shape;
use crate::post::Connection;
use crate::report::{Report, median, ms, percentile};
use crate::site::Site;
use crate::{hold, rates};

/// 2026-03-01T00:00Z.
const START: UnixMillis = UnixMillis::new(1_772_323_200_000);
/// Batches of 5 minutes in March.
const BATCHES: usize = 31 * 24 * 12;
/// Batches under way at once.
const DEPTH: usize = 64;
const TARGETS: usize = 1_000;
/// How often each thing is done.
const TIMES: usize = 15;

const SHAPE: Shape = Shape {
    agents: 5,
    targets: 1,
    interval_ms: 60_000,
    slots: 5,
    start: START,
};

pub(crate) async fn run(server: &str, report: &mut Report) {
    let mut site = Site::start(server, "nines_bench_month", SHAPE, (1, TARGETS)).await;
    deliver(&mut site, BATCHES - 1).await;
    site.collector.run_sequencer().await.expect("a checkpoint");
    site.collector.run_jobs().await.expect("jobs that run"); // The month is judged while it runs.
    deliver(&mut site, 1).await;
    site.run("VACUUM ANALYZE".to_owned()).await;
    site.wait_minutes(61);
    judge(&mut site, report).await;
    bytes::cells(&mut site, report, "every 60 s").await;
    show(&mut site, report).await;
    site.stop().await;
}

async fn deliver(site: &mut Site, batches: usize) {
    let queue: VecDeque<Vec<u8>> = site.seal(batches).into_iter().flatten().collect();
    rates::send(site, queue, DEPTH).join_all().await;
}

/// The final assessment of March: its cells are packed, and it is made anew each time.
async fn judge(site: &mut Site, report: &mut Report) {
    site.collector.run_jobs().await.expect("jobs that run");
    let mut runs = Vec::new();
    let before = hold::cpu_ticks();
    for _ in 0..TIMES {
        site.run("UPDATE assessment SET state = 'live'".to_owned())
            .await;
        let started = Instant::now();
        site.collector.run_jobs().await.expect("jobs that run");
        runs.push(ms(started.elapsed()));
    }
    let cpu_ms = (hold::cpu_ticks() - before) * 10 / TIMES as u64;
    let samples = site.number("SELECT count(*) FROM sample").await;
    let finals = site
        .number("SELECT count(*) FROM assessment WHERE state = 'final'")
        .await;
    assert_eq!(finals, 1, "March is judged for good");
    report.note(
        "final assessment, this process' CPU",
        format!("{cpu_ms} ms"),
    );
    report.note("samples of the contract-month", samples.to_string());
    report.at_most(
        "final assessment of a contract-month",
        median(&runs),
        100,
        "ms",
    );
}

/// The front page, when every target of the plan was measured by every agent for a month: its last
/// day is in `sample`, every fifth minute and of the last two hours every one. Copied cells keep the
/// name of the target they were counted for, which costs as much.
async fn show(site: &mut Site, report: &mut Report) {
    let judged = Shape::target(0);
    let last_day = "slot_at >= '2026-03-31' AND (extract(minute FROM slot_at)::int % 5 = 0
        OR slot_at >= '2026-03-31T22:00:00Z')";
    let columns = "slot_at, started_at, seq, i, end_us, agent_id, attempt, class_id, first_us,
        output_tokens";
    site.run(format!(
        "INSERT INTO target (name) SELECT 'acme-chat-' || lpad(n::text, 4, '0')
         FROM generate_series(0, {TARGETS} - 1) n ON CONFLICT DO NOTHING;
         INSERT INTO sample (target_id, {columns})
         SELECT t.id, s.* FROM (SELECT {columns} FROM sample WHERE {last_day}) s,
                target t WHERE t.name <> '{judged}';
         INSERT INTO stream_latest
         SELECT DISTINCT ON (target_id, agent_id) target_id, agent_id, slot_at, attempt,
                started_at, outcome, attribution, status, first_us
         FROM sample_whole WHERE slot_at >= '2026-03-31'
         ORDER BY target_id, agent_id, slot_at DESC ON CONFLICT DO NOTHING;
         INSERT INTO condition_hour
         SELECT id, h, CASE WHEN (id + extract(epoch FROM h)::bigint / 3600) % 100 = 0
                            THEN repeat('u', 40) || repeat('r', 20) ELSE repeat('u', 60) END
         FROM target, generate_series('2026-03-01'::timestamptz, '2026-03-31T22:00:00Z', '1 hour') h
         ON CONFLICT DO NOTHING;
         INSERT INTO cell (target_id, agent_id, hour_at, packed)
         SELECT t.id, c.agent_id, c.hour_at, c.packed FROM cell c, target t
         WHERE c.hour_at = '2026-03-31T22:00:00Z' ON CONFLICT DO NOTHING;
         INSERT INTO cell_dirty SELECT id, '2026-03-31T23:00:00Z' FROM target
         ON CONFLICT DO NOTHING"
    ))
    .await;
    site.run("VACUUM ANALYZE".to_owned()).await;
    // The clock stands at the end of March: its last hour is open, and counted from samples.
    site.wait_minutes(0);
    for (what, path) in [
        ("front page, 1,000 targets x 5 agents", "/"),
        ("front page, last page", "/?page=20&fragment=1"),
        ("targets by the API", "/api/v1/targets"),
        ("100 targets by the API", "/api/v1/targets?limit=100"),
    ] {
        ask(site, report, (what, path)).await;
    }
    survey(site, report).await;
}

/// How long answers take while what was found is fresh.
async fn ask(site: &Site, report: &mut Report, (what, path): (&str, &str)) {
    let mut connection = Connection::open(site.collector.addr()).await;
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..=TIMES {
        let started = Instant::now();
        bytes = connection.get(path).await;
        times.push(ms(started.elapsed()));
    }
    // The first one finds out what all the others show, and reads the whole month.
    let first = times.first().copied().unwrap_or_default();
    let times = times.get(1..).unwrap_or_default();
    report.note(&format!("{what}, size"), format!("{bytes} bytes"));
    report.note(&format!("{what}, first"), format!("{first} ms"));
    let slowest = percentile(times, 100);
    report.note(&format!("{what}, slowest"), format!("{slowest} ms"));
    report.at_most(what, median(times), 50, "ms");
}

/// How long it takes to look at all targets again: who asks after a pause waits for it. The past is
/// read anew once it is 5 minutes old.
async fn survey(site: &mut Site, report: &mut Report) {
    let mut connection = Connection::open(site.collector.addr()).await;
    for (minute, what) in [
        (2, "look at 1,000 targets again"),
        (4, "look at 1,000 targets again, once more"),
        (6, "look at 1,000 targets again, with their month"),
    ] {
        site.wait_minutes(minute);
        let started = Instant::now();
        connection.get("/api/v1/targets?limit=1").await;
        report.note(what, format!("{} ms", ms(started.elapsed())));
    }
}
