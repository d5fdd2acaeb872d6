//! Which word was probably meant: for answers to keys and values that nobody knows.
//!
//! Non-goal: languages. Letters differ or they do not.

/// Characters of a given text that are looked at: longer ones are like no word, and from outside.
const GIVEN_CHARS_MAX: usize = 60;

/// Fewest insertions, deletions, replacements and swaps of two neighbours, in characters, that
/// make one word of the other (optimal string alignment). Of `given`, only the first 60 characters
/// are looked at; `known` is a word of ours.
#[must_use]
pub fn distance(given: &str, known: &str) -> usize {
    let given: Vec<char> = given.chars().take(GIVEN_CHARS_MAX).collect();
    let known: Vec<char> = known.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=given.len()).collect()];
    for i in 1..=known.len() {
        let mut row = vec![i];
        for j in 1..=given.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(known[i - 1] != given[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && known[i - 1] == given[j - 2] && known[i - 2] == given[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[known.len()][given.len()]
}

/// The nearest of the words that are possible, where one is near: where at most every third of its
/// letters is wrong. Of equally near ones, the first in the alphabet.
pub fn nearest<'a>(given: &str, possible: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    possible
        .into_iter()
        .map(|word| (distance(given, word), word))
        .min()
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(given: &str, known: &str, edits: usize) {
        assert_eq!(distance(given, known), edits);
    }

    #[test]
    fn every_kind_of_slip_is_one_edit() {
        check("window", "window", 0);
        check("windoww", "window", 1);
        check("windw", "window", 1);
        check("wimdow", "window", 1);
        check("widnow", "window", 1);
        check("", "window", 6);
        check("window", "", 6);
        check("größe", "grösse", 2);
    }

    #[test]
    fn only_the_start_of_a_long_text_is_looked_at() {
        check(&"x".repeat(1_000_000), "x", GIVEN_CHARS_MAX - 1);
    }

    #[test]
    fn a_word_is_named_where_at_most_every_third_letter_is_wrong() {
        let words = ["target", "metric", "id"];
        assert_eq!(nearest("tagret", words), Some("target"));
        assert_eq!(nearest("taxxet", words), Some("target"));
        assert_eq!(nearest("taxxxt", words), None);
        assert_eq!(nearest("ix", ["iz", "id"]), Some("id"));
        assert_eq!(nearest("target", []), None);
    }

    proptest! {
        #[test]
        fn the_distance_is_the_same_both_ways(a in "[abc]{0,8}", b in "[abc]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            let lengths = a.len().abs_diff(b.len())..=a.len().max(b.len());
            prop_assert!(lengths.contains(&distance(&a, &b)));
        }
    }
}
