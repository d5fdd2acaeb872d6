//! What an agent finds out about itself: clock, own network, load.
//!
//! All of it goes into the chain as lines of reserved streams ([`wire::reserved`]), so that
//! whoever says later "your clock was wrong" or "your own line was down" can be answered. Nothing
//! here judges: no outcome changes by it, and no sample waits for it.
//!
//! Invariants: what could not be found out is absent; every wait has an end; a check sends no key.

mod chrony;
mod clock;
pub mod control;
mod load;
mod readings;
mod sntp;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{debug, warn};
use wire::reserved::{ReservedLine, SysEvent};

pub use clock::{NtpServer, NtpServerError};
pub use control::{Control, ControlError, Endpoint};
pub use readings::{ClockReading, Readings};

use crate::health::Health;
use crate::recorder::task::{RecorderGone, RecorderHandle};
use crate::runner::AttemptFn;
use crate::stamp::Timebase;
use control::{Controls, Probed};
use telemetry::metrics::AgentMetrics;

/// How long the checks may take to end when the agent stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What an agent asks about itself.
#[derive(Clone, Debug, Default)]
pub struct SelfcheckSettings {
    /// NTP servers that tell how far the clock is off; the first that answers is believed.
    pub ntp: Vec<NtpServer>,
    /// What is asked to learn whether the agent's own network carries.
    pub controls: Vec<Control>,
}

/// What the checks work with.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) recorder: RecorderHandle,
    pub(crate) timebase: Timebase,
    pub(crate) health: Health,
    pub(crate) metrics: AgentMetrics,
    pub(crate) readings: Readings,
    /// Makes connections as probes do, without any key.
    pub(crate) attempt: Arc<AttemptFn>,
}

/// The running checks of one agent.
#[derive(Debug)]
pub(crate) struct Selfcheck {
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 3],
}

impl Selfcheck {
    /// Starts the checks; `probed` tells them of attempts.
    pub(crate) fn start(
        settings: &SelfcheckSettings,
        around: &Surroundings,
        probed: mpsc::Receiver<Probed>,
    ) -> Self {
        let (stop, stopping) = watch::channel(false);
        let clock = clock::run(settings.ntp.clone(), around.clone(), stopping.clone());
        let controls = Controls::new(settings.controls.clone(), around.clone());
        let tasks = [
            tokio::spawn(clock),
            tokio::spawn(ended("controls", controls.run(probed, stopping.clone()))),
            tokio::spawn(ended("load", runs(around.clone(), stopping))),
        ];
        Self { stop, tasks }
    }

    /// Ends the checks; what they know is with the recorder on return.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for mut task in self.tasks {
            if tokio::time::timeout(STOP_TIMEOUT, &mut task).await.is_err() {
                task.abort();
                warn!("a check of the agent's own did not end in time");
            }
        }
    }
}

async fn ended(what: &'static str, task: impl Future<Output = Result<(), RecorderGone>>) {
    if task.await.is_err() {
        debug!("the {what} outlived the recorder");
    }
}

/// Says that the run begins, measures how late timers are, and says that it ends.
async fn runs(around: Surroundings, mut stop: watch::Receiver<bool>) -> Result<(), RecorderGone> {
    let begun = around.timebase.now();
    let meter = load::measure_lag(&around.readings, |lag_us| {
        let worst = |known: Option<u64>| known.max(Some(lag_us));
        around
            .health
            .update(|health| health.lag_us_max = worst(health.lag_us_max));
    });
    let boot = async {
        let mut line = around.readings.sys_line(SysEvent::Boot, begun);
        line.version = Some(env!("CARGO_PKG_VERSION").to_owned());
        line.build = load::build_hash().await;
        let line = ReservedLine::Sys(Box::new(line));
        around.recorder.note(line).await
    };
    let until_stop = async {
        boot.await?;
        // An error means that nobody is left to stop us: the same.
        drop(stop.wait_for(|stop| *stop).await);
        Ok(())
    };
    tokio::select! {
        ended = until_stop => ended?,
        () = meter => {}
    }
    let now = around.timebase.now();
    let line = around.readings.sys_line(SysEvent::Shutdown, now);
    around
        .recorder
        .note(ReservedLine::Sys(Box::new(line)))
        .await
}
