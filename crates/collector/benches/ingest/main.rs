//! What the collector takes in, keeps and answers, beside what PostgreSQL itself does with the
//! same rows.
//!
//! `cargo xtask bench ingest [rates|month]... [ROUNDS]`: both parts and three rounds by default.
//! `DATABASE_URL` names a server with durable settings, on which the bench makes databases of its
//! own and whose role may read and write the server's files (the baseline is a server-side
//! `COPY`); the xtask starts a private one.
//!
//! * `rates`: 4 agents, 40 targets, a sample every 12 s, sealed every 5 minutes: batches of 1,000
//!   samples with details, as an LLM probe makes them. Ingest in process and over HTTP, each
//!   beside `COPY` of the very rows that it stored; latency at half load; bytes on disk; packing;
//!   the open hour while 5,000 samples/s arrive.
//! * `month`: 5 agents, one target every 60 s for March, in batches of 5 minutes, judged; and a
//!   front page with 1,000 targets.
//!
//! The SQL part of ingest is timed alone: a lock on the ledger keeps the flusher waiting until all
//! batches have been unpacked, verified and queued, and time runs from its release to the last
//! receipt. Everything that the flusher does counts: encoding rows, ledger, raw bytes, samples,
//! marks, the log's queue, and commits. Data are the same in every run. No time decides whether the
//! program succeeds: it prints, and people judge.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod bytes;
mod copy;
mod fleet;
mod hold;
mod month;
mod post;
mod rates;
mod report;
mod site;

use report::Report;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let server = std::env::var_os("DATABASE_URL").expect("run `cargo xtask bench ingest`");
    let server = server.into_string().expect("an address that is text");
    let rounds = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(3);
    let parts = ["rates", "month"];
    let all = !args.iter().any(|arg| parts.contains(&arg.as_str()));
    let wants = |part: &str| all || args.iter().any(|arg| arg == part);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let mut report = Report::default();
    println!("load {}", report::load());
    if wants("rates") {
        runtime.block_on(rates::run(&server, rounds, &mut report));
    }
    if wants("month") {
        runtime.block_on(month::run(&server, &mut report));
    }
    println!("load {}\n\n{report}", report::load());
}
