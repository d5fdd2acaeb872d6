//! What a schema is to somebody who writes TOML.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A way in which the value of a key is written.
pub(super) enum Shape<'a> {
    /// A table.
    Table(Keys<'a>),
    /// A table in which one key chooses the others.
    Choice(Choice<'a>),
    /// A list of one kind of value.
    List(&'a Value),
    /// A table whose keys are names, each with a value of this kind.
    Named(&'a Value),
    /// One of some words in quotes.
    Words(Vec<Word<'a>>),
    /// One of several shapes.
    Either(Vec<&'a Value>),
    /// A number, text, or true and false.
    Scalar,
}

/// A word, and what it means where that is said.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) word: &'a str,
    pub(super) meaning: Option<&'a str>,
}

/// A table in which the key `tag` chooses the others.
pub(super) struct Choice<'a> {
    pub(super) tag: &'a str,
    pub(super) variants: Vec<(Word<'a>, Keys<'a>)>,
}

/// The keys of a table.
pub(super) struct Keys<'a> {
    keys: Vec<Key<'a>>,
}

#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) is_required: bool,
}

/// A schema behind its references.
pub(super) struct Resolved<'a> {
    /// The first definition on the way.
    pub(super) name: Option<&'a str>,
    pub(super) target: &'a Value,
}

/// The named parts of a schema.
pub(super) struct Definitions<'a> {
    named: Option<&'a Map<String, Value>>,
    uses: BTreeMap<&'a str, usize>,
}

fn definition_name(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key)?.as_str()
}

fn list<'a>(schema: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    schema.get(key)?.as_array()
}

fn count_uses<'a>(schema: &'a Value, uses: &mut BTreeMap<&'a str, usize>) {
    if let Some(name) = definition_name(schema) {
        *uses.entry(name).or_default() += 1;
    }
    match schema {
        Value::Object(parts) => parts.values().for_each(|part| count_uses(part, uses)),
        Value::Array(parts) => parts.iter().for_each(|part| count_uses(part, uses)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl<'a> Definitions<'a> {
    pub(super) fn new(schema: &'a Value) -> Self {
        let mut uses = BTreeMap::new();
        count_uses(schema, &mut uses);
        let named = schema.get("$defs").and_then(Value::as_object);
        Self { named, uses }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.named?.get(name)
    }

    /// Follows references. What they cannot find, or find in a circle, is as it stands.
    pub(super) fn resolve(&self, schema: &'a Value) -> Resolved<'a> {
        let name = definition_name(schema);
        let mut target = schema;
        for _ in 0..=self.uses.len() {
            let next = definition_name(target).and_then(|name| self.get(name));
            target = next.unwrap_or(target);
        }
        Resolved { name, target }
    }

    /// The name of a definition that is used in several places.
    pub(super) fn shared(&self, schema: &'a Value) -> Option<&'a str> {
        definition_name(schema).filter(|name| self.uses.get(name).is_some_and(|uses| *uses > 1))
    }

    pub(super) fn shape(&self, schema: &'a Value) -> Shape<'a> {
        let target = self.resolve(schema).target;
        if let Some(words) = self.words(target) {
            return Shape::Words(words);
        }
        if let Some(choice) = self.choice(target) {
            return Shape::Choice(choice);
        }
        let options = list(target, "oneOf").or_else(|| list(target, "anyOf"));
        if let Some(options) = options {
            return Shape::Either(options.iter().collect());
        }
        if let Some(entry) = target.get("items") {
            return Shape::List(entry);
        }
        let keys = self.keys(target, None);
        let entry = target.get("additionalProperties");
        if let Some(entry) = entry.filter(|entry| entry.is_object() && keys.is_empty()) {
            return Shape::Named(entry);
        }
        if keys.is_empty() {
            Shape::Scalar
        } else {
            Shape::Table(keys)
        }
    }

    fn words(&self, target: &'a Value) -> Option<Vec<Word<'a>>> {
        let meaning = text(target, "description");
        if let Some(word) = text(target, "const") {
            return Some(vec![Word { word, meaning }]);
        }
        if let Some(words) = list(target, "enum") {
            let words = words.iter().map(|word| {
                let word = word.as_str()?;
                let meaning = None;
                Some(Word { word, meaning })
            });
            return words.collect();
        }
        let options = list(target, "oneOf").or_else(|| list(target, "anyOf"))?;
        let words = options
            .iter()
            .map(|option| self.words(self.resolve(option).target));
        Some(words.collect::<Option<Vec<_>>>()?.concat())
    }

    fn choice(&self, target: &'a Value) -> Option<Choice<'a>> {
        let options = list(target, "oneOf")?;
        let first = options.first()?.get("properties")?.as_object()?;
        let tag = first
            .keys()
            .find(|key| options.iter().all(|option| tag_word(option, key).is_some()))?;
        let variants = options.iter().filter_map(|option| {
            let word = tag_word(option, tag)?;
            let meaning = text(option, "description");
            Some((Word { word, meaning }, self.keys(option, Some(tag))))
        });
        let variants = variants.collect();
        Some(Choice { tag, variants })
    }

    /// The keys of a table, also of one that is referred to beside others, without its tag.
    fn keys(&self, table: &'a Value, tag: Option<&str>) -> Keys<'a> {
        let mut tables = vec![table, self.resolve(table).target];
        tables.dedup_by(|a, b| std::ptr::eq(*a, *b));
        let keys = tables.into_iter().flat_map(|table| {
            let required = list(table, "required");
            let keys = table.get("properties").and_then(Value::as_object);
            keys.into_iter().flatten().map(move |(name, schema)| Key {
                name,
                schema,
                is_required: required
                    .is_some_and(|required| required.iter().any(|key| key == name)),
            })
        });
        let keys = keys.filter(|key| Some(key.name) != tag).collect();
        Keys { keys }
    }
}

fn tag_word<'a>(option: &'a Value, key: &str) -> Option<&'a str> {
    text(option.get("properties")?.get(key)?, "const")
}

impl<'a> Keys<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Required keys first, each part in alphabetical order.
    pub(super) fn sorted(&self) -> Vec<Key<'a>> {
        let mut keys = self.keys.clone();
        keys.sort_by_key(|key| (!key.is_required, key.name));
        keys
    }
}
