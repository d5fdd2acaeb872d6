//! From the trail of a finished attempt to its observation.

use std::time::Duration;

use domain::detail::{Net, Signal, UsageDetail, hex};
use domain::{Detail, Outcome};
use http::Version;
use sha2::Digest as _;

use super::Fault;
use super::trail::{Body, Trail, micros};
use crate::ask::TextCheck;
use crate::attempt::{self, Attempt};
use crate::classify::{Answer, Facts, PageFit, ServedFit, Transport, classify};
use crate::error::{self, ErrorObject};
use crate::headers::{self, Upstream};
use crate::page;
use crate::reply::{Completeness, Reply, Text};
use crate::secrets::Secrets;
use crate::served::{self, Cache};
use crate::spec::{Call, HttpRequest, Request, Spec};
use crate::tier;
use crate::usage::Usage;
use crate::wire;

/// Longest fault text, characters.
const FAULT_CHARS_MAX: usize = 400;

/// Says what the attempt observed.
pub(super) fn report(
    mut trail: Trail,
    spec: &Spec,
    fault: Option<Fault>,
    lag: Duration,
) -> Attempt {
    let end_us = trail.end_us();
    let fault = fault.or_else(|| trail.too_late(spec.deadline));
    let body = std::mem::replace(&mut trail.body, Body::Absent);
    let (reply, fit) = match &spec.request {
        Request::Call(call) => (read_call(&trail, body, call, spec), PageFit::Fits),
        Request::Http(request) => (Reply::default(), read_page(&trail, &body, request)),
    };
    stamp_whole(&mut trail, spec, &reply);

    let answer = match &spec.request {
        Request::Call(call) => Answer::Call {
            reply: &reply,
            served: served_fit(call, &reply),
        },
        Request::Http(_) => Answer::Page(fit),
    };
    let headers = trail.head.as_ref().map(|head| &head.headers);
    let cache = match (&spec.request, headers) {
        (Request::Call(call), Some(headers)) => served::cache(headers, &call.ask),
        _ => Cache::Unseen,
    };
    let (outcome, attribution) = classify(&Facts {
        via: spec.path,
        transport: fault
            .as_ref()
            .map_or(Transport::Complete, |fault| fault.transport),
        status: trail.head.as_ref().map(|head| head.status.as_u16()),
        upstream: headers.map_or(Upstream::Absent, headers::upstream),
        limit_named: headers.is_some_and(headers::names_limit),
        error_name: headers.and_then(headers::error_name),
        cache,
        answer,
    });
    let why = match fault {
        Some(fault) => Some(fault.text),
        None => page::missed(fit)
            .or_else(|| attempt::reason(outcome, &reply))
            .map(str::to_owned),
    };
    let (asked_model, asked_tier, stream) = match &spec.request {
        Request::Call(call) => (Some(call.model.clone()), call.tier.clone(), call.stream),
        Request::Http(_) => (None, None, false),
    };
    let secrets = Secrets::of(spec);
    Attempt {
        outcome,
        attribution,
        status: trail.head.as_ref().map(|head| head.status.as_u16()),
        sent_us: trail.sent_us(),
        first_us: trail.first_us,
        last_us: trail.last_us,
        end_us,
        input_tokens: reply.usage.input_tokens,
        output_tokens: reply.usage.output_tokens,
        served_model: attempt::name(reply.model.as_ref(), &secrets),
        served_tier: attempt::name(reply.tier.as_ref(), &secrets),
        asked_model,
        asked_tier,
        stream,
        detail: Detail {
            fault: why.and_then(|why| {
                let short: String = why.chars().take(FAULT_CHARS_MAX).collect();
                headers::keep(short.as_bytes(), &secrets)
            }),
            slow: spec
                .slow_after
                .is_some_and(|slow| outcome != Outcome::ProbeFault && end_us > micros(slow)),
            lag_us: Some(micros(lag)),
            ..detail(trail, spec, &reply, &secrets)
        },
    }
}

/// Reads an answer as its status and media type ask for.
fn read_call(trail: &Trail, body: Body, call: &Call, spec: &Spec) -> Reply {
    let succeeded = trail
        .head
        .as_ref()
        .is_some_and(|head| head.status.is_success());
    match body {
        Body::Absent => Reply::default(),
        Body::Stream(stream) => stream.finish(trail.end).0,
        Body::Whole(bytes) if !succeeded => Reply {
            error: failed(trail, &bytes),
            ..Reply::default()
        },
        Body::Whole(bytes) => {
            let text = TextCheck::new(&call.ask, &spec.nonce);
            let mut reading = wire::read(call.wire, &bytes, text);
            if call.stream && reading.reply.error.is_none() {
                reading.malformed("a stream was asked for, another media type came");
            }
            reading.into_reply().0
        }
    }
}

/// The error of an answer with a status of failure; its headers may name its kind, with or without
/// a body that can be read.
fn failed(trail: &Trail, body: &[u8]) -> Option<ErrorObject> {
    let headers = trail.head.as_ref().map(|head| &head.headers);
    let named = headers.and_then(headers::error_name).map(str::to_owned);
    match (error::read(body), named) {
        (Some(error), named) => Some(ErrorObject {
            kind: error.kind.or(named),
            ..error
        }),
        (None, Some(named)) => Some(ErrorObject {
            kind: Some(named),
            ..ErrorObject::default()
        }),
        (None, None) => None,
    }
}

/// Whether who served is who was asked, as far as the answer tells.
fn served_fit(call: &Call, reply: &Reply) -> ServedFit {
    if !call.model_match.fits(&call.model, reply.model.as_deref()) {
        return ServedFit::OtherModel;
    }
    match (&call.tier, &reply.tier) {
        (Some(asked), Some(served)) if tier::is_lesser(asked, served) => ServedFit::LesserTier,
        _ => ServedFit::Fits,
    }
}

fn read_page(trail: &Trail, body: &Body, request: &HttpRequest) -> PageFit {
    let (Some(head), Body::Whole(bytes)) = (&trail.head, body) else {
        return PageFit::OtherStatus;
    };
    page::fit(request, head.status.as_u16(), &head.headers, bytes)
}

/// An answer that is not streamed shows its text when it is whole; a terminator without its last
/// line break counts when the body ends.
fn stamp_whole(trail: &mut Trail, spec: &Spec, reply: &Reply) {
    let Request::Call(call) = &spec.request else {
        return;
    };
    let is_terminated = reply.completeness == Completeness::Terminated;
    if call.stream && is_terminated && trail.phase.terminator_us.is_none() {
        trail.phase.terminator_us = trail.phase.end_us;
    }
    if !call.stream && reply.text != Text::Empty {
        trail.first_us = trail.phase.end_us;
        trail.last_us = trail.phase.end_us;
    }
}

fn detail(trail: Trail, spec: &Spec, reply: &Reply, secrets: &Secrets) -> Detail {
    let kept = |text: Option<&String>| headers::keep(text?.as_bytes(), secrets);
    let error = reply.error.as_ref();
    let mut detail = Detail {
        error_code: kept(error.and_then(|error| error.code.as_ref())),
        error_type: kept(error.and_then(|error| error.kind.as_ref())),
        finish: kept(reply.finish.as_ref()),
        gap: trail.pieces.gaps(),
        net: (trail.net != Net::default()).then_some(trail.net),
        phase: trail.phase,
        signal: (reply.signal != Signal::default()).then(|| reply.signal.clone()),
        usage: usage_detail(reply.usage),
        ..Detail::default()
    };
    if let Some(head) = trail.head {
        if let Request::Call(call) = &spec.request {
            detail.served = served::read(&head.headers, reply, call, secrets);
        }
        detail.hdr = headers::evidence(&head.headers, secrets);
        detail.http = match head.version {
            Version::HTTP_10 => Some("1.0".to_owned()),
            Version::HTTP_11 => Some("1.1".to_owned()),
            Version::HTTP_2 => Some("2".to_owned()),
            _ => None,
        };
        detail.req =
            headers::request_id(&head.headers, secrets).or_else(|| kept(reply.id.as_ref()));
        detail.resp_len = u64::try_from(trail.len).ok();
        detail.resp_sha256 = Some(hex(&trail.hash.finalize()));
    }
    detail
}

/// Token counts beside input and output, where there are any.
fn usage_detail(usage: Usage) -> Option<UsageDetail> {
    let detail = UsageDetail {
        cache_read: usage.cache_read_tokens,
        cache_write: usage.cache_write_tokens,
        reasoning: usage.reasoning_tokens,
    };
    (detail != UsageDetail::default()).then_some(detail)
}
