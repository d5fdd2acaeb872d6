//! The page of a target.

use chrono::{DateTime, Utc};

use super::{Site, TargetNow};
use crate::latency::Point;

/// One target.
#[derive(Clone, Debug)]
pub(crate) struct TargetPage {
    /// On every page.
    pub(crate) site: Site,
    /// What it is like now.
    pub(crate) now: TargetNow,
    /// Start of the chart, on the hour.
    pub(crate) from: DateTime<Utc>,
    /// End of the chart, on the hour.
    pub(crate) to: DateTime<Utc>,
    /// Hours of the chart that have a sample, in order.
    pub(crate) hours: Vec<Point>,
    /// Days that have a sample, newest first.
    pub(crate) days: Vec<Point>,
    /// The same as JSON.
    pub(crate) json_href: String,
}
