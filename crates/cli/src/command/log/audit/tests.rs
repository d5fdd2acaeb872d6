use camino::Utf8PathBuf;
use evidence::note::{SigningKey, sign};
use evidence::registry::{RegistryNote, RegistryType, registry_hash};

use super::super::mirror;
use super::super::remote::Remote;
use super::super::served::{Log, Served, dir, policy};
use super::*;

/// A log of one chain of records; the one at `fork` stands twice.
fn records(count: u64, fork: Option<u64>) -> Log {
    let key = SigningKey::from_seed("nines.example/lab/operator", &[1; 32]).unwrap();
    let mut log = Log::default();
    let mut prev = Hash::ZERO;
    for entry in 0..count {
        let note = RegistryNote {
            chain: "nines.example/lab/fleet".to_owned(),
            entry,
            prev,
            kind: RegistryType::Annotate,
            at_s: entry,
            body: Hash::of(b"body"),
        };
        let text = note.text().unwrap();
        let signed = sign(&text, &[&key]).unwrap().to_bytes();
        if fork == Some(entry) {
            log.push(signed.clone());
        }
        log.push(signed);
        prev = registry_hash(&text);
    }
    log
}

async fn copy(log: Log, to: Utf8PathBuf) -> Folder {
    let served = Served::start(log).await;
    let folder = Folder::create(to).unwrap();
    let remote = Remote::new(&served.url).unwrap();
    mirror::run(&remote, &folder, &policy()).await.unwrap();
    folder
}

#[tokio::test]
async fn an_honest_copy_has_no_faults() {
    let temp = tempfile::tempdir().unwrap();
    let folder = copy(records(600, None), dir(&temp)).await;
    assert_eq!(run(&folder, None).unwrap(), ExitCode::SUCCESS);
    folder
        .keep_policy(&super::super::served::policy_text())
        .unwrap();
    assert_eq!(run(&folder, None).unwrap(), ExitCode::SUCCESS);
}

#[tokio::test]
async fn a_record_that_stands_twice_is_a_fault_although_the_log_is_one() {
    let temp = tempfile::tempdir().unwrap();
    let folder = copy(records(300, Some(7)), dir(&temp)).await;
    assert_eq!(run(&folder, None).unwrap(), ExitCode::FAILURE);
    let note = folder.checkpoint().unwrap().unwrap();
    let checkpoint = open(&policy(), &note).unwrap();
    let audited = read(&folder, &checkpoint).unwrap();
    let reason = &audited.faults[0].reason;
    assert!(
        reason.contains("entry 7 of `nines.example/lab/fleet` stands twice"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_copy_that_was_changed_is_a_fault() {
    for path in ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"] {
        let temp = tempfile::tempdir().unwrap();
        let folder = copy(records(300, None), dir(&temp)).await;
        let tile: Tile = path.parse().unwrap();
        let mut bytes = folder.tile(&tile).unwrap().unwrap();
        bytes[3] ^= 1;
        folder.keep_tile(&tile, &bytes).unwrap();
        assert_eq!(run(&folder, None).unwrap(), ExitCode::FAILURE, "{path}");
    }
    let temp = tempfile::tempdir().unwrap();
    let folder = copy(records(300, None), dir(&temp)).await;
    let bundle: Tile = "tile/entries/000".parse().unwrap();
    let bytes = folder.tile(&bundle).unwrap().unwrap();
    // One entry is another now, of the same length.
    let mut changed = bytes.clone();
    changed[40] ^= 1;
    folder.keep_tile(&bundle, &changed).unwrap();
    assert_eq!(run(&folder, None).unwrap(), ExitCode::FAILURE);
    folder
        .keep_tile(&bundle, &bytes[..bytes.len() - 1])
        .unwrap();
    assert!(run(&folder, None).is_err());
}
