//! A stand-in that speaks as much S3 as the archive does, and takes no request that is unsigned or
//! could overwrite something. A real S3 server is asked in the conformance tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use camino::Utf8Path;

use super::{aged, checked, restored, task};
use crate::archive::config::ArchiveConfig;
use crate::archive::{Archive, ArchiveError};

const BUCKET: &str = "/evidence/";
const DATE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

/// Keys and their bytes.
type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

async fn answer(
    State(objects): State<Objects>,
    (method, uri): (Method, Uri),
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signed = header("authorization").unwrap_or_default();
    if !signed.starts_with("AWS4-HMAC-SHA256 Credential=an-id/") || !signed.contains("/eu-x-1/s3/")
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let key = uri.path().strip_prefix(BUCKET).map(str::to_owned);
    let mut objects = objects.lock().unwrap();
    match (method, key.unwrap_or_default()) {
        (Method::GET, key) if key.is_empty() => list(&objects, uri.query().unwrap_or_default()),
        (Method::PUT, key) => {
            let is_careful = header("if-none-match") == Some("*");
            if !is_careful || header("x-amz-checksum-sha256").is_none() {
                return StatusCode::BAD_REQUEST.into_response();
            }
            if objects.contains_key(&key) {
                return StatusCode::PRECONDITION_FAILED.into_response();
            }
            objects.insert(key, body);
            [(header::ETAG, "\"1\"")].into_response()
        }
        (Method::GET, key) => match objects.get(&key) {
            Some(bytes) => {
                let headers = [(header::ETAG, "\"1\""), (header::LAST_MODIFIED, DATE)];
                (headers, bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn list(objects: &BTreeMap<String, Bytes>, query: &str) -> Response {
    let prefix = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("prefix="));
    let prefix = prefix.unwrap_or_default().replace("%2F", "/");
    let mut xml = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    for (key, bytes) in objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        write!(
            xml,
            "<Contents><Key>{key}</Key><Size>{}</Size><ETag>1</ETag>\
             <LastModified>2026-01-01T00:00:00Z</LastModified></Contents>",
            bytes.len()
        )
        .unwrap();
    }
    xml.push_str("</ListBucketResult>");
    xml.into_response()
}

/// Serves until the test ends.
async fn serve() -> (Objects, String) {
    let objects = Objects::default();
    let router = Router::new().fallback(answer).with_state(objects.clone());
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (objects, format!("http://{address}"))
}

fn archive(endpoint: &str) -> Archive {
    let toml = format!(
        "url = 's3://evidence/a/b'\nendpoint = '{endpoint}'\nregion = 'eu-x-1'\n\
         allow_http = true\naccess_key_id_env = 'ID'\nsecret_access_key_env = 'KEY'"
    );
    let config: ArchiveConfig = toml::from_str(&toml).unwrap();
    let secret = |name: &str| match name {
        "ID" => Some("an-id".to_owned()),
        _ => Some("a-secret".to_owned()),
    };
    config.open(Utf8Path::new("."), secret).unwrap()
}

#[tokio::test]
async fn an_object_is_written_once_and_never_overwritten() {
    let (objects, endpoint) = serve().await;
    let archive = archive(&endpoint);
    archive.put_new("raw/x", b"one".to_vec()).await.unwrap();
    archive.put_new("raw/x", b"one".to_vec()).await.unwrap();
    let taken = archive.put_new("raw/x", b"two".to_vec()).await.unwrap_err();
    assert!(matches!(taken, ArchiveError::Taken { .. }), "{taken}");
    assert_eq!(archive.get("raw/x").await.unwrap(), b"one");
    assert_eq!(archive.list("raw").await.unwrap(), ["raw/x"]);
    let keys: Vec<_> = objects.lock().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["a/b/raw/x"]);
}

#[tokio::test]
async fn days_go_to_s3_and_come_back() {
    let (objects, endpoint) = serve().await;
    let lab = aged("s3", Some(archive(&endpoint))).await;
    lab.collector.run_archive().await.unwrap();
    let days = objects
        .lock()
        .unwrap()
        .keys()
        .filter(|key| key.starts_with("a/b/manifest/"))
        .count();
    assert_eq!(days, 5);
    lab.collector.run_retention().await.unwrap();
    let task = task(&lab, archive(&endpoint));
    assert_eq!(checked(&task).await.1.batches, 196);
    assert_eq!(restored(&task, &lab).await.1.restored, 47);
    lab.stop().await;
}
