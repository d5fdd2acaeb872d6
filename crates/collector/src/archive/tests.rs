mod s3;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use domain::{AgentId, SystemClock};
use tempfile::TempDir;
use verify::layout::registry::EnrolBody;

use super::check::{ArchiveEvent, ArchiveTask, ArchiveTotals, check_archive};
use super::config::ArchiveConfig;
use super::replay::replay_archive;
use super::restore::restore_archive;
use super::*;
use crate::job::archive::Filed;
use crate::lab::{self, Lab, utc};
use crate::rebuild::tests::setup;
use crate::{RebuildMode, Retention};

const RAW: &str = "SELECT count(*) FROM batch_raw";

/// A directory for an archive.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).unwrap()
    }

    fn archive(&self) -> Archive {
        let toml = format!("url = 'file://{}'", self.path());
        let config: ArchiveConfig = toml::from_str(&toml).unwrap();
        config.open(Utf8Path::new("."), |_| None).unwrap()
    }

    /// Every object, by name.
    fn files(&self) -> Vec<Utf8PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir_utf8().unwrap() {
                let path = entry.unwrap().path().to_owned();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    fn file(&self, part: &str) -> Utf8PathBuf {
        let mut files = self.files().into_iter();
        files.find(|file| file.as_str().contains(part)).unwrap()
    }
}

/// Four days of a healthy target in the middle of February, not archived yet, and a clock long
/// after.
async fn aged(name: &str, archive: Option<Archive>) -> Lab {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-03-01T02:00:00Z"));
    let policy: Retention = toml::from_str("raw_days = 64").unwrap();
    let mut lab = Lab::start_archived(name, from, policy, archive).await;
    lab.measure((from, to), |_| false).await;
    lab.clock.set(utc("2026-05-01T00:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    lab
}

fn task(lab: &Lab, archive: Archive) -> ArchiveTask {
    ArchiveTask {
        archive,
        origin: lab::origin(),
        database_url: lab.url.clone(),
        days: Days::default(),
    }
}

/// What a check finds, in words, and its totals.
async fn checked(task: &ArchiveTask) -> (Vec<String>, ArchiveTotals) {
    let mut found = Vec::new();
    let totals = check_archive(task, |event| keep(&mut found, event)).await;
    (found, totals.unwrap())
}

async fn restored(task: &ArchiveTask, lab: &Lab) -> (Vec<String>, ArchiveTotals) {
    let mut found = Vec::new();
    let totals = restore_archive(task, &lab.clock, |event| keep(&mut found, event)).await;
    (found, totals.unwrap())
}

fn keep(found: &mut Vec<String>, event: &ArchiveEvent<'_>) {
    if let ArchiveEvent::Finding(finding) = event {
        found.push((*finding).to_owned());
    }
}

#[tokio::test]
async fn a_day_is_archived_dropped_and_restored_and_a_rebuild_finds_it_equal() {
    let place = Place::new();
    let lab = aged("arch", Some(place.archive())).await;
    let before = lab.fingerprint().await;
    let filed = lab.collector.run_archive().await.unwrap();
    assert_eq!((filed.days, filed.batches), (5, 196));
    assert_eq!(lab.collector.run_archive().await.unwrap(), Filed::default());
    let dropped = lab.collector.run_retention().await.unwrap();
    assert_eq!((dropped.days, lab.number(RAW).await), (1, 196 - 47));
    let task = task(&lab, place.archive());
    let (found, totals) = checked(&task).await;
    assert_eq!((found, totals.batches, totals.days), (vec![], 196, 5));
    let totals = crate::rebuild(&setup(&lab, RebuildMode::Check), |_| {}).await;
    // Thirty lines of the target and one of the agent in each batch.
    assert_eq!(totals.unwrap().unverifiable, 47 * 31);
    let (found, totals) = restored(&task, &lab).await;
    assert_eq!((found, totals.restored, totals.batches), (vec![], 47, 196));
    assert_eq!(lab.number(RAW).await, 196);
    let totals = crate::rebuild(&setup(&lab, RebuildMode::Check), |_| {}).await;
    let totals = totals.unwrap();
    assert_eq!((totals.differing, totals.unverifiable), (0, 0));
    assert_eq!(lab.fingerprint().await, before);
    // It stays for a week, and leaves again.
    lab.collector.run_retention().await.unwrap();
    assert_eq!(lab.number(RAW).await, 196);
    lab.clock.set(utc("2026-05-08T00:00:01Z").into());
    lab.collector.run_retention().await.unwrap();
    assert!(lab.number(RAW).await < 196);
    lab.stop().await;
}

#[tokio::test]
async fn with_an_archive_nothing_leaves_that_is_not_in_it() {
    let place = Place::new();
    let lab = aged("unarch", Some(place.archive())).await;
    let kept = lab.collector.run_retention().await.unwrap();
    assert_eq!((kept.days, lab.number(RAW).await), (0, 196));
    lab.collector.run_archive().await.unwrap();
    // A day that grew, against all rules, is archived again before it may leave.
    lab.tamper(
        "INSERT INTO batch_raw SELECT '2026-02-25T12:00:00Z', agent_id, seq, body FROM batch_raw
         WHERE seq = 100",
    )
    .await;
    let kept = lab.collector.run_retention().await.unwrap();
    assert_eq!(kept.days, 0);
    lab.tamper("DELETE FROM batch_raw WHERE received_at = '2026-02-25T12:00:00Z' AND seq = 100")
        .await;
    assert_eq!(lab.collector.run_retention().await.unwrap().days, 1);
    lab.stop().await;
}

#[tokio::test]
async fn an_archive_that_was_interrupted_goes_on_where_it_was() {
    let place = Place::new();
    let lab = aged("broken", Some(place.archive())).await;
    // A file where a folder has to be: records can be written, batches cannot.
    fs::write(place.path().join("raw"), "").unwrap();
    let failure = lab.collector.run_archive().await.unwrap_err();
    assert!(matches!(failure, ArchiveError::Object { .. }), "{failure}");
    assert_eq!(lab.number("SELECT count(*) FROM day_archived").await, 0);
    assert_eq!(lab.collector.run_retention().await.unwrap().days, 0);
    fs::remove_file(place.path().join("raw")).unwrap();
    assert_eq!(lab.collector.run_archive().await.unwrap().days, 5);
    let files = place.files();
    // The objects of a day were written, and then the database failed.
    lab.tamper("DELETE FROM day_archived WHERE day > '2026-02-26'")
        .await;
    assert_eq!(lab.collector.run_archive().await.unwrap().days, 3);
    assert_eq!(place.files(), files, "the same objects");
    lab.stop().await;
}

#[tokio::test]
async fn two_collectors_do_not_archive_twice() {
    let place = Place::new();
    let lab = aged("pair", Some(place.archive())).await;
    let runs = tokio::join!(lab.collector.run_archive(), lab.collector.run_archive());
    let days = [runs.0.unwrap().days, runs.1.unwrap().days];
    assert_eq!(days.iter().sum::<u64>(), 5, "{days:?}");
    let manifests = place.files().into_iter();
    let manifests = manifests.filter(|file| file.as_str().contains("/manifest/"));
    assert_eq!(manifests.count(), 5);
    lab.stop().await;
}

#[tokio::test]
async fn what_is_damaged_lost_or_not_in_the_ledger_is_refused_and_named() {
    let place = Place::new();
    let lab = aged("damage", Some(place.archive())).await;
    lab.collector.run_archive().await.unwrap();
    let task = task(&lab, place.archive());
    let damaged = place.file("raw/2026-02-25/");
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, bytes).unwrap();
    let lost = place.file("raw/2026-02-26/");
    fs::remove_file(&lost).unwrap();
    lab.tamper("UPDATE batch SET hash = sha256(hash) WHERE seq = 100; TRUNCATE batch_raw")
        .await;
    let manifest = place.file("manifest/2026-02-28");
    fs::write(&manifest, fs::read(&manifest).unwrap().to_ascii_uppercase()).unwrap();
    let (found, totals) = checked(&task).await;
    let (again, done) = restored(&task, &lab).await;
    assert_eq!(found, again);
    for (finding, expected) in found.iter().zip([
        [damaged.file_name().unwrap(), "its SHA-256 is"],
        [lost.file_name().unwrap(), "is missing"],
        ["batch 100 of a", "the ledger has another batch"],
        [manifest.file_name().unwrap(), "its SHA-256 is"],
    ]) {
        let is_named = expected.iter().all(|part| finding.contains(part));
        assert!(is_named, "{finding}: {expected:?}");
    }
    assert_eq!((totals.findings, found.len()), (4, 4), "{found:#?}");
    // What is sound came back: the 27th without one, and the batches of the first of March.
    assert_eq!(done.restored, 47 + 5);
    assert_eq!(lab.number(RAW).await, 47 + 5);
    lab.stop().await;
}

#[tokio::test]
async fn an_archive_of_another_installation_is_refused() {
    let place = Place::new();
    let lab = aged("foreign", Some(place.archive())).await;
    lab.collector.run_archive().await.unwrap();
    let mut task = task(&lab, place.archive());
    task.origin = "other.example".parse().unwrap();
    let refused = check_archive(&task, |_| {}).await.unwrap_err();
    assert!(matches!(refused, ArchiveError::Origin { .. }), "{refused}");
    lab.stop().await;
}

/// The agent of the lab, enrolled in the registry as one that came over HTTP.
async fn enrol(lab: &Lab) {
    let agent: AgentId = "a".parse().unwrap();
    let body = EnrolBody {
        agent,
        network: "n".to_owned(),
        proof: String::new(),
        region: "r".to_owned(),
        vkey: lab.key.verifier_key().to_string(),
    };
    let entry = crate::registry::Entry {
        kind: evidence::registry::RegistryType::Enrol,
        at: utc("2026-02-25T00:00:00Z"),
        body: crate::registry::body(&body).unwrap(),
    };
    let keys = crate::keys::Keys::load(&lab.state_dir().join("keys"), &lab::origin()).unwrap();
    let mut conn = connect(&lab.url).await.unwrap();
    let chain = lab::origin().fleet_chain();
    crate::registry::append(&mut conn, &chain, entry, &keys.operator)
        .await
        .unwrap();
    lab.collector.run_sequencer().await.unwrap();
}

#[tokio::test]
async fn an_empty_database_becomes_what_the_lost_one_was() {
    let place = Place::new();
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-03-01T02:00:00Z"));
    let mut lab =
        Lab::start_archived("lost", from, Retention::default(), Some(place.archive())).await;
    enrol(&lab).await;
    lab.measure((from, to), |at| at < utc("2026-02-25T07:00:00Z"))
        .await;
    lab.clock.set(utc("2026-05-01T00:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    lab.collector.run_archive().await.unwrap();
    let (before, log) = (lab.fingerprint().await, log(&lab).await);
    let (task, state) = (task(&lab, place.archive()), lab.state_dir().to_owned());
    let full = replay_archive(&task, &state, &SystemClock, |_| {}).await;
    assert!(matches!(full, Err(ArchiveError::NotEmpty)), "{full:?}");
    let replay = async {
        let done = replay_archive(&task, &state, &SystemClock, |event| {
            assert!(!matches!(event, ArchiveEvent::Finding(_)), "{event:?}");
        });
        let done = done.await.unwrap();
        assert_eq!((done.totals.batches, done.log_entries), (196, 196 + 4));
        assert_eq!(done.checkpoints, 3);
    };
    let replay = Box::pin(replay);
    let mut lab = lab
        .lose_database("lost", Some(place.archive()), replay)
        .await;
    assert_eq!(self::log(&lab).await, log, "leaf by leaf, and signed alike");
    lab.collector.run_jobs().await.unwrap();
    let totals = crate::rebuild(&setup(&lab, RebuildMode::Check), |_| {}).await;
    assert_eq!(totals.unwrap().differing, 0);
    // Verdicts are made anew, without the revisions that were overtaken.
    assert_eq!(lab.fingerprint().await[..3], before[..3]);
    // The signer goes on: the log continues what it signed last.
    let next = utc("2026-05-01T00:00:00Z");
    lab.measure((next, next + chrono::TimeDelta::hours(1)), |_| false)
        .await;
    lab.stop().await;
}

/// Log, checkpoints and ledger, as text.
async fn log(lab: &Lab) -> Vec<String> {
    let mut conn = connect(&lab.url).await.unwrap();
    let query = "SELECT e.idx || ' ' || encode(e.leaf_hash, 'hex') FROM log_entry e
                 UNION ALL SELECT note FROM checkpoint
                 UNION ALL SELECT seq || ' ' || log_index || COALESCE(anchored_at::text, '')
                           || received_at FROM batch
                 ORDER BY 1";
    let asked = sqlx::query_scalar(query).fetch_all(&mut conn);
    asked.await.unwrap()
}
