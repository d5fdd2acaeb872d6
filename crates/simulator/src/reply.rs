//! From a request and its plan to everything that will be sent, and when. Pure.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;

use crate::answer::Answer;
use crate::config::Persona;
use crate::failure::{Failure, Worded};
use crate::gateway::{self, Kind};
use crate::headers::Envelope;
use crate::plan::{Outcome, Plan, Said};
use crate::playback::{Reply, Step};
use crate::request::{Delivery, Request, count};
use crate::staging;
use crate::wire::{Endpoint, Stamp, Wire};

/// The type of everything but streams and pages.
pub(crate) const JSON: &str = "application/json";

/// One exchange, as far as the reply depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) envelope: Envelope,
    pub(crate) stamp: Stamp,
    pub(crate) plan: &'a Plan,
}

impl Exchange<'_> {
    /// A failure of the wire's own finding, such as a wrong key.
    pub(crate) fn refusal(&self, failure: &Failure) -> Reply {
        self.worded(&self.seen_through(self.endpoint.word(failure, &self.stamp)))
    }

    /// Portkey puts its own name before the messages of others; other gateways speak by wire or
    /// persona.
    fn seen_through(&self, worded: Worded) -> Worded {
        match (self.plan.gateway, self.endpoint.wire) {
            (Some(Kind::Portkey), Wire::OpenAi | Wire::Responses) => Worded {
                body: gateway::reword(&worded.body),
                ..worded
            },
            _ => worded,
        }
    }

    fn worded(&self, error: &Worded) -> Reply {
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = self.envelope.for_error(error, Duration::ZERO);
        Reply::whole(status, headers, Bytes::from(error.body.clone())).typed(JSON)
    }

    /// A list or page that no model makes.
    pub(crate) fn document(&self, content_type: &'static str, body: Bytes) -> Reply {
        if let Some(replaced) = self.replaced("") {
            return replaced;
        }
        let said = self.plan.shape().map(|shape| shape.said);
        let body = if said == Some(Said::Nothing) {
            Bytes::new()
        } else {
            body
        };
        let headers = self.envelope.for_document(self.plan.wait);
        let reply = Reply::whole(StatusCode::OK, headers, body).typed(content_type);
        staging::finish(self.plan, reply, Duration::ZERO)
    }

    /// The answer to a valid request.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        if let Some(replaced) = self.replaced(&request.model) {
            return replaced;
        }
        let answer = Answer::new(request, self.plan);
        match request.delivery {
            Delivery::Whole => self.at_once(request, &answer),
            Delivery::Events | Delivery::List => self.streamed(request, &answer),
        }
    }

    fn streamed(&self, request: &Request, answer: &Answer) -> Reply {
        let asked = request.model.as_str();
        let headers = self.envelope.for_stream(asked, answer, self.plan.wait);
        let stamp = self.stamped(request, answer);
        let parts = self.endpoint.wire.format().events(&stamp, answer, request);
        let content_type = parts.content_type;
        let reply = Reply {
            steps: staging::stream(self.plan, parts),
            streams: true,
            ..Reply::whole(StatusCode::OK, headers, Bytes::new())
        };
        staging::finish(self.plan, reply.typed(content_type), Duration::ZERO)
    }

    /// Without a stream the whole answer is made before the head, at the same speed.
    fn at_once(&self, request: &Request, answer: &Answer) -> Reply {
        let made_in = self.making(answer);
        let wait = self.plan.wait.saturating_add(made_in);
        let mut headers = self.envelope.for_answer(&request.model, answer, wait);
        self.envelope.add_cost(&mut headers, answer);
        let stamp = self.stamped(request, answer);
        let body = match staging::error_wanted(self.plan) {
            Some(_) => Bytes::from(self.endpoint.pass_on(&stamp.failure, &stamp).body),
            None => self.endpoint.wire.format().whole(&stamp, answer),
        };
        let reply = Reply::whole(StatusCode::OK, headers, body).typed(JSON);
        staging::finish(self.plan, reply, made_in)
    }

    /// Time from the head to the last token.
    fn making(&self, answer: &Answer) -> Duration {
        self.plan.pace.until_complete(answer.said.pieces().len())
    }

    /// The stamp, with what it says of this answer's making and of the error in it.
    fn stamped(&self, request: &Request, answer: &Answer) -> Stamp {
        let after = self.plan.damage.map_or(0, |damage| damage.after_chunks);
        let pieces = count(answer.said.pieces());
        let latency = self.plan.wait.saturating_add(self.making(answer));
        let class = staging::error_wanted(self.plan);
        Stamp {
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            failure: class.map_or_else(
                || self.stamp.failure.clone(),
                |class| Failure::from(class).of_model(&request.model),
            ),
            failure_after: u64::try_from(after).unwrap_or(u64::MAX).min(pieces),
            ..self.stamp.clone()
        }
    }

    /// What takes the place of any answer.
    fn replaced(&self, model: &str) -> Option<Reply> {
        let reply = if let Outcome::Failure(failure) = &self.plan.outcome {
            self.failed(&failure.of_model(model))
        } else {
            let mut reply = staging::wireless(self.plan)?;
            reply
                .headers
                .extend(self.envelope.for_document(self.plan.wait));
            reply
        };
        Some(staging::finish(self.plan, reply, Duration::ZERO))
    }

    fn failed(&self, failure: &Failure) -> Reply {
        let error = self.endpoint.pass_on(failure, &self.stamp);
        match &failure.body {
            None => self.worded(&self.seen_through(error)),
            Some(body) => self.verbatim(&error, body),
        }
    }

    /// An error with a body given word for word: its type is read off it.
    fn verbatim(&self, error: &Worded, body: &str) -> Reply {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        let content_type = if json {
            JSON
        } else {
            "text/plain; charset=utf-8"
        };
        let reply = self.worded(error).typed(content_type);
        Reply {
            steps: vec![Step::Send(Bytes::from(body.to_owned()))],
            ..reply
        }
    }

    /// Azure gives every response the caller's own id back.
    pub(crate) fn echo(&self, reply: &mut Reply, client_request_id: Option<&HeaderValue>) {
        let direct = self.envelope.persona == Persona::Direct;
        if let (Wire::Azure, true, Some(id)) = (self.endpoint.wire, direct, client_request_id) {
            reply.headers.insert("x-ms-client-request-id", id.clone());
        }
    }
}
