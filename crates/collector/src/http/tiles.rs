//! `/tile`: the log as C2SP tlog-tiles, for any mirror.
//!
//! A path names bytes that never change, so that they may be kept for ever; what the newest
//! published checkpoint does not cover is not there. One request reads 256 rows at most.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use evidence::entries;
use evidence::hash::Hash;
use evidence::tiles::{Tile, TileKind};
use wire::problem::ProblemType;

use super::Problem;
use crate::app::App;
use crate::store::{self, StoreError};

/// How long full tiles and bundles may be kept: a year, the longest that caches promise.
const FULL: &str = "public, max-age=31536000, immutable";
/// How long others may be kept: they do not change either, but are soon asked for no more.
const PARTIAL: &str = "public, max-age=3600";
/// What is not there may be there soon.
const ABSENT: &str = "no-store";

/// A tile of hashes or a bundle of entries.
#[tracing::instrument(name = "http.tiles.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path((level, index)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let Ok(tile) = format!("tile/{level}/{index}").parse::<Tile>() else {
        return Ok(absent("no tile has this path"));
    };
    let Some(bytes) = read(&app, &tile).await? else {
        return Ok(absent("the newest checkpoint does not cover this tile"));
    };
    let kept = if tile.is_full() { FULL } else { PARTIAL };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, kept),
    ];
    Ok((headers, bytes).into_response())
}

async fn read(app: &App, tile: &Tile) -> Result<Option<Vec<u8>>, StoreError> {
    let mut conn = app.connection().await?;
    let newest = store::log::latest_checkpoint(&mut conn).await?;
    if !newest.is_some_and(|newest| tile.is_within(newest.size)) {
        return Ok(None);
    }
    match tile.kind() {
        TileKind::Entries => {
            let entries = store::tile::entries(&mut conn, tile).await?;
            entries.map(|entries| bundle(&entries)).transpose()
        }
        TileKind::Hashes { .. } => {
            let hashes = store::tile::hashes(&mut conn, tile).await?;
            Ok(hashes.map(|hashes| hashes.iter().flat_map(Hash::as_bytes).copied().collect()))
        }
    }
}

fn bundle(notes: &[Vec<u8>]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    for note in notes {
        entries::push(&mut bytes, note).map_err(|e| StoreError::inconsistent("batch.note", e))?;
    }
    Ok(bytes)
}

fn absent(detail: &str) -> Response {
    let problem = Problem::new(ProblemType::NotFound, detail);
    ([(header::CACHE_CONTROL, ABSENT)], problem).into_response()
}

#[cfg(test)]
mod tests;
