//! SQL, one module per aggregate: free functions on a connection, so that the caller owns the
//! transaction. Rows become domain values here and nowhere else.

pub(crate) mod agent;
pub(crate) mod agent_minute;
pub(crate) mod agent_state;
pub(crate) mod archive;
pub(crate) mod assessment;
pub(crate) mod batch;
pub(crate) mod cell;
pub(crate) mod claim;
pub(crate) mod condition;
pub(crate) mod confirm;
pub(crate) mod contract;
pub(crate) mod copy;
pub(crate) mod delivered;
pub(crate) mod drop;
pub(crate) mod entry;
pub(crate) mod heal;
pub(crate) mod hold;
pub(crate) mod kept;
pub(crate) mod lag;
pub(crate) mod latency;
pub(crate) mod log;
pub(crate) mod missing;
pub(crate) mod outside;
pub(crate) mod partition;
pub(crate) mod poison;
pub(crate) mod post;
pub(crate) mod published;
pub(crate) mod rebuild;
pub(crate) mod registry;
pub(crate) mod replay;
pub(crate) mod revision;
pub(crate) mod sample;
pub(crate) mod stream_latest;
pub(crate) mod stream_preview;
pub(crate) mod tile;
pub(crate) mod timestamp;
pub(crate) mod token;
pub(crate) mod violation;

/// Begins a transaction in which everything read is of one moment, whatever others commit.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

/// A statement that failed, or a stored value that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or went away.
    #[error("failed to {operation}")]
    Query {
        /// What was being done.
        operation: &'static str,
        /// Why it failed.
        #[source]
        source: sqlx::Error,
    },
    /// A stored value that no correct writer leaves behind.
    #[error("column `{column}` holds an impossible value: {value}")]
    Inconsistent {
        /// Table and column.
        column: &'static str,
        /// The value, shortened by the caller where it is long.
        value: String,
    },
    /// Raw bytes that are no longer here.
    #[error("the raw bytes of batch {seq} were dropped when their time was up")]
    RawDropped {
        /// Which.
        seq: i64,
    },
    /// What one request met, for all that waited for the same.
    #[error("failed to look at the targets")]
    Shared {
        /// Why it failed.
        #[source]
        source: std::sync::Arc<Self>,
    },
    /// A number that the database's types cannot hold.
    #[error("`{what}` is out of range for the database")]
    Range {
        /// Which number.
        what: &'static str,
    },
}

impl StoreError {
    pub(crate) fn query(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Query { operation, source }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors come by value from `map_err`"
    )]
    pub(crate) fn inconsistent(column: &'static str, value: impl ToString) -> Self {
        Self::Inconsistent {
            column,
            value: value.to_string(),
        }
    }

    /// Whether a concurrent transaction got in the way: the same again may succeed.
    pub(crate) fn is_serialization_failure(&self) -> bool {
        let Self::Query { source, .. } = self else {
            return false;
        };
        let code = source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    /// Whether a lock was not to be had within the time set for it.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let Self::Query { source, .. } = self else {
            return false;
        };
        let code = source.as_database_error();
        let code = code.and_then(sqlx::error::DatabaseError::code);
        code.as_deref() == Some("55P03")
    }

    /// Whether the failure lies in what is stored, so that the same again fails again.
    pub(crate) fn is_about_data(&self) -> bool {
        matches!(self, Self::Inconsistent { .. } | Self::Range { .. })
    }

    /// Whether a unique constraint refused a row.
    pub(crate) fn is_unique_violation(&self) -> bool {
        let Self::Query { source, .. } = self else {
            return false;
        };
        source
            .as_database_error()
            .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }
}

/// A counter as Postgres holds it.
pub(crate) fn to_i64(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Range { what })
}

/// A counter that the schema keeps from being negative.
pub(crate) fn to_u64(column: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::inconsistent(column, value))
}

/// A SHA-256 whose length the schema checks.
pub(crate) fn to_hash(
    column: &'static str,
    bytes: &[u8],
) -> Result<evidence::hash::Hash, StoreError> {
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| StoreError::inconsistent(column, format!("{} bytes", bytes.len())))?;
    Ok(evidence::hash::Hash::from_bytes(bytes))
}
