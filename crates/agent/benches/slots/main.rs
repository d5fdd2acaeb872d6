//! When attempts begin, held against the plan, and what an agent costs meanwhile.
//!
//! `cargo bench -p agent --bench slots --profile small -- [SECONDS] [realtime] [answering] [filled]
//! [PROMETHEUS BLACKBOX]`: a real `nines-agent run` with 1,000 targets every 10 s over TLS, fresh
//! connections, and 100 further ones whose server takes the request and stays silent for longer than
//! the deadline of 60 s (none of these with `answering`). It signs and spools (1 GiB at most; with
//! `filled` all but 96 MiB of that is there before); its collector cannot be reached. The agent runs
//! on the first core, the server in a process of its own on the second, where `taskset` is there;
//! with `realtime` both at real-time priority (`chrt`, needs the right to it), so that neighbours of
//! a shared machine do not count.
//!
//! Two minutes (or `SECONDS`) after the first slot the agent is killed and started again: how long
//! until no slot of the old grid is missed. Everything is read from the signed batches in its spool,
//! as a verifier would read it: `wall_us` of each sample, beside its `slot_ms`.
//!
//! `PROMETHEUS` and `BLACKBOX` are the paths of a `prometheus` and a `prometheus-blackbox-exporter`,
//! which then probe the same pages as often, afterwards, on the same core, for as long. Their plan is
//! not known here, so both sides are also measured at the server: how much later than its target's
//! earliest each probe came. The ratio is of these figures.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod arrivals;
mod evidence;
mod fill;
mod machine;
mod peers;
mod report;
mod server;
mod setting;

use std::fs;
use std::time::Duration;

use arrivals::Arrivals;
use domain::UnixMillis;
use machine::{Priority, Running};
use peers::Peers;
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
        [serve, ca_pem, notes] if serve == "serve" => server::serve(ca_pem, notes),
        args => measure(args),
    }
}

/// What is asked for.
struct Asked<'a> {
    priority: Priority,
    silent: usize,
    load: Duration,
    fill: fn(&mut Setting),
    peers: Option<Peers<'a>>,
}

impl<'a> Asked<'a> {
    fn parse(args: &'a [String]) -> Self {
        let has = |word: &str| args.iter().any(|arg| arg == word);
        let seconds = args.iter().find_map(|arg| arg.parse().ok());
        let mut paths = args.iter().filter(|arg| arg.contains('/'));
        Self {
            priority: if has("realtime") {
                Priority::RealTime
            } else {
                Priority::Normal
            },
            silent: if has("answering") { 0 } else { setting::SILENT },
            load: Duration::from_secs(seconds.unwrap_or(SECONDS_DEFAULT)),
            fill: if has("filled") { fill::fill } else { |_| {} },
            peers: paths
                .next()
                .zip(paths.next())
                .map(|(prometheus, blackbox)| Peers {
                    prometheus,
                    blackbox,
                }),
        }
    }
}

fn measure(args: &[String]) {
    let asked = Asked::parse(args);
    let Asked {
        priority, silent, ..
    } = asked;
    println!(
        "load {}, {priority:?} priority, {silent} targets silent, {} bytes of program",
        machine::load(),
        machine::program_bytes()
    );
    let mut server = Running::server(priority);
    let mut setting = Setting::new(&server, silent);
    (asked.fill)(&mut setting);
    let (began, killed) = under_load(&mut setting, &asked);

    pause(GONE);
    let restarted = machine::now();
    let agent = Running::agent(&setting, priority);
    pause(AFTERWARDS);
    let peak_kib = machine::peak_kib(agent.id());
    let ended = machine::now();
    drop(agent);
    let samples = evidence::read(&setting);
    report::times(&samples, killed);
    report::restart(&setting, &samples, (restarted, ended));
    println!("restart  {:>6.1} MiB resident at most", mib(peak_kib));
    let notes = setting.notes.clone();
    let arrivals = Arrivals::read(&notes, (began.get(), killed.get()));
    let figures = arrivals.figures("the agent");
    if let Some(peers) = asked.peers {
        let of_peers = peers.measure(&server, silent, (priority, asked.load));
        report::ratio(figures, of_peers);
    }
    server.kill();
    fs::remove_file(&notes).expect("the server noted something");
    println!("load {}", machine::load());
}

/// From the start of the agent until it is killed; when its plan began, and when it ended.
fn under_load(setting: &mut Setting, asked: &Asked<'_>) -> (UnixMillis, UnixMillis) {
    let began = setting::in_future(IDLE + IDLE_REST);
    setting.begin(began);
    let agent = Running::agent(setting, asked.priority);
    pause(IDLE);
    println!(
        "idle     {:>6.1} MiB resident, {:.1} at most",
        mib(machine::resident_kib(agent.id())),
        mib(machine::peak_kib(agent.id()))
    );
    pause(IDLE_REST);
    let cpu_ms = machine::cpu_ms(agent.id());
    let mut most_kib = 0;
    for _ in 0..asked.load.as_secs() {
        pause(Duration::from_secs(1));
        most_kib = most_kib.max(machine::resident_kib(agent.id()));
    }
    let cpu_ms = machine::cpu_ms(agent.id()) - cpu_ms;
    println!(
        "at load  {:>6.1} MiB resident at most, {cpu_ms} ms of CPU in {} s",
        mib(most_kib),
        asked.load.as_secs()
    );
    (began, machine::now())
}

#[expect(clippy::disallowed_methods, reason = "no runtime is here to block")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).expect("a small process")) / 1_024.0
}
