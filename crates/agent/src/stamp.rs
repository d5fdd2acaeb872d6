//! One reading of both clocks, so that a verifier can hold them against each other.

use std::sync::Arc;

use domain::{Clock, UnixMicros};
use tokio::time::Instant;

/// Wall and monotonic clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// UTC by the machine's clock.
    pub wall: UnixMicros,
    /// Microseconds since the agent's run began.
    pub mono_us: u64,
}

impl Stamp {
    /// Both clocks so many microseconds later.
    #[must_use]
    pub(crate) fn after_us(self, passed: u64) -> Self {
        Self {
            wall: UnixMicros::new(self.wall.get().saturating_add_unsigned(passed)),
            mono_us: self.mono_us.saturating_add(passed),
        }
    }
}

/// The id of a run: random, so that the monotonic stamps of two runs are never compared.
pub fn boot_id() -> Result<u64, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Reads both clocks for one run of an agent.
#[derive(Clone, Debug)]
pub struct Timebase {
    clock: Arc<dyn Clock>,
    start: Instant,
}

impl Timebase {
    /// Starts the monotonic clock at zero.
    #[must_use]
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            start: Instant::now(),
        }
    }

    /// Both clocks, now.
    #[must_use]
    pub fn now(&self) -> Stamp {
        let mono_us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Stamp {
            wall: self.clock.now(),
            mono_us,
        }
    }

    /// The runtime's instant at which the monotonic clock shows `mono_us`.
    #[must_use]
    pub fn instant(&self, mono_us: u64) -> Instant {
        self.start + std::time::Duration::from_micros(mono_us)
    }
}
