//! Reading of providers' status pages, by a timer and by hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use super::periodic::{told, wait};
use super::{App, Collector};
use crate::job::published::{self, PublishedJobError};

/// Between two looks whether any page is to be read.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Collector {
    /// Reads the status pages whose time it is, once.
    pub async fn run_published(&self) -> Result<(), PublishedJobError> {
        published::run_once(&self.app).await
    }

    /// Keeps what a page says, as if it had just been asked, and when it is asked next: for a
    /// history that is made in simulated time. `documents` are the answers in the order in which
    /// they are asked for. Fails where the installation is not simulated, or has no such page.
    pub async fn take_published(
        &self,
        page: &str,
        documents: Vec<Vec<u8>>,
        next_at: DateTime<Utc>,
    ) -> Result<(), PublishedJobError> {
        if !self.app.origin.is_simulated() {
            return Err(PublishedJobError::NotSimulated);
        }
        published::take_made(&self.app, page, documents, next_at).await
    }

    /// What runs, for tests of the same without asking whether it is simulated.
    #[cfg(test)]
    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.app
    }
}

/// Reads pages again and again, where there are any.
pub(super) async fn published(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while !app.published.sources.is_empty() {
        let started = Instant::now();
        let run = tokio::select! {
            done = published::run_once(&app) => done,
            _changed = stop.changed() => return, // What was not stored is read again.
        };
        told(&app, "published", started, run);
        if !wait(LOOK_EVERY, &mut stop).await {
            return;
        }
    }
}
