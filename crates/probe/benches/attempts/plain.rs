//! How many plain attempts one core makes, what they cost, and what memory they take.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use domain::Outcome;
use probe::{Connection, Engine, HttpRequest, Method, Request, Spec, TlsRoots, Via};

use crate::{machine, server};

/// Attempts under way at once.
const CONCURRENCY: usize = 32;
const TIME: Duration = Duration::from_secs(10);
/// Attempts a second while memory is looked at, and for how long.
const STEADY_RATE: u64 = 100;
const STEADY_SECONDS: u64 = 10;
/// Addresses of loopback that are probed in turn.
const ADDRESSES: u32 = 16;

/// A page of the server, one of many addresses.
pub(crate) fn url(at: &str, number: u32) -> String {
    let port = server::ports(at)[0];
    format!("http://127.0.0.{}:{port}/", 1 + number % ADDRESSES)
}

fn spec(at: &str, number: u32) -> Spec {
    Spec {
        request: Request::Http(HttpRequest {
            url: url(at, number).parse().expect("a URL"),
            method: Method::Get,
            expect_status: "200".parse().expect("a status"),
            expect_headers: Vec::new(),
            expect_json: Vec::new(),
            expect_body_contains: Some("ok".to_owned()),
        }),
        key: None,
        deadline: Duration::from_secs(5),
        stall_after: Duration::from_secs(5),
        slow_after: None,
        nonce: "pong-7f3a".parse().expect("a nonce"),
        path: Via::Direct,
        connection: Connection::Fresh,
    }
}

#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn run(at: &str) {
    let engine = Engine::new(&TlsRoots::Platform).expect("authorities");
    let runtime = server::runtime();
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, steady(&engine, at));
    let (cpu_before, start) = (machine::cpu_ms("self"), Instant::now());
    let (ok, failed) = tasks.block_on(&runtime, as_fast_as_possible(&engine, at));
    let (cpu, time) = (machine::cpu_ms("self") - cpu_before, start.elapsed());
    let per_second = u128::from(ok) * 1_000 / time.as_millis();
    println!(
        "{per_second} attempts/s on one core, {CONCURRENCY} at once; {failed} of {} failed",
        ok + failed
    );
    report_cpu("probe", cpu, ok);
}

#[expect(clippy::print_stdout, reason = "its report is its purpose")]
pub(crate) fn report_cpu(who: &str, cpu_ms: u64, attempts: u64) {
    let us = cpu_ms * 1_000_000 / attempts.max(1);
    println!("{who}: CPU {} ms per 1,000 attempts", machine::ms(us));
}

async fn as_fast_as_possible(engine: &Engine, at: &str) -> (u64, u64) {
    let until = Instant::now() + TIME;
    let tally = Rc::new(Tally::default());
    let mut tasks = tokio::task::JoinSet::new();
    for number in (0..).take(CONCURRENCY) {
        let (engine, spec, tally) = (engine.clone(), spec(at, number), Rc::clone(&tally));
        tasks.spawn_local(async move {
            while Instant::now() < until {
                tally.count(engine.attempt(&spec).await.outcome);
            }
        });
    }
    tasks.join_all().await;
    (tally.ok.get(), tally.failed.get())
}

#[derive(Debug, Default)]
struct Tally {
    ok: Cell<u64>,
    failed: Cell<u64>,
}

impl Tally {
    fn count(&self, outcome: Outcome) {
        let counter = if outcome == Outcome::Ok {
            &self.ok
        } else {
            &self.failed
        };
        counter.set(counter.get() + 1);
    }
}

#[expect(clippy::print_stdout, reason = "its report is its purpose")]
async fn steady(engine: &Engine, at: &str) {
    let idle_kib = machine::resident_kib("self");
    let cpu_before = machine::cpu_ms("self");
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / STEADY_RATE));
    let tally = Rc::new(Tally::default());
    let mut tasks = tokio::task::JoinSet::new();
    for number in (0..).take(usize::try_from(STEADY_RATE * STEADY_SECONDS).unwrap_or(0)) {
        beat.tick().await;
        let (engine, spec, tally) = (engine.clone(), spec(at, number), Rc::clone(&tally));
        tasks.spawn_local(async move { tally.count(engine.attempt(&spec).await.outcome) });
        while tasks.try_join_next().is_some() {}
    }
    tasks.join_all().await;
    println!(
        "resident {} KiB before, {} KiB at {STEADY_RATE} attempts/s; {} failed",
        idle_kib,
        machine::resident_kib("self"),
        tally.failed.get()
    );
    report_cpu(
        "at that rate",
        machine::cpu_ms("self") - cpu_before,
        tally.ok.get(),
    );
}
