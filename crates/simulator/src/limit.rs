//! Rate limits by key: token buckets in integers.
//!
//! A bucket holds a minute's allowance, starts full and refills evenly. A request that does not
//! fit is refused and takes nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde::Serialize;

use crate::document::{DocumentError, Reader, whole};
use crate::failure::{Class, Failure};
use crate::gateway::Kind;
use crate::plan::{Call, Outcome, Plan};

/// Units of a bucket in one request or token: the microseconds of a minute, so that a refill of
/// one allowance a minute is one unit a microsecond and nothing is ever rounded.
const UNITS: u128 = 60_000_000;
/// Largest allowance, a minute.
const ALLOWANCE_MAX: u64 = 1_000_000_000;
/// Keys that are counted at once; with more, those that have rested longest are forgotten.
const KEYS_MAX: usize = 10_000;

/// A key that cannot be read back: equal for equal keys, within one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyTag(u64);

/// Makes tags, each maker its own.
#[derive(Debug, Default)]
pub(crate) struct KeyTagger(RandomState);

impl KeyTagger {
    pub(crate) fn tag(&self, key: &str) -> KeyTag {
        KeyTag(self.0.hash_one(key))
    }
}

/// The `[limits]` of a scenario: what each key may do in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Requests; unlimited if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// Prompt tokens and the caps on answer tokens; unlimited if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
}

impl Limits {
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DocumentError> {
        let limits = Self {
            requests_per_minute: reader.optional("requests_per_minute", whole)?,
            tokens_per_minute: reader.optional("tokens_per_minute", whole)?,
        };
        for limit in [limits.requests_per_minute, limits.tokens_per_minute] {
            if limit.is_some_and(|limit| limit == 0 || limit > ALLOWANCE_MAX) {
                return Err(reader.refuse(format!("limits are from 1 to {ALLOWANCE_MAX}")));
            }
        }
        reader.finish()?;
        Ok(limits)
    }
}

/// What is left of one allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    allowance: u64,
    /// In [`UNITS`].
    level: u128,
    filled_at: Duration,
}

/// A bucket as headers show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gauge {
    pub(crate) allowance: u64,
    pub(crate) remaining: u64,
    pub(crate) full_in: Duration,
}

/// What is left of a key's minute; none where nothing is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gauges {
    pub(crate) requests: Option<Gauge>,
    pub(crate) tokens: Option<Gauge>,
}

fn micros(units: u128, allowance: u64) -> Duration {
    let micros = units.div_ceil(u128::from(allowance.max(1)));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

impl Bucket {
    fn full(allowance: u64, now: Duration) -> Self {
        Self {
            allowance,
            level: u128::from(allowance) * UNITS,
            filled_at: now,
        }
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled_at).as_micros();
        let capacity = u128::from(self.allowance) * UNITS;
        let refilled = passed.saturating_mul(u128::from(self.allowance));
        self.level = self.level.saturating_add(refilled).min(capacity);
        self.filled_at = self.filled_at.max(now);
    }

    /// How long until `cost` fits; more than the whole allowance never does.
    fn wait(&self, cost: u64) -> Duration {
        let needed = u128::from(cost) * UNITS;
        micros(needed.saturating_sub(self.level), self.allowance)
    }

    fn gauge(&self) -> Gauge {
        let missing = u128::from(self.allowance) * UNITS - self.level;
        Gauge {
            allowance: self.allowance,
            remaining: u64::try_from(self.level / UNITS).unwrap_or(u64::MAX),
            full_in: micros(missing, self.allowance),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Account {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    seen_at: Duration,
}

/// What the limits say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    gauges: Gauges,
    /// For a refused request, how long until it would fit.
    pub(crate) refused_for: Option<Duration>,
}

/// The buckets of every key.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    limits: Limits,
    accounts: HashMap<Option<KeyTag>, Account>,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            accounts: HashMap::new(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The same limits with nothing used.
    pub(crate) fn emptied(self) -> Self {
        Self::new(self.limits)
    }

    /// Takes a request of `tokens` from the key's allowance, if it fits. `now` must not go back.
    pub(crate) fn take(&mut self, key: Option<KeyTag>, tokens: u64, now: Duration) -> Verdict {
        if self.accounts.len() >= KEYS_MAX && !self.accounts.contains_key(&key) {
            let oldest = self
                .accounts
                .iter()
                .min_by_key(|(_, account)| account.seen_at);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.accounts.remove(&oldest);
            }
        }
        let limits = self.limits;
        let account = self.accounts.entry(key).or_insert_with(|| Account {
            requests: limits
                .requests_per_minute
                .map(|limit| Bucket::full(limit, now)),
            tokens: limits
                .tokens_per_minute
                .map(|limit| Bucket::full(limit, now)),
            seen_at: now,
        });
        account.seen_at = now;
        let mut wait = Duration::ZERO;
        let buckets = [(&mut account.requests, 1), (&mut account.tokens, tokens)];
        for (bucket, cost) in buckets {
            if let Some(bucket) = bucket {
                bucket.refill(now);
                wait = wait.max(bucket.wait(cost));
            }
        }
        if wait.is_zero() {
            for (bucket, cost) in [(&mut account.requests, 1), (&mut account.tokens, tokens)] {
                if let Some(bucket) = bucket {
                    bucket.level -= u128::from(cost) * UNITS;
                }
            }
        }
        Verdict {
            gauges: Gauges {
                requests: account.requests.as_ref().map(Bucket::gauge),
                tokens: account.tokens.as_ref().map(Bucket::gauge),
            },
            refused_for: (!wait.is_zero()).then_some(wait),
        }
    }
}

/// Tokens that a call counts for.
pub(crate) fn tokens_of(call: &Call<'_>) -> u64 {
    call.prompt_tokens
        .saturating_add(call.output_tokens_max.unwrap_or(0))
}

/// Puts the verdict into the plan: each wire and gateway shows it by its own conventions.
pub(crate) fn show(plan: &mut Plan, verdict: Verdict) {
    plan.gauges = verdict.gauges;
    if let Some(wait) = verdict.refused_for {
        let seconds = wait.as_micros().div_ceil(1_000_000);
        plan.outcome = Outcome::Failure(Failure {
            retry_after_s: Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
            ..Class::RateLimited.into()
        });
    }
    if plan.gateway == Some(Kind::Litellm) {
        let names = ["x-litellm-key-rpm-limit", "x-litellm-key-tpm-limit"];
        for (name, gauge) in names
            .into_iter()
            .zip([verdict.gauges.requests, verdict.gauges.tokens])
        {
            if let Some(gauge) = gauge {
                plan.put(name, gauge.allowance.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests;
