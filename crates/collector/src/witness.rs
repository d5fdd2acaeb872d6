//! The log towards its witnesses: checkpoints with proofs for them, cosignatures from them.

use chrono::{DateTime, Utc};
use domain::AgentId;
use evidence::note::{
    KeyError, KeyKind, NoteError, SignatureLine, SignedNote, VerifierKey, verify_cosignature,
};
use evidence::tree::TreeError;
use wire::limits::LATE_AFTER_MS;
use wire::protocol::{CheckpointAnswer, CosignatureRequest, Inclusion};

use crate::app::App;
use crate::store::{self, StoreError, agent::Agent};

/// A question or a cosignature that was refused.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The agent is not enrolled.
    #[error("agent `{agent}` is not enrolled here")]
    UnknownAgent {
        /// Which.
        agent: AgentId,
    },
    /// The agent's key was revoked.
    #[error("the key of agent `{agent}` has been revoked")]
    Revoked {
        /// Which.
        agent: AgentId,
    },
    /// Nothing has been signed.
    #[error("no checkpoint has been signed yet")]
    NoCheckpoint,
    /// Nothing of this size has been signed.
    #[error("no checkpoint of size {size} has been signed")]
    UnknownCheckpoint {
        /// The size asked for.
        size: u64,
    },
    /// The log was never of the size that the agent says it saw.
    #[error("{from} is not a size of this log")]
    From {
        /// The size given.
        from: u64,
        /// What is wrong with it.
        #[source]
        source: TreeError,
    },
    /// The line is no signature line.
    #[error("the cosignature is not a signature line")]
    Line,
    /// The cosignature does not verify.
    #[error("the cosignature does not verify")]
    Cosignature(#[source] NoteError),
    /// Its time is beyond the calendar.
    #[error("the cosignature's time {time_s} s is out of range")]
    Time {
        /// Seconds since the epoch.
        time_s: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The newest checkpoint, proven to continue the one the agent knows and, where it is in, to
/// hold its batch.
pub(crate) async fn checkpoint(
    app: &App,
    agent: &AgentId,
    seq: Option<u64>,
    from: u64,
) -> Result<CheckpointAnswer, WitnessError> {
    let mut conn = app.connection().await?;
    let newest = store::log::latest_checkpoint(&mut conn).await?;
    let newest = newest.ok_or(WitnessError::NoCheckpoint)?;
    let agent = find_agent(app, agent).await?;
    let mut placed = None;
    if let Some(seq) = seq {
        let index = store::log::batch_index(&mut conn, agent.key, seq).await?;
        placed = index
            .filter(|index| *index < newest.size)
            .map(|index| (seq, index));
    }
    let mut log = app.log.lock().await;
    if log.tree.size() < newest.size {
        log.follow(&mut conn).await?;
    }
    let consistency = log.tree.consistency_proof(from, newest.size);
    let consistency = consistency.map_err(|source| WitnessError::From { from, source })?;
    let mut inclusion = None;
    if let Some((seq, index)) = placed {
        let proof = log.tree.inclusion_proof(index, newest.size);
        let proof = proof.map_err(|e| StoreError::inconsistent("batch.log_index", e))?;
        let proof = proof.iter().map(ToString::to_string).collect();
        inclusion = Some(Inclusion { seq, index, proof });
    }
    let consistency = consistency.iter().map(ToString::to_string).collect();
    Ok(CheckpointAnswer {
        checkpoint: newest.note,
        consistency,
        inclusion,
    })
}

/// Keeps an agent's cosignature; the first one over a checkpoint dates everything it covers. Cells
/// of what this makes late are computed again.
pub(crate) async fn cosign(app: &App, request: &CosignatureRequest) -> Result<(), WitnessError> {
    let agent = find_agent(app, &request.agent).await?;
    if agent.revoked {
        return Err(WitnessError::Revoked { agent: agent.id });
    }
    let size = request.size;
    let mut tx = app.pool.begin().await.map_err(StoreError::query("begin"))?;
    let note = store::log::find_checkpoint(&mut tx, size).await?;
    let note = note.ok_or(WitnessError::UnknownCheckpoint { size })?;
    let signed_at = check(&note, &request.line, agent.keys.newest())?;
    let line = &request.line;
    let is_new = keep(&mut tx, (size, agent.key), signed_at, line).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    if is_new {
        let cosigned = store::heal::Cosigned {
            size,
            agent: agent.id.to_string(),
            signed_at,
            line: line.clone(),
        };
        if let Err(failed) = app.log.lock().await.journal.cosigned(&cosigned) {
            let failed = &failed as &dyn std::error::Error;
            tracing::error!(
                error = failed,
                "the cosignature at {size} is not in the journal"
            );
        }
    }
    Ok(())
}

/// Stores a verified cosignature by an agent over a size, and dates what it is the first to cover.
/// False where it was known.
pub(crate) async fn keep(
    conn: &mut sqlx::PgConnection,
    (size, agent): (u64, i32),
    signed_at: DateTime<Utc>,
    line: &str,
) -> Result<bool, StoreError> {
    if !store::log::insert_cosignature(conn, size, agent, signed_at, line).await? {
        return Ok(false);
    }
    let limit = chrono::TimeDelta::milliseconds(LATE_AFTER_MS);
    for dated in store::log::anchor(conn, size, signed_at).await? {
        if signed_at - dated.wall_first_at > limit {
            store::cell::mark_span(conn, dated.wall_first_at, dated.wall_last_at).await?;
        }
    }
    Ok(true)
}

/// Verifies a cosignature line over a checkpoint; gives its time.
pub(crate) fn check(
    note: &str,
    line: &str,
    vkey: &VerifierKey,
) -> Result<DateTime<Utc>, WitnessError> {
    let mut note = SignedNote::parse(note.as_bytes()).map_err(WitnessError::Cosignature)?;
    let line = SignatureLine::parse(line).ok_or(WitnessError::Line)?;
    note.push(line).map_err(WitnessError::Cosignature)?;
    let key = cosigner_key(vkey).map_err(|e| StoreError::inconsistent("agent.vkey", e))?;
    let time_s = verify_cosignature(&note, &key).map_err(WitnessError::Cosignature)?;
    let at = i64::try_from(time_s)
        .ok()
        .and_then(|s| DateTime::from_timestamp(s, 0));
    at.ok_or(WitnessError::Time { time_s })
}

/// The same public key, as a witness uses it.
pub(crate) fn cosigner_key(vkey: &VerifierKey) -> Result<VerifierKey, KeyError> {
    VerifierKey::new(vkey.name(), KeyKind::Cosigner, vkey.public_key())
}

async fn find_agent(app: &App, agent: &AgentId) -> Result<Agent, WitnessError> {
    let mut conn = app.connection().await?;
    let found = store::agent::find(&mut conn, agent).await?;
    found.ok_or_else(|| WitnessError::UnknownAgent {
        agent: agent.clone(),
    })
}
