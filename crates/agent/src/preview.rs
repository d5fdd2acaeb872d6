//! Previews: between two seals the collector is told what changed, so that its pages need not wait
//! for the next batch.
//!
//! Invariants: one preview is under way at most, and none for long; a preview that does not arrive
//! is forgotten, and what it told comes with the batch; batches never wait for previews, which have
//! a task of their own and do not pass through the recorder's queue.
//!
//! Non-goals: previews are no evidence. Nothing of an attempt is in them but when it was made and
//! how it ended.

use std::sync::Arc;
use std::time::Duration;

use telemetry::metrics::{AgentMetrics, PreviewResult};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::debug;
use wire::preview::{Preview, PreviewError};

use crate::client::{Client, Refusal};
use crate::identity::Identity;
use crate::recorder::Newest;
use crate::stamp::Timebase;

/// What previews are made from, and where they go.
#[derive(Debug)]
pub struct PreviewSettings {
    /// Who tells.
    pub identity: Arc<Identity>,
    /// Whom.
    pub client: Client,
    /// What changed.
    pub newest: Newest,
    /// Between two previews.
    pub interval: Duration,
    /// Random id of this run.
    pub boot: u64,
    /// Both clocks.
    pub timebase: Timebase,
    /// The agent's instruments.
    pub metrics: AgentMetrics,
}

/// Sends previews.
#[derive(Debug)]
pub struct Previews {
    settings: PreviewSettings,
}

/// A preview that nobody will see.
#[derive(Debug, thiserror::Error)]
enum Dropped {
    #[error("failed to make the preview")]
    Make(#[source] PreviewError),
    #[error("the preview was not taken")]
    Post(#[source] Refusal),
}

impl Previews {
    /// Sends nothing before it runs.
    #[must_use]
    pub const fn new(settings: PreviewSettings) -> Self {
        Self { settings }
    }

    /// Sends until asked to stop; what is under way then is given up.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.send_all() => {}
            _stopped = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn send_all(&self) {
        let interval = self.settings.interval;
        let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.send().await;
        }
    }

    /// Sends one, if there is anything to tell.
    async fn send(&self) {
        let PreviewSettings {
            identity, metrics, ..
        } = &self.settings;
        let streams = self.settings.newest.take();
        if streams.is_empty() {
            return;
        }
        let preview = Preview {
            agent: identity.agent.clone(),
            boot: self.settings.boot,
            origin: identity.origin.clone(),
            streams,
            wall_us: self.settings.timebase.now().wall,
        };
        match self.post(preview).await {
            Ok(()) => metrics.preview_sent(PreviewResult::Taken),
            Err(dropped) => {
                metrics.preview_sent(PreviewResult::Dropped);
                debug!(agent.id = %identity.agent, error = &dropped as &dyn std::error::Error,
                    "a preview was dropped");
            }
        }
    }

    async fn post(&self, preview: Preview) -> Result<(), Dropped> {
        let body = preview.sign(&self.settings.identity.key);
        drop(preview); // Of the largest, one form is enough while it is under way.
        let body = body.map_err(Dropped::Make)?;
        let posted = self.settings.client.post_preview(body).await;
        posted.map_err(Dropped::Post)
    }
}

#[cfg(test)]
mod tests;
