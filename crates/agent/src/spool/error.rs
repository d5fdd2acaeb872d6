//! What can go wrong with a spool.

use std::io;

use camino::Utf8PathBuf;

/// An operation on the spool that failed.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The directory cannot be used.
    #[error("failed to open the spool in `{dir}`")]
    Open {
        /// The directory.
        dir: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Two processes would sign two histories under one key.
    #[error("another process holds the spool in `{dir}`")]
    Locked {
        /// The directory.
        dir: Utf8PathBuf,
    },
    /// A file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No counters survived: going on would use sequence numbers twice.
    #[error("the counters of the spool in `{dir}` are lost; enrol under a new agent name")]
    CountersLost {
        /// The directory.
        dir: Utf8PathBuf,
    },
    /// A frame could not be written.
    #[error("failed to append to segment `{segment}`")]
    Append {
        /// The segment.
        segment: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Written facts could not be forced to disk; the spool must be opened anew.
    #[error("failed to sync segment `{segment}`")]
    Sync {
        /// The segment.
        segment: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An earlier sync failed, so nobody knows what is on disk.
    #[error("the spool cannot be used since a sync failed")]
    Poisoned,
    /// Unacknowledged data fills its bound.
    #[error("spool is full at {bytes_max} bytes")]
    Full {
        /// The bound.
        bytes_max: u64,
    },
    /// A fact longer than any frame may be.
    #[error("a fact is too long for a frame")]
    TooLong,
    /// A damaged segment could not be put aside.
    #[error("failed to put segment `{segment}` aside")]
    Quarantine {
        /// The segment.
        segment: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An old segment could not be deleted.
    #[error("failed to delete segment `{segment}`")]
    Delete {
        /// The segment.
        segment: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A batch does not read back as it was written.
    #[error("batch {seq} in segment `{segment}` is damaged")]
    Damaged {
        /// The batch.
        seq: u64,
        /// The segment.
        segment: Utf8PathBuf,
    },
}
