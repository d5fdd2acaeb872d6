//! Waiting, with an end, for facts that no event announces.

use std::time::{Duration, Instant};

/// Between two looks at the pid file or a process: short against the tens of milliseconds that a
/// warm start takes, long against the cost of a look.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A moment after which waiting is an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// Pauses before the next look; false when there must be none.
    #[expect(
        clippy::disallowed_methods,
        reason = "this crate is blocking by contract, and Postgres announces neither its start nor \
                  its end to anyone but its parent: the state itself is looked at, in bounded turns"
    )]
    pub(crate) fn pause(self) -> bool {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(LOOK_EVERY.min(left));
        true
    }
}
