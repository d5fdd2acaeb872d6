//! Brings a copy of a log up to date.
//!
//! From the top down: the tiles at the edge must give the signed root, every full tile must give the
//! hash above it, every entry its leaf. Nothing is written that was not checked so, and nothing is
//! believed for having been written: a run that was killed goes on where it was. Before anything is
//! fetched in bulk, the new tree must hold the trees of all checkpoints seen before; where it does
//! not, there are two logs under one key, and both notes are kept.

mod tree;

use anyhow::{Context as _, bail};
use evidence::checkpoint::Checkpoint;
use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::policy::Policy;
use evidence::tiles::{TILE_WIDTH, Tile, TileKind, edge, hashes_at};
use evidence::tree::{self as merkle};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use self::tree::{Tree, level_of, parse};
use super::folder::Folder;
use super::open;
use super::remote::Remote;

/// Tiles that are fetched at a time.
const CONCURRENT_MAX: usize = 8;

/// What a run did.
#[derive(Debug)]
pub(super) struct Mirrored {
    pub(super) origin: String,
    pub(super) size_before: u64,
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// Fetches what is new.
pub(super) async fn run(
    remote: &Remote,
    folder: &Folder,
    policy: &Policy,
) -> anyhow::Result<Mirrored> {
    let note = remote.checkpoint().await?;
    let new = open(policy, &note).context("the log's checkpoint is not believed")?;
    let before = seen(folder.checkpoint()?, policy)?;
    let pending = seen(folder.pending()?, policy)?;
    let mut tree = Tree::of(remote, new.clone()).await?;
    for (old_note, old) in [&before, &pending].into_iter().flatten() {
        check_growth(&mut tree, old, folder, [old_note, &note]).await?;
    }
    folder.keep_pending(&note)?;
    let size_before = before.as_ref().map_or(0, |(_, old)| old.size);
    let work = Work {
        remote,
        folder,
        from: size_before,
        size: new.size,
        bar: bar(size_before, new.size),
    };
    work.fetch(&tree).await?;
    folder.finish(&note)?;
    for (_, old) in [&before, &pending].into_iter().flatten() {
        forget_partials(folder, old.size, new.size)?;
    }
    Ok(Mirrored {
        origin: new.origin,
        size_before,
        size: new.size,
        root: new.root,
    })
}

/// A checkpoint that was seen before, and believed then.
fn seen(note: Option<Vec<u8>>, policy: &Policy) -> anyhow::Result<Option<(Vec<u8>, Checkpoint)>> {
    let Some(note) = note else { return Ok(None) };
    let checkpoint = open(policy, &note).context("the copy is of a log of another key")?;
    Ok(Some((note, checkpoint)))
}

/// Whether the new tree holds the one of an earlier checkpoint.
async fn check_growth(
    tree: &mut Tree<'_>,
    old: &Checkpoint,
    folder: &Folder,
    notes: [&Vec<u8>; 2],
) -> anyhow::Result<()> {
    let new = tree.checkpoint().clone();
    if old.origin != new.origin {
        bail!("the copy is of `{}`, not of `{}`", old.origin, new.origin);
    }
    let is_same = if old.size > new.size {
        None
    } else {
        Some(tree.root_at(old.size).await? == old.root)
    };
    if is_same == Some(true) {
        return Ok(());
    }
    let mut kept = Vec::new();
    for note in notes {
        kept.push(folder.keep_evidence(note)?.into_string());
    }
    let kept = kept.join("` and `");
    if is_same.is_none() {
        bail!(
            "the log went back from {} entries to {}: an old copy of it, or a fork. Both signed \
             checkpoints are kept: `{kept}`",
            old.size,
            new.size
        );
    }
    bail!(
        "FORK: the log signed two histories. What it shows now, at {} entries, does not continue \
         what it signed at {}. The copy is left as it was. Both signed checkpoints are kept, and \
         together prove it: `{kept}`",
        new.size,
        old.size
    )
}

fn bar(from: u64, size: u64) -> ProgressBar {
    let template = "mirroring {bar:40} {pos}/{len} entries {per_sec} {eta}";
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::new(size).with_position(from);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn forget_partials(folder: &Folder, old: u64, new: u64) -> anyhow::Result<()> {
    for tile in edge(old)
        .into_iter()
        .filter(|tile| tile.filled().is_within(new))
    {
        folder.forget_partial(&tile)?;
        if level_of(&tile) == 0
            && let Some(bundle) = Tile::at(TileKind::Entries, tile.index(), old)
        {
            folder.forget_partial(&bundle)?;
        }
    }
    Ok(())
}

/// What is fetched from where to where.
struct Work<'a> {
    remote: &'a Remote,
    folder: &'a Folder,
    /// Entries that are here.
    from: u64,
    /// Entries that are to be here.
    size: u64,
    bar: ProgressBar,
}

impl Work<'_> {
    /// Levels from the top, so that the hash above a tile is always known; then the edge.
    async fn fetch(&self, tree: &Tree<'_>) -> anyhow::Result<()> {
        for level in (0..8_u8).rev() {
            self.fetch_level(level, tree).await?;
        }
        for (tile, hashes) in tree.edge() {
            let bytes: Vec<u8> = hashes.iter().flat_map(Hash::as_bytes).copied().collect();
            self.folder.keep_tile(tile, &bytes)?;
            if level_of(tile) == 0 {
                self.fetch_bundle(tile.index(), hashes).await?;
            }
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// The full tiles of a level that are new, below one tile above after the other.
    async fn fetch_level(&self, level: u8, tree: &Tree<'_>) -> anyhow::Result<()> {
        let first = hashes_at(self.from, level) / TILE_WIDTH;
        let end = hashes_at(self.size, level) / TILE_WIDTH;
        let mut next = first;
        while next < end {
            let parent = next / TILE_WIDTH;
            let upto = end.min((parent + 1) * TILE_WIDTH);
            let above = self.above(level, parent, tree)?;
            let wanted = (next..upto).map(|index| {
                let place = usize::try_from(index % TILE_WIDTH).ok();
                let root = place.and_then(|place| above.get(place).copied());
                self.fetch_full(level, index, root)
            });
            let fetched = stream::iter(wanted).buffer_unordered(CONCURRENT_MAX);
            fetched.try_collect::<Vec<()>>().await?;
            next = upto;
        }
        Ok(())
    }

    /// The hashes of the tile above a row of tiles: at the edge, or here by now.
    fn above(&self, level: u8, parent: u64, tree: &Tree<'_>) -> anyhow::Result<Vec<Hash>> {
        let kind = TileKind::Hashes { level: level + 1 };
        let tile = Tile::at(kind, parent, self.size).context("no tile is above a full one")?;
        if let Some((_, hashes)) = tree.edge().iter().find(|(known, _)| *known == tile) {
            return Ok(hashes.clone());
        }
        let bytes = self.folder.tile(&tile)?;
        let hashes = bytes.and_then(|bytes| tile.hashes(&bytes));
        hashes.with_context(|| format!("`{tile}` is gone from the copy"))
    }

    /// A full tile with the hash above it, and the entries below it.
    async fn fetch_full(&self, level: u8, index: u64, root: Option<Hash>) -> anyhow::Result<()> {
        let kind = TileKind::Hashes { level };
        let tile = Tile::at(kind, index, self.size).context("the tile is outside of the log")?;
        let root = root.with_context(|| format!("no hash is above `{tile}`"))?;
        let check = |hashes: &[Hash]| merkle::root(hashes) == root;
        let here = self.folder.tile(&tile)?;
        let here = here.and_then(|bytes| tile.hashes(&bytes));
        let hashes = if let Some(hashes) = here.filter(|hashes| check(hashes)) {
            hashes
        } else {
            let (served, bytes) = self.remote.tile(&tile).await?;
            let hashes = parse(&tile, &served, &bytes)?;
            if !check(&hashes) {
                bail!("{tile} does not give the hash above it");
            }
            self.folder.keep_tile(&tile, &bytes)?;
            hashes
        };
        if level == 0 {
            self.fetch_bundle(index, &hashes).await?;
        }
        Ok(())
    }

    /// The entries below a tile of leaves.
    async fn fetch_bundle(&self, index: u64, leaves: &[Hash]) -> anyhow::Result<()> {
        let bundle = Tile::at(TileKind::Entries, index, self.size);
        let bundle = bundle.context("the bundle is outside of the log")?;
        let here = self.folder.tile(&bundle)?;
        if here.is_none_or(|bytes| bundle_of(&bytes, leaves) != Some(bytes.len())) {
            let (_, mut bytes) = self.remote.tile(&bundle).await?;
            let length = bundle_of(&bytes, leaves)
                .with_context(|| format!("{bundle} does not give the hashes above it"))?;
            bytes.truncate(length); // The full one may have come for a narrower one.
            self.folder.keep_tile(&bundle, &bytes)?;
        }
        self.bar.inc(leaves.len() as u64);
        Ok(())
    }
}

/// Length of the entries that have these leaves, one after the other from the start.
fn bundle_of(bytes: &[u8], leaves: &[Hash]) -> Option<usize> {
    let mut entries = Entries::new(bytes);
    let mut length = 0;
    for leaf in leaves {
        let entry = entries.next()?.ok()?;
        if merkle::leaf_hash(&entry) != *leaf {
            return None;
        }
        length += 2 + entry.len();
    }
    Some(length)
}

#[cfg(test)]
mod tests;
