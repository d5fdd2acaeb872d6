//! A TOML table with its place in the text, and values by key.

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::error::{PriceError, Problem};

/// Longest text that a key takes, and longest quotation in an error, characters.
pub(crate) const TEXT_CHARS_MAX: usize = 300;

/// Longest quotation in an error, characters.
const SHOWN_CHARS_MAX: usize = 60;

const TEXT: &str = "one line of text in quotes, not blank";

/// A table of the document.
pub(super) struct Place<'a> {
    text: &'a str,
    table: &'a DeTable<'a>,
    offset: usize,
    name: &'static str,
}

impl<'a> Place<'a> {
    pub(super) const fn new(
        text: &'a str,
        table: &'a DeTable<'a>,
        offset: usize,
        name: &'static str,
    ) -> Self {
        Self {
            text,
            table,
            offset,
            name,
        }
    }

    /// Where the table begins in the text.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Refuses the first key of the text that stands in neither list.
    pub(super) fn check_keys(
        &self,
        known: &[&'static str],
        also: &[&'static str],
    ) -> Result<(), PriceError> {
        let keys = self.table.keys();
        let unknown = keys.filter(|key| {
            let key: &str = key.get_ref();
            !known.contains(&key) && !also.contains(&key)
        });
        let Some(key) = unknown.min_by_key(|key| key.span().start) else {
            return Ok(());
        };
        let given = shown(key.get_ref());
        let nearest = known.iter().chain(also);
        let nearest = nearest.min_by_key(|known| distance(&given, known));
        let problem = Problem::UnknownKey {
            key: given.clone(),
            table: self.name,
            nearest: nearest.copied().unwrap_or_default(),
        };
        Err(fault(self.text, key.span().start, problem))
    }

    /// One line of text.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<&'a str>, PriceError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        one_line(value)
            .map(Some)
            .ok_or_else(|| self.value(key, TEXT))
    }

    /// One line of text that has to be there.
    pub(super) fn word(&self, key: &'static str) -> Result<&'a str, PriceError> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A list of texts; empty where there is none.
    pub(super) fn words(&self, key: &'static str) -> Result<Vec<String>, PriceError> {
        let words = match self.get(key) {
            None => Some(Vec::new()),
            Some(DeValue::Array(words)) => words
                .iter()
                .map(|word| one_line(word.get_ref()).map(str::to_owned))
                .collect(),
            Some(_) => None,
        };
        words.ok_or_else(|| self.value(key, "a list of texts in quotes"))
    }

    /// A number that stands in quotes.
    pub(super) fn number_text(&self, key: &'static str) -> Result<Option<&'a str>, PriceError> {
        let given = match self.get(key) {
            None => return Ok(None),
            Some(DeValue::String(text)) => return Ok(Some(text)),
            Some(DeValue::Integer(number)) => number.as_str(),
            Some(DeValue::Float(number)) => number.as_str(),
            Some(_) => return Err(self.value(key, "US dollars in quotes, such as \"0.05\"")),
        };
        let given = shown(given);
        Err(self.fault_at(key, Problem::BareNumber { key, given }))
    }

    /// A positive whole number that has to be there.
    pub(super) fn count(&self, key: &'static str) -> Result<u64, PriceError> {
        let value = self.get(key).ok_or_else(|| self.missing(key))?;
        let count = match value {
            DeValue::Integer(count) => u64::from_str_radix(count.as_str(), count.radix()).ok(),
            _ => None,
        };
        count
            .filter(|count| *count > 0)
            .ok_or_else(|| self.value(key, "a positive whole number"))
    }

    /// Whether a key says so; where it is missing, it does not.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, PriceError> {
        match self.get(key) {
            None => Ok(false),
            Some(DeValue::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(self.value(key, "true or false")),
        }
    }

    /// A calendar day.
    pub(super) fn date(&self, key: &'static str) -> Result<Option<NaiveDate>, PriceError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let day = match value {
            DeValue::Datetime(at) if at.time.is_none() => at.date.and_then(super::day),
            _ => None,
        };
        day.map(Some)
            .ok_or_else(|| self.value(key, "a day without quotes, such as 2026-11-22"))
    }

    pub(super) fn required_date(&self, key: &'static str) -> Result<NaiveDate, PriceError> {
        self.date(key)?.ok_or_else(|| self.missing(key))
    }

    /// The tables of a list; none where there is no list.
    pub(super) fn tables(
        &self,
        key: &'static str,
        name: &'static str,
    ) -> Result<Vec<Place<'a>>, PriceError> {
        let entries = match self.get(key) {
            None => return Ok(Vec::new()),
            Some(DeValue::Array(entries)) => entries,
            Some(_) => return Err(self.value(key, "a list of tables")),
        };
        let place = |entry: &'a Spanned<DeValue<'a>>| match entry.get_ref() {
            DeValue::Table(table) => Ok(Place::new(self.text, table, entry.span().start, name)),
            _ => Err(self.value(key, "a list of tables")),
        };
        entries.iter().map(place).collect()
    }

    pub(super) fn missing(&self, key: &'static str) -> PriceError {
        let table = self.name;
        fault(self.text, self.offset, Problem::MissingKey { key, table })
    }

    pub(super) fn value(&self, key: &'static str, expected: &'static str) -> PriceError {
        self.fault_at(key, Problem::Value { key, expected })
    }

    /// A fault of a key's value; of the table, where the key is not there.
    pub(super) fn fault_at(&self, key: &str, problem: Problem) -> PriceError {
        let value = self.table.get(key);
        let offset = value.map_or(self.offset, |value| value.span().start);
        fault(self.text, offset, problem)
    }

    fn get(&self, key: &str) -> Option<&'a DeValue<'a>> {
        self.table.get(key).map(Spanned::get_ref)
    }
}

/// A fault at an offset of the text.
pub(super) fn fault(text: &str, offset: usize, problem: Problem) -> PriceError {
    let line = line_at(text, offset);
    PriceError { line, problem }
}

/// The line of an offset, from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// A quotation from the text, cut where it is long.
pub(super) fn shown(given: &str) -> String {
    given
        .chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN_CHARS_MAX)
        .collect()
}

/// Whether a text is one that a key takes.
pub(in super::super) fn is_one_line(text: &str) -> bool {
    let is_short = text.chars().nth(TEXT_CHARS_MAX).is_none();
    is_short && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

fn one_line<'a>(value: &'a DeValue<'a>) -> Option<&'a str> {
    match value {
        DeValue::String(text) if is_one_line(text) => Some(text),
        _ => None,
    }
}

/// Insertions, deletions and replacements between two words.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
