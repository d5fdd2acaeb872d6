//! A database of a test's own, asked through `psql` as an outsider would.

use std::env;
use std::path::{Path, PathBuf};

use pgembed::Binaries;
use tokio::process::Command;

use super::process;

/// The variable that names the server.
const VARIABLE: &str = "DATABASE_URL";

/// A database that no other test uses.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    psql: PathBuf,
}

impl Database {
    /// Makes it anew, empty.
    pub(crate) async fn create(name: &str) -> Self {
        let server = env::var_os(VARIABLE)
            .unwrap_or_else(|| panic!("{VARIABLE} is not set; run `cargo xtask test`"))
            .into_string()
            .expect("a URL is ASCII");
        collector::recreate_database(&server, name)
            .await
            .expect("a superuser can make databases");
        Self::at(url_of(&server, name))
    }

    /// One that is there.
    pub(super) fn at(url: String) -> Self {
        Self {
            url,
            psql: binaries().dir().join("psql"),
        }
    }

    /// Where programs find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The program that asks it.
    pub(crate) fn psql(&self) -> &Path {
        &self.psql
    }

    /// What a query gives, a row a line, columns set apart by `|`.
    pub(super) async fn rows(&self, query: &str) -> Vec<String> {
        let options = [
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
        ];
        let mut psql = Command::new(&self.psql);
        psql.args(options).arg(&self.url).args(["--command", query]);
        // Bytes that are text are to be found as text.
        psql.env("PGOPTIONS", "-c bytea_output=escape");
        let printed = process::run(&mut psql).await;
        printed.lines().map(str::to_owned).collect()
    }

    /// The one number that a query gives.
    pub(super) async fn number(&self, query: &str) -> i64 {
        let rows = self.rows(query).await;
        let [row] = rows.as_slice() else {
            panic!("`{query}` gives {rows:?}");
        };
        row.parse().unwrap_or_else(|_| panic!("`{query}`: {row}"))
    }
}

/// The server's programs, those that the test runner chose.
pub(super) fn binaries() -> Binaries {
    let (bin, path) = (env::var_os("PG_BIN"), env::var_os("PATH"));
    pgembed::find_binaries(bin.as_deref().map(AsRef::as_ref), path.as_deref())
        .expect("there is a PostgreSQL")
}

/// The address of another database on the same server.
fn url_of(server: &str, database: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = address
        .rsplit_once('/')
        .expect("the URL of a server names a database");
    format!("{host}/{database}?{options}")
}

#[test]
fn only_the_database_is_replaced_in_a_servers_url() {
    assert_eq!(
        url_of("postgres:///a?host=/tmp/s&port=1", "b"),
        "postgres:///b?host=/tmp/s&port=1"
    );
    assert_eq!(url_of("postgres://u@h/a", "b"), "postgres://u@h/b?");
}
