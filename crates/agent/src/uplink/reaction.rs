//! What follows from the collector's answers. Pure.

use std::time::Duration;

use wire::problem::ProblemType;

use crate::client::Refusal;

/// First wait after a failure.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest wait after many failures.
const BACKOFF_MAX: Duration = Duration::from_mins(1);
/// Wait for what a human has to change: a plan, a clock, an enrolment.
const CURE_WAIT: Duration = Duration::from_mins(1);

/// What to do about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// The collector has it.
    Acked,
    /// Send the same bytes again after the usual wait.
    Retry,
    /// Send the same bytes again after this long.
    WaitThenRetry(Duration),
    /// The collector will never take these bytes: put them aside for a human and go on.
    Quarantine,
    /// The collector does not know our key. Nothing is dropped: we go on asking, loudly.
    ReEnrol,
    /// Stop sending: another history exists under our key, or the key is revoked.
    Stop,
}

/// What a refused batch calls for. No reaction drops evidence.
#[must_use]
pub fn to_refusal(refusal: &Refusal) -> Reaction {
    let Refusal::Problem {
        status,
        problem,
        retry_after,
        ..
    } = refusal
    else {
        return Reaction::Retry;
    };
    match problem {
        Some(ProblemType::BatchConflict | ProblemType::AgentRevoked) => Reaction::Stop,
        Some(ProblemType::UnknownAgent) => Reaction::ReEnrol,
        Some(ProblemType::BatchInvalid | ProblemType::TooLarge | ProblemType::Malformed) => {
            Reaction::Quarantine
        }
        Some(ProblemType::NotPlanned | ProblemType::ClockImplausible) => {
            Reaction::WaitThenRetry(retry_after.unwrap_or(CURE_WAIT))
        }
        // A proxy's error pages and codes we do not know: waiting is always safe.
        _ => match (retry_after, status) {
            (Some(wait), _) => Reaction::WaitThenRetry(*wait),
            (None, 429) => Reaction::WaitThenRetry(CURE_WAIT),
            _ => Reaction::Retry,
        },
    }
}

/// Capped exponential waits with jitter, so that a fleet does not return in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            random: seed,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait: between half and all of 1, 2, 4, .. 60 seconds.
    pub(crate) fn next(&mut self) -> Duration {
        let full = BACKOFF_MIN
            .saturating_mul(1 << self.failures.min(10))
            .min(BACKOFF_MAX);
        self.failures = self.failures.saturating_add(1);
        let half = full / 2;
        half + half.mul_f64(f64::from(self.draw()) / f64::from(u32::MAX))
    }

    /// `SplitMix64`: spread is all that is asked of it.
    fn draw(&mut self) -> u32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(mixed >> 32).expect("32 bits are left")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(problem: ProblemType, retry_after: Option<u64>, expected: Reaction) {
        let refusal = Refusal::Problem {
            status: problem.status(),
            problem: Some(problem),
            detail: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        };
        assert_eq!(to_refusal(&refusal), expected, "{problem:?}");
    }

    #[test]
    fn each_problem_has_its_reaction() {
        check(
            ProblemType::Busy,
            Some(7),
            Reaction::WaitThenRetry(Duration::from_secs(7)),
        );
        check(ProblemType::Busy, None, Reaction::Retry);
        check(ProblemType::Internal, None, Reaction::Retry);
        check(ProblemType::NotFound, None, Reaction::Retry);
        check(ProblemType::BatchConflict, None, Reaction::Stop);
        check(ProblemType::AgentRevoked, None, Reaction::Stop);
        check(ProblemType::UnknownAgent, None, Reaction::ReEnrol);
        check(ProblemType::BatchInvalid, None, Reaction::Quarantine);
        check(
            ProblemType::NotPlanned,
            None,
            Reaction::WaitThenRetry(CURE_WAIT),
        );
    }

    #[test]
    fn waits_grow_to_their_cap_and_start_over() {
        let mut backoff = Backoff::new(3);
        let waits: Vec<Duration> = (0..12).map(|_| backoff.next()).collect();
        for (i, wait) in waits.iter().enumerate() {
            let full = Duration::from_secs(1 << i.min(6)).min(BACKOFF_MAX);
            assert!(*wait >= full / 2 && *wait <= full, "{i}: {wait:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= BACKOFF_MIN);
        let other: Vec<Duration> = Some(Backoff::new(4))
            .iter_mut()
            .map(Backoff::next)
            .collect();
        assert_ne!(other[0], waits[0], "agents spread");
    }
}
