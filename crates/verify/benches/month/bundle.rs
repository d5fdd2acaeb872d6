//! Packing the month, what it weighs, and verifying it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use evidence::bundle::Bundle;
use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::note::{SignedNote, VerifierKey};
use evidence::tree;
use verify::layout;
use wire::line::parse_core;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::cost;
use crate::report::{Report, multiple, per_second};
use crate::world::{self, AGENTS, MINUTES, Month};

const FILE: &str = "month.evidence.zip";
const POLICY: &str = "policy.txt";
const KIB_PER_MIB: u64 = 1_024;

fn samples() -> u64 {
    MINUTES.unsigned_abs() * AGENTS as u64
}

pub(crate) fn build(month: Month, folder: &Path, report: &mut Report) {
    let (contents, export, mut spill) = (month.contents, month.export, month.spill);
    fs::write(folder.join(POLICY), &contents.policy).expect("room on disk");
    report.note("samples", samples().to_string());
    let per_batch = month.wire_bytes / month.batches;
    report.note(
        "a batch of 5 samples on the wire",
        format!("{per_batch} bytes"),
    );
    spill.flush();
    let before = cost::resident_kib() / KIB_PER_MIB;
    report.note("resident before packing", format!("{before} MiB"));
    cost::reset_peak();
    let (read, read_us) = cost::cpu(|| spill.pack(contents.prefix.size()));
    let (packed, rest_us) = cost::cpu(|| verify::pack(read, contents, &export));
    let packed = packed.expect("contents that fit together");
    let length = usize::try_from(packed.file_bytes()).expect("it fits into memory");
    let (packed, write_us) = cost::cpu(|| packed.write(Vec::with_capacity(length)));
    let packed = packed.expect("a bundle");
    let peak = cost::peak_kib() / KIB_PER_MIB;
    let members = unpacked(&packed);
    let ((), zip_us) = cost::cpu(|| plain_zip(&members));
    let build_us = read_us + rest_us + write_us;
    let beside = multiple("plain zip", build_us, zip_us);
    report.at_most(
        "packing a month, CPU",
        (build_us / 1_000, 3_000),
        "ms",
        beside,
    );
    report.note(
        "  lines and log entries read and packed",
        format!("{} ms", read_us / 1_000),
    );
    report.note(
        "  the rest made and packed",
        format!("{} ms", rest_us / 1_000),
    );
    let bytes: u64 = members.values().map(|bytes| bytes.len() as u64).sum();
    let beside = format!("unpacked {} MiB", bytes >> 20);
    report.at_most("packing, peak resident", (peak, 200), "MiB", beside);
    weigh(&packed, report);
    fs::write(folder.join(FILE), &packed).expect("room on disk");
}

fn unpacked(packed: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut bundle = Bundle::open(Cursor::new(packed)).expect("a bundle");
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let mut read = |name| bundle.read(name).expect("an entry");
    let members = names.iter().map(|name| (name.clone(), read(name)));
    members.collect()
}

/// The least that any packer of the same members has to do.
fn plain_zip(members: &BTreeMap<String, Vec<u8>>) {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(5));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in members {
        zip.start_file(path.as_str(), options).expect("a name");
        zip.write_all(bytes).expect("memory is written");
    }
    zip.finish().expect("memory is written");
}

fn weigh(packed: &[u8], report: &mut Report) {
    let mut zip = ZipArchive::new(Cursor::new(packed)).expect("a zip");
    let mut by_part: BTreeMap<&str, u64> = BTreeMap::new();
    let target = world::target();
    for nth in 0..zip.len() {
        let file = zip.by_index_raw(nth).expect("an entry");
        let name = file.name().expect("a name");
        let is_line = name.starts_with("agents/") && name.contains(target.as_str());
        let kind = name.rsplit('.').next();
        let part = match name.as_ref() {
            _ if is_line && kind == Some("jsonl") => "samples",
            _ if is_line && kind == Some("paths") => "paths",
            name if name.starts_with("agents/") => "own streams",
            layout::ANCHORS => "anchors",
            name if layout::parse_segment(name).is_some() => "log segment",
            _ => "the rest",
        };
        *by_part.entry(part).or_default() += file.compressed_size();
    }
    let count = samples();
    let lines = by_part.get("samples").copied().unwrap_or_default();
    let none = String::new;
    report.at_most(
        "bytes a sample: lines and details",
        (lines.div_ceil(count), 120),
        "bytes",
        none(),
    );
    let whole = packed.len() as u64;
    report.at_most(
        "bytes a sample: the whole bundle",
        (whole.div_ceil(count), 260),
        "bytes",
        none(),
    );
    for (part, bytes) in by_part {
        report.note(&format!("  {part}"), format!("{} kB", bytes / 1_000));
    }
}

pub(crate) fn verify(folder: &Path, report: &mut Report) {
    let file = File::open(folder.join(FILE)).expect("it was packed");
    let mut bundle = Bundle::open(BufReader::new(file)).expect("a bundle");
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let read = |name: &String| bundle.read(name).expect("an entry");
    let members: Vec<Vec<u8>> = names.iter().map(read).collect();
    let ((), hash_us) = cost::cpu(|| {
        for bytes in &members {
            std::hint::black_box(Hash::of(bytes));
        }
    });
    let (heads_us, peak_kib) = child("heads", folder);
    let beside = multiple("SHA-256", heads_us, hash_us);
    report.at_most("verifying, CPU", (heads_us / 1_000, 5_000), "ms", beside);
    let peak = peak_kib / KIB_PER_MIB;
    report.note("verifying, peak resident", format!("{peak} MiB"));
    let (all_us, _) = child("all", folder);
    let beside = multiple("SHA-256", all_us, hash_us);
    report.note(
        "verifying with every batch signature, CPU",
        format!("{} ms  {beside}", all_us / 1_000),
    );
    signatures(&mut bundle, folder, report);
    lines(&mut bundle, report);
}

fn child(which: &str, folder: &Path) -> (u64, u64) {
    let program = std::env::current_exe().expect("a program knows its path");
    let output = Command::new(program)
        .args(["verify", which])
        .args([folder.join(FILE), folder.join(POLICY)])
        .output()
        .expect("this program runs again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let words = text.trim().split_once(' ');
    let figures = words.and_then(|(us, kib)| Some((us.parse().ok()?, kib.parse().ok()?)));
    figures.unwrap_or_else(|| panic_with(&errors))
}

#[expect(clippy::panic, reason = "a benchmark that measured nothing says why")]
fn panic_with(errors: &str) -> (u64, u64) {
    panic!("the bundle does not verify: {errors}")
}

/// The log's own signatures of all anchors.
fn signatures(bundle: &mut Bundle<BufReader<File>>, folder: &Path, report: &mut Report) {
    let policy = fs::read_to_string(folder.join(POLICY)).expect("it was written");
    let log = policy.lines().find_map(|line| line.strip_prefix("log "));
    let log: VerifierKey = log.and_then(|vkey| vkey.parse().ok()).expect("a log");
    let bytes = bundle.read(layout::ANCHORS).expect("anchors");
    let notes = Entries::new(bytes.as_slice())
        .map(|entry| SignedNote::parse(&entry.expect("an entry")).expect("a note"));
    let notes: Vec<SignedNote> = notes.collect();
    let prepared = log.prepared();
    for (what, key) in [
        ("signatures verified", &log),
        ("  by a prepared key, as anchors are", &prepared),
    ] {
        let ((), us) = cost::cpu(|| {
            for note in &notes {
                note.verify(key).expect("genuine");
            }
        });
        let rate = per_second(notes.len() as u64, us);
        report.note(what, format!("{rate}/s"));
    }
}

/// Every sample parsed strictly and hashed.
fn lines(bundle: &mut Bundle<BufReader<File>>, report: &mut Report) {
    let agent = "agent-0".parse().expect("a name");
    let bytes = bundle
        .read(&layout::cores(&agent, &world::target()))
        .expect("lines");
    let (count, us) = cost::cpu(|| {
        let mut count = 0;
        for line in bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            std::hint::black_box((parse_core(line).expect("a sample"), tree::leaf_hash(line)));
            count += 1;
        }
        count
    });
    report.note(
        "samples parsed and hashed",
        format!("{}/s", per_second(count, us)),
    );
}
