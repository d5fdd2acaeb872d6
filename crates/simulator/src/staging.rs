//! From a plan and a wire's bytes to everything that will be sent, and when. Pure, and the same
//! for every wire.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;

use crate::failure::Class;
use crate::plan::{Harm, Outcome, Page, Plan};
use crate::playback::{Manner, Reply, Step};

/// Pause between the last bytes and a reset, so that the peer's kernel has those bytes: a reset
/// discards what is still in flight.
const RESET_DELAY: Duration = Duration::from_millis(20);

const BAD_GATEWAY: &str = "<!DOCTYPE html>\n<html>\n<head><title>502 Bad Gateway</title></head>\n\
    <body>\n<h1>Bad Gateway</h1>\n<p>The origin did not give a valid response.</p>\n</body>\n\
    </html>\n";

const LOGIN: &str = "<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>\n\
    <h1>Sign in to continue</h1>\n<form action=\"/login\" method=\"post\"><input name=\"user\">\
    </form>\n</body>\n</html>\n";

/// Bytes without a field name, not in UTF-8, and with a control character.
const NOT_AN_EVENT: &[u8] = b"\xff\xfe{\"oops\"\x00\n\xc3\x28\n\n";

/// An answer as a stream's events, whole and without pauses.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) content_type: &'static str,
    /// Sent with the head.
    pub(crate) opening: Vec<Bytes>,
    /// One event for each token of reasoning that is shown; empty if the wire shows none.
    pub(crate) reasoning: Vec<Bytes>,
    /// One event for each token of content.
    pub(crate) content: Vec<Bytes>,
    /// Finish, usage, terminator.
    pub(crate) closing: Vec<Bytes>,
    /// The wire's error event of the kind that [`error_wanted`] says.
    pub(crate) error: Bytes,
    /// One event that no reader of the wire can make sense of.
    pub(crate) broken: Bytes,
}

/// The error that the plan puts into an answer whose status was 200, if it does.
pub(crate) fn error_wanted(plan: &Plan) -> Option<Class> {
    match plan.damage?.harm {
        Harm::Error(class) => Some(class),
        _ => None,
    }
}

/// A stream's events with their pauses, damaged where the plan says.
pub(crate) fn stream(plan: &Plan, parts: Parts) -> Vec<Step> {
    let mut steps: Vec<Step> = parts.opening.into_iter().map(Step::Send).collect();
    // Reasoning that is not shown takes its time all the same.
    let shown = u32::try_from(parts.reasoning.len()).unwrap_or(u32::MAX);
    let hidden = plan.pace.reasoning_tokens.saturating_sub(shown);
    let mut pause = plan.pace.ttft;
    pause = pause.saturating_add(plan.pace.gap.saturating_mul(hidden));
    for event in parts.reasoning {
        steps.extend([Step::Wait(pause), Step::Send(event)]);
        pause = plan.pace.gap;
    }
    let after = plan.damage.map_or(usize::MAX, |damage| damage.after_chunks);
    let mut content = parts.content.into_iter();
    for event in content.by_ref().take(after) {
        steps.extend([Step::Wait(pause), Step::Send(event)]);
        pause = plan.pace.gap;
    }
    let mut rest: Vec<Step> = Vec::new();
    for event in content {
        rest.extend([Step::Wait(pause), Step::Send(event)]);
        pause = plan.pace.gap;
    }
    rest.extend(parts.closing.into_iter().map(Step::Send));
    match plan.damage.map(|damage| damage.harm) {
        None => steps.append(&mut rest),
        Some(Harm::Stall) => steps.push(Step::Hang),
        Some(Harm::Reset) => steps.extend([Step::Wait(RESET_DELAY), Step::Reset]),
        Some(Harm::End) => {}
        Some(Harm::EndInEvent) => {
            let next = rest.into_iter().find_map(|step| match step {
                Step::Send(event) => Some(event.slice(..event.len() / 2)),
                _ => None,
            });
            steps.extend(next.map(Step::Send));
        }
        Some(Harm::BadJson) => {
            steps.push(Step::Send(parts.broken));
            steps.append(&mut rest);
        }
        Some(Harm::BadSse) => {
            steps.push(Step::Send(Bytes::from_static(NOT_AN_EVENT)));
            steps.append(&mut rest);
        }
        Some(Harm::Error(_)) => steps.push(Step::Send(parts.error)),
    }
    steps.retain(|step| *step != Step::Wait(Duration::ZERO));
    steps
}

/// Damage to a body that does not stream: it strikes after the first half.
fn damaged(plan: &Plan, reply: Reply) -> Reply {
    let ([Step::Send(body)], Some(damage)) = (reply.steps.as_slice(), plan.damage) else {
        return reply;
    };
    let half = Step::Send(body.slice(..body.len() / 2));
    let (steps, streams) = match damage.harm {
        Harm::Stall => (vec![half, Step::Hang], true),
        Harm::Reset => (vec![half, Step::Wait(RESET_DELAY), Step::Reset], true),
        Harm::End | Harm::EndInEvent => (vec![half], true),
        Harm::BadJson | Harm::BadSse => {
            let unclosed = body.slice(..body.len().saturating_sub(1));
            (vec![Step::Send(unclosed)], false)
        }
        Harm::Error(_) => return reply, // The wire has put the error in place of the body.
    };
    Reply {
        steps,
        streams,
        ..reply
    }
}

/// The reply to a request whose plan lets no wire answer.
pub(crate) fn wireless(plan: &Plan) -> Option<Reply> {
    let (status, page) = match plan.outcome {
        Outcome::Page(Page::BadGateway) => (StatusCode::BAD_GATEWAY, BAD_GATEWAY),
        Outcome::Page(Page::Login) => (StatusCode::OK, LOGIN),
        Outcome::Close | Outcome::Reset => (StatusCode::BAD_GATEWAY, ""),
        Outcome::Answer(_) | Outcome::Failure(_) => return None,
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    Some(Reply::whole(
        status,
        headers,
        Bytes::from_static(page.as_bytes()),
    ))
}

/// Finishes a wire's reply: what surrounds every answer, error and page alike. `made_in` is how
/// long an answer that does not stream took to make.
pub(crate) fn finish(plan: &Plan, reply: Reply, made_in: Duration) -> Reply {
    let mut reply = if reply.streams {
        reply
    } else {
        damaged(plan, reply)
    };
    for (name, value) in &plan.headers {
        reply.headers.insert(name.clone(), value.clone());
    }
    let manner = match plan.outcome {
        Outcome::Close => Manner::Close,
        Outcome::Reset => Manner::Reset,
        _ if plan.head.is_zero() => Manner::Plain,
        _ => Manner::TrickleHead(plan.head),
    };
    Reply {
        wait: plan.wait.saturating_add(made_in),
        manner,
        ..reply
    }
}

#[cfg(test)]
mod tests;
