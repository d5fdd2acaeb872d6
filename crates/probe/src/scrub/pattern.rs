//! What is removed for its looks: credentials, customer ids, addresses, and what a model wrote.
//!
//! Patterns match too much rather than too little: a harmless word that is lost costs a look into
//! the provider's own logs, by the request id.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex_lite::Regex;

/// Longest run of characters of base64 that passes.
const RUN_MAX: usize = 31;

/// A kind of text, how it begins, and what a match must be beyond that.
struct Pattern {
    kind: &'static str,
    regex: Regex,
    is_one: fn(&str) -> bool,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .map(|(kind, source, is_one)| Pattern {
            kind,
            regex: Regex::new(source).expect("a test compiles every pattern"),
            is_one: *is_one,
        })
        .collect()
});

type Source = (&'static str, &'static str, fn(&str) -> bool);

const SOURCES: [Source; 16] = [
    (
        "answer",
        r#"(?i)"(?:failed_generation|partial_response|completion|generated_text|reasoning_content|reasoning|content|input)"\s*:\s*"(?:[^"\\]|\\.)*(?:"|$)"#,
        always,
    ),
    (
        "bearer",
        r"(?i)\b(?:bearer|basic)[\s:]+[A-Za-z0-9._~+/=*-]{6,}",
        always,
    ),
    (
        "key",
        r#"(?i)\b(?:x-)?(?:api[_-]?key|access[_-]?key|access[_-]?token|secret|password|passwd|authorization|cookie|client[_-]?secret|session[_-]?token|signature)["']?\s*[:=]\s*["']?[^\s"',;&<>{}\[\]]{4,}"#,
        always,
    ),
    (
        "key",
        r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi|r8|pplx|ghp|gho|glpat|xox[a-z]|csk|sess)[-_][A-Za-z0-9_*.-]{4,}",
        always,
    ),
    (
        "key",
        r"(?:AKIA|ASIA|AROA|AIDA|ABSK)[A-Za-z0-9+/=]{12,}",
        always,
    ),
    ("key", r"AIza[A-Za-z0-9_-]{16,}", always),
    ("key", r"\bya29\.[A-Za-z0-9._-]+", always),
    (
        "key",
        r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?",
        always,
    ),
    (
        "key",
        r"(?s)-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|$)",
        always,
    ),
    ("key", r"://[^\s/@]+@", always),
    (
        "account",
        r"\b(?:org|proj|acct)[-_][A-Za-z0-9_-]{3,}|projects/[A-Za-z0-9_-]+",
        always,
    ),
    (
        "account",
        r#"(?i)\b(?:project|account|organization|organisation|workspace|tenant|subscription|user)(?:[ _-]?(?:number|id))?["']?[\s:=]{1,3}["']?[A-Za-z0-9-]{6,}"#,
        names_id,
    ),
    (
        "account",
        r"arn:aws[a-z-]*:[^\s,<>\x22']*|[0-9]{12,}",
        is_account,
    ),
    (
        "email",
        r"[A-Za-z0-9._%+'\x01-]+@[A-Za-z0-9\x01-]+(?:\.[A-Za-z0-9\x01-]+)+",
        always,
    ),
    (
        "address",
        r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}",
        is_address,
    ),
    ("run", r"[A-Za-z0-9+/_=-]{32,}", is_random),
];

fn always(_: &str) -> bool {
    true
}

/// An id has digits; words that follow `user` or `account` in a sentence have none.
fn names_id(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

/// Account ids of AWS and numbers of projects have twelve digits.
fn is_account(text: &str) -> bool {
    text.starts_with("arn") || text.len() == 12
}

fn is_address(text: &str) -> bool {
    text.contains('.')
        || text
            .parse::<Ipv6Addr>()
            .is_ok_and(|ip| !ip.is_unspecified())
}

/// Whether a run was drawn rather than written: names of limits and paths have neither digits nor
/// capitals in the middle.
fn is_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    let rises = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    text.len() > RUN_MAX && (text.contains(|c: char| c.is_ascii_digit()) || rises.count() >= 3)
}

/// Ranges of `text`, which is ASCII, and what stands there; `known` are ids that may stay.
pub(super) fn find(text: &str, known: &[String]) -> Vec<(usize, usize, &'static str)> {
    let mut found = Vec::new();
    for pattern in PATTERNS.iter() {
        for at in pattern.regex.find_iter(text) {
            // What stands around an id may make the run longer, such as `id=`.
            let is_rest = |id: &String| at.as_str().contains(id) && at.len() - id.len() <= RUN_MAX;
            let is_known = pattern.kind == "run" && known.iter().any(is_rest);
            if !is_known && (pattern.is_one)(at.as_str()) {
                found.push((at.start(), at.end(), pattern.kind));
            }
        }
    }
    found
}
