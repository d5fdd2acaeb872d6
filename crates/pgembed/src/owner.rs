//! The user that a server runs as.
//!
//! `initdb` and `postgres` refuse to run as root, and also as a number without an account, so root
//! lends them a real account: the one that owns the data already, else `postgres`, else `nobody`.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::system;

#[cfg(test)]
mod tests;

const PASSWD: &str = "/etc/passwd";

/// Who root lends to the server, in order of preference.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// Why no user can run the server.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The list of accounts could not be read.
    #[error("failed to read {PASSWD}")]
    Accounts {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Root has nobody to lend to the server.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`"
    )]
    NoAccount,
    /// The data belongs to a user who cannot run the server.
    #[error(
        "{data} belongs to user {uid}, who cannot run PostgreSQL here: it must be user {expected}"
    )]
    Foreign {
        /// The data directory.
        data: PathBuf,
        /// Who owns it.
        uid: u32,
        /// Who could run it.
        expected: String,
    },
}

/// The user a server runs as, and how to become it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user of this process.
    Ourselves { uid: u32 },
    /// An account without root's privileges; this process is root.
    Account(Account),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// The owner of `data` where that exists, else who shall own it.
    pub(crate) fn choose(data: &Path) -> Result<Self, OwnerError> {
        let uid = system::effective_uid();
        let data_uid = fs::symlink_metadata(data).ok().map(|found| found.uid());
        if uid != 0 {
            return match data_uid {
                Some(other) if other != uid => Err(OwnerError::Foreign {
                    data: data.to_owned(),
                    uid: other,
                    expected: uid.to_string(),
                }),
                _ => Ok(Self::Ourselves { uid }),
            };
        }
        let passwd =
            fs::read_to_string(PASSWD).map_err(|source| OwnerError::Accounts { source })?;
        match data_uid {
            None => lend(&passwd)
                .map(Self::Account)
                .ok_or(OwnerError::NoAccount),
            Some(data_uid) => account(&passwd, |_, found| found.uid == data_uid)
                .filter(|found| found.uid != 0)
                .map(Self::Account)
                .ok_or_else(|| OwnerError::Foreign {
                    data: data.to_owned(),
                    uid: data_uid,
                    expected: ACCOUNTS.join(" or "),
                }),
        }
    }

    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Ourselves { uid } | Self::Account(Account { uid, .. }) => *uid,
        }
    }

    /// Gives `path` to this user.
    pub(crate) fn take(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Ourselves { .. } => Ok(()),
            Self::Account(Account { uid, gid }) => chown(path, Some(*uid), Some(*gid)),
        }
    }

    /// A command that runs as this user, and with none of our environment: `PGOPTIONS`, `PGPORT`
    /// and the locale of whoever started us have no say in the cluster.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        if let Self::Account(Account { uid, gid }) = self {
            // The standard library also drops root's other groups when it changes the user.
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// The first directory on the way to `path` that this user may not pass, if any.
    ///
    /// By the permission bits alone: access lists that say more are not read.
    pub(crate) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let mut dirs: Vec<&Path> = path.ancestors().collect();
        dirs.reverse();
        dirs.into_iter()
            .filter(|dir| fs::metadata(dir).is_ok_and(|found| !self.may_pass(&found)))
            .map(Path::to_owned)
            .next()
    }

    fn may_pass(&self, dir: &fs::Metadata) -> bool {
        match self {
            // Our own groups are many; the kernel will tell where they matter.
            Self::Ourselves { .. } => true,
            Self::Account(Account { uid, gid }) => {
                let bit = match () {
                    () if dir.uid() == *uid => 0o100,
                    () if dir.gid() == *gid => 0o010,
                    () => 0o001,
                };
                dir.is_dir() && dir.mode() & bit != 0
            }
        }
    }
}

fn lend(passwd: &str) -> Option<Account> {
    ACCOUNTS
        .iter()
        .find_map(|wanted| account(passwd, |name, _| name == *wanted))
}

/// The first account of a passwd(5) file that `wanted` accepts.
fn account(passwd: &str, wanted: impl Fn(&str, &Account) -> bool) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { uid, gid }).filter(|account| wanted(name, account))
    })
}
