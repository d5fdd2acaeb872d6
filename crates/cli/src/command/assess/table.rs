//! Small CSV files that an operator writes: a header, then rows, each error with its line.

use std::fs::File;

use anyhow::{Context as _, anyhow, bail};
use camino::Utf8Path;
use csv::{ReaderBuilder, StringRecord, Trim};

/// Most rows of such a file.
const ROWS_MAX: usize = 10_000;

/// One row, with the names of its columns.
#[derive(Debug)]
pub(super) struct Row {
    header: StringRecord,
    values: StringRecord,
    /// Number of its line, from 1.
    pub(super) line: u64,
}

impl Row {
    /// The value of a column; empty where there is no such column.
    pub(super) fn get(&self, column: &str) -> &str {
        let at = self.header.iter().position(|name| name == column);
        at.and_then(|at| self.values.get(at)).unwrap_or_default()
    }
}

/// Every row of a file whose columns are all known, and which has those that are needed.
pub(super) fn read(path: &Utf8Path, known: &[&str], needed: &[&str]) -> anyhow::Result<Vec<Row>> {
    let file = File::open(path).with_context(|| format!("cannot read `{path}`"))?;
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
    let header = reader
        .headers()
        .with_context(|| format!("`{path}`, line 1"))?
        .clone();
    for name in &header {
        if !known.contains(&name) {
            bail!(
                "`{path}`, line 1: column `{name}` is not known; columns are {}",
                known.join(", ")
            );
        }
    }
    if let Some(name) = needed
        .iter()
        .find(|name| !header.iter().any(|has| has == **name))
    {
        bail!(
            "`{path}`, line 1: there is no column `{name}`; begin the file with the line {}",
            known.join(",")
        );
    }
    let mut rows = Vec::new();
    for values in reader.records() {
        let values = values.map_err(|error| broken(path, &error))?;
        if rows.len() == ROWS_MAX {
            bail!("`{path}` has more than {ROWS_MAX} rows");
        }
        rows.push(Row {
            line: values.position().map_or(0, csv::Position::line),
            header: header.clone(),
            values,
        });
    }
    Ok(rows)
}

fn broken(path: &Utf8Path, error: &csv::Error) -> anyhow::Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => anyhow!(
            "`{path}`, line {line}: the row has {len} values and the header {expected_len}; quote \
             values that hold a comma"
        ),
        csv::ErrorKind::Utf8 { .. } => anyhow!("`{path}`, line {line}: it is not UTF-8"),
        _ => anyhow!("`{path}`, line {line}: {error}"),
    }
}
