//! What the log key signed last, kept outside the database.
//!
//! A database restored from an older backup would make the collector sign a second history.
//! The signer refuses any head that does not continue the one in its own synced file.

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use evidence::checkpoint::{Checkpoint, CheckpointError};
use evidence::note::{SignedNote, SigningKey};
use evidence::tree::{Tree, TreeHead};

/// Signs checkpoints of one log.
#[derive(Debug)]
pub(crate) struct Signer {
    path: Utf8PathBuf,
    last: Option<TreeHead>,
}

/// A head that was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The state file cannot be read or written.
    #[error("failed to use the signer's state `{path}`")]
    State {
        /// Which file.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The state file holds no tree head.
    #[error(
        "`{path}` does not hold `<size> <root>` lines; restore it from a backup of this machine"
    )]
    Content {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// The database's log ends before what was signed.
    #[error(
        "the log has {size} entries, and {signed} were signed: the database was restored from an \
         older copy. Nothing is signed before the entries are back"
    )]
    Behind {
        /// Entries in the database.
        size: u64,
        /// Size signed last.
        signed: u64,
    },
    /// The database's log is another than the one that was signed.
    #[error(
        "the log of {size} entries does not continue the signed head of {signed}: the database \
         holds another history. Nothing is signed; restore a database that belongs to the signer"
    )]
    Fork {
        /// Entries in the database.
        size: u64,
        /// Size signed last.
        signed: u64,
    },
    /// The checkpoint could not be made.
    #[error("failed to sign the checkpoint")]
    Sign(#[source] CheckpointError),
}

impl Signer {
    /// Reads the state, if there is one yet.
    pub(crate) fn open(path: Utf8PathBuf) -> Result<Self, SignerError> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, last: None });
            }
            Err(source) => return Err(SignerError::State { path, source }),
        };
        let last = last_head(&text).ok_or_else(|| SignerError::Content { path: path.clone() })?;
        compact(&path, last).map_err(|source| SignerError::State {
            path: path.clone(),
            source,
        })?;
        let last = Some(last);
        Ok(Self { path, last })
    }

    /// Signs the head of the tree, after remembering it durably.
    pub(crate) fn sign(
        &mut self,
        tree: &Tree,
        origin: &str,
        key: &SigningKey,
    ) -> Result<SignedNote, SignerError> {
        let head = tree.head();
        self.adopt(tree, head)?;
        note(head, origin, key)
    }

    /// What was signed last, as far as this signer knows.
    pub(crate) fn last(&self) -> Option<TreeHead> {
        self.last
    }

    /// Whether a tree holds what was signed last.
    pub(crate) fn check(&self, tree: &Tree) -> Result<(), SignerError> {
        let (size, Some(last)) = (tree.size(), self.last) else {
            return Ok(());
        };
        let signed = last.size;
        match tree.head_at(signed) {
            Ok(head) if head.root == last.root => Ok(()),
            Ok(_) => Err(SignerError::Fork { size, signed }),
            Err(_) => Err(SignerError::Behind { size, signed }),
        }
    }

    /// Remembers a head of the tree durably, as one that is signed: here, or by another collector
    /// with the same key. A smaller one than the last is known already.
    pub(crate) fn adopt(&mut self, tree: &Tree, head: TreeHead) -> Result<(), SignerError> {
        self.check(tree)?;
        if self.last.is_some_and(|last| last.size > head.size) {
            return Ok(());
        }
        self.remember(head).map_err(|source| SignerError::State {
            path: self.path.clone(),
            source,
        })
    }

    /// One line appended and synced: a torn last line was never signed for.
    fn remember(&mut self, head: TreeHead) -> io::Result<()> {
        let mut file = File::options().append(true).create(true).open(&self.path)?;
        writeln!(file, "{} {}", head.size, head.root)?;
        file.sync_all()?;
        if self.last.is_none() {
            File::open(self.path.parent().unwrap_or(Utf8Path::new(".")))?.sync_all()?;
        }
        self.last = Some(head);
        Ok(())
    }
}

/// A head that was remembered as a checkpoint. The same head always gives the same bytes.
pub(crate) fn note(
    head: TreeHead,
    origin: &str,
    key: &SigningKey,
) -> Result<SignedNote, SignerError> {
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: head.size,
        root: head.root,
    };
    checkpoint.sign(key).map_err(SignerError::Sign)
}

/// The last whole line of the file.
fn last_head(text: &str) -> Option<TreeHead> {
    let whole = &text[..=text.rfind('\n')?];
    parse_head(whole.lines().next_back()?)
}

/// Leaves only the last head in the file, which grows by a line for every checkpoint.
fn compact(path: &Utf8Path, last: TreeHead) -> io::Result<()> {
    let staged = path.with_extension("new");
    let mut file = File::create(&staged)?;
    writeln!(file, "{} {}", last.size, last.root)?;
    file.sync_all()?;
    fs::rename(&staged, path)
}

fn parse_head(text: &str) -> Option<TreeHead> {
    let (size, root) = text.trim_end().split_once(' ')?;
    Some(TreeHead {
        size: size.parse().ok()?,
        root: root.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use evidence::tree::leaf_hash;

    use super::*;

    fn tree(leaves: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.append(leaf_hash(leaf.as_bytes()));
        }
        tree
    }

    #[test]
    fn a_log_that_does_not_continue_the_signed_one_is_not_signed() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path())
            .unwrap()
            .join("signer.state");
        let key = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
        let sign = |signer: &mut Signer, leaves: &[&str]| {
            signer.sign(&tree(leaves), "nines.example/log", &key)
        };
        sign(&mut Signer::open(path.clone()).unwrap(), &["a", "b"]).unwrap();
        let mut torn = File::options().append(true).open(&path).unwrap();
        torn.write_all(b"9 AAAA").unwrap(); // The power went during the next one.
        let mut restarted = Signer::open(path).unwrap();
        let older = sign(&mut restarted, &["a"]);
        assert!(matches!(
            older,
            Err(SignerError::Behind { size: 1, signed: 2 })
        ));
        let other = sign(&mut restarted, &["a", "x", "c"]);
        assert!(matches!(other, Err(SignerError::Fork { .. })));
        sign(&mut restarted, &["a", "b", "c"]).unwrap();
    }

    #[test]
    fn what_another_collector_signed_is_held_to_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path())
            .unwrap()
            .join("signer.state");
        let mut signer = Signer::open(path.clone()).unwrap();
        let three = tree(&["a", "b", "c"]);
        signer.adopt(&three, three.head_at(2).unwrap()).unwrap();
        signer.adopt(&three, three.head_at(1).unwrap()).unwrap();
        let restarted = Signer::open(path).unwrap();
        assert_eq!(restarted.last(), Some(three.head_at(2).unwrap()));
        assert!(restarted.check(&three).is_ok());
        let behind = restarted.check(&tree(&["a"]));
        assert!(matches!(behind, Err(SignerError::Behind { .. })));
        let other = restarted.check(&tree(&["a", "x", "c"]));
        assert!(matches!(other, Err(SignerError::Fork { .. })));
    }
}
