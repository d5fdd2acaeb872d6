//! `[archive]` of the collector's configuration, and the store it names.

use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use object_store::ClientOptions;
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::Archive;

/// Days after the end of a day before it is archived: agents that come back are heard first.
const AFTER_DAYS: u32 = 2;
/// One request to the store, an object of the largest size included.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(5);

/// Where raw batches are archived.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveConfig {
    /// `file:///directory` or `s3://bucket/prefix`.
    pub url: String,
    /// Address of an S3-compatible store; absent for AWS.
    pub endpoint: Option<String>,
    /// Region that requests are signed for.
    pub region: Option<String>,
    /// Environment variable that holds the access key's id.
    pub access_key_id_env: Option<String>,
    /// File that holds the access key's id, relative to the configuration.
    pub access_key_id_file: Option<Utf8PathBuf>,
    /// Environment variable that holds the secret access key.
    pub secret_access_key_env: Option<String>,
    /// File that holds the secret access key, relative to the configuration.
    pub secret_access_key_file: Option<Utf8PathBuf>,
    /// Whether `endpoint` may be plain HTTP.
    #[serde(default)]
    pub allow_http: bool,
    /// Whole days after the end of a day before it is archived, at least 1.
    #[serde(default = "default_after_days")]
    pub after_days: u32,
}

fn default_after_days() -> u32 {
    AFTER_DAYS
}

/// An archive that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveConfigError {
    /// The URL is of no kind that is known, or holds what belongs elsewhere.
    #[error("`archive.url` must be `file:///directory` or `s3://bucket/prefix`")]
    Url,
    /// A key that only S3 has a use for.
    #[error("`archive.{key}` is of no use with a `file://` archive")]
    OnlyS3 {
        /// Which.
        key: &'static str,
    },
    /// Half a credential, or one given twice.
    #[error(
        "`archive.{key}` needs `{key}_env` or `{key}_file`, not both, wherever the other part of the credential is given"
    )]
    Credential {
        /// Which part.
        key: &'static str,
    },
    /// A variable that is not set.
    #[error("`{name}` is not set; `archive.{key}_env` names it")]
    Unset {
        /// Name of the variable.
        name: String,
        /// Which part of the credential.
        key: &'static str,
    },
    /// A file that cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A day may grow until it is over everywhere.
    #[error("`archive.after_days` must be at least 1")]
    AfterDays,
    /// The store cannot be set up: no such directory, or no such endpoint.
    #[error("failed to open `{url}`")]
    Open {
        /// Where the archive is.
        url: String,
        /// Why.
        #[source]
        source: Box<object_store::Error>,
    },
}

impl ArchiveConfig {
    /// Refuses what cannot be meant, without reading secrets.
    pub fn check(&self) -> Result<(), ArchiveConfigError> {
        if self.after_days == 0 {
            return Err(ArchiveConfigError::AfterDays);
        }
        let id = (&self.access_key_id_env, &self.access_key_id_file);
        let secret = (&self.secret_access_key_env, &self.secret_access_key_file);
        let given = |(env, file): (&Option<String>, &Option<Utf8PathBuf>)| {
            usize::from(env.is_some()) + usize::from(file.is_some())
        };
        let is_any = given(id) + given(secret) > 0;
        for (key, part) in [("access_key_id", id), ("secret_access_key", secret)] {
            if is_any && given(part) != 1 {
                return Err(ArchiveConfigError::Credential { key });
            }
        }
        match self.place()? {
            Place::S3 { .. } => Ok(()),
            Place::Directory(_) => {
                let only_s3 = [
                    ("endpoint", self.endpoint.is_some()),
                    ("region", self.region.is_some()),
                    ("access_key_id", is_any),
                    ("allow_http", self.allow_http),
                ];
                let wrong = only_s3.into_iter().find(|(_, is_given)| *is_given);
                wrong.map_or(Ok(()), |(key, _)| Err(ArchiveConfigError::OnlyS3 { key }))
            }
        }
    }

    /// Opens the archive; `beside` is the directory of the configuration, `variable` reads the
    /// environment.
    pub fn open(
        &self,
        beside: &Utf8Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Archive, ArchiveConfigError> {
        self.check()?;
        let failed = |source| ArchiveConfigError::Open {
            url: self.url.clone(),
            source: Box::new(source),
        };
        let objects: Arc<dyn object_store::ObjectStore> = match self.place()? {
            Place::Directory(path) => {
                let directory = LocalFileSystem::new_with_prefix(path).map_err(failed)?;
                Arc::new(directory.with_fsync(true))
            }
            Place::S3 { bucket, prefix } => {
                let store = self.s3(bucket, beside, variable)?.build();
                Arc::new(PrefixStore::new(store.map_err(failed)?, prefix))
            }
        };
        Ok(Archive {
            objects,
            url: self.url.clone(),
            after_days: self.after_days,
        })
    }

    fn s3(
        &self,
        bucket: &str,
        beside: &Utf8Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<AmazonS3Builder, ArchiveConfigError> {
        let client = ClientOptions::new()
            .with_timeout(REQUEST_TIMEOUT)
            .with_allow_http(self.allow_http);
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_client_options(client)
            // Buckets with object lock take nothing without a checksum.
            .with_checksum_algorithm(Checksum::SHA256);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        let secret = |key, env: &Option<String>, file: &Option<Utf8PathBuf>| match (env, file) {
            (Some(name), _) => {
                let unset = || ArchiveConfigError::Unset {
                    name: name.clone(),
                    key,
                };
                let value = variable(name).ok_or_else(unset)?;
                Ok(Some(SecretString::from(value)))
            }
            (None, Some(file)) => read_secret(&beside.join(file)).map(Some),
            (None, None) => Ok(None),
        };
        let id = secret(
            "access_key_id",
            &self.access_key_id_env,
            &self.access_key_id_file,
        )?;
        let key = secret(
            "secret_access_key",
            &self.secret_access_key_env,
            &self.secret_access_key_file,
        )?;
        if let Some((id, key)) = id.zip(key) {
            builder = builder
                .with_access_key_id(id.expose_secret())
                .with_secret_access_key(key.expose_secret());
        }
        Ok(builder)
    }

    fn place(&self) -> Result<Place<'_>, ArchiveConfigError> {
        // An `@` would be a credential in the URL, which is logged.
        if self.url.contains(['@', '?', '#', '%']) {
            return Err(ArchiveConfigError::Url);
        }
        if let Some(path) = self.url.strip_prefix("file://") {
            let is_whole = path.starts_with('/') && path.len() > 1;
            return is_whole
                .then_some(Place::Directory(path))
                .ok_or(ArchiveConfigError::Url);
        }
        let rest = self.url.strip_prefix("s3://");
        let rest = rest.ok_or(ArchiveConfigError::Url)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(ArchiveConfigError::Url);
        }
        Ok(Place::S3 { bucket, prefix })
    }
}

/// What the URL names.
enum Place<'a> {
    Directory(&'a str),
    S3 { bucket: &'a str, prefix: &'a str },
}

fn read_secret(path: &Utf8Path) -> Result<SecretString, ArchiveConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ArchiveConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(SecretString::from(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> ArchiveConfig {
        toml::from_str(toml).unwrap()
    }

    #[track_caller]
    fn refused(toml: &str, expected: &str) {
        let refusal = config(toml).check().unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
    }

    #[test]
    fn only_whole_addresses_without_credentials_are_taken() {
        for url in [
            "/a",
            "file://",
            "file://a",
            "s3://",
            "s3:///a",
            "s3://k:s@b/a",
            "gs://b",
        ] {
            refused(&format!("url = '{url}'"), "archive.url");
        }
        for url in ["file:///a", "s3://b", "s3://b/a/c"] {
            config(&format!("url = '{url}'")).check().unwrap();
        }
    }

    #[test]
    fn a_credential_is_whole_or_absent() {
        let s3 = "url = 's3://b'\n";
        refused(&format!("{s3}access_key_id_env = 'A'"), "secret_access_key");
        let twice =
            "access_key_id_env = 'A'\naccess_key_id_file = 'a'\nsecret_access_key_env = 'B'";
        refused(&format!("{s3}{twice}"), "archive.access_key_id");
        refused("url = 'file:///a'\nregion = 'r'", "archive.region");
        refused("url = 'file:///a'\nafter_days = 0", "after_days");
        let unset = config(&format!(
            "{s3}access_key_id_env = 'A'\nsecret_access_key_env = 'B'"
        ));
        let refusal = unset.open(Utf8Path::new("."), |_| None).unwrap_err();
        assert!(refusal.to_string().contains("`A` is not set"), "{refusal}");
    }

    #[test]
    fn secrets_do_not_show() {
        let config = config(
            "url = 's3://b/p'\nregion = 'r'\naccess_key_id_env = 'A'\nsecret_access_key_env = 'B'",
        );
        let secret = |name: &str| Some(format!("value-of-{name}"));
        let archive = config.open(Utf8Path::new("."), secret).unwrap();
        let shown = format!("{config:?} {archive:?}");
        assert!(!shown.contains("value-of"), "{shown}");
        assert!(shown.contains("s3://b/p"), "{shown}");
    }

    #[test]
    fn a_directory_that_is_not_there_is_not_made() {
        let config = config("url = 'file:///nowhere/archive'");
        let refusal = config.open(Utf8Path::new("."), |_| None).unwrap_err();
        assert!(matches!(refusal, ArchiveConfigError::Open { .. }));
    }
}
