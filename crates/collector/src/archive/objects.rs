//! Objects: written once, read whole, and compared with what is known of them.

use evidence::hash::Hash;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore as _, PutMode, PutOptions, PutPayload};

use super::{Archive, ArchiveError};

/// The longest object that is read: a part, its largest batch and its index.
pub(crate) const OBJECT_BYTES_MAX: u64 = 32 << 20;
/// Objects in one folder: manifests of more than two hundred years.
const LISTED_MAX: usize = 100_000;
/// Digits of an object's hash in its name.
const HASH_DIGITS: usize = 8;

impl Archive {
    /// Where the archive is, without anything secret.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Days after the end of a day before it is archived.
    pub(crate) fn after_days(&self) -> u32 {
        self.after_days
    }

    /// Writes an object that must not be there yet, and reads it back. The same bytes again are no
    /// error, so that what was interrupted can go on.
    pub async fn put_new(&self, path: &str, bytes: Vec<u8>) -> Result<(), ArchiveError> {
        let hash = Hash::of(&bytes);
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        let payload = PutPayload::from(bytes);
        let location = Path::from(path);
        match self.objects.put_opts(&location, payload, options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(source) => return Err(failed("write", path, source)),
        }
        if Hash::of(&self.get(path).await?) != hash {
            return Err(ArchiveError::Taken {
                path: path.to_owned(),
            });
        }
        Ok(())
    }

    /// An object's bytes, as long as they are bounded.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        let location = Path::from(path);
        let got = self.objects.get_opts(&location, GetOptions::default());
        let got = got.await.map_err(|source| failed("read", path, source))?;
        let mut stream = got.into_stream();
        let mut bytes = Vec::new();
        while let Some(chunk) = stream
            .try_next()
            .await
            .map_err(|source| failed("read", path, source))?
        {
            if (bytes.len() + chunk.len()) as u64 > OBJECT_BYTES_MAX {
                let what = format!("it is longer than {OBJECT_BYTES_MAX} bytes");
                return Err(ArchiveError::damaged(path, what));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// An object's bytes where they are those that a manifest or a name says.
    pub(crate) async fn get_checked(
        &self,
        path: &str,
        sha256: &str,
    ) -> Result<Vec<u8>, ArchiveError> {
        let bytes = self.get(path).await?;
        let found = Hash::of(&bytes).to_hex();
        if found.starts_with(sha256) {
            return Ok(bytes);
        }
        let what = format!("its SHA-256 is {found}, not {sha256}");
        Err(ArchiveError::damaged(path, what))
    }

    /// Names of the objects in a folder, sorted.
    pub async fn list(&self, folder: &str) -> Result<Vec<String>, ArchiveError> {
        let prefix = Path::from(folder);
        let mut listed = self.objects.list(Some(&prefix));
        let mut names = Vec::new();
        while let Some(object) = listed
            .try_next()
            .await
            .map_err(|source| failed("list", folder, source))?
        {
            if names.len() >= LISTED_MAX {
                let what = format!("it holds more than {LISTED_MAX} objects");
                return Err(ArchiveError::damaged(folder, what));
            }
            names.push(object.location.to_string());
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// A name that ends in the first digits of the object's hash.
pub(crate) fn named(stem: &str, bytes: &[u8], suffix: &str) -> String {
    let digits: String = Hash::of(bytes).to_hex().chars().take(HASH_DIGITS).collect();
    format!("{stem}-{digits}{suffix}")
}

/// The digits of its hash that stand in a name; empty where there are none.
pub(crate) fn digits_of(name: &str) -> &str {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.split_once('.').map_or(stem, |(stem, _)| stem);
    let digits = stem.rsplit('-').next().unwrap_or("");
    if digits.len() == HASH_DIGITS {
        digits
    } else {
        ""
    }
}

fn failed(operation: &'static str, path: &str, source: object_store::Error) -> ArchiveError {
    ArchiveError::Object {
        operation,
        path: path.to_owned(),
        source: Box::new(source),
    }
}
