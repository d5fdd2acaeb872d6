//! What the nonces of this agent's attempts are made from: the installation's root, as the
//! collector told it, or one of its own that is made at the first start.
//!
//! Invariants: the root is in the state directory, readable by its owner only, before a nonce is
//! made from it; a plan that commits to a root runs with that one and no other.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use evidence::hash::Hash;
use probe::Nonce;
use wire::nonce::{AttemptName, NonceRoot, Seed, day_of};
use wire::plan::Plan;

use crate::atomic_file;

/// Name in the agent's state directory: the root in base64.
pub const FILE: &str = "nonces.seed";

/// The root in use. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Nonces {
    dir: Utf8PathBuf,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    root: NonceRoot,
    /// What plans state of the root; dear, and so computed once.
    commitment: Option<Hash>,
    /// The seed that was last needed.
    seed: Option<Seed>,
}

impl Held {
    const fn new(root: NonceRoot) -> Self {
        Self {
            root,
            commitment: None,
            seed: None,
        }
    }
}

/// Keeps a root in an agent's state directory, for its next start; durable on return.
pub fn keep(dir: &Utf8Path, root: &NonceRoot) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let text = String::from(root.clone()) + "\n";
    atomic_file::replace_private(&dir.join(FILE), text.as_bytes())
}

impl Nonces {
    /// The root that is kept in a state directory; where none is, a random one is made and kept.
    pub fn open(dir: &Utf8Path) -> io::Result<Self> {
        let root = match fs::read_to_string(dir.join(FILE)) {
            Ok(text) => {
                let root = NonceRoot::try_from(text.trim().to_owned());
                root.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).map_err(io::Error::other)?;
                let made = NonceRoot::from_bytes(bytes);
                keep(dir, &made)?;
                made
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            dir: dir.to_owned(),
            held: Arc::new(Mutex::new(Held::new(root))),
        })
    }

    /// Whether a plan commits to the root in use, or to none.
    #[must_use]
    pub fn fit(&self, plan: &Plan) -> bool {
        let Some(stated) = plan.nonces else {
            return true;
        };
        self.with(|held| {
            let root = &held.root;
            *held.commitment.get_or_insert_with(|| root.commitment()) == stated
        })
    }

    /// Takes the root that a plan commits to, where `told` is that, and keeps it.
    pub fn take(&self, plan: &Plan, told: &NonceRoot) -> io::Result<()> {
        if self.with(|held| held.root == *told) || plan.nonces != Some(told.commitment()) {
            return Ok(());
        }
        keep(&self.dir, told)?;
        self.with(|held| *held = Held::new(told.clone()));
        Ok(())
    }

    /// The nonce of an attempt.
    #[must_use]
    pub fn of(&self, attempt: &AttemptName<'_>) -> Nonce {
        let day = day_of(attempt.slot);
        let seed = self.with(|held| match held.seed {
            Some(seed) if seed.day() == day => seed,
            _ => *held.seed.insert(held.root.seed(day)),
        });
        let nonce = seed
            .nonce(attempt)
            .expect("the seed is that of the slot's day");
        nonce.parse().expect("hexadecimal digits are a nonce")
    }

    fn with<T>(&self, f: impl FnOnce(&mut Held) -> T) -> T {
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use domain::{Kind, UnixMillis};

    use super::*;

    fn dir(temp: &tempfile::TempDir) -> &Utf8Path {
        Utf8Path::from_path(temp.path()).unwrap()
    }

    fn nonce(nonces: &Nonces) -> Nonce {
        nonces.of(&AttemptName {
            agent: &"eu-1".parse().unwrap(),
            target: &"chat".parse().unwrap(),
            kind: Kind::Planned,
            slot: UnixMillis::new(20_780 * 86_400_000),
            number: 1,
        })
    }

    /// The vector of Python's hmac that `wire::nonce` has too.
    #[test]
    fn a_root_in_the_state_directory_gives_the_nonces_that_others_compute() {
        let temp = tempfile::tempdir().unwrap();
        let root = NonceRoot::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        keep(dir(&temp), &root).unwrap();
        let nonces = Nonces::open(dir(&temp)).unwrap();
        assert_eq!(nonce(&nonces).as_str(), "425c1bf906f10858c5ac33ad4fa9f7e9");
    }

    #[test]
    fn a_root_is_made_once_and_hidden_from_others() {
        let (temp, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = nonce(&Nonces::open(dir(&temp)).unwrap());
        assert_eq!(nonce(&Nonces::open(dir(&temp)).unwrap()), made);
        assert_ne!(nonce(&Nonces::open(dir(&other)).unwrap()), made);
        let found = fs::metadata(dir(&temp).join(FILE)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_root_is_taken_only_where_the_plan_commits_to_it() {
        let temp = tempfile::tempdir().unwrap();
        let nonces = Nonces::open(dir(&temp)).unwrap();
        let mut plan = crate::follow::tests::plan(1, "eu-1");
        let (told, other) = (
            NonceRoot::from_bytes([1; 32]),
            NonceRoot::from_bytes([2; 32]),
        );
        assert!(nonces.fit(&plan));
        plan.nonces = Some(told.commitment());
        assert!(!nonces.fit(&plan));
        nonces.take(&plan, &other).unwrap();
        assert!(!nonces.fit(&plan));
        nonces.take(&plan, &told).unwrap();
        assert!(nonces.fit(&plan));
        assert!(Nonces::open(dir(&temp)).unwrap().fit(&plan));
    }
}
