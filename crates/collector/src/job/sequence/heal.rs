//! The log of a database that was restored from an older copy, filled again without a fork.
//!
//! What was signed fixes every entry and its place. The journal tells the order; registry records
//! come from it whole, batches from the agents, which send again what they keep. Entries are put
//! at their old places only, from the first missing one on, each held to its leaf hash; until all
//! are there nothing is signed, nothing else is appended and nothing is recorded. Then the tree has
//! the root that was signed, and the next head continues it.
//!
//! Non-goals: entries that nobody has any more, and a history other than the one that was signed.

mod records;
#[cfg(test)]
mod tests;

use camino::Utf8PathBuf;
use evidence::hash::Hash;
use evidence::tree::{self, TreeHead};
use sqlx::{PgConnection, PgPool};
use tracing::{info, warn};

use super::{Desk, Log, SequenceError, begin, end};
use crate::signer::{self, SignerError};
use crate::store::entry::{Entry, What};
use crate::store::heal::{Cosigned, Owed, Owner};
use crate::store::{self, StoreError};
use crate::witness;

/// Why the log is not whole yet, or cannot become so.
#[derive(Debug, thiserror::Error)]
pub enum HealError {
    /// Entries are to come back.
    #[error(
        "the log has {size} entries, and {signed} were signed: the database was restored from an \
         older copy. Nothing is signed before {missing} more entries have come back; agents send \
         theirs again by themselves"
    )]
    Missing {
        /// Entries in the database, at their places.
        size: u64,
        /// Entries that were signed.
        signed: u64,
        /// Entries that have not come back.
        missing: u64,
    },
    /// Nobody knows the order.
    #[error(
        "the log has {size} entries, and {signed} were signed, but the journal `{journal}` does \
         not hold their order. Nothing is signed any more, for that would fork the log: restore \
         the journal from its backup, or a newer copy of the database; else begin a log under a \
         new origin"
    )]
    NoOrder {
        /// Entries in the database.
        size: u64,
        /// Entries that were signed.
        signed: u64,
        /// Where the journal should be.
        journal: Utf8PathBuf,
    },
    /// The journal is not that of this log.
    #[error(
        "the journal `{journal}` does not lead to the root that was signed at {signed}: it, or the \
         database, belongs to another history. Nothing is signed"
    )]
    OtherOrder {
        /// Entries that were signed.
        signed: u64,
        /// Which journal.
        journal: Utf8PathBuf,
    },
    /// An agent sent something else.
    #[error(
        "entry {idx} of the log was another batch {seq} of agent `{agent}` than the one that is \
         here now: the agent is cloned or broken. Nothing is signed"
    )]
    OtherBatch {
        /// Its place.
        idx: u64,
        /// Which agent.
        agent: String,
        /// Which batch.
        seq: u64,
    },
    /// A record of the journal does not fit the registry.
    #[error("record {entry} of `{chain}`, entry {idx} of the log, cannot be put back: {what}")]
    Record {
        /// Its place.
        idx: u64,
        /// Which chain.
        chain: String,
        /// Which number in it.
        entry: u64,
        /// What is wrong.
        what: String,
    },
}

impl HealError {
    /// Entries that were signed and are not in the log, as far as that can be counted.
    pub(crate) fn missing(&self) -> u64 {
        match self {
            Self::Missing { missing, .. } => *missing,
            Self::NoOrder { size, signed, .. } => signed - size,
            Self::OtherOrder { .. } | Self::OtherBatch { .. } | Self::Record { .. } => 1,
        }
    }
}

/// Whether the log ends before what was signed: by this signer, or as another collector noted.
pub(super) async fn is_behind(conn: &mut PgConnection, log: &Log) -> Result<bool, StoreError> {
    let behind = matches!(log.signer.check(&log.tree), Err(SignerError::Behind { .. }));
    Ok(behind || store::heal::behind(conn).await?.is_some())
}

/// Puts back what has come; good once the log is whole.
pub(super) async fn run_once(
    pool: &PgPool,
    log: &mut Log,
    desk: Desk<'_>,
) -> Result<(), SequenceError> {
    note(pool, log, desk).await?;
    place(pool, log, desk).await?;
    finish(pool, log, desk).await
}

/// Tells everybody who uses the database, whatever comes of the rest.
async fn note(pool: &PgPool, log: &mut Log, desk: Desk<'_>) -> Result<(), SequenceError> {
    let Some(mut tx) = begin(pool, log).await? else {
        return Ok(());
    };
    let done = match (log.signer.check(&log.tree), log.signer.last()) {
        (Err(SignerError::Behind { .. }), Some(last)) => {
            let noted = store::heal::note_behind(&mut tx, last, desk.now).await;
            noted.map_err(SequenceError::from)
        }
        (checked, _) => checked.map_err(SequenceError::from),
    };
    end(tx, done).await
}

/// Enters what is owed, puts records back, and gives what came back its places.
async fn place(pool: &PgPool, log: &mut Log, desk: Desk<'_>) -> Result<(), SequenceError> {
    let Some(mut tx) = begin(pool, log).await? else {
        return Ok(());
    };
    let size = log.tree.size();
    if let Some(last) = log.signer.last().filter(|last| last.size > size)
        && store::heal::owed_from(&mut tx, size).await? < last.size - size
    {
        let entered = enter(&mut tx, log, (last, desk)).await;
        if entered.is_err() {
            return end(tx, entered).await;
        }
    }
    let mut placed: Vec<Hash> = Vec::new();
    let mut other = None;
    loop {
        let next = size + placed.len() as u64;
        let returned = store::heal::returned(&mut tx, next).await?;
        let mut run = Vec::new();
        for (one, idx) in returned.into_iter().zip(next..) {
            if one.idx != idx {
                break;
            }
            if tree::leaf_hash(&one.waiting.note) != one.leaf {
                other = Some(idx);
                break;
            }
            run.push(one.waiting);
        }
        if run.is_empty() {
            break;
        }
        placed.extend(store::log::append(&mut tx, next, &run).await?);
    }
    let other = match other {
        Some(idx) => store::heal::owner(&mut tx, idx).await?.map(|o| (idx, o)),
        None => None,
    };
    tx.commit().await.map_err(StoreError::query("commit"))?;
    if !placed.is_empty() {
        info!("{} entries of the log are back", placed.len());
    }
    for hash in placed {
        log.tree.append(hash);
    }
    match other {
        None => Ok(()),
        Some((idx, owner)) => Err(other_bytes(idx, owner).into()),
    }
}

fn other_bytes(idx: u64, owner: Owner) -> HealError {
    match owner {
        Owner::Batch { agent, seq } => HealError::OtherBatch { idx, agent, seq },
        Owner::Record { chain, entry } => HealError::Record {
            idx,
            chain,
            entry,
            what: "another one stands there".to_owned(),
        },
    }
}

/// Reads from the journal what is owed, if it holds all of it and leads to the signed root.
async fn enter(
    conn: &mut PgConnection,
    log: &Log,
    (last, desk): (TreeHead, Desk<'_>),
) -> Result<(), SequenceError> {
    let size = log.tree.size();
    if log.journal.start() > size || log.journal.end().is_none_or(|end| end < last.size) {
        return Ok(());
    }
    let (mut entries, mut cosigned) = log.journal.read(size)?;
    entries.retain(|entry| entry.idx < last.size);
    cosigned.retain(|one| one.size <= last.size);
    let mut tree = log.tree.clone();
    for entry in &entries {
        tree.append(entry.leaf);
    }
    if tree.head() != last {
        return Err(other_order(log, last).into());
    }
    let mut owed = Vec::with_capacity(entries.len());
    for entry in entries {
        owed.push(self::owed(conn, entry, desk).await?);
    }
    store::heal::owe(conn, &owed).await?;
    store::heal::owe_cosignatures(conn, &cosigned).await?;
    warn!(
        "the database is older than the log: {} entries are owed to it",
        owed.len()
    );
    Ok(())
}

fn other_order(log: &Log, last: TreeHead) -> HealError {
    HealError::OtherOrder {
        signed: last.size,
        journal: log.journal.dir().to_owned(),
    }
}

async fn owed(
    conn: &mut PgConnection,
    entry: Entry,
    desk: Desk<'_>,
) -> Result<Owed, SequenceError> {
    let Entry { idx, leaf, what } = entry;
    let owner = match what {
        What::Batch { agent, seq } => Owner::Batch { agent, seq },
        What::Record { at, note, body } => {
            let record = records::Lost {
                idx,
                at,
                note,
                body,
            };
            let (chain, entry) = records::put_back(conn, record, desk.keys).await?;
            Owner::Record { chain, entry }
        }
    };
    Ok(Owed { idx, leaf, owner })
}

/// Ends it if everything signed is there; else says what is missing.
async fn finish(pool: &PgPool, log: &mut Log, desk: Desk<'_>) -> Result<(), SequenceError> {
    let Some(mut tx) = begin(pool, log).await? else {
        return Ok(());
    };
    let done = conclude(&mut tx, log, desk).await;
    end(tx, done).await
}

async fn conclude(conn: &mut PgConnection, log: &Log, desk: Desk<'_>) -> Result<(), SequenceError> {
    let Some(behind) = store::heal::behind(conn).await? else {
        return Ok(());
    };
    let (size, signed) = (log.tree.size(), behind.size);
    if size < signed {
        if store::heal::owed_from(conn, size).await? < signed - size {
            let journal = log.journal.dir().to_owned();
            return Err(HealError::NoOrder {
                size,
                signed,
                journal,
            }
            .into());
        }
        let debts = store::heal::debts(conn).await?;
        let missing = debts.iter().map(|debt| debt.entries).sum();
        return Err(HealError::Missing {
            size,
            signed,
            missing,
        }
        .into());
    }
    if log.tree.head_at(signed).ok() != Some(behind) {
        return Err(SignerError::Fork { size, signed }.into());
    }
    vouch(conn, log, desk).await?;
    store::heal::clear(conn).await?;
    info!("the log has all {signed} entries that were signed; it goes on");
    Ok(())
}

/// Puts cosignatures back, which date what they cover, with the checkpoints under them.
async fn vouch(conn: &mut PgConnection, log: &Log, desk: Desk<'_>) -> Result<(), SequenceError> {
    let agents = store::agent::list(conn).await?;
    for (agent, lost) in store::heal::lost_cosignatures(conn).await? {
        let Cosigned {
            size,
            signed_at,
            line,
            ..
        } = lost;
        let Ok(head) = log.tree.head_at(size) else {
            continue;
        };
        let note = signer::note(head, desk.origin, &desk.keys.log)?.to_string();
        let known = agents.iter().find(|known| known.key == agent);
        let mut keys = known.into_iter().flat_map(|known| known.keys.iter());
        if !keys.any(|(_, key)| witness::check(&note, &line, key).is_ok()) {
            warn!("a cosignature at {size} in the journal is by none of its agent's keys");
            continue;
        }
        let checkpoint = store::log::Signed {
            size,
            root: head.root,
            note,
            created_at: signed_at,
        };
        store::log::insert_checkpoint(conn, &checkpoint).await?;
        witness::keep(conn, (size, agent), signed_at, &line).await?;
    }
    Ok(())
}
