//! Where a demo keeps its files, and what an earlier one left there.

use std::fs::{self, File, TryLockError};

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, NaiveDate, Utc};
use pgembed::Cluster;
use serde::{Deserialize, Serialize};
use wire::names::{Origin, SIMULATED_HOST};

use super::Options;
use crate::environment;

/// The demo's own database in its private cluster.
const DATABASE: &str = "demo";
/// Demos that may run side by side on one machine.
const PLACES_MAX: usize = 16;

/// A directory that no other demo uses while this one runs.
#[derive(Debug)]
pub(crate) struct Place {
    /// The directory.
    pub(crate) root: Utf8PathBuf,
    _lock: File,
}

impl Place {
    /// The first free directory, emptied where asked.
    pub(crate) fn claim(options: &Options) -> anyhow::Result<Self> {
        let base = match &options.data_dir {
            Some(dir) => dir.clone(),
            None => environment::default_root("nines-demo")?,
        };
        for n in 1..=PLACES_MAX {
            let root = base.join(n.to_string());
            fs::create_dir_all(&root).with_context(|| format!("failed to create `{root}`"))?;
            let lock = File::create(root.join("lock"))?;
            match lock.try_lock() {
                Ok(()) => {
                    let place = Self { root, _lock: lock };
                    if options.fresh || options.check || options.at.is_some() {
                        place.clear()?;
                    }
                    return Ok(place);
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        bail!("{PLACES_MAX} demos are running below `{base}`; stop one")
    }

    /// Forgets an earlier demo; the database's binaries and cluster stay.
    fn clear(&self) -> anyhow::Result<()> {
        let path = self.root.join(Stored::FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove `{path}`"))
            }
            _ => Ok(()),
        }
    }
}

/// What is remembered from one run to the next.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    /// [`Stored::FORM`] of the program that made the history.
    form: u32,
    day: NaiveDate,
    run: String,
    started_at: DateTime<Utc>,
    ports: Vec<u16>,
}

impl Stored {
    const FILE: &str = "demo.json";
    /// Form of what the database holds: a history in another is made again.
    const FORM: u32 = 3;
}

/// One demo: its name, its database, its directories.
#[derive(Debug)]
pub(crate) struct Demo {
    /// Whether the history has yet to be made.
    pub(crate) is_new: bool,
    /// When the demo was first started.
    pub(crate) started_at: DateTime<Utc>,
    /// Ports of the simulated providers: fixed, because they are in the plan.
    pub(crate) ports: Vec<u16>,
    /// Simulated, and says so.
    pub(crate) origin: Origin,
    /// Its own database in the private cluster.
    pub(crate) database_url: String,
    /// Its own directory.
    pub(crate) dir: Utf8PathBuf,
    file: Utf8PathBuf,
}

impl Demo {
    /// The demo of earlier today, or a new one.
    pub(crate) async fn open(
        place: &Place,
        cluster: &Cluster,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let file = place.root.join(Stored::FILE);
        let stored = fs::read_to_string(&file).ok();
        let stored: Option<Stored> = stored.and_then(|text| serde_json::from_str(&text).ok());
        let is_new = stored
            .as_ref()
            .is_none_or(|stored| stored.day != now.date_naive() || stored.form != Stored::FORM);
        let stored = match stored {
            Some(stored) if !is_new => stored,
            _ => {
                remove_runs(&place.root)?;
                Stored {
                    form: Stored::FORM,
                    day: now.date_naive(),
                    run: format!("{:x}", now.timestamp_micros()),
                    started_at: now,
                    ports: free_ports()?,
                }
            }
        };
        if is_new {
            collector::recreate_database(&cluster.url(), DATABASE).await?;
        }
        Ok(Self {
            is_new,
            started_at: stored.started_at,
            origin: format!("{SIMULATED_HOST}/demo-{}", stored.run).parse()?,
            database_url: cluster.url_for(DATABASE),
            dir: place.root.join("runs").join(&stored.run),
            ports: stored.ports,
            file,
        })
    }

    /// Remembers the demo: from now on a second start continues it.
    pub(crate) fn remember(&self) -> anyhow::Result<()> {
        let run = self.dir.file_name().unwrap_or_default().to_owned();
        let stored = Stored {
            form: Stored::FORM,
            day: self.started_at.date_naive(),
            run,
            started_at: self.started_at,
            ports: self.ports.clone(),
        };
        fs::write(&self.file, serde_json::to_string(&stored)?)
            .with_context(|| format!("failed to write `{}`", self.file))
    }

    /// State directory of the collector.
    pub(crate) fn collector_dir(&self) -> Utf8PathBuf {
        self.dir.join("collector")
    }

    /// State directory of an agent.
    pub(crate) fn agent_dir(&self, agent: &domain::AgentId) -> Utf8PathBuf {
        self.dir.join("agents").join(agent.as_str())
    }
}

fn remove_runs(root: &Utf8Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(root.join("runs")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("failed to remove an earlier demo")
        }
        _ => Ok(()),
    }
}

/// Three ports that are free now.
fn free_ports() -> anyhow::Result<Vec<u16>> {
    let listen = || std::net::TcpListener::bind(("127.0.0.1", 0));
    let held = [listen()?, listen()?, listen()?];
    held.iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}
