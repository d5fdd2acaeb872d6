//! A running cluster: started here, or found running and adopted.
//!
//! Whoever starts holds the lock of the root while it decides and until the server is ready, so
//! that of two starts at once the second finds what the first made.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use crate::binaries::Binaries;
use crate::config::{Config, Durability};
use crate::owner::OwnerError;
use crate::pidfile::{self, Postmaster, Serving};
use crate::wait::Deadline;
use crate::{socket, system};

mod database;
mod launch;
mod site;
#[cfg(test)]
mod tests;

use launch::Launch;
use site::Site;

/// The role that owns everything in the cluster; it has no password, the socket's directory is
/// what keeps others out.
pub const SUPERUSER: &str = "app";

/// How long a start may take: a first start needs seconds, and recovery after a crash replays at
/// most `max_wal_size` (1 GB) of log.
pub const START_MAX: Duration = Duration::from_mins(3);

/// How long a fast shutdown may take: it writes one checkpoint.
pub const STOP_MAX: Duration = Duration::from_mins(1);

/// Why a cluster is not running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody can run the server.
    #[error(transparent)]
    Owner(#[from] OwnerError),
    /// A directory or file of the cluster could not be made.
    #[error("failed to prepare {path}")]
    Prepare {
        /// What could not be made.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server's user may not enter a directory on the way to the data.
    #[error(
        "PostgreSQL runs as user {uid}, who may not enter {blocked}: keep the data of {root} elsewhere"
    )]
    Unreachable {
        /// The root that was asked for.
        root: PathBuf,
        /// The directory that is closed.
        blocked: PathBuf,
        /// The user that the server would run as.
        uid: u32,
    },
    /// The root belongs to a stranger, who could exchange the data below us.
    #[error("{root} belongs to user {uid}: keep the data elsewhere")]
    Foreign {
        /// The root that was asked for.
        root: PathBuf,
        /// Who owns it.
        uid: u32,
    },
    /// Another process kept the lock for [`START_MAX`].
    #[error("another process is still starting the cluster at {root}")]
    Busy {
        /// The root that was asked for.
        root: PathBuf,
    },
    /// It could not be found out whether a server runs.
    #[error("failed to look for a server of {data}")]
    Look {
        /// The data directory.
        data: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The data was made by another major version.
    #[error(
        "{data} was made by PostgreSQL {found}, but {dir} is PostgreSQL {major}: \
         set PG_BIN to the binaries of version {found}, or move the directory away"
    )]
    VersionMismatch {
        /// The data directory.
        data: PathBuf,
        /// The version that the directory names.
        found: String,
        /// The directory of the binaries.
        dir: PathBuf,
        /// The major version of the binaries.
        major: u32,
    },
    /// A server program could not be run.
    #[error("failed to run {program}")]
    Run {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A server program ended, and should not have.
    #[error("{program} failed ({status}); its log {log} ends with:\n{tail}")]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Where its output is.
        log: PathBuf,
        /// The end of its output.
        tail: String,
    },
    /// The server was not ready after [`START_MAX`].
    #[error("PostgreSQL is not ready after {} s; its log {log} ends with:\n{tail}", START_MAX.as_secs())]
    Timeout {
        /// Where its output is.
        log: PathBuf,
        /// The end of its output.
        tail: String,
    },
    /// The server runs, but the database could not be opened or created.
    #[error("failed to open database `{database}`: {message}")]
    Database {
        /// The database that was asked for.
        database: String,
        /// What the server said.
        message: String,
    },
    /// The server that runs acknowledges commits before they are on disk.
    #[error("the server at {root} was started for tests, without fsync: stop it first")]
    NotDurable {
        /// The root that was asked for.
        root: PathBuf,
    },
}

/// Why a cluster may still be running.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The server could not be interrupted.
    #[error("failed to interrupt PostgreSQL, process {pid}")]
    Interrupt {
        /// The server.
        pid: u32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It could not be found out whether the server has ended.
    #[error("failed to wait for PostgreSQL, process {pid}")]
    Wait {
        /// The server.
        pid: u32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server was still there after [`STOP_MAX`]; it goes on stopping.
    #[error("PostgreSQL, process {pid}, is still stopping after {} s", STOP_MAX.as_secs())]
    Timeout {
        /// The server.
        pid: u32,
    },
}

/// A running private cluster.
///
/// Dropping it stops the server, if it was started here; see [`Cluster::stop`].
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    data: PathBuf,
    database: String,
    socket_dir: PathBuf,
    port: u16,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Started(Child),
    Adopted { pid: u32 },
}

impl Cluster {
    /// Starts the cluster of `config`, or adopts the server that already serves it.
    ///
    /// Makes the data directory and the database where they are missing. Returns when the server
    /// answers queries; after [`START_MAX`] it is an error. The calling thread must live as long as
    /// the cluster: when it ends, the kernel interrupts the server.
    pub fn start(binaries: &Binaries, config: &Config) -> Result<Self, StartError> {
        let deadline = Deadline::after(START_MAX);
        let site = Site::prepare(config)?;
        let lock = site.lock(deadline)?;
        loop {
            match site.look()? {
                Serving::Ready(postmaster) => {
                    if let Some(cluster) = Self::adopt(binaries, &site, config, postmaster)? {
                        return Ok(cluster);
                    }
                }
                Serving::Changing => {}
                Serving::Stale(pid) => site.remove_stale(pid)?,
                Serving::Nobody => {
                    site.ensure_data(binaries, &lock, deadline)?;
                    if let Launch::Ready(child) = launch::launch(binaries, &site, deadline)? {
                        return Self::started(binaries, &site, config, child);
                    }
                }
            }
            if !deadline.pause() {
                return Err(StartError::Busy { root: site.root });
            }
        }
    }

    fn started(
        binaries: &Binaries,
        site: &Site,
        config: &Config,
        child: Child,
    ) -> Result<Self, StartError> {
        // From here on, an error drops the cluster, and with it the server.
        let cluster = Self {
            binaries: binaries.clone(),
            data: site.data.clone(),
            database: config.database.clone(),
            socket_dir: site.socket_dir.clone(),
            port: socket::PORT,
            server: Server::Started(child),
        };
        cluster.ensure_database(&config.database)?;
        Ok(cluster)
    }

    /// Adopts `postmaster`, or gives nothing if it stopped meanwhile.
    ///
    /// A server whose starter was just killed still says it is ready for a moment; by the time it
    /// has answered a query it has also heard the signal.
    fn adopt(
        binaries: &Binaries,
        site: &Site,
        config: &Config,
        postmaster: Postmaster,
    ) -> Result<Option<Self>, StartError> {
        let cluster = Self {
            binaries: binaries.clone(),
            data: site.data.clone(),
            database: config.database.clone(),
            socket_dir: postmaster.socket_dir.clone(),
            port: postmaster.port,
            server: Server::Adopted {
                pid: postmaster.pid,
            },
        };
        let answer = cluster.ensure_database(&config.database);
        if site.look()? != Serving::Ready(postmaster) {
            return Ok(None);
        }
        match (answer?, config.fsync) {
            (database::Fsync::Off, Durability::Full) => Err(StartError::NotDurable {
                root: site.root.clone(),
            }),
            _ => Ok(Some(cluster)),
        }
    }

    /// The address of the configured database, for sqlx and libpq.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for(&self.database)
    }

    /// The address of `database`, which need not exist, for sqlx and libpq.
    #[must_use]
    pub fn url_for(&self, database: &str) -> String {
        socket::url(database, &self.socket_dir, self.port)
    }

    /// A `psql` connected to `database`, which stops at the first error and reads no start-up file.
    ///
    /// It runs as the user of this process, and with none of its environment.
    #[must_use]
    pub fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.binaries.program("psql"));
        psql.env_clear()
            .env("LC_ALL", "C")
            .env("PGCONNECT_TIMEOUT", "30")
            .args([
                "--no-psqlrc",
                "--no-password",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--dbname",
            ])
            .arg(self.url_for(database));
        psql
    }

    /// Whether the server was already running; it is then left running by a drop.
    #[must_use]
    pub fn adopted(&self) -> bool {
        matches!(self.server, Server::Adopted { .. })
    }

    /// Stops the server by a fast shutdown: clients are cut off, and what they were told is
    /// committed stays so. Waits for the end, at most [`STOP_MAX`].
    ///
    /// An adopted server is stopped too: who only wants to let go of it drops the cluster.
    pub fn stop(mut self) -> Result<(), StopError> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<(), StopError> {
        let pid = match &self.server {
            Server::Started(child) => child.id(),
            Server::Adopted { pid } => *pid,
        };
        if !self
            .is_running()
            .map_err(|source| StopError::Wait { pid, source })?
        {
            return Ok(());
        }
        system::interrupt(pid).map_err(|source| StopError::Interrupt { pid, source })?;
        let deadline = Deadline::after(STOP_MAX);
        while self
            .is_running()
            .map_err(|source| StopError::Wait { pid, source })?
        {
            if !deadline.pause() {
                return Err(StopError::Timeout { pid });
            }
        }
        Ok(())
    }

    fn is_running(&mut self) -> io::Result<bool> {
        match &mut self.server {
            Server::Started(child) => Ok(child.try_wait()?.is_none()),
            Server::Adopted { pid } => pidfile::is_served_by(&self.data, *pid),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.adopted() {
            // Nobody is left to tell. Where this fails, the kernel interrupts the server once more
            // when this thread ends.
            drop(self.shut_down());
        }
    }
}
