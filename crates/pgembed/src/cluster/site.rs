//! The directories of one cluster, and what is done in them before a server runs.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::launch::{self, ServerProgram};
use super::{SUPERUSER, StartError};
use crate::binaries::Binaries;
use crate::config::{Config, Durability};
use crate::owner::Owner;
use crate::pidfile::{self, Serving};
use crate::wait::Deadline;
use crate::{socket, system};

/// Where a cluster lives and who runs it; every path is canonical.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) root: PathBuf,
    pub(super) data: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) owner: Owner,
    pub(super) fsync: Durability,
}

fn prepare_error(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Prepare { path, source }
}

impl Site {
    /// Makes the root, and makes sure that the server's user can reach it and no stranger owns it.
    pub(super) fn prepare(config: &Config) -> Result<Self, StartError> {
        let owner = Owner::choose(&config.root.join("data"))?;
        create_root(&config.root, &owner).map_err(prepare_error(&config.root))?;
        let root = fs::canonicalize(&config.root).map_err(prepare_error(&config.root))?;
        let root_uid = fs::metadata(&root).map_err(prepare_error(&root))?.uid();
        if root_uid != system::effective_uid() && root_uid != owner.uid() {
            return Err(StartError::Foreign {
                root,
                uid: root_uid,
            });
        }
        if let Some(blocked) = owner.blocked_at(&root) {
            return Err(StartError::Unreachable {
                root,
                blocked,
                uid: owner.uid(),
            });
        }
        Ok(Self {
            data: root.join("data"),
            socket_dir: socket::directory(&root, &owner),
            root,
            owner,
            fsync: config.fsync,
        })
    }

    /// Takes the lock of the root, for as long as the file is open.
    pub(super) fn lock(&self, deadline: Deadline) -> Result<File, StartError> {
        let path = self.root.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(prepare_error(&path))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if deadline.pause() => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(StartError::Busy {
                        root: self.root.clone(),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(prepare_error(&path)(source)),
            }
        }
    }

    pub(super) fn look(&self) -> Result<Serving, StartError> {
        pidfile::serving(&self.data).map_err(|source| self.look_error(source))
    }

    pub(super) fn remove_stale(&self, pid: u32) -> Result<(), StartError> {
        pidfile::remove_stale(&self.data, pid).map_err(|source| self.look_error(source))
    }

    fn look_error(&self, source: io::Error) -> StartError {
        StartError::Look {
            data: self.data.clone(),
            source,
        }
    }

    /// Makes the data directory where it is missing, and refuses one of another major version.
    pub(super) fn ensure_data(
        &self,
        binaries: &Binaries,
        lock: &File,
        deadline: Deadline,
    ) -> Result<(), StartError> {
        let version = self.data.join("PG_VERSION");
        match fs::read_to_string(&version) {
            Ok(found) if found.trim() == binaries.major().to_string() => Ok(()),
            Ok(found) => Err(StartError::VersionMismatch {
                data: self.data.clone(),
                found: found.trim().to_owned(),
                dir: binaries.dir().to_owned(),
                major: binaries.major(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.data.exists() => {
                self.init(binaries, lock, deadline)
            }
            Err(source) => Err(StartError::Look {
                data: version,
                source,
            }),
        }
    }

    /// Runs `initdb` beside the final place, and moves the result there: a killed one leaves
    /// nothing that looks like a cluster.
    fn init(&self, binaries: &Binaries, lock: &File, deadline: Deadline) -> Result<(), StartError> {
        let unfinished = self.root.join("data.tmp");
        self.make_empty(&unfinished)
            .map_err(prepare_error(&unfinished))?;
        let initdb = binaries.program("initdb");
        let mut command = self.owner.command(&initdb);
        command
            .arg("-D")
            .arg(&unfinished)
            .args(["-A", "trust", "-U", SUPERUSER, "-E", "UTF8"]);
        command.args(["--locale=C.UTF-8", "--data-checksums"]);
        if self.fsync == Durability::TestsOnly {
            command.arg("--no-sync");
        }
        // An initdb that outlives us still holds the lock by this, so nobody works beside it.
        command.stdin(Stdio::from(
            lock.try_clone().map_err(prepare_error(&self.root))?,
        ));
        let mut program = ServerProgram::spawn(initdb, command, &self.root)?;
        let status = launch::wait_for_end(&mut program, deadline)?;
        if !status.success() {
            return Err(program.failed(status));
        }
        self.publish(&unfinished).map_err(prepare_error(&self.data))
    }

    fn make_empty(&self, dir: &Path) -> io::Result<()> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(dir)?;
        self.owner.take(dir)
    }

    fn publish(&self, unfinished: &Path) -> io::Result<()> {
        fs::rename(unfinished, &self.data)?;
        match self.fsync {
            Durability::Full => File::open(&self.root)?.sync_all(),
            Durability::TestsOnly => Ok(()),
        }
    }
}

/// The root is ours alone, except that the server's user passes through it where that is another.
fn create_root(root: &Path, owner: &Owner) -> io::Result<()> {
    if let Some(parent) = root.parent() {
        fs::create_dir_all(parent)?;
    }
    let mode = match owner {
        Owner::Ourselves { .. } => 0o700,
        Owner::Account(_) => 0o711,
    };
    match DirBuilder::new().mode(mode).create(root) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
