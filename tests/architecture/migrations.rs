//! Migrations are written once: a database out there has run them as they were.

use std::collections::BTreeMap;

use camino::Utf8DirEntry;
use evidence::hash::Hash;

use crate::repository::{root, text};

const DIR: &str = "migrations";
/// Hashes in the form of `sha256sum`. After adding a migration, in its directory:
/// `sha256sum FILE >> SHA256SUMS`.
const SUMS: &str = "migrations/SHA256SUMS";

/// Names of the migrations, in the order they run.
fn names() -> Vec<String> {
    let entries = root()
        .join(DIR)
        .read_dir_utf8()
        .expect("there are migrations");
    let entries = entries.map(|entry| entry.expect("a directory is readable"));
    let is_sql = |entry: &Utf8DirEntry| entry.path().extension() == Some("sql");
    let names = entries
        .filter(is_sql)
        .map(|entry| entry.file_name().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn listed() -> BTreeMap<String, String> {
    let lines = text(SUMS);
    let split = |line: &str| {
        let (sum, name) = line.split_once("  ").expect("a line is `<hash>  <file>`");
        (name.to_owned(), sum.to_owned())
    };
    lines.lines().map(split).collect()
}

#[test]
fn a_migration_is_named_by_its_time_and_purpose() {
    for name in names() {
        let (time, purpose) = name.split_once('_').unwrap_or((&name, ""));
        let is_time = time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit());
        let purpose = purpose.trim_end_matches(".sql");
        let is_word = |b: u8| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit();
        assert!(
            is_time && !purpose.is_empty() && purpose.bytes().all(is_word),
            "{name}: write `YYYYMMDDHHMMSS_purpose.sql`"
        );
    }
}

#[test]
fn a_migration_never_changes() {
    let listed = listed();
    for name in names() {
        let sum = Hash::of(text(format!("{DIR}/{name}")).as_bytes()).to_hex();
        let expected = listed
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is not in {SUMS}"));
        assert_eq!(
            sum, *expected,
            "{name} was edited: write a new migration instead"
        );
    }
    assert!(
        listed.keys().eq(names().iter()),
        "{SUMS} names a migration that is gone"
    );
}

#[test]
fn a_migration_says_why() {
    for name in names() {
        let sql = text(format!("{DIR}/{name}"));
        assert!(
            sql.starts_with("--"),
            "{name}: begin with a comment that says what for"
        );
    }
}
