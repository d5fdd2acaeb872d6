//! The agent's own small page: health for machines, a summary for people, metrics for Prometheus.
//!
//! Loopback only and without authentication; it shows no key, and nothing of any request's body.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use domain::AgentId;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use telemetry::Metrics;
use telemetry::metrics::RENDER_CONTENT_TYPE;
use tokio::net::TcpListener;
use tracing::debug;

use crate::health::{Health, HealthState, PlanState, UplinkState};

#[cfg(test)]
mod tests;

/// How long a client may take to send its request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// What is shown.
#[derive(Clone, Debug)]
pub struct Pages {
    /// Whose page it is.
    pub agent: AgentId,
    /// The agent's picture of itself.
    pub health: Health,
    /// The process's metrics.
    pub metrics: Metrics,
}

/// Binds the address; port 0 picks a free one. Serving starts with [`serve`].
pub async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until dropped.
pub async fn serve(listener: TcpListener, pages: Pages) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: waiting is all that helps.
                debug!(error = %error, "failed to accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let pages = pages.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let response = pages.answer(request.method(), request.uri().path());
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(error = %error, "a connection ended early");
            }
        });
    }
}

impl Pages {
    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        const TEXT: &str = "text/plain; charset=utf-8";
        if !matches!(*method, Method::GET | Method::HEAD) {
            return response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".into());
        }
        let health = self.health.get();
        match path {
            "/" => response(StatusCode::OK, TEXT, summary(&self.agent, &health)),
            "/metrics" => response(StatusCode::OK, RENDER_CONTENT_TYPE, self.metrics.render()),
            "/healthz" => match &health.failed {
                None => response(StatusCode::OK, TEXT, "ok\n".into()),
                Some(reason) => {
                    response(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n"))
                }
            },
            "/readyz" => {
                let complaints = health.complaints();
                if complaints.is_empty() {
                    response(StatusCode::OK, TEXT, "ok\n".into())
                } else {
                    let text = complaints.join("\n") + "\n";
                    response(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
                }
            }
            _ => response(StatusCode::NOT_FOUND, TEXT, "no such page\n".into()),
        }
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let content_type = hyper::header::HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Plain text: it reads well in a terminal, and needs no escaping of what a collector said.
fn summary(agent: &AgentId, health: &HealthState) -> String {
    let mut text = format!("nines agent {agent}\n\n");
    let complaints = health.complaints();
    if complaints.is_empty() {
        text.push_str("all is well\n\n");
    }
    for complaint in complaints {
        line(&mut text, "! ", &complaint);
    }
    let (usage, limit) = (health.backlog_bytes, health.backlog_bytes_max);
    line(
        &mut text,
        "spool      ",
        &format!("{usage} of {limit} bytes wait for a receipt"),
    );
    let (next, acked, released) = (health.next_seq, health.acked_below, health.released_below);
    let batches =
        format!("{next} sealed, {acked} with receipt, {released} proven to be in the log");
    line(&mut text, "batches    ", &batches);
    let acked_at = health.acked_at.map_or_else(
        || "none since the start".to_owned(),
        |at| at.to_millis().to_string(),
    );
    line(&mut text, "last ack   ", &acked_at);
    if health.plan != PlanState::default() {
        line(&mut text, "plan       ", &health.plan.to_string());
    }
    line(
        &mut text,
        "log seen   ",
        &format!("{} entries", health.seen_size),
    );
    line(
        &mut text,
        "missed     ",
        &format!("{} slots since the start", health.slots_missed),
    );
    let uplink = match &health.uplink {
        UplinkState::Absent => "no collector".to_owned(),
        UplinkState::Well => "well".to_owned(),
        UplinkState::Retrying { reason } => format!("trying again: {reason}"),
        UplinkState::Stopped { reason } => format!("stopped: {reason}"),
    };
    line(&mut text, "uplink     ", &uplink);
    own_checks(&mut text, health);
    let overall = health.budget_overall.as_ref();
    if let Some(spent) = overall.filter(|spent| !spent.caps.is_none()) {
        line(&mut text, "budget     ", &spent.to_string());
    }
    text.push_str("\ntargets\n");
    for (target, state) in &health.targets {
        let state = format!("{}  {}  {}", state.slot, state.outcome, state.attribution);
        line(&mut text, &format!("  {target}  "), &state);
    }
    for (target, spent) in &health.budgets {
        if !spent.caps.is_none() {
            line(
                &mut text,
                &format!("  {target}  spent "),
                &spent.to_string(),
            );
        }
    }
    text
}

/// What the agent found out about its clock and its own network.
fn own_checks(text: &mut String, health: &HealthState) {
    let clock = health.clock.as_ref().map_or_else(
        || "not looked at yet".to_owned(),
        |clock| {
            let source = clock.source.as_str();
            match (clock.offset_us, clock.bound_us, clock.synced) {
                (Some(offset), Some(bound), _) => {
                    format!("off by {offset} us, at most {bound} us, by {source}")
                }
                (_, _, Some(true)) => format!("synchronised, by {source}"),
                (_, _, Some(false)) => format!("not synchronised, by {source}"),
                _ => "nobody tells whether it is right; see `[clock]`".to_owned(),
            }
        },
    );
    line(text, "clock      ", &clock);
    let controls = match (&health.controls, health.controls_configured) {
        (_, 0) => "none configured: our own outages cannot be told from others'".to_owned(),
        (None, n) => format!("{n} configured, none asked yet"),
        (Some(told), _) => {
            let failed = told.failed.iter().map(|name| format!(" {name}"));
            let failed: String = failed.collect();
            let silent = if failed.is_empty() { "" } else { "; silent:" };
            format!(
                "{} of {} answered at {}{silent}{failed}",
                told.ok,
                told.of,
                told.minute.start()
            )
        }
    };
    line(text, "controls   ", &controls);
    if let Some(lag_us) = health.lag_us_max {
        line(
            text,
            "lag        ",
            &format!("{lag_us} us at most since the start"),
        );
    }
}

fn line(text: &mut String, label: &str, value: &str) {
    writeln!(text, "{label}{value}").expect("a string takes every write");
}
