//! What a collector does for its agents beside taking their batches, for who has it in the process.

use domain::AgentId;
use wire::protocol::{EnrolAnswer, EnrolRequest, RotateAnswer, RotateRequest};

use super::Collector;
use crate::enrol::{self, EnrolError};
use crate::rotate::{self, RotateError};

impl Collector {
    /// A one-time token with which one agent of the plan may enrol within a day.
    pub async fn mint_token(&self, agent: &AgentId) -> Result<String, EnrolError> {
        let mut conn = self.app.connection().await?;
        enrol::insert_token(&mut conn, agent, &*self.app.clock).await
    }

    /// A one-time token for an agent that takes the place of a lost one, whose keys end with its
    /// enrolment.
    pub async fn mint_successor_token(
        &self,
        agent: &AgentId,
        supersedes: &AgentId,
    ) -> Result<String, EnrolError> {
        let mut conn = self.app.connection().await?;
        enrol::insert_successor_token(&mut conn, (agent, supersedes), &*self.app.clock).await
    }

    /// Enrols an agent as the HTTP interface would.
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolAnswer, EnrolError> {
        enrol::enrol(&self.app, request).await
    }

    /// Lets an agent hand over to a new key as the HTTP interface would.
    pub async fn rotate(
        &self,
        agent: &AgentId,
        request: &RotateRequest,
    ) -> Result<RotateAnswer, RotateError> {
        rotate::rotate(&self.app, agent, request).await
    }
}
