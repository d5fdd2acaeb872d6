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

    /// How many minutes after the window's first a minute lies. One before the window counts as
    /// its first, one after it as its end, so that two positions always span minutes inside.
    #[must_use]
    pub fn position(self, minute: Minute) -> usize {
        let minute = minute.clamp(self.start, self.end);
        let offset = minute.get().abs_diff(self.start.get());
        usize::try_from(offset).unwrap_or(usize::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_the_first_minute_and_stay_within_the_ends() {
        let window = Window::new(Minute::new(-2), Minute::new(3)).unwrap();
        let positions = [i64::MIN, -3, -2, 0, 2, 3, i64::MAX];
        let positions = positions.map(|minute| window.position(Minute::new(minute)));
        assert_eq!(positions, [0, 0, 0, 2, 4, 5, 5]);
    }
}
