//! What providers publish about themselves: status pages, read beside the measurements so that
//! people can see what was admitted, and when.
//!
//! Invariants: nothing here is evidence, and no verdict, assessment or bundle reads it; a source
//! that cannot be read is unknown, never operational; what a page says is kept in its own words
//! where we know no better one. Non-goal: believing any of it.

mod better_stack;
mod client;
mod compare;
pub(crate) mod config;
mod feed;
mod google;
mod incident_io;
mod json;
mod online_or_not;
mod openrouter;
mod parts;
mod read;
mod rss;
mod statuspage;
#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{UnixMillis, Window};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::store::{self, StoreError};

pub(crate) use client::{Client, Fetched};
pub(crate) use compare::{Difference, Notice, Outage, Seen, Stretch, compare};
pub(crate) use config::{Document, Source};
pub use config::{Published, PublishedConfig, PublishedError};
pub(crate) use read::{is_readable, read};

/// The most incidents that are taken from one answer.
const INCIDENTS_MAX: usize = 200;
/// The most components, and the most figures, that are kept of one answer.
const PARTS_MAX: usize = 100;
/// The longest text that is kept of any field, characters.
const TEXT_CHARS_MAX: usize = 300;

/// What a source says about a service. In this order the worse wins among components: one whose
/// word is not known is not operational, and hides no known trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// All is said to be well.
    Operational,
    /// The source could not be read, or its word is not known.
    Unknown,
    /// Announced work.
    Maintenance,
    /// Slow, or some errors.
    Degraded,
    /// Part of it is down.
    PartialOutage,
    /// It is down.
    MajorOutage,
}

impl Level {
    /// Every level, from best to worst.
    pub(crate) const ALL: [Self; 6] = [
        Self::Operational,
        Self::Unknown,
        Self::Maintenance,
        Self::Degraded,
        Self::PartialOutage,
        Self::MajorOutage,
    ];

    /// The word for it in JSON and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::Unknown => "unknown",
            Self::Maintenance => "maintenance",
            Self::Degraded => "degraded",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// Whether it says that something is wrong. Maintenance is counted apart.
    pub(crate) const fn admits(self) -> bool {
        matches!(
            self,
            Self::Degraded | Self::PartialOutage | Self::MajorOutage
        )
    }

    /// What the word for the state of a component means in any of the dictionaries.
    fn of_word(word: &str) -> Self {
        let word = word.to_ascii_lowercase().replace([' ', '-'], "_");
        match word.as_str() {
            "operational" | "no_impact" | "all_systems_operational" => Self::Operational,
            "maintenance" | "under_maintenance" => Self::Maintenance,
            "degraded" | "degraded_performance" => Self::Degraded,
            "partial_outage" => Self::PartialOutage,
            "major_outage" | "full_outage" | "downtime" => Self::MajorOutage,
            _ => Self::Unknown,
        }
    }
}

/// What a source said at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    pub(crate) level: Level,
    /// Why it is unknown, or which word is.
    pub(crate) note: Option<String>,
    /// Those asked for; without, those that are not operational.
    pub(crate) components: Vec<Component>,
    pub(crate) uptimes: Vec<Uptime>,
    /// Open and past ones, as the page lists them.
    pub(crate) incidents: Vec<Incident>,
}

/// One part of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) level: Level,
    /// The page's own.
    pub(crate) word: String,
}

/// A share of requests that succeeded, as the provider counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uptime {
    pub(crate) component: String,
    /// `5m`, `30m` or `1d`.
    pub(crate) span: String,
    /// Parts per million, cut off.
    pub(crate) ppm: u32,
}

/// An incident of the provider's, in the provider's words. Not one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Incident {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) impact: Option<String>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) url: Option<String>,
}

impl Observation {
    /// A source that could not be read, and why, in our own words.
    pub(crate) fn unknown(why: impl Into<String>) -> Self {
        Self {
            level: Level::Unknown,
            note: Some(why.into()),
            components: Vec::new(),
            uptimes: Vec::new(),
            incidents: Vec::new(),
        }
    }
}

/// Consecutive moments in which a source said the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Run {
    pub(crate) from: DateTime<Utc>,
    /// Up to when it is known to have held.
    pub(crate) to: DateTime<Utc>,
    pub(crate) level: Level,
    pub(crate) note: Option<String>,
    pub(crate) components: Vec<Component>,
    pub(crate) uptimes: Vec<Uptime>,
}

/// The newest version of an incident, and when the first one was read here.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) first_seen_at: DateTime<Utc>,
    pub(crate) versions: i64,
    #[serde(flatten)]
    pub(crate) incident: Incident,
}

/// What a source said in a window.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// In order.
    pub(crate) runs: Vec<Run>,
    /// That may have gone on in it, the newest first.
    pub(crate) incidents: Vec<Told>,
}

/// What a source said in a window, for pages and reports. Not evidence.
pub(crate) async fn published_during(
    conn: &mut PgConnection,
    source: &str,
    window: Window,
) -> Result<Said, StoreError> {
    let ends = [window.start(), window.end()].map(|at| at.start().to_micros().to_utc());
    Ok(Said {
        runs: store::published::runs(conn, source, (ends[0], ends[1])).await?,
        incidents: store::published::incident::list(conn, source, (ends[0], ends[1])).await?,
    })
}

impl Run {
    /// The minutes that it reaches into.
    pub(crate) fn stretch(&self) -> Stretch<Level> {
        let minute = |at: DateTime<Utc>| UnixMillis::from(at).minute();
        let last = minute(self.to - TimeDelta::nanoseconds(1)).plus(1);
        let start = minute(self.from);
        Stretch {
            start,
            end: last.max(start.plus(1)),
            value: self.level,
        }
    }
}
