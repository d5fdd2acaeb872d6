//! The timers of periodic work, and what is told of every run.

use std::sync::Arc;
use std::time::Duration;

use telemetry::metrics::JobResult;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::error;

use super::log::sequence_once;
use super::{App, Collector};
use crate::job::{archive, assess, cells, claims, lag, post, retain, revise, stamp, submit};
use crate::plans as revisions;
use crate::store::StoreError;

/// Between two looks for a newer plan.
const PLANS_EVERY: Duration = Duration::from_secs(2);
/// Between two measurements of how far behind the collector is.
const LAG_EVERY: Duration = Duration::from_secs(10);
/// Between two looks whether the checkpoint of the day is to be posted.
const POST_EVERY: Duration = Duration::from_mins(1);
/// Between two looks whether the log is to be timestamped.
const STAMP_EVERY: Duration = Duration::from_secs(15);
/// Between two looks for days whose time is up.
const RETAIN_EVERY: Duration = Duration::from_hours(1);

/// Orders the log again and again.
pub(super) async fn sequence(app: Arc<App>, every: Duration, mut stop: watch::Receiver<bool>) {
    while wait(every, &mut stop).await {
        let started = Instant::now();
        let done = sequence_once(&app).await;
        told(&app, "sequence", started, done.map(drop));
    }
}

/// Computes cells and assessments again and again.
pub(super) async fn judge(app: Arc<App>, every: Duration, mut stop: watch::Receiver<bool>) {
    while wait(every, &mut stop).await {
        let started = Instant::now();
        let run = async {
            let (plans, now) = (app.plans(), app.clock.now());
            let plan = plans.in_force(now.to_millis());
            cells::run_once(&app.pool, plan, now.to_utc()).await?;
            assess::run_once(&app).await?;
            revise::run_once(&app).await?;
            claims::run_once(&app).await
        };
        told(&app, "assess", started, run.await);
    }
}

/// Archives what is due at the start and again and again, where there is an archive.
pub(super) async fn archive(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while app.archive.is_some() {
        let started = Instant::now();
        let run = tokio::select! {
            done = archive::run_once(&app) => done,
            _changed = stop.changed() => return, // The next run goes on where this one was.
        };
        told(&app, "archive", started, run.map(drop));
        if !wait(RETAIN_EVERY, &mut stop).await {
            return;
        }
    }
}

/// Has the log timestamped again and again, where there is anybody to ask.
pub(super) async fn stamp(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while app.timestamping.is_some() && wait(STAMP_EVERY, &mut stop).await {
        let started = Instant::now();
        let run = tokio::select! {
            done = stamp::run_once(&app) => done,
            _changed = stop.changed() => return,
        };
        told(&app, "timestamp", started, run.map(drop));
    }
}

/// Drops what is due at the start and again and again.
pub(super) async fn retain(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        let started = Instant::now();
        let done: Result<_, StoreError> = retain::run_once(&app).await;
        told(&app, "retain", started, done.map(drop));
        if !wait(RETAIN_EVERY, &mut stop).await {
            return;
        }
    }
}

impl Collector {
    /// Measures how far behind the collector is, once.
    pub async fn run_lag(&self) -> Result<(), StoreError> {
        lag::run_once(&self.app).await
    }
}

/// Measures how far behind the collector is, again and again.
pub(super) async fn lag(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while wait(LAG_EVERY, &mut stop).await {
        let started = Instant::now();
        let done = lag::run_once(&app).await;
        told(&app, "lag", started, done);
    }
}

/// What those outside are told.
pub(super) async fn outside(app: Arc<App>, stop: watch::Receiver<bool>) {
    tokio::join!(submit(app.clone(), stop.clone()), post(app, stop));
}

/// Submits the log to outside witnesses at the start and again and again, where there are any.
async fn submit(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while !app.outside.witnesses.is_empty() {
        let started = Instant::now();
        let run = tokio::select! {
            done = submit::run_once(&app) => done,
            _changed = stop.changed() => return, // The next run asks again.
        };
        told(&app, "submit", started, run);
        if !wait(app.outside.every, &mut stop).await {
            return;
        }
    }
}

/// Looks again and again whether the checkpoint of the day is to be posted to anyone.
async fn post(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while !app.outside.posts.is_empty() {
        let started = Instant::now();
        let done = post::run_once(&app).await; // Not cut off: what arrived is to be noted.
        told(&app, "post", started, done);
        if !wait(POST_EVERY, &mut stop).await {
            return;
        }
    }
}

/// Looks for newer plans again and again.
pub(super) async fn plans(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    while wait(PLANS_EVERY, &mut stop).await {
        let started = Instant::now();
        let done = revisions::look(&app).await;
        told(&app, "plan", started, done);
    }
}

pub(super) fn told<E: std::error::Error + 'static>(
    app: &App,
    job: &'static str,
    started: Instant,
    done: Result<(), E>,
) {
    let result = match &done {
        Ok(()) => JobResult::Done,
        Err(_) => JobResult::Failed,
    };
    app.instruments.job_ended(job, result, started.elapsed());
    if let Err(failure) = done {
        error!(
            error = &failure as &dyn std::error::Error,
            job.name = job,
            "job {job} failed; it runs again at its next turn"
        );
    }
}

/// Waits one period; false when it is time to stop.
pub(super) async fn wait(period: Duration, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(period) => true,
        _changed = stop.changed() => false,
    }
}
