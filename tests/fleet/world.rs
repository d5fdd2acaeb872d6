//! What there is to measure: one provider that fails at times, one that never does, and a path to
//! both that is no provider's fault.

use domain::{Attribution, Detail, Outcome};
use probe::Attempt;

use super::random::Random;

/// Target whose provider has outages.
pub(super) const ACME: &str = "acme";
/// Target whose provider never fails: it must never be found in breach.
pub(super) const QUIET: &str = "quiet";

/// When the failing provider is down, in seconds of simulated time, half-open.
#[derive(Debug)]
pub(super) struct World {
    outages: Vec<(i64, i64)>,
}

impl World {
    /// Some outages within a span.
    pub(super) fn new(random: &mut Random, (from_s, to_s): (i64, i64)) -> Self {
        let outages = (0..3)
            .map(|_| {
                let at = random.between(from_s, to_s);
                (at, at + random.between(30, 900))
            })
            .collect();
        Self { outages }
    }

    /// What an attempt meets, and how many seconds it takes: mostly none, at times longer than the
    /// next slot is away.
    pub(super) fn attempt(&self, random: &mut Random, target: &str, at_s: i64) -> (Attempt, i64) {
        let lasts_s = if random.once_in(20) {
            random.between(61, 110)
        } else {
            random.between(0, 2)
        };
        let is_down = target == ACME && self.outages.iter().any(|o| (o.0..o.1).contains(&at_s));
        let (outcome, status, attribution) = if random.once_in(25) {
            (Outcome::Dns, None, Attribution::Network)
        } else if is_down {
            (Outcome::ServerError, Some(503), Attribution::Provider)
        } else {
            (Outcome::Ok, Some(200), Attribution::None)
        };
        let attempt = Attempt {
            outcome,
            attribution,
            status,
            sent_us: Some(1_000),
            first_us: None,
            last_us: None,
            end_us: u64::try_from(lasts_s).expect("no attempt ends before it began") * 1_000_000
                + 40_000,
            input_tokens: None,
            output_tokens: None,
            served_model: None,
            served_tier: None,
            asked_model: None,
            asked_tier: None,
            stream: false,
            detail: Detail::default(),
        };
        (attempt, lasts_s)
    }
}
