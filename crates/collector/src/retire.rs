//! The end of an agent: its keys are no longer believed, from the batch after the last that it
//! delivered. By the operator's command, or because a successor takes its place. And the operator's
//! view of all agents and their keys.
//!
//! Running collectors notice at once: they read an agent's row for every batch, and hold it while
//! they store one.

use camino::Utf8Path;
use chrono::{DateTime, Utc};
use domain::{AgentId, Clock};
use evidence::note::{NoteError, SignedNote, SigningKey};
use evidence::registry::RegistryType;
use sqlx::{Connection as _, PgConnection};
use verify::layout::registry::RevokeBody;
use wire::names::Origin;

use crate::keys::{self, KeysError};
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError, agent::Agent};

/// Longest reason, characters: it is shown beside every finding about the agent.
const REASON_CHARS_MAX: usize = 200;

/// An agent that was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// The agent is not enrolled.
    #[error("agent `{agent}` is not enrolled here")]
    Unknown {
        /// Which.
        agent: AgentId,
    },
    /// It was ended before.
    #[error("agent `{agent}` is revoked already")]
    Revoked {
        /// Which.
        agent: AgentId,
    },
    /// A revocation without a reason cannot be judged later.
    #[error("a revocation needs a reason, of at most {REASON_CHARS_MAX} printable characters")]
    Reason,
    /// The operator's key cannot be read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Nothing was ever recorded.
    #[error("no collector has run on this database under origin `{origin}`")]
    NoFleet {
        /// The configured origin.
        origin: String,
    },
    /// The key is not the one that signed the records so far.
    #[error("the operator's key in `state_dir` did not sign the registry of this database")]
    Operator(#[source] NoteError),
    /// The record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is revoked, and why.
#[derive(Clone, Copy, Debug)]
pub struct Revocation<'a> {
    /// Name under which the installation signs.
    pub origin: &'a Origin,
    /// The collector's directory of keys and state.
    pub state_dir: &'a Utf8Path,
    /// Which agent.
    pub agent: &'a AgentId,
    /// Why, for whoever reads the evidence.
    pub reason: &'a str,
}

/// Ends an agent for good, by a record that the next checkpoint covers. Gives the number of the
/// first batch that is not believed.
pub async fn revoke_agent(
    database_url: &str,
    revocation: &Revocation<'_>,
    clock: &dyn Clock,
) -> Result<u64, RetireError> {
    let Revocation {
        origin,
        state_dir,
        agent,
        reason,
    } = revocation;
    let reason = reason.trim();
    let is_told = !reason.is_empty() && !reason.chars().any(char::is_control);
    if !is_told || reason.chars().count() > REASON_CHARS_MAX {
        return Err(RetireError::Reason);
    }
    let operator = keys::operator(&state_dir.join("keys"), origin)?;
    let mut conn = connect(database_url).await?;
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    check_operator(&mut tx, origin, &operator).await?;
    let known = store::agent::lock(&mut tx, agent).await?;
    let known = known.ok_or_else(|| RetireError::Unknown {
        agent: (*agent).clone(),
    })?;
    if known.revoked {
        return Err(RetireError::Revoked { agent: known.id });
    }
    let now = clock.now_utc();
    let from_batch = retire(&mut tx, &known, now).await?;
    let body = registry::body(&RevokeBody {
        agent: known.id,
        from_batch,
        reason: reason.to_owned(),
        vkey: known.keys.newest().to_string(),
    })?;
    let entry = Entry {
        kind: RegistryType::Revoke,
        at: now,
        body,
    };
    registry::append(&mut tx, &origin.fleet_chain(), entry, &operator).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(from_batch)
}

/// Ends an agent whose row is locked; gives the number of the first batch that is not believed. The
/// caller records why in the same transaction.
pub(crate) async fn retire(
    conn: &mut PgConnection,
    agent: &Agent,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    store::agent::revoke(conn, agent.key, now).await?;
    store::batch::next_seq(conn, agent.key).await
}

/// A record by another key than the chain's would spoil the chain for every verifier.
async fn check_operator(
    conn: &mut PgConnection,
    origin: &Origin,
    operator: &SigningKey,
) -> Result<(), RetireError> {
    let last = store::registry::list(conn, &origin.fleet_chain()).await?;
    let last = last.last().ok_or_else(|| RetireError::NoFleet {
        origin: origin.to_string(),
    })?;
    let note = SignedNote::parse(&last.note);
    let note = note.map_err(|e| StoreError::inconsistent("registry.note", e))?;
    note.verify(&operator.verifier_key())
        .map_err(RetireError::Operator)
}

/// An agent as the operator sees it.
#[derive(Clone, Debug)]
pub struct AgentView {
    /// Its name.
    pub agent: AgentId,
    /// Its keys, oldest first.
    pub keys: Vec<AgentKeyView>,
    /// Whether its keys were ended.
    pub revoked: bool,
    /// Who goes on in its place.
    pub successor: Option<AgentId>,
    /// Its last batch, and when that was received.
    pub last: Option<(u64, DateTime<Utc>)>,
}

/// One key of an agent.
#[derive(Clone, Debug)]
pub struct AgentKeyView {
    /// Its id, eight hexadecimal digits.
    pub id: String,
    /// First batch that it signs.
    pub from_batch: u64,
}

/// Every agent that was ever enrolled, by name.
pub async fn list_agents(database_url: &str) -> Result<Vec<AgentView>, StoreError> {
    let mut conn = connect(database_url).await?;
    let agents = store::agent::list(&mut conn).await?;
    let delivered = store::delivered::list(&mut conn).await?;
    let last = |id: &AgentId| {
        let found = delivered.iter().find(|d| d.agent == id.as_str())?;
        Some((found.last_seq?, found.received_at?))
    };
    let name = |key: i32| {
        let found = agents.iter().find(|agent| agent.key == key);
        found.map(|agent| agent.id.clone())
    };
    let view = |agent: &Agent| AgentView {
        agent: agent.id.clone(),
        keys: agent
            .keys
            .iter()
            .map(|(from_batch, key)| AgentKeyView {
                id: key.id().to_string(),
                from_batch,
            })
            .collect(),
        revoked: agent.revoked,
        successor: agent.successor.and_then(name),
        last: last(&agent.id),
    };
    Ok(agents.iter().map(view).collect())
}

async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let conn = PgConnection::connect(database_url).await;
    conn.map_err(StoreError::query("connect"))
}

#[cfg(test)]
mod tests;
