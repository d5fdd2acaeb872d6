use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::tree::{Tree, leaf_hash};

const HASHES: TileKind = TileKind::Hashes { level: 0 };

/// A log of 70,000 entries, in which every smaller one is contained.
static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let entries = (0..70_000_u64).map(|n| leaf_hash(&n.to_be_bytes()));
    entries.collect()
});

/// The hashes of a tile, as a log would serve them.
fn content(tree: &Tree, tile: &Tile) -> Vec<Hash> {
    let level = u32::from(tile.kind().level()) * TILE_HEIGHT;
    let places = tile.first()..tile.first() + u64::from(tile.width());
    places.map(|at| tree.node(level, at).unwrap()).collect()
}

#[track_caller]
fn check_path(path: &str, kind: TileKind, index: u64, width: u16) {
    let tile: Tile = path.parse().unwrap();
    assert_eq!(
        (tile.kind(), tile.index(), tile.width()),
        (kind, index, width)
    );
    assert_eq!(tile.to_string(), path);
}

/// The first index is the example of the specification.
#[test]
fn paths_are_spelt_as_the_specification_spells_them() {
    check_path("tile/0/x001/x234/067", HASHES, 1_234_067, 256);
    check_path("tile/0/000", HASHES, 0, 256);
    check_path(
        "tile/63/999.p/255",
        TileKind::Hashes { level: 63 },
        999,
        255,
    );
    check_path(
        "tile/1/x001/000.p/1",
        TileKind::Hashes { level: 1 },
        1_000,
        1,
    );
    check_path("tile/entries/x001/234", TileKind::Entries, 1_234, 256);
    check_path("tile/entries/272.p/112", TileKind::Entries, 272, 112);
    let last = "tile/0/x018/x446/x744/x073/x709/x551/615";
    check_path(last, HASHES, u64::MAX, 256);
}

#[test]
fn other_spellings_are_refused() {
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/+1/000",
        "tile/64/000",
        "tile/x/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/x001/x067",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/entries/000.p/1.p/1",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ] {
        assert!(path.parse::<Tile>().is_err(), "{path}");
    }
}

/// The example of the specification: a log of 70,000 entries.
#[test]
fn a_log_of_70_000_entries_has_the_tiles_that_the_specification_counts() {
    let tiles: Vec<Tile> = hash_tiles(70_000).collect();
    let full = |level| {
        let kind = TileKind::Hashes { level };
        let tiles = tiles.iter().filter(|tile| tile.kind() == kind);
        tiles.filter(|tile| tile.is_full()).count()
    };
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
    let edge: Vec<String> = edge(70_000).iter().map(ToString::to_string).collect();
    assert_eq!(
        edge,
        ["tile/2/000.p/1", "tile/1/001.p/17", "tile/0/273.p/112"]
    );
    assert_eq!(entry_bundles(70_000).count(), 274);
}

#[test]
fn a_log_of_256_entries_has_a_full_tile_and_one_hash_above_it() {
    let tiles: Vec<String> = hash_tiles(256).map(|tile| tile.to_string()).collect();
    assert_eq!(tiles, ["tile/1/000.p/1", "tile/0/000"]);
    let edge: Vec<String> = edge(256).iter().map(ToString::to_string).collect();
    assert_eq!(edge, ["tile/1/000.p/1"]);
}

#[test]
fn a_tile_is_within_a_log_that_has_all_its_hashes() {
    let within = |path: &str, size| path.parse::<Tile>().unwrap().is_within(size);
    assert!(!within("tile/0/000.p/1", 0));
    assert!(within("tile/0/000.p/7", 7) && !within("tile/0/000.p/7", 6));
    assert!(
        within("tile/0/000.p/7", 999),
        "a smaller size was published once"
    );
    assert!(within("tile/0/000", 256) && !within("tile/0/000", 255));
    assert!(within("tile/1/000.p/1", 256) && !within("tile/1/000.p/1", 255));
    assert!(within("tile/2/000", 1 << 24) && !within("tile/2/000", (1 << 24) - 1));
    assert!(within("tile/entries/001.p/1", 257) && !within("tile/entries/001.p/1", 256));
    assert!(!within("tile/63/000.p/1", u64::MAX));
    assert!(!within(
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        u64::MAX
    ));
}

/// Root by the edge, and every full tile by the hash above it.
fn check_size(tree: &Tree, size: u64) {
    let hashes: Vec<_> = edge(size).iter().map(|tile| content(tree, tile)).collect();
    let range = compact_range(size, &hashes).unwrap();
    assert_eq!(range.head(), tree.head_at(size).unwrap(), "{size}");
    for tile in hash_tiles(size).filter(Tile::is_full) {
        let level = tile.kind().level() + 1;
        let above = tree.node(u32::from(level) * TILE_HEIGHT, tile.index());
        assert_eq!(Some(tree::root(&content(tree, &tile))), above, "{tile}");
    }
}

#[test]
fn tiles_rebuild_the_root_of_every_size_where_tiles_begin_and_end() {
    for size in [
        0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 65_793,
    ] {
        check_size(&TREE, size);
    }
}

/// What a mirror relies on to see a fork: the tiles of a larger log give the root of a smaller one.
#[test]
fn the_tiles_of_a_larger_log_give_the_root_of_a_smaller_one() {
    for old in [1, 255, 256, 300, 65_536, 65_793, 69_999] {
        let wider = edge(old).into_iter().map(|tile| {
            let wide = Tile::at(tile.kind(), tile.index(), 70_000).unwrap();
            content(&TREE, &wide)
        });
        let range = compact_range(old, &wider.collect::<Vec<_>>()).unwrap();
        assert_eq!(range.head(), TREE.head_at(old).unwrap(), "{old}");
    }
}

#[test]
fn an_edge_of_too_few_or_too_many_tiles_is_refused() {
    assert!(compact_range(257, &[]).is_err());
    assert!(compact_range(257, &[vec![Hash::ZERO]]).is_err());
    assert!(compact_range(257, &[vec![Hash::ZERO], vec![Hash::ZERO]]).is_ok());
    assert!(compact_range(257, &[vec![Hash::ZERO], Vec::new()]).is_err());
    assert!(compact_range(1, &[vec![Hash::ZERO], vec![Hash::ZERO]]).is_err());
}

#[test]
fn bytes_are_the_hashes_of_a_tile_only_in_its_width() {
    let tile: Tile = "tile/0/000.p/2".parse().unwrap();
    let bytes = [[1; 32], [2; 32]].concat();
    let expected = [[1; 32], [2; 32]].map(Hash::from_bytes).to_vec();
    assert_eq!(tile.hashes(&bytes), Some(expected));
    assert_eq!(tile.hashes(&bytes[1..]), None);
    assert_eq!(tile.hashes(&[0; 96]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tiles_rebuild_the_root_of_any_size(size in 0_u64..70_000) {
        check_size(&TREE, size);
    }

    #[test]
    fn what_is_printed_reads_back(level in 0_u8..64, index: u64, width in 1_u16..=256) {
        for kind in [TileKind::Hashes { level }, TileKind::Entries] {
            let tile = Tile { kind, index, width };
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }
    }

    #[test]
    fn arbitrary_paths_never_panic_and_have_one_spelling(path in "(tile/)?[0-9ex./pntris-]{0,30}") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }

    #[test]
    fn any_size_up_to_the_largest_has_an_edge_that_stands_for_it(size in 0_u64..=tree::LEAVES_MAX) {
        let hashes: Vec<_> = edge(size).iter().map(|tile| vec![Hash::ZERO; tile.width().into()]).collect();
        prop_assert_eq!(compact_range(size, &hashes).unwrap().size(), size);
    }
}
