//! Finds, starts, adopts and stops a private PostgreSQL cluster made of the real server binaries.
//!
//! Purpose: whoever has no `DATABASE_URL` still gets a real, durable, many-connection Postgres,
//! from one directory and with nothing to configure.
//!
//! Invariants:
//! - One root directory is one cluster. Two starts on one root give one server: the second adopts.
//! - The server listens on a socket in a directory that only its user may enter, never on TCP;
//!   that is what makes its `trust` authentication safe.
//! - A data directory is never half made, and never opened by another major version.
//! - The server is only ever interrupted (fast shutdown), never killed: not when this process
//!   stops, and not when this process is itself killed.
//!
//! **The thread that calls [`Cluster::start`] must live as long as the cluster.** The kernel
//! interrupts the server when that *thread* ends (`prctl(2)`, `PR_SET_PDEATHSIG`), so call it from
//! the main thread, never from a pool such as `spawn_blocking`. All calls block; the longest limit
//! is [`START_MAX`].
//!
//! Non-goals: downloading or building Postgres, upgrading a data directory to a new major version,
//! replication, backups, remote access, and systems other than Linux (`/proc` is read).

mod binaries;
mod cluster;
mod config;
mod log;
mod owner;
mod pidfile;
#[cfg(test)]
mod scratch;
mod socket;
#[expect(
    unsafe_code,
    reason = "prctl in the forked child, kill and geteuid have no safe form in the standard library"
)]
mod system;
mod wait;

pub use binaries::{Binaries, FindError, INSTALL_COMMAND, find_binaries};
pub use cluster::{Cluster, START_MAX, STOP_MAX, SUPERUSER, StartError, StopError};
pub use config::{Config, Durability, Places, default_root, is_reachable};
pub use owner::OwnerError;
