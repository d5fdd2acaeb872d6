//! Where the slots of one target on one agent lie: an interval on the UTC epoch grid, or the
//! minutes of a cron schedule in UTC, shifted so that the agents of a plan take turns, and so that
//! its targets do not all fall due at once.

use domain::UnixMillis;

use super::cron::Times;

/// Milliseconds of a minute: no two slots of a cron schedule lie closer, and its agents take turns
/// within one.
pub(super) const MINUTE_MS: i64 = 60_000;

/// The odd number nearest to 2^64 over the golden ratio: multiples of it, modulo 2^64, lie evenly
/// however many there are, so that a target at the end of a plan moves none before it.
const PHASE_STEP: u64 = 11_400_714_819_323_198_485;

/// How far into its window each target's slots are moved on all agents alike, milliseconds; the
/// target's place in the plan counts from 0.
pub(super) fn phase_ms(window_ms: i64, place: u64) -> i64 {
    let part = u128::from(place.wrapping_mul(PHASE_STEP));
    let window_ms = u128::try_from(window_ms).unwrap_or(0);
    i64::try_from((window_ms * part) >> 64).unwrap_or(0)
}

/// All instants `offset + n * interval` since the epoch, or `offset` after each minute that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    rhythm: Rhythm,
    offset_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rhythm {
    /// So many milliseconds, above zero.
    Every(i64),
    /// Minutes that fit.
    Cron(Times),
}

/// Slots that follow each other at even distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The last of them.
    pub last: UnixMillis,
    /// How many, at least 1.
    pub count: u64,
}

impl Grid {
    /// A grid; the offset is within the smallest distance between slots.
    pub(super) const fn new(rhythm: Rhythm, offset_ms: i64) -> Self {
        Self { rhythm, offset_ms }
    }

    /// Milliseconds between two slots, at least.
    #[must_use]
    pub const fn gap_ms_min(self) -> i64 {
        match self.rhythm {
            Rhythm::Every(interval_ms) => interval_ms,
            Rhythm::Cron(_) => MINUTE_MS,
        }
    }

    /// First slot at or after an instant.
    #[must_use]
    pub fn at_or_after(self, at: UnixMillis) -> UnixMillis {
        let step = self.gap_ms_min();
        let since = at.get().saturating_sub(self.offset_ms);
        let steps = since.div_euclid(step) + i64::from(since.rem_euclid(step) != 0);
        let steps = match self.rhythm {
            Rhythm::Every(_) => steps,
            Rhythm::Cron(times) => times.at_or_after(steps),
        };
        UnixMillis::new(steps.saturating_mul(step).saturating_add(self.offset_ms))
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
        std::iter::successors(Some(first), move |slot| Some(self.after(*slot)))
            .take_while(move |slot| *slot < to)
    }

    /// How many slots lie in `[from, to)`.
    #[must_use]
    pub fn count(self, from: UnixMillis, to: UnixMillis) -> u64 {
        let step = self.gap_ms_min();
        let (first, end) = (self.at_or_after(from).get(), self.at_or_after(to).get());
        match self.rhythm {
            Rhythm::Every(_) => (end.saturating_sub(first) / step).try_into().unwrap_or(0),
            Rhythm::Cron(times) => times.count(first.div_euclid(step), end.div_euclid(step)),
        }
    }

    /// The slots from `first`, a slot, that lie before `end` at even distances, at most
    /// `count_max` of them: what one gap line can state.
    #[must_use]
    pub fn run(self, first: UnixMillis, end: UnixMillis, count_max: u64) -> Run {
        let mut run = Run {
            last: first,
            count: 1,
        };
        if let Rhythm::Every(interval_ms) = self.rhythm {
            run.count = self.count(first, end).clamp(1, count_max.max(1));
            let steps = i64::try_from(run.count - 1).unwrap_or(i64::MAX);
            run.last = first.plus_ms(steps.saturating_mul(interval_ms));
            return run;
        }
        let second = self.after(first);
        let step = second.get().saturating_sub(first.get());
        let mut next = second;
        while run.count < count_max && next < end && next == run.last.plus_ms(step) {
            run = Run {
                last: next,
                count: run.count + 1,
            };
            next = self.after(next);
        }
        run
    }
}
