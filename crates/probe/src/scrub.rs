//! What a failed answer said, without what must not be kept.
//!
//! A body is read as far as a limit, made to text, and everything that is or looks like a secret,
//! a prompt, a completion, a customer's id or an address is replaced by `[removed:KIND]`. It is
//! looked for in the text as it stands and behind layers of escapes (JSON, URL, HTML); secrets
//! also in base64 and as hexadecimal, by any longer run of them.
//!
//! Invariants: any bytes give a text of at most [`BODY_BYTES_MAX`] bytes without control
//! characters; scrubbing it again changes nothing. Non-goals: compressed bodies, encodings within
//! encodings beyond some layers, and secrets that nobody here knows and that look like words.

mod needles;
mod pattern;
mod view;

use std::fmt;
use std::sync::Arc;

use domain::detail::{BODY_BYTES_MAX, Body, cut};
use secrecy::ExposeSecret as _;

use crate::secrets::Secrets;
use crate::spec::{Request, Spec};
use needles::Needles;
use view::{Escape, View};

/// Bytes of a body that are looked at.
pub const SCANNED_BYTES_MAX: usize = 8 * 1024;
/// Bytes at their end that are never kept: what is cut off there cannot be told for a secret.
const MARGIN_BYTES: usize = 2 * 1024;
/// Layers of escapes that are looked behind.
const LAYERS_MAX: usize = 4;
/// Rounds until nothing more is found. What is left then is removed as a whole.
const ROUNDS_MAX: usize = 8;
/// What stands for a text that did not come to rest.
const ALL_REMOVED: &str = "[removed:text]";

/// What must not be kept, of one attempt and of the whole process. `Debug` shows nothing of it.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    secrets: Needles,
    prompt: Needles,
    held: Arc<Held>,
    known: Vec<String>,
}

/// Secrets of the whole process: the keys of all providers, and what the environment holds.
/// Prepared once, for they may be many.
#[derive(Debug, Default)]
pub struct Held(Needles);

impl Held {
    /// Prepares the search for these.
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        Self(needles(secrets))
    }
}

fn needles(secrets: &Secrets) -> Needles {
    let mut needles = Needles::default();
    for secret in secrets.iter() {
        needles.add_secret(secret.expose_secret());
    }
    needles
}

/// A body or an error before it was scrubbed. `Debug` shows its length only.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Unscrubbed(Vec<u8>);

impl fmt::Debug for Unscrubbed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unscrubbed({} bytes)", self.0.len())
    }
}

impl Unscrubbed {
    /// Takes up as much as will be looked at, and one byte more where there is more.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len().min(SCANNED_BYTES_MAX + 1)].to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Scrubber {
    /// For what answers this attempt: its secrets, its prompt, and what the process holds.
    #[must_use]
    pub fn of(spec: &Spec, secrets: &Secrets, held: &Arc<Held>) -> Self {
        let mut prompt = Needles::default();
        if let Request::Call(call) = &spec.request {
            prompt.add_prompt(&call.ask.prompt(&spec.nonce));
        }
        Self {
            secrets: needles(secrets),
            prompt,
            held: Arc::clone(held),
            known: vec![spec.nonce.as_str().to_owned()],
        }
    }

    /// The scrubber, which lets this id pass, however long: what support asks for.
    #[must_use]
    pub fn with_known(mut self, id: Option<&str>) -> Self {
        self.known.extend(id.map(str::to_owned));
        self
    }

    /// What may be kept of a body, and whether that is less than came.
    #[must_use]
    pub fn body(&self, bytes: &[u8]) -> (Body, bool) {
        let (text, is_cut) = self.scrub(bytes);
        (Body::new(&text), is_cut)
    }

    fn scrub(&self, bytes: &[u8]) -> (String, bool) {
        let seen = &bytes[..bytes.len().min(SCANNED_BYTES_MAX)];
        let lossy = String::from_utf8_lossy(seen);
        let plain = lossy.chars().map(|c| if c.is_control() { ' ' } else { c });
        let mut text: String = plain.collect();
        let mut is_cut = seen.len() < bytes.len();
        let mut room = if is_cut {
            text.floor_char_boundary(text.len().saturating_sub(MARGIN_BYTES))
        } else {
            text.len()
        };
        for _ in 0..ROUNDS_MAX {
            let (next, cut_here) = self.round(&text, room);
            is_cut |= cut_here;
            if next == text {
                return (text, is_cut);
            }
            room = next.len();
            text = next;
        }
        (ALL_REMOVED.to_owned(), true)
    }

    /// The text up to `room`, with everything that is found in the whole of it replaced.
    fn round(&self, text: &str, room: usize) -> (String, bool) {
        let mut clean = String::with_capacity(BODY_BYTES_MAX);
        let mut at = 0;
        for (start, end, kind) in self.findings(text) {
            if start >= room {
                break;
            }
            clean.push_str(&text[at..start]);
            let mark = format!("[removed:{kind}]");
            // A mark stands whole or not at all.
            if clean.len() + mark.len() > BODY_BYTES_MAX {
                return (cut(&clean, BODY_BYTES_MAX).0.to_owned(), true);
            }
            clean.push_str(&mark);
            at = end;
        }
        clean.push_str(text.get(at..room).unwrap_or_default());
        let (kept, is_cut) = cut(&clean, BODY_BYTES_MAX);
        (kept.to_owned(), is_cut)
    }

    /// What is to be removed: ranges of whole characters, in order and apart.
    fn findings(&self, text: &str) -> Vec<(usize, usize, &'static str)> {
        let mut found = Vec::new();
        let plain = View::plain(text);
        self.find_in(&plain, &mut found);
        for escape in Escape::EVERY {
            let mut view = plain.unescaped(escape);
            for _ in 0..LAYERS_MAX {
                let Some(seen) = view else { break };
                self.find_in(&seen, &mut found);
                view = seen.unescaped(escape);
            }
        }
        for (start, end, _) in &mut found {
            *start = text.floor_char_boundary(*start);
            *end = text.ceil_char_boundary(*end);
        }
        // The longest of those that begin at one place names the kind.
        found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut apart: Vec<(usize, usize, &'static str)> = Vec::new();
        for (start, end, kind) in found {
            match apart.last_mut() {
                Some((_, last, _)) if start < *last => *last = end.max(*last),
                _ => apart.push((start, end, kind)),
            }
        }
        apart
    }

    fn find_in(&self, view: &View, found: &mut Vec<(usize, usize, &'static str)>) {
        let squashed = view.squashed();
        for (needles, kind) in [
            (&self.secrets, "secret"),
            (&self.held.0, "secret"),
            (&self.prompt, "prompt"),
        ] {
            found.extend(needles.find(&squashed).into_iter().map(|(start, end)| {
                let (from, to) = squashed.source(start, end);
                (from, to, kind)
            }));
        }
        for (start, end, kind) in pattern::find(&view.ascii(), &self.known) {
            let (from, to) = view.source(start, end);
            found.push((from, to, kind));
        }
    }
}

#[cfg(test)]
mod tests;
