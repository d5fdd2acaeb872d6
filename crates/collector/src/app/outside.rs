//! The log towards those who are no agents.

use crate::job::post::{self, PostError};
use crate::job::submit::{self, SubmitError};
use crate::{Collector, StoreError, export};

impl Collector {
    /// Submits the log to outside witnesses, once.
    pub async fn run_witnesses(&self) -> Result<(), SubmitError> {
        submit::run_once(&self.app).await
    }

    /// Posts the checkpoint of the day where it is due, once.
    pub async fn run_posts(&self) -> Result<(), PostError> {
        post::run_once(&self.app).await
    }

    /// The policy that this installation's log, agents and outside witnesses amount to (C2SP
    /// tlog-policy).
    pub async fn policy(&self) -> Result<String, StoreError> {
        export::policy_text(&self.app, &mut *self.app.connection().await?).await
    }
}
