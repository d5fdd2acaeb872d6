//! What pages of providers say, beside what was verified.

use domain::{UnixMillis, Window};

use crate::published::{Difference, Level, Seen, Stretch, Told};

/// One page of a provider's on the page of a contract.
#[derive(Clone, Debug)]
pub(crate) struct PublishedPart {
    /// What it is called here.
    pub(crate) source: String,
    /// Where it is.
    pub(crate) url: String,
    /// What it says now.
    pub(crate) level: Level,
    /// Why that is unknown.
    pub(crate) note: Option<String>,
    /// Since when it says so; absent before the first look.
    pub(crate) since: Option<UnixMillis>,
    /// The last look; absent before the first.
    pub(crate) as_of: Option<UnixMillis>,
    /// The window shown, then others, newest first; empty before the first assessment.
    pub(crate) windows: Vec<PublishedWindow>,
    /// What was verified in the window shown.
    pub(crate) verified: Vec<Stretch<Seen>>,
    /// What was published in it.
    pub(crate) said: Vec<Stretch<Level>>,
    /// Incidents of the window shown, as the page tells them.
    pub(crate) incidents: Vec<Told>,
    /// The same as JSON.
    pub(crate) json_href: String,
}

/// A window, both sides.
#[derive(Clone, Debug)]
pub(crate) struct PublishedWindow {
    /// Which.
    pub(crate) window: Window,
    /// What both sides come to.
    pub(crate) difference: Difference,
}

/// What one page of a provider's tells of the time of a violation.
#[derive(Clone, Debug)]
pub(crate) struct PublishedStory {
    /// What it is called here.
    pub(crate) source: String,
    /// Incidents that overlap the downtime by the page's own times, the newest first.
    pub(crate) incidents: Vec<Told>,
    /// The same as JSON, with all versions.
    pub(crate) json_href: String,
}
