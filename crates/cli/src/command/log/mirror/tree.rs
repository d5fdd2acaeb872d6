//! The tree of a signed checkpoint as far as it was looked at: tiles that were found to be right.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::tiles::{TILE_WIDTH, Tile, TileKind, compact_range, edge};
use evidence::tree as merkle;

use super::super::remote::Remote;

/// A tree whose edge gives the signed root.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    remote: &'a Remote,
    checkpoint: Checkpoint,
    edge: Vec<(Tile, Vec<Hash>)>,
    /// Tiles that are right, by level and index: those of the edge, and a path for each question.
    known: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl<'a> Tree<'a> {
    /// Fetches the edge; fails where it does not give the root.
    pub(super) async fn of(remote: &'a Remote, checkpoint: Checkpoint) -> anyhow::Result<Self> {
        let mut tiles = Vec::new();
        let mut known = BTreeMap::new();
        for tile in edge(checkpoint.size) {
            let (served, bytes) = remote.tile(&tile).await?;
            let hashes = parse(&tile, &served, &bytes)?;
            known.insert((level_of(&tile), tile.index()), hashes.clone());
            tiles.push((tile, hashes));
        }
        let hashes: Vec<_> = tiles.iter().map(|(_, hashes)| hashes.clone()).collect();
        if compact_range(checkpoint.size, &hashes)?.root() != checkpoint.root {
            bail!("the log's tiles do not give the root that it signed");
        }
        Ok(Self {
            remote,
            checkpoint,
            edge: tiles,
            known,
        })
    }

    pub(super) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The last tile of each level that is not full, with its hashes.
    pub(super) fn edge(&self) -> &[(Tile, Vec<Hash>)] {
        &self.edge
    }

    /// The root that this tree had at an earlier size.
    pub(super) async fn root_at(&mut self, size: u64) -> anyhow::Result<Hash> {
        let mut hashes = Vec::new();
        for tile in edge(size) {
            hashes.push(self.tile(level_of(&tile), tile.index()).await?);
        }
        Ok(compact_range(size, &hashes)?.root())
    }

    /// The hashes of a tile, once those above it lead to them.
    async fn tile(&mut self, level: u8, index: u64) -> anyhow::Result<Vec<Hash>> {
        let mut missing = Vec::new();
        let (mut at_level, mut at_index) = (level, index);
        while !self.known.contains_key(&(at_level, at_index)) {
            missing.push((at_level, at_index));
            (at_level, at_index) = (at_level + 1, at_index / TILE_WIDTH);
            if at_level > 8 {
                bail!("no tile of level {level} and index {index} is in the log");
            }
        }
        while let Some((level, index)) = missing.pop() {
            let above = self.known.get(&(level + 1, index / TILE_WIDTH));
            let place = usize::try_from(index % TILE_WIDTH)?;
            let root = above.and_then(|above| above.get(place).copied());
            let tile = Tile::at(TileKind::Hashes { level }, index, self.checkpoint.size);
            let tile = tile.context("the tile is outside of the log")?;
            let (served, bytes) = self.remote.tile(&tile).await?;
            let hashes = parse(&tile, &served, &bytes)?;
            if Some(merkle::root(&hashes)) != root {
                bail!("{tile} does not give the hash above it");
            }
            self.known.insert((level, index), hashes);
        }
        let known = self.known.get(&(level, index));
        known.cloned().context("the tile was not found")
    }
}

/// The level of a tile of hashes.
pub(super) fn level_of(tile: &Tile) -> u8 {
    match tile.kind() {
        TileKind::Hashes { level } => level,
        TileKind::Entries => 0,
    }
}

/// The hashes of a tile from what was served for it, which may be the full one.
pub(super) fn parse(tile: &Tile, served: &Tile, bytes: &[u8]) -> anyhow::Result<Vec<Hash>> {
    let hashes = served.hashes(bytes);
    let mut hashes = hashes.with_context(|| format!("{served} is of the wrong length"))?;
    hashes.truncate(usize::from(tile.width()));
    Ok(hashes)
}
