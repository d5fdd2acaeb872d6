//! What a caller decides about a cluster, and where clusters live by default.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::owner::Owner;
use crate::system;

#[cfg(test)]
mod tests;

/// The system's place for the data of services, used by root.
const SERVICE_DATA: &str = "/var/lib";

/// Whether a commit that was acknowledged outlives the machine's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on disk before it is acknowledged.
    Full,
    /// The disk is not waited for: faster; commits outlive killed processes, but a power cut may
    /// destroy the whole cluster. For tests.
    TestsOnly,
}

/// What a caller decides about a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The directory that is the cluster: data, socket, lock and log are below it. Created where
    /// it is missing; its user must be able to reach it (see [`is_reachable`]).
    pub root: PathBuf,
    /// What a commit survives.
    pub fsync: Durability,
    /// The database that [`Cluster::url`](crate::Cluster::url) names; created where it is missing.
    pub database: String,
}

/// The environment's say in [`default_root`]; binaries read it and pass it in.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The value of `XDG_DATA_HOME`.
    pub xdg_data_home: Option<&'a OsStr>,
    /// The value of `HOME`.
    pub home: Option<&'a OsStr>,
    /// The directory for temporary files, where nothing lasting is to be had.
    pub temp: &'a Path,
}

/// Where the cluster called `name` lives when nobody said otherwise.
///
/// Root has `/var/lib/NAME`, because the server runs as another user, who cannot look below
/// `/root`. Everybody else has `$XDG_DATA_HOME/NAME`, or `~/.local/share/NAME`. Where those do not
/// exist, a directory in `temp` that carries the user's number.
#[must_use]
pub fn default_root(name: &str, places: &Places<'_>) -> PathBuf {
    root_for(
        system::effective_uid(),
        Path::new(SERVICE_DATA),
        name,
        places,
    )
}

fn root_for(uid: u32, service_data: &Path, name: &str, places: &Places<'_>) -> PathBuf {
    let lasting = if uid == 0 {
        Some(service_data.to_owned()).filter(|dir| dir.is_dir())
    } else {
        absolute(places.xdg_data_home)
            .or_else(|| absolute(places.home).map(|home| home.join(".local/share")))
    };
    match lasting {
        Some(dir) => dir.join(name),
        None => places.temp.join(format!("{name}-{uid}")),
    }
}

/// The XDG base directory specification has relative values ignored.
fn absolute(value: Option<&OsStr>) -> Option<PathBuf> {
    value.map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Whether a cluster could be started at `root`: the user that the server would run as may pass
/// through the part of the path that exists.
///
/// False for root with a path below a private home directory, for instance.
#[must_use]
pub fn is_reachable(root: &Path) -> bool {
    Owner::choose(&root.join("data")).is_ok_and(|owner| owner.blocked_at(root).is_none())
}
