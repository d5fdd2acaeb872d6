//! The archive: raw batches and the log's own records in an object store, a day at a time, so that
//! the database may let go of them.
//!
//! Invariants: an object is written once and never again, and its name holds its hash; a day is
//! archived once its manifest, written last, was read back; what is read is checked against the
//! manifest before anything is done with it, and every batch against its own signed note.
//!
//! Non-goals: deleting (the store's lifecycle rules do that), and what is derived.

pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod lines;
pub(crate) mod manifest;
pub(crate) mod objects;
pub(crate) mod part;
pub(crate) mod replay;
pub(crate) mod restore;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::NaiveDate;
use object_store::ObjectStore;
use sqlx::{Connection as _, PgConnection};

use crate::store::StoreError;

/// An archive that can be read and written.
#[derive(Clone)]
pub struct Archive {
    objects: Arc<dyn ObjectStore>,
    url: String,
    after_days: u32,
}

/// Shows where the archive is, and nothing of how to get in.
impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive")
            .field("url", &self.url)
            .field("after_days", &self.after_days)
            .finish_non_exhaustive()
    }
}

/// Work on the archive that stopped.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The object store refused or went away.
    #[error("failed to {operation} `{path}` in the archive")]
    Object {
        /// What was being done.
        operation: &'static str,
        /// Name of the object, or of the folder.
        path: String,
        /// Why it failed.
        #[source]
        source: Box<object_store::Error>,
    },
    /// An object is not what its manifest or its name says.
    #[error("`{path}` is damaged: {what}")]
    Damaged {
        /// Name of the object.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// An object of this name holds other bytes.
    #[error("`{path}` is in the archive with other bytes; nothing was overwritten")]
    Taken {
        /// Name of the object.
        path: String,
    },
    /// Something cannot be written as an object.
    #[error("failed to write `{path}`")]
    Write {
        /// Name of the object.
        path: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The archive belongs to another installation.
    #[error("`{path}` is of `{found}`, not of `{expected}`")]
    Origin {
        /// Name of the manifest.
        path: String,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// Somebody else rewrites, drops or brings back whole days.
    #[error("a rebuild, restore or retention job is at work on this database; try again later")]
    Locked,
    /// The archive holds nothing of a day.
    #[error("the archive holds nothing of {day}")]
    NoDay {
        /// Which.
        day: NaiveDate,
    },
    /// A replay fills empty databases only.
    #[error(
        "the database holds batches or registry records; `restore` brings back days of such a \
         database"
    )]
    NotEmpty,
    /// What was read contradicts itself or the keys of this installation.
    #[error("cannot replay: {what}")]
    Replay {
        /// What is wrong.
        what: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ArchiveError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "errors come by value from `map_err`"
    )]
    pub(crate) fn damaged(path: &str, what: impl ToString) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.to_string(),
        }
    }

    pub(crate) fn write(
        path: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Write {
            path: path.to_owned(),
            source: source.into(),
        }
    }
}

/// Days from the first to the last, both included; absent for all that are archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// First day, in UTC.
    pub from: Option<NaiveDate>,
    /// Last day, itself included.
    pub to: Option<NaiveDate>,
}

impl Days {
    fn hold(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

pub(crate) async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let conn = PgConnection::connect(database_url).await;
    conn.map_err(StoreError::query("connect"))
}
