//! Requests to the collector: one method for each endpoint, answers decoded, refusals kept as
//! values. It decides nothing: what follows from a refusal is the caller's business.

use std::time::Duration;

use domain::AgentId;
use probe::{EngineError, TlsRoots, Trust};
use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use wire::problem::{Problem, ProblemType};
use wire::protocol::{
    CheckpointAnswer, CosignatureRequest, EnrolAnswer, EnrolRequest, MissingAnswer, MissingRun,
    PLAN_PROOF_HEADER, PlanAnswer, Receipt, RotateAnswer, RotateRequest,
};

use crate::address::CollectorUrl;

#[cfg(test)]
pub(crate) mod scripted;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a whole request may take: a full batch over a slow line.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// Longest answer that is read, bytes: proofs and checkpoints are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest plan that is read, bytes: thousands of targets.
const PLAN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a preview may take: a collector that is slower has better things to do.
const PREVIEW_TIMEOUT: Duration = Duration::from_secs(5);
/// How much longer than it was asked to hold a question the collector may take to answer it.
const HOLD_GRACE: Duration = Duration::from_secs(20);
/// Longest wait that a collector can ask for, seconds.
const RETRY_AFTER_S_MAX: u64 = 3_600;

/// Content type of a batch.
pub const BATCH_CONTENT_TYPE: &str = "application/zstd";

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The authorities to believe could not be read.
    #[error(transparent)]
    Trust(#[from] EngineError),
    /// TLS could not be set up.
    #[error("failed to set up the HTTP client")]
    Build(#[source] reqwest::Error),
}

/// A request without the answer it was made for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No answer: unreachable, timed out, cut off.
    #[error("failed to reach the collector")]
    Unreachable(#[source] reqwest::Error),
    /// An error answer.
    #[error("the collector answered {status}: {detail}")]
    Problem {
        /// HTTP status.
        status: u16,
        /// The problem, where it is one of the registry.
        problem: Option<ProblemType>,
        /// What the collector says about it.
        detail: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// A good status with a body that is not the answer.
    #[error("failed to read the collector's answer")]
    Unreadable(#[source] serde_json::Error),
    /// A text that is none.
    #[error("the collector's answer is not text")]
    NotText,
    /// An answer longer than any real one.
    #[error("the collector's answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The longest that is read.
        bytes_max: usize,
    },
    /// An answer to something that was not asked.
    #[error("the collector's answer is about another batch")]
    Mismatch,
}

/// The question for the plan.
#[derive(Clone, Debug)]
pub struct PlanQuestion {
    /// Shows who asks: see [`PLAN_PROOF_HEADER`]. Without it no root of nonces is told.
    pub proof: Option<String>,
    /// The entity tag of the last answer, where there was one.
    pub tag: Option<String>,
    /// For how long the answer may be held back until something changes, seconds.
    pub wait_s: u64,
}

/// An answer to the question for the plan.
#[derive(Debug)]
pub enum Polled {
    /// Nothing changed.
    Unchanged,
    /// The newest plan and the open orders.
    Answer {
        /// What was sent; nothing of it is verified.
        answer: PlanAnswer,
        /// Its entity tag, for the next question.
        tag: Option<String>,
    },
}

/// Speaks to one collector. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: CollectorUrl,
}

impl Client {
    /// A client that believes `roots`: see [`Client::believing`].
    pub fn new(base: CollectorUrl, roots: &TlsRoots) -> Result<Self, ClientError> {
        Self::believing(base, &Trust::new(roots)?)
    }

    /// A client that believes what others believe too, and goes through the proxy that the
    /// environment names, unless the collector is on this machine.
    pub fn believing(base: CollectorUrl, trust: &Trust) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.client()?)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("nines-agent/", env!("CARGO_PKG_VERSION")));
        if base.is_loopback() {
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().map_err(ClientError::Build)?,
            base,
        })
    }

    /// `GET /policy.txt`: which log this is.
    pub async fn policy(&self) -> Result<String, Refusal> {
        let body = accepted(self.http.get(self.base.endpoint("policy.txt"))).await?;
        String::from_utf8(body).map_err(|_| Refusal::NotText)
    }

    /// `POST /api/v1/agents`.
    pub async fn enrol(&self, request: &EnrolRequest) -> Result<EnrolAnswer, Refusal> {
        ask(self
            .http
            .post(self.base.endpoint("api/v1/agents"))
            .json(request))
        .await
    }

    /// `POST /api/v1/agents/{agent}/keys`.
    pub async fn rotate(
        &self,
        agent: &AgentId,
        request: &RotateRequest,
    ) -> Result<RotateAnswer, Refusal> {
        // An agent id needs no escaping in a URL.
        let path = format!("api/v1/agents/{agent}/keys");
        ask(self.http.post(self.base.endpoint(&path)).json(request)).await
    }

    /// `POST /api/v1/batches`.
    pub async fn post_batch(&self, body: Vec<u8>) -> Result<Receipt, Refusal> {
        let request = self.http.post(self.base.endpoint("api/v1/batches"));
        ask(request
            .header(header::CONTENT_TYPE, BATCH_CONTENT_TYPE)
            .body(body))
        .await
    }

    /// `POST /api/v1/previews`, once and not for long.
    pub async fn post_preview(&self, body: Vec<u8>) -> Result<(), Refusal> {
        let request = self.http.post(self.base.endpoint("api/v1/previews"));
        let request = request.timeout(PREVIEW_TIMEOUT).body(body);
        let request = request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
        accepted(request).await.map(drop)
    }

    /// `GET /api/v1/log/checkpoint`: with the proof from `from` entries, and that of batch `seq`.
    pub async fn checkpoint(
        &self,
        agent: &AgentId,
        seq: u64,
        from: u64,
    ) -> Result<CheckpointAnswer, Refusal> {
        // An agent id needs no escaping in a URL.
        let path = format!("api/v1/log/checkpoint?agent={agent}&seq={seq}&from={from}");
        ask(self.http.get(self.base.endpoint(&path))).await
    }

    /// `GET /api/v1/agents/{agent}/missing`: the first run of batches in `[from, below)` that the
    /// collector does not have.
    pub async fn missing(
        &self,
        agent: &AgentId,
        from: u64,
        below: u64,
    ) -> Result<Option<MissingRun>, Refusal> {
        let path = format!("api/v1/agents/{agent}/missing?from={from}&below={below}");
        let answer: MissingAnswer = ask(self.http.get(self.base.endpoint(&path))).await?;
        Ok(answer.missing)
    }

    /// `GET /api/v1/agents/{agent}/plan`: the newest plan, at once where it is another than the
    /// one of `tag`, else when it changes or after `wait_s` seconds.
    pub async fn plan(&self, agent: &AgentId, question: &PlanQuestion) -> Result<Polled, Refusal> {
        let (path, wait_s) = (format!("api/v1/agents/{agent}/plan"), question.wait_s);
        let mut request = self
            .http
            .get(self.base.endpoint(&path))
            .header("prefer", format!("wait={wait_s}"))
            .timeout(Duration::from_secs(wait_s) + HOLD_GRACE);
        if let Some(tag) = &question.tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        if let Some(proof) = &question.proof {
            request = request.header(PLAN_PROOF_HEADER, proof);
        }
        let received = receive(request, PLAN_BYTES_MAX).await?;
        if received.status == StatusCode::NOT_MODIFIED {
            return Ok(Polled::Unchanged);
        }
        let tag = received.headers.get(header::ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let answer = serde_json::from_slice(&received.accepted()?).map_err(Refusal::Unreadable)?;
        Ok(Polled::Answer { answer, tag })
    }

    /// `POST /api/v1/log/cosignatures`.
    pub async fn post_cosignature(&self, request: &CosignatureRequest) -> Result<(), Refusal> {
        let request = self
            .http
            .post(self.base.endpoint("api/v1/log/cosignatures"))
            .json(request);
        accepted(request).await.map(drop)
    }
}

async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let body = accepted(request).await?;
    serde_json::from_slice(&body).map_err(Refusal::Unreadable)
}

/// The body of a good answer.
async fn accepted(request: RequestBuilder) -> Result<Vec<u8>, Refusal> {
    receive(request, ANSWER_BYTES_MAX).await?.accepted()
}

/// An answer, good or not.
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn receive(request: RequestBuilder, bytes_max: usize) -> Result<Received, Refusal> {
    let response = request.send().await.map_err(Refusal::Unreachable)?;
    Ok(Received {
        status: response.status(),
        headers: response.headers().clone(),
        body: read(response, bytes_max).await?,
    })
}

impl Received {
    fn accepted(self) -> Result<Vec<u8>, Refusal> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let problem: Option<Problem> = serde_json::from_slice(&self.body).ok();
        Err(Refusal::Problem {
            status: self.status.as_u16(),
            problem: problem.as_ref().and_then(Problem::problem_type),
            retry_after: retry_after(&self.headers),
            detail: problem.map_or_else(
                || "no problem body".to_owned(),
                |problem| problem.detail.unwrap_or(problem.title),
            ),
        })
    }
}

async fn read(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Refusal::Unreachable)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Refusal::TooLong { bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `Retry-After` in seconds; a date would need the collector's clock, and ours never sends one.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(RETRY_AFTER_S_MAX)))
}
