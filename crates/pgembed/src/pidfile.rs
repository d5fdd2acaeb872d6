//! `postmaster.pid`: who serves a data directory, and how far it has come.
//!
//! The file outlives a killed server, and its number may then name nobody, a process not yet
//! reaped, or a stranger. So the file is a claim, and `/proc` is what it is checked against.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

const FILE: &str = "postmaster.pid";

/// What a postmaster says about itself: lines 1, 4, 5 and 8 of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Postmaster {
    pub(crate) pid: u32,
    pub(crate) port: u16,
    pub(crate) socket_dir: PathBuf,
    pub(crate) ready: bool,
}

/// Who serves a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Serving {
    /// Nobody, and no file says otherwise; or the file names a process that is gone, which Postgres
    /// notices itself, and then also looks for orphans that still hold the shared memory.
    Nobody,
    /// Nobody, but the file names a live process that is not this server (or is not yet reaped),
    /// and Postgres would refuse to start for as long as it lives.
    Stale(u32),
    /// A server that is starting or stopping.
    Changing,
    /// A server that said it is ready.
    Ready(Postmaster),
}

/// Reads who serves `data`, a canonical path.
pub(crate) fn serving(data: &Path) -> io::Result<Serving> {
    let text = match fs::read(data.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Serving::Nobody),
        Err(error) => return Err(error),
    };
    let Some(pid) = claimed_pid(&text) else {
        // Written in one piece under the caller's lock: only a crash of the machine leaves this.
        return Ok(Serving::Stale(0));
    };
    Ok(match (process(pid, data), parse(&text)) {
        (Process::Gone, _) => Serving::Nobody,
        (Process::Stranger, _) => Serving::Stale(pid),
        (Process::Server, Some(postmaster)) if postmaster.ready => Serving::Ready(postmaster),
        (Process::Server, _) => Serving::Changing,
    })
}

/// Whether `pid` is a server of `data`, ready or not.
pub(crate) fn is_served_by(data: &Path, pid: u32) -> io::Result<bool> {
    match fs::read(data.join(FILE)) {
        Ok(text) => Ok(claimed_pid(&text) == Some(pid) && process(pid, data) == Process::Server),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the file, if it still names `pid`.
///
/// Postgres guards the data even then: it refuses to start while a process of the former server
/// is attached to the shared memory whose key it derives from the directory.
pub(crate) fn remove_stale(data: &Path, pid: u32) -> io::Result<()> {
    let path = data.join(FILE);
    match fs::read(&path) {
        Ok(text) if claimed_pid(&text).unwrap_or(0) == pid => fs::remove_file(path),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn claimed_pid(text: &[u8]) -> Option<u32> {
    let line = std::str::from_utf8(text.split(|byte| *byte == b'\n').next()?).ok()?;
    // Negative for a server in single-user mode.
    line.trim()
        .parse::<i32>()
        .ok()
        .map(i32::unsigned_abs)
        .filter(|pid| *pid != 0)
}

fn parse(text: &[u8]) -> Option<Postmaster> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let pid = std::str::from_utf8(lines.next()?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let port = std::str::from_utf8(lines.nth(2)?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let socket_dir = PathBuf::from(OsStr::from_bytes(lines.next()?));
    let ready = lines
        .nth(2)
        .is_some_and(|status| status.trim_ascii() == b"ready");
    Some(Postmaster {
        pid,
        port,
        socket_dir,
        ready,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    Gone,
    Stranger,
    Server,
}

/// What `pid` is: our server when its command line is a `postgres` with `-D` and this directory.
///
/// The command line is readable for everybody, unlike `/proc/PID/exe`, which a container's root
/// may not follow; and that of a process not yet reaped is empty, so it counts as a stranger.
fn process(pid: u32, data: &Path) -> Process {
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Err(_) => Process::Gone,
        Ok(line) if serves(&line, data) => Process::Server,
        Ok(_) => Process::Stranger,
    }
}

fn serves(command_line: &[u8], data: &Path) -> bool {
    let mut words = command_line.split(|byte| *byte == 0);
    let program = words.next().map(|word| Path::new(OsStr::from_bytes(word)));
    if program.and_then(Path::file_name) != Some(OsStr::new("postgres")) {
        return false;
    }
    words.by_ref().find(|word| *word == b"-D").is_some()
        && words
            .next()
            .is_some_and(|dir| Path::new(OsStr::from_bytes(dir)) == data)
}
