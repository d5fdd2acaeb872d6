//! Final assessments, judged again by the cells.

use chrono::{DateTime, Utc};
use sla::Facts;
use sqlx::{Connection as _, PgConnection};

use super::Mode;
use super::report::{Difference, What};
use crate::contracts::{self, Loaded};
use crate::job::{assess, revise};
use crate::known::Known;
use crate::store::assessment::Stored;
use crate::store::partition::Table;
use crate::store::revision::{Cause, ContractWindow};
use crate::store::{self, StoreError};

/// What to judge.
pub(super) struct Scope<'a> {
    pub(super) contracts: &'a [Loaded],
    pub(super) known: &'a Known,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    pub(super) mode: Mode,
}

/// What judging came to.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub(crate) assessments: u64,
    pub(crate) pending: u64,
    pub(crate) kept: u64,
    pub(crate) differences: Vec<Difference>,
}

/// Live assessments are left out: every run of the assessing job replaces them.
pub(super) async fn run(conn: &mut PgConnection, scope: &Scope<'_>) -> Result<Judged, StoreError> {
    let mut judged = Judged::default();
    let mut keys: Vec<i32> = scope
        .contracts
        .iter()
        .map(|one| one.registered.key)
        .collect();
    keys.dedup();
    for key in keys {
        for stored in store::assessment::finals(conn, key, scope.from, scope.to).await? {
            let start = stored.assessment.window.start();
            let Some(loaded) = contracts::judging(scope.contracts, key, start) else {
                continue;
            };
            judge(conn, scope, (loaded, stored), &mut judged).await?;
        }
    }
    Ok(judged)
}

async fn judge(
    conn: &mut PgConnection,
    scope: &Scope<'_>,
    (loaded, stored): (&Loaded, Stored),
    judged: &mut Judged,
) -> Result<(), StoreError> {
    let window = stored.assessment.window;
    let (start, end) = (assess::utc(window.start()), assess::utc(window.end()));
    let last = end - chrono::TimeDelta::microseconds(1);
    let days = (start.date_naive(), last.date_naive());
    if store::partition::any_dropped(conn, Table::Sample, days.0, days.1).await? {
        judged.kept += 1;
        return Ok(());
    }
    let as_of = stored.assessment.as_of;
    let terms = scope.known.terms(loaded, window, as_of);
    let differs = |what, note| Difference {
        table: "assessment",
        what,
        target: loaded.registered.id.to_string(),
        agent: String::new(),
        slot: start,
        note,
    };
    let cells = match assess::gather(conn, &loaded.registered.targets, window).await {
        Err(failure @ StoreError::Inconsistent { .. }) => {
            let note = format!("cannot be judged again: {failure}");
            judged.differences.push(differs(What::Unreadable, note));
            return Ok(());
        }
        gathered => gathered?,
    };
    let assessment = sla::assess(&loaded.contract, &terms, Facts::counted(&cells));
    judged.assessments += 1;
    if assessment == stored.assessment {
        return Ok(());
    }
    let marked = ContractWindow {
        contract: loaded.registered.key,
        start_at: start,
    };
    if scope.mode == Mode::Check && store::revision::is_marked(conn, marked, end).await? {
        judged.pending += 1;
        return Ok(());
    }
    let note = format!("revision {}", stored.revision);
    judged.differences.push(differs(What::Changed, note));
    if scope.mode == Mode::Rewrite {
        let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
        let why = (Cause::Rebuild, scope.now);
        revise::follow(&mut tx, loaded, (&stored, &assessment), why).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
    }
    Ok(())
}
