//! One request and its answer.
//!
//! A kept connection that turns out to be dead is not the provider's failure. The request goes out
//! once more, over a fresh connection and within the same attempt, where it cannot have had an
//! effect: it was never written, or its method has none (GET, HEAD) and not a byte of an answer
//! came. A POST that was written and met a close instead of an answer is not repeated (RFC 9110,
//! section 9.2.2): whether it was processed is unknown, and the attempt ends as a failure of this
//! machine. Time lost on a dead connection is in no figure, though the deadline includes it.

use domain::clock::{Clock as _, SystemClock};
use http::Response;
use hyper::body::Incoming;

use super::link::Link;
use super::request::Prepared;
use super::trail::Trail;
use super::{Engine, Fault, connect};
use crate::classify::Transport;
use crate::endpoint::Endpoint;
use crate::spec::{Connection, Spec};
use crate::wire::StreamEnd;

/// Connects or takes a kept connection, sends, and reads the answer into `trail`.
pub(super) async fn run(
    engine: &Engine,
    spec: &Spec,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<(), Fault> {
    let kept = match spec.connection {
        Connection::Fresh => None,
        Connection::Warm => over_kept(engine, spec, endpoint, trail).await?,
    };
    let (mut link, response) = match kept {
        Some(answered) => answered,
        None => over_fresh(engine, spec, endpoint, trail).await?,
    };
    let (head, body) = response.into_parts();
    trail.headers(head, spec);
    read(&mut link, body, spec, trail).await?;
    if spec.connection == Connection::Warm && trail.is_ended_cleanly() {
        engine.kept.put(endpoint, link).await;
    }
    Ok(())
}

type Answered = (Link, Response<Incoming>);

async fn over_fresh(
    engine: &Engine,
    spec: &Spec,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<Answered, Fault> {
    let request = Prepared::of(spec, endpoint, SystemClock.now())?;
    let socket = connect::open(engine, endpoint, spec.connection, trail).await?;
    let mut link = Link::new(socket, trail.net.clone())
        .await
        .map_err(|e| before_headers(&e))?;
    trail.connected(&link.stamps);
    match link.send(request.build(endpoint, link.version())).await {
        Ok(response) => Ok((link, response)),
        Err(e) => Err(before_headers(&e.into_error())),
    }
}

/// `None` where there is no kept connection, or a dead one.
async fn over_kept(
    engine: &Engine,
    spec: &Spec,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<Option<Answered>, Fault> {
    let request = Prepared::of(spec, endpoint, SystemClock.now())?;
    let Some(mut link) = engine.kept.take(endpoint).await else {
        *trail = Trail::start();
        return Ok(None);
    };
    trail.net = link.net.clone();
    trail.net.warm = true;
    trail.connected(&link.stamps);
    let request = request.build(endpoint, link.version());
    let is_safe = request.method().is_safe();
    let mut failed = match link.send(request).await {
        Ok(response) => return Ok(Some((link, response))),
        Err(failed) => failed,
    };
    let is_unsent = failed.take_message().is_some();
    let error = failed.into_error();
    if !is_unsent && !link.died(&error) {
        return Err(before_headers(&error));
    }
    if is_unsent || is_safe {
        *trail = Trail::start();
        return Ok(None);
    }
    let step = "kept connection closed under the request, which is not repeated";
    Err(Fault::from_error(Transport::LocalFailure, step, &error))
}

fn before_headers(error: &hyper::Error) -> Fault {
    Fault::from_error(broken(error), "no response headers", error)
}

fn broken(error: &hyper::Error) -> Transport {
    if error.is_parse() {
        Transport::Invalid
    } else {
        Transport::Cut
    }
}

/// Reads the body until it ends, until nothing more can change what it means, or until output
/// stops arriving. The deadline is the caller's.
async fn read(
    link: &mut Link,
    mut body: Incoming,
    spec: &Spec,
    trail: &mut Trail,
) -> Result<(), Fault> {
    loop {
        let next = link.frame(&mut body);
        let frame = match trail.patience(spec.stall_after) {
            Some(until) => match tokio::time::timeout_at(until, next).await {
                Ok(frame) => frame,
                Err(_) if trail.is_settled() => return Ok(()),
                Err(_) => return Err(Fault::new(Transport::Stalled, "output stopped arriving")),
            },
            None => next.await,
        };
        match frame {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    trail.take(&data)?;
                }
            }
            Some(Err(_)) if trail.is_settled() => return Ok(()),
            Some(Err(e)) => {
                trail.body_ended(StreamEnd::Early);
                return Err(Fault::from_error(broken(&e), "body", &e));
            }
            None => {
                trail.body_ended(StreamEnd::Clean);
                return Ok(());
            }
        }
    }
}
