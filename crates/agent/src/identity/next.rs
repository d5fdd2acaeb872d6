//! The key that is to take over: a seed of its own beside the key in use, until the collector has
//! agreed, then renamed over it.

use std::fs::{self, File};
use std::io;

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::{IdentityError, KEY_FILE, create_seed, read_seed};

/// Name of the file of the key that is to take over.
pub const NEXT_KEY_FILE: &str = "agent.key.next";

/// Whether a rotation was begun and not ended.
#[must_use]
pub fn has_next_seed(dir: &Utf8Path) -> bool {
    // What cannot be looked at may be there.
    dir.join(NEXT_KEY_FILE).try_exists().unwrap_or(true)
}

/// The seed that is to take over, made where there is none.
pub fn get_or_create_next_seed(dir: &Utf8Path) -> Result<Zeroizing<[u8; 32]>, IdentityError> {
    let path = dir.join(NEXT_KEY_FILE);
    match read_seed(&path) {
        Ok(Some(seed)) => Ok(seed),
        Ok(None) => create_seed(&path),
        // A crash while the file was written: nobody has seen the key yet.
        Err(IdentityError::Seed { .. }) if is_cut_short(&path) => {
            fs::remove_file(&path).map_err(|source| IdentityError::Write {
                path: path.clone(),
                source,
            })?;
            create_seed(&path)
        }
        Err(error) => Err(error),
    }
}

/// A seed stands on one line with its end; the request is made after the file is whole on disk.
fn is_cut_short(path: &Utf8Path) -> bool {
    fs::read(path).is_ok_and(|bytes| !bytes.ends_with(b"\n"))
}

/// Puts the next seed in place of the key in use, whole or not at all, durable on return.
pub fn adopt_next_seed(dir: &Utf8Path) -> Result<(), IdentityError> {
    let path = dir.join(KEY_FILE);
    let renamed = fs::rename(dir.join(NEXT_KEY_FILE), &path);
    renamed
        .and_then(|()| sync_dir(dir))
        .map_err(|source| IdentityError::Write { path, source })
}

/// Makes names in a directory durable.
pub(super) fn sync_dir(dir: &Utf8Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use camino::Utf8PathBuf;

    use super::*;
    use crate::identity::{find_seed, get_or_create_seed};

    fn dir() -> (tempfile::TempDir, Utf8PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(temp.path().join("state")).unwrap();
        (temp, path)
    }

    #[test]
    fn the_next_key_is_made_once_and_then_takes_over() {
        let (_temp, dir) = dir();
        let old = get_or_create_seed(&dir).unwrap();
        assert!(!has_next_seed(&dir));
        let next = get_or_create_next_seed(&dir).unwrap();
        assert_eq!(*get_or_create_next_seed(&dir).unwrap(), *next);
        let mode = fs::metadata(dir.join(NEXT_KEY_FILE)).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        assert_ne!(*next, *old);
        assert!(has_next_seed(&dir));
        adopt_next_seed(&dir).unwrap();
        assert_eq!(*find_seed(&dir).unwrap().unwrap(), *next);
        assert!(!has_next_seed(&dir));
    }

    #[test]
    fn a_next_key_that_a_crash_cut_short_is_made_anew() {
        let (_temp, dir) = dir();
        get_or_create_seed(&dir).unwrap();
        get_or_create_next_seed(&dir).unwrap();
        let path = dir.join(NEXT_KEY_FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..20]).unwrap();
        get_or_create_next_seed(&dir).unwrap();
        fs::write(&path, "what somebody wrote\n").unwrap();
        let refused = get_or_create_next_seed(&dir).unwrap_err();
        assert!(matches!(refused, IdentityError::Seed { .. }));
    }
}
