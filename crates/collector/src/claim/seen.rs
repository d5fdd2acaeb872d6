//! Cited requests counted: who saw what in each period, exactly.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Outcome, UnixMicros};
use sqlx::PgConnection;

use super::period::Period;
use super::requests::{Request, Requests};
use crate::store::StoreError;

/// Request ids quoted of one period.
const IDS_MAX: usize = 5;

/// What was seen in one period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Region and agent of those that saw an error.
    pub(crate) by: BTreeSet<(String, String)>,
    /// Requests that the contract counts.
    pub(crate) requests: u64,
    /// Those of them that it counts as errors, by what was observed.
    pub(crate) errors: Errors,
    /// Requests made because another had just failed.
    pub(crate) repeats: u64,
    /// The first request ids of errors, with their times.
    pub(crate) ids: BTreeSet<(UnixMicros, String)>,
    /// Errors that have one.
    pub(crate) ids_all: u64,
}

/// Errors by outcome and status.
pub(crate) type Errors = BTreeMap<(Outcome, Option<u16>), u64>;

/// What was seen in every period, and how many batches are missing from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sightings {
    pub(crate) periods: Vec<(Period, Seen)>,
    pub(crate) missing: usize,
}

impl Sightings {
    /// Reads all cited requests and keeps what letters say of them.
    pub(crate) async fn read(
        conn: &mut PgConnection,
        mut requests: Requests,
    ) -> Result<Self, StoreError> {
        let seen = |period: &Period| (period.clone(), Seen::default());
        let mut periods: Vec<_> = requests.periods().iter().map(seen).collect();
        while let Some(found) = requests.next(conn).await? {
            for request in &found {
                if let Some((_, seen)) = periods.get_mut(request.period) {
                    seen.add(request);
                }
            }
        }
        Ok(Self {
            periods,
            missing: requests.missing(),
        })
    }

    /// All periods together; no request ids.
    pub(crate) fn total(&self) -> Seen {
        let mut total = Seen::default();
        for (_, seen) in &self.periods {
            total.by.extend(seen.by.iter().cloned());
            total.requests += seen.requests;
            total.repeats += seen.repeats;
            for (what, count) in &seen.errors {
                *total.errors.entry(*what).or_default() += count;
            }
        }
        total
    }
}

impl Seen {
    fn add(&mut self, request: &Request) {
        self.requests += 1;
        self.repeats += u64::from(request.is_repeat);
        if !request.is_error {
            return;
        }
        let what = (request.outcome, request.status);
        *self.errors.entry(what).or_default() += 1;
        let by = (request.region.clone(), request.agent.to_string());
        self.by.insert(by);
        let Some(id) = &request.id else {
            return;
        };
        self.ids_all += 1;
        self.ids.insert((request.at, id.clone()));
        if self.ids.len() > IDS_MAX {
            self.ids.pop_last();
        }
    }

    /// How many requests the contract counts as errors.
    pub(crate) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ids_are_kept_whatever_order_they_come_in_and_all_are_counted() {
        let mut seen = Seen::default();
        for at in [9, 3, 7, 1, 8, 2, 5_i64] {
            seen.add(&Request {
                period: 0,
                at: UnixMicros::new(at),
                region: "r".to_owned(),
                agent: "a".parse().unwrap(),
                model: None,
                status: Some(503),
                outcome: Outcome::ServerError,
                is_error: at != 8,
                is_repeat: at == 9,
                id: Some(format!("req_{at}")),
                client_id: None,
            });
        }
        let ids: Vec<_> = seen.ids.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids, ["req_1", "req_2", "req_3", "req_5", "req_7"]);
        assert_eq!((seen.ids_all, seen.requests, seen.failed()), (6, 7, 6));
        assert_eq!(seen.repeats, 1);
    }
}
