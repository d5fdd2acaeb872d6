//! TOML with positions: typed access to tables and values whose every refusal names line and
//! column. Numbers with a fraction are text in contracts, so nothing here reads a float.

use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::LIST_ENTRIES_MAX;
use crate::fraction::Fraction;

/// A contract text that was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ContractError {
    /// Line of the text, from 1.
    pub line: usize,
    /// Column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a contract text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML.
    #[error("{message}")]
    Syntax {
        /// The TOML parser's words.
        message: String,
    },
    /// A key that this version does not know.
    #[error("unknown key `{key}` in {table}; {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        table: &'static str,
        /// The nearest known key, or all of them.
        hint: String,
    },
    /// A key that has to be there.
    #[error("{table} lacks the key `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// Where it should stand.
        table: &'static str,
    },
    /// A value of another TOML type.
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType {
        /// The key.
        key: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A bare number where exactness needs text.
    #[error("`{key}` must be exact: write it in quotes, \"{given}\"")]
    BareNumber {
        /// The key.
        key: &'static str,
        /// The number.
        given: String,
    },
    /// A word that is not one of the possible ones.
    #[error("`{given}` is not possible for `{key}`; {hint}")]
    UnknownWord {
        /// The key.
        key: &'static str,
        /// The word.
        given: String,
        /// The nearest possible word, or all of them.
        hint: String,
    },
    /// A value that the key does not take.
    #[error("`{key}`: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// Why not.
        reason: String,
    },
}

/// A table, with where it stands.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    text: &'a str,
    name: &'static str,
    offset: usize,
    entries: &'a DeTable<'a>,
}

/// The value of a key.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    text: &'a str,
    key: &'static str,
    value: &'a Spanned<DeValue<'a>>,
}

/// The error at a byte offset of the text.
pub(super) fn error_at(text: &str, offset: usize, problem: Problem) -> ContractError {
    let before = text
        .char_indices()
        .take_while(|(index, _)| *index < offset)
        .map(|(_, c)| c);
    let (line, column) = before.fold((1, 1), |(line, column), c| match c {
        '\n' => (line + 1, 1),
        _ => (line, column + 1),
    });
    ContractError {
        line,
        column,
        problem,
    }
}

impl<'a> Table<'a> {
    /// The whole document.
    pub(super) const fn root(text: &'a str, entries: &'a DeTable<'a>) -> Self {
        Self {
            text,
            name: "the contract",
            offset: 0,
            entries,
        }
    }

    /// Refuses the first key of the text that is not known here.
    pub(super) fn only(self, known: &[&'static str]) -> Result<Self, ContractError> {
        let unknown = self.entries.keys().filter(|key| {
            let key: &str = key.get_ref();
            !known.contains(&key)
        });
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(self),
            Some(key) => {
                let problem = Problem::UnknownKey {
                    key: key.get_ref().to_string(),
                    table: self.name,
                    hint: hint(key.get_ref(), known.iter().copied()),
                };
                Err(error_at(self.text, key.span().start, problem))
            }
        }
    }

    pub(super) fn find(&self, key: &'static str) -> Option<Node<'a>> {
        self.entries.get(key).map(|value| Node {
            text: self.text,
            key,
            value,
        })
    }

    pub(super) fn get(&self, key: &'static str) -> Result<Node<'a>, ContractError> {
        self.find(key).ok_or_else(|| {
            let table = self.name;
            error_at(self.text, self.offset, Problem::MissingKey { key, table })
        })
    }

    /// Refuses the table as a whole, naming one of its keys.
    pub(super) fn refuse(&self, key: &'static str, reason: impl Into<String>) -> ContractError {
        let reason = reason.into();
        error_at(self.text, self.offset, Problem::Value { key, reason })
    }
}

impl<'a> Node<'a> {
    pub(super) fn refuse(self, reason: impl Into<String>) -> ContractError {
        let (key, reason) = (self.key, reason.into());
        self.error(Problem::Value { key, reason })
    }

    fn error(self, problem: Problem) -> ContractError {
        error_at(self.text, self.value.span().start, problem)
    }

    fn wrong_type(self, expected: &'static str) -> ContractError {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(Problem::WrongType {
            key: self.key,
            expected,
            found,
        })
    }

    pub(super) fn table(self, name: &'static str) -> Result<Table<'a>, ContractError> {
        match self.value.get_ref() {
            DeValue::Table(entries) => Ok(Table {
                text: self.text,
                name,
                offset: self.value.span().start,
                entries,
            }),
            _ => Err(self.wrong_type("a table")),
        }
    }

    /// The entries of a list, of which there is at least one.
    pub(super) fn items(self) -> Result<Vec<Self>, ContractError> {
        let DeValue::Array(values) = self.value.get_ref() else {
            return Err(self.wrong_type("a list"));
        };
        if values.is_empty() {
            return Err(self.refuse("the list is empty: leave the key out instead"));
        }
        if values.len() > LIST_ENTRIES_MAX {
            return Err(self.refuse(format!("a list has at most {LIST_ENTRIES_MAX} entries")));
        }
        Ok(values.iter().map(|value| Self { value, ..self }).collect())
    }

    /// Text of at least one printable character, without control characters.
    pub(super) fn text(self) -> Result<&'a str, ContractError> {
        let DeValue::String(text) = self.value.get_ref() else {
            return Err(self.wrong_type("text"));
        };
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(self.refuse("must be one line of text that is not empty"));
        }
        Ok(text)
    }

    pub(super) fn owned(self) -> Result<String, ContractError> {
        self.text().map(str::to_owned)
    }

    pub(super) fn flag(self) -> Result<bool, ContractError> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    pub(super) fn whole(self, range: RangeInclusive<u32>) -> Result<u32, ContractError> {
        let DeValue::Integer(number) = self.value.get_ref() else {
            return Err(self.wrong_type("a whole number"));
        };
        u32::from_str_radix(number.as_str(), number.radix())
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (first, last) = range.into_inner();
                self.refuse(format!("must be a whole number from {first} to {last}"))
            })
    }

    /// A percentage in quotes, as a ratio.
    pub(super) fn percent(self) -> Result<Fraction, ContractError> {
        Fraction::from_percent(self.number_text()?).map_err(|error| self.refuse(error.to_string()))
    }

    /// A decimal in quotes.
    pub(super) fn decimal(self) -> Result<Fraction, ContractError> {
        crate::fraction::decimal(self.number_text()?)
            .map(Fraction::from_ratio)
            .map_err(|error| self.refuse(error.to_string()))
    }

    /// The text of a number in quotes.
    pub(super) fn number_text(self) -> Result<&'a str, ContractError> {
        let bare = |given: String| {
            self.error(Problem::BareNumber {
                key: self.key,
                given,
            })
        };
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            DeValue::Integer(number) => Err(bare(number.to_string())),
            DeValue::Float(number) => Err(bare(number.to_string())),
            _ => Err(self.wrong_type("a number in quotes")),
        }
    }

    pub(super) fn word<T: Copy>(self, words: &[(&'static str, T)]) -> Result<T, ContractError> {
        let given = self.text()?;
        words
            .iter()
            .find(|(word, _)| *word == given)
            .map(|(_, value)| *value)
            .ok_or_else(|| self.unknown_word(given, words.iter().map(|(word, _)| *word)))
    }

    pub(super) fn unknown_word(
        self,
        given: &str,
        possible: impl Iterator<Item = &'static str> + Clone,
    ) -> ContractError {
        self.error(Problem::UnknownWord {
            key: self.key,
            given: given.to_owned(),
            hint: hint(given, possible),
        })
    }

    /// Text that names itself, such as an id.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(self) -> Result<T, ContractError> {
        let text = self.text()?;
        text.parse()
            .map_err(|error: T::Err| self.refuse(error.to_string()))
    }

    /// A TOML date or time, or the same in quotes, as RFC 3339 text.
    pub(super) fn date_text(self) -> Result<String, ContractError> {
        match self.value.get_ref() {
            DeValue::Datetime(at) => Ok(at.to_string()),
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong_type("a date or time")),
        }
    }

    pub(super) fn is_integer(self) -> bool {
        self.value.get_ref().is_integer()
    }
}

/// The nearest possible word where one is near, else all of them.
fn hint(given: &str, possible: impl Iterator<Item = &'static str> + Clone) -> String {
    let near = possible
        .clone()
        .map(|word| (distance(given, word), word))
        .min()
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3));
    if let Some((_, word)) = near {
        return format!("did you mean `{word}`?");
    }
    let all: Vec<String> = possible.map(|word| format!("`{word}`")).collect();
    format!("possible here: {}", all.join(", "))
}

/// Edit distance in characters, two swapped neighbours being one edit; texts far longer than any
/// word are far away.
fn distance(given: &str, word: &str) -> usize {
    const GIVEN_CHARS_MAX: usize = 64;
    let given: Vec<char> = given.chars().take(GIVEN_CHARS_MAX).collect();
    let word: Vec<char> = word.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=given.len()).collect()];
    for i in 1..=word.len() {
        let mut row = vec![i];
        for j in 1..=given.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(word[i - 1] != given[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && word[i - 1] == given[j - 2] && word[i - 2] == given[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[word.len()][given.len()]
}
