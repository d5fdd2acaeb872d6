//! What an agent knows about itself right now, for people and for probes of its own health.
//!
//! Not evidence: it is lost with the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Attribution, Outcome, TargetId, UnixMicros, UnixMillis};
use wire::reserved::{ControlLine, TimeLine};

use crate::budget::Standing;

mod plan;

pub use plan::{PlanOrigin, PlanState};

/// How sending goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UplinkState {
    /// There is no collector to send to.
    #[default]
    Absent,
    /// The last request went well.
    Well,
    /// The last request did not go well; it will be repeated.
    Retrying {
        /// Why.
        reason: String,
    },
    /// Nothing is sent any more until a human acts.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// The newest sample of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Its slot.
    pub slot: UnixMillis,
    /// What was observed.
    pub outcome: Outcome,
    /// Whose fault it was.
    pub attribution: Attribution,
}

/// A picture of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthState {
    /// Bytes that wait for a receipt.
    pub backlog_bytes: u64,
    /// Bytes at which the spool is full.
    pub backlog_bytes_max: u64,
    /// Number of the next batch.
    pub next_seq: u64,
    /// Batches below this number have a receipt.
    pub acked_below: u64,
    /// Batches below this number are proven to be in the log.
    pub released_below: u64,
    /// When the last receipt came.
    pub acked_at: Option<UnixMicros>,
    /// Entries of the newest believed checkpoint.
    pub seen_size: u64,
    /// Slots that were not run since the start.
    pub slots_missed: u64,
    /// How sending goes.
    pub uplink: UplinkState,
    /// Which plan it runs.
    pub plan: PlanState,
    /// Whether the log showed two histories.
    pub split_view: bool,
    /// Why nothing can be recorded any more.
    pub failed: Option<String>,
    /// The newest sample of each target.
    pub targets: BTreeMap<TargetId, TargetState>,
    /// What was spent on each target that a budget binds, as of its last call.
    pub budgets: BTreeMap<TargetId, Standing>,
    /// What was spent on all of them; none where no budget binds any.
    pub budget_overall: Option<Standing>,
    /// Why no capped call can be made.
    pub budget_failed: Option<String>,
    /// How right the clock was when it was last looked at.
    pub clock: Option<TimeLine>,
    /// How many controls are configured.
    pub controls_configured: usize,
    /// Whether the agent's own network carried in the newest minute that is told.
    pub controls: Option<ControlLine>,
    /// Longest time by which a timer was late since the start, microseconds.
    pub lag_us_max: Option<u64>,
}

impl HealthState {
    /// What is wrong, one sentence each; empty when all is well.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if let Some(reason) = &self.failed {
            complaints.push(format!("recording failed: {reason}"));
        }
        complaints.extend(self.plan.complaints());
        if self.split_view {
            complaints.push("the log shows two histories; see split-view-*.note".to_owned());
        }
        if let UplinkState::Stopped { reason } = &self.uplink {
            complaints.push(format!("sending stopped: {reason}"));
        }
        if let Some(reason) = &self.budget_failed {
            complaints.push(format!("budgets cannot be kept: {reason}"));
        }
        if self.backlog_bytes_max > 0 && self.backlog_bytes >= self.backlog_bytes_max {
            complaints.push(format!(
                "the spool is full at {} bytes",
                self.backlog_bytes_max
            ));
        }
        complaints
    }
}

/// Shared by the tasks of one agent.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<HealthState>>);

impl Health {
    /// A copy of the current picture.
    #[must_use]
    pub fn get(&self) -> HealthState {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut HealthState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
