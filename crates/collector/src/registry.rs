//! Writing registry records: hash-chained, operator-signed, and queued for the log in the same
//! transaction that stores them.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::jcs::{self, JcsError};
use evidence::note::{self, NoteError, SigningKey};
use evidence::registry::{RegistryError, RegistryNote, RegistryType, registry_hash};
use serde::Serialize;
use sqlx::PgConnection;

use crate::store::{self, StoreError, registry::Record};

/// A record that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The body is not canonical.
    #[error("failed to encode the body of a registry record")]
    Body(#[source] JcsError),
    /// The note cannot be written.
    #[error("failed to write a registry record")]
    Note(#[source] RegistryError),
    /// The database was restored from an older copy, and its log is not whole yet.
    #[error(
        "nothing is recorded now: the database is older than the log, and a record could take the \
         place of one that is to come back; see `/api/v1/health` of the collector"
    )]
    Behind,
    /// The operator key cannot sign.
    #[error("failed to sign a registry record")]
    Sign(#[source] NoteError),
}

/// Appends a record to a chain; gives its number.
pub(crate) async fn append(
    conn: &mut PgConnection,
    chain: &str,
    entry: Entry,
    operator: &SigningKey,
) -> Result<u64, RecordError> {
    store::registry::lock(conn, chain).await?;
    if store::heal::behind(conn).await?.is_some() {
        return Err(RecordError::Behind);
    }
    let last = store::registry::list(conn, chain).await?.pop();
    let number = last.as_ref().map_or(0, |record| record.entry + 1);
    let prev = last.map_or(Hash::ZERO, |record| record.hash);
    let note = RegistryNote {
        chain: chain.to_owned(),
        entry: number,
        prev,
        kind: entry.kind,
        at_s: entry.at.timestamp().unsigned_abs(),
        body: Hash::of(entry.body.as_bytes()),
    };
    let text = note.text().map_err(RecordError::Note)?;
    let signed = note::sign(&text, &[operator]).map_err(RecordError::Sign)?;
    let record = Record {
        entry: number,
        kind: entry.kind.to_string(),
        at: entry.at,
        hash: registry_hash(&text),
        body: entry.body.into_bytes(),
        note: signed.to_bytes(),
        log_index: None,
    };
    store::registry::insert(conn, chain, &record).await?;
    Ok(number)
}

/// What a record states.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: RegistryType,
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: String,
}

/// The canonical body of a record.
pub(crate) fn body(value: &impl Serialize) -> Result<String, RecordError> {
    jcs::to_line(value).map_err(RecordError::Body)
}

/// Appends a record unless the newest of its kind already says the same.
pub(crate) async fn append_if_new(
    conn: &mut PgConnection,
    chain: &str,
    entry: Entry,
    operator: &SigningKey,
) -> Result<bool, RecordError> {
    append_if_new_among(conn, chain, entry, operator, |_| true).await
}

/// As [`append_if_new`], where only some records of the kind are about the same thing.
pub(crate) async fn append_if_new_among(
    conn: &mut PgConnection,
    chain: &str,
    entry: Entry,
    operator: &SigningKey,
    is_about: impl Fn(&Record) -> bool,
) -> Result<bool, RecordError> {
    store::registry::lock(conn, chain).await?;
    let kind = entry.kind.to_string();
    let records = store::registry::list(conn, chain).await?;
    let newest = records
        .iter()
        .rev()
        .find(|record| record.kind == kind && is_about(record));
    if newest.is_some_and(|record| record.body == entry.body.as_bytes()) {
        return Ok(false);
    }
    append(conn, chain, entry, operator).await?;
    Ok(true)
}
