//! Service tiers in the order of what they promise.
//!
//! Providers use different words for three promises; a word that is not in the table is never
//! judged, and words of one row are not ordered among each other. `auto` promises nothing.
//! Sources: the API references of OpenAI, Anthropic, Google, Amazon and Groq.

/// What a tier promises, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Promise {
    /// Spare capacity.
    Spare,
    /// The usual.
    Standard,
    /// Precedence or reserved capacity.
    Precedence,
}

const WORDS: [(&str, Promise); 13] = [
    ("batch", Promise::Spare),
    ("flex", Promise::Spare),
    ("on_demand_flex", Promise::Spare),
    ("default", Promise::Standard),
    ("on_demand", Promise::Standard),
    ("standard", Promise::Standard),
    ("standard_only", Promise::Standard),
    ("on_demand_priority", Promise::Precedence),
    ("performance", Promise::Precedence),
    ("priority", Promise::Precedence),
    ("provisioned_throughput", Promise::Precedence),
    ("reserved", Promise::Precedence),
    ("scale", Promise::Precedence),
];

fn promise(word: &str) -> Option<Promise> {
    let known = |(name, _): &&(&str, Promise)| word.eq_ignore_ascii_case(name);
    WORDS.iter().find(known).map(|(_, promise)| *promise)
}

/// Whether `served` promises less than `asked`, as far as both words are known.
#[must_use]
pub fn is_lesser(asked: &str, served: &str) -> bool {
    match (promise(asked), promise(served)) {
        (Some(asked), Some(served)) => served < asked,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesser_promise_is_seen_in_every_providers_words() {
        for (asked, served) in [
            ("priority", "default"),
            ("priority", "flex"),
            ("scale", "default"),
            ("default", "flex"),
            ("priority", "standard"),
            ("standard_only", "batch"),
            ("PRIORITY", "ON_DEMAND"),
            ("performance", "on_demand"),
            ("reserved", "default"),
        ] {
            assert!(is_lesser(asked, served), "{asked} {served}");
            assert!(!is_lesser(served, asked), "{served} {asked}");
        }
    }

    #[test]
    fn equal_better_and_unknown_words_are_not_held_against_anyone() {
        for (asked, served) in [
            ("standard_only", "standard"),
            ("default", "standard"),
            ("flex", "default"),
            ("standard_only", "priority"),
            ("scale", "priority"),
            ("auto", "flex"),
            ("priority", "auto"),
            ("priority", "turbo"),
            ("turbo", "flex"),
            ("priority", ""),
        ] {
            assert!(!is_lesser(asked, served), "{asked} {served}");
        }
    }

    #[test]
    fn no_word_stands_twice() {
        for (at, (word, _)) in WORDS.iter().enumerate() {
            assert!(WORDS[at + 1..].iter().all(|(other, _)| other != word));
        }
    }
}
