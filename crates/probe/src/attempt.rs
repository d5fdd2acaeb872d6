//! What one attempt observed: everything a sample needs that only the probe can know.

use domain::detail::Text;
use domain::{Attribution, Detail, Outcome};

use crate::headers;
use crate::reply::Reply;
use crate::secrets::Secrets;
use crate::usage::Usage;

/// The observation. All instants are microseconds on the monotonic clock since the start of the
/// attempt, before name resolution or, over a kept connection, before the request; those of data
/// are when it was read from the socket or written to it. No prompt, completion or key is in it, and
/// of a body only what was scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was observed.
    pub outcome: Outcome,
    /// Whose fault it is.
    pub attribution: Attribution,
    /// HTTP status, where one arrived.
    pub status: Option<u16>,
    /// Last byte of the request handed to the operating system.
    pub sent_us: Option<u64>,
    /// First visible, non-empty text; of an answer that is not streamed, its end.
    pub first_us: Option<u64>,
    /// Last visible text; of an answer that is not streamed, its end.
    pub last_us: Option<u64>,
    /// End of the attempt: terminator, end of body, failure or deadline.
    pub end_us: u64,
    /// Input tokens, as the provider's `usage` says.
    pub input_tokens: Option<u64>,
    /// Output tokens, as the provider's `usage` says.
    pub output_tokens: Option<u64>,
    /// Model that the answer names.
    pub served_model: Option<String>,
    /// Service tier that the answer names.
    pub served_tier: Option<String>,
    /// Model asked for; absent for plain HTTP.
    pub asked_model: Option<String>,
    /// Service tier asked for.
    pub asked_tier: Option<String>,
    /// Whether a streamed answer was asked for.
    pub stream: bool,
    /// The prunable half; `salt` is left empty for whoever seals the line.
    pub detail: Detail,
}

impl Attempt {
    /// All token counts of the answer.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let parts = self.detail.usage.clone().unwrap_or_default();
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: parts.cache_read,
            cache_write_tokens: parts.cache_write,
            reasoning_tokens: parts.reasoning,
        }
    }
}

/// What stands in a sample's core is text without control characters, or is left out.
pub(crate) fn name(text: Option<&String>, secrets: &Secrets) -> Option<String> {
    match headers::keep(text?.as_bytes(), secrets)? {
        Text::Plain(text) => Some(text),
        Text::Hex { .. } => None,
    }
}

/// The failing step in our own words, where the transport has none to add.
pub(crate) fn reason(outcome: Outcome, reply: &Reply) -> Option<&'static str> {
    if outcome == Outcome::Ok {
        return None;
    }
    if reply.error.is_some() {
        return Some("the answer holds an error object");
    }
    let fallback = match outcome {
        Outcome::StreamCut => "the body ended before its terminator",
        Outcome::NoTerminator => "the body ended cleanly, but without its terminator",
        Outcome::JsonCut => "the body ended inside its JSON",
        Outcome::Malformed => "the answer has no finish reason",
        Outcome::Truncated => "the token cap came before the expected text",
        Outcome::EmptyAnswer => "the answer is empty",
        Outcome::WrongAnswer => "the answer is not what was asked for",
        Outcome::WrongModel => "the answer names another model",
        Outcome::ProbeFault => "a cache answered a question that it may have known",
        Outcome::TierDowngrade => "the answer names a lesser service tier",
        _ => return None,
    };
    Some(reply.malformed.unwrap_or(fallback))
}
