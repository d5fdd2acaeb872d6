//! A copy of a log on disk, in the layout in which it is served: `checkpoint` and `tile/`.
//!
//! Files appear whole or not at all, and the checkpoint last. What is not to be served stands in
//! `.mirror/`: the policy, the newest checkpoint while its tiles are still fetched, and both sides of
//! a fork.

use std::fs::{self, File};
use std::io::{self, Write as _};

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use evidence::hash::Hash;
use evidence::tiles::Tile;

const CHECKPOINT: &str = "checkpoint";
const PENDING: &str = ".mirror/pending";
const POLICY: &str = ".mirror/policy.txt";

/// The directory of a copy.
#[derive(Debug)]
pub(super) struct Folder(Utf8PathBuf);

impl Folder {
    /// A copy that must be there.
    pub(super) fn open(dir: Utf8PathBuf) -> anyhow::Result<Self> {
        if dir.join(CHECKPOINT).is_file() {
            return Ok(Self(dir));
        }
        anyhow::bail!("`{dir}` holds no checkpoint: it is no copy of a log, or not finished yet")
    }

    /// A copy that may be empty.
    pub(super) fn create(dir: Utf8PathBuf) -> anyhow::Result<Self> {
        let made = fs::create_dir_all(dir.join(".mirror"));
        made.with_context(|| format!("failed to make `{dir}`"))?;
        Ok(Self(dir))
    }

    pub(super) fn dir(&self) -> &Utf8Path {
        &self.0
    }

    /// The checkpoint whose tiles are all here.
    pub(super) fn checkpoint(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.read(CHECKPOINT)
    }

    /// The newest checkpoint seen, whose tiles may not be here yet.
    pub(super) fn pending(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.read(PENDING)
    }

    pub(super) fn policy(&self) -> anyhow::Result<Option<String>> {
        let text = self.read(POLICY)?;
        Ok(text.map(String::from_utf8).transpose()?)
    }

    pub(super) fn tile(&self, tile: &Tile) -> anyhow::Result<Option<Vec<u8>>> {
        self.read(&tile.to_string())
    }

    pub(super) fn keep_policy(&self, text: &str) -> anyhow::Result<()> {
        self.write(POLICY, text.as_bytes())
    }

    pub(super) fn keep_pending(&self, note: &[u8]) -> anyhow::Result<()> {
        self.write(PENDING, note)
    }

    pub(super) fn keep_tile(&self, tile: &Tile, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(&tile.to_string(), bytes)
    }

    /// Ends a run: all tiles of the checkpoint are here.
    pub(super) fn finish(&self, note: &[u8]) -> anyhow::Result<()> {
        self.write(CHECKPOINT, note)?;
        self.remove(PENDING)
    }

    /// Removes the narrower versions of a tile that is full now.
    pub(super) fn forget_partial(&self, tile: &Tile) -> anyhow::Result<()> {
        let path = self.0.join(format!("{}.p", tile.filled()));
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove `{path}`"))
            }
            _ => Ok(()),
        }
    }

    /// Keeps a signed note for good, by its content; gives where.
    pub(super) fn keep_evidence(&self, note: &[u8]) -> anyhow::Result<Utf8PathBuf> {
        let hash = Hash::of(note).to_hex();
        let name = format!(".mirror/fork/{}.note", &hash[..16]);
        self.write(&name, note)?;
        Ok(self.0.join(name))
    }

    fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("failed to read `{path}`")),
        }
    }

    fn remove(&self, name: &str) -> anyhow::Result<()> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove `{path}`"))
            }
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.0.join(name);
        write_whole(&path, bytes).with_context(|| format!("failed to write `{path}`"))
    }
}

/// Writes beside, syncs, and moves into place.
fn write_whole(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(dir)?;
    let staged = Utf8PathBuf::from(format!("{path}.new"));
    let mut file = File::create(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&staged, path)
}
