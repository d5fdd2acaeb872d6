//! Orders to confirm: when an agent reports that a target began to fail, the other agents are to
//! look at once, so that a quorum knows within seconds and not after an interval.
//!
//! Invariants: an order is made after the batch that gave rise to it is committed, and a failure to
//! make one never costs the batch; one target has one open order at a time, whichever collector
//! makes it; an order is signed once and never edited.
//!
//! Non-goals: what agents do about it, which the plan fixes; whether there is an outage, which
//! samples tell.

use std::collections::BTreeSet;

use domain::{AgentId, Attribution, Kind, Outcome, Source, UnixMillis};
use evidence::note::{NoteError, SigningKey};
use sqlx::PgConnection;
use tracing::{info, warn};
use wire::order::{ConfirmOrder, ORDER_LIFE_MS_MAX, ORDERS_OPEN_MAX};
use wire::plan::Plan;

use crate::app::App;
use crate::ingest::Admission;
use crate::store::StoreError;
use crate::store::confirm::{self, Failure, NewOrder, News};
use crate::store::sample::SampleRow;

#[cfg(test)]
mod tests;

/// How old a failed slot may be and still be worth a confirmation, milliseconds. Agents that were
/// cut off deliver hours at once, of which nothing can be confirmed any more.
const FRESH_MS_MAX: i64 = 2 * 60 * 1_000;

/// An order that could not be made.
#[derive(Debug, thiserror::Error)]
enum IssueError {
    /// The operator's key refused the text.
    #[error("failed to sign an order")]
    Sign(#[source] NoteError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A failed sample that the other agents may be asked to confirm.
struct Seen<'a> {
    agent: &'a AgentId,
    row: &'a SampleRow,
}

/// Signed orders that an agent is to follow now: those that are open, for targets of the plan, and
/// not made for what it saw itself.
pub(crate) async fn open_orders(app: &App, agent: &AgentId) -> Result<Vec<String>, StoreError> {
    let limit = i64::try_from(ORDERS_OPEN_MAX).unwrap_or(i64::MAX);
    let mut conn = app.connection().await?;
    let open = confirm::open(&mut conn, agent, app.clock.now_utc(), limit).await?;
    let plans = app.plans();
    let plan = plans.in_force(app.clock.now().to_millis());
    let is_planned = |order: &confirm::Open| {
        let target = order.target.parse().ok();
        target.is_some_and(|target| confirms(plan, &target))
    };
    let open = open.into_iter().filter(is_planned);
    Ok(open.map(|order| order.note).collect())
}

/// Makes the orders that fresh batches call for, once these are committed. What fails is told and
/// left: the batches are safe, and a planned slot comes anyway.
pub(crate) async fn issue(app: &App, conn: &mut PgConnection, batches: &[&Admission]) {
    let now = app.clock.now().to_millis();
    let plans = app.plans();
    let seen = failures(batches, plans.in_force(now), now);
    if seen.is_empty() {
        return;
    }
    match issue_for(conn, &seen, (&app.keys.operator, now)).await {
        Ok(issued) => app.instruments.orders_issued(issued),
        Err(failure) => warn!(
            error = &failure as &dyn std::error::Error,
            "failed to order that a failure be confirmed"
        ),
    }
}

/// Fresh failures of planned probes that others may see too.
fn failures<'a>(batches: &[&'a Admission], plan: &Plan, now: UnixMillis) -> Vec<Seen<'a>> {
    let oldest = now.plus_ms(-FRESH_MS_MAX);
    let rows = batches.iter().flat_map(|batch| {
        let agent = &batch.agent;
        batch.samples.iter().map(move |row| Seen { agent, row })
    });
    rows.filter(|seen| {
        let class = &seen.row.class;
        class.outcome != Outcome::Ok
            && !matches!(class.attribution, Attribution::Ours | Attribution::Agent)
            && (class.kind, class.source) == (Kind::Planned, Source::Probe)
            && seen.row.slot >= oldest
            && confirms(plan, &seen.row.target)
    })
    .collect()
}

/// Whether the plan lets orders for a target do anything.
fn confirms(plan: &Plan, target: &domain::TargetId) -> bool {
    plan.target(target)
        .is_some_and(|target| target.burst.confirms() > 0)
}

/// Gives how many orders were made.
async fn issue_for(
    conn: &mut PgConnection,
    seen: &[Seen<'_>],
    (operator, now): (&SigningKey, UnixMillis),
) -> Result<u64, IssueError> {
    let failures: Vec<Failure> = seen.iter().map(Seen::failure).collect();
    let news = confirm::news(conn, &failures, now.to_micros().to_utc()).await?;
    let mut orders = Vec::new();
    for news in news {
        if let Some(seen) = seen.get(news.place) {
            orders.push(seen.order(news, (operator, now))?);
        }
    }
    if orders.is_empty() {
        return Ok(0);
    }
    let kept: BTreeSet<u64> = confirm::insert(conn, &orders).await?.into_iter().collect();
    for order in orders.iter().filter(|order| kept.contains(&order.number)) {
        let number = order.number;
        info!(
            order.number = number,
            "ordered that a failure be confirmed ({number})"
        );
    }
    Ok(kept.len() as u64)
}

impl Seen<'_> {
    fn failure(&self) -> Failure {
        Failure {
            target: self.row.target.to_string(),
            agent: self.row.agent,
            slot_at: self.row.slot.to_micros().to_utc(),
        }
    }

    fn order(
        &self,
        news: News,
        (operator, now): (&SigningKey, UnixMillis),
    ) -> Result<NewOrder, IssueError> {
        let order = ConfirmOrder {
            number: news.number,
            target: domain::TargetId::clone(&self.row.target),
            seen_by: self.agent.clone(),
            slot: self.row.slot,
            issued: now,
            expires: now.plus_ms(ORDER_LIFE_MS_MAX),
        };
        let at = |moment: UnixMillis| moment.to_micros().to_utc();
        Ok(NewOrder {
            number: order.number,
            target: news.target,
            seen_by: self.row.agent,
            slot_at: at(order.slot),
            issued_at: at(order.issued),
            expires_at: at(order.expires),
            note: order.sign(operator).map_err(IssueError::Sign)?.to_string(),
        })
    }
}
