//! C2SP tlog-tiles: how a log of any size is cut into files that never change.
//!
//! A tile holds up to 256 hashes that stand side by side at one level of the tree, 8 levels of the
//! tree to one of tiles; a bundle holds the entries under a tile of level 0. A tile that is not full
//! carries its width in its path, so that what a path names never changes. The last tiles of all
//! levels, the *edge*, give the root; every full tile hangs on a hash of the tile above it.
//!
//! Non-goals: fetching, storing, and what entries mean.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::tree::{self, CompactRange, TreeError};

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// Bytes of a full tile of hashes.
pub const TILE_BYTES_MAX: usize = 256 * 32;

/// Bytes of the largest bundle: 256 entries of the longest kind, each after its length.
pub const ENTRY_BUNDLE_BYTES_MAX: usize = 256 * (2 + crate::entries::ENTRY_BYTES_MAX);

/// Levels of the tree to one level of tiles.
const TILE_HEIGHT: u32 = 8;

/// Levels that a tree can have: 8 of 8 cover all 64 bits of a size.
const LEVELS: u8 = 8;

/// The highest level that a path may name.
const LEVEL_MAX: u8 = 63;

/// What a tile is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of a level: 0 for leaves, at each level above the roots of full tiles below.
    Hashes {
        /// Which level, `0..=63`.
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

/// One file of a tiled log, spelt as its path: `tile/0/x001/234.p/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// A path that names no tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not the path of a tile")]
pub struct TilePathError {
    /// The path, or its beginning where it is long.
    path: String,
}

impl Tile {
    /// The tile `index` of a kind in a log of `size` entries, as wide as it is there; `None` where
    /// the log does not reach it.
    #[must_use]
    pub fn at(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let first = index.checked_mul(TILE_WIDTH)?;
        let there = hashes_at(size, kind.level()).checked_sub(first)?;
        let width = u16::try_from(there.min(TILE_WIDTH)).ok()?;
        (width > 0).then_some(Self { kind, index, width })
    }

    /// What it is made of.
    #[must_use]
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its place among those of its level, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, `1..=256`.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it will never grow.
    #[must_use]
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// The full tile of the same place.
    #[must_use]
    pub fn filled(self) -> Self {
        Self {
            width: 256, // `TILE_WIDTH`
            ..self
        }
    }

    /// Place of its first hash or entry among those of its level.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH)
    }

    /// Whether a log of `size` entries has all that is in it.
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        let end = self.first().checked_add(u64::from(self.width));
        end.is_some_and(|end| end <= hashes_at(size, self.kind.level()))
    }

    /// Takes the bytes of a tile of hashes apart; `None` where their number is not that of the
    /// tile's width.
    #[must_use]
    pub fn hashes(&self, bytes: &[u8]) -> Option<Vec<Hash>> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && hashes.len() == usize::from(self.width);
        fits.then(|| hashes.iter().copied().map(Hash::from_bytes).collect())
    }
}

impl TileKind {
    fn level(self) -> u8 {
        match self {
            Self::Hashes { level } => level,
            Self::Entries => 0,
        }
    }
}

/// How many hashes a log of `size` entries has at a level: roots of complete subtrees only.
#[must_use]
pub fn hashes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

/// The last, unfilled tile of every level, the highest level first: together they give the root.
/// Levels whose tiles are all full have none.
#[must_use]
pub fn edge(size: u64) -> Vec<Tile> {
    let unfilled = (0..LEVELS).rev().filter_map(|level| {
        let hashes = hashes_at(size, level);
        let tile = Tile::at(TileKind::Hashes { level }, hashes / TILE_WIDTH, size)?;
        Some(tile)
    });
    unfilled.collect()
}

/// The complete subtrees of a log of `size` entries from the hashes of its [`edge`], in the same
/// order. Tiles may be wider than the edge: they are those of a larger log. Says nothing about the
/// hashes being right; the root does.
pub fn compact_range(size: u64, edge_hashes: &[Vec<Hash>]) -> Result<CompactRange, TreeError> {
    let mut subtrees = Vec::new();
    let mut found = 0;
    for (tile, hashes) in edge(size).iter().zip(edge_hashes) {
        let mut rest = hashes.get(..usize::from(tile.width)).unwrap_or_default();
        while !rest.is_empty() {
            let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
            subtrees.push(tree::root(subtree));
            rest = after;
        }
        found += 1;
    }
    if found < edge_hashes.len() {
        return Err(TreeError::Range {
            hashes: edge_hashes.len(),
            size,
        });
    }
    CompactRange::from_hashes(size, subtrees)
}

/// All tiles of hashes of a log of `size` entries, the highest level first.
pub fn hash_tiles(size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..LEVELS).rev();
    levels.flat_map(move |level| tiles_of(TileKind::Hashes { level }, size))
}

/// All bundles of entries of a log of `size` entries, in order.
pub fn entry_bundles(size: u64) -> impl Iterator<Item = Tile> {
    tiles_of(TileKind::Entries, size)
}

fn tiles_of(kind: TileKind, size: u64) -> impl Iterator<Item = Tile> {
    (0..).map_while(move |index| Tile::at(kind, index, size))
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while groups.len() > 1 {
            if let Some(group) = groups.pop() {
                write!(f, "x{group:03}/")?;
            }
        }
        write!(f, "{:03}", groups[0])?;
        if self.is_full() {
            return Ok(());
        }
        write!(f, ".p/{}", self.width)
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    /// Reads a path in its one spelling.
    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let tile = parse(path).filter(|tile| tile.to_string() == path);
        tile.ok_or_else(|| TilePathError {
            path: path.chars().take(80).collect(),
        })
    }
}

/// Reads a path generously; that it is the one spelling is checked by printing it.
fn parse(path: &str) -> Option<Tile> {
    let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = if kind == "entries" {
        TileKind::Entries
    } else {
        let level = kind.parse().ok().filter(|level| *level <= LEVEL_MAX)?;
        TileKind::Hashes { level }
    };
    let (place, width) = match place.split_once(".p/") {
        Some((place, width)) => (place, width.parse().ok()?),
        None => (place, 256),
    };
    let mut index: u64 = 0;
    for group in place.split('/') {
        let digits: u16 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        let below = (digits < 1000).then_some(u64::from(digits))?;
        index = index.checked_mul(1000)?.checked_add(below)?;
    }
    let is_width = (1..=256).contains(&width);
    is_width.then_some(Tile { kind, index, width })
}

#[cfg(test)]
mod tests;
