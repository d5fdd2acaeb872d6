//! Who an agent is: its key, its name, and the log it has pinned.
//!
//! Two files in the state directory: `agent.key`, the 32-byte seed in base64, readable by its owner
//! only, and `identity.toml`, which enrolment writes. While a rotation is under way, a third holds
//! the key that is to take over. Keys are made here and never leave.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};

use crate::address::CollectorUrl;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use domain::AgentId;
use evidence::note::{KeyError, SigningKey, VerifierKey};
use serde::{Deserialize, Serialize};
use wire::names::{Origin, OriginError};
use zeroize::Zeroizing;

mod next;

pub use next::{NEXT_KEY_FILE, adopt_next_seed, get_or_create_next_seed, has_next_seed};

/// Name of the key file in the state directory.
pub const KEY_FILE: &str = "agent.key";
/// Name of the identity file in the state directory.
pub const IDENTITY_FILE: &str = "identity.toml";

/// An agent as it signs.
#[derive(Debug)]
pub struct Identity {
    /// Name in the plan.
    pub agent: AgentId,
    /// The installation.
    pub origin: Origin,
    /// Signs batches and cosigns checkpoints.
    pub key: SigningKey,
    /// The log's key, pinned at enrolment.
    pub log_key: VerifierKey,
    /// The key that signs plans, pinned at enrolment; none where that was before collectors told
    /// it. Without it no plan of the collector is believed.
    pub operator_key: Option<VerifierKey>,
}

impl Identity {
    /// An identity from its parts; the key takes the agent's name under the origin.
    pub fn new(
        agent: AgentId,
        origin: Origin,
        seed: &[u8; 32],
        log_key: VerifierKey,
    ) -> Result<Self, KeyError> {
        let key = SigningKey::from_seed(&origin.agent(&agent), seed)?;
        Ok(Self {
            agent,
            origin,
            key,
            log_key,
            operator_key: None,
        })
    }
}

/// What enrolment stores beside the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredIdentity {
    /// Name in the plan.
    pub agent: AgentId,
    /// Where batches go.
    pub collector: CollectorUrl,
    /// The log's key, a C2SP verifier key.
    pub log_vkey: String,
    /// The key that signs plans, a C2SP verifier key; absent in older files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator_vkey: Option<String>,
    /// The installation.
    pub origin: String,
}

/// An identity that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The state directory cannot be made.
    #[error("failed to create the state directory `{dir}`")]
    CreateDir {
        /// The directory.
        dir: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("failed to write `{path}`")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read the key.
    #[error("`{path}` has mode {mode:o}; run `chmod 600 {path}`")]
    LoosePermissions {
        /// The file.
        path: Utf8PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file does not hold a seed.
    #[error("`{path}` does not hold 32 bytes in base64")]
    Seed {
        /// The file.
        path: Utf8PathBuf,
    },
    /// No random bytes for a key.
    #[error("failed to draw a random seed")]
    Random(#[source] getrandom::Error),
    /// The identity file is not TOML of the right shape.
    #[error("failed to parse `{path}`")]
    Parse {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The identity file cannot be expressed.
    #[error("failed to encode the identity")]
    Encode(#[source] toml::ser::Error),
    /// The origin is none.
    #[error("failed to read the origin")]
    Origin(#[source] OriginError),
    /// A key is unusable.
    #[error("failed to use a key")]
    Key(#[source] KeyError),
}

impl StoredIdentity {
    /// Reads the identity file of a state directory; `None` before enrolment.
    pub fn find(dir: &Utf8Path) -> Result<Option<Self>, IdentityError> {
        let path = dir.join(IDENTITY_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(IdentityError::Read { path, source }),
        };
        let stored = toml::from_str(&text).map_err(|source| IdentityError::Parse {
            path,
            source: Box::new(source),
        })?;
        Ok(Some(stored))
    }

    /// Writes the identity file, whole or not at all.
    pub fn store(&self, dir: &Utf8Path) -> Result<(), IdentityError> {
        let path = dir.join(IDENTITY_FILE);
        let text = toml::to_string(self).map_err(IdentityError::Encode)?;
        let new = dir.join(format!("{IDENTITY_FILE}.new"));
        write_new(&new, text.as_bytes())
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|source| IdentityError::Write { path, source })
    }

    /// Joins it with its key.
    pub fn with_key(&self, seed: &[u8; 32]) -> Result<Identity, IdentityError> {
        let origin = self.origin.parse().map_err(IdentityError::Origin)?;
        let log_key = self.log_vkey.parse().map_err(IdentityError::Key)?;
        let operator_key = self.operator_vkey.as_ref().map(|key| key.parse());
        let identity = Identity::new(self.agent.clone(), origin, seed, log_key);
        let mut identity = identity.map_err(IdentityError::Key)?;
        identity.operator_key = operator_key.transpose().map_err(IdentityError::Key)?;
        Ok(identity)
    }
}

/// The seed in the key file; `None` where there is no key yet.
pub fn find_seed(dir: &Utf8Path) -> Result<Option<Zeroizing<[u8; 32]>>, IdentityError> {
    read_seed(&dir.join(KEY_FILE))
}

fn read_seed(path: &Utf8Path) -> Result<Option<Zeroizing<[u8; 32]>>, IdentityError> {
    let path = path.to_owned();
    let mode = match fs::metadata(&path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(IdentityError::Read { path, source }),
    };
    if mode & 0o077 != 0 {
        return Err(IdentityError::LoosePermissions { path, mode });
    }
    let text = fs::read_to_string(&path).map(Zeroizing::new);
    let text = text.map_err(|source| IdentityError::Read {
        path: path.clone(),
        source,
    })?;
    let bytes = STANDARD.decode(text.trim_end()).map(Zeroizing::new);
    let seed = bytes
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
    seed.map(|seed| Some(Zeroizing::new(seed)))
        .ok_or(IdentityError::Seed { path })
}

/// The seed of a state directory, made where there is none. An existing key file is never
/// replaced: whoever finds one there enrols with it.
pub fn get_or_create_seed(dir: &Utf8Path) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    if let Some(seed) = find_seed(dir)? {
        return Ok(seed);
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| IdentityError::CreateDir {
            dir: dir.to_owned(),
            source,
        })?;
    create_seed(&dir.join(KEY_FILE))
}

/// Writes a new seed into a file that must not be there yet, durable on return.
fn create_seed(path: &Utf8Path) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(IdentityError::Random)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(seed.as_slice())));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| path.parent().map_or(Ok(()), next::sync_dir))
        .map_err(|source| IdentityError::Write {
            path: path.to_owned(),
            source,
        })?;
    Ok(seed)
}

fn write_new(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temp.path().join("state")).unwrap();
        (temp, path)
    }

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let (_temp, dir) = dir();
        assert!(find_seed(&dir).unwrap().is_none());
        let seed = get_or_create_seed(&dir).unwrap();
        assert_eq!(*get_or_create_seed(&dir).unwrap(), *seed);
        let mode = fs::metadata(dir.join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let (_temp, dir) = dir();
        get_or_create_seed(&dir).unwrap();
        fs::set_permissions(dir.join(KEY_FILE), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = find_seed(&dir).unwrap_err();
        assert!(matches!(
            refused,
            IdentityError::LoosePermissions { mode: 0o640, .. }
        ));
    }

    #[test]
    fn an_identity_comes_back_as_it_was_stored() {
        let (_temp, dir) = dir();
        let seed = get_or_create_seed(&dir).unwrap();
        let log = SigningKey::from_seed("nines.example/log", &[1; 32]).unwrap();
        let operator = SigningKey::from_seed("nines.example/operator", &[3; 32]).unwrap();
        let stored = StoredIdentity {
            agent: "eu-1".parse().unwrap(),
            collector: "https://nines.example/".parse().unwrap(),
            log_vkey: log.verifier_key().to_string(),
            operator_vkey: Some(operator.verifier_key().to_string()),
            origin: "nines.example".into(),
        };
        stored.store(&dir).unwrap();
        let found = StoredIdentity::find(&dir).unwrap().unwrap();
        assert_eq!(found, stored);
        assert_eq!(
            found.with_key(&seed).unwrap().key.name(),
            "nines.example/agents/eu-1"
        );
    }
}
