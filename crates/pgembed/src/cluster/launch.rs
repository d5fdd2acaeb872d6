//! Running `postgres` (and `initdb`) so that neither outlives us by accident nor dies by it.

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::StartError;
use super::site::Site;
use crate::binaries::Binaries;
use crate::config::Durability;
use crate::log::ServerLog;
use crate::pidfile::{self, Serving};
use crate::wait::Deadline;
use crate::{socket, system};

/// The same at every start, whatever `initdb` wrote, and known to every build: one without lz4,
/// for example, refuses `wal_compression=lz4`.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "logging_collector=off",
    "log_timezone=UTC",
    "timezone=UTC",
    "wal_compression=on",
    // Room for what one flush of samples logs while another's waits for the disk; by itself 4 MB.
    "wal_buffers=64MB",
    // Compiling pays off on minutes-long reports only, and not every build can.
    "jit=off",
    // Test runs and the parts of a single-machine set-up each have their pool.
    "max_connections=200",
];

/// `synchronous_commit` stays on: it costs little without fsync, and keeps what was acknowledged
/// when a process is killed.
///
/// The log is kept short: tests make hundreds of databases beside a build that fills the disk.
const SETTINGS_FOR_TESTS: [&str; 4] = [
    "fsync=off",
    "full_page_writes=off",
    "max_wal_size=128MB",
    "min_wal_size=32MB",
];

/// What Postgres says when the former server of the directory is not quite gone.
const NOT_YET: [&str; 2] = [
    "lock file \"postmaster.pid\" already exists",
    "pre-existing shared memory block",
];

/// What became of a server.
#[derive(Debug)]
pub(super) enum Launch {
    /// It accepts connections.
    Ready(Child),
    /// It gave way to processes of its predecessor that are about to end: look again.
    NotYet,
}

/// A program of the server that runs as the server's user, and its log.
#[derive(Debug)]
pub(super) struct ServerProgram {
    program: PathBuf,
    child: Child,
    log: ServerLog,
}

impl ServerProgram {
    /// Spawns `command`, with its output in the log of `root`.
    ///
    /// In a process group of its own, so that Ctrl-C in a terminal reaches us alone and we drain
    /// before the server stops; and interrupted by the kernel, should we be killed.
    pub(super) fn spawn(
        program: PathBuf,
        mut command: Command,
        root: &Path,
    ) -> Result<Self, StartError> {
        let spawned = ServerLog::open(root).and_then(|(log, file)| {
            command
                .stdout(file.try_clone()?)
                .stderr(file)
                .process_group(0);
            system::interrupt_with_parent(&mut command)?;
            Ok((log, command.spawn()?))
        });
        match spawned {
            Ok((log, child)) => Ok(Self {
                program,
                child,
                log,
            }),
            Err(source) => Err(StartError::Run { program, source }),
        }
    }

    pub(super) fn failed(self, status: ExitStatus) -> StartError {
        let tail = self.log.tail();
        StartError::Failed {
            program: self.program,
            status,
            log: self.log.path,
            tail,
        }
    }

    fn status(&mut self) -> Result<Option<ExitStatus>, StartError> {
        self.child
            .try_wait()
            .map_err(|source| self.run_error(source))
    }

    fn run_error(&self, source: io::Error) -> StartError {
        StartError::Run {
            program: self.program.clone(),
            source,
        }
    }

    fn timeout(&mut self) -> StartError {
        let tail = self.log.tail();
        match system::interrupt(self.child.id()) {
            Ok(()) => StartError::Timeout {
                log: self.log.path.clone(),
                tail,
            },
            Err(source) => self.run_error(source),
        }
    }
}

/// Waits until `program` has ended.
pub(super) fn wait_for_end(
    program: &mut ServerProgram,
    deadline: Deadline,
) -> Result<ExitStatus, StartError> {
    loop {
        if let Some(status) = program.status()? {
            return Ok(status);
        }
        if !deadline.pause() {
            return Err(program.timeout());
        }
    }
}

/// Starts the server of `site`, and waits until it accepts connections.
pub(super) fn launch(
    binaries: &Binaries,
    site: &Site,
    deadline: Deadline,
) -> Result<Launch, StartError> {
    let dir = &site.socket_dir;
    socket::prepare(dir, &site.owner).map_err(|source| StartError::Prepare {
        path: dir.clone(),
        source,
    })?;
    let postgres = binaries.program("postgres");
    let command = command(&postgres, site);
    let mut server = ServerProgram::spawn(postgres, command, &site.root)?;
    loop {
        if let Some(status) = server.status()? {
            let tail = server.log.tail();
            if NOT_YET.iter().any(|said| tail.contains(said)) {
                return Ok(Launch::NotYet);
            }
            return Err(server.failed(status));
        }
        if accepts(site, server.child.id()).map_err(|source| server.run_error(source))? {
            return Ok(Launch::Ready(server.child));
        }
        if !deadline.pause() {
            return Err(server.timeout());
        }
    }
}

fn command(postgres: &Path, site: &Site) -> Command {
    let mut command = site.owner.command(postgres);
    command
        .arg("-D")
        .arg(&site.data)
        .arg("-c")
        .arg(format!("port={}", socket::PORT));
    let mut socket_setting = std::ffi::OsString::from("unix_socket_directories=");
    socket_setting.push(socket::quoted(&site.socket_dir));
    command.arg("-c").arg(socket_setting);
    let for_tests: &[&str] = match site.fsync {
        Durability::Full => &[],
        Durability::TestsOnly => &SETTINGS_FOR_TESTS,
    };
    for setting in SETTINGS.iter().chain(for_tests) {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null());
    command
}

/// Whether the server `pid` says it is ready, and its socket takes a connection.
fn accepts(site: &Site, pid: u32) -> io::Result<bool> {
    match pidfile::serving(&site.data)? {
        Serving::Ready(postmaster) if postmaster.pid == pid => {
            Ok(UnixStream::connect(socket::path_in(&site.socket_dir)).is_ok())
        }
        _ => Ok(false),
    }
}
