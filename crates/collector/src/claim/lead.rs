//! How long before a deadline it is told of.

use serde::Deserialize;

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// Most reminders before one deadline.
const LEADS_MAX: usize = 8;
/// Earliest reminder, in days before.
const DAYS_MAX: u16 = 365;

/// How long before a deadline reminders are given, in whole days. The moment at which it has passed
/// is always told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<u16>")]
pub struct Leads(Vec<u16>);

/// Lead times that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("give at most {LEADS_MAX} whole numbers of days, each from 1 to {DAYS_MAX}")]
pub struct LeadsError;

impl Default for Leads {
    fn default() -> Self {
        Self(vec![7, 1])
    }
}

impl TryFrom<Vec<u16>> for Leads {
    type Error = LeadsError;

    fn try_from(days: Vec<u16>) -> Result<Self, LeadsError> {
        let fits = days.len() <= LEADS_MAX && days.iter().all(|days| (1..=DAYS_MAX).contains(days));
        fits.then_some(Self(days)).ok_or(LeadsError)
    }
}

impl Leads {
    /// All of them in seconds, 0 for the deadline itself among them.
    pub(crate) fn seconds(&self) -> Vec<i64> {
        let days = self.0.iter().map(|days| i64::from(*days) * DAY_S);
        days.chain([0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_lie_within_a_year_and_the_deadline_itself_is_always_told() {
        assert_eq!(Leads::default().seconds(), [604_800, 86_400, 0]);
        assert_eq!(Leads::try_from(Vec::new()).unwrap().seconds(), [0]);
        for days in [vec![0], vec![366], vec![1; 9]] {
            assert_eq!(Leads::try_from(days), Err(LeadsError));
        }
    }
}
