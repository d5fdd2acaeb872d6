//! What a record of the fleet's chain does to the agents, where records come back: from the archive,
//! or from the journal after the database was restored.

use chrono::{DateTime, Utc};
use domain::AgentId;
use evidence::registry::RegistryType;
use sqlx::PgConnection;
use verify::layout::registry::{
    BodyError, EnrolBody, RevokeBody, RotateBody, SupersedeBody, read_body,
};

use crate::store::agent::{Agent, NewAgent};
use crate::store::registry::Record;
use crate::store::{self, StoreError};

/// A record's effect.
pub(crate) enum Change {
    Enrol {
        body: EnrolBody,
        at: DateTime<Utc>,
    },
    Rotate {
        body: RotateBody,
        entry: u64,
    },
    End(End),
    /// Plans and contracts are read from the registry itself.
    Nothing,
}

/// The end of an agent.
pub(crate) struct End {
    agent: AgentId,
    at: DateTime<Utc>,
    successor: Option<AgentId>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("agent `{0}` is not enrolled")]
    UnknownAgent(AgentId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Change {
    pub(crate) fn read(kind: RegistryType, record: &Record) -> Result<Self, BodyError> {
        let at = record.at;
        Ok(match kind {
            RegistryType::Enrol => Self::Enrol {
                body: read_body(&record.body)?,
                at,
            },
            RegistryType::Rotate => Self::Rotate {
                body: read_body(&record.body)?,
                entry: record.entry,
            },
            RegistryType::Revoke => {
                let body: RevokeBody = read_body(&record.body)?;
                Self::End(End {
                    agent: body.agent,
                    at,
                    successor: None,
                })
            }
            RegistryType::Supersede => {
                let body: SupersedeBody = read_body(&record.body)?;
                Self::End(End {
                    agent: body.supersedes,
                    at,
                    successor: Some(body.agent),
                })
            }
            _ => Self::Nothing,
        })
    }

    /// Carries it out; gives the agent that enrolled or took up another key, as it is now.
    pub(crate) async fn apply(
        &self,
        conn: &mut PgConnection,
    ) -> Result<Option<Agent>, ChangeError> {
        let agent = match self {
            Self::Enrol { body, at } => {
                let new = NewAgent {
                    id: &body.agent,
                    vkey: &body.vkey,
                    region: &body.region,
                    network: &body.network,
                    enrolled_at: *at,
                };
                store::agent::insert(conn, &new).await?;
                &body.agent
            }
            Self::Rotate { body, entry } => {
                let agent = find(conn, &body.agent).await?;
                let new = (body.from_batch, body.new_vkey.as_str());
                store::agent::insert_key(conn, agent.key, new, *entry).await?;
                &body.agent
            }
            Self::End(end) => return end.apply(conn).await.map(|()| None),
            Self::Nothing => return Ok(None),
        };
        find(conn, agent).await.map(Some)
    }
}

impl End {
    pub(crate) async fn apply(&self, conn: &mut PgConnection) -> Result<(), ChangeError> {
        let agent = find(conn, &self.agent).await?;
        store::agent::revoke(conn, agent.key, self.at).await?;
        if let Some(successor) = &self.successor {
            let successor = find(conn, successor).await?;
            store::agent::set_successor(conn, agent.key, successor.key).await?;
        }
        Ok(())
    }
}

async fn find(conn: &mut PgConnection, id: &AgentId) -> Result<Agent, ChangeError> {
    let found = store::agent::find(conn, id).await?;
    found.ok_or_else(|| ChangeError::UnknownAgent(id.clone()))
}
