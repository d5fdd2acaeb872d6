//! From request and fault to everything that will be sent, and when. Pure.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;

use crate::answer::Answer;
use crate::config::Pacing;
use crate::error_body::ProviderError;
use crate::fault::Fault;
use crate::grammar::{self, Events, Stamp};
use crate::headers::Envelope;
use crate::request::{ChatRequest, count};

/// Pause between the last bytes and a reset, so that the peer's kernel has those bytes: a reset
/// discards what is still in flight.
const RESET_DELAY: Duration = Duration::from_millis(20);

const HTML_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head><title>502 Bad Gateway</title></head>\n\
    <body>\n<h1>Bad Gateway</h1>\n<p>The origin did not give a valid response.</p>\n</body>\n\
    </html>\n";

/// One thing a body does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Send nothing more and keep the connection.
    Hang,
    Reset,
}

/// What happens beneath HTTP before the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    TrickleHead(Duration),
    /// Close without a byte.
    Close,
}

/// A decided response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Before anything is sent.
    pub(crate) wait: Duration,
    pub(crate) manner: Manner,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) steps: Vec<Step>,
    /// Whether the body's length is left open even if it could be told.
    pub(crate) streams: bool,
}

/// One exchange, as far as the reply depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) envelope: Envelope,
    pub(crate) stamp: Stamp,
    pub(crate) pacing: Pacing,
    pub(crate) fault: Option<&'a Fault>,
}

/// What follows an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Resume,
    End,
}

impl Reply {
    fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let (wait, manner) = (Duration::ZERO, Manner::Plain);
        Self {
            wait,
            manner,
            status,
            headers,
            steps: vec![Step::Send(body)],
            streams: false,
        }
    }

    /// The status the client will see, if it sees one.
    pub(crate) fn status_seen(&self) -> Option<u16> {
        match self.manner {
            Manner::Close => None,
            Manner::Plain | Manner::TrickleHead(_) => Some(self.status.as_u16()),
        }
    }

    fn typed(mut self, content_type: &'static str) -> Self {
        self.headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self
    }
}

impl Exchange<'_> {
    /// An error of our own making, such as a wrong key.
    pub(crate) fn error(&self, error: &ProviderError) -> Reply {
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = self.envelope.for_error(error, Duration::ZERO);
        Reply::whole(status, headers, error.body()).typed("application/json")
    }

    /// A list or page that no model makes.
    pub(crate) fn document(&self, content_type: &'static str, body: Bytes) -> Reply {
        if let Some(replaced) = self.replaced("") {
            return replaced;
        }
        let body = match self.fault {
            Some(Fault::Empty {}) => Bytes::new(),
            _ => body,
        };
        let wait = self.wait();
        let headers = self.envelope.for_document(wait);
        let reply = Reply::whole(StatusCode::OK, headers, body).typed(content_type);
        self.carried(self.damaged(reply), wait)
    }

    /// The answer to a valid chat request.
    pub(crate) fn chat(&self, request: &ChatRequest) -> Reply {
        if let Some(replaced) = self.replaced(&request.model) {
            return replaced;
        }
        let answer = Answer::new(request, self.fault);
        if request.streams() {
            self.streamed(request, &answer)
        } else {
            self.at_once(request, &answer)
        }
    }

    fn streamed(&self, request: &ChatRequest, answer: &Answer) -> Reply {
        let wait = self.wait();
        let mut headers = self.envelope.for_answer(&request.model, answer, wait);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let steps = self.paced(self.stamp.events(answer, request));
        let (manner, status) = (Manner::Plain, StatusCode::OK);
        let reply = Reply {
            wait,
            manner,
            status,
            headers,
            steps,
            streams: true,
        };
        self.carried(reply.typed("text/event-stream; charset=utf-8"), wait)
    }

    /// Without a stream the whole answer is made before the head, at the same speed.
    fn at_once(&self, request: &ChatRequest, answer: &Answer) -> Reply {
        let gaps = count(answer.said.pieces()).saturating_sub(1);
        let gaps = u32::try_from(gaps).unwrap_or(u32::MAX);
        let wait = self.wait() + self.ttft() + self.gap() * gaps;
        let mut headers = self.envelope.for_answer(&request.model, answer, wait);
        self.envelope.add_cost(&mut headers, answer);
        let body = match self.fault {
            Some(Fault::ErrorInStream { .. }) => self.upstream_error().body(),
            _ => self.stamp.document(answer),
        };
        let reply = Reply::whole(StatusCode::OK, headers, body).typed("application/json");
        self.carried(self.damaged(reply), wait)
    }

    /// Faults that take the place of any answer.
    fn replaced(&self, model: &str) -> Option<Reply> {
        match self.fault? {
            Fault::Status { status, code, body } => {
                let error = ProviderError::scripted(*status, *code, model);
                match body {
                    None => Some(self.error(&error.seen_through(self.envelope.persona))),
                    Some(body) => Some(self.worded(&error, body)),
                }
            }
            Fault::Html {} => {
                let headers = self.envelope.for_document(Duration::ZERO);
                let page = Bytes::from_static(HTML_PAGE.as_bytes());
                Some(Reply::whole(StatusCode::BAD_GATEWAY, headers, page).typed("text/html"))
            }
            _ => None,
        }
    }

    /// An error with a body given word for word: its type is read off it.
    fn worded(&self, error: &ProviderError, body: &str) -> Reply {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        let content_type = if json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        let reply = self.error(error).typed(content_type);
        Reply {
            steps: vec![Step::Send(Bytes::from(body.to_owned()))],
            ..reply
        }
    }

    /// Faults of transport and timing, applied to a finished reply.
    fn carried(&self, reply: Reply, wait: Duration) -> Reply {
        let manner = match self.fault {
            Some(Fault::SlowHeaders { ms }) => Manner::TrickleHead(ms.duration()),
            Some(Fault::Refuse {}) => Manner::Close,
            _ => Manner::Plain,
        };
        Reply {
            wait,
            manner,
            ..reply
        }
    }

    /// Faults of a body that does not stream: they strike after its first half.
    fn damaged(&self, reply: Reply) -> Reply {
        let [Step::Send(body)] = reply.steps.as_slice() else {
            return reply;
        };
        let half = Step::Send(body.slice(..body.len() / 2));
        let (steps, streams) = match self.fault {
            Some(Fault::Stall { .. }) => (vec![half, Step::Hang], true),
            Some(Fault::CutReset { .. }) => {
                (vec![half, Step::Wait(RESET_DELAY), Step::Reset], true)
            }
            Some(Fault::CutClean { .. }) => (vec![half], true),
            Some(Fault::Malformed { .. }) => {
                let unclosed = body.slice(..body.len().saturating_sub(1));
                (vec![Step::Send(unclosed)], false)
            }
            _ => return reply,
        };
        Reply {
            steps,
            streams,
            ..reply
        }
    }

    /// A stream's events with their pauses, broken where the fault says.
    fn paced(&self, events: Events) -> Vec<Step> {
        let (after, broken, then) = self.interruption(events.content.len());
        let mut steps: Vec<Step> = events.opening.into_iter().map(Step::Send).collect();
        let mut content = events.content.into_iter();
        let mut pause = self.ttft();
        for event in content.by_ref().take(after) {
            steps.extend([Step::Wait(pause), Step::Send(event)]);
            pause = self.gap();
        }
        steps.extend(broken);
        if then == Then::Resume {
            for event in content {
                steps.extend([Step::Wait(pause), Step::Send(event)]);
                pause = self.gap();
            }
            steps.extend(events.closing.into_iter().map(Step::Send));
        }
        steps.retain(|step| *step != Step::Wait(Duration::ZERO));
        steps
    }

    /// How many content events precede the fault, what it does, and whether the stream goes on.
    fn interruption(&self, content: usize) -> (usize, Vec<Step>, Then) {
        match self.fault {
            Some(Fault::Stall { after_chunks }) => (*after_chunks, vec![Step::Hang], Then::End),
            Some(Fault::CutReset { after_chunks }) => (
                *after_chunks,
                vec![Step::Wait(RESET_DELAY), Step::Reset],
                Then::End,
            ),
            Some(Fault::CutClean { after_chunks }) => (*after_chunks, Vec::new(), Then::End),
            Some(Fault::Malformed { after_chunks }) => {
                let event = grammar::broken_event(&self.stamp.completion_id);
                (*after_chunks, vec![Step::Send(event)], Then::Resume)
            }
            Some(Fault::ErrorInStream { after_chunks }) => {
                let body = self.upstream_error().body();
                let event = grammar::event(&String::from_utf8_lossy(&body));
                (*after_chunks, vec![Step::Send(event)], Then::End)
            }
            _ => (content, Vec::new(), Then::Resume),
        }
    }

    fn upstream_error(&self) -> ProviderError {
        ProviderError::mid_stream().seen_through(self.envelope.persona)
    }

    fn wait(&self) -> Duration {
        match self.fault {
            Some(Fault::Latency { ms }) => ms.duration(),
            _ => Duration::ZERO,
        }
    }

    fn ttft(&self) -> Duration {
        match self.fault {
            Some(Fault::Ttft { ms, .. }) => ms.duration(),
            _ => self.pacing.ttft_ms.duration(),
        }
    }

    /// Time between content events.
    fn gap(&self) -> Duration {
        let rate = match self.fault {
            Some(Fault::Ttft {
                tokens_per_second: Some(rate),
                ..
            }) => *rate,
            _ => self.pacing.tokens_per_second,
        };
        Duration::from_secs(1) / rate.get()
    }
}

/// The list of models, as `GET /v1/models` gives it.
pub(crate) fn model_list(models: &[String], owner: &str, created_unix_s: u64) -> Bytes {
    let data: Vec<_> = models
        .iter()
        .map(|id| {
            serde_json::json!({
                "id": id, "object": "model", "created": created_unix_s, "owned_by": owner,
            })
        })
        .collect();
    Bytes::from(serde_json::json!({ "object": "list", "data": data }).to_string())
}
