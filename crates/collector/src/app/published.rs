//! Reading of providers' status pages, by a timer and by hand.

use std::sync::Arc;
use std::time::Duration;

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
