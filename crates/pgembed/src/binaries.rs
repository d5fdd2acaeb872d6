//! Where the server binaries are.
//!
//! Non-goal: getting them. The error names the one command that does.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(test)]
mod tests;

/// The command that puts the binaries on a Debian or Ubuntu machine.
pub const INSTALL_COMMAND: &str = "sudo apt-get install -y postgresql";

/// Debian and Ubuntu keep one directory per major version here, and none of them in `PATH`.
const VERSIONS_DIR: &str = "/usr/lib/postgresql";

/// What is needed of an installation; a client-only one has just the last.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "psql"];

/// Why no usable binaries were found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Neither the versioned directories nor `PATH` have a complete set.
    #[error(
        "no PostgreSQL server found in {versions_dir}/*/bin or PATH; install one: {INSTALL_COMMAND}"
    )]
    Missing {
        /// The directory whose versions were looked at.
        versions_dir: PathBuf,
    },
    /// The directory that was asked for lacks a program; no other one is tried.
    #[error(
        "PG_BIN is {dir}, which has no `{program}`; correct or unset it, or install a server: {INSTALL_COMMAND}"
    )]
    Incomplete {
        /// The value of `PG_BIN`.
        dir: PathBuf,
        /// The first program that is not there.
        program: &'static str,
    },
    /// The server binary could not be run.
    #[error("failed to run `{postgres} --version`")]
    Run {
        /// The binary that was run.
        postgres: PathBuf,
        /// Why it did not run.
        #[source]
        source: io::Error,
    },
    /// The server binary ran, and did not say its version.
    #[error("`{postgres} --version` printed no version: {printed:?}")]
    Version {
        /// The binary that was run.
        postgres: PathBuf,
        /// What it printed.
        printed: String,
    },
}

/// One complete installation of server binaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// The directory that has them all.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version of the server, such as 15; data directories of other majors are refused.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Finds `initdb`, `postgres` and `psql` in one directory.
///
/// `pg_bin` (the value of `PG_BIN`) decides alone where it is given; then the newest version below
/// `/usr/lib/postgresql`, then the directories of `path` (the value of `PATH`), in their order.
pub fn find_binaries(pg_bin: Option<&Path>, path: Option<&OsStr>) -> Result<Binaries, FindError> {
    find_below(Path::new(VERSIONS_DIR), pg_bin, path)
}

fn find_below(
    versions_dir: &Path,
    pg_bin: Option<&Path>,
    path: Option<&OsStr>,
) -> Result<Binaries, FindError> {
    if let Some(dir) = pg_bin {
        // Programs run in `/`, where a relative directory would mean another one.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        return match missing_program(&dir) {
            Some(program) => Err(FindError::Incomplete { dir, program }),
            None => examine(&dir),
        };
    }
    let in_path = path
        .map(|path| std::env::split_paths(path).collect())
        .unwrap_or_default();
    let dirs: [Vec<PathBuf>; 2] = [newest_first(versions_dir), in_path];
    match dirs
        .iter()
        .flatten()
        .find(|dir| dir.is_absolute() && missing_program(dir).is_none())
    {
        Some(dir) => examine(dir),
        None => Err(FindError::Missing {
            versions_dir: versions_dir.to_owned(),
        }),
    }
}

fn missing_program(dir: &Path) -> Option<&'static str> {
    PROGRAMS
        .into_iter()
        .find(|program| !dir.join(program).is_file())
}

/// The `bin` directories below `versions_dir`, by number: 9 is older than 15.
fn newest_first(versions_dir: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(versions_dir)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((leading_number(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    versions.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    versions
        .into_iter()
        .map(|(_, dir)| dir.join("bin"))
        .collect()
}

fn examine(dir: &Path) -> Result<Binaries, FindError> {
    let postgres = dir.join("postgres");
    let output = match Command::new(&postgres).arg("--version").output() {
        Ok(output) => output,
        Err(source) => return Err(FindError::Run { postgres, source }),
    };
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    match major_of(&printed) {
        Some(major) => Ok(Binaries {
            dir: dir.to_owned(),
            major,
        }),
        None => Err(FindError::Version { postgres, printed }),
    }
}

/// The major version in a line such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_of(printed: &str) -> Option<u32> {
    leading_number(printed.split_once("(PostgreSQL)")?.1.trim_start())
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}
