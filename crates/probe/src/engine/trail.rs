//! What an attempt has left behind so far: written while it runs, complete whenever it stops.

use std::time::Duration;

use domain::detail::{Net, Phases};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode, Version, response};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::Fault;
use super::pieces::Pieces;
use super::tap::{Read, Stamps};
use crate::ask::TextCheck;
use crate::classify::{Reached, Transport};
use crate::reply::Progress;
use crate::spec::{Request, Spec};
use crate::wire::{Stream, StreamEnd};

/// Most bytes of a response body.
pub(crate) const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest wait for the end of a body whose meaning is settled: for errors that servers send
/// behind the terminator, and for a clean end.
const TAIL_MAX: Duration = Duration::from_millis(500);

/// Microseconds of a duration; half a million years fit.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whether the headers promise a stream of this media type, or promise nothing.
fn is_stream(headers: &HeaderMap, media_type: &str) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let named = value.as_bytes().to_ascii_lowercase();
        named.starts_with(media_type.as_bytes())
    })
}

/// The answer's body, as far as it came.
pub(super) enum Body {
    Absent,
    Stream(Box<Stream>),
    Whole(Vec<u8>),
}

/// See the module.
pub(super) struct Trail {
    pub(super) start: Instant,
    pub(super) phase: Phases,
    pub(super) net: Net,
    /// When bytes passed on the connection in use.
    pub(super) stamps: Stamps,
    connected: bool,
    pub(super) first_us: Option<u64>,
    pub(super) last_us: Option<u64>,
    /// Pieces of visible text.
    pub(super) pieces: Pieces,
    pub(super) head: Option<Head>,
    pub(super) body: Body,
    pub(super) hash: Sha256,
    pub(super) len: usize,
    /// How the body ended.
    pub(super) end: StreamEnd,
    /// Last output, once there was some: what the stall timer runs from.
    output_at: Option<Instant>,
    /// When the meaning of the body was settled.
    settled_at: Option<Instant>,
}

/// Head of the answer.
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
}

impl Trail {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            phase: Phases::default(),
            net: Net::default(),
            stamps: Stamps::default(),
            connected: false,
            first_us: None,
            last_us: None,
            pieces: Pieces::default(),
            head: None,
            body: Body::Absent,
            hash: Sha256::new(),
            len: 0,
            end: StreamEnd::Early,
            output_at: None,
            settled_at: None,
        }
    }

    pub(super) fn now_us(&self) -> u64 {
        micros(self.start.elapsed())
    }

    /// A connection stands, and is about to carry the request.
    pub(super) fn connected(&mut self, stamps: &Stamps) {
        stamps.request_begins();
        self.stamps = stamps.clone();
        self.connected = true;
    }

    /// The read that brought what is being looked at.
    fn read(&self) -> Read {
        self.stamps.last_read().unwrap_or_else(|| Read {
            at: Instant::now(),
            delivery: 0,
        })
    }

    fn us(&self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.start))
    }

    /// The head of the answer arrived; it decides how the body is read.
    pub(super) fn headers(&mut self, head: response::Parts, spec: &Spec) {
        self.phase.headers_us = Some(self.us(self.read().at));
        self.body = match &spec.request {
            Request::Call(call)
                if call.stream
                    && head.status.is_success()
                    && is_stream(&head.headers, call.wire.stream_media_type()) =>
            {
                let text = TextCheck::new(&call.ask, &spec.nonce);
                Body::Stream(Box::new(Stream::new(call.wire, text)))
            }
            _ => Body::Whole(Vec::new()),
        };
        self.head = Some(Head {
            status: head.status,
            version: head.version,
            headers: head.headers,
        });
    }

    /// A piece of the body arrived.
    pub(super) fn take(&mut self, data: &[u8]) -> Result<(), Fault> {
        if data.is_empty() {
            return Ok(());
        }
        let read = self.read();
        self.phase.first_byte_us.get_or_insert(self.us(read.at));
        self.hash.update(data);
        self.len += data.len();
        if self.len > BODY_BYTES_MAX {
            return Err(Fault::new(Transport::Invalid, "body: longer than 4 MiB"));
        }
        let stream = match &mut self.body {
            Body::Stream(stream) => stream,
            Body::Whole(body) => {
                body.extend_from_slice(data);
                return Ok(());
            }
            Body::Absent => return Ok(()),
        };
        let mut seen = Vec::new();
        let fed = stream.feed(data, |progress| seen.push(progress));
        for progress in seen {
            self.stamp(progress, read);
        }
        fed.map_err(|e| Fault::from_error(Transport::Invalid, "stream", &e))
    }

    /// One event brought this.
    fn stamp(&mut self, progress: Progress, read: Read) {
        let now_us = self.us(read.at);
        self.phase.first_event_us.get_or_insert(now_us);
        match progress {
            Progress::Nothing => return,
            Progress::Text => {
                self.first_us.get_or_insert(now_us);
                self.last_us = Some(now_us);
                self.pieces.read(read);
            }
            Progress::Reasoning => {
                self.phase.first_reasoning_us.get_or_insert(now_us);
            }
            Progress::Terminator => {
                self.phase.terminator_us.get_or_insert(now_us);
            }
            Progress::Closing | Progress::Broken => {}
        }
        if matches!(progress, Progress::Terminator | Progress::Broken) {
            self.settled_at.get_or_insert(read.at);
        }
        if self.output_at.is_some() || matches!(progress, Progress::Text | Progress::Reasoning) {
            self.output_at = Some(read.at);
        }
    }

    /// The body ended, whole or not.
    pub(super) fn body_ended(&mut self, end: StreamEnd) {
        self.phase.end_us = Some(self.us(self.read().at));
        self.end = end;
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled_at.is_some()
    }

    /// Until when the next piece of the body is waited for, apart from the deadline.
    pub(super) fn patience(&self, stall_after: Duration) -> Option<Instant> {
        match (self.settled_at, self.output_at) {
            (Some(settled), _) => Some(settled + TAIL_MAX),
            (None, Some(output)) => output.checked_add(stall_after),
            (None, None) => None,
        }
    }

    /// The deadline passed; a settled answer had come before it.
    pub(super) fn deadline_passed(&self) -> Option<Fault> {
        let reached = self.reached();
        let text = match reached {
            Reached::Nothing => "deadline passed during name resolution",
            Reached::Resolved => "deadline passed while connecting",
            Reached::Connected => "deadline passed before response headers",
            Reached::Headers => "deadline passed before visible text",
            Reached::Output => "deadline passed while streaming",
        };
        (!self.is_settled()).then(|| Fault::new(Transport::DeadlinePassed(reached), text))
    }

    fn reached(&self) -> Reached {
        if self.first_us.is_some() {
            Reached::Output
        } else if self.head.is_some() {
            Reached::Headers
        } else if self.connected {
            Reached::Connected
        } else if self.phase.dns_us.is_some() {
            Reached::Resolved
        } else {
            Reached::Nothing
        }
    }

    /// A complete answer that came after the deadline. The runtime's timer has its slack, the
    /// contract's deadline has none.
    pub(super) fn too_late(&self, deadline: Duration) -> Option<Fault> {
        let complete_us = self.phase.terminator_us.or(self.phase.end_us)?;
        (complete_us > micros(deadline)).then(|| {
            let text = "the answer was complete only after the deadline";
            Fault::new(Transport::DeadlinePassed(self.reached()), text)
        })
    }

    /// End of the attempt: the moment its meaning was settled, else the end of the body, else now.
    pub(super) fn end_us(&self) -> u64 {
        self.settled_at
            .map(|at| self.us(at))
            .or(self.phase.end_us)
            .unwrap_or_else(|| self.now_us())
    }

    /// When the request was sent, as far as that is known.
    pub(super) fn sent_us(&self) -> Option<u64> {
        self.stamps.sent().map(|at| self.us(at))
    }

    /// Whether the body ended as HTTP ends a whole body: the connection may be used again.
    pub(super) fn is_ended_cleanly(&self) -> bool {
        self.phase.end_us.is_some() && self.end == StreamEnd::Clean
    }
}
