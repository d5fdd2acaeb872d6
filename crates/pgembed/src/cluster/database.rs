//! Opening a database through `psql`, the one client that comes with every server.

use std::io::Write;
use std::process::Stdio;

use super::{Cluster, StartError};

/// One statement per question; the name is a variable, so it is quoted by the client and the
/// server, and never by us.
const SCRIPT: &str = r"SHOW fsync;
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
";

/// Whether the server waits for its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fsync {
    On,
    Off,
}

impl Cluster {
    /// Creates `database` where it is missing: it shows that the server answers.
    pub(super) fn ensure_database(&self, database: &str) -> Result<Fsync, StartError> {
        let mut command = self.psql("postgres");
        command.args([
            "--tuples-only",
            "--no-align",
            "--set",
            &format!("database={database}"),
        ]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = command.spawn().and_then(|mut psql| {
            // The pipe holds far more than the script; closing it ends the session.
            if let Some(mut stdin) = psql.stdin.take() {
                stdin.write_all(SCRIPT.as_bytes())?;
            }
            psql.wait_with_output()
        });
        let output = output.map_err(|source| StartError::Run {
            program: self.binaries.program("psql"),
            source,
        })?;
        if !output.status.success() {
            return Err(StartError::Database {
                database: database.to_owned(),
                message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        Ok(if output.stdout.starts_with(b"off") {
            Fsync::Off
        } else {
            Fsync::On
        })
    }
}
