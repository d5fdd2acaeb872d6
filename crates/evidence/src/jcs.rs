//! Strict JCS: the subset of RFC 8785 in which one value has one spelling that every JSON library
//! can reproduce. A line is one object; keys are `[a-z0-9_-]+` in byte order, each once; numbers
//! are integers of at most 53 bits; there is no `null`; strings hold no control characters; there
//! is no space between tokens and no escape but `\"` and `\\`.
//!
//! The check works on the generic value, so lines with keys added later stay verifiable.

mod scan;

use serde::Serialize;
use serde_json::{Map, Number, Value};

pub use scan::is_canonical;

/// The longest line: contracts and plans are lines too, samples are about 1 kB.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// The deepest nesting of objects and arrays, the outer object being 1: what we write needs six.
pub const DEPTH_MAX: usize = 32;

/// The largest magnitude of an integer: beyond it a reader with doubles loses digits.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// Why bytes are not a strict-JCS line, or a value cannot become one.
#[derive(Debug, thiserror::Error)]
pub enum JcsError {
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("line of {bytes} bytes is longer than {LINE_BYTES_MAX}")]
    TooLong {
        /// Length of the line.
        bytes: usize,
    },
    /// Not JSON, or not UTF-8.
    #[error("failed to parse the line as JSON")]
    Parse(#[source] serde_json::Error),
    /// The value could not be turned into JSON.
    #[error("failed to turn the value into JSON")]
    Serialize(#[source] serde_json::Error),
    /// The outer value is no object.
    #[error("the line is not an object")]
    NotAnObject,
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX}")]
    TooDeep,
    /// A key outside `[a-z0-9_-]+`.
    #[error("key {key:?} is not of [a-z0-9_-]+")]
    Key {
        /// The key.
        key: String,
    },
    /// A `null`; absent keys are omitted.
    #[error("null is not allowed")]
    Null,
    /// A float, or an integer beyond [`INTEGER_MAX`].
    #[error("number {number} is not an integer of at most 53 bits")]
    Number {
        /// The number as the parser understood it.
        number: Number,
    },
    /// A control character (U+0000 to U+001F, U+007F to U+009F) in a string.
    #[error("control character U+{:04X} in a string", u32::from(*.character))]
    Control {
        /// The character.
        character: char,
    },
    /// The value is fine, its spelling is not: key order, a key twice, space, escapes, zeros.
    #[error("not canonical from byte {offset} on")]
    NotCanonical {
        /// First byte that differs from the canonical spelling.
        offset: usize,
    },
}

/// Parses one line (without its LF) and refuses it unless it is the canonical spelling of its
/// value. A key given twice shows as a difference, since the generic value keeps it once.
pub fn check_line(line: &[u8]) -> Result<Value, JcsError> {
    if line.len() > LINE_BYTES_MAX {
        return Err(JcsError::TooLong { bytes: line.len() });
    }
    let value: Value = serde_json::from_slice(line).map_err(JcsError::Parse)?;
    let canonical = spell(&value)?;
    if canonical.as_bytes() == line {
        return Ok(value);
    }
    let same = canonical
        .bytes()
        .zip(line)
        .take_while(|(a, b)| a == *b)
        .count();
    Err(JcsError::NotCanonical { offset: same })
}

/// The canonical line of `value`, without LF. Key order of the type does not matter; floats and
/// `null` (a serialised `None`) are refused rather than rounded or dropped.
pub fn to_line(value: &impl Serialize) -> Result<String, JcsError> {
    let line = spell(&serde_json::to_value(value).map_err(JcsError::Serialize)?)?;
    if line.len() > LINE_BYTES_MAX {
        return Err(JcsError::TooLong { bytes: line.len() });
    }
    Ok(line)
}

fn spell(value: &Value) -> Result<String, JcsError> {
    let Value::Object(object) = value else {
        return Err(JcsError::NotAnObject);
    };
    let mut out = String::new();
    write_object(object, 1, &mut out)?;
    Ok(out)
}

fn write_value(value: &Value, depth: usize, out: &mut String) -> Result<(), JcsError> {
    match value {
        Value::Null => Err(JcsError::Null),
        Value::Bool(flag) => {
            out.push_str(if *flag { "true" } else { "false" });
            Ok(())
        }
        Value::Number(number) => write_integer(number, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => write_array(items, depth + 1, out),
        Value::Object(object) => write_object(object, depth + 1, out),
    }
}

fn write_array(items: &[Value], depth: usize, out: &mut String) -> Result<(), JcsError> {
    if depth > DEPTH_MAX {
        return Err(JcsError::TooDeep);
    }
    out.push('[');
    for (nth, item) in items.iter().enumerate() {
        if nth > 0 {
            out.push(',');
        }
        write_value(item, depth, out)?;
    }
    out.push(']');
    Ok(())
}

fn write_object(
    object: &Map<String, Value>,
    depth: usize,
    out: &mut String,
) -> Result<(), JcsError> {
    if depth > DEPTH_MAX {
        return Err(JcsError::TooDeep);
    }
    // Sorted here, because the order of the map depends on a feature any crate in the build may set.
    let mut members: Vec<(&String, &Value)> = object.iter().collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    out.push('{');
    for (nth, (key, value)) in members.into_iter().enumerate() {
        if key.is_empty() || !key.bytes().all(is_key_byte) {
            return Err(JcsError::Key { key: key.clone() });
        }
        if nth > 0 {
            out.push(',');
        }
        out.push('"');
        out.push_str(key);
        out.push_str("\":");
        write_value(value, depth, out)?;
    }
    out.push('}');
    Ok(())
}

fn is_key_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')
}

fn write_integer(number: &Number, out: &mut String) -> Result<(), JcsError> {
    let text = match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) if positive <= INTEGER_MAX => positive.to_string(),
        (None, Some(negative)) if negative.unsigned_abs() <= INTEGER_MAX => negative.to_string(),
        _ => {
            return Err(JcsError::Number {
                number: number.clone(),
            });
        }
    };
    out.push_str(&text);
    Ok(())
}

fn write_string(text: &str, out: &mut String) -> Result<(), JcsError> {
    if let Some(character) = text.chars().find(|c| c.is_control()) {
        return Err(JcsError::Control { character });
    }
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    Ok(())
}

#[cfg(test)]
mod tests;
