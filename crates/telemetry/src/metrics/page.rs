//! What comes of reading providers' status pages.

/// What came of a look at a status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageResult {
    /// Another version than before.
    Changed,
    /// As it was.
    Unchanged,
    /// No answer, or none that is one.
    Unavailable,
}

impl PageResult {
    /// The value of `published.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Unavailable => "unavailable",
        }
    }
}
