//! The server's socket: its directory, and the address that clients write.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::SUPERUSER;
use crate::owner::Owner;

#[cfg(test)]
mod tests;

/// Part of the socket's name only: there is no TCP, so two clusters never meet in it.
pub(crate) const PORT: u16 = 5432;

/// The kernel's limit for a socket's path, without the closing zero byte; unix(7).
const PATH_BYTES_MAX: usize = 107;

/// Where sockets go whose own directory has too long a path: short on every system.
const SHORT_DIR: &str = "/tmp";

/// The socket directory of the cluster at `root`, which is canonical.
///
/// Below the root where the kernel's limit allows it, and no comma makes it a list of hosts to
/// libpq; otherwise a directory in `/tmp` named by a hash of the root. Adopting reads the place
/// from the pid file, so the hash may change with the compiler.
pub(crate) fn directory(root: &Path, owner: &Owner) -> PathBuf {
    let own = root.join("socket");
    let bytes = own.as_os_str().as_bytes();
    if path_in(&own).as_os_str().len() <= PATH_BYTES_MAX && !bytes.contains(&b',') {
        return own;
    }
    let mut hasher = DefaultHasher::new();
    (root, owner.uid()).hash(&mut hasher);
    Path::new(SHORT_DIR).join(format!("pgembed-{:016x}", hasher.finish()))
}

/// The socket in `dir`, as Postgres names it.
pub(crate) fn path_in(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// Makes `dir` ready for a server to be started: a directory that only `owner` may enter, without
/// the lock of a server that was killed. Fails where somebody else made it first: in `/tmp`
/// everybody can.
pub(crate) fn prepare(dir: &Path, owner: &Owner) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => owner.take(dir)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != owner.uid() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("it is not a directory of user {}", owner.uid()),
        ));
    }
    fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    remove_stale_lock(dir)
}

/// The socket's lock file has the troubles of `postmaster.pid` (a number that is taken by another
/// process, or not yet reaped), but no use: the directory belongs to one cluster, and the caller
/// knows that nobody serves it.
fn remove_stale_lock(dir: &Path) -> io::Result<()> {
    let mut lock = path_in(dir).into_os_string();
    lock.push(".lock");
    match fs::remove_file(lock) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The value of `unix_socket_directories` for one directory: the setting is a list, and what is not
/// quoted in it loses its spaces.
pub(crate) fn quoted(dir: &Path) -> OsString {
    let mut quoted = vec![b'"'];
    for &byte in dir.as_os_str().as_bytes() {
        if byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

/// The address of `database`, as sqlx and libpq read it.
pub(crate) fn url(database: &str, socket_dir: &Path, port: u16) -> String {
    let host = percent_encoded(socket_dir.as_os_str().as_bytes());
    let database = percent_encoded(database.as_bytes());
    format!("postgres:///{database}?host={host}&user={SUPERUSER}&port={port}")
}

/// Everything but slashes and what RFC 3986 calls unreserved.
fn percent_encoded(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digits = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
            encoded.push('%');
            encoded.extend(digits.map(char::from));
        }
    }
    encoded
}
