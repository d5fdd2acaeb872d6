//! The status page of the demo's direct provider: what it admits of its outages, and when.
//!
//! It admits two of the four outages of the history, late, goes on for a while when they are over,
//! and once tells of trouble that nobody saw. Of the history it tells what the simulated provider
//! goes on telling when the demo runs live.

use chrono::{DateTime, TimeDelta, Utc};
use collector::{Collector, Published, PublishedConfig, PublishedKind};
use domain::{ManualClock, UnixMicros};
use simulator::{StatusDocuments, StatusImpact, StatusIncident, StatusPage};

use super::contracts::window_start;
use super::fleet;
use super::plan::Provider;
use super::state::Demo;

/// What the page is called here.
const NAME: &str = "demo-direct-simulated";
/// Seconds between two looks of the live demo: the fewest there are.
const INTERVAL_S: u64 = 30;
/// Between two looks of the history at a page that does not change.
const LOOK_EVERY: TimeDelta = TimeDelta::hours(6);
/// When the live outage is told of, and when it is called over: within the demo's patience.
const LIVE: (u32, u32) = (90, 60);

/// Incidents of the history: day of the window, minute of the day, minutes, impact, title.
const TOLD: [(i64, i64, i64, StatusImpact, &str); 3] = [
    // Fourteen minutes from 09:12.
    (
        3,
        9 * 60 + 18,
        19,
        StatusImpact::Major,
        "elevated error rates",
    ),
    // Nobody saw it.
    (14, 10 * 60, 35, StatusImpact::Minor, "slow responses"),
    // Seventeen minutes from 04:03.
    (
        19,
        4 * 60 + 14,
        26,
        StatusImpact::Minor,
        "some requests fail",
    ),
];

/// The page as a collector reads it.
pub(super) fn configured(demo: &Demo) -> anyhow::Result<Published> {
    let port = fleet::port(demo, Provider::Direct);
    let page = PublishedConfig {
        name: NAME.to_owned(),
        provider: None,
        kind: Some(PublishedKind::Statuspage),
        url: Some(format!(
            "http://127.0.0.1:{port}/status/api/v2/summary.json"
        )),
        components: Vec::new(),
        product: None,
        targets: vec![Provider::Direct.name().parse()?],
        contracts: Vec::new(),
        interval_s: INTERVAL_S,
        keep_days: 400,
    };
    Ok(Published::checked(&[page])?)
}

/// How the simulated provider tells of its trouble.
pub(super) fn page(demo: &Demo, provider: Provider) -> StatusPage {
    let told = match provider {
        Provider::Direct => told(demo),
        Provider::Gateway | Provider::Flaky => Vec::new(),
    };
    StatusPage {
        admits_after_s: LIVE.0,
        resolves_after_s: LIVE.1,
        told,
    }
}

fn told(demo: &Demo) -> Vec<StatusIncident> {
    let start = window_start(demo.started_at);
    let unix_s = |at: DateTime<Utc>| at.timestamp().unsigned_abs();
    let told = TOLD
        .into_iter()
        .map(|(day, minute, length, impact, title)| {
            let posted = start + TimeDelta::days(day) + TimeDelta::minutes(minute);
            StatusIncident {
                id: format!("simulated-{}", posted.timestamp()),
                title: format!("Simulated: {title}"),
                impact,
                posted_unix_s: unix_s(posted),
                resolved_unix_s: Some(unix_s(posted + TimeDelta::minutes(length))),
            }
        });
    told.collect()
}

/// Looks at the page in simulated time: when it changes, and every few hours.
#[derive(Debug)]
pub(super) struct Looks {
    told: Vec<StatusIncident>,
    next_at: DateTime<Utc>,
}

impl Looks {
    pub(super) fn from(demo: &Demo, start: DateTime<Utc>) -> Self {
        Self {
            told: told(demo),
            next_at: start,
        }
    }

    /// Takes the looks that are due up to a moment, each at its own.
    pub(super) async fn up_to(
        &mut self,
        collector: &Collector,
        clock: &ManualClock,
        to: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        while self.next_at <= to {
            let at = self.next_at;
            clock.set(UnixMicros::from(at));
            self.next_at = self.after(at);
            self.look(collector, at, self.next_at).await?;
        }
        Ok(())
    }

    /// Looks a last time: from then on the live demo does.
    pub(super) async fn end(
        &self,
        collector: &Collector,
        clock: &ManualClock,
    ) -> anyhow::Result<()> {
        let at = domain::Clock::now_utc(clock);
        self.look(collector, at, at).await
    }

    async fn look(
        &self,
        collector: &Collector,
        at: DateTime<Utc>,
        next_at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let unix_s = at.timestamp().unsigned_abs();
        let said = StatusDocuments::at(Provider::Direct.name(), &self.told, unix_s);
        let documents = vec![said.summary.into_bytes(), said.incidents.into_bytes()];
        collector.take_published(NAME, documents, next_at).await?;
        Ok(())
    }

    /// The next change after a moment, or the next look without one.
    fn after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let changes = self.told.iter().flat_map(|one| {
            [Some(one.posted_unix_s), one.resolved_unix_s].map(Option::unwrap_or_default)
        });
        let changes =
            changes.filter_map(|unix_s| DateTime::from_timestamp(i64::try_from(unix_s).ok()?, 0));
        let next = changes.filter(|change| *change > at).min();
        let plain = at + LOOK_EVERY;
        next.map_or(plain, |next| next.min(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_the_page_is_looked_at_when_it_happens_and_no_look_is_late() {
        let start = DateTime::UNIX_EPOCH;
        let told = vec![StatusIncident {
            id: "a".to_owned(),
            title: String::new(),
            impact: StatusImpact::Minor,
            posted_unix_s: 7 * 3_600,
            resolved_unix_s: Some(7 * 3_600 + 90),
        }];
        let looks = Looks {
            told,
            next_at: start,
        };
        let mut at = vec![start];
        while at.len() < 5 {
            at.push(looks.after(at[at.len() - 1]));
        }
        let seconds: Vec<i64> = at.iter().map(DateTime::timestamp).collect();
        let end = 7 * 3_600 + 90;
        assert_eq!(seconds, [0, 6 * 3_600, 7 * 3_600, end, end + 6 * 3_600]);
    }
}
