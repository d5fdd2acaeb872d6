//! The simulated agents as witnesses: they vouch for checkpoints by the checks of a live agent.

use std::sync::Arc;

use agent::Identity;
use agent::witness::{self, Trusted};
use chrono::{DateTime, Utc};
use collector::Collector;
use evidence::batch_note::Seen;
use evidence::tree;

/// Who vouches, and the newest checkpoint each believes.
pub(super) struct Witnesses {
    all: Vec<(Arc<Identity>, Seen)>,
    turn: usize,
}

impl Witnesses {
    pub(super) fn new(identities: Vec<Arc<Identity>>) -> Self {
        let all = identities.into_iter().map(|identity| {
            let seen = Seen {
                origin: identity.origin.log(),
                size: 0,
                root: tree::root(&[]),
            };
            (identity, seen)
        });
        Self {
            all: all.collect(),
            turn: 0,
        }
    }

    /// The next agent in turn vouches for the newest checkpoint; gives the checkpoint's note.
    pub(super) async fn cosign_next(
        &mut self,
        collector: &Collector,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        self.turn = (self.turn + 1) % self.all.len();
        self.cosign(self.turn, collector, now).await
    }

    /// All agents vouch for the newest checkpoint.
    pub(super) async fn cosign_all(
        &mut self,
        collector: &Collector,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        for place in 0..self.all.len() {
            self.cosign(place, collector, now).await?;
        }
        Ok(())
    }

    async fn cosign(
        &mut self,
        place: usize,
        collector: &Collector,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let (identity, seen) = &mut self.all[place];
        let answer = collector
            .checkpoint(&identity.agent, None, seen.size)
            .await?;
        let log = identity.origin.log();
        let trusted = Trusted {
            log: &log,
            log_key: &identity.log_key,
            seen,
        };
        let witnessed = witness::check(&answer, trusted)?;
        let time_s = now.timestamp().unsigned_abs();
        collector
            .cosign(&witnessed.cosign(&identity.agent, &identity.key, time_s)?)
            .await?;
        let checkpoint = &witnessed.checkpoint;
        *seen = Seen {
            origin: log,
            size: checkpoint.size,
            root: checkpoint.root,
        };
        Ok(answer.checkpoint)
    }
}
