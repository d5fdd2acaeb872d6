//! The shell around the pure modules: sockets, TLS, HTTP and the clock.
//!
//! An attempt makes a fresh connection and a full handshake, so that its phases mean the same each
//! time, or goes over a kept one and says so: see [`crate::Connection`]. Instants are those of the
//! socket: when bytes were read from it or written to it, not when someone got round to them.
//! Deliberately absent: proxies, redirects, retries of requests, and session resumption.

mod connect;
mod exchange;
mod kept;
mod lag;
mod leaf;
mod link;
mod pieces;
mod report;
mod request;
mod resolve;
mod said;
mod sign;
mod socket;
mod tap;
mod trail;
mod trust;

use std::sync::Arc;

use domain::clock::{Clock as _, SystemClock};
use domain::{Outcome, detail};
use rustls::ClientConfig;
use rustls::client::Resumption;
use tracing::{Instrument, Span, field};

use crate::attempt::Attempt;
use crate::classify::Transport;
use crate::cost::cost;
use crate::endpoint::Endpoint;
use crate::price::{Cost, PriceTable};
use crate::scrub::Held;
use crate::secrets::Secrets;
use crate::spec::{Request, Spec};
use crate::wire::Wire;
use kept::Kept;
pub use resolve::{Pinned, PinnedError};
use trail::Trail;
pub use trust::{EngineError, TlsRoots, Trust};

/// Makes attempts, all on one runtime. Cheap to clone; clones share the connections that are kept.
#[derive(Clone, Debug)]
pub struct Engine {
    tls: Arc<ClientConfig>,
    pinned: Arc<[Pinned]>,
    kept: Arc<Kept>,
    prices: Option<Arc<PriceTable>>,
    held: Arc<Held>,
}

/// Why an exchange ended early: the class of the failure, and its text for the detail line.
#[derive(Debug)]
struct Fault {
    transport: Transport,
    text: String,
}

impl Fault {
    fn new(transport: Transport, text: impl Into<String>) -> Self {
        Self {
            transport,
            text: text.into(),
        }
    }

    /// The text is the error's whole chain.
    fn from_error(transport: Transport, step: &str, error: &dyn std::error::Error) -> Self {
        let mut text = format!("{step}: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self { transport, text }
    }
}

impl Engine {
    /// An engine that believes `roots`.
    pub fn new(roots: &TlsRoots) -> Result<Self, EngineError> {
        Self::believing(&Trust::new(roots)?)
    }

    /// An engine that believes what others believe too.
    pub fn believing(trust: &Trust) -> Result<Self, EngineError> {
        let mut tls = trust.client()?;
        tls.resumption = Resumption::disabled();
        Ok(Self {
            tls: Arc::new(tls),
            pinned: Arc::default(),
            kept: Arc::default(),
            prices: None,
            held: Arc::default(),
        })
    }

    /// The engine, with these addresses in place of name resolution.
    #[must_use]
    pub fn with_pinned(self, pinned: Vec<Pinned>) -> Self {
        Self {
            pinned: pinned.into(),
            ..self
        }
    }

    /// The engine, which knows what attempts cost.
    #[must_use]
    pub fn with_prices(self, prices: Arc<PriceTable>) -> Self {
        Self {
            prices: Some(prices),
            ..self
        }
    }

    /// The engine, which takes these out of what failed answers say, beside each attempt's own.
    #[must_use]
    pub fn with_held(self, secrets: &Secrets) -> Self {
        Self {
            held: Arc::new(Held::new(secrets)),
            ..self
        }
    }

    /// Makes one attempt. Never fails: whatever goes wrong is the observation. Dropping the
    /// future closes the connection.
    pub async fn attempt(&self, spec: &Spec) -> Attempt {
        let endpoint = spec.endpoint();
        let span = span(spec, &endpoint);
        let mut attempt = self.observe(spec, &endpoint).instrument(span.clone()).await;
        attempt.detail.cost = self.cost(&attempt, spec);
        if attempt.outcome != Outcome::Ok {
            span.record("error.type", attempt.outcome.as_str());
        }
        if let Some(status) = attempt.status {
            span.record("http.response.status_code", status);
        }
        attempt
    }

    /// `None` where usage or price is not known: unknown is not nothing.
    fn cost(&self, attempt: &Attempt, spec: &Spec) -> Option<detail::Cost> {
        let (Some(table), Request::Call(call)) = (&self.prices, &spec.request) else {
            return None;
        };
        let cost = cost(attempt, call, table, SystemClock.now().to_millis());
        cost.bound().map(|amount| detail::Cost {
            at_most: matches!(cost, Cost::AtMost(_)),
            table: table.version.clone(),
            usd_nano: amount.get(),
        })
    }

    async fn observe(&self, spec: &Spec, endpoint: &Endpoint) -> Attempt {
        let mut trail = Trail::start();
        let exchange = exchange::run(self, spec, endpoint, &mut trail);
        let exchange = tokio::time::timeout(spec.deadline, exchange);
        let (ended, lag) = lag::watched(exchange).await;
        let fault = match ended {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(fault),
            Err(_) => trail.deadline_passed(),
        };
        let said = said::said(&trail);
        let mut attempt = report::report(trail, spec, fault, lag);
        if let Some(said) = said {
            said::keep(&mut attempt, &said, spec, &self.held);
        }
        attempt
    }
}

/// The span of an attempt, with the field names that OpenTelemetry gives calls of models.
fn span(spec: &Spec, endpoint: &Endpoint) -> Span {
    let span = tracing::info_span!(
        "probe.attempt",
        otel.kind = "client",
        otel.name = field::Empty,
        gen_ai.operation.name = field::Empty,
        gen_ai.request.model = field::Empty,
        server.address = endpoint.host,
        server.port = endpoint.port,
        http.response.status_code = field::Empty,
        error.type = field::Empty,
    );
    if let Request::Call(call) = &spec.request {
        let operation = match call.wire {
            Wire::Chat | Wire::Responses | Wire::Messages | Wire::Converse => "chat",
            Wire::Gemini => "generate_content",
            Wire::Embeddings => "embeddings",
            Wire::Models => "models",
        };
        span.record("otel.name", format!("{operation} {}", call.model));
        span.record("gen_ai.operation.name", operation);
        span.record("gen_ai.request.model", &call.model);
    }
    span
}

#[cfg(test)]
mod tests;
