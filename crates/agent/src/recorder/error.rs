//! Why recording failed.

use evidence::checkpoint::CheckpointError;
use evidence::note::NoteError;
use wire::batch::BatchError;
use wire::line::LineError;
use wire::stream::StreamId;

use crate::spool::SpoolError;

/// A step of recording that failed.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The spool refused.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A line could not be encoded.
    #[error("failed to encode a line of stream `{stream}`")]
    Line {
        /// The stream.
        stream: StreamId,
        /// What is wrong with it.
        #[source]
        source: LineError,
    },
    /// A batch could not be sealed.
    #[error("failed to seal batch {seq}")]
    Seal {
        /// The batch.
        seq: u64,
        /// What is wrong with it.
        #[source]
        source: BatchError,
    },
    /// No salt could be drawn.
    #[error("failed to draw random bytes")]
    Random(#[source] getrandom::Error),
    /// The stored checkpoint is no signed note.
    #[error("failed to read the stored checkpoint")]
    SeenNote(#[source] NoteError),
    /// The stored checkpoint is no checkpoint.
    #[error("failed to read the stored checkpoint's text")]
    SeenText(#[source] CheckpointError),
    /// A recovered line is not one of ours.
    #[error("failed to read a recovered line of stream `{stream}`")]
    Recovered {
        /// The stream.
        stream: StreamId,
        /// What is wrong with it.
        #[source]
        source: LineError,
    },
}
