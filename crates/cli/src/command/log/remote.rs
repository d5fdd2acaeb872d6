//! A log over HTTP: bounded answers, a few tries, absence as a value.

use std::time::Duration;

use anyhow::{Context as _, bail};
use evidence::policy::POLICY_BYTES_MAX;
use evidence::tiles::{ENTRY_BUNDLE_BYTES_MAX, TILE_BYTES_MAX, Tile, TileKind};
use reqwest::{Response, StatusCode};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a whole request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// Longest checkpoint, bytes: a hundred cosignatures are 20 kB.
const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;
/// Pauses after a try that failed in a way that may pass.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];

/// Where a log is served.
#[derive(Debug)]
pub(super) struct Remote {
    client: reqwest::Client,
    prefix: String,
}

/// A failure, and whether the same again may succeed.
struct Failed {
    passing: bool,
    error: anyhow::Error,
}

impl Remote {
    pub(super) fn new(prefix: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("nines/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("failed to set up the HTTP client")?;
        let prefix = prefix.trim_end_matches('/').to_owned();
        Ok(Self { client, prefix })
    }

    /// The newest checkpoint.
    pub(super) async fn checkpoint(&self) -> anyhow::Result<Vec<u8>> {
        let note = self.get("checkpoint", CHECKPOINT_BYTES_MAX).await?;
        note.context("the log has no checkpoint yet")
    }

    /// The policy that a collector suggests, where there is one.
    pub(super) async fn policy(&self) -> anyhow::Result<Option<String>> {
        let text = self.get("policy.txt", POLICY_BYTES_MAX).await?;
        Ok(text.map(String::from_utf8).transpose()?)
    }

    /// A tile or bundle. A log may have dropped a narrower version of one that is full by now:
    /// then the full one is given, from which the caller takes the beginning.
    pub(super) async fn tile(&self, tile: &Tile) -> anyhow::Result<(Tile, Vec<u8>)> {
        let bytes_max = match tile.kind() {
            TileKind::Entries => ENTRY_BUNDLE_BYTES_MAX,
            TileKind::Hashes { .. } => TILE_BYTES_MAX,
        };
        for tile in [*tile, tile.filled()] {
            if let Some(bytes) = self.get(&tile.to_string(), bytes_max).await? {
                return Ok((tile, bytes));
            }
        }
        bail!("the log does not serve {tile}, which its checkpoint covers")
    }

    async fn get(&self, path: &str, bytes_max: usize) -> anyhow::Result<Option<Vec<u8>>> {
        let url = format!("{}/{path}", self.prefix);
        let mut pauses = PAUSES.iter();
        loop {
            let failed = match self.try_get(&url, bytes_max).await {
                Ok(found) => return Ok(found),
                Err(failed) => failed,
            };
            match pauses.next() {
                Some(pause) if failed.passing => tokio::time::sleep(*pause).await,
                _ => return Err(failed.error.context(format!("failed to fetch {url}"))),
            }
        }
    }

    async fn try_get(&self, url: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, Failed> {
        let passing = |error: reqwest::Error| Failed {
            passing: true,
            error: error.into(),
        };
        let mut answer = self.client.get(url).send().await.map_err(passing)?;
        let status = answer.status();
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(refused(&answer));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(passing)? {
            if body.len() + chunk.len() > bytes_max {
                let error = anyhow::anyhow!("the answer is longer than {bytes_max} bytes");
                let passing = false;
                return Err(Failed { passing, error });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }
}

fn refused(answer: &Response) -> Failed {
    let status = answer.status();
    Failed {
        passing: status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS,
        error: anyhow::anyhow!("the log answered {status}"),
    }
}
