//! How far behind the collector is, for metrics.

use std::time::Duration;

use chrono::{DateTime, Utc};
use telemetry::metrics::{Lag, Queue};

use crate::app::App;
use crate::job::assess::SETTLE_MAX;
use crate::store::lag::Waiting;
use crate::store::{self, StoreError};

/// Measures it, and tells the instruments.
#[tracing::instrument(name = "job.lag.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), StoreError> {
    let mut conn = app.connection().await?;
    let now = app.clock.now_utc();
    let agents = store::agent::list(&mut conn).await?;
    let live = agents.into_iter().filter(|agent| !agent.revoked);
    let mut newest = store::lag::newest(&mut conn).await?;
    let newest = live.filter_map(|agent| {
        let at = newest.remove(agent.id.as_str())?;
        Some((agent.id.to_string(), since(at, now)))
    });
    let newest = newest.collect();
    let complete = store::batch::sealed_until(&mut conn, now - SETTLE_MAX).await?;
    let hours = store::lag::hours(&mut conn, now).await?;
    let entries = store::lag::entries(&mut conn).await?;
    app.instruments.lag_measured(Lag {
        newest,
        complete: complete.map(|at| since(at, now)),
        hours: queue(&hours, now),
        entries: queue(&entries, now),
    });
    Ok(())
}

/// From a moment to now; none where the moment lies ahead, by a clock that is off.
fn since(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).to_std().unwrap_or_default()
}

fn queue(waiting: &Waiting, now: DateTime<Utc>) -> Queue {
    Queue {
        waiting: waiting.count,
        oldest: waiting
            .oldest_at
            .map(|at| since(at, now))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
