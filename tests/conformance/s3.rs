//! The archive against a server that speaks S3 and was made by others (moto).

use camino::Utf8Path;
use collector::{Archive, ArchiveConfig, ArchiveError};

use crate::peer;

/// An archive in a bucket of its own.
async fn archive(bucket: &str) -> Archive {
    let endpoint = peer::s3();
    let made = reqwest::Client::new()
        .put(format!("{endpoint}/{bucket}"))
        .send()
        .await;
    let made = made.expect("the server answers");
    assert!(made.status().is_success(), "{made:?}");
    let config = format!(
        "url = 's3://{bucket}/a/b'\nendpoint = '{endpoint}'\nregion = 'us-east-1'\n\
         allow_http = true\naccess_key_id_env = 'ID'\nsecret_access_key_env = 'KEY'"
    );
    let config: ArchiveConfig = toml::from_str(&config).expect("it is a configuration");
    let opened = config.open(Utf8Path::new("."), |name| Some(format!("a-{name}")));
    opened.expect("it can be opened")
}

#[tokio::test]
async fn what_is_in_the_archive_is_read_as_it_was_written_and_never_overwritten() {
    let archive = archive("whole").await;
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(9 << 20).collect();
    for _again in 0..2 {
        let written = archive.put_new("raw/2026-11-22/a.zip", bytes.clone());
        written.await.expect("the same bytes may come again");
    }
    let other = archive.put_new("raw/2026-11-22/a.zip", vec![0; 9]).await;
    assert!(
        matches!(other, Err(ArchiveError::Taken { .. })),
        "{other:?}"
    );
    let read = archive.get("raw/2026-11-22/a.zip").await;
    assert_eq!(read.expect("it is there"), bytes);
    let gone = archive.get("raw/2026-11-22/b.zip").await;
    assert!(matches!(gone, Err(ArchiveError::Object { .. })), "{gone:?}");
}

#[tokio::test]
async fn more_objects_are_listed_than_one_answer_holds() {
    let archive = archive("listed").await;
    let mut names = Vec::new();
    for nth in 0..1_005 {
        let name = format!("manifest/{nth:04}.json");
        archive
            .put_new(&name, b"{}".to_vec())
            .await
            .expect("it can be written");
        names.push(name);
    }
    archive
        .put_new("raw/x", Vec::new())
        .await
        .expect("it can be written");
    let listed = archive.list("manifest").await.expect("it can be listed");
    assert_eq!(listed, names);
}
