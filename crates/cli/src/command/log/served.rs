//! A log that is served on this machine, for tests.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use evidence::checkpoint::Checkpoint;
use evidence::note::SigningKey;
use evidence::policy::Policy;
use evidence::tiles::{Tile, TileKind};
use evidence::tree::{Tree, leaf_hash};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(super) const ORIGIN: &str = "nines.example/lab/log";

pub(super) fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[3; 32]).unwrap()
}

pub(super) fn policy() -> Policy {
    Policy::parse(&policy_text()).unwrap()
}

pub(super) fn policy_text() -> String {
    format!("log {}\nquorum none\n", log_key().verifier_key())
}

/// Entries, their tree, and what is to be done wrong.
#[derive(Clone, Default)]
pub(super) struct Log {
    pub(super) entries: Vec<Vec<u8>>,
    pub(super) tree: Tree,
    /// A path whose bytes come with one bit flipped.
    pub(super) spoilt: Option<String>,
    /// Whether tiles that are not full have been dropped where the full one is there.
    pub(super) full_only: bool,
}

impl Log {
    pub(super) fn of(size: usize) -> Self {
        let mut log = Self::default();
        log.grow(size);
        log
    }

    /// Grows to a size; entries are the same for every log.
    pub(super) fn grow(&mut self, size: usize) {
        for index in self.entries.len()..size {
            self.push(format!("entry {index}\n").into_bytes());
        }
    }

    pub(super) fn push(&mut self, entry: Vec<u8>) {
        self.tree.append(leaf_hash(&entry));
        self.entries.push(entry);
    }

    pub(super) fn checkpoint(&self) -> Vec<u8> {
        let head = self.tree.head();
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size: head.size,
            root: head.root,
        };
        checkpoint.sign(&log_key()).unwrap().to_bytes()
    }

    fn answer(&self, path: &str) -> Option<Vec<u8>> {
        let mut bytes = match path {
            "checkpoint" => self.checkpoint(),
            "policy.txt" => policy_text().into_bytes(),
            _ => self.tile(&path.parse().ok()?)?,
        };
        if self.spoilt.as_deref() == Some(path) {
            *bytes.last_mut().unwrap() ^= 1;
        }
        Some(bytes)
    }

    fn tile(&self, tile: &Tile) -> Option<Vec<u8>> {
        let size = self.entries.len() as u64;
        let is_dropped = self.full_only && !tile.is_full() && tile.filled().is_within(size);
        if !tile.is_within(size) || is_dropped {
            return None;
        }
        let places = tile.first()..tile.first() + u64::from(tile.width());
        let mut bytes = Vec::new();
        for at in places {
            match tile.kind() {
                TileKind::Entries => {
                    let entry = &self.entries[usize::try_from(at).unwrap()];
                    evidence::entries::push(&mut bytes, entry).unwrap();
                }
                TileKind::Hashes { level } => {
                    let hash = self.tree.node(8 * u32::from(level), at).unwrap();
                    bytes.extend_from_slice(hash.as_bytes());
                }
            }
        }
        Some(bytes)
    }
}

/// A log on a port of this machine.
pub(super) struct Served {
    pub(super) log: Arc<Mutex<Log>>,
    pub(super) url: String,
    pub(super) requests: Arc<AtomicUsize>,
    /// Requests after which none is answered any more.
    pub(super) silent_after: Arc<AtomicUsize>,
    /// Told when the first request is not answered.
    pub(super) silent: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Served {
    pub(super) async fn start(log: Log) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr: SocketAddr = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(log));
        let requests = Arc::new(AtomicUsize::new(0));
        let silent_after = Arc::new(AtomicUsize::new(usize::MAX));
        let silent = Arc::new(Notify::new());
        let state = (
            log.clone(),
            requests.clone(),
            silent_after.clone(),
            silent.clone(),
        );
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, state.clone()));
            }
        });
        Self {
            log,
            url: format!("http://{addr}"),
            requests,
            silent_after,
            silent,
            task,
        }
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type State = (
    Arc<Mutex<Log>>,
    Arc<AtomicUsize>,
    Arc<AtomicUsize>,
    Arc<Notify>,
);

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, (log, requests, silent_after, silent): State) {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while stream.read_exact(&mut byte).await.is_ok() {
        head.push(byte[0]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
        let path = text.split(' ').nth(1).unwrap().trim_start_matches('/');
        let nth = requests.fetch_add(1, Ordering::SeqCst);
        if nth >= silent_after.load(Ordering::SeqCst) {
            silent.notify_one();
            std::future::pending::<()>().await;
        }
        let answer = log.lock().unwrap().answer(path);
        let status = if answer.is_some() { 200 } else { 404 };
        let body = answer.unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let sent = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        if sent.is_err() {
            return;
        }
    }
}

/// A directory that goes with the test, as a path.
pub(super) fn dir(temp: &tempfile::TempDir) -> Utf8PathBuf {
    Utf8PathBuf::from_path_buf(temp.path().join("copy")).unwrap()
}
