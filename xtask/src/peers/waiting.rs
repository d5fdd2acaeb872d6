//! Waiting, with an end, for other programs.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

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
        reason = "no runtime is here to block, and neither the end of a child nor the readiness of \
                  a server is announced: both are looked at, in bounded turns"
    )]
    pub(super) fn pause(self) -> bool {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(LOOK_EVERY.min(left));
        true
    }
}

/// How the child ended; `None`, and it is killed, when it did not in time.
pub(super) fn ended(child: &mut Child, deadline: Deadline) -> Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait().context("failed to look after a program")? {
            return Ok(Some(status));
        }
        if !deadline.pause() {
            child.kill().context("failed to kill a program")?;
            child
                .wait()
                .context("failed to wait for a killed program")?;
            return Ok(None);
        }
    }
}
