//! C2SP tlog-checkpoint: the size and root of a log, as its key signs them and witnesses cosign.
//!
//! Text: origin, size, base64 root, one a line. Extension lines, which no log monitor could audit,
//! are refused. A checkpoint carries no time; only cosignatures do.

use crate::hash::Hash;
use crate::lines::{LineError, Lines, decimal};
use crate::note::{NoteError, SignedNote, SigningKey, VerifierKey, sign};
use crate::tree::{TreeHead, root};

/// The state of a log at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Identity of the log. It need not be the name of its key, though ours are the same.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over the entries.
    pub root: Hash,
}

/// Why a text is no checkpoint, or a note no checkpoint of this log.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The text departs from the grammar.
    #[error("failed to read the checkpoint")]
    Parse(#[source] LineError),
    /// The size is 0, but the root is not the one of an empty tree.
    #[error("the root of an empty log is not the one of an empty tree")]
    EmptyRoot,
    /// The key could not sign.
    #[error("failed to sign the checkpoint")]
    Sign(#[source] NoteError),
    /// The log did not sign the note.
    #[error("failed to verify the signature of the log")]
    Verify(#[source] NoteError),
}

impl Checkpoint {
    /// The exact text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Parses a note text. Signatures, if any, are the caller's to verify.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let checkpoint = Self::read(text).map_err(CheckpointError::Parse)?;
        if checkpoint.size == 0 && checkpoint.root != root(&[]) {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(checkpoint)
    }

    fn read(text: &str) -> Result<Self, LineError> {
        let mut lines = Lines::new(text);
        let origin = lines.next("an origin")?;
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(lines.refuse("an origin"));
        }
        let size = decimal(lines.next("a size")?).ok_or_else(|| lines.refuse("a size"))?;
        let root = lines
            .next("a root")?
            .parse()
            .map_err(|_| lines.refuse("a root"))?;
        lines.end()?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// Signs as the log. Fails if the origin could not be read back.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedNote, CheckpointError> {
        let text = self.text();
        Self::parse(&text)?;
        sign(&text, &[key]).map_err(CheckpointError::Sign)
    }

    /// Verifies that the log with key `log` signed `note`, and reads its state. The origin is the
    /// caller's to compare.
    pub fn open(note: &SignedNote, log: &VerifierKey) -> Result<Self, CheckpointError> {
        note.verify(log).map_err(CheckpointError::Verify)?;
        Self::parse(note.text())
    }

    /// Size and root, as proofs take them.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root,
        }
    }
}

#[cfg(test)]
mod tests;
