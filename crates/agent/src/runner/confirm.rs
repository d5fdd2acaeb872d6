//! Orders of the collector: which of them are to be followed.
//!
//! Invariants: an order is believed under the pinned key of the operator and no other; it is
//! followed once, however often it shows and whoever ran before: what was ordered before a runner
//! began is not its business; by the agent's own clock an order is neither expired nor from the
//! future; what is kept of orders is bounded.
//!
//! Non-goals: fetching them. Whoever talks to the collector shows what is open.

use std::collections::BTreeSet;
use std::future;
use std::sync::Arc;

use domain::{AgentId, UnixMillis};
use evidence::note::VerifierKey;
use telemetry::metrics::OrderResult;
use tokio::sync::watch;
use tracing::{debug, info, warn};
use wire::order::{ConfirmOrder, ORDERS_OPEN_MAX};

use super::course::{Course, Permits};
use super::{Key, Runner, Target};

/// Orders that are remembered as seen. They are forgotten oldest first, long after they expired.
const KNOWN_MAX: usize = 4 * ORDERS_OPEN_MAX;
/// By how much the collector's clock and the agent's may differ, milliseconds.
const SKEW_MS_MAX: i64 = 30_000;

/// What was ordered, and whom to believe.
pub(super) struct Orders {
    agent: AgentId,
    key: Option<VerifierKey>,
    /// Earlier ones may have been followed by the runner before.
    since: UnixMillis,
    /// Signed notes that are open now; none once nobody shows any.
    open: Option<watch::Receiver<Vec<String>>>,
    /// The notes that were open when last looked at.
    shown: Vec<String>,
    /// Moment and number of the orders that were seen.
    known: BTreeSet<(UnixMillis, u64)>,
}

impl Orders {
    pub(super) fn new(
        agent: AgentId,
        key: Option<VerifierKey>,
        since: UnixMillis,
        open: watch::Receiver<Vec<String>>,
    ) -> Self {
        Self {
            agent,
            key,
            since,
            open: Some(open),
            shown: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// Waits until other orders are open; for ever once nobody can tell.
    pub(super) async fn changed(&mut self) {
        if let Some(open) = &mut self.open
            && open.changed().await.is_ok()
        {
            return;
        }
        self.open = None;
        future::pending::<()>().await;
    }

    /// What came in since the last look: orders to follow, and why others are not.
    fn take(&mut self, now: UnixMillis) -> Vec<Result<ConfirmOrder, OrderResult>> {
        let Some(open) = &mut self.open else {
            return Vec::new();
        };
        let shown: Vec<String> = {
            let notes = open.borrow_and_update();
            notes.iter().take(ORDERS_OPEN_MAX).cloned().collect()
        };
        let before = std::mem::replace(&mut self.shown, shown.clone());
        let fresh = shown.iter().filter(|note| !before.contains(note));
        let taken = fresh.filter_map(|note| self.read(note, now).transpose());
        taken.collect()
    }

    /// Reads a note; none where its order was seen before.
    fn read(&mut self, note: &str, now: UnixMillis) -> Result<Option<ConfirmOrder>, OrderResult> {
        let Some(key) = &self.key else {
            debug!("the operator's key is not known: no order can be believed");
            return Err(OrderResult::Refused);
        };
        let order = ConfirmOrder::verify(note, key).map_err(|refused| {
            let error: &dyn std::error::Error = &refused;
            warn!(error, "an order is refused");
            OrderResult::Refused
        })?;
        if order.issued < self.since || !is_open(&order, now) {
            return Err(OrderResult::Stale);
        }
        let is_new = self.known.insert((order.issued, order.number));
        if self.known.len() > KNOWN_MAX {
            self.known.pop_first();
        }
        if is_new && order.seen_by == self.agent {
            return Err(OrderResult::Inapplicable);
        }
        Ok(is_new.then_some(order))
    }
}

fn is_open(order: &ConfirmOrder, now: UnixMillis) -> bool {
    let open = order.issued.plus_ms(-SKEW_MS_MAX)..order.expires.plus_ms(SKEW_MS_MAX);
    open.contains(&now)
}

impl Runner {
    /// Follows the orders that came in, as far as plan, room and budget allow.
    pub(super) fn follow(&mut self) {
        let now = self.desk.timebase.now().wall.to_millis();
        for taken in self.orders.take(now) {
            let begun = taken.and_then(|order| self.begin_confirm(&order));
            if let Err(skipped) = begun {
                self.desk.metrics.order_taken(skipped);
            }
        }
    }

    fn begin_confirm(&mut self, order: &ConfirmOrder) -> Result<(), OrderResult> {
        let (target, permits) = self.room_for(order)?;
        info!(
            order.number = order.number,
            target.id = %order.target,
            "confirms by order {} what agent {} saw of target {}",
            order.number, order.seen_by, order.target
        );
        let repeating = target.repeats.begin();
        let course = Course {
            desk: Arc::clone(&self.desk),
            target,
            slot: order.issued,
            phase: self.phase.subscribe(),
        };
        self.tasks.spawn(course.confirm(permits, repeating));
        Ok(())
    }

    /// The target of an order with room for an attempt; else why the order is skipped.
    fn room_for(&self, order: &ConfirmOrder) -> Result<(Arc<Target>, Permits), OrderResult> {
        let target = self.targets.get(&order.target);
        let target = target.ok_or(OrderResult::Inapplicable)?;
        // Without its key nothing would be sent: that says nothing of the target.
        if target.plan.burst.confirms() == 0 || matches!(target.key, Key::Missing(_)) {
            return Err(OrderResult::Inapplicable);
        }
        if target.repeats.are_under_way() {
            return Err(OrderResult::Busy);
        }
        let permits = self.desk.permits_for(target).ok_or(OrderResult::Busy)?;
        Ok((Arc::clone(target), permits))
    }
}
