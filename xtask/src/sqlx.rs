//! `cargo xtask sqlx`: the data by which the collector's queries compile without a database.
//!
//! sqlx's macros ask a database about each query while they expand, and write what they learn to
//! `SQLX_OFFLINE_DIR`. That needs the macros to be expanded, so the collector is made stale first.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cluster::{self, TestCluster};
use crate::process::{cargo, repository, run, say, target};

const DATABASE: &str = "nines_prepare";

/// What sqlx names its files.
const PREFIX: &str = "query-";

/// A migration that starts with this runs outside of a transaction; sqlx has the same mark.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Brings `.sqlx` up to date.
pub(crate) fn renew() -> Result<()> {
    let differences = differences(&committed()?, &described()?);
    let dir = committed_dir();
    fs::create_dir_all(&dir).with_context(|| format!("failed to create {}", dir.display()))?;
    for Difference { name, wanted } in &differences {
        let path = dir.join(name);
        match wanted {
            Some(contents) => fs::write(&path, contents),
            None => fs::remove_file(&path),
        }
        .with_context(|| format!("failed to renew {}", path.display()))?;
    }
    say(&format!(".sqlx: {} files changed", differences.len()));
    Ok(())
}

/// Fails, naming the files, if `.sqlx` is not up to date.
pub(crate) fn check() -> Result<()> {
    let differences = differences(&committed()?, &described()?);
    if differences.is_empty() {
        say(".sqlx is up to date");
        return Ok(());
    }
    let names: Vec<String> = differences
        .iter()
        .map(|it| format!("  {}", it.name.display()))
        .collect();
    bail!(
        "not up to date in .sqlx, run `cargo xtask sqlx`:\n{}",
        names.join("\n")
    )
}

/// The contents of query files by name.
type QueryFiles = BTreeMap<OsString, Vec<u8>>;

#[derive(Debug, PartialEq, Eq)]
struct Difference {
    name: OsString,
    /// What the file should contain; a file without a query should not be there.
    wanted: Option<Vec<u8>>,
}

fn differences(committed: &QueryFiles, described: &QueryFiles) -> Vec<Difference> {
    let mut names: Vec<&OsString> = committed.keys().chain(described.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| committed.get(*name) != described.get(*name))
        .map(|name| Difference {
            name: name.clone(),
            wanted: described.get(name).cloned(),
        })
        .collect()
}

fn committed_dir() -> PathBuf {
    repository().join(".sqlx")
}

fn committed() -> Result<QueryFiles> {
    let dir = committed_dir();
    if dir.exists() {
        read(&dir)
    } else {
        Ok(QueryFiles::new())
    }
}

/// What the queries are by a database that the migrations just made.
fn described() -> Result<QueryFiles> {
    let dir = target()?.join("sqlx-described");
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| format!("failed to empty {}", dir.display()))?;
    }
    fs::create_dir_all(&dir).with_context(|| format!("failed to create {}", dir.display()))?;
    let cluster = cluster::start()?;
    migrate(&cluster)?;
    make_stale(&repository().join("crates/collector/src/lib.rs"), &dir)?;
    let mut check = cargo();
    check.args(["check", "-p", "collector", "--locked", "--all-targets"]);
    check
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &dir);
    run(check.env("DATABASE_URL", cluster.url_for(DATABASE)))?;
    read(&dir)
}

/// Makes a fresh database, and applies every migration in the order of names, as sqlx does.
fn migrate(cluster: &TestCluster) -> Result<()> {
    let drop = format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)");
    let create = format!("CREATE DATABASE {DATABASE}");
    let mut fresh = cluster.psql("postgres");
    run(fresh
        .env("PGOPTIONS", "-c client_min_messages=warning")
        .args(["-c", &drop, "-c", &create]))?;
    for migration in migrations(&repository().join("migrations"))? {
        let sql = fs::read_to_string(&migration)
            .with_context(|| format!("failed to read {}", migration.display()))?;
        let mut psql = cluster.psql(DATABASE);
        if !sql.starts_with(NO_TRANSACTION) {
            psql.arg("--single-transaction");
        }
        run(psql.arg("--file").arg(&migration))?;
    }
    Ok(())
}

fn migrations(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = entries(dir)?;
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".sql") && !name.ends_with(".down.sql")
    });
    paths.sort();
    Ok(paths)
}

/// Gives `source` the time of now, by which cargo compiles its crate, and what depends on it, anew.
///
/// "Now" is asked of the file system in `scratch`, since that is whose times cargo compares.
fn make_stale(source: &Path, scratch: &Path) -> Result<()> {
    let touch = || {
        let marker = scratch.join("now");
        let now = File::create(&marker)?.metadata()?.modified()?;
        fs::remove_file(marker)?;
        File::options().append(true).open(source)?.set_modified(now)
    };
    touch().with_context(|| format!("failed to touch {}", source.display()))
}

fn read(dir: &Path) -> Result<QueryFiles> {
    let mut files = QueryFiles::new();
    for path in entries(dir)? {
        let name = path.file_name().unwrap_or_default().to_owned();
        if name.to_string_lossy().starts_with(PREFIX) {
            let contents =
                fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
            files.insert(name, contents);
        }
    }
    Ok(files)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .with_context(|| format!("failed to list {}", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> QueryFiles {
        files
            .iter()
            .map(|(name, text)| (name.into(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn missing_stale_and_changed_files_differ() {
        let committed = files(&[("query-a", "1"), ("query-b", "1"), ("query-c", "1")]);
        let described = files(&[("query-b", "1"), ("query-c", "2"), ("query-d", "1")]);
        let wanted = |name: &str, text: Option<&str>| Difference {
            name: name.into(),
            wanted: text.map(|text| text.as_bytes().to_vec()),
        };
        assert_eq!(
            differences(&committed, &described),
            [
                wanted("query-a", None),
                wanted("query-c", Some("2")),
                wanted("query-d", Some("1"))
            ]
        );
        assert_eq!(differences(&described, &described), []);
    }
}
