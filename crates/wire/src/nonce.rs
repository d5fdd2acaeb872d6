//! The nonce of an attempt: what its prompt asks back and its `x-client-request-id` carries.
//!
//! It follows from a seed of the slot's day and from the attempt's name, so that the log of a
//! provider confirms an attempt of which no answer came, and no sample needs to hold it. The seeds
//! of the days form a chain: each is the SHA-256 of the next day's. The first one, of 1970-01-01,
//! stands in the logged plan and commits to all; the last one is the root, which only collector and
//! agents hold. A day's seed is revealed when the day is over: it gives the seeds of all days
//! before it, and of none after it.
//!
//! Invariants: what is revealed tells nobody the nonce of a slot to come; a commitment fits one
//! seed for each day. Non-goals: unpredictable slots. When an attempt is due follows from the plan.

use std::fmt;

use domain::{AgentId, Kind, TargetId, UnixMillis};
use evidence::hash::{Hash, HashError, to_hex};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The last day that has a seed, in days since the epoch: 2069-12-31.
pub const DAY_MAX: u32 = 36_524;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Bytes of a nonce, which is written in twice as many hexadecimal digits.
const NONCE_BYTES: usize = 16;

/// The day of a slot: days since the epoch in UTC. What lies outside counts to the first or the
/// last day that has a seed.
#[must_use]
pub fn day_of(slot: UnixMillis) -> u32 {
    let day = slot.get().div_euclid(DAY_MS);
    u32::try_from(day.max(0)).unwrap_or(DAY_MAX).min(DAY_MAX)
}

/// The last day that is wholly over at a moment; `None` on the first.
#[must_use]
pub fn last_day_over(at: UnixMillis) -> Option<u32> {
    day_of(at).checked_sub(1)
}

/// An attempt, as nobody else has it.
#[derive(Clone, Copy, Debug)]
pub struct AttemptName<'a> {
    /// Who makes it.
    pub agent: &'a AgentId,
    /// What is probed.
    pub target: &'a TargetId,
    /// Why it is made.
    pub kind: Kind,
    /// The planned moment; of `confirm` that of the order.
    pub slot: UnixMillis,
    /// The sample's `attempt`: 1 for the slot's own, 2 and up for its burst, 101 and up for what
    /// was ordered.
    pub number: u32,
}

/// The root of an installation's seeds: that of the last day. A secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NonceRoot(Hash);

impl NonceRoot {
    /// The root that follows from another secret of the installation.
    #[must_use]
    pub fn derived(secret: &[u8; 32]) -> Self {
        Self(Hash::from_bytes(*secret).hmac(b"nines/nonce-root/v1\n"))
    }

    /// Takes 32 random bytes as they are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Hash::from_bytes(bytes))
    }

    /// The seed of a day, at most [`DAY_MAX`]. Costs a hash for every day up to the last.
    #[must_use]
    pub fn seed(&self, day: u32) -> Seed {
        let last = Seed {
            day: DAY_MAX,
            seed: self.0,
        };
        last.earlier(day).unwrap_or(last)
    }

    /// What a plan states of it.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        self.seed(0).seed
    }
}

impl fmt::Debug for NonceRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonceRoot(..)")
    }
}

impl TryFrom<String> for NonceRoot {
    type Error = HashError;

    fn try_from(text: String) -> Result<Self, HashError> {
        text.parse().map(Self)
    }
}

impl From<NonceRoot> for String {
    /// Base64: for the state directory and the answer to the agent, and nothing else.
    fn from(root: NonceRoot) -> Self {
        root.0.to_string()
    }
}

/// The seed of one day. A secret until the day is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    day: u32,
    seed: Hash,
}

impl Seed {
    /// A seed that was revealed; `None` for a day that has none.
    #[must_use]
    pub fn revealed(day: u32, seed: Hash) -> Option<Self> {
        (day <= DAY_MAX).then_some(Self { day, seed })
    }

    /// Its day, since the epoch.
    #[must_use]
    pub const fn day(&self) -> u32 {
        self.day
    }

    /// Its value, for whoever may know it.
    #[must_use]
    pub const fn reveal(&self) -> Hash {
        self.seed
    }

    /// The seed of a day that is not later than this one's; `None` for later ones.
    #[must_use]
    pub fn earlier(&self, day: u32) -> Option<Self> {
        let steps = self.day.checked_sub(day)?;
        let seed = (0..steps).fold(self.seed, |seed, _| Hash::of(seed.as_bytes()));
        Some(Self { day, seed })
    }

    /// The seed of the first day, which plans state: the commitment to this seed and to those of
    /// all days.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        self.earlier(0).map_or(self.seed, |first| first.seed)
    }

    /// The nonce of an attempt in a slot of this day: 32 lower-case hexadecimal digits. `None`
    /// where the slot is of another day.
    #[must_use]
    pub fn nonce(&self, attempt: &AttemptName<'_>) -> Option<String> {
        let AttemptName {
            agent,
            target,
            kind,
            slot,
            number,
        } = attempt;
        if day_of(*slot) != self.day {
            return None;
        }
        let slot = slot.get();
        let text = format!("nines/nonce/v1\n{target}\n{agent}\n{kind}\n{slot}\n{number}\n");
        let mac = self.seed.hmac(text.as_bytes());
        Some(to_hex(&mac.as_bytes()[..NONCE_BYTES]))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seed")
            .field("day", &self.day)
            .finish_non_exhaustive()
    }
}
