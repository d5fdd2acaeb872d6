use std::process::{Command, Stdio};

use super::*;
use crate::scratch::Scratch;

fn text(pid: u32, status: &str) -> String {
    format!("{pid}\n/d/data\n1700000000\n5433\n/d/socket\n\n  5550001    32768\n{status:8}\n")
}

#[test]
fn the_lines_of_a_ready_server_are_read() {
    let expected = Postmaster {
        pid: 42,
        port: 5433,
        socket_dir: PathBuf::from("/d/socket"),
        ready: true,
    };
    assert_eq!(parse(text(42, "ready").as_bytes()), Some(expected.clone()));
    let starting = Postmaster {
        ready: false,
        ..expected
    };
    assert_eq!(parse(text(42, "starting").as_bytes()), Some(starting));
    assert_eq!(parse(b"42\n/d/data\n"), None);
}

#[test]
fn only_a_postgres_of_the_same_directory_serves_it() {
    let data = Path::new("/d/data");
    assert!(serves(
        b"/usr/lib/postgresql/15/bin/postgres\0-D\0/d/data\0-c\0port=1\0",
        data
    ));
    assert!(!serves(
        b"/usr/lib/postgresql/15/bin/postgres\0-D\0/d/other\0",
        data
    ));
    assert!(!serves(b"/usr/bin/tail\0-D\0/d/data\0", data));
    assert!(!serves(b"postgres: checkpointer\0\0", data));
    assert!(!serves(b"", data));
}

#[test]
fn no_file_is_nobody() {
    assert_eq!(
        serving(Scratch::new().path()).expect("readable"),
        Serving::Nobody
    );
}

#[test]
fn a_process_that_is_gone_is_left_to_postgres_to_notice() {
    let scratch = Scratch::new();
    let mut child = Command::new("true").spawn().expect("true runs");
    child.wait().expect("true ends");
    scratch.file(FILE, &text(child.id(), "ready"));
    assert_eq!(serving(scratch.path()).expect("readable"), Serving::Nobody);
}

#[test]
fn a_stranger_with_the_number_and_an_unreaped_process_are_stale() {
    let scratch = Scratch::new();
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .spawn()
        .expect("cat runs");
    scratch.file(FILE, &text(child.id(), "ready"));
    let stale = Serving::Stale(child.id());
    assert_eq!(serving(scratch.path()).expect("readable"), stale);

    let status = format!("/proc/{}/stat", child.id());
    child.kill().expect("our own child");
    while !fs::read_to_string(&status)
        .expect("not reaped")
        .contains(") Z ")
    {
        std::thread::yield_now();
    }
    assert_eq!(serving(scratch.path()).expect("readable"), stale);
    child.wait().expect("it was killed");
}

#[test]
fn a_stale_file_is_removed_only_while_it_names_the_same_process() {
    let scratch = Scratch::new();
    let file = scratch.file(FILE, &text(42, "ready"));
    remove_stale(scratch.path(), 41).expect("nothing to do");
    assert!(file.exists());
    remove_stale(scratch.path(), 42).expect("removable");
    assert!(!file.exists());
    remove_stale(scratch.path(), 42).expect("somebody else was faster");
}

#[test]
fn a_file_that_names_nobody_is_stale() {
    let scratch = Scratch::new();
    for torn in ["", "\n", "0\n", "zero\n"] {
        let file = scratch.file(FILE, torn);
        assert_eq!(
            serving(scratch.path()).expect("readable"),
            Serving::Stale(0),
            "{torn:?}"
        );
        remove_stale(scratch.path(), 0).expect("removable");
        assert!(!file.exists());
    }
}
