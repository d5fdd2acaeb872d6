//! How long raw batches and samples are kept: the policy, and the pure decision whether a day's
//! time is up.
//!
//! Invariants: nothing leaves unless a policy says so; a day leaves whole, with its partition, so
//! the longest period among its targets counts; no period is shorter than the age up to which
//! ingest takes samples, so that no late batch meets a day that is gone.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::TargetId;
use serde::Deserialize;
use wire::limits::SAMPLE_AGE_MS_MAX;

/// The shortest period, days: what ingest still takes, and the day it falls on.
pub const DAYS_MIN: u32 = 43;
/// How long a breached commitment holds the evidence of its window by itself, months: the usual
/// period of limitation of three years.
const VIOLATION_MONTHS: u32 = 36;
const _: () = assert!(SAMPLE_AGE_MS_MAX < 43 * 86_400_000);

/// What is kept for how long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days for which raw batches are kept after they were received; absent for ever.
    pub raw_days: Option<u32>,
    /// Days for which sample rows are kept after their slot; absent for ever.
    pub samples_days: Option<u32>,
    /// Months for which a violation that nobody released holds the evidence of its window.
    pub violation_months: u32,
    /// Targets with periods of their own.
    pub target: BTreeMap<TargetId, TargetRetention>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            raw_days: None,
            samples_days: None,
            violation_months: VIOLATION_MONTHS,
            target: BTreeMap::new(),
        }
    }
}

/// Periods of one target; what is absent is the installation's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetRetention {
    /// Days for raw batches.
    pub raw_days: Option<u32>,
    /// Days for sample rows.
    pub samples_days: Option<u32>,
}

/// A policy that would lose what still arrives.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` is {days} days; {DAYS_MIN} are the least, because samples may arrive that late")]
pub struct RetentionError {
    /// Which key.
    pub key: String,
    /// What it says.
    pub days: u32,
}

/// Which of the periods of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Raw,
    Samples,
}

impl Retention {
    /// Refuses periods that are too short.
    pub fn check(&self) -> Result<(), RetentionError> {
        let own = [
            ("retention.raw_days".to_owned(), self.raw_days),
            ("retention.samples_days".to_owned(), self.samples_days),
        ];
        let targets = self.target.iter().flat_map(|(id, target)| {
            let key = |name| format!("retention.target.{id}.{name}");
            [
                (key("raw_days"), target.raw_days),
                (key("samples_days"), target.samples_days),
            ]
        });
        for (key, days) in own.into_iter().chain(targets) {
            if let Some(days) = days.filter(|days| *days < DAYS_MIN) {
                return Err(RetentionError { key, days });
            }
        }
        Ok(())
    }

    /// The last day whose time is up where these targets have a share in it; absent where
    /// something is kept for ever.
    pub(crate) fn last_due<'a>(
        &self,
        period: Period,
        targets: impl Iterator<Item = &'a str>,
        today: NaiveDate,
    ) -> Option<NaiveDate> {
        let (own, of): (_, fn(&TargetRetention) -> Option<u32>) = match period {
            Period::Raw => (self.raw_days, |target| target.raw_days),
            Period::Samples => (self.samples_days, |target| target.samples_days),
        };
        let mut longest = 0;
        let mut any = false;
        for name in targets {
            let target = self.target.iter().find(|(id, _)| id.as_str() == name);
            longest = longest.max(target.and_then(|(_, target)| of(target)).or(own)?);
            any = true;
        }
        let days = if any { longest } else { own? };
        today.checked_sub_days(Days::new(u64::from(days) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(toml: &str) -> Retention {
        toml::from_str(toml).unwrap()
    }

    #[track_caller]
    fn check(policy: &Retention, targets: &[&str], expected: Option<&str>) {
        let today = "2026-12-31".parse().unwrap();
        let due = policy.last_due(Period::Samples, targets.iter().copied(), today);
        assert_eq!(due.map(|day| day.to_string()).as_deref(), expected);
    }

    #[test]
    fn the_longest_period_among_the_targets_counts() {
        let policy = policy(
            "samples_days = 100\n[target.short]\nsamples_days = 50\n\
             [target.long]\nsamples_days = 200\n[target.other]\nraw_days = 60",
        );
        check(&policy, &["short"], Some("2026-11-10"));
        check(&policy, &["short", "unnamed"], Some("2026-09-21"));
        check(&policy, &["short", "long", "other"], Some("2026-06-13"));
        check(&policy, &[], Some("2026-09-21"));
    }

    #[test]
    fn nothing_is_due_where_something_is_kept_for_ever() {
        check(&Retention::default(), &[], None);
        let some = policy("[target.short]\nsamples_days = 50");
        check(&some, &["short"], Some("2026-11-10"));
        check(&some, &["short", "unnamed"], None);
    }

    #[test]
    fn a_period_shorter_than_what_ingest_takes_is_refused_by_its_key() {
        policy("raw_days = 43").check().unwrap();
        let short = policy("[target.t]\nraw_days = 42").check().unwrap_err();
        assert_eq!(short.key, "retention.target.t.raw_days");
        assert!(toml::from_str::<Retention>("days = 50").is_err());
    }
}
