//! What the parts cost on their own: reading without counting, counting without reading.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use domain::Fold;
use wire::log::{Entry, Options, open};

#[path = "assess_log/lines.rs"]
mod lines;

/// Lines of each run.
const LINES: u64 = 20_000;

fn main() {
    divan::main();
}

fn log(form: &str) -> Vec<u8> {
    let mut log = Vec::new();
    lines::write(form, LINES, &mut log).expect("memory is written without errors");
    log
}

fn options() -> Options {
    Options::strict(
        "unnamed".parse().expect("an agent"),
        "unnamed".parse().expect("a target"),
    )
}

#[divan::bench(args = ["core", "minimal", "csv"])]
fn read(bencher: Bencher<'_, '_>, form: &str) {
    let log = log(form);
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let mut reader = open(log.as_slice(), options()).expect("a log");
        while let Some(entry) = reader.read().expect("a sample") {
            black_box(&entry);
        }
    });
}

#[divan::bench(args = ["core", "minimal", "csv"])]
fn read_and_fold(bencher: Bencher<'_, '_>, form: &str) {
    let log = log(form);
    bencher.counter(ItemsCount::new(LINES)).bench(|| {
        let mut reader = open(log.as_slice(), options()).expect("a log");
        let mut fold = Fold::new();
        while let Some(entry) = reader.read().expect("a sample") {
            entry.count_into(&mut fold).expect("few cells");
        }
        fold.build()
    });
}

/// One line over and over: what a sample costs whose stream, hour and class were just seen.
#[divan::bench]
fn fold_only(bencher: Bencher<'_, '_>) {
    let log = log("core");
    let mut reader = open(log.as_slice(), options()).expect("a log");
    let Some(entry @ Entry::Sample(_)) = reader.read().expect("a sample") else {
        return;
    };
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        let mut fold = Fold::new();
        for _ in 0..LINES {
            black_box(&entry).count_into(&mut fold).expect("few cells");
        }
        fold.build()
    });
}
