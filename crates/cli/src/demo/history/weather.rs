//! What the simulated attempts of the history meet: seeded, the same for the same demo.
//!
//! The direct provider has outages that use up all but a fraction of a minute of its budget; the
//! gateway has partial trouble that its contract still bears; the flaky one fails now and then.

use chrono::{DateTime, TimeDelta, Utc};
use domain::detail::{Phases, Text};
use domain::{Attribution, Detail, Minute, Outcome, UnixMicros, UnixMillis};
use probe::Attempt;

use crate::demo::contracts::window_start;
use crate::demo::plan::{MODEL, Provider};
use crate::demo::state::Demo;

/// Outages of the direct provider within the window: day, minute of the day, minutes. 43 minutes
/// of the 43.2 that 99.9 % of thirty days allow.
const DIRECT_OUTAGES: [(i64, i64, i64); 4] = [
    (3, 9 * 60 + 12, 14),
    (11, 22 * 60 + 41, 9),
    (19, 4 * 60 + 3, 17),
    (25, 15 * 60 + 30, 3),
];
/// Spells of the gateway, in which two of five agents see errors.
const GATEWAY_SPELLS: [(i64, i64, i64); 3] = [
    (6, 13 * 60, 35),
    (16, 2 * 60 + 20, 25),
    (24, 18 * 60 + 5, 20),
];
/// One attempt in this many fails at the flaky provider.
const FLAKY_ONE_IN: u64 = 40;

/// How long before the end of an all simulated demo its outage begins, and how long it lasts.
const OUTAGE_BEFORE_END: TimeDelta = TimeDelta::minutes(8);
const OUTAGE_LENGTH: TimeDelta = TimeDelta::minutes(3);

/// The script of one demo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    window_start: DateTime<Utc>,
    seed: u64,
    /// Start of the outage that breaks the budget, where all of the demo is simulated time.
    outage: Option<Minute>,
}

impl Weather {
    /// The script up to a moment, where that is given, ends with the outage that live demos
    /// have after their start.
    pub(super) fn of(demo: &Demo, until: Option<DateTime<Utc>>) -> Self {
        let window_start = window_start(demo.started_at);
        let seed = demo.started_at.timestamp_micros().unsigned_abs();
        let minute = |at| UnixMicros::from(at).to_millis().minute();
        let outage = until.map(|until| minute(until - OUTAGE_BEFORE_END));
        Self {
            window_start,
            seed,
            outage,
        }
    }

    /// What an agent (by its place in the plan) meets at a slot.
    pub(super) fn attempt(&self, provider: Provider, agent: usize, slot: UnixMillis) -> Attempt {
        let place = [provider as u64, agent as u64, slot.get().unsigned_abs()];
        let mut dice = Dice::new(
            place
                .into_iter()
                .fold(self.seed, |seed, part| mix(seed ^ part)),
        );
        let minute = slot.minute();
        let fails = match provider {
            Provider::Direct => self.breaks(minute) || self.within(&DIRECT_OUTAGES, minute),
            Provider::Gateway => agent < 2 && self.within(&GATEWAY_SPELLS, minute),
            Provider::Flaky => dice.below(FLAKY_ONE_IN) == 0,
        };
        if fails {
            failure(provider, &mut dice)
        } else {
            success(agent, &mut dice)
        }
    }

    fn breaks(&self, minute: Minute) -> bool {
        let length = OUTAGE_LENGTH.num_minutes();
        self.outage
            .is_some_and(|start| (0..length).contains(&(minute.get() - start.get())))
    }

    fn within(&self, spells: &[(i64, i64, i64)], minute: Minute) -> bool {
        let start = UnixMicros::from(self.window_start).to_millis().minute();
        let offset = minute.get() - start.get();
        let inside = |(day, at, length): &(i64, i64, i64)| {
            (0..*length).contains(&(offset - day * 24 * 60 - at))
        };
        spells.iter().any(inside)
    }
}

/// A good answer: a little slower from farther away.
fn success(agent: usize, dice: &mut Dice) -> Attempt {
    let connect = 8_000 + agent as u64 * 11_000 + dice.below(4_000);
    let first = connect * 3 + 180_000 + dice.below(160_000);
    let last = first + 240_000 + dice.below(120_000);
    let end = last + 900;
    let detail = Detail {
        finish: Some(Text::from_bytes(b"stop")),
        http: Some("1.1".into()),
        phase: Phases {
            dns_us: Some(1_200),
            tcp_us: Some(connect),
            headers_us: Some(first - 60_000),
            first_byte_us: Some(first - 50_000),
            first_event_us: Some(first - 50_000),
            terminator_us: Some(end),
            end_us: Some(end),
            ..Phases::default()
        },
        ..base(dice)
    };
    Attempt {
        outcome: Outcome::Ok,
        attribution: Attribution::None,
        status: Some(200),
        sent_us: Some(connect + 300),
        first_us: Some(first),
        last_us: Some(last),
        end_us: end,
        input_tokens: Some(11),
        output_tokens: Some(7),
        served_model: Some(MODEL.into()),
        served_tier: Some("default".into()),
        ..empty(detail)
    }
}

/// An answer that says it cannot.
fn failure(provider: Provider, dice: &mut Dice) -> Attempt {
    let (outcome, attribution, status, code) = match provider {
        Provider::Gateway => (
            Outcome::GatewayError,
            Attribution::Gateway,
            502,
            "bad_gateway",
        ),
        Provider::Direct | Provider::Flaky => (
            Outcome::Overloaded,
            Attribution::Provider,
            503,
            "server_is_overloaded",
        ),
    };
    let end = 95_000 + dice.below(40_000);
    let detail = Detail {
        error_code: Some(Text::from_bytes(code.as_bytes())),
        http: Some("1.1".into()),
        phase: Phases {
            headers_us: Some(end - 300),
            end_us: Some(end),
            ..Phases::default()
        },
        ..base(dice)
    };
    Attempt {
        outcome,
        attribution,
        status: Some(status),
        sent_us: Some(30_000),
        end_us: end,
        ..empty(detail)
    }
}

fn base(dice: &mut Dice) -> Detail {
    let header = |text: &str| Text::from_bytes(text.as_bytes());
    let id = format!("req_{:016x}", dice.next());
    let headers = [
        ("x-nines-simulated", header("true")),
        ("x-request-id", header(&id)),
    ];
    Detail {
        hdr: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        req: Some(header(&id)),
        ..Detail::default()
    }
}

fn empty(detail: Detail) -> Attempt {
    Attempt {
        outcome: Outcome::Ok,
        attribution: Attribution::None,
        status: None,
        sent_us: None,
        first_us: None,
        last_us: None,
        end_us: 0,
        input_tokens: None,
        output_tokens: None,
        served_model: None,
        served_tier: None,
        asked_model: Some(MODEL.into()),
        asked_tier: None,
        stream: true,
        detail,
    }
}

/// A small seeded source of numbers (splitmix64): a script, not a secret.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn mix(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outages_leave_less_than_a_minute_of_the_budget() {
        let down: i64 = DIRECT_OUTAGES.iter().map(|(_, _, minutes)| minutes).sum();
        let days = i64::try_from(crate::demo::contracts::WINDOW_DAYS).unwrap();
        let allowed_thousandths = days * 24 * 60; // 0.1 %, in thousandths of minutes.
        let left = allowed_thousandths - down * 1_000;
        assert!((1..1_000).contains(&left), "{left}");
    }
}
