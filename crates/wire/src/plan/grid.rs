//! Where the slots of one target on one agent lie: an interval on the UTC epoch grid, shifted so
//! that the agents of a plan take turns.

use domain::UnixMillis;

/// All instants `offset + n * interval` since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    interval_ms: i64,
    offset_ms: i64,
}

impl Grid {
    /// A grid; the interval is above zero and the offset within one interval.
    pub(super) fn new(interval_ms: i64, offset_ms: i64) -> Self {
        Self {
            interval_ms,
            offset_ms,
        }
    }

    /// Milliseconds between slots.
    #[must_use]
    pub const fn interval_ms(self) -> i64 {
        self.interval_ms
    }

    /// First slot at or after an instant.
    #[must_use]
    pub fn at_or_after(self, at: UnixMillis) -> UnixMillis {
        let since = at.get() - self.offset_ms;
        let steps =
            since.div_euclid(self.interval_ms) + i64::from(since.rem_euclid(self.interval_ms) != 0);
        UnixMillis::new(self.offset_ms + steps * self.interval_ms)
    }

    /// The slot that follows a slot.
    #[must_use]
    pub fn after(self, slot: UnixMillis) -> UnixMillis {
        self.at_or_after(slot.plus_ms(1))
    }

    /// Whether an instant is a slot.
    #[must_use]
    pub fn contains(self, at: UnixMillis) -> bool {
        self.at_or_after(at) == at
    }

    /// Every slot in `[from, to)`, in order.
    pub fn between(self, from: UnixMillis, to: UnixMillis) -> impl Iterator<Item = UnixMillis> {
        let first = self.at_or_after(from);
        std::iter::successors(Some(first), move |slot| {
            Some(slot.plus_ms(self.interval_ms))
        })
        .take_while(move |slot| *slot < to)
    }

    /// How many slots lie in `[from, to)`.
    #[must_use]
    pub fn count(self, from: UnixMillis, to: UnixMillis) -> u64 {
        let (first, end) = (self.at_or_after(from).get(), self.at_or_after(to).get());
        ((end - first) / self.interval_ms).try_into().unwrap_or(0)
    }
}
