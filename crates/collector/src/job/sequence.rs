//! The sequencer: gives stored notes their place in the log, and signs checkpoints.
//!
//! One collector at a time holds the sequencer's lock; the tree in memory follows the table, so
//! that another collector may have appended in between. What is signed stands in the journal
//! before, by its order.

pub(crate) mod heal;

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::tree::Tree;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tracing::info;

use crate::journal::{Journal, JournalError};
use crate::keys::Keys;
use crate::signer::{Signer, SignerError};
use crate::store::{self, StoreError, log::Signed};

use heal::HealError;

/// How far back a journal begins that is made beside a log, entries.
const JOURNAL_BACK: u64 = 200_000;

/// The log as this collector knows it.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) tree: Tree,
    pub(crate) signer: Signer,
    pub(crate) journal: Journal,
    /// Why nothing is signed, and what to do, where that is so.
    pub(crate) trouble: Option<String>,
}

impl Log {
    /// Takes up what another collector appended; from the start where the database was put in
    /// place of another.
    pub(crate) async fn follow(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        if let Some(last) = self.tree.size().checked_sub(1) {
            let stored = store::entry::find_leaf(conn, last).await?;
            if stored != self.tree.node(0, last) {
                self.tree = Tree::default();
            }
        }
        for hash in store::log::leaf_hashes(conn, self.tree.size()).await? {
            self.tree.append(hash);
        }
        Ok(())
    }

    /// Brings the journal up to the tree, whose entries are committed.
    async fn journal(
        &mut self,
        conn: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), SequenceError> {
        let signed = self.signer.last().map_or(0, |last| last.size);
        if self.journal.end().is_some_and(|end| end > signed) {
            // What was never signed may have come into another order since.
            self.journal.truncate(signed)?;
        }
        let size = self.tree.size();
        let back = size.saturating_sub(JOURNAL_BACK);
        let mut next = self.journal.end().unwrap_or(back);
        while next < size {
            let mut entries = store::entry::list(conn, next).await?;
            entries.retain(|entry| entry.idx < size);
            let known = |entry: &store::entry::Entry| {
                self.tree.node(0, entry.idx) == Some(entry.leaf) // What is signed, nothing else.
            };
            if entries.is_empty() || !entries.iter().all(known) {
                let what = format!("not what the log has from {next} on");
                return Err(StoreError::inconsistent("log_entry", what).into());
            }
            self.journal.append(&entries, now)?;
            next = self.journal.end().unwrap_or(size);
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
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The log lacks entries that were signed.
    #[error(transparent)]
    Heal(#[from] HealError),
}

/// What a run needs beside the database and the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) keys: &'a Keys,
    /// The log's name.
    pub(crate) origin: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Appends everything that waits and signs a checkpoint over it. Gives the size of the log.
#[tracing::instrument(name = "job.sequence.run", skip_all)]
pub(crate) async fn run_once(
    pool: &PgPool,
    log: &mut Log,
    desk: Desk<'_>,
) -> Result<u64, SequenceError> {
    let Some(mut tx) = begin(pool, log).await? else {
        return Ok(log.tree.size());
    };
    if heal::is_behind(&mut tx, log).await? {
        end::<(), StoreError>(tx, Ok(())).await?;
        heal::run_once(pool, log, desk).await?;
        let Some(again) = begin(pool, log).await? else {
            return Ok(log.tree.size());
        };
        tx = again;
        if heal::is_behind(&mut tx, log).await? {
            return Ok(log.tree.size()); // Another collector is at it.
        }
    }
    log.signer.check(&log.tree)?;
    let newest = store::log::latest_checkpoint(&mut tx).await?;
    let signed = newest.as_ref().map_or(0, |newest| newest.size);
    let known = log.signer.last().map_or(0, |last| last.size);
    if (known + 1..=log.tree.size()).contains(&signed) {
        // By another collector: whatever becomes of the database, this one holds to it as well.
        log.journal(&mut tx, desk.now).await?;
        let head = log.tree.head_at(signed);
        let head = head.map_err(|e| StoreError::inconsistent("checkpoint.size", e))?;
        if newest.is_some_and(|newest| newest.root != head.root) {
            return Err(StoreError::inconsistent("checkpoint.root", head.root).into());
        }
        log.signer.adopt(&log.tree, head)?;
    }
    let appended = append(&mut tx, log.tree.size()).await?;
    // Whoever appended last may have been killed before it signed.
    if appended.is_empty() && signed == log.tree.size() {
        // A log from before there were tiles gets them even if it does not grow.
        store::tile::fill(&mut tx, &log.tree).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
        return Ok(signed);
    }
    // Committed before it is signed: a signed head must never cover what can be rolled back.
    tx.commit().await.map_err(StoreError::query("commit"))?;
    for hash in appended {
        log.tree.append(hash);
    }
    sign(pool, log, desk).await
}

/// A transaction that holds the sequencer's lock, with the tree as the table is; none where
/// another collector has the lock.
async fn begin<'a>(
    pool: &'a PgPool,
    log: &mut Log,
) -> Result<Option<Transaction<'a, Postgres>>, StoreError> {
    let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
    if !store::log::try_lock(&mut tx).await? {
        return Ok(None);
    }
    log.follow(&mut tx).await?;
    Ok(Some(tx))
}

/// Ends a transaction before the lock is asked for again: one that is only dropped keeps it for a
/// while.
async fn end<T, E: From<StoreError>>(
    tx: Transaction<'_, Postgres>,
    done: Result<T, E>,
) -> Result<T, E> {
    let ended = match &done {
        Ok(_) => tx.commit().await,
        Err(_) => tx.rollback().await,
    };
    ended.map_err(StoreError::query("end a transaction"))?;
    done
}

async fn append(conn: &mut PgConnection, mut size: u64) -> Result<Vec<Hash>, StoreError> {
    let mut appended = Vec::new();
    loop {
        let waiting = store::log::waiting(conn).await?;
        if waiting.is_empty() {
            return Ok(appended);
        }
        let hashes = store::log::append(conn, size, &waiting).await?;
        size += hashes.len() as u64;
        appended.extend(hashes);
    }
}

async fn sign(pool: &PgPool, log: &mut Log, desk: Desk<'_>) -> Result<u64, SequenceError> {
    let conn = pool.acquire().await;
    let mut conn = conn.map_err(StoreError::query("get a connection"))?;
    log.journal(&mut conn, desk.now).await?;
    let head = log.tree.head();
    let note = log.signer.sign(&log.tree, desk.origin, &desk.keys.log)?;
    let signed = Signed {
        size: head.size,
        root: head.root,
        note: note.to_string(),
        created_at: desk.now,
    };
    store::tile::fill(&mut conn, &log.tree).await?; // Before the checkpoint that promises them.
    store::log::insert_checkpoint(&mut conn, &signed).await?;
    info!(log.size = head.size, "signed checkpoint {}", head.size);
    Ok(head.size)
}

#[cfg(test)]
mod tests;
