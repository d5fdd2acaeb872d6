//! What stands nowhere in our files, or in one place only. Words that are searched for are spelled
//! in two halves here, so that this file is not a finding of its own.

use camino::{Utf8Path, Utf8PathBuf};

use crate::repository::{assert_none, files, text, texts};

/// Lines of one source file: more is more than one idea.
const LINES_MAX: usize = 400;

/// Names that say nothing about what a file holds; `mod` because modules are `foo.rs`.
const EMPTY_NAMES: &[&str] = &[
    "common", "helper", "helpers", "manager", "mod", "service", "types", "util", "utils",
];

/// Paths that exist on one developer's machine.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Hosts that packages come from: which one is used is the machine's business.
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.npm", "js"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted"),
    concat!("deb.deb", "ian"),
    concat!("proxy.gol", "ang"),
];

fn is_rust(file: &Utf8Path) -> bool {
    file.extension() == Some("rs")
}

fn rust_files() -> impl Iterator<Item = (Utf8PathBuf, String)> {
    files()
        .into_iter()
        .filter(|file| is_rust(file))
        .map(|file| {
            let source = text(&file);
            (file, source)
        })
}

/// Where any of the words stands in files that are judged, as `file:line: word`.
fn mentions(files: impl Iterator<Item = (Utf8PathBuf, String)>, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in files {
        for (number, line) in text.lines().enumerate() {
            let hits = words.iter().filter(|word| contains_word(line, word));
            found.extend(hits.map(|word| format!("{file}:{}: {word}", number + 1)));
        }
    }
    found
}

/// Whether a line has a word that is not merely the tail of a longer one.
fn contains_word(line: &str, word: &str) -> bool {
    let starts_word = word.starts_with(|c: char| c.is_alphanumeric());
    let is_tail =
        |at: usize| starts_word && line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| !is_tail(at))
}

#[test]
fn a_word_is_not_found_in_the_tail_of_another() {
    assert!(contains_word("use clap::Parser;", "clap::"));
    assert!(!contains_word("overclap::Parser", "clap::"));
    assert!(contains_word("a/wo/b", "/wo/"));
}

#[test]
fn a_source_file_has_at_most_400_lines() {
    let lengths = rust_files().map(|(file, source)| (file, source.lines().count()));
    let found: Vec<String> = lengths
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{file}: {lines} lines"))
        .collect();
    assert_none("split by idea", &found);
}

#[test]
fn a_module_is_named_for_what_it_holds() {
    let is_empty = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
    let found: Vec<String> = files()
        .into_iter()
        .filter(|file| is_rust(file) && file.components().any(|part| is_empty(part.as_str())))
        .map(String::from)
        .collect();
    assert_none("names that say nothing", &found);
}

#[test]
fn the_wall_clock_is_read_in_one_file() {
    let others = rust_files().filter(|(file, _)| file != "crates/domain/src/clock.rs");
    let words = [
        concat!("Utc::", "now"),
        concat!("Local::", "now"),
        concat!("SystemTime::", "now"),
    ];
    assert_none("take a `Clock`", &mentions(others, &words));
}

#[test]
fn only_binaries_parse_arguments_and_give_up_on_error_types() {
    let is_binary = |file: &Utf8Path| {
        let whole = ["crates/cli", "xtask", "tests"];
        whole.iter().any(|dir| file.starts_with(dir))
            || file.ends_with("src/main.rs")
            || file.as_str().contains("/src/bin/")
    };
    let libraries = rust_files().filter(|(file, _)| !is_binary(file));
    let words = [concat!("cl", "ap::"), concat!("any", "how::")];
    assert_none("libraries use `thiserror`", &mentions(libraries, &words));
}

#[test]
fn nothing_is_left_for_later() {
    let is_prose = |file: &Utf8Path| file.extension() == Some("md");
    let code = texts().filter(|(file, _)| !is_prose(file));
    assert_none(
        "finish it or leave it out",
        &mentions(code, &[concat!("TO", "DO"), concat!("FIX", "ME")]),
    );
}

#[test]
fn no_file_names_a_developers_machine_or_a_package_host() {
    let mut found = mentions(texts(), MACHINE_PATHS);
    // The lock file names the index of record, whichever host served it.
    found.extend(mentions(
        texts().filter(|(file, _)| file != "Cargo.lock"),
        REGISTRY_HOSTS,
    ));
    assert_none("the repository is for every machine", &found);
}
