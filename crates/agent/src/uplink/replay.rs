//! Batches that the collector had and has no more: its database was restored from an older copy.
//! They are sent again as they are, oldest first, one at a time, and only while nothing younger
//! waits.
//!
//! The collector tells of them in two ways: by the receipt of a batch whose predecessors it lacks,
//! and by the answer to a question that each run asks once.

use std::ops::Range;

use tracing::{error, info, warn};
use wire::problem::ProblemType;

use super::{Reaction, Step, Uplink, to_refusal};
use crate::client::Refusal;
use crate::recorder::task::RecorderGone;

/// What is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// Nothing was asked yet.
    Unknown,
    /// To be asked about from this number on.
    Ask(u64),
    /// These, as far as they are still here.
    Send(Range<u64>),
    /// Nothing, as far as is known.
    Done,
}

impl Replay {
    /// Hears from the receipt of batch `seq` that those from `from` on are missing.
    pub(super) fn hear(&mut self, from: u64, seq: u64) {
        if from >= seq {
            return;
        }
        info!(
            "the collector lost batches {from} to {}; they are sent again",
            seq - 1
        );
        *self = match self {
            Self::Send(run) => Self::Send(run.start.min(from)..run.end.max(seq)),
            _ => Self::Send(from..seq),
        };
    }
}

impl Uplink {
    /// Asks what is missing, or sends one batch again; none where there is nothing to do.
    pub(super) async fn replay(&mut self) -> Result<Option<Step>, RecorderGone> {
        match self.replay.clone() {
            Replay::Unknown | Replay::Done => Ok(None),
            Replay::Ask(from) => self.ask_missing(from).await,
            Replay::Send(run) => self.send_again(run).await.map(Some),
        }
    }

    async fn ask_missing(&mut self, from: u64) -> Result<Option<Step>, RecorderGone> {
        let below = self.recorder.progress().await?.acked_below;
        if from >= below {
            self.replay = Replay::Done;
            return Ok(None);
        }
        let agent = self.settings.identity.agent.clone();
        match self.settings.client.missing(&agent, from, below).await {
            Ok(None) => {
                self.replay = Replay::Done;
                Ok(None)
            }
            Ok(Some(run)) => {
                let (from, below) = (run.from.max(from), run.below.min(below));
                info!(agent.id = %agent, "the collector lacks batches from {from} to below {below}");
                self.replay = Replay::Send(from..below);
                Ok(Some(Step::Again))
            }
            Err(refusal) => {
                let source = &refusal as &dyn std::error::Error;
                warn!(agent.id = %agent, error = source, "what the collector lacks is not known");
                let is_final = matches!(
                    refusal,
                    Refusal::Problem {
                        status: 400..500,
                        ..
                    }
                );
                if is_final {
                    self.replay = Replay::Done; // A receipt may still tell.
                    return Ok(None);
                }
                Ok(Some(Step::Watch(self.backoff.next())))
            }
        }
    }

    async fn send_again(&mut self, run: Range<u64>) -> Result<Step, RecorderGone> {
        let Some(batch) = self.recorder.find_kept(run.clone()).await? else {
            self.replay = Replay::Ask(run.end);
            return Ok(Step::Again);
        };
        let seq = batch.seq;
        let answered = self.settings.client.post_batch(batch.body.clone()).await;
        let answered = answered.and_then(|receipt| self.check_receipt(&receipt, &batch));
        let Err(refusal) = answered else {
            self.settings.metrics.batch_sent();
            self.backoff.reset();
            self.go_on(seq + 1..run.end);
            return Ok(Step::Again);
        };
        let reaction = to_refusal(&refusal);
        self.report_refusal(&batch, &refusal, reaction);
        match reaction {
            Reaction::Acked | Reaction::Retry => Ok(Step::Watch(self.backoff.next())),
            Reaction::WaitThenRetry(wait) => Ok(Step::Watch(wait)),
            Reaction::ReEnrol => Ok(Step::Watch(super::RE_ENROL_WAIT)),
            Reaction::Quarantine => {
                error!("batch {seq} is not taken again; it stays where it is");
                self.go_on(seq + 1..run.end);
                Ok(Step::Again)
            }
            Reaction::Stop => Ok(Step::Stop),
        }
    }

    /// What follows from an answer that ends this agent. One that was revoked may be the only one
    /// that still has what a restored log is owed: it goes on with that, and with nothing else.
    pub(super) fn end(&mut self, refusal: Option<&Refusal>) -> Step {
        let revoked = Some(ProblemType::AgentRevoked);
        let is_revoked =
            matches!(refusal, Some(Refusal::Problem { problem, .. }) if *problem == revoked);
        if !is_revoked || self.replay == Replay::Done {
            return Step::Stop;
        }
        self.skip_below = u64::MAX;
        Step::Again
    }

    /// What remains of a run; after it there may be another.
    fn go_on(&mut self, rest: Range<u64>) {
        self.replay = if rest.is_empty() {
            info!(
                "the collector has every batch again that it asked for, up to {}",
                rest.end
            );
            Replay::Ask(rest.end)
        } else {
            Replay::Send(rest)
        };
    }
}
