//! Brings closed days to the archive: records and checkpoints of the log, then the raw batches,
//! then the manifest that names them all, and at last a row here.
//!
//! Days are those on which batches were received, by the collector's clock, so that a closed day
//! does not grow. A run that stops anywhere is continued by the next: names follow from content,
//! so that what is there already is found and compared instead of written twice.

use chrono::{Days, NaiveDate};
use evidence::hash::Hash;
use sqlx::{Connection as _, PgConnection};
use tracing::info;
use wire::names::Origin;

use crate::app::App;
use crate::archive::lines::{self, LINES_MAX};
use crate::archive::manifest::{Manifest, ObjectEntry, ObjectKind};
use crate::archive::part::Draft;
use crate::archive::{Archive, ArchiveError};
use crate::database;
use crate::rebuild::Day;
use crate::store::archive::DayArchived;
use crate::store::partition::Table;
use crate::store::{self, StoreError};

/// Batches read at a time: with the part that they go into, what is in memory.
const BATCHES_AT_ONCE: usize = 8;

/// What one run archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// Days.
    pub days: u64,
    /// Batches in them.
    pub batches: u64,
}

/// Archives what is due, the oldest day first. Does nothing where another collector is at it.
#[tracing::instrument(name = "job.archive.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<Filed, ArchiveError> {
    let Some(archive) = &app.archive else {
        return Ok(Filed::default());
    };
    // A connection of its own: the lock is held while the network is slow.
    let mut conn = app.connection().await?.detach();
    if !database::try_lock_archive(&mut conn).await? {
        return Ok(Filed::default());
    }
    let done = run_locked(app, archive, &mut conn).await;
    database::unlock_archive(&mut conn).await?;
    conn.close()
        .await
        .map_err(StoreError::query("release the lock"))?;
    done
}

async fn run_locked(
    app: &App,
    archive: &Archive,
    conn: &mut PgConnection,
) -> Result<Filed, ArchiveError> {
    let mut filed = Filed::default();
    let waiting = waiting(app, archive, conn).await?;
    let mut left = waiting.len() as u64;
    app.instruments.archive_waits(left);
    for date in waiting {
        let day = Day::of(date)?;
        let window = (day.start, day.end);
        if store::drop::is_unlogged(conn, day.start, day.end).await?
            || store::archive::log::is_unlogged(conn, window).await?
        {
            continue; // The place in the log is archived, too.
        }
        let done = archive_day(archive, conn, (&app.origin, day)).await?;
        store::archive::note(conn, &done, app.clock.now_utc()).await?;
        filed.days += 1;
        filed.batches += done.batches;
        left -= 1;
        app.instruments.day_archived(done.batches);
        app.instruments.archive_waits(left);
        info!(
            store.day = %date, archive.batches = done.batches,
            "archived {} batches of {date}", done.batches
        );
    }
    Ok(filed)
}

/// The closed days that are not archived, oldest first.
pub(crate) async fn waiting(
    app: &App,
    archive: &Archive,
    conn: &mut PgConnection,
) -> Result<Vec<NaiveDate>, StoreError> {
    let today = app.clock.now_utc().date_naive();
    let last = today.checked_sub_days(Days::new(u64::from(archive.after_days()) + 1));
    let last = last.ok_or(StoreError::Range { what: "day" })?;
    let mut stored = store::partition::days(conn, Table::Raw).await?;
    stored.extend(store::drop::unpartitioned_days(conn).await?);
    store::archive::days_waiting(conn, last, &stored).await
}

async fn archive_day(
    archive: &Archive,
    conn: &mut PgConnection,
    (origin, day): (&Origin, Day),
) -> Result<DayArchived, ArchiveError> {
    let mut manifest = Manifest::empty(origin, day.date);
    put_records(archive, conn, day, &mut manifest.objects).await?;
    put_checkpoints(archive, conn, day, &mut manifest.objects).await?;
    let keys = store::archive::keys(conn, day.start, day.end).await?;
    manifest.rawless = store::archive::rawless(conn, day.start, day.end).await?;
    let mut draft = Draft::default();
    for keys in keys.chunks(BATCHES_AT_ONCE) {
        for batch in store::archive::batches(conn, keys).await? {
            if draft.is_closed_for(&batch.agent) {
                let full = std::mem::take(&mut draft);
                put_part(archive, day.date, full, &mut manifest).await?;
            }
            draft.push(batch);
        }
    }
    if !draft.is_empty() {
        put_part(archive, day.date, draft, &mut manifest).await?;
    }
    if manifest.batches != keys.len() as u64 {
        let what = "raw bytes left while their day was archived";
        return Err(ArchiveError::write(&format!("raw/{}", day.date), what));
    }
    let (path, bytes) = manifest.to_object()?;
    let sha256 = Hash::of(&bytes);
    archive.put_new(&path, bytes).await?;
    Ok(DayArchived {
        day: day.date,
        objects: manifest.objects.len() as u64,
        batches: manifest.batches,
        bytes: manifest.bytes(),
        sha256,
    })
}

async fn put_part(
    archive: &Archive,
    day: NaiveDate,
    draft: Draft,
    manifest: &mut Manifest,
) -> Result<(), ArchiveError> {
    // Hashing and packing megabytes would hold up the runtime.
    let written = tokio::task::spawn_blocking(move || draft.finish(day)).await;
    let (entry, bytes) = written.map_err(|source| ArchiveError::write("raw", source))??;
    archive.put_new(&entry.path, bytes).await?;
    manifest.batches += entry.count;
    manifest.objects.push(entry);
    Ok(())
}

async fn put_records(
    archive: &Archive,
    conn: &mut PgConnection,
    day: Day,
    objects: &mut Vec<ObjectEntry>,
) -> Result<(), ArchiveError> {
    let mut after = 0;
    for nth in 0.. {
        let (last, found) =
            store::archive::log::records(conn, (day.start, day.end), after, LINES_MAX).await?;
        if found.is_empty() {
            break;
        }
        after = last;
        let (entry, bytes) = lines::write(ObjectKind::Records, (day.date, nth), &found)?;
        archive.put_new(&entry.path, bytes).await?;
        objects.push(entry);
    }
    Ok(())
}

async fn put_checkpoints(
    archive: &Archive,
    conn: &mut PgConnection,
    day: Day,
    objects: &mut Vec<ObjectEntry>,
) -> Result<(), ArchiveError> {
    let mut after = -1;
    for nth in 0.. {
        let (last, found) =
            store::archive::log::checkpoints(conn, (day.start, day.end), after, LINES_MAX).await?;
        if found.is_empty() {
            break;
        }
        after = last;
        let (entry, bytes) = lines::write(ObjectKind::Checkpoints, (day.date, nth), &found)?;
        archive.put_new(&entry.path, bytes).await?;
        objects.push(entry);
    }
    Ok(())
}
