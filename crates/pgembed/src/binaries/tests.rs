use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::scratch::Scratch;

/// An installation whose `postgres` says that it is `version`.
fn install(scratch: &Scratch, bin: &str, version: &str) -> PathBuf {
    for program in PROGRAMS {
        let script = format!("#!/bin/sh\necho '{version}'\n");
        let file = scratch.file(&format!("{bin}/{program}"), &script);
        fs::set_permissions(file, Permissions::from_mode(0o755)).expect("our own file");
    }
    scratch.path().join(bin)
}

#[test]
fn the_newest_version_wins_by_number() {
    let scratch = Scratch::new();
    install(&scratch, "9.6/bin", "postgres (PostgreSQL) 9.6.24");
    let newest = install(
        &scratch,
        "15/bin",
        "postgres (PostgreSQL) 15.18 (Debian 15.18-0)",
    );
    scratch.file("17/bin/psql", "a client alone is no server");
    let found = find_below(scratch.path(), None, None).expect("two are complete");
    assert_eq!(
        found,
        Binaries {
            dir: newest,
            major: 15
        }
    );
}

#[test]
fn path_is_searched_where_no_version_is_installed() {
    let scratch = Scratch::new();
    let client_only = scratch
        .file("client/psql", "")
        .parent()
        .expect("a parent")
        .to_owned();
    let server = install(&scratch, "server", "postgres (PostgreSQL) 18beta2");
    let path: OsString = std::env::join_paths([&client_only, &server]).expect("plain names");
    let nowhere = scratch.path().join("nowhere");
    let found = find_below(&nowhere, None, Some(&path)).expect("the second is complete");
    assert_eq!(
        found,
        Binaries {
            dir: server,
            major: 18
        }
    );
}

#[test]
fn pg_bin_decides_alone() {
    let scratch = Scratch::new();
    install(&scratch, "15/bin", "postgres (PostgreSQL) 15.18");
    let asked = install(&scratch, "asked", "postgres (PostgreSQL) 14.2");
    let found = find_below(scratch.path(), Some(&asked), None).expect("it is complete");
    assert_eq!(
        found,
        Binaries {
            dir: asked.clone(),
            major: 14
        }
    );

    fs::remove_file(asked.join("initdb")).expect("it is there");
    let error = find_below(scratch.path(), Some(&asked), None).expect_err("initdb is gone");
    let text = error.to_string();
    assert!(
        text.contains("no `initdb`") && text.contains("PG_BIN"),
        "{text}"
    );
}

#[test]
fn missing_binaries_name_the_one_command() {
    let scratch = Scratch::new();
    let error = find_below(scratch.path(), None, None).expect_err("nothing is there");
    assert_eq!(
        error.to_string(),
        format!(
            "no PostgreSQL server found in {}/*/bin or PATH; install one: \
             sudo apt-get install -y postgresql",
            scratch.path().display()
        )
    );
}

#[test]
fn a_binary_that_says_no_version_is_refused() {
    let scratch = Scratch::new();
    let dir = install(&scratch, "odd", "hello");
    let error = find_below(scratch.path(), Some(&dir), None).expect_err("no version");
    assert!(matches!(error, FindError::Version { printed, .. } if printed == "hello\n"));
}
