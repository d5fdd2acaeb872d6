//! Entries of tables and lists, in the order of the text.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::fault::Fault;
use super::node::Node;
use super::path::Path;

type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

/// Keys and values of a table, without those that chose its type.
pub(super) struct Entries<'a> {
    path: &'a Path<'a>,
    rest: std::vec::IntoIter<Entry<'a>>,
    current: Option<Entry<'a>>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(node: Node<'a>, entries: &'a DeTable<'a>) -> Self {
        let mut sorted: Vec<Entry<'a>> = entries
            .iter()
            .filter(|(key, _)| !node.is_tag(key.get_ref()))
            .collect();
        // The tree has them in alphabetical order; the first error should be the first in the text.
        sorted.sort_by_key(|(key, _)| key.span().start);
        Self {
            path: node.path,
            rest: sorted.into_iter(),
            current: None,
        }
    }

    /// The first key.
    pub(super) fn first_key(&self) -> Option<&'a str> {
        let (key, _) = self.rest.as_slice().first()?;
        Some(key.get_ref())
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Fault> = key.get_ref().as_ref().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((key, value)) = self.current.take() else {
            return Err(Fault::refused("a value was asked for before its key"));
        };
        let path = Path::Key {
            table: self.path,
            key: key.get_ref(),
        };
        let node = Node::new(value, &path);
        seed.deserialize(node).map_err(|fault| fault.at(node))
    }
}

/// Entries of a list.
pub(super) struct Items<'a> {
    path: Path<'a>,
    rest: std::slice::Iter<'a, Spanned<DeValue<'a>>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(list: &'a Path<'a>, values: &'a DeArray<'a>) -> Self {
        Self {
            path: Path::Entry { list },
            rest: values.iter(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let node = Node::new(value, &self.path);
        seed.deserialize(node)
            .map(Some)
            .map_err(|fault| fault.at(node))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
