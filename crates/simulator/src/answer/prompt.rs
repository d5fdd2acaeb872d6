//! What the simulated model makes of a prompt: it follows a few simple orders, so that a probe's
//! challenges can be met, and says one fixed sentence to everything else.
//!
//! Non-goals: language. Orders are found by their words; the last one understood is not special,
//! the first kind in [`reply_to`] wins.

use serde::de::IgnoredAny;

/// Said when the prompt gives no order that is understood.
const SENTENCE: &str = "This answer comes from a simulator: no model has read the question.";

/// Most repetitions of a word: a prompt must not make the simulator build endless text.
const REPETITIONS_MAX: usize = 2_000;

/// The reply to a prompt.
pub(super) fn reply_to(prompt: &str) -> String {
    echo(prompt)
        .or_else(|| json_object(prompt))
        .or_else(|| repetition(prompt))
        .or_else(|| sum(prompt))
        .unwrap_or_else(|| SENTENCE.to_owned())
}

/// `Reply with exactly: X`: the rest of the line, trimmed.
fn echo(prompt: &str) -> Option<String> {
    let (_, rest) = prompt.split_once("Reply with exactly:")?;
    Some(first_line(rest).to_owned())
}

fn first_line(text: &str) -> &str {
    let line = text.trim_start().lines().next();
    line.unwrap_or_default().trim_end()
}

/// `Reply with this JSON object only: {…}`: the object, letter for letter.
fn json_object(prompt: &str) -> Option<String> {
    let (_, rest) = prompt.split_once("JSON")?;
    let rest = &rest[rest.find('{')?..];
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    rest.get(..values.byte_offset()).map(str::to_owned)
}

/// `Repeat this word 3 times: X`, `Repeat the word "X" 3 times`, `Repeat the word X 3 times`: the
/// word as often as asked, with single spaces.
fn repetition(prompt: &str) -> Option<String> {
    let (_, rest) = prompt.split_once("Repeat ")?;
    let (before, after) = rest.split_once(" times")?;
    let times: usize = before.rsplit(' ').next()?.parse().ok()?;
    let word = match after.split_once(':') {
        Some((_, told)) => first_line(told),
        None => before.rsplit(' ').nth(1)?,
    };
    let word = word.trim_matches(|mark: char| "\"'`.".contains(mark));
    let words = vec![word; times.min(REPETITIONS_MAX)];
    (!word.is_empty()).then(|| words.join(" "))
}

/// `A + B`: the sum alone. The first plus sign between two whole numbers counts.
fn sum(prompt: &str) -> Option<String> {
    prompt.match_indices('+').find_map(|(at, plus)| {
        let left = prompt[..at].trim_end();
        let digits = left.trim_end_matches(|character: char| character.is_ascii_digit());
        let right = prompt[at + plus.len()..].trim_start();
        let end = right.find(|character: char| !character.is_ascii_digit());
        let left: u64 = left[digits.len()..].parse().ok()?;
        let right: u64 = right[..end.unwrap_or(right.len())].parse().ok()?;
        Some(left.checked_add(right)?.to_string())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(prompt: &str, reply: &str) {
        assert_eq!(reply_to(prompt), reply, "{prompt}");
    }

    #[test]
    fn what_is_to_be_repeated_is_repeated_to_the_end_of_its_line() {
        check("Reply with exactly: pong-7f3a", "pong-7f3a");
        check("Hi. Reply with exactly:  a b \nThanks", "a b");
        check("Reply with exactly: 1 + 1", "1 + 1");
    }

    #[test]
    fn a_word_is_repeated_as_often_as_asked() {
        check("Repeat this word 3 times: blue", "blue blue blue");
        check("Repeat the word \"blue\" 2 times.", "blue blue");
        check("Repeat the word blue 2 times, nothing else.", "blue blue");
        check("Repeat this word 0 times: blue", "");
        let many = reply_to("Repeat this word 999999999 times: x");
        assert_eq!(many.split(' ').count(), REPETITIONS_MAX);
    }

    #[test]
    fn two_numbers_are_added() {
        check("What is 17 + 25? Answer with the number only.", "42");
        check("C++ aside, 2+2", "4");
        check("What is 18446744073709551615 + 1?", SENTENCE);
    }

    #[test]
    fn a_json_object_is_returned_letter_for_letter() {
        let object = r#"{"b": [1, "}"], "a":{}}"#;
        check(
            &format!("Reply with this JSON object only: {object} and stop"),
            object,
        );
        check("Reply with this JSON object only: {oops", SENTENCE);
    }

    #[test]
    fn everything_else_gets_the_sentence() {
        check("Tell me a joke", SENTENCE);
        check("", SENTENCE);
    }

    proptest! {
        #[test]
        fn no_prompt_is_too_strange(prompt in r#"(Reply with exactly:|Repeat | times|JSON|\{|\+|[0-9]|:|"|é| |.){0,24}"#) {
            reply_to(&prompt);
        }
    }
}
