//! What is looked for word for word: secrets, in several spellings, and what was asked.
//!
//! Kept as hashes of their pieces, so that a table of all the secrets of an agent is none itself.
//! A hash that two pieces share removes a few harmless characters, and nothing else.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::detail::hex;

use super::view::View;

/// Bytes of a secret in a row that give it away: what providers show of a wrong key is shorter.
pub(super) const SECRET_RUN: usize = 12;
/// Bytes of a prompt in a row, without white space, that are no coincidence.
pub(super) const PROMPT_RUN: usize = 16;
/// Shorter secrets are not looked for in codes: what little they give occurs in any text.
const CODED_BYTES_MIN: usize = 8;
/// Prompts below this many bytes are words that any text may hold.
const PROMPT_BYTES_MIN: usize = 8;

/// Pieces by their length.
#[derive(Clone, Default)]
pub(super) struct Needles(BTreeMap<usize, HashSet<u64>>);

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces: usize = self.0.values().map(HashSet::len).sum();
        write!(f, "Needles({pieces} pieces)")
    }
}

impl Needles {
    /// A secret as it is, as hexadecimal, and in base64 at any place of a longer value.
    pub(super) fn add_secret(&mut self, secret: &str) {
        self.add(secret, SECRET_RUN);
        if secret.len() < CODED_BYTES_MIN {
            return;
        }
        self.add(&hex(secret.as_bytes()), SECRET_RUN);
        for ahead in 0..3 {
            let mut value = vec![0; ahead];
            value.extend_from_slice(secret.as_bytes());
            let coded = STANDARD.encode(&value);
            // Characters that share bits with what stands before or behind the secret.
            let skip = [0, 2, 3][ahead];
            let whole = value.len() * 8 / 6;
            let Some(inner) = coded.get(skip..whole) else {
                continue;
            };
            self.add(inner, SECRET_RUN);
            self.add(&inner.replace('+', "-").replace('/', "_"), SECRET_RUN);
        }
    }

    /// What was asked.
    pub(super) fn add_prompt(&mut self, prompt: &str) {
        if View::plain(prompt).squashed().bytes.len() >= PROMPT_BYTES_MIN {
            self.add(prompt, PROMPT_RUN);
        }
    }

    fn add(&mut self, text: &str, run: usize) {
        let text = View::plain(text).squashed().bytes;
        let run = run.min(text.len());
        if run > 0 {
            let pieces = self.0.entry(run).or_default();
            pieces.extend(text.windows(run).map(hash));
        }
    }

    /// Where pieces stand in a squashed view, as ranges of its bytes.
    pub(super) fn find(&self, squashed: &View) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (run, pieces) in &self.0 {
            for (at, window) in squashed.bytes.windows(*run).enumerate() {
                if pieces.contains(&hash(window)) {
                    found.push((at, at + run));
                }
            }
        }
        found
    }
}

fn hash(piece: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(piece);
    hasher.finish()
}
