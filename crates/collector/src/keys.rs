//! The installation's own keys: log, operator, export. Made at first start, kept in files that
//! only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use evidence::note::{KeyError, SigningKey};
use wire::names::Origin;
use wire::nonce::NonceRoot;

/// Where the operator's key lies in the directory of keys.
const OPERATOR_FILE: &str = "operator.key";

/// The three keys.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Signs checkpoints.
    pub(crate) log: SigningKey,
    /// Signs registry records.
    pub(crate) operator: SigningKey,
    /// Signs bundle manifests.
    pub(crate) export: SigningKey,
    /// What the nonces of slots are made from: it follows from the operator's key, so that whoever
    /// holds that needs nothing more, and a backup of it is one of this.
    pub(crate) nonces: NonceRoot,
}

/// Keys that cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The directory for keys cannot be made.
    #[error("failed to create the key directory `{path}`")]
    Directory {
        /// Where.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no key where a collector would keep it.
    #[error("there is no key `{path}`; give the configuration of the collector that runs")]
    Missing {
        /// Where.
        path: Utf8PathBuf,
    },
    /// A key file cannot be read or written.
    #[error("failed to use the key file `{path}`")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read the key.
    #[error("`{path}` is readable by others; run `chmod 600 {path}`")]
    Permissions {
        /// Which.
        path: Utf8PathBuf,
    },
    /// The file holds no key.
    #[error("`{path}` does not hold a base64 seed of 32 bytes")]
    Content {
        /// Which.
        path: Utf8PathBuf,
    },
    /// The key cannot be used under its name.
    #[error("failed to make the key `{name}`")]
    Key {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: KeyError,
    },
}

impl Keys {
    /// Reads the keys below `directory`, making those that are missing.
    pub(crate) fn load(directory: &Utf8Path, origin: &Origin) -> Result<Self, KeysError> {
        fs::create_dir_all(directory).map_err(|source| KeysError::Directory {
            path: directory.to_owned(),
            source,
        })?;
        let load = |file: &str, name: String| load_or_make(&directory.join(file), &name);
        let operator = load(OPERATOR_FILE, origin.operator())?;
        Ok(Self {
            log: load("log.key", origin.log())?,
            nonces: NonceRoot::derived(&operator.to_seed()),
            operator,
            export: load("export.key", origin.export())?,
        })
    }
}

/// The operator's key alone. None is made: a record by a key that nobody knows is worth nothing.
pub(crate) fn operator(directory: &Utf8Path, origin: &Origin) -> Result<SigningKey, KeysError> {
    let path = directory.join(OPERATOR_FILE);
    match find(&path, &origin.operator())? {
        Some(key) => Ok(key),
        None => Err(KeysError::Missing { path }),
    }
}

fn load_or_make(path: &Utf8Path, name: &str) -> Result<SigningKey, KeysError> {
    if let Some(found) = find(path, name)? {
        return Ok(found);
    }
    let made = SigningKey::generate(name).map_err(|source| KeysError::Key {
        name: name.to_owned(),
        source,
    })?;
    let written = write_new(path, &STANDARD.encode(*made.to_seed()));
    written.map_err(|source| KeysError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(made)
}

fn find(path: &Utf8Path, name: &str) -> Result<Option<SigningKey>, KeysError> {
    let file = |source| KeysError::File {
        path: path.to_owned(),
        source,
    };
    let key = |source| KeysError::Key {
        name: name.to_owned(),
        source,
    };
    match File::open(path) {
        Ok(opened) => {
            let mode = opened.metadata().map_err(file)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeysError::Permissions {
                    path: path.to_owned(),
                });
            }
            let text = io::read_to_string(opened).map_err(file)?;
            let seed = STANDARD
                .decode(text.trim())
                .ok()
                .and_then(|b| <[u8; 32]>::try_from(b).ok());
            let seed = seed.ok_or_else(|| KeysError::Content {
                path: path.to_owned(),
            })?;
            SigningKey::from_seed(name, &seed).map(Some).map_err(key)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file(error)),
    }
}

/// Writes a file that must not exist yet, readable by its owner only, and syncs it.
fn write_new(path: &Utf8Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_a_restart_and_are_refused_when_others_can_read_them() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap().join("keys");
        let origin: Origin = "nines.example".parse().unwrap();
        let first = Keys::load(&dir, &origin).unwrap().log.verifier_key();
        let second = Keys::load(&dir, &origin).unwrap().log.verifier_key();
        assert_eq!(first.to_string(), second.to_string());
        fs::set_permissions(dir.join("log.key"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            Keys::load(&dir, &origin),
            Err(KeysError::Permissions { .. })
        ));
    }
}
