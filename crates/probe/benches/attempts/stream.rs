//! Streams: by how much the time to the first token is wrong, and whether any is lost.

use std::time::Duration;

use domain::Outcome;
use probe::{
    Attempt, Call, Connection, Engine, Request, STALL_AFTER_DEFAULT, Spec, TlsRoots, Via, Wire,
};

use crate::machine::{self, Errors};
use crate::server::{self, Truth};

/// The stream that other probes were measured with: first token, pieces, time between them.
const FIRST_MS: u64 = 200;
const PIECES: u64 = 20;
const GAP_MS: u64 = 20;
/// Streams at once, and how often.
const RUNS: [(u64, u64); 3] = [(1, 40), (50, 8), (500, 3)];
/// Attempts that are kept waiting at once, and for how long.
const HANGING: usize = 500;
const HANGING_MS: u64 = 10_000;
/// A gap below this is two pieces that the probe took for one, or nearly so, microseconds.
const MERGED_BELOW_US: u64 = 2_000;

/// A chat attempt against `base`.
pub(crate) fn spec(base: &str, nonce: &str) -> Spec {
    let mut call = Call::new(
        Wire::Chat,
        base.parse().expect("a base URL"),
        "m".to_owned(),
    );
    call.stream = true;
    Spec {
        request: Request::Call(Box::new(call)),
        key: Some("sk-bench".into()),
        deadline: Duration::from_mins(1),
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: nonce.parse().expect("a nonce"),
        path: Via::Direct,
        connection: Connection::Fresh,
    }
}

/// One attempt each, all at once; with what the server wrote.
pub(crate) async fn at_once(
    engine: &Engine,
    at: &str,
    bases: Vec<String>,
    name: &str,
) -> Vec<(Attempt, Option<Truth>)> {
    let mut tasks = tokio::task::JoinSet::new();
    for (number, base) in bases.into_iter().enumerate() {
        let (engine, nonce) = (engine.clone(), format!("{name}-{number:05}"));
        tasks.spawn(async move {
            let spec = spec(&base, &nonce);
            (nonce, engine.attempt(&spec).await)
        });
    }
    let attempts = tasks.join_all().await;
    let truths = Truth::of_all(at).await;
    attempts
        .into_iter()
        .map(|(nonce, attempt)| (attempt, truths.get(&nonce).copied()))
        .collect()
}

pub(crate) fn run(at: &str) {
    let engine = Engine::new(&TlsRoots::Platform).expect("authorities");
    let runtime = server::runtime();
    for (streams, rounds) in RUNS {
        runtime.block_on(run_at_once(&engine, at, streams, rounds));
    }
    runtime.block_on(hanging(&engine, at));
}

/// What it costs to wait for many at once.
#[expect(clippy::print_stdout, reason = "its report is its purpose")]
async fn hanging(engine: &Engine, at: &str) {
    let port = server::ports(at)[0];
    let base = format!("http://127.0.0.1:{port}/{HANGING_MS}/0/1/0/v1");
    let cpu_before = machine::cpu_ms("self");
    let attempts = at_once(engine, at, vec![base; HANGING], "hanging").await;
    let lost = attempts.iter().filter(|(a, _)| a.outcome != Outcome::Ok);
    println!(
        "{HANGING} hanging for {HANGING_MS} ms: {} lost; CPU {} ms, connecting included",
        lost.count(),
        machine::cpu_ms("self") - cpu_before
    );
}

#[expect(clippy::print_stdout, reason = "its report is its purpose")]
async fn run_at_once(engine: &Engine, at: &str, streams: u64, rounds: u64) {
    let port = server::ports(at)[0];
    let base = format!("http://127.0.0.1:{port}/0/{FIRST_MS}/{PIECES}/{GAP_MS}/v1");
    let (mut errors, mut lags) = (Errors::default(), Errors::default());
    let (mut lost, mut gaps, mut merged, mut expected) = (0, 0, 0, 0);
    let cpu_before = machine::cpu_ms("self");
    for round in 0..rounds {
        let bases = (0..streams).map(|_| base.clone()).collect();
        let name = format!("s{streams}-{round}");
        for (attempt, truth) in at_once(engine, at, bases, &name).await {
            let (Outcome::Ok, Some(truth), Some(first_us), Some(sent_us)) =
                (attempt.outcome, truth, attempt.first_us, attempt.sent_us)
            else {
                lost += 1;
                continue;
            };
            errors.add(first_us - sent_us, truth.first_us);
            lags.add(attempt.detail.lag_us.unwrap_or_default(), 0);
            let seen = attempt.detail.gap;
            expected += PIECES - 1;
            gaps += seen.as_ref().map_or(0, |gap| gap.count);
            merged += u64::from(seen.is_none_or(|gap| gap.p50_us < MERGED_BELOW_US));
        }
    }
    println!(
        "{streams:>3} at once: TTFT error {}; {lost} lost",
        errors.line(&[50, 95, 99])
    );
    println!("     own lag    {}", lags.line(&[50, 95, 99]));
    println!(
        "     {gaps} gaps of {expected}; {merged} streams with a median gap below {} ms; CPU {} ms",
        MERGED_BELOW_US / 1_000,
        machine::cpu_ms("self") - cpu_before
    );
}
