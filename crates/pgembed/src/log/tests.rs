use std::io::Write;

use super::*;
use crate::scratch::Scratch;

#[test]
fn the_tail_has_only_what_this_start_logged() {
    let scratch = Scratch::new();
    scratch.file("postgres.log", "from an earlier start\n");
    let (log, mut file) = ServerLog::open(scratch.path()).expect("our own directory");
    assert_eq!(log.tail(), "");
    file.write_all(b"FATAL:  no\n").expect("our own file");
    assert_eq!(log.tail(), "FATAL:  no");
}

#[test]
fn the_tail_of_a_long_log_is_its_end() {
    let scratch = Scratch::new();
    let (log, mut file) = ServerLog::open(scratch.path()).expect("our own directory");
    file.write_all("x".repeat(9000).as_bytes())
        .expect("our own file");
    file.write_all(b"\nthe end\n").expect("our own file");
    let tail = log.tail();
    assert!(tail.ends_with("x\nthe end"), "{tail}");
    assert!(tail.len() as u64 <= TAIL_BYTES_MAX);
}

#[test]
fn a_log_past_its_limit_is_set_aside() {
    let scratch = Scratch::new();
    let path = scratch.file("postgres.log", "");
    File::options()
        .write(true)
        .open(&path)
        .and_then(|file| file.set_len(BYTES_MAX + 1))
        .expect("our own file");
    ServerLog::open(scratch.path()).expect("our own directory");
    assert_eq!(fs::metadata(&path).expect("a new log").len(), 0);
    assert!(scratch.path().join("postgres.log.old").exists());
}
