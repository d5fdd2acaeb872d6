//! How the log stands: whether it goes on, and what a restored database lacks of it.

use domain::AgentId;
use serde::Serialize;

use crate::app::App;
use crate::store::{self, StoreError, heal::Debt};

/// The log, for somebody who may have to act.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct LogView {
    /// Entries in the database, at their places.
    pub(crate) entries: u64,
    /// Entries that were signed, whose place is known, and that have not come back.
    pub(crate) missing: u64,
    /// Who owes them.
    pub(crate) owed_by: Vec<OwedView>,
    /// Why nothing is signed, and what to do; absent where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

/// What one agent owes the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OwedView {
    /// Absent for registry records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<AgentId>,
    pub(crate) entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_batch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_batch: Option<u64>,
}

/// Looks at the log as the newest run of the sequencer left it.
pub(crate) async fn view(app: &App, conn: &mut sqlx::PgConnection) -> Result<LogView, StoreError> {
    let (entries, trouble) = {
        let log = app.log.lock().await;
        (log.tree.size(), log.trouble.clone())
    };
    if trouble.is_none() {
        return Ok(LogView {
            entries,
            ..LogView::default()
        });
    }
    let debts = store::heal::debts(conn).await?;
    Ok(LogView {
        entries,
        missing: debts.iter().map(|debt| debt.entries).sum(),
        owed_by: debts.into_iter().map(owed).collect(),
        trouble,
    })
}

fn owed(debt: Debt) -> OwedView {
    let (first_batch, last_batch) = debt.seqs.unzip();
    OwedView {
        agent: debt.agent.and_then(|agent| agent.parse().ok()),
        entries: debt.entries,
        first_batch,
        last_batch,
    }
}
