//! What one day of the archive consists of.

use chrono::NaiveDate;
use evidence::hash::Hash;
use serde::{Deserialize, Serialize};
use wire::names::Origin;

use super::objects::{digits_of, named};
use super::{Archive, ArchiveError, Days};

/// The form of manifests and of what they list.
const VERSION: &str = "archive/1";
/// Folder of all manifests.
const FOLDER: &str = "manifest";

/// The objects of one day. Written last: without it, nothing counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `archive/1`.
    pub v: String,
    /// Name under which the installation signs.
    pub origin: String,
    /// The day, in UTC, on which batches were received and records made.
    pub day: NaiveDate,
    /// Batches in all parts together.
    pub batches: u64,
    /// Batches received on the day whose raw bytes were gone already.
    pub rawless: u64,
    /// The objects.
    pub objects: Vec<ObjectEntry>,
}

/// One object of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Its name in the archive.
    pub path: String,
    /// What it holds.
    pub kind: ObjectKind,
    /// Batches, or lines.
    pub count: u64,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// What an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// Batches of one agent, as a ZIP.
    Batches,
    /// Registry records, a line each.
    Records,
    /// Checkpoints with their cosignatures, a line each.
    Checkpoints,
}

impl ObjectEntry {
    /// Of an object that is about to be written.
    pub(crate) fn of(path: String, kind: ObjectKind, count: u64, bytes: &[u8]) -> Self {
        Self {
            path,
            kind,
            count,
            bytes: bytes.len() as u64,
            sha256: Hash::of(bytes).to_hex(),
        }
    }
}

impl Manifest {
    /// Of a day of which nothing is listed yet.
    pub(crate) fn empty(origin: &Origin, day: NaiveDate) -> Self {
        Self {
            v: VERSION.to_owned(),
            origin: origin.to_string(),
            day,
            batches: 0,
            rawless: 0,
            objects: Vec::new(),
        }
    }

    /// Length of all objects together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects.iter().map(|object| object.bytes).sum()
    }

    /// Its bytes and, with their hash, its name.
    pub(crate) fn to_object(&self) -> Result<(String, Vec<u8>), ArchiveError> {
        let stem = format!("{FOLDER}/{}", self.day);
        let text = serde_json::to_string_pretty(self);
        let mut text = text.map_err(|source| ArchiveError::write(&stem, source))?;
        text.push('\n');
        let bytes = text.into_bytes();
        Ok((named(&stem, &bytes, ".json"), bytes))
    }
}

impl Archive {
    /// Names of the manifests of some days, oldest day first.
    pub(crate) async fn manifests(&self, days: Days) -> Result<Vec<String>, ArchiveError> {
        let mut names = self.list(FOLDER).await?;
        names.retain(|name| day_of(name).is_some_and(|day| days.hold(day)));
        Ok(names)
    }

    /// A manifest of this installation, checked against its name.
    pub(crate) async fn manifest(
        &self,
        path: &str,
        origin: &Origin,
    ) -> Result<Manifest, ArchiveError> {
        let bytes = self.get_checked(path, digits_of(path)).await?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|e| ArchiveError::damaged(path, e))?;
        if manifest.v != VERSION {
            let what = format!("it is of version `{}`, not `{VERSION}`", manifest.v);
            return Err(ArchiveError::damaged(path, what));
        }
        if manifest.origin != origin.to_string() {
            return Err(ArchiveError::Origin {
                path: path.to_owned(),
                found: manifest.origin,
                expected: origin.to_string(),
            });
        }
        if day_of(path) != Some(manifest.day) {
            return Err(ArchiveError::damaged(
                path,
                "it is of another day than its name",
            ));
        }
        Ok(manifest)
    }
}

/// The day in a manifest's name.
fn day_of(name: &str) -> Option<NaiveDate> {
    let file = name.rsplit('/').next()?;
    file.get(..10)?.parse().ok()
}

/// What the archive holds of some days, oldest first.
pub async fn list_archive(
    archive: &Archive,
    origin: &Origin,
    days: Days,
) -> Result<Vec<Manifest>, ArchiveError> {
    let mut found = Vec::new();
    for name in archive.manifests(days).await? {
        found.push(archive.manifest(&name, origin).await?);
    }
    Ok(found)
}
