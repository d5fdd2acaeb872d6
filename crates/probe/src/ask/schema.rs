//! A subset of JSON Schema, in which every value is judged by one rule set only.
//!
//! Known: `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`, `items`,
//! `pattern`, and `true` and `false` as schemas. `$schema`, `$id`, `$comment`, `title`,
//! `description`, `default` and `examples` are read over. Any other key is an error: a rule that
//! is not applied must not look like one that is. Numbers are equal when they are written alike:
//! `1.0` is not `1` and not an `integer`.
//!
//! Without references and combinations the work is linear: each value meets one node. A full
//! implementation would bring some seventy crates into the agent.

mod parse;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::expect::{Pattern, PatternError};

/// Longest schema, bytes.
pub const SCHEMA_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of a schema.
const DEPTH_MAX: usize = 16;
/// Most values of one `enum`.
const ENUM_MAX: usize = 64;

/// A schema that answers are held to. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Schema(Arc<Node>);

/// Why a schema cannot be used, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Beyond [`SCHEMA_BYTES_MAX`].
    #[error("the schema is longer than {SCHEMA_BYTES_MAX} bytes")]
    TooLong,
    /// Not JSON.
    #[error("the schema is not JSON: line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A part that is not understood.
    #[error("the schema at `{at}` {problem}")]
    Part {
        /// JSON pointer to the part; `/` is the whole.
        at: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A pattern that cannot be used.
    #[error("the schema at `{at}` has a pattern that cannot be used")]
    Pattern {
        /// JSON pointer to the pattern.
        at: String,
        /// Why.
        #[source]
        source: PatternError,
    },
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schema(..)")
    }
}

impl FromStr for Schema {
    type Err = SchemaError;

    fn from_str(text: &str) -> Result<Self, SchemaError> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(SchemaError::TooLong);
        }
        let value: Value = serde_json::from_str(text).map_err(|e| SchemaError::NotJson {
            line: e.line(),
            column: e.column(),
        })?;
        parse::node(&value, &mut Vec::new()).map(|node| Self(Arc::new(node)))
    }
}

impl Schema {
    /// Whether a value fits.
    pub(super) fn fits(&self, value: &Value) -> bool {
        self.0.fits(value)
    }
}

/// What one value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Anything,
    Nothing,
    Rules(Box<Rules>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rules {
    types: Option<Vec<Type>>,
    one_of: Option<Vec<Value>>,
    exactly: Option<Value>,
    required: Vec<String>,
    properties: BTreeMap<String, Node>,
    other_properties: Node,
    items: Node,
    pattern: Option<Pattern>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl Node {
    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => false,
            Self::Rules(rules) => rules.fit(value),
        }
    }
}

impl Rules {
    fn fit(&self, value: &Value) -> bool {
        let typed = self
            .types
            .as_ref()
            .is_none_or(|types| types.iter().any(|known| known.is_of(value)));
        let listed = self
            .one_of
            .as_ref()
            .is_none_or(|values| values.contains(value));
        let exact = self.exactly.as_ref().is_none_or(|exact| exact == value);
        typed && listed && exact && self.fit_inside(value)
    }

    fn fit_inside(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.pattern.as_ref().is_none_or(|known| known.is_in(text)),
            Value::Array(items) => items.iter().all(|item| self.items.fits(item)),
            Value::Object(members) => {
                let node = |name| self.properties.get(name).unwrap_or(&self.other_properties);
                self.required.iter().all(|name| members.contains_key(name))
                    && members.iter().all(|(name, value)| node(name).fits(value))
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
