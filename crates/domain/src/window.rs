//! Half-open windows of whole minutes.

use serde::{Deserialize, Serialize};

use crate::time::Minute;

/// The minutes `[start, end)`, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Window {
    start: Minute,
    end: Minute,
}

/// The ends of a window as they stand in JSON.
#[derive(Serialize, Deserialize)]
struct Ends {
    start: Minute,
    end: Minute,
}

/// A window whose end is not after its start.
#[derive(Debug, thiserror::Error)]
#[error("a window must end after it starts")]
pub struct EmptyWindow;

impl Window {
    /// The window `[start, end)`.
    pub fn new(start: Minute, end: Minute) -> Result<Self, EmptyWindow> {
        if end > start {
            Ok(Self { start, end })
        } else {
            Err(EmptyWindow)
        }
    }

    /// First minute inside.
    #[must_use]
    pub const fn start(self) -> Minute {
        self.start
    }

    /// First minute after.
    #[must_use]
    pub const fn end(self) -> Minute {
        self.end
    }

    /// Length in minutes, at least 1.
    #[must_use]
    pub const fn minutes(self) -> u64 {
        (self.end.get() - self.start.get()).unsigned_abs()
    }

    /// Whether the minute lies inside.
    #[must_use]
    pub fn contains(self, minute: Minute) -> bool {
        (self.start..self.end).contains(&minute)
    }

    /// Every minute inside, in order.
    pub fn iter(self) -> impl Iterator<Item = Minute> {
        (self.start.get()..self.end.get()).map(Minute::new)
    }
}

impl TryFrom<Ends> for Window {
    type Error = EmptyWindow;

    fn try_from(ends: Ends) -> Result<Self, EmptyWindow> {
        Self::new(ends.start, ends.end)
    }
}

impl From<Window> for Ends {
    fn from(window: Window) -> Self {
        Self {
            start: window.start,
            end: window.end,
        }
    }
}
