//! The reference of all keys of a contract file, in Markdown, from its JSON Schema.
//!
//! One section per TOML table, in the order in which a reader meets them; keys that are required
//! come first. Tables that are used in several places are described in the first of them, words
//! that are used in several places at the end. A description's sentence `Default: ..` becomes the
//! default of its key where the schema itself names none.

mod cell;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::shape::{Choice, Definitions, Keys, Shape, Word};

/// The reference, from what [`super::schema::schema_of`] returns.
#[must_use]
pub(crate) fn reference_of(schema: &Value) -> String {
    let mut page = Page::new(schema);
    let title = schema.get("title").and_then(Value::as_str);
    page.heading(1, title.unwrap_or("Contract"));
    page.paragraph(
        "Written by `nines contract reference` from the types that read contracts. Keys that are not named here are refused. Lists have at least one entry.",
    );
    page.section(&Section {
        schema,
        keys: Vec::new(),
        is_entry: false,
    });
    page.shared_words();
    page.text
}

/// The page as far as it is written.
struct Page<'a> {
    definitions: Definitions<'a>,
    text: String,
    /// Headings of the definitions that have a section.
    sections: BTreeMap<&'a str, String>,
    /// Definitions of words that were referred to and are described at the end.
    shared_words: BTreeSet<&'a str>,
}

/// A table to describe.
struct Section<'a> {
    schema: &'a Value,
    keys: Vec<&'a str>,
    /// Whether it is an entry of a list of tables.
    is_entry: bool,
}

impl Section<'_> {
    /// The header of the table, as in TOML.
    fn header(&self) -> String {
        let keys = self.keys.join(".");
        match (self.keys.is_empty(), self.is_entry) {
            (true, _) => "Top level".to_owned(),
            (false, false) => format!("`[{keys}]`"),
            (false, true) => format!("`[[{keys}]]`"),
        }
    }
}

impl<'a> Page<'a> {
    fn new(schema: &'a Value) -> Self {
        Self {
            definitions: Definitions::new(schema),
            text: String::new(),
            sections: BTreeMap::new(),
            shared_words: BTreeSet::new(),
        }
    }

    fn heading(&mut self, level: usize, heading: &str) {
        let marks = "#".repeat(level);
        self.text.extend([&*marks, " ", heading, "\n\n"]);
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.extend([text, "\n\n"]);
        }
    }

    fn row(&mut self, key: &str, cells: [&str; 4]) {
        self.text.extend(["| ", key]);
        for cell in cells {
            self.text.extend([" | ", cell]);
        }
        self.text.push_str(" |\n");
    }

    fn section(&mut self, section: &Section<'a>) {
        let header = section.header();
        self.heading(if section.keys.len() < 2 { 2 } else { 3 }, &header);
        let resolved = self.definitions.resolve(section.schema);
        self.paragraph(&cell::prose(resolved.target));
        match self.definitions.shape(section.schema) {
            Shape::Table(keys) => self.table(section, &keys),
            Shape::Choice(choice) => self.choice(section, &choice),
            Shape::List(_)
            | Shape::Named(_)
            | Shape::Words(_)
            | Shape::Either(_)
            | Shape::Scalar => {}
        }
    }

    /// A table whose keys depend on one of them.
    fn choice(&mut self, section: &Section<'a>, choice: &Choice<'a>) {
        let tag = choice.tag;
        self.paragraph(&format!("`{tag}` is required, and chooses the other keys:"));
        let words: Vec<Word<'a>> = choice.variants.iter().map(|(word, _)| *word).collect();
        self.words(&words);
        let header = section.header();
        for (word, keys) in choice.variants.iter().filter(|(_, keys)| !keys.is_empty()) {
            let word = word.word;
            self.heading(4, &format!("{header} with `{tag} = \"{word}\"`"));
            self.table(section, keys);
        }
    }

    /// Keys of a table, the words that they take, and the tables inside.
    fn table(&mut self, section: &Section<'a>, keys: &Keys<'a>) {
        self.text
            .push_str("| key | required | value | meaning | default |\n|---|---|---|---|---|\n");
        let mut inner = Vec::new();
        let mut words = Vec::new();
        for key in keys.sorted() {
            let mut path = section.keys.clone();
            path.push(key.name);
            let value = self.value(key.schema, &path, &mut inner);
            let (meaning, default) = cell::meaning_and_default(key.schema);
            let required = if key.is_required { "yes" } else { "" };
            let name = key.name;
            self.row(&format!("`{name}`"), [required, &value, &meaning, &default]);
            words.extend(self.own_words(key.schema).map(|words| (name, words)));
        }
        self.text.push('\n');
        for (key, words) in words {
            self.paragraph(&format!("Words for `{key}`:"));
            self.words(&words);
        }
        for section in &inner {
            self.section(section);
        }
    }

    /// What a key takes, in short. Tables that have no section yet are added to `inner`.
    fn value(
        &mut self,
        schema: &'a Value,
        path: &[&'a str],
        inner: &mut Vec<Section<'a>>,
    ) -> String {
        match self.definitions.shape(schema) {
            Shape::Table(_) | Shape::Choice(_) => {
                let section = Section {
                    schema,
                    keys: path.to_vec(),
                    is_entry: false,
                };
                format!("table {}", self.link(section, inner))
            }
            Shape::List(entry) => match self.definitions.shape(entry) {
                Shape::Table(_) | Shape::Choice(_) => {
                    let section = Section {
                        schema: entry,
                        keys: path.to_vec(),
                        is_entry: true,
                    };
                    format!("list of tables {}", self.link(section, inner))
                }
                _ => format!("list of {}", self.value(entry, path, inner)),
            },
            Shape::Named(entry) => {
                let value = self.value(entry, path, inner);
                format!("table of {}", value.replace("list of", "lists of"))
            }
            Shape::Either(options) => {
                let options: Vec<String> = options
                    .into_iter()
                    .map(|option| self.value(option, path, inner))
                    .collect();
                options.join(", or ")
            }
            Shape::Words(words) => match self.definitions.shared(schema) {
                Some(name) => {
                    self.shared_words.insert(name);
                    cell::link("one of the words for ", &cell::spaced(name))
                }
                None => cell::words(&words),
            },
            Shape::Scalar => cell::scalar(self.definitions.resolve(schema).target),
        }
    }

    /// A link to the section of a table, which is added to `inner` where there is none.
    fn link(&mut self, section: Section<'a>, inner: &mut Vec<Section<'a>>) -> String {
        let header = section.header();
        let name = self.definitions.resolve(section.schema).name;
        if let Some(known) = name.and_then(|name| self.sections.get(name)) {
            return cell::link("with the keys of ", known);
        }
        if let Some(name) = name {
            self.sections.insert(name, header.clone());
        }
        inner.push(section);
        cell::link("", &header)
    }

    /// The words of a key that are described below its table: those with meanings that are not
    /// described at the end.
    fn own_words(&self, schema: &'a Value) -> Option<Vec<Word<'a>>> {
        let words = match self.definitions.shape(schema) {
            Shape::List(entry) => return self.own_words(entry),
            Shape::Either(options) => {
                return options
                    .into_iter()
                    .find_map(|option| self.own_words(option));
            }
            Shape::Words(words) => words,
            Shape::Table(_) | Shape::Choice(_) | Shape::Named(_) | Shape::Scalar => return None,
        };
        let has_meaning = words.iter().any(|word| word.meaning.is_some());
        (has_meaning && words.len() > 1 && self.definitions.shared(schema).is_none())
            .then_some(words)
    }

    fn words(&mut self, words: &[Word<'a>]) {
        for Word { word, meaning } in words {
            let meaning = meaning.map(cell::one_line).unwrap_or_default();
            let colon = if meaning.is_empty() { "" } else { ": " };
            self.text.extend([
                "- `\"", word, "\"`", colon, &meaning, "
",
            ]);
        }
        self.text.push('\n');
    }

    fn shared_words(&mut self) {
        let names = std::mem::take(&mut self.shared_words);
        if names.is_empty() {
            return;
        }
        self.heading(2, "Words used in several tables");
        for name in names {
            let Some(schema) = self.definitions.get(name) else {
                continue;
            };
            self.heading(3, &cell::spaced(name));
            self.paragraph(&cell::prose(schema));
            if let Shape::Words(words) = self.definitions.shape(schema) {
                self.words(&words);
            }
        }
    }
}
