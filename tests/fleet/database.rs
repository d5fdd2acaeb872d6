//! A second connection to the collector's database: what it shows has been committed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::thread::database::Database;

/// Ends what a query gives.
const END: &str = "--end--";

/// One `psql` that stays, asked one question after the other.
#[derive(Debug)]
pub(super) struct Watcher {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Watcher {
    pub(super) fn connect(database: &Database) -> Self {
        let mut psql = Command::new(database.psql());
        let options = [
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
        ];
        psql.args(options).arg(database.url());
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = psql.spawn().expect("psql starts");
        let questions = child.stdin.take().expect("it was piped");
        let answers = BufReader::new(child.stdout.take().expect("it was piped"));
        Self {
            child,
            questions,
            answers,
        }
    }

    /// What a query gives, a row a line, columns set apart by `|`.
    pub(super) fn rows(&mut self, query: &str) -> Vec<String> {
        let asked = writeln!(self.questions, "{query};\n\\echo {END}");
        asked.expect("psql takes questions");
        let mut rows = Vec::new();
        loop {
            let mut row = String::new();
            let read = self.answers.read_line(&mut row).expect("psql answers");
            assert!(read > 0, "psql ended at `{query}`");
            let row = row.trim_end_matches('\n');
            if row == END {
                return rows;
            }
            rows.push(row.to_owned());
        }
    }

    /// The one number that a query gives.
    pub(super) fn number(&mut self, query: &str) -> i64 {
        let rows = self.rows(query);
        let [row] = rows.as_slice() else {
            panic!("`{query}` gives {rows:?}");
        };
        row.parse().unwrap_or_else(|_| panic!("`{query}`: {row}"))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Err(failed) = self.child.kill().and_then(|()| self.child.wait()) {
            println!("psql is not to be ended: {failed}");
        }
    }
}
