//! Versions of pages: the bytes as they were sent.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use serde::Serialize;
use sqlx::PgConnection;

use crate::store::{StoreError, to_hash};

/// The most versions that are answered.
const VERSIONS_MAX: i64 = 200;

/// The newest version of a document.
#[derive(Debug)]
pub(crate) struct Newest {
    pub(crate) id: i64,
    pub(crate) sha256: Hash,
    pub(crate) etag: Option<String>,
    /// As it was sent, zstd.
    pub(crate) body: Vec<u8>,
}

/// The newest version of a source's document at an address.
pub(crate) async fn newest(
    conn: &mut PgConnection,
    source: &str,
    (document, url): (&str, &str),
) -> Result<Option<Newest>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, url, sha256, etag, body FROM published_version
         WHERE source = $1 AND document = $2 ORDER BY id DESC LIMIT 1",
        source,
        document,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the newest version of a page"))?;
    let row = row.filter(|row| row.url == url);
    row.map(|row| {
        Ok(Newest {
            id: row.id,
            sha256: to_hash("published_version.sha256", &row.sha256)?,
            etag: row.etag,
            body: row.body,
        })
    })
    .transpose()
}

/// Notes that a version is still the newest.
pub(crate) async fn seen_again(
    conn: &mut PgConnection,
    id: i64,
    now: DateTime<Utc>,
    etag: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE published_version SET seen_at = GREATEST(seen_at, $2), etag = $3 WHERE id = $1",
        id,
        now,
        etag,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("note that a page is as it was"))
}

/// A version to keep.
#[derive(Debug)]
pub(crate) struct NewVersion<'a> {
    pub(crate) source: &'a str,
    pub(crate) document: &'a str,
    pub(crate) url: &'a str,
    pub(crate) fetched_at: DateTime<Utc>,
    pub(crate) sha256: Hash,
    pub(crate) etag: Option<&'a str>,
    /// zstd.
    pub(crate) body: &'a [u8],
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewVersion<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO published_version
             (source, document, url, fetched_at, seen_at, sha256, etag, body)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        new.source,
        new.document,
        new.url,
        new.fetched_at,
        &new.sha256.as_bytes()[..],
        new.etag,
        new.body,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("store a version of a page"))
}

/// A version that is kept, without its bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Version {
    pub(crate) document: String,
    pub(crate) url: String,
    pub(crate) fetched_at: DateTime<Utc>,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) sha256: String,
}

/// Versions that were the newest at some time in `[from, to)`, the newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    source: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Version>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT document, url, fetched_at, seen_at, encode(sha256, 'hex') AS "sha256!"
           FROM published_version WHERE source = $1 AND seen_at >= $2 AND fetched_at < $3
           ORDER BY id DESC LIMIT $4"#,
        source,
        from,
        to,
        VERSIONS_MAX,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list versions of a page"))?;
    let versions = rows.into_iter().map(|row| Version {
        document: row.document,
        url: row.url,
        fetched_at: row.fetched_at,
        seen_at: row.seen_at,
        sha256: row.sha256,
    });
    Ok(versions.collect())
}
