//! The sequencer: gives stored notes their place in the log, and signs checkpoints.
//!
//! One collector at a time holds the sequencer's lock; the tree in memory follows the table, so
//! that another collector may have appended in between.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::tree::Tree;
use sqlx::PgPool;
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
    let behind = store::log::leaf_hashes(&mut tx, log.tree.size()).await?;
    follow(&mut log.tree, behind);
    let mut appended = Vec::new();
    loop {
        let size = log.tree.size() + appended.len() as u64;
        let hashes = store::log::sequence(&mut tx, size).await?;
        if hashes.is_empty() {
            break;
        }
        appended.extend(hashes);
    }
    if appended.is_empty() {
        return Ok(log.tree.size());
    }
    // Committed before it is signed: a signed head must never cover what can be rolled back.
    tx.commit().await.map_err(StoreError::query("commit"))?;
    follow(&mut log.tree, appended);
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

fn follow(tree: &mut Tree, hashes: Vec<Hash>) {
    for hash in hashes {
        tree.append(hash);
    }
}
