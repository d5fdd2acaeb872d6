//! Databases within a server, for installations that manage their own.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::store::StoreError;

/// Key of the advisory lock of whoever rewrites, drops or brings back whole days.
const DAYS_LOCK: i64 = 0x6e69_6e65_7364_6179; // "ninesday"

/// Key of the advisory lock of whoever writes the archive.
const ARCHIVE_LOCK: i64 = 0x6e69_6e65_7361_7263; // "ninesarc"

/// Key of the advisory lock of whoever asks for timestamps.
const TIMESTAMPS_LOCK: i64 = 0x6e69_6e65_7374_7361; // "ninestsa"

/// A database that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The name would need quoting.
    #[error("`{0}` is not a plain database name (a-z, 0-9, `_`)")]
    Name(String),
    /// The server cannot be reached.
    #[error("failed to connect to the server")]
    Connect(#[source] sqlx::Error),
    /// The server refused.
    #[error("failed to recreate database `{name}`")]
    Recreate {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

/// Takes the lock of whole days until this connection closes; false where another has it.
pub(crate) async fn try_lock_days(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "locked!""#, DAYS_LOCK)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("take the lock of days"))
}

/// Gives the lock of whole days back. A connection that closes gives it back, too, but only once
/// the server has noticed.
pub(crate) async fn unlock_days(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_unlock($1)", DAYS_LOCK)
        .fetch_one(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("release the lock of days"))
}

/// Takes the lock of the archive until this connection closes; false where another has it.
pub(crate) async fn try_lock_archive(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock($1) AS "locked!""#,
        ARCHIVE_LOCK
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("take the lock of the archive"))
}

/// Gives the lock of the archive back.
pub(crate) async fn unlock_archive(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_unlock($1)", ARCHIVE_LOCK)
        .fetch_one(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("release the lock of the archive"))
}

/// Takes the lock of timestamps until this connection closes; false where another has it.
pub(crate) async fn try_lock_timestamps(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock($1) AS "locked!""#,
        TIMESTAMPS_LOCK
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("take the lock of timestamps"))
}

/// Gives the lock of timestamps back.
pub(crate) async fn unlock_timestamps(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_unlock($1)", TIMESTAMPS_LOCK)
        .fetch_one(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("release the lock of timestamps"))
}

/// Takes the lock of whole days until this transaction ends; false where another has it.
pub(crate) async fn try_lock_days_shortly(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1) AS "locked!""#,
        DAYS_LOCK
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("take the lock of days"))
}

/// Drops a database, with whoever is connected to it, and makes it anew, empty.
pub async fn recreate_database(server_url: &str, name: &str) -> Result<(), DatabaseError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(DatabaseError::Name(name.to_owned()));
    }
    let mut conn = PgConnection::connect(server_url)
        .await
        .map_err(DatabaseError::Connect)?;
    let recreate = |source| DatabaseError::Recreate {
        name: name.to_owned(),
        source,
    };
    for statement in [
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name}"),
    ] {
        // DDL takes no parameters; the name was checked above.
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut conn)
            .await
            .map_err(recreate)?;
    }
    conn.close().await.map_err(DatabaseError::Connect)
}
