//! Members by name while a bundle is made, each once and packed at once.

use evidence::bundle::{BundleError, Packed, Packer};
use evidence::entries;
use evidence::hash::Hash;
use serde::Serialize;

use super::AssembleError;

/// Members by name, each once.
pub(super) struct Members(pub(super) Packed);

impl Members {
    pub(super) fn add(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), AssembleError> {
        self.0.add(path, bytes.as_ref()).map_err(packing)
    }

    /// A member named by its hash, which may be wanted twice.
    pub(super) fn add_same(&mut self, path: &str, bytes: &[u8]) -> Result<(), AssembleError> {
        match self.0.hash(path) {
            Some(other) if other == Hash::of(bytes) => Ok(()),
            _ => self.add(path, bytes),
        }
    }

    pub(super) fn json(&mut self, path: &str, value: &impl Serialize) -> Result<(), AssembleError> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|source| AssembleError::Json {
            path: path.to_owned(),
            source,
        })?;
        bytes.push(b'\n');
        self.add(path, bytes)
    }

    pub(super) fn entries<'a>(
        &mut self,
        path: &str,
        notes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), AssembleError> {
        let mut packer = Packer::new(path);
        for note in notes {
            push_entry(&mut packer, note)?;
        }
        self.0.insert(packer).map_err(packing)
    }
}

/// A note after its length.
pub(super) fn push_entry(packer: &mut Packer, note: &[u8]) -> Result<(), AssembleError> {
    let mut framed = Vec::with_capacity(2 + note.len());
    let pushed = entries::push(&mut framed, note);
    pushed.map_err(|source| AssembleError::Frame {
        path: packer.path().to_owned(),
        source,
    })?;
    packer.push(&framed).map_err(packing)
}

pub(super) fn packing(error: BundleError) -> AssembleError {
    match error {
        BundleError::Duplicate { path } => AssembleError::Collision { path },
        error => AssembleError::Pack(error),
    }
}
