//! YAML as a tree that knows its lines.
//!
//! Scalars keep the text that they were written with, so that `0.999` is never a float. What
//! aliases repeat counts against a budget, and nesting has a limit, so that no text of bounded
//! length costs unbounded memory. Deliberately absent: tags, which are ignored, and merge keys,
//! which YAML 1.2 does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use anyhow::{anyhow, bail, ensure};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// Longest accepted text, in bytes: files of many SLOs are far shorter.
pub(super) const YAML_BYTES_MAX: usize = 1 << 20;

/// Deepest accepted nesting; OpenSLO needs about ten.
const DEPTH_MAX: usize = 64;

/// Most that a text may grow to when its aliases are replaced, in bytes, where every node costs
/// [`NODE_BYTES`] beside its text.
const GROWN_BYTES_MAX: usize = 32 << 20;

/// What a node costs beside its text: about what it occupies.
const NODE_BYTES: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    line: usize,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
struct Entry {
    key: String,
    line: usize,
    value: Node,
}

/// A node and the path that leads to it, such as `spec.objectives[0].target`.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    /// The path; empty for a document.
    pub(super) path: String,
    /// Line of the text, from 1.
    pub(super) line: usize,
    node: &'a Node,
}

/// The documents of a text, without those that are empty.
pub(super) fn read(text: &str) -> anyhow::Result<Vec<Node>> {
    ensure!(
        text.len() <= YAML_BYTES_MAX,
        "the file has {} bytes; at most {YAML_BYTES_MAX} are read",
        text.len()
    );
    let mut reader = Reader::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|fault| {
            let (at, info) = (fault.marker(), fault.info());
            anyhow!("line {}, column {}: {info}", at.line(), at.col() + 1)
        })?;
        let line = span.start.line();
        match event {
            Event::StreamEnd => break,
            Event::Scalar(text, style, anchor, _) => {
                let value = scalar(text.into_owned(), style);
                reader.add(Node { line, value }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => reader.open(line, anchor, Shape::List)?,
            Event::MappingStart(anchor, _) => reader.open(line, anchor, Shape::Map)?,
            Event::SequenceEnd | Event::MappingEnd => reader.close()?,
            Event::Alias(anchor) => reader.repeat(line, anchor)?,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }
    Ok(reader.documents)
}

fn scalar(text: String, style: ScalarStyle) -> Value {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        Value::Null
    } else {
        Value::Scalar(text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    List,
    Map,
}

/// A list or map that has begun.
#[derive(Debug)]
struct Open {
    line: usize,
    anchor: usize,
    shape: Shape,
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchored: BTreeMap<usize, Node>,
    grown: usize,
}

impl Reader {
    fn open(&mut self, line: usize, anchor: usize, shape: Shape) -> anyhow::Result<()> {
        ensure!(
            self.open.len() < DEPTH_MAX,
            "line {line}: nested deeper than {DEPTH_MAX} levels"
        );
        self.open.push(Open {
            line,
            anchor,
            shape,
            nodes: Vec::new(),
        });
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        let Some(open) = self.open.pop() else {
            bail!("the YAML parser ended a collection that it had not begun");
        };
        let value = match open.shape {
            Shape::List => Value::List(open.nodes),
            Shape::Map => Value::Map(pairs(open.nodes)?),
        };
        let line = open.line;
        self.add(Node { line, value }, open.anchor)
    }

    fn repeat(&mut self, line: usize, anchor: usize) -> anyhow::Result<()> {
        let Some(node) = self.anchored.get(&anchor) else {
            bail!("line {line}: the alias stands inside of what it repeats");
        };
        let cost = node.cost();
        self.spend(line, cost)?;
        let node = self.anchored.get(&anchor).cloned();
        node.map_or(Ok(()), |node| self.add(node, 0))
    }

    fn add(&mut self, node: Node, anchor: usize) -> anyhow::Result<()> {
        if anchor != 0 {
            self.spend(node.line, node.cost())?;
            self.anchored.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None if matches!(node.value, Value::Null) => {}
            None => self.documents.push(node),
        }
        Ok(())
    }

    fn spend(&mut self, line: usize, cost: usize) -> anyhow::Result<()> {
        self.grown = self.grown.saturating_add(cost);
        ensure!(
            self.grown <= GROWN_BYTES_MAX,
            "line {line}: the aliases repeat more than {GROWN_BYTES_MAX} bytes"
        );
        Ok(())
    }
}

/// Keys with the values after them.
fn pairs(nodes: Vec<Node>) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(nodes.len() / 2);
    let mut keys = BTreeSet::new();
    let mut nodes = nodes.into_iter();
    while let (Some(Node { line, value: key }), Some(value)) = (nodes.next(), nodes.next()) {
        let key = match key {
            Value::Scalar(key) => key,
            Value::Null => String::new(),
            Value::List(_) | Value::Map(_) => bail!("line {line}: a key must be one word"),
        };
        ensure!(
            key != "<<",
            "line {line}: merge keys (`<<`) are not part of YAML 1.2: write the keys out"
        );
        ensure!(
            keys.insert(key.clone()),
            "line {line}: the key `{}` stands there twice",
            cut(&key)
        );
        entries.push(Entry { key, line, value });
    }
    Ok(entries)
}

impl Node {
    fn cost(&self) -> usize {
        NODE_BYTES
            + match &self.value {
                Value::Null => 0,
                Value::Scalar(text) => text.len(),
                Value::List(nodes) => nodes.iter().map(Self::cost).sum(),
                Value::Map(entries) => entries
                    .iter()
                    .map(|entry| entry.key.len() + entry.value.cost())
                    .sum(),
            }
    }

    /// The objects of a document: itself, or the items of the list that it is.
    pub(super) fn objects(&self) -> Vec<At<'_>> {
        match &self.value {
            Value::List(nodes) => nodes.iter().map(At::top).collect(),
            _ => vec![At::top(self)],
        }
    }
}

impl<'a> At<'a> {
    const fn top(node: &'a Node) -> Self {
        Self {
            path: String::new(),
            line: node.line,
            node,
        }
    }

    /// What is wrong here.
    pub(super) fn fault(&self, reason: impl Display) -> anyhow::Error {
        anyhow!("{}", self.say(reason))
    }

    /// Something about this place, with its line and path.
    pub(super) fn say(&self, what: impl Display) -> String {
        if self.path.is_empty() {
            format!("line {}: {what}", self.line)
        } else {
            format!("line {}: `{}`: {what}", self.line, self.path)
        }
    }

    /// Its text.
    pub(super) fn text(&self) -> anyhow::Result<&'a str> {
        match &self.node.value {
            Value::Scalar(text) => Ok(text),
            other => Err(self.fault(format_args!(
                "must be text or a number, not {}",
                other.what()
            ))),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> anyhow::Result<Vec<Self>> {
        let Value::List(nodes) = &self.node.value else {
            return Err(self.fault(format_args!(
                "must be a list, not {}",
                self.node.value.what()
            )));
        };
        let item = |(index, node): (usize, &'a Node)| Self {
            path: format!("{}[{index}]", self.path),
            line: node.line,
            node,
        };
        Ok(nodes.iter().enumerate().map(item).collect())
    }

    /// The value of a key; what is null is absent.
    pub(super) fn find(&self, key: &str) -> anyhow::Result<Option<Self>> {
        let mut entries = self.entries()?.iter();
        let entry = entries.find(|entry| entry.key == key);
        Ok(entry
            .filter(|entry| !matches!(entry.value.value, Value::Null))
            .map(|entry| self.under(entry)))
    }

    /// The value of a key that has to be there.
    pub(super) fn get(&self, key: &str) -> anyhow::Result<Self> {
        self.find(key)?
            .ok_or_else(|| self.fault(format_args!("lacks `{key}`")))
    }

    /// The values of all keys but these.
    pub(super) fn beside(&self, known: &[&str]) -> anyhow::Result<Vec<Self>> {
        let unknown = |entry: &&Entry| !known.contains(&entry.key.as_str());
        let entries = self.entries()?.iter();
        Ok(entries.filter(unknown).map(|e| self.under(e)).collect())
    }

    fn under(&self, entry: &'a Entry) -> Self {
        let key = cut(&entry.key);
        let path = if self.path.is_empty() {
            key
        } else {
            format!("{}.{key}", self.path)
        };
        Self {
            path,
            line: entry.line,
            node: &entry.value,
        }
    }

    fn entries(&self) -> anyhow::Result<&'a [Entry]> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            other => Err(self.fault(format_args!("must have keys, not be {}", other.what()))),
        }
    }
}

impl Value {
    const fn what(&self) -> &'static str {
        match self {
            Self::Null => "empty",
            Self::Scalar(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// The first characters of what a file says, for messages, on one line.
pub(super) fn cut(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(64).map(plain).collect()
}
