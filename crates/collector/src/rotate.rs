//! Rotation: an agent's key hands over to a new one, by a note that both sign, and the record of it
//! is queued for the log before the first batch that depends on it can be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::AgentId;
use evidence::registry::RegistryType;
use verify::layout::registry::RotateBody;
use wire::keys::{Rotation, RotationError};
use wire::protocol::{RotateAnswer, RotateRequest};

use crate::app::App;
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError, agent::Agent};

/// A rotation that was refused.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
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
    /// It does not follow the agent's keys, or its proof does not hold.
    #[error("the change of keys is refused")]
    Rotation(#[source] RotationError),
    /// Another agent has this key: one holder must not count as two.
    #[error("agent `{agent}` has the new key")]
    Taken {
        /// Which.
        agent: AgentId,
    },
    /// Batches that the new key would have to sign are stored, signed by the old one.
    #[error(
        "the new key would begin at batch {from_batch}, but all before {next} are stored already"
    )]
    Stored {
        /// Where the new key would begin.
        from_batch: u64,
        /// The first batch that is not stored.
        next: u64,
    },
    /// The record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks a rotation and stores it with its record. The same request again has the same answer.
pub(crate) async fn rotate(
    app: &App,
    agent: &AgentId,
    request: &RotateRequest,
) -> Result<RotateAnswer, RotateError> {
    let mut tx = app.pool.begin().await.map_err(StoreError::query("begin"))?;
    let known = store::agent::lock(&mut tx, agent).await?;
    let known = known.ok_or_else(|| RotateError::UnknownAgent {
        agent: agent.clone(),
    })?;
    if known.revoked {
        return Err(RotateError::Revoked { agent: known.id });
    }
    if is_done(&known, request) {
        return Ok(answer(agent, request));
    }
    let rotation = Rotation {
        agent: agent.clone(),
        old_vkey: request.old_vkey.clone(),
        new_vkey: request.new_vkey.clone(),
        from_batch: request.from_batch,
    };
    let verified = rotation.verify(request.proof.as_bytes(), &known.keys);
    let new = verified.map_err(RotateError::Rotation)?;
    let is_held = |other: &Agent| {
        let mut keys = other.keys.iter();
        keys.any(|(_, key)| key.public_key() == new.public_key())
    };
    let agents = store::agent::list(&mut tx).await?;
    if let Some(other) = agents.into_iter().find(is_held) {
        return Err(RotateError::Taken { agent: other.id });
    }
    let (from_batch, next) = (
        request.from_batch,
        store::batch::next_seq(&mut tx, known.key).await?,
    );
    if from_batch < next {
        return Err(RotateError::Stored { from_batch, next });
    }
    let body = registry::body(&RotateBody {
        agent: rotation.agent,
        from_batch,
        new_vkey: rotation.new_vkey,
        old_vkey: rotation.old_vkey,
        proof: STANDARD.encode(&request.proof),
    })?;
    let entry = Entry {
        kind: RegistryType::Rotate,
        at: app.clock.now_utc(),
        body,
    };
    let chain = app.origin.fleet_chain();
    let entry = registry::append(&mut tx, &chain, entry, &app.keys.operator).await?;
    let new = (from_batch, request.new_vkey.as_str());
    store::agent::insert_key(&mut tx, known.key, new, entry).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    tracing::info!(agent.id = %agent, "agent {agent} has a new key from batch {from_batch} on");
    Ok(answer(agent, request))
}

/// Whether this is the agent's newest key already: the first answer was lost on the way.
fn is_done(known: &Agent, request: &RotateRequest) -> bool {
    known.keys.newest().to_string() == request.new_vkey
        && known.keys.newest_from() == request.from_batch
}

fn answer(agent: &AgentId, request: &RotateRequest) -> RotateAnswer {
    RotateAnswer {
        agent: agent.clone(),
        from_batch: request.from_batch,
        vkey: request.new_vkey.clone(),
    }
}

#[cfg(test)]
mod tests;
