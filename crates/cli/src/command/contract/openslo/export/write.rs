//! YAML as it is written: block style, text in double quotes.

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Yaml {
    /// Written as it is: a number, a word of the specification, a time.
    Word(String),
    /// Written in quotes.
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

pub(super) fn word(text: &str) -> Yaml {
    Yaml::Word(text.to_owned())
}

pub(super) fn text(text: &str) -> Yaml {
    Yaml::Text(text.to_owned())
}

pub(super) fn map(entries: impl IntoIterator<Item = (&'static str, Yaml)>) -> Yaml {
    let owned = |(key, value): (&str, Yaml)| (key.to_owned(), value);
    Yaml::Map(entries.into_iter().map(owned).collect())
}

impl Yaml {
    /// A document.
    pub(super) fn render(&self) -> String {
        let mut lines = Vec::new();
        self.lines(0, &mut lines);
        lines.join("\n") + "\n"
    }

    fn lines(&self, depth: usize, lines: &mut Vec<String>) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Word(_) | Self::Text(_) => lines.push(format!("{indent}{}", self.scalar())),
            Self::Map(entries) => {
                for (key, value) in entries {
                    match value {
                        Self::Word(_) | Self::Text(_) => {
                            lines.push(format!("{indent}{key}: {}", value.scalar()));
                        }
                        Self::List(_) | Self::Map(_) => {
                            lines.push(format!("{indent}{key}:"));
                            value.lines(depth + 1, lines);
                        }
                    }
                }
            }
            Self::List(items) => {
                for item in items {
                    let first = lines.len();
                    item.lines(depth + 1, lines);
                    // An item's own first line makes room for its dash.
                    if let Some(line) = lines.get_mut(first) {
                        line.replace_range(indent.len()..indent.len() + 2, "- ");
                    }
                }
            }
        }
    }

    /// JSON's quoted text is YAML's, too.
    fn scalar(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::List(_) | Self::Map(_) => String::new(),
        }
    }
}
