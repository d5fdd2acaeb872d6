//! JSON objects of any kind, as `serde_json` reads them: with escapes, nested values under keys
//! that nobody asked for, and all that is wrong with those that are none.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::Column;
use super::error::Fault;
use super::record::{Bad, Record};

/// Reads the object of a line into a record that is clear.
pub(super) fn read(line: &[u8], record: &mut Record) -> Result<(), Bad> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let Object(pairs) = Object::deserialize(&mut json).map_err(|error| fault(&error))?;
    json.end().map_err(|_| Fault::TwoObjects)?;
    for (column, value) in pairs {
        match value {
            Value::Text(text) => record.set(column, text.as_bytes())?,
            Value::Bare(text) => record.set_bare(column, text.as_bytes())?,
            Value::Null => {}
            Value::List(texts) => {
                record.set_list(column, texts.iter().map(String::as_bytes))?;
            }
            Value::Nested => return Err(Fault::Nested.of(column)),
        }
    }
    Ok(())
}

fn fault(error: &serde_json::Error) -> Fault {
    if error.is_eof() {
        return Fault::CutOff;
    }
    if !error.is_syntax() {
        return Fault::NotObject;
    }
    let text = error.to_string();
    Fault::NotJson {
        at: error.column(),
        why: text
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The pairs of an object whose keys are columns.
struct Object(Vec<(Column, Value)>);

enum Value {
    Text(String),
    Bare(String),
    Null,
    List(Vec<String>),
    Nested,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Key(column)) = map.next_key()? {
            match column {
                Some(column) => pairs.push((column, map.next_value()?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Object(pairs))
    }
}

struct Key(Option<Column>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        Ok(Key(Column::find(key)))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bare(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Bare(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Bare(value.to_string()))
    }

    /// The shortest digits that mean this float: those that were written, up to 15 of them.
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Bare(value.to_string()))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut texts = Some(Vec::new());
        while let Some(value) = list.next_element()? {
            match value {
                Value::Text(text) => {
                    if let Some(texts) = &mut texts {
                        texts.push(text);
                    }
                }
                Value::Bare(_) | Value::Null | Value::List(_) | Value::Nested => texts = None,
            }
        }
        Ok(texts.map_or(Value::Nested, Value::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Nested)
    }
}
