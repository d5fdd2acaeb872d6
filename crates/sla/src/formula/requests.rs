//! Shares of single requests: what `request_ratio` and `latency_attainment` by requests have in
//! common.
//!
//! How many requests there would have been in unmeasured time is not known, so a convention says
//! it. A slot that was planned and not run is one request. In a silent stretch, of minutes without
//! any sample or such a slot, one minute is missing for every pause that is usual: the median
//! distance of the other minutes, which is 1 where every minute is sampled and 5 where every fifth
//! is. Each missing minute holds as many requests as the mean sampled one, with those that cannot
//! be told, their sum rounded up.
//! All of them succeed in [`Bounds::high`] and fail in [`Bounds::low`], like unknown and late
//! samples.
//!
//! Future time may hold any number of requests: until the window is over, bounds are 0 and 1.
//! Without a valid request nothing is observed, and 100 % is never concluded from it.

use super::{Bounds, Detail, Loss, Losses, Minutes, whole};
use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::metric::Kinds;
use crate::fraction::Fraction;
use crate::standing::Standing;
use crate::tally::Tally;
use crate::timed::RequestMinute;

/// The requests of a window.
pub(super) struct Requests {
    /// By position in the window; nothing in removed and future minutes.
    pub(super) seen: Vec<RequestMinute>,
    /// Requests that nobody saw; `None` where it cannot be said how many.
    pub(super) unseen: Option<u64>,
}

impl Requests {
    /// Adds the requests that nobody saw, by the convention.
    pub(super) fn new(seen: Vec<RequestMinute>, kinds: &Kinds, minutes: Minutes<'_>) -> Self {
        let planned = kinds.counts(domain::Kind::Planned, domain::Source::Probe);
        let (mut slots, mut sampled_minutes, mut requests) = (0, 0, 0);
        let mut silence = Silence::default();
        for (index, seen) in minutes.inside().zip(&seen) {
            if minutes.standings[index] != Standing::Judged {
                silence.interrupt();
                continue;
            }
            let tally = &minutes.tallies[index];
            let missed = minutes.missed.get(&index).filter(|_| planned);
            let missed = missed.map_or(0, |missed| missed.slots);
            slots += missed;
            let sampled = *tally != Tally::default();
            sampled_minutes += u64::from(sampled);
            requests += seen.tally.valid() + seen.tally.uncertain();
            silence.hear(index, sampled || missed > 0);
        }
        let missing = match silence.missing_minutes() {
            0 => Some(0),
            minutes => mean_of(minutes, requests, sampled_minutes),
        };
        Self {
            seen,
            unseen: missing.map(|missing| missing + slots),
        }
    }

    fn sum(&self, of: impl Fn(&RequestMinute) -> u64) -> u64 {
        self.seen.iter().map(of).sum()
    }

    /// Every request there may have been.
    fn all(&self) -> u64 {
        let seen = self.sum(|m| m.tally.valid() + m.tally.uncertain());
        seen + self.unseen.unwrap_or(0)
    }

    pub(super) fn bounds(&self, minutes: Minutes<'_>) -> Bounds {
        let errors = self.sum(|m| m.tally.errors);
        let successes = self.sum(|m| m.tally.successes);
        let observed = share(successes, successes + errors);
        let open = Bounds {
            observed: observed.clone(),
            ..Bounds::open()
        };
        let Some(unseen) = self.unseen.filter(|_| !minutes.has_future()) else {
            return open;
        };
        let uncertain = self.sum(|m| m.tally.uncertain()) + unseen;
        let failed = self.sum(|m| m.errors_possible) + unseen;
        Bounds {
            high: share(successes + uncertain, self.all()).unwrap_or(open.high),
            low: share(successes, successes + failed).unwrap_or(open.low),
            observed,
        }
    }

    pub(super) fn detail(&self, minutes: Minutes<'_>) -> Detail {
        let inside = minutes.inside();
        let with_errors = || {
            let minutes = inside.clone().zip(&self.seen);
            minutes.filter(|(_, seen)| seen.tally.errors > 0)
        };
        let mut downtime: Vec<Downtime> = Vec::new();
        for (index, RequestMinute { tally, .. }) in with_errors() {
            let (start, end) = (minutes.at(index), minutes.at(index + 1));
            match downtime.last_mut() {
                Some(down) if down.end == start => {
                    down.end = end;
                    down.valid += tally.valid();
                    down.errors += tally.errors;
                }
                _ => downtime.push(Downtime {
                    start,
                    end,
                    valid: tally.valid(),
                    errors: tally.errors,
                    start_known_to_s: None,
                    end_known_to_s: None,
                }),
            }
        }
        let state = |(index, seen): (usize, &RequestMinute)| {
            let judged = minutes.standings[index] == Standing::Judged;
            let RequestMinute { tally, .. } = seen;
            if judged && tally.errors > 0 && tally.successes == 0 {
                State::Down
            } else if judged && seen.repeated > 0 && tally.is_unmeasured() {
                State::Empty
            } else {
                minutes.state(index, tally)
            }
        };
        Detail {
            states: inside.clone().zip(&self.seen).map(state).collect(),
            downtime,
            unit: BudgetUnit::Requests,
            used: whole(self.sum(|m| m.tally.errors)),
            losses: Losses {
                units: self.all(),
                entries: with_errors()
                    .map(|(index, seen)| Loss {
                        over: minutes.at(index + 1),
                        failed: seen.tally.errors,
                        of: 1,
                    })
                    .collect(),
            },
        }
    }
}

/// Stretches of minutes of which nothing is known.
#[derive(Default)]
struct Silence {
    /// Lengths of the stretches.
    stretches: Vec<usize>,
    /// Length of the one that still goes on.
    current: usize,
    /// Distances of minutes of which something is known.
    distances: Vec<usize>,
    last_heard: Option<usize>,
}

impl Silence {
    fn interrupt(&mut self) {
        self.stretches.push(std::mem::take(&mut self.current));
    }

    fn hear(&mut self, index: usize, anything: bool) {
        if anything {
            self.interrupt();
            let last = self.last_heard.replace(index);
            self.distances.extend(last.map(|last| index - last));
        } else {
            self.current += 1;
        }
    }

    fn missing_minutes(mut self) -> u64 {
        self.interrupt();
        self.distances.sort_unstable();
        let middle = self.distances.len().saturating_sub(1) / 2;
        let usual = self.distances.get(middle).copied().unwrap_or(1);
        let missing: usize = self.stretches.iter().map(|length| length / usual).sum();
        u64::try_from(missing).unwrap_or(u64::MAX)
    }
}

/// The requests of so many minutes at the mean of the sampled ones, rounded up; `None` where none
/// was sampled.
fn mean_of(minutes: u64, requests: u64, sampled_minutes: u64) -> Option<u64> {
    let all = u128::from(requests) * u128::from(minutes);
    (sampled_minutes > 0)
        .then(|| all.div_ceil(u128::from(sampled_minutes)))
        .and_then(|requests| u64::try_from(requests).ok())
}

/// `good / all`; `None` where there are none.
fn share(good: u64, all: u64) -> Option<Fraction> {
    std::num::NonZeroU64::new(all).map(|all| Fraction::new(good, all))
}
