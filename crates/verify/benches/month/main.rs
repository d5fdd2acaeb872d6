//! The evidence of one contract and month: what it costs to pack, to carry and to verify.
//!
//! `cargo bench -p verify --bench month -- [python] [pure]`: five agents with a sample every minute
//! for 30 days (216,000 samples, batches of five, a checkpoint for each batch, an outage of two
//! hours, one other request in 200 fails), all of them streamed answers of a model. `python` also
//! runs the script of the bundle with its library for signatures, `pure` without, which takes
//! minutes.
//!
//! Times are of this thread's or process' CPU, since machines are shared, each beside a baseline in
//! the same run: packing beside the crate `zip` at the same level over the same bytes, verifying
//! beside one SHA-256 over all unpacked bytes. Memory is the peak of the process that does it. Lines
//! and log entries lie on disk and are packed line by line, as an exporter gets them from its database. The log is measured without its SQL,
//! which is in `cargo xtask bench ingest`.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod bundle;
mod cost;
mod lines;
mod report;
mod script;
mod seal;
mod spill;
mod world;

use evidence::bundle::Bundle;
use evidence::policy::Policy;
use report::Report;
use verify::{Options, Signatures, render_text};

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    match args.as_slice() {
        [verify, which, bundle, policy] if verify == "verify" => check(which, bundle, policy),
        args => measure(args),
    }
}

fn measure(args: &[String]) {
    println!("load {}", cost::load());
    let mut report = Report::default();
    let folder = tempfile::tempdir().expect("room on disk");
    let spill = tempfile::tempdir().expect("room on disk");
    let month = world::month(spill::Spill::new(spill.path()));
    bundle::build(month, folder.path(), &mut report);
    bundle::verify(folder.path(), &mut report);
    seal::seal(&mut report);
    seal::log(&mut report);
    if args.iter().any(|arg| arg == "python") {
        script::run(script::WITH_LIBRARY, folder.path(), &mut report);
    }
    if args.iter().any(|arg| arg == "pure") {
        script::run(script::PURE, folder.path(), &mut report);
    }
    println!("\n{report}load {}", cost::load());
}

/// Verifies in a process of its own: prints CPU microseconds and peak KiB.
fn check(which: &str, bundle: &str, policy: &str) {
    let policy = std::fs::read_to_string(policy).expect("a policy");
    let policy = Policy::parse(&policy).expect("a policy");
    let file = std::fs::File::open(bundle).expect("a bundle");
    let signatures = if which == "all" {
        Signatures::All
    } else {
        Signatures::Heads
    };
    let (found, cpu_us) = cost::cpu(|| {
        let mut bundle = Bundle::open(std::io::BufReader::new(file)).expect("a bundle");
        verify::verify(
            &mut bundle,
            Some(&policy),
            &Options {
                signatures,
                ..Options::default()
            },
        )
    });
    assert_eq!(found.exit_code(), 0, "{}", render_text(&found));
    println!("{cpu_us} {}", cost::peak_kib());
}
