//! `/assets`: style sheet, script and icon, compiled in.

use axum::http::{Uri, header};
use axum::response::IntoResponse;

use super::problem;
use crate::web::assets;

/// How long a browser may keep an asset: they change with the program only.
const CACHE: &str = "public, max-age=300";

pub(crate) async fn show(uri: Uri) -> Result<impl IntoResponse, super::Problem> {
    let Some(asset) = assets::find(uri.path()) else {
        return Err(problem::not_found(uri).await);
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, CACHE),
    ];
    Ok((headers, asset.bytes))
}
