//! Timestamps of a bundle: those of its anchors, and new ones of its manifest.

use evidence::bundle::Packed;
use evidence::hash::Hash;
use evidence::manifest::MANIFEST_PATH;
use evidence::note::SignedNote;
use futures_util::future::join_all;
use sqlx::PgConnection;
use verify::Timestamp;
use verify::assemble::add_to_manifest;

use super::ExportError;
use super::log::Anchored;
use crate::app::App;
use crate::job::stamp::settle;
use crate::store::{self, StoreError};
use crate::timestamp::EXPORT_TIMEOUT;

/// The tokens over the anchors of a bundle whose segment begins at `start`.
pub(super) async fn of_anchors(
    conn: &mut PgConnection,
    anchored: &Anchored,
    start: u64,
) -> Result<Vec<Timestamp>, ExportError> {
    let range = (start, anchored.last_size());
    let stored = store::timestamp::between(conn, range).await?;
    let stored = stored.into_iter().filter(|(size, _)| anchored.has(*size));
    let of = |(size, response)| Timestamp { size, response };
    Ok(stored.map(of).collect())
}

/// Adds what authorities say about the manifest now; gives the names of those that say nothing.
pub(super) async fn manifest(app: &App, members: &mut Packed) -> Result<Vec<String>, ExportError> {
    let Some(timestamping) = &app.timestamping else {
        return Ok(Vec::new());
    };
    let note = members.read(MANIFEST_PATH).unwrap_or_default();
    let note = SignedNote::parse(&note);
    let note = note.map_err(|e| StoreError::inconsistent("the manifest", e))?;
    let data = Hash::of(note.text().as_bytes());
    let timeout = timestamping.timeout.min(EXPORT_TIMEOUT);
    let asked = timestamping.authorities.iter();
    let asked = asked.map(async |one| (one, timestamping.ask(one, &data, timeout).await));
    let (mut responses, mut absent) = (Vec::new(), Vec::new());
    for (authority, answer) in join_all(asked).await {
        match settle(app, (timestamping, authority), answer) {
            Some(granted) => responses.push(granted.response),
            None => absent.push(authority.name.clone()),
        }
    }
    add_to_manifest(members, responses).map_err(ExportError::Assemble)?;
    Ok(absent)
}
