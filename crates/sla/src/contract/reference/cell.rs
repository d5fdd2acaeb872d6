//! Cells of the reference's tables.

use serde_json::Value;

use super::shape::Word;

/// How a description names the default of its key where the schema does not.
const DEFAULT: &str = "Default: ";

/// Longest list of words inside of a cell.
const WORDS_IN_CELL_MAX: usize = 6;

/// Text of any lines in one, fit for a table.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|")
}

/// A description as paragraphs, without the default.
pub(super) fn prose(schema: &Value) -> String {
    let description = schema.get("description").and_then(Value::as_str);
    let paragraphs = description.unwrap_or_default().split("\n\n");
    let paragraphs: Vec<String> = paragraphs
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    paragraphs.join("\n\n")
}

pub(super) fn meaning_and_default(schema: &Value) -> (String, String) {
    let description = schema.get("description").and_then(Value::as_str);
    let meaning = one_line(description.unwrap_or_default());
    let stated = schema
        .get("default")
        .map(|value| format!("`{}`", toml(value)));
    match meaning.split_once(DEFAULT) {
        None => (meaning, stated.unwrap_or_default()),
        Some((before, after)) => {
            let (default, rest) = after.split_once(". ").unwrap_or((after, ""));
            let default = default.trim_end_matches('.').to_owned();
            let meaning = format!("{before}{rest}").trim_end().to_owned();
            (meaning, stated.unwrap_or(default))
        }
    }
}

/// A value as it stands behind a key.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(toml).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(keys) => {
            let keys = keys.iter();
            let keys: Vec<String> = keys
                .map(|(key, v)| format!("{key} = {}", toml(v)))
                .collect();
            format!("{{ {} }}", keys.join(", "))
        }
        other => other.to_string(),
    }
}

/// Words that fit into a cell; of many, only that they are below.
pub(super) fn words(words: &[Word<'_>]) -> String {
    let described = words.iter().any(|word| word.meaning.is_some());
    if described && words.len() > WORDS_IN_CELL_MAX {
        return "one of the words below".to_owned();
    }
    let words: Vec<String> = words.iter().map(|w| format!("`\"{}\"`", w.word)).collect();
    match &words[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

pub(super) fn scalar(schema: &Value) -> String {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let number = |key: &str| schema.get(key).filter(|value| value.is_number());
    let kind = match (text("title"), text("type")) {
        (Some(title), _) => title.to_owned(),
        (_, Some("boolean")) => "`true` or `false`".to_owned(),
        (_, Some("integer")) => "whole number".to_owned(),
        (_, Some("string")) => "text".to_owned(),
        (_, Some(other)) => other.to_owned(),
        (_, None) => "any value".to_owned(),
    };
    let most = number("maximum").filter(|most| most.as_u64() != Some(u32::MAX.into()));
    let range = match (number("minimum"), most) {
        (Some(least), None) if least.as_u64() == Some(0) => String::new(),
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        (None, None) => String::new(),
    };
    let multiple = number("multipleOf").map(|of| format!(", a multiple of {of}"));
    let example = schema
        .get("examples")
        .and_then(|examples| examples.get(0))
        .map(|example| match (text("format"), example) {
            // Dates and times need no quotes in TOML.
            (Some("date" | "date-time"), Value::String(example)) => example.clone(),
            _ => example.to_string(),
        })
        .map(|example| format!(", such as `{example}`"));
    [Some(kind), Some(range), multiple, example]
        .into_iter()
        .flatten()
        .collect()
}

/// `RunAcrossEdge` as `Run across edge`.
pub(super) fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 4);
    for (index, letter) in name.chars().enumerate() {
        if index > 0 && letter.is_uppercase() {
            spaced.push(' ');
            spaced.extend(letter.to_lowercase());
        } else {
            spaced.push(letter);
        }
    }
    spaced
}

/// A link to a heading of the page, by the anchor that renderers of Markdown give it.
pub(super) fn link(before: &str, heading: &str) -> String {
    let anchor: String = heading
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        })
        .collect();
    format!("{before}[{heading}](#{anchor})")
}
