//! The log as tiles: hashes of any level, 256 rows at most for each.
//!
//! Leaf hashes are those of `log_entry`; above them, `log_tile` has the root of every full tile.
//! Nothing is ever computed for a reader, and nothing read that is not answered.

use evidence::hash::Hash;
use evidence::tiles::{Tile, TileKind, hashes_at};
use evidence::tree::Tree;
use sqlx::PgConnection;

use super::{StoreError, log, to_hash, to_i64, to_u64};

/// Rows written in one statement.
const ROWS_MAX: u64 = 10_000;

/// Writes the roots of full tiles that are not written yet. `tree` is the log as `log_entry` has
/// it; a log from before there were tiles is caught up with.
pub(crate) async fn fill(conn: &mut PgConnection, tree: &Tree) -> Result<(), StoreError> {
    for (level, above) in (0..).zip(1_u8..) {
        let end = hashes_at(tree.size(), above);
        if end == 0 {
            return Ok(());
        }
        let mut next = next_index(conn, level).await?;
        while next < end {
            let upto = end.min(next.saturating_add(ROWS_MAX));
            let roots = (next..upto).map_while(|index| tree.node(8 * u32::from(above), index));
            let roots: Vec<Vec<u8>> = roots.map(|root| root.as_bytes().to_vec()).collect();
            insert(conn, (level, next), &roots).await?;
            next = upto;
        }
    }
    Ok(())
}

/// Place after the last tile of a level.
async fn next_index(conn: &mut PgConnection, level: i16) -> Result<u64, StoreError> {
    let last = sqlx::query_scalar!("SELECT max(idx) FROM log_tile WHERE level = $1", level)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("find the last tile"))?;
    last.map_or(Ok(0), |last| Ok(to_u64("log_tile.idx", last)? + 1))
}

async fn insert(
    conn: &mut PgConnection,
    (level, first): (i16, u64),
    roots: &[Vec<u8>],
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO log_tile (level, idx, root)
         SELECT $1, $2 + ord - 1, root FROM UNNEST($3::bytea[]) WITH ORDINALITY AS t (root, ord)
         ON CONFLICT DO NOTHING", // Another collector may have been first.
        level,
        to_i64("tile", first)?,
        roots
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store tiles"))?;
    Ok(())
}

/// The hashes of a tile; `None` where they are not written yet.
pub(crate) async fn hashes(
    conn: &mut PgConnection,
    tile: &Tile,
) -> Result<Option<Vec<Hash>>, StoreError> {
    let first = to_i64("tile", tile.first())?;
    let end = first.saturating_add(i64::from(tile.width()));
    let (rows, column) = match tile.kind() {
        TileKind::Entries | TileKind::Hashes { level: 0 } => {
            let rows = sqlx::query_scalar!(
                "SELECT leaf_hash FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
                first,
                end
            );
            (rows.fetch_all(conn).await, "log_entry.leaf_hash")
        }
        TileKind::Hashes { level } => {
            let rows = sqlx::query_scalar!(
                "SELECT root FROM log_tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
                i16::from(level - 1),
                first,
                end
            );
            (rows.fetch_all(conn).await, "log_tile.root")
        }
    };
    let rows = rows.map_err(StoreError::query("read a tile"))?;
    if rows.len() < usize::from(tile.width()) {
        return Ok(None);
    }
    let hashes = rows.iter().map(|root| to_hash(column, root));
    hashes.collect::<Result<_, _>>().map(Some)
}

/// The entries of a bundle, in order; `None` where they are not all there.
pub(crate) async fn entries(
    conn: &mut PgConnection,
    bundle: &Tile,
) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
    let end = bundle.first() + u64::from(bundle.width());
    let notes = log::notes(conn, bundle.first(), end).await?;
    Ok((notes.len() == usize::from(bundle.width())).then_some(notes))
}
