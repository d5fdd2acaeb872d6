//! A timestamping authority over HTTP, on the loopback: OpenSSL answers, in various moods.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use evidence::hash::Hash;
use evidence::timestamp::request;
use tempfile::TempDir;

const CONFIG: &str = "[req]\ndistinguished_name = empty\nprompt = no\n[empty]\n\
    [root]\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\n\
    [leaf]\nextendedKeyUsage = critical, timeStamping\n\
    [tsa]\ndefault_tsa = stamps\n[stamps]\nserial = ./serial\nsigner_cert = tsa.pem\n\
    signer_key = tsa.key\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n";

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Good,
    /// With the nonce of another request.
    Stale,
    /// Over other data, with the right nonce.
    OtherData,
    /// With status 500.
    Broken,
    /// With half an answer.
    Cut,
    /// With a megabyte.
    Endless,
    /// That it will not.
    Refusing,
}

pub(super) struct Authority {
    pub(super) url: String,
    pub(super) asked: Arc<AtomicU64>,
    inner: Arc<Inner>,
}

struct Inner {
    dir: TempDir,
    mood: Mutex<Mood>,
    asked: Arc<AtomicU64>,
}

impl Authority {
    pub(super) async fn start(mood: Mood) -> Self {
        let asked = Arc::new(AtomicU64::new(0));
        let inner = Arc::new(Inner {
            dir: tempfile::tempdir().unwrap(),
            mood: Mutex::new(mood),
            asked: asked.clone(),
        });
        inner.make();
        let router = Router::new()
            .route("/", post(answer))
            .with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        // It ends with the test's runtime.
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, inner }
    }

    pub(super) fn turn(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// The file of its root.
    pub(super) fn root(&self) -> PathBuf {
        self.inner.dir.path().join("root.pem")
    }
}

async fn answer(State(inner): State<Arc<Inner>>, query: Bytes) -> Response {
    inner.asked.fetch_add(1, Ordering::Relaxed);
    let mood = *inner.mood.lock().unwrap();
    if mood == Mood::Broken {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let body = tokio::task::spawn_blocking(move || inner.body(mood, &query));
    let headers = [(header::CONTENT_TYPE, "application/timestamp-reply")];
    (headers, body.await.unwrap()).into_response()
}

impl Inner {
    fn make(&self) {
        std::fs::write(self.dir.path().join("config"), CONFIG).unwrap();
        std::fs::write(self.dir.path().join("serial"), "01").unwrap();
        for name in ["root", "tsa"] {
            let words = format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config config \
                 -subj /CN={name} -keyout {name}.key -out {name}.csr"
            );
            self.openssl(&words);
        }
        let signed = "x509 -req -days 3650 -extfile config -in";
        self.openssl(&format!(
            "{signed} root.csr -signkey root.key -extensions root -out root.pem"
        ));
        self.openssl(&format!(
            "{signed} tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -extensions leaf \
             -out tsa.pem"
        ));
    }

    fn body(&self, mood: Mood, query: &[u8]) -> Vec<u8> {
        let nonce = nonce_of(query);
        match mood {
            Mood::Good => self.reply(query),
            Mood::Stale => {
                let mut other = query.to_vec();
                let at = other.len() - 4; // The last byte of the nonce.
                other[at] ^= 1;
                self.reply(&other)
            }
            Mood::OtherData => self.reply(&request(&Hash::of(b"other"), nonce)),
            Mood::Cut => {
                let whole = self.reply(query);
                whole[..whole.len() / 2].to_vec()
            }
            Mood::Endless => vec![0x30; 1 << 20],
            Mood::Refusing => vec![0x30, 5, 0x30, 3, 2, 1, 2],
            Mood::Broken => Vec::new(),
        }
    }

    fn reply(&self, query: &[u8]) -> Vec<u8> {
        let (asked, told) = ("query.tsq", "reply.tsr");
        std::fs::write(self.dir.path().join(asked), query).unwrap();
        self.openssl(&format!(
            "ts -reply -config config -queryfile {asked} -sha256 -out {told}"
        ));
        std::fs::read(self.dir.path().join(told)).unwrap()
    }

    fn openssl(&self, words: &str) {
        let done = run(self.dir.path(), words);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{words}\n{said}");
    }
}

fn run(dir: &Path, words: &str) -> std::process::Output {
    Command::new("openssl")
        .args(words.split_whitespace())
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is needed: run `cargo xtask deps`")
}

/// The nonce of a request of ours: the integer before the last three bytes.
fn nonce_of(query: &[u8]) -> u64 {
    let mut parts = evidence::der::single(query, evidence::der::SEQUENCE)
        .unwrap()
        .reader();
    parts.any().unwrap();
    parts.any().unwrap();
    parts.any().unwrap().unsigned().unwrap()
}
