//! What was spent, and whether one more call may be. Pure: time and prices are arguments.
//!
//! Invariants: a call is counted at its worst before it is made, and at less only once it is known
//! that it cost less, so that what stands here is never below what was spent; a cap is never passed
//! by a call that keeps to its bound; a clock that steps back or forth loses no count, for every
//! day and month has its own.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use domain::{Kind, TargetId, UnixMillis};
use serde::{Deserialize, Serialize};
use wire::plan::{Budget, Usd};

/// Days and months of which counts are kept. More than two, because clocks are set and set back.
const PERIODS_MAX: usize = 8;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Money and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Nano-dollars.
    pub nano_usd: u64,
    /// Input and output tokens.
    pub tokens: u64,
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        Self {
            nano_usd: self.nano_usd.saturating_add(other.nano_usd),
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            nano_usd: self.nano_usd.saturating_sub(other.nano_usd),
            tokens: self.tokens.saturating_sub(other.tokens),
        }
    }

    /// Whether some part of it is more than the other's.
    #[must_use]
    pub const fn exceeds(self, other: Self) -> bool {
        self.nano_usd > other.nano_usd || self.tokens > other.tokens
    }
}

/// Everything that was spent, as it is kept on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// By this agent, on everything.
    overall: Periods,
    /// On each target, also on those that the plan no longer has.
    targets: BTreeMap<TargetId, Periods>,
}

/// Sums by day and by month, both counted from the epoch in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Periods {
    days: BTreeMap<i64, Amount>,
    months: BTreeMap<i64, Amount>,
}

/// A call that may be made, counted at its worst.
#[derive(Debug)]
#[must_use = "a call that is not settled counts at its worst"]
pub struct Reservation {
    target: TargetId,
    at: UnixMillis,
    worst: Amount,
}

/// A cap that one more call would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{of} of {whose} is used up")]
pub struct Exhausted {
    /// The cap's key.
    pub of: &'static str,
    /// Whose cap.
    pub whose: &'static str,
}

/// Caps and what was spent of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The caps: an agent's share of a target's, or its own.
    pub caps: Budget,
    /// Spent in the day.
    pub day: Amount,
    /// Spent in the month.
    pub month: Amount,
}

/// The books of one agent.
#[derive(Clone, Debug)]
pub struct Ledger {
    overall: Budget,
    shares: BTreeMap<TargetId, Budget>,
    spent: Spent,
}

impl Reservation {
    /// What is counted for it.
    #[must_use]
    pub const fn worst(&self) -> Amount {
        self.worst
    }

    /// The moment whose day and month it counts in.
    #[must_use]
    pub const fn at(&self) -> UnixMillis {
        self.at
    }

    /// What it is spent on.
    #[must_use]
    pub const fn target(&self) -> &TargetId {
        &self.target
    }
}

impl Ledger {
    /// The books with an agent's own cap, its share of each target's budget, and what was spent
    /// so far.
    #[must_use]
    pub const fn new(overall: Budget, shares: BTreeMap<TargetId, Budget>, spent: Spent) -> Self {
        Self {
            overall,
            shares,
            spent,
        }
    }

    /// Goes on with the shares of another plan; those of targets that it does not name stay.
    pub fn follow(
        &mut self,
        shares: BTreeMap<TargetId, Budget>,
        is_named: impl Fn(&TargetId) -> bool,
    ) {
        self.shares.retain(|target, _| !is_named(target));
        self.shares.extend(shares);
    }

    /// Counts a call at its worst, if every cap has room for it. What is planned stops earlier
    /// than repeats: see [`Budget::planned`].
    pub fn reserve(
        &mut self,
        target: &TargetId,
        kind: Kind,
        worst: Amount,
        at: UnixMillis,
    ) -> Result<Reservation, Exhausted> {
        for (whose, standing) in [
            ("the target's budget", self.of_target(target, at)),
            ("limits.budget", self.overall(at)),
        ] {
            standing.room_for(kind, worst, whose)?;
        }
        self.change(target, at, |spent| spent.plus(worst));
        Ok(Reservation {
            target: target.clone(),
            at,
            worst,
        })
    }

    /// Counts a call at what it was. Whether it was more than its worst: then what is on disk is
    /// no longer enough.
    pub fn settle(&mut self, reservation: Reservation, actual: Amount) -> bool {
        let Reservation { target, at, worst } = reservation;
        self.change(&target, at, |spent| spent.minus(worst).plus(actual));
        actual.exceeds(worst)
    }

    /// The agent's own cap, and what it spent on everything.
    #[must_use]
    pub fn overall(&self, at: UnixMillis) -> Standing {
        self.spent.overall.standing(self.overall, at)
    }

    /// The agent's share of a target's budget, and what it spent of it.
    #[must_use]
    pub fn of_target(&self, target: &TargetId, at: UnixMillis) -> Standing {
        let share = self.shares.get(target).copied().unwrap_or(Budget::NONE);
        match self.spent.targets.get(target) {
            Some(periods) => periods.standing(share, at),
            None => Periods::default().standing(share, at),
        }
    }

    /// What was spent.
    #[must_use]
    pub const fn spent(&self) -> &Spent {
        &self.spent
    }

    fn change(&mut self, target: &TargetId, at: UnixMillis, to: impl Fn(Amount) -> Amount) {
        self.spent.overall.change(at, &to);
        let of_target = self.spent.targets.entry(target.clone()).or_default();
        of_target.change(at, &to);
        let months = &self.spent.overall.months;
        let is_recent = |periods: &Periods| periods.months.keys().any(|m| months.contains_key(m));
        self.spent.targets.retain(|_, periods| is_recent(periods));
    }
}

impl Standing {
    /// Each cap with its key, its period, what was spent of it, and its bound; money in
    /// nano-dollars.
    pub fn caps(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        let (day, month, caps) = (self.day, self.month, self.caps);
        let usd = |cap: Option<Usd>| cap.map(Usd::nano);
        [
            ("usd_per_day", day.nano_usd, usd(caps.usd_per_day)),
            ("usd_per_month", month.nano_usd, usd(caps.usd_per_month)),
            ("tokens_per_day", day.tokens, caps.tokens_per_day),
            ("tokens_per_month", month.tokens, caps.tokens_per_month),
        ]
        .into_iter()
        .filter_map(|(of, spent, cap)| Some((of, spent, cap?)))
    }

    fn room_for(self, kind: Kind, worst: Amount, whose: &'static str) -> Result<(), Exhausted> {
        let caps = match kind {
            Kind::Planned => self.caps.planned(),
            Kind::Burst | Kind::Confirm | Kind::Manual => self.caps,
        };
        let after = Self {
            caps,
            day: self.day.plus(worst),
            month: self.month.plus(worst),
        };
        let passed = after.caps().find(|(_, spent, cap)| spent > cap);
        passed.map_or(Ok(()), |(of, ..)| Err(Exhausted { of, whose }))
    }
}

impl Periods {
    fn standing(&self, caps: Budget, at: UnixMillis) -> Standing {
        let of = |sums: &BTreeMap<i64, Amount>, key| sums.get(&key).copied().unwrap_or_default();
        Standing {
            caps,
            day: of(&self.days, day(at)),
            month: of(&self.months, month(at)),
        }
    }

    fn change(&mut self, at: UnixMillis, to: &impl Fn(Amount) -> Amount) {
        for (sums, key) in [(&mut self.days, day(at)), (&mut self.months, month(at))] {
            let sum = sums.entry(key).or_default();
            *sum = to(*sum);
            while sums.len() > PERIODS_MAX {
                let Some(oldest) = sums.keys().copied().find(|other| *other != key) else {
                    break;
                };
                sums.remove(&oldest);
            }
        }
    }
}

fn day(at: UnixMillis) -> i64 {
    at.get().div_euclid(DAY_MS)
}

fn month(at: UnixMillis) -> i64 {
    let date = at.to_micros().to_utc().date_naive();
    i64::from(date.year()) * 12 + i64::from(date.month0())
}
