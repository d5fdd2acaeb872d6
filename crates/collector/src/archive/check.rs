//! `nines archive check`: every object against its manifest, every batch against its own note, its
//! agent's key and the ledger.

use std::collections::BTreeMap;

use domain::AgentId;

use sqlx::PgConnection;
use wire::keys::AgentKeys;
use wire::names::Origin;

use super::manifest::{Manifest, ObjectEntry, ObjectKind};
use super::part::Entry;
use super::{Archive, ArchiveError, Days, connect, lines, part};
use crate::store::{self, StoreError};

/// Which archive of which installation to look at, and how much of it.
#[derive(Debug)]
pub struct ArchiveTask {
    /// The archive.
    pub archive: Archive,
    /// Name under which the installation signs.
    pub origin: Origin,
    /// Connection string of the database; its schema is up to date.
    pub database_url: String,
    /// Which days.
    pub days: Days,
}

/// What is told while the archive is read.
#[derive(Debug)]
pub enum ArchiveEvent<'a> {
    /// Something that cannot be trusted or used, in words.
    Finding(&'a str),
    /// All objects of a manifest were read.
    Day(&'a Manifest),
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveTotals {
    /// Manifests.
    pub days: u64,
    /// Objects that their manifests list.
    pub objects: u64,
    /// Batches that are what they should be.
    pub batches: u64,
    /// Batches whose raw bytes were brought back; the others were there.
    pub restored: u64,
    /// What was found wrong.
    pub findings: u64,
}

/// Checks what the archive holds of some days; what is wrong is told, and the rest looked at.
pub async fn check_archive(
    task: &ArchiveTask,
    mut told: impl FnMut(&ArchiveEvent<'_>),
) -> Result<ArchiveTotals, ArchiveError> {
    let mut conn = connect(&task.database_url).await?;
    let keys = Keys::load(&mut conn).await?;
    let mut totals = ArchiveTotals::default();
    for name in task.archive.manifests(task.days).await? {
        let mut findings = Vec::new();
        if let Some(manifest) = read_manifest(task, &name, &mut findings).await? {
            for object in &manifest.objects {
                totals.objects += 1;
                totals.batches += check_object(task, &mut conn, &keys, object, &mut findings)
                    .await?
                    .len() as u64;
            }
            totals.days += 1;
            told(&ArchiveEvent::Day(&manifest));
        }
        totals.findings += findings.len() as u64;
        for finding in &findings {
            told(&ArchiveEvent::Finding(finding));
        }
    }
    Ok(totals)
}

/// A manifest; a damaged one is a finding.
pub(super) async fn read_manifest(
    task: &ArchiveTask,
    name: &str,
    findings: &mut Vec<String>,
) -> Result<Option<Manifest>, ArchiveError> {
    let read = task.archive.manifest(name, &task.origin).await;
    into_finding(read, findings)
}

/// A batch that is what note, key and ledger say.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) entry: Entry,
    pub(super) known: store::archive::Known,
}

/// The batches of an object that can be trusted; everything else is a finding.
pub(super) async fn check_object(
    task: &ArchiveTask,
    conn: &mut PgConnection,
    keys: &Keys,
    object: &ObjectEntry,
    findings: &mut Vec<String>,
) -> Result<Vec<Proven>, ArchiveError> {
    let read = task.archive.get_checked(&object.path, &object.sha256).await;
    let Some(bytes) = into_finding(read, findings)? else {
        return Ok(Vec::new());
    };
    let read = match object.kind {
        ObjectKind::Batches => part::read(object, bytes),
        ObjectKind::Records => lines::read::<lines::RecordLine>(object, &bytes).map(|_| Vec::new()),
        ObjectKind::Checkpoints => {
            lines::read::<lines::CheckpointLine>(object, &bytes).map(|_| Vec::new())
        }
    };
    let entries = into_finding(read, findings)?.unwrap_or_default();
    let mut proven = Vec::with_capacity(entries.len());
    let mut ledger = BTreeMap::new();
    if let Some(first) = entries.first() {
        let seqs = entries.iter().map(|entry| entry.index.seq);
        let seqs: Result<Vec<i64>, _> = seqs.map(|seq| store::to_i64("seq", seq)).collect();
        ledger = store::archive::known(conn, &first.index.agent, &seqs?).await?;
    }
    for entry in entries {
        let known = ledger.get(&entry.index.seq).copied();
        match prove(&task.origin, keys, &entry, known) {
            Ok(known) => proven.push(Proven { entry, known }),
            Err(what) => findings.push(format!(
                "{}: batch {} of {}: {what}",
                object.path, entry.index.seq, entry.index.agent
            )),
        }
    }
    Ok(proven)
}

/// What is damaged or absent is a finding; what could not be looked at stays an error.
fn into_finding<T>(
    read: Result<T, ArchiveError>,
    findings: &mut Vec<String>,
) -> Result<Option<T>, ArchiveError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(damaged @ ArchiveError::Damaged { .. }) => {
            findings.push(damaged.to_string());
            Ok(None)
        }
        Err(ArchiveError::Object { path, source, .. })
            if matches!(*source, object_store::Error::NotFound { .. }) =>
        {
            findings.push(format!("`{path}` is missing"));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// Keys of all agents, by name.
pub(super) struct Keys(BTreeMap<String, AgentKeys>);

impl Keys {
    pub(super) async fn load(conn: &mut PgConnection) -> Result<Self, StoreError> {
        let agents = store::agent::list(conn).await?.into_iter();
        Ok(Self(agents.map(|a| (a.id.to_string(), a.keys)).collect()))
    }
}

/// Why a batch is not to be trusted.
#[derive(Debug, thiserror::Error)]
enum Unproven {
    #[error("its bytes are no batch: {0}")]
    Body(#[from] wire::batch::BatchError),
    #[error("it is signed as batch {seq} of `{agent}`")]
    Other { agent: String, seq: u64 },
    #[error("its hash is not that of the index")]
    Index,
    #[error("its agent is not enrolled here")]
    Agent,
    #[error("it is not signed by its agent's key")]
    Signature,
    #[error("the ledger does not know it")]
    Unknown,
    #[error("the ledger has another batch under this number")]
    Ledger,
    #[error("the ledger says that it was received at another time")]
    Received,
}

fn prove(
    origin: &Origin,
    keys: &Keys,
    entry: &Entry,
    known: Option<store::archive::Known>,
) -> Result<store::archive::Known, Unproven> {
    let text = wire::batch::decompress(&entry.body)?;
    let batch = wire::batch::parse(&text)?;
    let agent = origin.parse_agent(&batch.note.agent);
    let name = agent.as_ref().map(AgentId::as_str);
    if name != Some(&entry.index.agent) || batch.note.seq != entry.index.seq {
        return Err(Unproven::Other {
            agent: batch.note.agent.clone(),
            seq: batch.note.seq,
        });
    }
    if batch.hash.to_hex() != entry.index.batch {
        return Err(Unproven::Index);
    }
    let keys = keys.0.get(&entry.index.agent).ok_or(Unproven::Agent)?;
    if keys.verify_batch(batch.note.seq, &batch.signed).is_err() {
        return Err(Unproven::Signature);
    }
    let known = known.ok_or(Unproven::Unknown)?;
    if known.hash != batch.hash {
        return Err(Unproven::Ledger);
    }
    if entry.index.received_us.to_utc() != known.received_at {
        return Err(Unproven::Received);
    }
    Ok(known)
}
