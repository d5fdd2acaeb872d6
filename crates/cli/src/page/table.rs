//! Columns of text.

use super::{Look, Tone, width, wrap};

/// What the last column has at least, whatever the width.
const WORDS: usize = 16;

/// Between two columns.
const GUTTER: usize = 2;

/// The side on which a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under a header. Where it is too wide, the last column is wrapped.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<const N: usize>(columns: [(&str, Align); N]) -> Self {
        Self {
            columns: columns.map(|(name, align)| (name.to_owned(), align)).into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; it has as many values as there are columns.
    pub(crate) fn row<const N: usize>(&mut self, values: [String; N]) {
        self.rows.push(values.into());
    }

    /// How many rows there are.
    pub(crate) const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Its lines in so much room, the header first. Columns in which no row says anything are left out.
    pub(super) fn lines(&self, look: Look, room: usize) -> Vec<String> {
        let said = |at: &usize| self.rows.iter().any(|row| !row[*at].is_empty());
        let kept: Vec<usize> = (0..self.columns.len()).filter(said).collect();
        let widths: Vec<usize> = kept.iter().map(|at| self.width(*at)).collect();
        let Some((_, before)) = widths.split_last() else {
            return Vec::new();
        };
        let taken: usize = before.iter().map(|width| width + GUTTER).sum();
        let room = room.saturating_sub(taken).max(WORDS);
        let mut lines = Vec::new();
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        if names.iter().any(|name| !name.is_empty()) {
            let header = self.row_lines(&kept, &widths, room, &names);
            lines.extend(header.iter().map(|line| look.paint(Tone::Faint, line)));
        }
        for row in &self.rows {
            let row: Vec<&str> = row.iter().map(String::as_str).collect();
            lines.extend(self.row_lines(&kept, &widths, room, &row));
        }
        lines
    }

    fn width(&self, at: usize) -> usize {
        let values = self.rows.iter().map(|row| width(&row[at]));
        values
            .chain([width(&self.columns[at].0)])
            .max()
            .unwrap_or(0)
    }

    fn row_lines(
        &self,
        kept: &[usize],
        widths: &[usize],
        room: usize,
        row: &[&str],
    ) -> Vec<String> {
        let mut first = String::new();
        let mut rest: Vec<String> = Vec::new();
        for (nth, (at, column)) in kept.iter().zip(widths).enumerate() {
            let value = row[*at];
            let pad = " ".repeat(column.saturating_sub(width(value)));
            let is_last = nth + 1 == kept.len();
            match self.columns[*at].1 {
                Align::Right => first.extend([pad.as_str(), value]),
                Align::Left if is_last => {
                    let indent = width(&first);
                    let mut lines = wrap(value, room).into_iter();
                    first.push_str(&lines.next().unwrap_or_default());
                    rest.extend(lines.map(|line| format!("{}{line}", " ".repeat(indent))));
                }
                Align::Left => first.extend([value, pad.as_str()]),
            }
            if !is_last {
                first.push_str(&" ".repeat(GUTTER));
            }
        }
        std::iter::once(first.trim_end().to_owned())
            .chain(rest)
            .collect()
    }
}
