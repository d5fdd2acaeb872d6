//! Strict reading of scripts and scenarios, from TOML and from JSON alike.
//!
//! Every key that is read is thereby known; whatever else a table holds is refused, with the line
//! and the nearest known key. Non-goal: any knowledge of what the keys mean.

use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod value;

use value::remoteness;
pub(crate) use value::{boolean, nearest, one_of, text, whole};

/// Deepest nesting; documents of ours need five.
const DEPTH_MAX: usize = 16;

/// Where in a document something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1; none in JSON.
    pub line: Option<usize>,
    /// Dotted path of the table or key, such as `rules[0].fault`; empty for the document.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.path.as_str()) {
            (None, "") => write!(formatter, "the document"),
            (None, path) => write!(formatter, "`{path}`"),
            (Some(line), "") => write!(formatter, "line {line}"),
            (Some(line), path) => write!(formatter, "line {line}, `{path}`"),
        }
    }
}

/// Why a document was refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not TOML; the source has line and column.
    #[error("failed to read the document as TOML")]
    Toml(#[source] Box<toml::de::Error>),
    /// Not JSON; the source has line and column.
    #[error("failed to read the document as JSON")]
    Json(#[source] serde_json::Error),
    /// A key that means nothing there.
    #[error("{place}: unknown key `{key}`; did you mean `{nearest}`?")]
    UnknownKey {
        /// The key's line and its table's path.
        place: Place,
        /// The key.
        key: String,
        /// The known key that is nearest to it.
        nearest: &'static str,
    },
    /// A key that must be there.
    #[error("{place}: `{key}` is missing")]
    Missing {
        /// The table.
        place: Place,
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong kind, outside its range or at odds with another.
    #[error("{place}: {reason}")]
    Value {
        /// The key.
        place: Place,
        /// What would be right.
        reason: String,
    },
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    line: Option<usize>,
    pub(crate) value: Value,
}

/// What documents hold. Times of TOML become text, as they are written in JSON.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    /// Keys in order of their names, each with its line.
    Table(BTreeMap<String, (Option<usize>, Node)>),
    /// A number that is not a whole one.
    Fraction,
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    1 + before.filter(|byte| **byte == b'\n').count()
}

impl Node {
    pub(crate) fn from_toml(text: &str) -> Result<Self, DocumentError> {
        let table = DeTable::parse(text).map_err(|source| DocumentError::Toml(Box::new(source)))?;
        Self::of_table(text, table.get_ref(), Some(1), 0)
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, DocumentError> {
        // The reader bounds the nesting by itself.
        let value = serde_json::from_slice(bytes).map_err(DocumentError::Json)?;
        Ok(Self::of_json(value))
    }

    fn of_table(
        text: &str,
        table: &DeTable<'_>,
        line: Option<usize>,
        depth: usize,
    ) -> Result<Self, DocumentError> {
        let mut keys = BTreeMap::new();
        for (key, value) in table {
            let line = line_at(text, key.span().start);
            let node = Self::of_toml(text, value, depth + 1)?;
            keys.insert(key.get_ref().to_string(), (Some(line), node));
        }
        Ok(Self {
            line,
            value: Value::Table(keys),
        })
    }

    fn of_toml(
        text: &str,
        value: &Spanned<DeValue<'_>>,
        depth: usize,
    ) -> Result<Self, DocumentError> {
        let line = Some(line_at(text, value.span().start));
        if depth > DEPTH_MAX {
            let place = Place {
                line,
                path: String::new(),
            };
            let reason = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(DocumentError::Value { place, reason });
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or(Value::Fraction, Value::Integer),
            DeValue::Float(_) => Value::Fraction,
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(moment) => Value::Text(moment.to_string()),
            DeValue::Array(list) => Value::List(
                list.iter()
                    .map(|item| Self::of_toml(text, item, depth + 1))
                    .collect::<Result<_, _>>()?,
            ),
            DeValue::Table(table) => return Self::of_table(text, table, line, depth),
        };
        Ok(Self { line, value })
    }

    /// A null is an absent key: both mean that nothing was said.
    fn of_json(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match value {
            Json::Null => Value::Fraction,
            Json::Bool(boolean) => Value::Boolean(boolean),
            Json::Number(number) => number.as_i64().map_or(Value::Fraction, Value::Integer),
            Json::String(text) => Value::Text(text),
            Json::Array(list) => Value::List(list.into_iter().map(Self::of_json).collect()),
            Json::Object(keys) => Value::Table(
                keys.into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| (key, (None, Self::of_json(value))))
                    .collect(),
            ),
        };
        Self { line: None, value }
    }
}

/// A table being read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    place: Place,
    keys: &'a BTreeMap<String, (Option<usize>, Node)>,
    known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// Reads the whole document, which must be a table.
    pub(crate) fn new(document: &'a Node) -> Result<Self, DocumentError> {
        Self::at(document, String::new())
    }

    fn at(node: &'a Node, path: String) -> Result<Self, DocumentError> {
        let place = Place {
            line: node.line,
            path,
        };
        match &node.value {
            Value::Table(keys) => Ok(Self {
                place,
                keys,
                known: Vec::new(),
            }),
            _ => Err(DocumentError::Value {
                place,
                reason: "a table is needed here".to_owned(),
            }),
        }
    }

    fn path(&self, key: &str) -> String {
        if self.place.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.place.path)
        }
    }

    fn find(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        self.keys.get(key).map(|(_, node)| node)
    }

    /// The value of `key`, if the key is there.
    pub(crate) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Result<Option<T>, DocumentError> {
        let Some(node) = self.find(key) else {
            return Ok(None);
        };
        let place = Place {
            line: node.line,
            path: self.path(key),
        };
        parse(node)
            .map(Some)
            .map_err(|reason| DocumentError::Value { place, reason })
    }

    /// The value of `key`, which must be there.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Node) -> Result<T, String>,
    ) -> Result<T, DocumentError> {
        self.optional(key, parse)?.ok_or_else(|| self.missing(key))
    }

    /// The table under `key`, which must be there.
    pub(crate) fn required_table(&mut self, key: &'static str) -> Result<Self, DocumentError> {
        self.table(key)?.ok_or_else(|| self.missing(key))
    }

    /// A key that must be there and is not; or perhaps it is there, with a slip of the pen.
    fn missing(&self, key: &'static str) -> DocumentError {
        let unknown = self
            .keys
            .iter()
            .filter(|(name, _)| !self.known.contains(&name.as_str()));
        let slip = unknown.min_by_key(|(name, _)| remoteness(name, key));
        match slip {
            Some((name, (line, _))) if remoteness(name, key) <= key.len() / 2 => {
                DocumentError::UnknownKey {
                    place: Place {
                        line: *line,
                        path: self.place.path.clone(),
                    },
                    key: name.clone(),
                    nearest: key,
                }
            }
            _ => DocumentError::Missing {
                place: self.place.clone(),
                key,
            },
        }
    }

    /// The table under `key`, if the key is there.
    pub(crate) fn table(&mut self, key: &'static str) -> Result<Option<Self>, DocumentError> {
        let path = self.path(key);
        self.find(key).map(|node| Self::at(node, path)).transpose()
    }

    /// The tables listed under `key`; none if the key is not there.
    pub(crate) fn tables(&mut self, key: &'static str) -> Result<Vec<Self>, DocumentError> {
        let path = self.path(key);
        let Some(node) = self.find(key) else {
            return Ok(Vec::new());
        };
        let Value::List(items) = &node.value else {
            let place = Place {
                line: node.line,
                path,
            };
            let reason = format!("a list of tables is needed here: `[[{key}]]`");
            return Err(DocumentError::Value { place, reason });
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| Self::at(item, format!("{path}[{index}]")))
            .collect()
    }

    /// The tables under a key whose own keys are names that the writer chose.
    pub(crate) fn named(
        &mut self,
        key: &'static str,
    ) -> Result<Vec<(String, Self)>, DocumentError> {
        let Some(names) = self.table(key)? else {
            return Ok(Vec::new());
        };
        let tables = names.keys.iter();
        tables
            .map(|(name, (_, node))| Ok((name.clone(), Self::at(node, names.path(name))?)))
            .collect()
    }

    /// A complaint about this table as a whole.
    pub(crate) fn refuse(&self, reason: impl Into<String>) -> DocumentError {
        DocumentError::Value {
            place: self.place.clone(),
            reason: reason.into(),
        }
    }

    /// Refuses what has not been read.
    pub(crate) fn finish(self) -> Result<(), DocumentError> {
        let mut keys = self.keys.iter();
        let Some((key, (line, _))) = keys.find(|(key, _)| !self.known.contains(&key.as_str()))
        else {
            return Ok(());
        };
        let nearest = self.known.iter().min_by_key(|known| remoteness(key, known));
        Err(DocumentError::UnknownKey {
            place: Place {
                line: *line,
                path: self.place.path,
            },
            key: key.clone(),
            nearest: nearest.copied().unwrap_or_default(),
        })
    }
}
