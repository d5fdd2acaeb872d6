//! The uplink: brings sealed batches to the collector, the oldest first, and watches the log they go
//! into.
//!
//! Invariants: the same sequence number is always sent with the same bytes; nothing is dropped,
//! whatever the collector answers; a receipt counts once every older batch has one; a checkpoint is durable before it is cosigned; after a split
//! view nothing is cosigned any more, also not after a restart.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use telemetry::metrics::AgentMetrics;
use telemetry::names;
use tokio::sync::watch;
use tracing::{Instrument as _, error, info, info_span, warn};
use wire::batch::SealedBatch;
use wire::protocol::{CheckpointAnswer, Inclusion, Receipt};

use crate::client::{Client, Refusal};
use crate::health::{Health, UplinkState};
use crate::identity::Identity;
use crate::recorder::task::{Progress, RecorderGone, RecorderHandle};
use crate::selfcheck::Readings;
use crate::stamp::Timebase;
use crate::witness::{self, Trusted, WitnessError, Witnessed};

mod reaction;
mod replay;
mod split;
#[cfg(test)]
mod tests;
mod window;

pub use reaction::{Reaction, to_refusal};

pub(crate) use reaction::Backoff;

use replay::Replay;
use split::{has_split_view, keep_split_view};

/// First wait for a checkpoint that holds the newest batch.
const CHECKPOINT_WAIT_MIN: Duration = Duration::from_secs(1);
/// Longest wait for it; checkpoints are at most a minute apart.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(30);
/// Wait of an agent whose key the collector does not know.
const RE_ENROL_WAIT: Duration = Duration::from_mins(1);

/// What an uplink works with.
#[derive(Debug)]
pub struct UplinkSettings {
    /// Who sends.
    pub identity: Arc<Identity>,
    /// Where to.
    pub client: Client,
    /// State directory, for what a human has to look at.
    pub dir: Utf8PathBuf,
    /// Both clocks.
    pub timebase: Timebase,
    /// The agent's picture of itself.
    pub health: Health,
    /// The agent's instruments.
    pub metrics: AgentMetrics,
    /// Where the times of receipts are kept.
    pub readings: Readings,
    /// Seed of the spread between agents.
    pub seed: u64,
}

/// Sends what the recorder seals.
#[derive(Debug)]
pub struct Uplink {
    settings: UplinkSettings,
    recorder: RecorderHandle,
    backoff: Backoff,
    /// Batches below this number are not sent (again): the collector will never take them.
    skip_below: u64,
    /// Batches that are sent at once.
    in_flight: usize,
    checkpoint_wait: Duration,
    cosigning: bool,
    replay: Replay,
}

/// What to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There may be more to do at once.
    Again,
    /// The next step has to wait this long.
    Wait(Duration),
    /// Nothing to do before the next batch is sealed.
    Idle,
    /// Nothing to send; look at the log after this long.
    Watch(Duration),
    /// Sending has ended for good.
    Stop,
}

impl Uplink {
    /// An uplink for what the recorder holds. A split view found in a former run still counts.
    pub fn new(settings: UplinkSettings, recorder: RecorderHandle) -> io::Result<Self> {
        let split_view = has_split_view(&settings.dir)?;
        settings.health.update(|health| {
            health.split_view = split_view;
            health.uplink = UplinkState::Well;
        });
        Ok(Self {
            backoff: Backoff::new(settings.seed),
            recorder,
            skip_below: 0,
            in_flight: 1,
            checkpoint_wait: CHECKPOINT_WAIT_MIN,
            cosigning: !split_view,
            replay: Replay::Unknown,
            settings,
        })
    }

    /// Sends until asked to stop, and then until nothing is left to send.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), RecorderGone> {
        let mut sealed = self.recorder.sealed();
        loop {
            sealed.mark_unchanged();
            let stopping = *stop.borrow_and_update();
            if stopping {
                self.replay = Replay::Done; // The next run asks again.
            }
            let wait = match self.step().await? {
                Step::Again => continue,
                Step::Stop => return Ok(()),
                Step::Idle | Step::Watch(_) if stopping => return Ok(()),
                Step::Idle => None,
                Step::Watch(wait) => Some(wait),
                Step::Wait(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        changed = stop.changed(), if !stopping => if changed.is_err() { return Ok(()) },
                    }
                    continue;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                changed = sealed.changed() => changed.map_err(|_| RecorderGone)?,
                changed = stop.changed() => if changed.is_err() { return Ok(()) },
            }
        }
    }

    /// Sends one batch, or looks at the log once.
    async fn step(&mut self) -> Result<Step, RecorderGone> {
        if self.replay == Replay::Unknown {
            self.replay = match self.recorder.progress().await?.acked_below {
                0 => Replay::Done, // There was no receipt that could be void.
                _ => Replay::Ask(0),
            };
        }
        let window = self.next_window().await?;
        if let Some(first) = window.first() {
            let span = info_span!(names::span::AGENT_BATCH_SEND, batch.seq = first.seq);
            return self.send(window).instrument(span).await;
        }
        if let Some(step) = self.replay().await? {
            return Ok(step);
        }
        if self.skip_below == u64::MAX {
            return Ok(Step::Stop);
        }
        let progress = self.recorder.progress().await?;
        if !self.cosigning || progress.released_below >= progress.acked_below {
            return Ok(Step::Idle);
        }
        self.watch_log(progress).await
    }

    fn check_receipt(&self, receipt: &Receipt, batch: &SealedBatch) -> Result<(), Refusal> {
        let same = receipt.agent == self.settings.identity.agent
            && receipt.seq == batch.seq
            && receipt.batch == batch.hash.to_string();
        if same { Ok(()) } else { Err(Refusal::Mismatch) }
    }

    fn report_refusal(&self, batch: &SealedBatch, refusal: &Refusal, reaction: Reaction) {
        let (agent, seq) = (&self.settings.identity.agent, batch.seq);
        let source = refusal as &dyn std::error::Error;
        let reason = refusal.to_string();
        let state = match reaction {
            Reaction::Stop => UplinkState::Stopped { reason },
            _ => UplinkState::Retrying { reason },
        };
        self.settings.health.update(|health| health.uplink = state);
        if matches!(reaction, Reaction::Retry | Reaction::WaitThenRetry(_)) {
            warn!(agent.id = %agent, error = source, "batch {seq} was not taken; it is sent again");
        } else {
            error!(agent.id = %agent, error = source, "batch {seq} was refused: {reaction:?}");
        }
    }

    async fn watch_log(&mut self, progress: Progress) -> Result<Step, RecorderGone> {
        let wait = self.checkpoint_wait;
        self.checkpoint_wait = (wait * 2).min(CHECKPOINT_WAIT_MAX);
        let seq = progress.acked_below - 1;
        let agent = self.settings.identity.agent.clone();
        let answer = match self
            .settings
            .client
            .checkpoint(&agent, seq, progress.seen.size)
            .await
        {
            Ok(answer) => answer,
            Err(refusal) => {
                let source = &refusal as &dyn std::error::Error;
                warn!(agent.id = %agent, error = source, "the log's checkpoint is not to be had");
                return Ok(Step::Watch(wait));
            }
        };
        let witnessed = match self.check(&answer, &progress) {
            Ok(witnessed) => witnessed,
            Err(refused) => {
                self.report_disbelief(&refused, &answer, &progress);
                return Ok(if self.cosigning {
                    Step::Watch(wait)
                } else {
                    Step::Idle
                });
            }
        };
        if witnessed.checkpoint.size > progress.seen.size {
            self.recorder.set_seen(answer.checkpoint).await?;
            self.cosign(&witnessed).await;
        }
        if self
            .release(&witnessed, answer.inclusion.as_ref(), seq)
            .await?
        {
            return Ok(Step::Again);
        }
        Ok(Step::Watch(wait))
    }

    fn check(
        &self,
        answer: &CheckpointAnswer,
        progress: &Progress,
    ) -> Result<Witnessed, WitnessError> {
        let identity = &self.settings.identity;
        let log = identity.origin.log();
        let trusted = Trusted {
            log: &log,
            log_key: &identity.log_key,
            seen: &progress.seen,
        };
        witness::check(answer, trusted)
    }

    fn report_disbelief(
        &mut self,
        refused: &WitnessError,
        answer: &CheckpointAnswer,
        progress: &Progress,
    ) {
        let agent = &self.settings.identity.agent;
        let source = refused as &dyn std::error::Error;
        if !matches!(refused, WitnessError::SplitView { .. }) {
            warn!(agent.id = %agent, error = source, "the log's checkpoint is not believed");
            return;
        }
        error!(agent.id = %agent, error = source,
            "the log shows two histories; agent {agent} cosigns nothing any more");
        self.cosigning = false;
        self.settings
            .health
            .update(|health| health.split_view = true);
        let known = progress.seen_note.as_deref().unwrap_or_default();
        if let Err(failed) = keep_split_view(&self.settings.dir, known, &answer.checkpoint) {
            error!(
                error = &failed as &dyn std::error::Error,
                "failed to keep the two notes"
            );
        }
    }

    /// A cosignature that does not arrive is no loss: the next checkpoint gets another.
    async fn cosign(&self, witnessed: &Witnessed) {
        let identity = &self.settings.identity;
        let now = self.settings.timebase.now().wall.get();
        let Ok(time_s) = u64::try_from(now.div_euclid(1_000_000)) else {
            return;
        };
        let (agent, size) = (&identity.agent, witnessed.checkpoint.size);
        let request = match witnessed.cosign(agent, &identity.key, time_s) {
            Ok(request) => request,
            Err(failed) => {
                let source = &failed as &dyn std::error::Error;
                error!(agent.id = %agent, error = source, "failed to cosign the log at {size}");
                return;
            }
        };
        if let Err(refusal) = self.settings.client.post_cosignature(&request).await {
            let source = &refusal as &dyn std::error::Error;
            warn!(agent.id = %agent, error = source, "the cosignature at {size} was not taken");
        }
    }

    /// Releases everything up to batch `seq` if the log proves to hold it.
    async fn release(
        &self,
        witnessed: &Witnessed,
        inclusion: Option<&Inclusion>,
        seq: u64,
    ) -> Result<bool, RecorderGone> {
        let Some(inclusion) = inclusion.filter(|inclusion| inclusion.seq == seq) else {
            return Ok(false);
        };
        let Some(batch) = self.recorder.find_batch(seq).await? else {
            return Ok(false);
        };
        match witnessed.check_inclusion(inclusion, &batch.note) {
            Ok(()) => {
                self.recorder.mark_released(seq).await?;
                let agent = &self.settings.identity.agent;
                info!(agent.id = %agent, "the log holds every batch up to {seq}");
                Ok(true)
            }
            Err(refused) => {
                let source = &refused as &dyn std::error::Error;
                error!(
                    error = source,
                    "the log's proof for batch {seq} does not hold"
                );
                Ok(false)
            }
        }
    }
}
