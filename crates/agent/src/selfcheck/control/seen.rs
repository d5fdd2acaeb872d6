//! How the checks hear of attempts: by standing around the function that makes them.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use probe::{Connection, HttpRequest, HttpUrl, Method, Request, STALL_AFTER_DEFAULT, Spec, Via};
use tokio::sync::mpsc;

use crate::recorder::is_burst_worthy;
use crate::runner::AttemptFn;

/// News that may wait. What does not fit is lost: the first of a minute is all that is needed.
const QUEUE_MAX: usize = 64;

/// What there is to hear of an attempt.
#[derive(Debug)]
pub(crate) enum Probed {
    /// One begins.
    Begun,
    /// One failed, and not by our own doing.
    Failed(Host),
}

/// Where an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    scheme: String,
    authority: String,
}

impl Host {
    /// The host that a request goes to; nothing of its path or query.
    fn of(request: &Request) -> Option<Self> {
        let url = match request {
            Request::Call(call) => call.base_url.to_string(),
            Request::Http(page) => page.url.to_string(),
        };
        let uri: Uri = url.parse().ok()?;
        Some(Self {
            scheme: uri.scheme_str()?.to_owned(),
            authority: uri.authority()?.as_str().to_owned(),
        })
    }

    /// The host, with its port where that is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        self.authority.clone()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// Its front door.
    pub(super) fn url(&self) -> Option<HttpUrl> {
        format!("{}://{}/", self.scheme, self.authority)
            .parse()
            .ok()
    }
}

/// A channel for news of attempts.
pub(crate) fn probed() -> (mpsc::Sender<Probed>, mpsc::Receiver<Probed>) {
    mpsc::channel(QUEUE_MAX)
}

/// The same function, telling of every attempt that it makes.
pub(crate) fn watched(attempt: Arc<AttemptFn>, news: mpsc::Sender<Probed>) -> Arc<AttemptFn> {
    Arc::new(move |spec: Spec| {
        let host = Host::of(&spec.request);
        tell(&news, Probed::Begun);
        let (running, news) = (attempt(spec), news.clone());
        Box::pin(async move {
            let attempt = running.await;
            if let (true, Some(host)) = (is_burst_worthy(&attempt), host) {
                tell(&news, Probed::Failed(host));
            }
            attempt
        })
    })
}

/// An attempt never waits for its checks.
fn tell(news: &mpsc::Sender<Probed>, probed: Probed) {
    if news.try_send(probed).is_err() {
        tracing::debug!("the agent's own checks are behind, or have ended");
    }
}

/// A request that asks for nothing but an answer, without any key. `None` without random bytes.
pub(super) fn head(url: HttpUrl, deadline: Duration) -> Option<Spec> {
    Some(Spec {
        request: Request::Http(HttpRequest {
            url,
            method: Method::Head,
            expect_status: "100-599".parse().ok()?,
            expect_headers: Vec::new(),
            expect_body_contains: None,
            expect_json: Vec::new(),
        }),
        key: None,
        deadline,
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: None,
        nonce: crate::runner::nonce().ok()?,
        path: Via::Direct,
        connection: Connection::Fresh,
    })
}
