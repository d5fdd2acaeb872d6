//! Agents and their keys, as the records of the fleet's chain tell them.

use chrono::{DateTime, Utc};
use domain::AgentId;
use evidence::registry::RegistryType;
use sqlx::PgConnection;
use verify::layout::registry::{EnrolBody, RevokeBody, RotateBody, SupersedeBody, read_body};

use super::{ArchiveError, Progress, refuse};
use crate::store::agent::{Agent, NewAgent};
use crate::store::registry::Record;
use crate::store::{self, StoreError};

/// The end of an agent. It is brought back last: what the agent delivered before is to be admitted.
pub(super) struct End {
    agent: AgentId,
    at: DateTime<Utc>,
    successor: Option<AgentId>,
}

impl Progress {
    /// Lets a record have its effect on the agents.
    pub(super) async fn follow(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        (kind, record): (RegistryType, &Record),
    ) -> Result<(), ArchiveError> {
        match kind {
            RegistryType::Enrol => self.enrol(conn, path, record).await,
            RegistryType::Rotate => self.rotate(conn, path, record).await,
            RegistryType::Revoke => {
                let body: RevokeBody = read_body(&record.body).map_err(|e| refuse(path, e))?;
                self.ends.push(End {
                    agent: body.agent,
                    at: record.at,
                    successor: None,
                });
                Ok(())
            }
            RegistryType::Supersede => {
                let body: SupersedeBody = read_body(&record.body).map_err(|e| refuse(path, e))?;
                self.ends.push(End {
                    agent: body.supersedes,
                    at: record.at,
                    successor: Some(body.agent),
                });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn enrol(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        record: &Record,
    ) -> Result<(), ArchiveError> {
        let body: EnrolBody = read_body(&record.body).map_err(|e| refuse(path, e))?;
        let new = NewAgent {
            id: &body.agent,
            vkey: &body.vkey,
            region: &body.region,
            network: &body.network,
            enrolled_at: record.at,
        };
        store::agent::insert(conn, &new).await?;
        self.take_up(conn, path, body.agent).await
    }

    async fn rotate(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        record: &Record,
    ) -> Result<(), ArchiveError> {
        let body: RotateBody = read_body(&record.body).map_err(|e| refuse(path, e))?;
        let key = self.agent(path, &body.agent)?.key;
        let new = (body.from_batch, body.new_vkey.as_str());
        store::agent::insert_key(conn, key, new, record.entry).await?;
        self.take_up(conn, path, body.agent).await
    }

    /// Reads an agent anew, as batches are to be held to it.
    async fn take_up(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        id: AgentId,
    ) -> Result<(), ArchiveError> {
        let agent = store::agent::find(conn, &id).await?;
        let agent = agent.ok_or_else(|| refuse(path, format!("`{id}` cannot be enrolled")))?;
        self.agents.insert(id, agent);
        Ok(())
    }

    fn agent(&self, path: &str, id: &AgentId) -> Result<&Agent, ArchiveError> {
        let known = self.agents.get(id);
        known.ok_or_else(|| refuse(path, format!("`{id}` was not enrolled")))
    }

    /// Ends the agents that were ended.
    pub(super) async fn end_agents(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let key = |id: &AgentId| self.agents.get(id).map(|agent| agent.key);
        for end in &self.ends {
            let Some(agent) = key(&end.agent) else {
                return Err(StoreError::inconsistent("registry.body", &end.agent));
            };
            store::agent::revoke(conn, agent, end.at).await?;
            if let Some(successor) = end.successor.as_ref().and_then(key) {
                store::agent::set_successor(conn, agent, successor).await?;
            }
        }
        Ok(())
    }
}
