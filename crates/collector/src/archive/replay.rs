//! `nines archive replay`: fills an empty database from the archive alone.
//!
//! Registry records come back as they were signed; batches pass through the code that admits them,
//! at the time at which they were received; every entry gets its old place in the log, and the log
//! has to have the roots that were signed. Samples follow from the batches, cells and verdicts from
//! the samples, by the jobs of the collector that starts next.
//!
//! Non-goals: what was received after the last archived day, which only a backup of the database
//! holds; holds, tokens and conflicting batches.

mod log;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use domain::{AgentId, Clock};
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::registry::{RegistryNote, registry_hash};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};

use super::check::{ArchiveEvent, ArchiveTask, ArchiveTotals};
use super::lines::{self, RecordLine};
use super::manifest::{Manifest, ObjectEntry, ObjectKind};
use super::part::{self, Entry};
use super::{ArchiveError, connect};
use crate::database;
use crate::fleet::{Change, ChangeError, End};
use crate::ingest::{self, Admission, IngestError, commit};
use crate::keys::Keys;
use crate::store::agent::Agent;
use crate::store::archive::DayArchived;
use crate::store::registry::Record;
use crate::store::{self, StoreError};

/// Rows in one transaction.
const ROWS_AT_ONCE: usize = 10_000;
/// One that holds the lock and writes the log, one for the batches.
const CONNECTIONS: u32 = 2;

/// What a replay brought back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Days, objects and batches.
    pub totals: ArchiveTotals,
    /// Entries of the log, in their old order.
    pub log_entries: u64,
    /// Signed checkpoints that the log has the roots of.
    pub checkpoints: u64,
}

/// What has come back so far.
struct Progress {
    pool: PgPool,
    keys: Keys,
    agents: BTreeMap<AgentId, Agent>,
    /// Carried out last: what an agent delivered before its end is to be admitted.
    ends: Vec<End>,
    /// Number and hash of the last record of every chain.
    chains: BTreeMap<String, (u64, Hash)>,
    partitions: BTreeSet<(store::partition::Table, chrono::NaiveDate)>,
}

/// Fills the database, whose schema is up to date and which is empty otherwise. `state_dir` holds
/// the installation's keys.
pub async fn replay_archive(
    task: &ArchiveTask,
    state_dir: &Utf8PathBuf,
    clock: &dyn Clock,
    mut told: impl FnMut(&ArchiveEvent<'_>),
) -> Result<Replayed, ArchiveError> {
    let mut conn = connect(&task.database_url).await?;
    if !database::try_lock_days(&mut conn).await? {
        return Err(ArchiveError::Locked);
    }
    if !store::replay::is_empty(&mut conn).await? {
        return Err(ArchiveError::NotEmpty);
    }
    let mut progress = Progress::start(task, state_dir).await?;
    let mut done = Replayed::default();
    let names = task.archive.manifests(task.days).await?;
    for name in &names {
        let manifest = task.archive.manifest(name, &task.origin).await?;
        let mut findings = Vec::new();
        for object in &manifest.objects {
            let brought = progress
                .object(task, &mut conn, object, &mut findings)
                .await?;
            done.totals.batches += brought;
            done.totals.restored += brought;
            done.totals.objects += 1;
        }
        done.totals.days += 1;
        done.totals.findings += findings.len() as u64;
        store::archive::note_found(&mut conn, &summed(&manifest)?, clock.now_utc()).await?;
        for finding in &findings {
            told(&ArchiveEvent::Finding(finding));
        }
        told(&ArchiveEvent::Day(&manifest));
    }
    for end in &progress.ends {
        let ended = end.apply(&mut conn).await;
        ended.map_err(|e| changed("the fleet's records", e))?;
    }
    let log = log::make(task, &mut conn, &progress, &names).await?;
    (done.log_entries, done.checkpoints) = (log.entries, log.checkpoints);
    database::unlock_days(&mut conn).await?;
    Ok(done)
}

/// What the database is to know of a day.
pub(super) fn summed(manifest: &Manifest) -> Result<DayArchived, ArchiveError> {
    let (_, bytes) = manifest.to_object()?;
    Ok(DayArchived {
        day: manifest.day,
        objects: manifest.objects.len() as u64,
        batches: manifest.batches,
        bytes: manifest.bytes(),
        sha256: Hash::of(&bytes),
    })
}

fn refuse(path: &str, what: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Replay {
        what: format!("`{path}`: {what}"),
    }
}

fn changed(path: &str, error: ChangeError) -> ArchiveError {
    match error {
        ChangeError::Store(error) => error.into(),
        ChangeError::UnknownAgent(_) => refuse(path, error),
    }
}

impl Progress {
    async fn start(task: &ArchiveTask, state_dir: &Utf8PathBuf) -> Result<Self, ArchiveError> {
        let directory = state_dir.join("keys");
        if !directory.join("operator.key").exists() {
            let what = format!(
                "`{directory}` does not hold the installation's keys; restore it from its backup"
            );
            return Err(ArchiveError::Replay { what });
        }
        let keys = Keys::load(&directory, &task.origin);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = pool.connect(&task.database_url).await;
        Ok(Self {
            pool: pool.map_err(StoreError::query("connect"))?,
            keys: keys.map_err(|e| refuse(directory.as_str(), e))?,
            agents: BTreeMap::new(),
            ends: Vec::new(),
            chains: BTreeMap::new(),
            partitions: BTreeSet::new(),
        })
    }

    /// Brings an object back; gives how many batches came with it. Checkpoints come later.
    async fn object(
        &mut self,
        task: &ArchiveTask,
        conn: &mut PgConnection,
        object: &ObjectEntry,
        findings: &mut Vec<String>,
    ) -> Result<u64, ArchiveError> {
        if object.kind == ObjectKind::Checkpoints {
            return Ok(0);
        }
        let bytes = task
            .archive
            .get_checked(&object.path, &object.sha256)
            .await?;
        if object.kind == ObjectKind::Records {
            for line in lines::read::<RecordLine>(object, &bytes)? {
                self.record(conn, &object.path, &line).await?;
            }
            return Ok(0);
        }
        let mut entries = part::read(object, bytes)?;
        // In the order of arrival: of two samples under one key, the first counts.
        entries.sort_by_key(|entry| entry.index.received_us);
        let (mut group, mut places) = (Vec::new(), Vec::new());
        let (mut rows, mut brought) = (0, 0);
        for entry in entries {
            match self.admit(task, &entry) {
                Ok(admission) => {
                    let (agent, seq) = (admission.batch.agent, admission.batch.seq);
                    let place = store::to_i64("log index", entry.index.log_index)?;
                    rows += admission.samples.len();
                    places.push((agent, seq, place));
                    group.push(admission);
                }
                Err(what) => findings.push(format!(
                    "{}: batch {} of {}: {what}",
                    object.path, entry.index.seq, entry.index.agent
                )),
            }
            if rows >= ROWS_AT_ONCE {
                brought += self.commit(conn, &mut group, &mut places).await?;
                rows = 0;
            }
        }
        Ok(brought + self.commit(conn, &mut group, &mut places).await?)
    }

    fn admit(&self, task: &ArchiveTask, entry: &Entry) -> Result<Admission, IngestError> {
        let text = wire::batch::decompress(&entry.body).map_err(IngestError::Batch)?;
        let batch = ingest::read(&text)?;
        let agent = ingest::claimed_agent(&batch, &task.origin)?;
        let enrolled = self.agents.get(&agent);
        let enrolled = enrolled.ok_or(IngestError::UnknownAgent { agent })?;
        ingest::admit(batch, entry.body.clone(), enrolled, entry.index.received_us)
    }

    async fn commit(
        &mut self,
        conn: &mut PgConnection,
        group: &mut Vec<Admission>,
        places: &mut Vec<(i32, i64, i64)>,
    ) -> Result<u64, ArchiveError> {
        if group.is_empty() {
            return Ok(0);
        }
        let fresh = self.pool.acquire().await;
        let mut own = fresh.map_err(StoreError::query("get a connection"))?;
        commit::commit(&mut own, &mut self.partitions, group).await?;
        store::replay::place_batches(conn, places).await?;
        let brought = group.len() as u64;
        group.clear();
        places.clear();
        Ok(brought)
    }

    /// A registry record: signed by the operator, and the next of its chain.
    async fn record(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        line: &RecordLine,
    ) -> Result<(), ArchiveError> {
        let signed = SignedNote::parse(line.note.as_bytes()).map_err(|e| refuse(path, e))?;
        let operator = self.keys.operator.verifier_key();
        signed.verify(&operator).map_err(|e| refuse(path, e))?;
        let note = RegistryNote::parse(signed.text()).map_err(|e| refuse(path, e))?;
        let last = self.chains.get(&note.chain);
        let (next, prev) = last.map_or((0, Hash::ZERO), |(entry, hash)| (entry + 1, *hash));
        if last.is_some_and(|(entry, _)| note.entry <= *entry) {
            return Ok(()); // A day that was archived twice.
        }
        let is_body = note.body == Hash::of(line.body.as_bytes());
        if (note.entry, note.prev) != (next, prev) || note.chain != line.chain || !is_body {
            let what = format!("record {} of `{}` does not follow", note.entry, note.chain);
            return Err(refuse(path, what));
        }
        let hash = registry_hash(signed.text());
        let record = Record {
            entry: note.entry,
            kind: note.kind.to_string(),
            at: line.at_us.to_utc(),
            hash,
            body: line.body.clone().into_bytes(),
            note: line.note.clone().into_bytes(),
            log_index: None,
        };
        store::registry::insert(conn, &note.chain, &record).await?;
        store::replay::place_record(conn, (&note.chain, note.entry), line.log_index).await?;
        let change = Change::read(note.kind, &record).map_err(|e| refuse(path, e))?;
        self.follow(conn, path, change).await?;
        self.chains.insert(note.chain, (note.entry, hash));
        Ok(())
    }

    /// Lets a record have its effect on the agents.
    async fn follow(
        &mut self,
        conn: &mut PgConnection,
        path: &str,
        change: Change,
    ) -> Result<(), ArchiveError> {
        if let Change::End(end) = change {
            self.ends.push(end);
            return Ok(());
        }
        let agent = change.apply(conn).await.map_err(|e| changed(path, e))?;
        self.agents
            .extend(agent.map(|agent| (agent.id.clone(), agent)));
        Ok(())
    }
}
