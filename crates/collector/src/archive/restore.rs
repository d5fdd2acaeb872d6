//! `nines archive restore`: brings raw bytes of dropped days back, for whoever wants to export or
//! rebuild them. The ledger never left, so it says which bytes may come back.

use chrono::Utc;
use domain::Clock;
use sqlx::PgConnection;

use super::check::{
    ArchiveEvent, ArchiveTask, ArchiveTotals, Keys, Proven, check_object, read_manifest,
};
use super::manifest::Manifest;
use super::replay::summed;
use super::{ArchiveError, connect};
use crate::database;
use crate::store::archive::Back;
use crate::store::partition::Table;
use crate::store::{self, StoreError};

/// Days for which retention leaves a day that was brought back.
pub const RESTORED_DAYS: u32 = 7;
/// Batches in one statement.
const AT_ONCE: usize = 64;

/// Brings days back. What does not match the ledger is told and left out.
pub async fn restore_archive(
    task: &ArchiveTask,
    clock: &dyn Clock,
    mut told: impl FnMut(&ArchiveEvent<'_>),
) -> Result<ArchiveTotals, ArchiveError> {
    let mut conn = connect(&task.database_url).await?;
    if !database::try_lock_days(&mut conn).await? {
        return Err(ArchiveError::Locked);
    }
    let names = task.archive.manifests(task.days).await?;
    if let (true, Some(day)) = (names.is_empty(), task.days.from) {
        return Err(ArchiveError::NoDay { day });
    }
    let keys = Keys::load(&mut conn).await?;
    let mut totals = ArchiveTotals::default();
    for name in names {
        let mut findings = Vec::new();
        if let Some(manifest) = read_manifest(task, &name, &mut findings).await? {
            let done = restore_day(task, &mut conn, (&keys, &manifest), &mut findings).await?;
            totals.objects += manifest.objects.len() as u64;
            totals.batches += done.batches;
            totals.restored += done.restored;
            totals.days += 1;
            note(&mut conn, &manifest, findings.is_empty(), clock.now_utc()).await?;
            told(&ArchiveEvent::Day(&manifest));
        }
        totals.findings += findings.len() as u64;
        for finding in &findings {
            told(&ArchiveEvent::Finding(finding));
        }
    }
    database::unlock_days(&mut conn).await?;
    Ok(totals)
}

async fn restore_day(
    task: &ArchiveTask,
    conn: &mut PgConnection,
    (keys, manifest): (&Keys, &Manifest),
    findings: &mut Vec<String>,
) -> Result<ArchiveTotals, ArchiveError> {
    let mut done = ArchiveTotals::default();
    store::partition::ensure(conn, Table::Raw, manifest.day).await?;
    for object in &manifest.objects {
        let proven = check_object(task, conn, keys, object, findings).await?;
        done.batches += proven.len() as u64;
        let mut batches = Vec::with_capacity(AT_ONCE);
        for one in proven {
            batches.push(back(one)?);
            if batches.len() == AT_ONCE {
                done.restored += store::archive::put_back(conn, &batches).await?;
                batches.clear();
            }
        }
        done.restored += store::archive::put_back(conn, &batches).await?;
    }
    Ok(done)
}

fn back(proven: Proven) -> Result<Back, StoreError> {
    Ok(Back {
        agent: proven.known.agent,
        seq: store::to_i64("seq", proven.entry.index.seq)?,
        received_at: proven.known.received_at,
        body: proven.entry.body,
    })
}

/// A database of an older backup does not know that the day is archived; now it was seen. Where
/// something is wrong with it, it has to be archived again before it may leave.
async fn note(
    conn: &mut PgConnection,
    manifest: &Manifest,
    is_sound: bool,
    now: chrono::DateTime<Utc>,
) -> Result<(), ArchiveError> {
    if is_sound {
        store::archive::note_found(conn, &summed(manifest)?, now).await?;
    }
    Ok(store::archive::note_restored(conn, manifest.day, now).await?)
}
