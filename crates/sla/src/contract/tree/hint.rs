//! What was probably meant.

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
    nearest_word(given, possible).map(|word| format!("did you mean `{word}`?"))
}

/// The nearest possible word, where one is near.
pub(crate) fn nearest_word<'a>(given: &str, possible: &[&'a str]) -> Option<&'a str> {
    possible
        .iter()
        .map(|word| (distance(given, word), *word))
        .min()
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
        .map(|(_, word)| word)
}

/// Edit distance in characters, two swapped neighbours being one edit. Only the start of long
/// texts is looked at: they are far from any word.
fn distance(given: &str, word: &str) -> usize {
    let given: Vec<char> = given.chars().take(SHOWN_CHARS_MAX).collect();
    let word: Vec<char> = word.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=given.len()).collect()];
    for i in 1..=word.len() {
        let mut row = vec![i];
        for j in 1..=given.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(word[i - 1] != given[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && word[i - 1] == given[j - 2] && word[i - 2] == given[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[word.len()][given.len()]
}
