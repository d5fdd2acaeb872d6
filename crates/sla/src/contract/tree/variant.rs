//! Variants: a word by itself, or a word in a table that chooses the table's other keys.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, VariantAccess, Visitor,
};
use toml::de::DeValue;

use super::fault::Fault;
use super::node::Node;
use super::table::Entries;

/// A word in quotes.
pub(super) struct Word<'a> {
    pub(super) word: &'a str,
}

/// A table with the key that holds its variant.
pub(super) struct Tagged<'a> {
    pub(super) tag: Node<'a>,
    /// The table without that key.
    pub(super) rest: Node<'a>,
}

fn table_expected() -> Fault {
    Fault::wrong_type("a table")
}

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let word: StrDeserializer<'_, Fault> = self.word.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Fault> {
        Err(table_expected())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(table_expected())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(table_expected())
    }
}

impl<'de> EnumAccess<'de> for Tagged<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let word = self.tag.value().as_str().unwrap_or_default();
        let word: StrDeserializer<'_, Fault> = word.into_deserializer();
        let variant = seed.deserialize(word).map_err(|fault| fault.at(self.tag))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let DeValue::Table(entries) = self.rest.value() else {
            return Err(table_expected());
        };
        match Entries::new(self.rest, entries).first_key() {
            None => Ok(()),
            Some(key) => Err(Fault::unknown_field(key, &[])),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.rest)
            .map_err(|fault| fault.at(self.rest))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(Fault::wrong_type("a table of another shape"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.rest.deserialize_any(visitor)
    }
}
