//! Small moves of slots, so that probes do not all come on the round second. Seeded by the plan:
//! anybody can compute when an attempt had to begin, and nobody can choose it afterwards.

use domain::{AgentId, TargetId, UnixMillis};
use evidence::hash::Hash;

/// Moves the slots of one target on one agent. A slot keeps its name, the moment on the grid; only
/// its attempt begins later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jitter {
    max_ms: u32,
    seed: String,
}

impl Jitter {
    /// Moves of 0 to `max_ms` milliseconds.
    pub(super) fn new(max_ms: u32, revision: u64, target: &TargetId, agent: &AgentId) -> Self {
        Self {
            max_ms,
            seed: format!("nines/jitter/v1\n{revision}\n{target}\n{agent}\n"),
        }
    }

    /// The most that a slot is moved, milliseconds.
    #[must_use]
    pub fn max_ms(&self) -> i64 {
        self.max_ms.into()
    }

    /// When the attempt of a slot has to begin: the slot, and the first eight bytes of the SHA-256
    /// of `nines/jitter/v1`, plan revision, target, agent and the slot in milliseconds, each ended
    /// by a line feed, as a big-endian number modulo `max_ms + 1`.
    #[must_use]
    pub fn moved(&self, slot: UnixMillis) -> UnixMillis {
        if self.max_ms == 0 {
            return slot;
        }
        let hash = Hash::of(format!("{}{}\n", self.seed, slot.get()).as_bytes());
        let mut drawn = [0; 8];
        drawn.copy_from_slice(&hash.as_bytes()[..8]);
        let drawn = u64::from_be_bytes(drawn) % (u64::from(self.max_ms) + 1);
        slot.plus_ms(i64::try_from(drawn).unwrap_or(0))
    }
}
