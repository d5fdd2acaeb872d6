//! `cargo xtask postgres`: the tests that need a database, on servers of other majors than the
//! machine's own.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{deps, peers, process, test};

/// Majors that are pinned in `tests/conformance/postgres`.
const MAJORS: [u32; 3] = [16, 17, 18];

/// Runs the tests on each of `majors`, or on all that are pinned; the rest goes to `cargo test`.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let (majors, rest) = split(&words)?;
    for major in majors {
        process::say(&format!("\n-- PostgreSQL {major} --"));
        run_on(major, &rest)?;
    }
    Ok(())
}

/// The majors that come first, or all, and what follows them.
fn split(words: &[&str]) -> Result<(Vec<u32>, Vec<OsString>)> {
    let numbers = words.iter().map_while(|word| word.parse().ok());
    let majors: Vec<u32> = numbers.collect();
    if let Some(unknown) = majors.iter().find(|major| !MAJORS.contains(major)) {
        bail!("PostgreSQL {unknown} is not pinned; there are {MAJORS:?}");
    }
    let rest = words[majors.len()..].iter().map(OsString::from).collect();
    let majors = if majors.is_empty() {
        MAJORS.to_vec()
    } else {
        majors
    };
    Ok((majors, rest))
}

fn run_on(major: u32, args: &[OsString]) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("servers of other majors are pinned for x86-64 Linux only");
    }
    let client = deps::postgres()?;
    let dir = peers::postgres(major)?;
    borrow_psql(client.dir(), &dir)?;
    let server = pgembed::find_binaries(Some(&dir), None)?;
    if server.major() != major {
        bail!("{} is PostgreSQL {}", dir.display(), server.major());
    }
    let default = ["-p", "collector"].map(OsString::from);
    test::run_on(&server, if args.is_empty() { &default } else { args })
}

/// The packages have no client: the machine's own stands in, which talks to every server.
fn borrow_psql(client: &Path, server: &Path) -> Result<()> {
    let link = server.join("psql");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => symlink(client.join("psql"), &link),
    }
    .with_context(|| format!("failed to link {}", link.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_stand_first_and_all_are_meant_where_none_is_named() {
        let (majors, rest) = split(&["17", "-p", "e2e"]).expect("17 is pinned");
        assert_eq!((majors, rest.len()), (vec![17], 2));
        assert_eq!(split(&[]).expect("all are pinned").0, MAJORS);
        assert!(split(&["9"]).is_err());
    }

    #[test]
    fn every_major_named_here_is_pinned() {
        let pins = include_str!("../../tests/conformance/postgres/package.json");
        for major in MAJORS {
            assert!(pins.contains(&format!("linux-x64@{major}.")), "{major}");
        }
    }
}
