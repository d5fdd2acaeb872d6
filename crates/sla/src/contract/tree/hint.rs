//! What was probably meant.

use domain::spelling::nearest;

/// Longest quotation from the text in an error, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// A quotation from the text, cut where it is long.
pub(super) fn shown(given: &str) -> String {
    match given.char_indices().nth(SHOWN_CHARS_MAX) {
        None => given.to_owned(),
        Some((end, _)) => format!("{}..", &given[..end]),
    }
}

/// The nearest possible word where one is near, else all of them.
pub(super) fn hint(given: &str, possible: &[&str]) -> String {
    if let Some(near) = near(given, possible) {
        return near;
    }
    let longer: Vec<String> = possible
        .iter()
        .filter(|word| word.split('_').any(|part| part == given))
        .map(|word| format!("`{word}`"))
        .collect();
    if let [rest @ .., last] = &longer[..] {
        return match rest {
            [] => format!("did you mean {last}?"),
            _ => format!("did you mean {} or {last}?", rest.join(", ")),
        };
    }
    if possible.is_empty() {
        return "none is possible here".to_owned();
    }
    let all: Vec<String> = possible.iter().map(|word| format!("`{word}`")).collect();
    format!("possible here: {}", all.join(", "))
}

/// For a word that another key takes, under the key that it is often written for.
pub(super) fn elsewhere(given: &str, possible: &[&str]) -> Option<String> {
    let is_base = possible.contains(&"month_fees_in_scope");
    let is_sureness = ["stated", "inferred", "unknown", "assumed"].contains(&given);
    (is_base && is_sureness).then(|| {
        let all: Vec<String> = possible.iter().map(|word| format!("`{word}`")).collect();
        let all = all.join(", ");
        format!("how sure a credit table is stands in `schedule_basis`; possible here: {all}")
    })
}

/// A question about the nearest possible word, where one is near.
pub(super) fn near(given: &str, possible: &[&str]) -> Option<String> {
    nearest(given, possible.iter().copied()).map(|word| format!("did you mean `{word}`?"))
}
