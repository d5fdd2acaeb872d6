//! What is kept for replay.

use std::ops::Range;

use tracing::warn;
use wire::batch::SealedBatch;

use super::Recorder;
use super::task::Desk;

impl Recorder {
    /// The first batch of these numbers that is still here; none where it cannot be read.
    fn find_kept(&mut self, seqs: Range<u64>) -> Option<SealedBatch> {
        let found = self.spool.find_kept(seqs);
        let read = found.inspect_err(|failed| {
            warn!(
                error = failed as &dyn std::error::Error,
                "a batch that is kept for replay cannot be read back"
            );
        });
        read.ok().flatten()
    }
}

impl Desk {
    pub(super) fn find_kept(&mut self, seqs: Range<u64>) -> Option<SealedBatch> {
        self.recorder.find_kept(seqs)
    }
}
