//! Addresses of our own pages, and which addresses from outside may become links.

use std::fmt::Write as _;

use domain::{ContractId, TargetId};

use super::view::Asked;

/// The page of a contract's newest window.
#[must_use]
pub(crate) fn contract(id: &ContractId) -> String {
    format!("/contracts/{}", segment(id.as_str()))
}

/// The page of a target.
#[must_use]
pub(crate) fn target(id: &TargetId) -> String {
    format!("/targets/{}", segment(id.as_str()))
}

/// Targets on the front page.
#[must_use]
pub(crate) fn listing(asked: &Asked) -> String {
    let mut pairs = Vec::new();
    if !asked.name.is_empty() {
        pairs.push(format!("q={}", segment(&asked.name)));
    }
    if let Some(state) = asked.state {
        pairs.push(format!("state={}", state.as_str()));
    }
    if asked.page > 0 {
        pairs.push(format!("page={}", asked.page + 1));
    }
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("/{mark}{}#now", pairs.join("&"))
}

/// The page of a violation.
#[must_use]
pub(crate) fn violation(name: &str) -> String {
    format!("/violations/{}", segment(name))
}

/// The letter of a claim.
#[must_use]
pub(crate) fn letter(claim: &str) -> String {
    format!("/api/v1/claims/{}/letter", segment(claim))
}

/// The page of a claim.
#[must_use]
pub(crate) fn claim(name: &str) -> String {
    format!("/claims/{}", segment(name))
}

/// The log of a claim's failed requests.
#[must_use]
pub(crate) fn requests(claim: &str) -> String {
    format!("/api/v1/claims/{}/requests.csv", segment(claim))
}

/// The text of a notice.
#[must_use]
pub(crate) fn notice(name: &str) -> String {
    format!("/api/v1/notices/{}/letter", segment(name))
}

/// The log of a notice's failed requests.
#[must_use]
pub(crate) fn notice_requests(name: &str) -> String {
    format!("/api/v1/notices/{}/requests.csv", segment(name))
}

/// An address from a contract file, where following it can do no more than open a web page.
pub(super) fn outside(url: &str) -> Option<&str> {
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}

/// Percent-encodes all but unreserved characters, so that a name cannot leave its place in a path.
fn segment(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    text
}
