use std::sync::Arc;
use std::sync::atomic::Ordering;

use camino::Utf8Path;
use evidence::tiles::{entry_bundles, hash_tiles};

use super::super::served::{Log, Served, dir, policy};
use super::*;

async fn mirror(served: &Served, to: &Utf8Path) -> anyhow::Result<Mirrored> {
    let remote = Remote::new(&served.url)?;
    let folder = Folder::create(to.to_owned())?;
    run(&remote, &folder, &policy()).await
}

/// Every file of the copy is what the log serves.
fn check_copy(served: &Served, to: &Utf8Path) {
    let log = served.log.lock().unwrap().clone();
    let size = log.entries.len() as u64;
    let read = |name: &str| std::fs::read(to.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(read("checkpoint"), log.checkpoint());
    for tile in hash_tiles(size) {
        let places = tile.first()..tile.first() + u64::from(tile.width());
        let level = u32::from(level_of(&tile)) * 8;
        let hashes = places.map(|at| log.tree.node(level, at).unwrap());
        assert_eq!(
            tile.hashes(&read(&tile.to_string())),
            Some(hashes.collect()),
            "{tile}"
        );
    }
    let mut entries = Vec::new();
    for bundle in entry_bundles(size) {
        let bytes = read(&bundle.to_string());
        entries.extend(Entries::new(bytes.as_slice()).map(Result::unwrap));
    }
    assert_eq!(entries, log.entries);
    assert!(!to.join(".mirror/pending").exists());
}

#[tokio::test]
async fn a_copy_follows_its_log_through_all_sizes() {
    let temp = tempfile::tempdir().unwrap();
    let to = dir(&temp);
    let served = Served::start(Log::of(1)).await;
    let mut before = 0;
    for size in [1, 255, 256, 256, 257, 600, 66_000] {
        served.log.lock().unwrap().grow(size);
        let mirrored = mirror(&served, &to).await.unwrap();
        assert_eq!((mirrored.size_before, mirrored.size), (before, size as u64));
        before = mirrored.size;
        check_copy(&served, &to);
    }
    // Narrower versions of what is full now are gone.
    assert!(!to.join("tile/0/000.p").exists() && !to.join("tile/entries/000.p").exists());
    // What is here is not fetched again: checkpoint and edge, and nothing else.
    let requests = served.requests();
    mirror(&served, &to).await.unwrap();
    assert!(
        served.requests() - requests <= 8,
        "{}",
        served.requests() - requests
    );
}

#[tokio::test]
async fn a_copy_that_was_killed_halfway_goes_on_where_it_was() {
    let temp = tempfile::tempdir().unwrap();
    let to = dir(&temp);
    let served = Served::start(Log::of(10_000)).await;
    served.silent_after.store(50, Ordering::SeqCst);
    let (url, path) = (served.url.clone(), to.clone());
    let task = tokio::spawn(async move {
        let remote = Remote::new(&url).unwrap();
        let folder = Folder::create(path).unwrap();
        run(&remote, &folder, &policy()).await.map(drop)
    });
    Arc::clone(&served.silent).notified().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!to.join("checkpoint").exists() && to.join(".mirror/pending").exists());
    served.silent_after.store(usize::MAX, Ordering::SeqCst);
    let requests = served.requests();
    served.log.lock().unwrap().grow(10_300);
    mirror(&served, &to).await.unwrap();
    check_copy(&served, &to);
    // 41 tiles and as many bundles, of which 40 and more were here.
    let again = served.requests() - requests;
    assert!(again < 60, "{again}");
}

#[tokio::test]
async fn what_was_damaged_while_unfinished_is_fetched_again() {
    let temp = tempfile::tempdir().unwrap();
    let to = dir(&temp);
    std::fs::create_dir_all(to.join("tile/0")).unwrap();
    std::fs::create_dir_all(to.join("tile/entries")).unwrap();
    std::fs::write(to.join("tile/0/000"), b"").unwrap();
    std::fs::write(to.join("tile/entries/000"), b"\x00\x05entry").unwrap();
    let served = Served::start(Log::of(300)).await;
    mirror(&served, &to).await.unwrap();
    check_copy(&served, &to);
}

/// The same log, but for one entry.
fn forked(size: usize, at: usize) -> Log {
    let mut log = Log::of(at);
    log.push(b"another\n".to_vec());
    log.grow(size);
    log
}

fn evidence(to: &Utf8Path) -> Vec<Vec<u8>> {
    let found = std::fs::read_dir(to.join(".mirror/fork")).unwrap();
    let mut notes: Vec<Vec<u8>> = found
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    notes.sort();
    notes
}

#[tokio::test]
async fn a_fork_is_refused_loudly_and_both_notes_are_kept() {
    for (old, new, at) in [
        (300, 300, 7),
        (300, 700, 7),
        (300, 700, 299),
        (256, 70_000, 255),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let to = dir(&temp);
        let served = Served::start(Log::of(old)).await;
        mirror(&served, &to).await.unwrap();
        let honest = served.log.lock().unwrap().clone();
        let fork = forked(new, at);
        *served.log.lock().unwrap() = fork.clone();
        let error = mirror(&served, &to).await.unwrap_err().to_string();
        assert!(error.starts_with("FORK"), "{error}");
        let mut notes = vec![honest.checkpoint(), fork.checkpoint()];
        notes.sort();
        assert_eq!(evidence(&to), notes);
        // The copy is as it was, and goes on with the honest log.
        *served.log.lock().unwrap() = honest;
        check_copy(&served, &to);
        served.log.lock().unwrap().grow(old + 1);
        mirror(&served, &to).await.unwrap();
        check_copy(&served, &to);
    }
}

/// A fork from what was only seen, whose entries never came.
#[tokio::test]
async fn a_fork_from_an_unfinished_checkpoint_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let to = dir(&temp);
    let served = Served::start(Log::of(900)).await;
    served.log.lock().unwrap().spoilt = Some("tile/entries/001".to_owned());
    let error = mirror(&served, &to).await.unwrap_err().to_string();
    assert!(
        error.contains("tile/entries/001 does not give the hashes above it"),
        "{error}"
    );
    *served.log.lock().unwrap() = forked(1_000, 800);
    let error = mirror(&served, &to).await.unwrap_err().to_string();
    assert!(error.starts_with("FORK"), "{error}");
}

#[tokio::test]
async fn a_log_that_goes_back_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let to = dir(&temp);
    let served = Served::start(Log::of(300)).await;
    mirror(&served, &to).await.unwrap();
    *served.log.lock().unwrap() = Log::of(299);
    let error = mirror(&served, &to).await.unwrap_err().to_string();
    assert!(
        error.contains("went back from 300 entries to 299"),
        "{error}"
    );
    assert_eq!(evidence(&to).len(), 2);
}

#[tokio::test]
async fn a_wrong_byte_anywhere_is_refused() {
    for (path, expected) in [
        ("tile/1/000.p/2", "do not give the root"),
        ("tile/0/002.p/88", "do not give the root"),
        ("tile/0/001", "does not give the hash above it"),
        ("tile/entries/000", "does not give the hashes above it"),
        ("tile/entries/002.p/88", "does not give the hashes above it"),
        ("checkpoint", "cannot be read"),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let mut log = Log::of(600);
        log.spoilt = Some(path.to_owned());
        let served = Served::start(log).await;
        let error = mirror(&served, &dir(&temp)).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(expected), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_log_of_another_key_is_not_believed() {
    let temp = tempfile::tempdir().unwrap();
    let served = Served::start(Log::of(3)).await;
    let other = evidence::note::SigningKey::from_seed(super::super::served::ORIGIN, &[9; 32]);
    let other = other.unwrap().verifier_key();
    let other = Policy::parse(&format!("log {other}\nquorum none\n")).unwrap();
    let remote = Remote::new(&served.url).unwrap();
    let folder = Folder::create(dir(&temp)).unwrap();
    let error = run(&remote, &folder, &other).await.unwrap_err();
    assert!(
        format!("{error:#}").contains("signed by no log of the policy"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_full_tile_stands_for_a_narrower_one_that_was_dropped() {
    let served = Served::start(Log::of(300)).await;
    served.log.lock().unwrap().full_only = true;
    let remote = Remote::new(&served.url).unwrap();
    for path in ["tile/0/000.p/5", "tile/entries/000.p/5"] {
        let tile: Tile = path.parse().unwrap();
        let (got, _) = remote.tile(&tile).await.unwrap();
        assert_eq!(got, tile.filled());
    }
    let tile: Tile = "tile/0/000.p/5".parse().unwrap();
    let (got, bytes) = remote.tile(&tile).await.unwrap();
    assert_eq!(parse(&tile, &got, &bytes).unwrap().len(), 5);
}
