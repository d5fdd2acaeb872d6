//! Single values, and how far a word is from a known one.

use super::{Node, Value};

/// Text that is not empty.
pub(crate) fn text(node: &Node) -> Result<String, String> {
    match &node.value {
        Value::Text(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err("text in quotes is needed here".to_owned()),
    }
}

/// A whole number that `T` can hold.
pub(crate) fn whole<T: TryFrom<i64>>(node: &Node) -> Result<T, String> {
    let Value::Integer(number) = node.value else {
        return Err("a whole number is needed here".to_owned());
    };
    T::try_from(number).map_err(|_| format!("{number} is out of range"))
}

pub(crate) fn boolean(node: &Node) -> Result<bool, String> {
    match node.value {
        Value::Boolean(boolean) => Ok(boolean),
        _ => Err("`true` or `false` is needed here".to_owned()),
    }
}

/// One of `names`, as the value beside it.
pub(crate) fn one_of<T: Copy>(node: &Node, names: &[(&'static str, T)]) -> Result<T, String> {
    let given = text(node)?;
    let found = names.iter().find(|(name, _)| *name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let nearest = nearest(&given, names.iter().map(|(name, _)| *name)).unwrap_or_default();
        format!("`{given}` is not known; did you mean `{nearest}`?")
    })
}

/// The known name that `given` was likeliest to be.
pub(crate) fn nearest(
    given: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    names.into_iter().min_by_key(|name| remoteness(given, name))
}

/// How unlikely it is that `given` was to be `known`: a part of a name is likelier than its edits.
pub(super) fn remoteness(given: &str, known: &str) -> usize {
    if known.starts_with(given) || given.starts_with(known) {
        1
    } else {
        distance(given, known)
    }
}

/// Edits between two words (Levenshtein), to guess what was meant; long words are compared by
/// their beginnings.
fn distance(left: &str, right: &str) -> usize {
    const CHARS_MAX: usize = 64;
    let right: Vec<char> = right.chars().take(CHARS_MAX).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().take(CHARS_MAX).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
