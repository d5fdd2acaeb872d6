//! Questions whose right answer does not stand in the question: drawn from the nonce, so that
//! neither a cache nor a server that repeats its input can answer them.
//!
//! The draw is SHA-256 over a word for the kind and the nonce: the same on every platform.

use sha2::{Digest as _, Sha256};

use crate::spec::Nonce;

/// What may stand between groups of three digits; also a space of any width.
const GROUP_MARKS: [char; 5] = [',', '.', '\'', '’', '_'];
/// Letters that words are made of: one of the first, one of the second, three times.
const CONSONANTS: &[u8; 11] = b"bdfklmprtvz";
const VOWELS: &[u8; 5] = b"aeiou";

fn draw(kind: &str, nonce: &Nonce) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(nonce.as_str().as_bytes());
    hash.finalize().to_vec()
}

/// An addition of two numbers of three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) first: u64,
    pub(super) second: u64,
}

impl Sum {
    pub(super) fn drawn(nonce: &Nonce) -> Self {
        let bytes = draw("sum", nonce);
        let number =
            |at: usize| 100 + u64::from(u16::from_be_bytes([bytes[at], bytes[at + 1]])) % 900;
        Self {
            first: number(0),
            second: number(2),
        }
    }

    pub(super) fn prompt(self) -> String {
        let Self { first, second } = self;
        format!("What is {first} + {second}? Answer with the number only.")
    }

    /// Whether the text gives the sum: as its last number, with no other numbers than those of
    /// the question; or as single digits with nothing between them but white space.
    pub(super) fn is_answered_by(self, text: &str) -> bool {
        let sum = self.first + self.second;
        let numbers = numbers(text);
        let known = |number: &u64| [self.first, self.second, sum].contains(number);
        let given = numbers.last() == Some(&Some(sum))
            && numbers.iter().all(|n| n.as_ref().is_some_and(known));
        given || single_digits(text) == Some(sum)
    }
}

fn single_digits(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let single = words.iter().all(|word| word.len() == 1);
    single.then(|| words.concat().parse().ok())?
}

/// Numbers of a text in order, whole ones without a sign; any other is `None`.
fn numbers(text: &str) -> Vec<Option<u64>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let negative = rest[..at].ends_with(['-', '−']);
        let (first, mut behind) = split_digits(&rest[at..]);
        let mut whole = first.to_owned();
        while let (1..=3, Some((group, next))) = (first.len(), next_group(behind)) {
            whole.push_str(group);
            behind = next;
        }
        found.push(whole.parse().ok().filter(|_| !negative));
        rest = behind;
    }
    found
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A mark and exactly three digits.
fn next_group(text: &str) -> Option<(&str, &str)> {
    let mut chars = text.chars();
    let mark = chars.next()?;
    let (group, behind) = split_digits(chars.as_str());
    ((GROUP_MARKS.contains(&mark) || mark.is_whitespace()) && group.len() == 3)
        .then_some((group, behind))
}

/// A made-up word that is to be written a few times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) word: String,
    pub(super) times: usize,
}

impl Repeat {
    pub(super) fn drawn(nonce: &Nonce) -> Self {
        let bytes = draw("repeat", nonce);
        let letter = |of: &[u8], at: usize| char::from(of[usize::from(bytes[at]) % of.len()]);
        let syllable = |n: usize| [letter(CONSONANTS, 2 * n), letter(VOWELS, 2 * n + 1)];
        Self {
            word: (0..3).flat_map(syllable).collect(),
            times: 3 + usize::from(bytes[6]) % 4,
        }
    }

    pub(super) fn prompt(&self) -> String {
        let Self { word, times } = self;
        format!(
            "Write the word {word} exactly {times} times, separated by spaces, and nothing else."
        )
    }

    /// Whether the text holds the word as often as asked, in any letter case.
    pub(super) fn is_answered_by(&self, text: &str) -> bool {
        let seen = text
            .split(|c: char| !c.is_alphabetic())
            .filter(|word| word.eq_ignore_ascii_case(&self.word))
            .count();
        seen == self.times
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUM: Sum = Sum {
        first: 417,
        second: 986,
    };

    #[test]
    fn a_sum_is_found_with_its_separators_and_its_way() {
        for text in [
            "1403",
            " 1,403.\n",
            "1.403",
            "1 403",
            "1\u{202f}403",
            "1'403",
            "1 4 0 3",
            "**1403**",
            "417 + 986 = 1403",
            "The sum of 417 and 986 is 1,403.",
        ] {
            assert!(SUM.is_answered_by(text), "{text}");
        }
    }

    #[test]
    fn anything_but_the_sum_is_wrong() {
        for text in [
            "",
            "1402",
            "14030",
            "-1403",
            "1403.5",
            "What is 417 + 986? Answer with the number only.",
            "1401 1402 1403",
            "1403 is 417 + 986",
            "one thousand four hundred and three",
            "99999999999999999999999999 1403",
        ] {
            assert!(!SUM.is_answered_by(text), "{text}");
        }
    }

    #[test]
    fn a_word_counts_only_as_often_as_asked() {
        let repeat = Repeat {
            word: "bavoki".to_owned(),
            times: 3,
        };
        assert!(repeat.is_answered_by("bavoki bavoki bavoki"));
        assert!(repeat.is_answered_by("Bavoki, bavoki, bavoki."));
        assert!(!repeat.is_answered_by("bavoki bavoki"));
        assert!(!repeat.is_answered_by("bavoki bavoki bavoki bavoki"));
        assert!(!repeat.is_answered_by("bavokibavokibavoki"));
        assert!(!repeat.is_answered_by(&repeat.prompt()));
    }

    #[test]
    fn draws_are_the_same_on_every_machine() {
        let nonce: Nonce = "pong-7f3a".parse().unwrap();
        let sum = Sum::drawn(&nonce);
        let repeat = Repeat::drawn(&nonce);
        assert_eq!(
            (sum.first, sum.second, repeat.word.as_str(), repeat.times),
            (319, 214, "vobeto", 3)
        );
    }

    proptest! {
        #[test]
        fn no_question_holds_its_own_answer(nonce in "[a-zA-Z0-9_-]{8,64}") {
            let nonce: Nonce = nonce.parse().unwrap();
            let sum = Sum::drawn(&nonce);
            prop_assert!((100..1000).contains(&sum.first) && (100..1000).contains(&sum.second));
            prop_assert!(!sum.is_answered_by(&sum.prompt()));
            prop_assert!(sum.is_answered_by(&(sum.first + sum.second).to_string()));
            let repeat = Repeat::drawn(&nonce);
            prop_assert!(!repeat.is_answered_by(&repeat.prompt()));
            prop_assert!(repeat.is_answered_by(&vec![repeat.word.as_str(); repeat.times].join(" ")));
        }

        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,200}") {
            let nonce: Nonce = "pong-7f3a".parse().unwrap();
            let other = format!("{text}x5");
            prop_assert!(!Sum::drawn(&nonce).is_answered_by(&other));
            let _ = Repeat::drawn(&nonce).is_answered_by(&text);
        }
    }
}
