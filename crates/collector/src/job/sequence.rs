//! The sequencer: gives stored notes their place in the log, and signs checkpoints.
//!
//! One collector at a time holds the sequencer's lock; the tree in memory follows the table, so
//! that another collector may have appended in between.

use chrono::{DateTime, Utc};
use evidence::tree::Tree;
use sqlx::{PgConnection, PgPool};
use tracing::info;

use crate::keys::Keys;
use crate::signer::{Signer, SignerError};
use crate::store::{self, StoreError, log::Signed};

/// The log as this collector knows it.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) tree: Tree,
    pub(crate) signer: Signer,
}

impl Log {
    /// Takes up what another collector appended.
    pub(crate) async fn follow(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        for hash in store::log::leaf_hashes(conn, self.tree.size()).await? {
            self.tree.append(hash);
        }
        Ok(())
    }
}

/// A run that stopped.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The head was not signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// Appends everything that waits and signs a checkpoint over it. Gives the size of the log.
#[tracing::instrument(name = "job.sequence.run", skip_all)]
pub(crate) async fn run_once(
    pool: &PgPool,
    log: &mut Log,
    keys: &Keys,
    origin: &str,
    now: DateTime<Utc>,
) -> Result<u64, SequenceError> {
    let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
    if !store::log::try_lock(&mut tx).await? {
        return Ok(log.tree.size());
    }
    log.follow(&mut tx).await?;
    let newest = store::log::latest_checkpoint(&mut tx).await?;
    let mut appended = Vec::new();
    loop {
        let size = log.tree.size() + appended.len() as u64;
        let waiting = store::log::waiting(&mut tx).await?;
        if waiting.is_empty() {
            break;
        }
        appended.extend(store::log::append(&mut tx, size, &waiting).await?);
    }
    let signed = newest.map_or(0, |newest| newest.size);
    // Whoever appended last may have been killed before it signed.
    if appended.is_empty() && signed == log.tree.size() {
        return Ok(signed);
    }
    // Committed before it is signed: a signed head must never cover what can be rolled back.
    tx.commit().await.map_err(StoreError::query("commit"))?;
    for hash in appended {
        log.tree.append(hash);
    }
    let head = log.tree.head();
    let note = log.signer.sign(&log.tree, origin, &keys.log)?;
    let signed = Signed {
        size: head.size,
        root: head.root,
        note: note.to_string(),
        created_at: now,
    };
    let mut conn = pool
        .acquire()
        .await
        .map_err(StoreError::query("get a connection"))?;
    store::log::insert_checkpoint(&mut conn, &signed).await?;
    info!(log.size = head.size, "signed checkpoint {}", head.size);
    Ok(head.size)
}

#[cfg(test)]
mod tests;
