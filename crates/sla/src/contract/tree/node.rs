//! A value of the tree, and how serde reads it.

use serde::de::{Deserializer, Error, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use super::fault::Fault;
use super::hint::{near, shown};
use super::path::Path;
use super::table::{Entries, Items};
use super::variant::{Tagged, Word};
use super::words;
use crate::contract::LIST_ENTRIES_MAX;
use crate::contract::error::Problem;
use crate::contract::exact;

/// A value with the way to it.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    value: &'a Spanned<DeValue<'a>>,
    pub(super) path: &'a Path<'a>,
    /// Keys of this table that were read already, because they chose its type.
    pub(super) tags: Option<&'a Tag<'a>>,
}

/// A key that holds a variant, and the one around it.
pub(super) struct Tag<'a> {
    pub(super) key: &'a str,
    pub(super) outer: Option<&'a Tag<'a>>,
}

impl<'a> Node<'a> {
    pub(super) const fn root(value: &'a Spanned<DeValue<'a>>) -> Self {
        Self::new(value, &Path::Root)
    }

    pub(super) const fn new(value: &'a Spanned<DeValue<'a>>, path: &'a Path<'a>) -> Self {
        let tags = None;
        Self { value, path, tags }
    }

    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    pub(super) fn offset(&self) -> usize {
        self.value.span().start
    }

    pub(super) fn offset_of_key(&self, key: &str) -> Option<usize> {
        let (key, _) = self.value().as_table()?.get_key_value(key)?;
        Some(key.span().start)
    }

    pub(super) fn is_tag(&self, key: &str) -> bool {
        let mut tags = self.tags;
        while let Some(tag) = tags {
            if tag.key == key {
                return true;
            }
            tags = tag.outer;
        }
        false
    }

    /// Whether there is something inside that an error could be about.
    pub(super) fn has_parts(&self) -> bool {
        matches!(self.value(), DeValue::Array(_) | DeValue::Table(_))
    }

    /// Where a dotted path leads, as far as it exists, and the last key in it. `None` where it is
    /// no path.
    pub(super) fn resolve<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let parts = || path.split('.');
        if parts().any(|part| part.is_empty() || !part.chars().all(letter)) {
            return None;
        }
        let is_key = |part: &&str| part.parse::<usize>().is_err();
        let last = parts().rfind(is_key)?;
        let mut at = self.value;
        for part in parts() {
            let inside = match at.get_ref() {
                DeValue::Table(table) => table.get(part),
                DeValue::Array(entries) => part.parse().ok().and_then(|i: usize| entries.get(i)),
                _ => None,
            };
            match inside {
                Some(inside) => at = inside,
                None => break,
            }
        }
        Some((at.span().start, last))
    }

    /// The value as the only entry of a list, where it is short enough to be shown.
    pub(super) fn as_list(&self) -> Option<String> {
        match self.value() {
            DeValue::String(text) if shown(text) == **text && !text.contains(['"', '\\']) => {
                Some(format!("[\"{text}\"]"))
            }
            DeValue::Integer(number) if number.radix() == 10 => Some(format!("[{number}]")),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.value() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}

/// Refuses text that would not stay in its line.
pub(super) fn one_line(text: &str) -> Result<&str, Fault> {
    match exact::line_fault(text) {
        None => Ok(text),
        Some(fault) => Err(Fault::refused(fault.to_string())),
    }
}

fn whole<'de, V: Visitor<'de>>(number: &DeInteger<'_>, visitor: V) -> Result<V::Value, Fault> {
    let (digits, radix) = (number.as_str(), number.radix());
    if let Ok(number) = i64::from_str_radix(digits, radix) {
        visitor.visit_i64(number)
    } else if let Ok(number) = u64::from_str_radix(digits, radix) {
        visitor.visit_u64(number)
    } else if words::is_whole(&visitor) {
        Err(Error::invalid_value(Unexpected::Other(digits), &visitor))
    } else {
        // Of the right type for whoever takes numbers at all, and too long for any of them.
        Err(Error::invalid_type(
            Unexpected::Unsigned(u64::MAX),
            &visitor,
        ))
    }
}

fn float<'de, V: Visitor<'de>>(digits: &str, visitor: V) -> Result<V::Value, Fault> {
    let number = digits
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite());
    match number {
        Some(number) => visitor.visit_f64(number),
        None => Err(Fault::refused("is not a finite number")),
    }
}

fn text<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, Fault> {
    let expected: &dyn Expected = &visitor;
    let date = words::date(&expected.to_string());
    one_line(text)
        .and_then(|text| visitor.visit_str(text))
        .map_err(|fault: Fault| fault.or_must_be(date))
}

fn list<'de, V: Visitor<'de>>(
    node: Node<'_>,
    values: &DeArray<'_>,
    visitor: V,
) -> Result<V::Value, Fault> {
    if values.is_empty() {
        let reason = "the list is empty: leave the key out instead";
        return Err(Fault::refused(reason));
    }
    if values.len() > LIST_ENTRIES_MAX {
        let reason = format!("a list has at most {LIST_ENTRIES_MAX} entries");
        return Err(Fault::refused(reason));
    }
    visitor.visit_seq(Items::new(node.path, values))
}

/// A table, and only a table: serde would also take a list for one, by the position of its
/// entries.
fn table<'de, V: Visitor<'de>>(node: Node<'_>, visitor: V) -> Result<V::Value, Fault> {
    match node.value() {
        DeValue::Table(entries) => visitor.visit_map(Entries::new(node, entries)),
        // A list that begins where its first entry does has no bracket: it is made of headers.
        DeValue::Array(entries)
            if entries
                .first()
                .is_some_and(|first| first.span().start == node.offset()) =>
        {
            let header = node.path.table();
            let reason = format!("must be one table: write `{header}`");
            Err(Fault::refused(reason))
        }
        _ => Err(Fault::wrong_type("a table")),
    }
}

/// The key that was probably meant to hold the variant.
fn misspelt(node: Node<'_>, entries: &DeTable<'_>, key: &str) -> Option<Fault> {
    let hints = entries.keys().filter_map(|given| {
        let hint = near(given.get_ref(), &[key])?;
        Some((given, hint))
    });
    let (given, hint) = hints.min_by_key(|(given, _)| given.span().start)?;
    let (key, table) = (shown(given.get_ref()), node.path.table());
    let problem = Problem::UnknownKey { key, table, hint };
    Some(Fault::placed(given.span().start, problem))
}

/// An enum from a table: the key with the enum's name holds the variant.
fn tagged<'de, V: Visitor<'de>>(
    node: Node<'_>,
    entries: &DeTable<'_>,
    key: &'static str,
    visitor: V,
) -> Result<V::Value, Fault> {
    let Some(value) = entries.get(key) else {
        return Err(misspelt(node, entries, key).unwrap_or_else(|| Error::missing_field(key)));
    };
    let path = Path::Key {
        table: node.path,
        key,
    };
    let tag = Node::new(value, &path);
    let DeValue::String(word) = tag.value() else {
        return Err(Fault::wrong_type("a word in quotes").at(tag));
    };
    one_line(word).map_err(|fault| fault.at(tag))?;
    let outer = node.tags;
    let tags = Some(&Tag { key, outer });
    visitor.visit_enum(Tagged {
        tag,
        rest: Node { tags, ..node },
    })
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value() {
            DeValue::String(value) => text(value, visitor),
            DeValue::Integer(number) => whole(number, visitor),
            DeValue::Float(number) => float(number.as_str(), visitor),
            DeValue::Boolean(flag) => visitor.visit_bool(*flag),
            DeValue::Datetime(at) => text(&at.to_string(), visitor),
            DeValue::Array(values) => list(self, values, visitor),
            DeValue::Table(entries) => visitor.visit_map(Entries::new(self, entries)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let is_tagged = name.starts_with(|c: char| c.is_ascii_lowercase());
        match self.value() {
            DeValue::String(word) => {
                let word = one_line(word)?;
                visitor.visit_enum(Word { word })
            }
            DeValue::Table(entries) if is_tagged => tagged(self, entries, name, visitor),
            _ if is_tagged => Err(Fault::wrong_type("a table")),
            _ => Err(Fault::wrong_type("a word in quotes")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        table(self, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        table(self, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct identifier
    }
}
