//! A fingerprint of a text that stays the same while only white space, letter case, numbers and
//! the nonce change.
//!
//! 1. ASCII capitals become small letters; other letters stay, so that no table of Unicode and no
//!    version of it can change a fingerprint.
//! 2. The nonce, or the word drawn from it, is taken out wherever it stands, also in lower case.
//! 3. Each run of white space (Unicode's `White_Space`) becomes one space; none at the ends.
//! 4. Each run of ASCII digits becomes one `0`; a single space, `,`, `.`, `'` or `_` between two
//!    digits belongs to the run.
//! 5. The first 8 bytes of the SHA-256 of the UTF-8 bytes, in lower-case hexadecimal.

use sha2::{Digest as _, Sha256};

/// The fingerprint of `text`, whose changing word is `drawn`.
pub(super) fn of(text: &str, drawn: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let without = lower.replace(&drawn.to_ascii_lowercase(), "");
    let words: Vec<&str> = without.split_whitespace().collect();
    let masked = mask_numbers(&words.join(" "));
    let hash = Sha256::digest(masked.as_bytes());
    let first = hash[..8]
        .iter()
        .fold(0, |bits, byte| (bits << 8) | u64::from(*byte));
    format!("{first:016x}")
}

fn mask_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_number = false;
    while let Some(c) = chars.next() {
        let joins = matches!(c, ' ' | ',' | '.' | '\'' | '_')
            && chars.peek().is_some_and(char::is_ascii_digit);
        match (c.is_ascii_digit(), in_number) {
            (true, true) => {}
            (true, false) => masked.push('0'),
            (false, true) if joins => continue,
            (false, _) => masked.push(c),
        }
        in_number = c.is_ascii_digit();
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_those_of_the_documentation() {
        let same = [
            "The answer is 1403.",
            "the  answer\u{a0}is\n1,403.",
            " THE ANSWER IS 7.",
            "the answer is 1 403.",
            "pong-7f3a the answer is pong-7F3A 9.",
        ];
        for text in same {
            assert_eq!(of(text, "pong-7f3a"), of(same[0], "pong-7f3a"), "{text}");
        }
        assert_ne!(
            of("the answer is 0!", "pong-7f3a"),
            of(same[0], "pong-7f3a")
        );
        assert_eq!(mask_numbers("a 1,2 b. 3.x 4, 5"), "a 0 b. 0.x 0, 0");
    }

    #[test]
    fn known_texts_have_known_fingerprints() {
        // First 8 bytes of SHA-256 of nothing, and of `hello 0 world`.
        assert_eq!(of("pong-7f3a", "pong-7f3a"), "e3b0c44298fc1c14");
        assert_eq!(of(" Hello 12 WORLD", "pong-7f3a"), "0744f9ecf6dbc890");
    }
}
