//! Contracts and results in sentences, shared by the report in a bundle and by the pages of
//! whoever made it, so that the two never tell different stories.
//!
//! Plain text without markup: callers escape it. Nothing is computed here, and nothing is said
//! that contract or assessment do not say. A sentence about a result is about these requests in
//! this window, never about a provider's availability in general.

pub mod checking;
pub mod credit;
pub mod finding;
pub mod number;
pub mod outcome;
pub mod promise;
pub mod reading;
pub mod terms;

#[cfg(test)]
mod tests;

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}
