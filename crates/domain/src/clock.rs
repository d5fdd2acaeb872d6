//! The only place that reads a wall clock; everything else is handed a [`Clock`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::time::UnixMicros;

/// A source of wall-clock time. Durations never come from it: they are measured on the
/// monotonic clock of the runtime.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now, UTC, in microseconds since the Unix epoch.
    fn now(&self) -> UnixMicros;

    /// Now, as a calendar type.
    fn now_utc(&self) -> DateTime<Utc> {
        self.now().to_utc()
    }
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the wall clock is read"
    )]
    fn now(&self) -> UnixMicros {
        UnixMicros::new(Utc::now().timestamp_micros())
    }
}

/// A clock that stands still until it is set: simulated time, and tests.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `start` until it is set; clones show the same time.
    #[must_use]
    pub fn at(start: UnixMicros) -> Self {
        Self(Arc::new(AtomicI64::new(start.get())))
    }

    /// Sets the time shown.
    pub fn set(&self, now: UnixMicros) {
        self.0.store(now.get(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMicros {
        UnixMicros::new(self.0.load(Ordering::SeqCst))
    }
}
