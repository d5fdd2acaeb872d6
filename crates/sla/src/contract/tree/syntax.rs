//! What to say where a text is no TOML: what its writer probably meant to write.

use super::hint::shown;
use crate::contract::CONTRACT_SCHEMA;
use crate::contract::error::{ContractError, Problem};

/// A text in which nothing stands.
pub(super) fn empty(text: &str) -> ContractError {
    let message =
        format!("the file is empty: a contract begins with schema = \"{CONTRACT_SCHEMA}\"");
    ContractError::at(text, 0, Problem::Syntax { message })
}

/// A text that the parser of TOML refuses.
pub(super) fn refused(text: &str, error: &toml::de::Error) -> ContractError {
    let span = error.span().unwrap_or_default();
    let offset = span.start;
    let said = error.message().lines().collect::<Vec<_>>().join(", ");
    let begins_like_json = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{');
    let message = if begins_like_json {
        "this is JSON: contracts are TOML, see docs/contracts.md".to_owned()
    } else if said == "duplicate key" {
        let key = text.get(span).unwrap_or_default();
        twice(key, line_at(text, offset))
    } else {
        plain(&said, line_at(text, offset)).unwrap_or(said)
    };
    ContractError::at(text, offset, Problem::Syntax { message })
}

/// Other words for what the parser said about a line, where there are better ones.
fn plain(said: &str, line: &str) -> Option<String> {
    let (_, value) = line.split_once('=')?;
    let value = value.split('#').next()?.trim();
    if value.is_empty() {
        return Some("a value is missing after `=`".to_owned());
    }
    let begins_like_number = value.starts_with(|c: char| c.is_ascii_digit());
    let is_number = [
        "invalid float",
        "invalid integer",
        "string values must be quoted",
    ];
    let is_number = is_number.iter().any(|number| said.starts_with(number));
    let is_bare = !value.contains(['"', '\'', '[', '{']);
    (begins_like_number && is_number && is_bare).then(|| {
        let value = shown(value);
        format!("`{value}` is no value: dates look like 2026-10-01, text stands in quotes")
    })
}

/// What stands twice, by the line in which it stands for the second time.
fn twice(key: &str, line: &str) -> String {
    let line = line.trim();
    let header = |open: &str| {
        let name = line.strip_prefix(open)?.split(']').next()?.trim();
        // The line can also be one of a list.
        let is_name = !name.is_empty() && !name.contains(['{', '=', '[']);
        is_name.then(|| shown(name))
    };
    if let Some(name) = header("[[") {
        format!("`{name}` stands here twice: write each as `[[{name}]]`")
    } else if let Some(name) = header("[") {
        format!("[{name}] stands here twice: put its keys together")
    } else {
        format!("`{}` stands here twice", shown(key.trim()))
    }
}

fn line_at(text: &str, offset: usize) -> &str {
    let (before, after) = text.split_at_checked(offset).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let length = after.find('\n').unwrap_or(after.len());
    text.get(start..before.len() + length).unwrap_or_default()
}
