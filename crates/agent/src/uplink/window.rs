//! Several batches on their way at once: a backlog is not held up by one answer after another.
//!
//! The window is one batch until the collector takes it, twice as large after each that it takes
//! whole, and one again after a refusal. Answers count in the order of the batches: what was taken
//! after one that was not is sent again, and found there.

use std::fs;

use tokio::task::JoinSet;
use tracing::error;
use wire::batch::SealedBatch;
use wire::limits::BATCHES_IN_FLIGHT_MAX;
use wire::protocol::Receipt;

use super::{CHECKPOINT_WAIT_MIN, RE_ENROL_WAIT, Reaction, Step, Uplink, UplinkState, to_refusal};
use crate::client::Refusal;
use crate::recorder::task::RecorderGone;
use crate::stamp::Stamp;

/// Bodies in flight, bytes: beyond them a window ends early. One batch goes whatever its size.
const WINDOW_BYTES_MAX: usize = 1024 * 1024;

/// What became of one batch of a window.
struct Answered {
    sent: Stamp,
    received: Stamp,
    receipt: Result<Receipt, Refusal>,
}

impl Uplink {
    /// The oldest batches without a receipt, as many as may go at once.
    pub(super) async fn next_window(&self) -> Result<Vec<SealedBatch>, RecorderGone> {
        let (mut window, mut from, mut bytes) = (Vec::new(), self.skip_below, 0);
        while window.len() < self.in_flight && bytes < WINDOW_BYTES_MAX {
            let Some(batch) = self.recorder.find_unacked(from).await? else {
                break;
            };
            (from, bytes) = (batch.seq + 1, bytes + batch.body.len());
            window.push(batch);
        }
        Ok(window)
    }

    /// Sends a window, and takes the answers in order up to the first that is no receipt.
    pub(super) async fn send(&mut self, window: Vec<SealedBatch>) -> Result<Step, RecorderGone> {
        let first = window.first().map_or(0, |batch| batch.seq);
        let answers = self.post(&window).await;
        for (batch, answered) in window.iter().zip(answers) {
            let Some(answered) = answered else {
                return Ok(Step::Wait(self.backoff.next()));
            };
            let step = self.settle(batch, answered, first).await?;
            if step != Step::Again {
                self.in_flight = 1;
                return Ok(step);
            }
        }
        self.in_flight = (self.in_flight * 2).min(BATCHES_IN_FLIGHT_MAX);
        Ok(Step::Again)
    }

    /// Posts them at once; in their order what was answered, nothing where sending itself failed.
    async fn post(&self, window: &[SealedBatch]) -> Vec<Option<Answered>> {
        let mut posts = JoinSet::new();
        for (place, batch) in window.iter().enumerate() {
            let (client, timebase) = (self.settings.client.clone(), self.settings.timebase.clone());
            let body = batch.body.clone();
            posts.spawn(async move {
                let sent = timebase.now();
                let receipt = client.post_batch(body).await;
                let received = timebase.now();
                let answered = Answered {
                    sent,
                    received,
                    receipt,
                };
                (place, answered)
            });
        }
        let mut answers: Vec<Option<Answered>> = window.iter().map(|_| None).collect();
        while let Some(posted) = posts.join_next().await {
            match posted {
                Ok((place, answered)) => answers[place] = Some(answered),
                Err(failed) => error!(
                    error = &failed as &dyn std::error::Error,
                    "failed to send a batch"
                ),
            }
        }
        answers
    }

    /// Takes the answer to one batch of a window that begins with number `first`.
    async fn settle(
        &mut self,
        batch: &SealedBatch,
        answered: Answered,
        first: u64,
    ) -> Result<Step, RecorderGone> {
        let Answered {
            sent,
            received,
            receipt,
        } = answered;
        let taken = receipt.and_then(|receipt| {
            self.check_receipt(&receipt, batch)?;
            self.settings
                .readings
                .receive(sent, received, receipt.received_us);
            if let Some(from) = receipt.missing_from {
                // Those of this window may just have come in after it.
                self.replay.hear(from, first);
            }
            Ok(())
        });
        match taken {
            Ok(()) => {
                self.ack(batch.seq).await?;
                Ok(Step::Again)
            }
            Err(refusal) => Ok(self.refused(batch, &refusal)),
        }
    }

    async fn ack(&mut self, seq: u64) -> Result<(), RecorderGone> {
        self.recorder.mark_acked(seq).await?;
        self.settings.metrics.batch_sent();
        let now = self.settings.timebase.now().wall;
        self.settings.health.update(|health| {
            health.acked_at = Some(now);
            health.uplink = UplinkState::Well;
        });
        self.backoff.reset();
        self.checkpoint_wait = CHECKPOINT_WAIT_MIN;
        Ok(())
    }

    fn refused(&mut self, batch: &SealedBatch, refusal: &Refusal) -> Step {
        let reaction = to_refusal(refusal);
        self.report_refusal(batch, refusal, reaction);
        let (agent, seq) = (&self.settings.identity.agent, batch.seq);
        match reaction {
            Reaction::Acked | Reaction::Retry => Step::Wait(self.backoff.next()),
            Reaction::WaitThenRetry(wait) => Step::Wait(wait),
            Reaction::ReEnrol => Step::Wait(RE_ENROL_WAIT),
            Reaction::Quarantine => {
                self.put_aside(batch);
                Step::Again
            }
            Reaction::Stop => {
                error!(agent.id = %agent, "agent {agent} stops sending at batch {seq}; enrol it \
                    under a new name after looking into it");
                self.end(Some(refusal))
            }
        }
    }

    fn put_aside(&mut self, batch: &SealedBatch) {
        let seq = batch.seq;
        let path = self
            .settings
            .dir
            .join(format!("quarantine-batch-{seq}.zst"));
        if let Err(failed) = fs::write(&path, &batch.body) {
            error!(
                error = &failed as &dyn std::error::Error,
                "failed to write `{path}`"
            );
        }
        self.skip_below = seq + 1;
    }
}
