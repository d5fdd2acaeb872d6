//! The first line of a CSV file.

use super::COLUMNS_MAX;
use super::column::{Column, hint};
use super::error::{HeaderFault, excerpt};
use super::reader::UnknownColumns;

/// The columns of a header, in order; `None` for those that are ignored.
pub(super) fn columns(
    names: &[Vec<u8>],
    unknown: UnknownColumns,
) -> Result<Vec<Option<Column>>, HeaderFault> {
    if names.len() > COLUMNS_MAX {
        return Err(HeaderFault::TooMany);
    }
    let columns: Vec<Option<Column>> = names.iter().map(|name| find(name)).collect();
    if columns.iter().all(Option::is_none) && !names.iter().any(|name| is_near(name)) {
        return Err(separator(names).unwrap_or(HeaderFault::Missing));
    }
    for (at, column) in columns.iter().enumerate() {
        let Some(column) = column else {
            match unknown {
                UnknownColumns::Ignore => continue,
                UnknownColumns::Refuse => return Err(unknown_column(&names[at])),
            }
        };
        let same = |other: &Option<Column>| other.is_some_and(|o| o.same() == column.same());
        if columns[..at].iter().any(same) {
            return Err(HeaderFault::Twice(*column));
        }
    }
    let has = |wanted: Column| columns.iter().flatten().any(|c| c.same() == wanted);
    if !has(Column::Time) {
        return Err(HeaderFault::NoTime);
    }
    if !has(Column::Status) && !has(Column::Outcome) {
        return Err(HeaderFault::NoOutcome);
    }
    Ok(columns)
}

fn find(name: &[u8]) -> Option<Column> {
    let column = Column::find(std::str::from_utf8(name).ok()?)?;
    column.is_tabular().then_some(column)
}

fn known() -> impl Iterator<Item = &'static str> + Clone {
    let tabular = Column::ALL.iter().filter(|column| column.is_tabular());
    tabular.map(|column| column.as_str())
}

/// Whether a name may be a known one, misspelt: then the line is meant as a header.
fn is_near(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    name.len() > 2 && hint(&name, known()).starts_with("did you mean")
}

fn unknown_column(name: &[u8]) -> HeaderFault {
    let hint = hint(&String::from_utf8_lossy(name), known());
    HeaderFault::Unknown {
        name: excerpt(name),
        hint: if hint.ends_with('?') {
            hint
        } else {
            format!("{hint}.")
        },
    }
}

/// Another separator, where the only column is a header by it.
fn separator(names: &[Vec<u8>]) -> Option<HeaderFault> {
    let [line] = names else { return None };
    let others = [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "bars")];
    let is_it = |byte: u8| {
        let mut names = line.split(|b| *b == byte);
        names.any(|name| find(name.trim_ascii()).is_some())
    };
    let found = others.iter().find(|(byte, _)| is_it(*byte));
    found.map(|(_, what)| HeaderFault::Separator(what))
}
