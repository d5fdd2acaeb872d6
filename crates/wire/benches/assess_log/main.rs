//! From a file of many samples to the counts that `sla::assess` reads, as whole processes: time
//! and peak memory, beside those of nothing but parsing the same lines with derived `serde` types.
//!
//! `cargo bench -p wire --bench assess_log -- [LINES] [ROUNDS] [NINES]`, 10 million and 5 by
//! default: files of 6 GB are written to the directory for temporary files. Every run is a
//! process of its own on one thread; the fastest of each kind counts. With the path of a `nines`
//! binary, `nines assess` judges the same files, too: from its start to its verdict in JSON.

#![expect(clippy::print_stdout, reason = "its report is its purpose")]

mod assess;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use domain::Fold;
use wire::log::{Options, open};

mod lines;
mod plain_serde;

/// What one process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// Parse each line into a derived type, and forget it.
    Serde,
    /// Read samples and count them.
    Fold,
    /// The whole command.
    Assess,
}

/// What one process took.
#[derive(Clone, Copy, Debug)]
struct Cost {
    time: Duration,
    peak_kib: u64,
}

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match args.as_slice() {
        [task, form, path] if task == "serde" => child(Task::Serde, form, Path::new(path)),
        [task, form, path] if task == "fold" => child(Task::Fold, form, Path::new(path)),
        rest => {
            let number = |at: usize| rest.get(at).and_then(|n: &String| n.parse().ok());
            let nines = rest.get(2).map(Path::new);
            compare(
                number(0).unwrap_or(10_000_000),
                number(1).unwrap_or(5),
                nines,
            );
        }
    }
}

fn compare(count: u64, rounds: u64, nines: Option<&Path>) {
    println!("{count} lines, fastest of {rounds}; peak is VmHWM");
    for form in ["core", "minimal", "csv"] {
        let directory = tempfile::tempdir().expect("a directory for temporary files");
        let path = directory.path().join(form);
        let mut file = BufWriter::new(File::create(&path).expect("a new file"));
        lines::write(form, count, &mut file).expect("room for the file");
        file.flush().expect("room for the file");
        let bytes = path.metadata().expect("the file was just written").len();
        println!("{form}: {} MB", bytes / 1_000_000);
        let cost = |task| run(task, form, &path);
        // In turns, so that what else the machine does meets both.
        let costs: Vec<(Option<Cost>, Cost)> = (0..rounds)
            .map(|_| (is_json(form).then(|| cost(Task::Serde)), cost(Task::Fold)))
            .collect();
        let fold = fastest(costs.iter().map(|(_, fold)| *fold));
        if is_json(form) {
            let serde = fastest(costs.iter().filter_map(|(serde, _)| *serde));
            report(Task::Serde, serde, count);
            report(Task::Fold, fold, count);
            compare_costs("fold / serde", fold, serde);
            if let Some(nines) = nines {
                let judged = fastest((0..rounds).map(|_| assess::run(nines, &path)));
                report(Task::Assess, judged, count);
                compare_costs("nines assess / serde", judged, serde);
            }
        } else {
            report(Task::Fold, fold, count);
        }
    }
}

fn compare_costs(what: &str, cost: Cost, baseline: Cost) {
    let ratio = cost.time.as_micros() * 1_000 / baseline.time.as_micros().max(1);
    let more = cost.peak_kib.saturating_sub(baseline.peak_kib) / 1024;
    println!(
        "  {what}: {}.{:03}, {more} MiB more",
        ratio / 1_000,
        ratio % 1_000
    );
}

/// Whether there is something to compare with.
fn is_json(form: &str) -> bool {
    form != "csv"
}

fn fastest(costs: impl Iterator<Item = Cost>) -> Cost {
    costs
        .min_by_key(|cost| cost.time)
        .expect("at least one round")
}

fn report(task: Task, cost: Cost, lines: u64) {
    let per_line = cost.time.as_nanos() / u128::from(lines.max(1));
    println!(
        "  {task:?}: {} ms, {per_line} ns a line, peak {} MiB",
        cost.time.as_millis(),
        cost.peak_kib / 1024
    );
}

fn run(task: Task, form: &str, path: &Path) -> Cost {
    let word = match task {
        Task::Serde => "serde",
        Task::Fold => "fold",
        Task::Assess => unreachable!("another program's task"),
    };
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program)
        .args([word, form])
        .arg(path)
        .output()
        .expect("the program runs again");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut numbers = text.split_whitespace().map(|n| n.parse().expect("numbers"));
    let mut next = || numbers.next().expect("two numbers");
    Cost {
        time: Duration::from_micros(next()),
        peak_kib: next(),
    }
}

fn child(task: Task, form: &str, path: &Path) {
    let start = Instant::now();
    match task {
        Task::Serde => parse(form, path),
        Task::Fold => fold(path),
        Task::Assess => unreachable!("another program's task"),
    }
    println!("{} {}", start.elapsed().as_micros(), peak_kib());
}

fn peak_kib() -> u64 {
    peak_in(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
}

/// The peak that a `/proc/*/status` tells, in KiB.
fn peak_in(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}

fn parse(form: &str, path: &Path) {
    let file = File::open(path).expect("the file");
    let mut file = BufReader::with_capacity(256 * 1024, file);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line).expect("the file") > 0 {
        match form {
            "core" => drop(black_box(plain_serde::core(&line))),
            _ => drop(black_box(plain_serde::minimal(&line))),
        }
        line.clear();
    }
}

fn fold(path: &Path) {
    let file = File::open(path).expect("the file");
    let name = "unnamed";
    let options = Options::strict(
        name.parse().expect("an agent"),
        name.parse().expect("a target"),
    );
    let mut log = open(file, options).expect("a log");
    let mut fold = Fold::new();
    while let Some(entry) = log.read().expect("a sample") {
        entry.count_into(&mut fold).expect("few cells");
    }
    black_box(fold.build());
}
