//! Instants and grids, as integers with their unit in the type.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

macro_rules! instant {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $type(i64);

        impl $type {
            /// Wraps a count of this unit since 1970-01-01T00:00:00Z.
            #[must_use]
            pub const fn new(count: i64) -> Self {
                Self(count)
            }

            /// The count of this unit since 1970-01-01T00:00:00Z.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }
    };
}

instant!(
    /// Microseconds since the Unix epoch, UTC. Nanoseconds would leave the 2^53 of JSON integers.
    UnixMicros
);
instant!(
    /// Milliseconds since the Unix epoch, UTC: the grid of slots.
    UnixMillis
);
instant!(
    /// Whole minutes since the Unix epoch, UTC: the grid of contracts.
    Minute
);
instant!(
    /// Whole hours since the Unix epoch, UTC: the grain in which cells are stored.
    Hour
);

impl UnixMicros {
    /// As a calendar type; instants outside chrono's range become the epoch's ends.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// The same instant, floored to milliseconds.
    #[must_use]
    pub const fn to_millis(self) -> UnixMillis {
        UnixMillis(self.0.div_euclid(1_000))
    }
}

impl UnixMillis {
    /// The same instant in microseconds.
    #[must_use]
    pub const fn to_micros(self) -> UnixMicros {
        UnixMicros(self.0.saturating_mul(1_000))
    }

    /// The minute it falls into.
    #[must_use]
    pub const fn minute(self) -> Minute {
        Minute(self.0.div_euclid(60_000))
    }

    /// The instant `ms` later (earlier when negative).
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl From<DateTime<Utc>> for UnixMicros {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl From<DateTime<Utc>> for UnixMillis {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

impl fmt::Display for UnixMillis {
    /// RFC 3339 with `Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_micros().to_utc();
        f.write_str(&at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }
}

impl Minute {
    /// Its first millisecond.
    #[must_use]
    pub const fn start(self) -> UnixMillis {
        UnixMillis(self.0.saturating_mul(60_000))
    }

    /// The hour it lies in.
    #[must_use]
    pub const fn hour(self) -> Hour {
        Hour(self.0.div_euclid(60))
    }

    /// The minute `n` later (earlier when negative).
    #[must_use]
    pub const fn plus(self, n: i64) -> Self {
        Self(self.0.saturating_add(n))
    }
}

impl Hour {
    /// Its first minute.
    #[must_use]
    pub const fn first_minute(self) -> Minute {
        Minute(self.0.saturating_mul(60))
    }
}
