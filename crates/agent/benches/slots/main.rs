//! When attempts begin, held against the plan, and what an agent costs meanwhile.
//!
//! `cargo bench -p agent --bench slots --profile small -- [SECONDS] [realtime] [answering]`: a real
//! `nines-agent run` with 1,000 targets every 10 s over TLS, fresh connections, and 100 further ones whose server
//! takes the request and stays silent for longer than the deadline of 60 s (none of these with
//! `answering`). It signs and spools
//! (1 GiB at most); its collector cannot be reached. The agent runs on the first core, the server
//! in a process of its own on the second, where `taskset` is there; with `realtime` both at
//! real-time priority (`chrt`, needs the right to it), so that neighbours of a shared machine do
//! not count.
//!
//! Two minutes (or `SECONDS`) after the first slot the agent is killed and started again: how long
//! until no slot of the old grid is missed. Everything is read from the signed batches in its spool,
//! as a verifier would read it: `wall_us` of each sample, beside its `slot_ms`.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod evidence;
mod machine;
mod report;
mod server;
mod setting;

use std::time::Duration;

use machine::{Priority, Running};
use setting::Setting;

/// Between the start of the agent and the first slot: until what it needs when idle is looked at,
/// and what remains then.
const IDLE: Duration = Duration::from_secs(10);
const IDLE_REST: Duration = Duration::from_secs(2);
/// How long the agent is gone, and how long it runs afterwards.
const GONE: Duration = Duration::from_secs(2);
const AFTERWARDS: Duration = Duration::from_secs(25);
/// Time of load, where nothing else is asked for.
const SECONDS_DEFAULT: u64 = 120;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    match args.as_slice() {
        [serve, ca_pem] if serve == "serve" => server::serve(ca_pem),
        args => measure(args),
    }
}

fn measure(args: &[String]) {
    let priority = if args.iter().any(|arg| arg == "realtime") {
        Priority::RealTime
    } else {
        Priority::Normal
    };
    let silent = if args.iter().any(|arg| arg == "answering") {
        0
    } else {
        setting::SILENT
    };
    let seconds = args.iter().find_map(|arg| arg.parse().ok());
    let load = Duration::from_secs(seconds.unwrap_or(SECONDS_DEFAULT));
    println!(
        "load {}, {priority:?} priority, {silent} targets silent",
        machine::load()
    );

    let mut server = Running::server(priority);
    let setting = Setting::new(&server, setting::in_future(IDLE + IDLE_REST), silent);
    let agent = Running::agent(&setting, priority);
    pause(IDLE);
    println!(
        "idle     {:>6.1} MiB resident",
        mib(machine::resident_kib(agent.id()))
    );
    pause(IDLE_REST);
    let cpu_ms = machine::cpu_ms(agent.id());
    let mut peak_kib = 0;
    for _ in 0..load.as_secs() {
        pause(Duration::from_secs(1));
        peak_kib = peak_kib.max(machine::resident_kib(agent.id()));
    }
    let cpu_ms = machine::cpu_ms(agent.id()) - cpu_ms;
    println!(
        "at load  {:>6.1} MiB resident at most, {cpu_ms} ms of CPU in {} s",
        mib(peak_kib),
        load.as_secs()
    );

    let killed = machine::now();
    drop(agent);
    pause(GONE);
    let restarted = machine::now();
    let agent = Running::agent(&setting, priority);
    pause(AFTERWARDS);
    let ended = machine::now();
    drop(agent);
    server.kill();
    let samples = evidence::read(&setting);
    report::times(&samples, killed);
    report::restart(&setting, &samples, (restarted, ended));
    println!("load {}", machine::load());
}

#[expect(clippy::disallowed_methods, reason = "no runtime is here to block")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).expect("a small process")) / 1_024.0
}
