//! C2SP signed notes: readable text, an empty line, and one or more signature lines.
//!
//! `text` is what is signed, with its final LF; the signatures follow the *last* empty line. Notes
//! parse and print byte for byte, because the log hashes the whole note. Signature lines of unknown
//! keys are kept and ignored, so a later algorithm can be added beside Ed25519.

mod cosignature;
mod key;

pub use cosignature::{cosign, verify_cosignature};
pub(crate) use key::is_name;
pub use key::{KeyError, KeyId, KeyKind, NAME_BYTES_MAX, SigningKey, VerifierKey};

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest note: the manifest of the largest bundle needs about 8 MB, all others are short.
pub const NOTE_BYTES_MAX: usize = 16 << 20;

/// The most signatures on one note: C2SP asks for at least 16, a fleet of witnesses needs more.
pub const SIGNATURES_MAX: usize = 128;

/// Starts each signature line: em dash, space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Text with signatures. Holding one says nothing about whether any signature is genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// One signature line: who claims to have signed, and the bytes. Printed without its LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// Why bytes are not a signed note, or a note cannot be signed or believed.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("note of {bytes} bytes is longer than {NOTE_BYTES_MAX}")]
    TooLong {
        /// Length of the note.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("note is not UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
    /// A character below U+0020 other than LF.
    #[error("control character in the note")]
    Control,
    /// The text is empty or does not end with LF.
    #[error("note text does not end with a line feed")]
    Unterminated,
    /// No empty line between text and signatures, or nothing after it.
    #[error("note carries no signature lines")]
    Unsigned,
    /// More than [`SIGNATURES_MAX`].
    #[error("note carries more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A line after the empty line that is no signature line.
    #[error("signature line {nth} is malformed")]
    SignatureLine {
        /// Which one, counted from 1.
        nth: usize,
    },
    /// The key signs another kind of statement than the one asked about.
    #[error("key `{name}` is of the wrong kind for this signature")]
    KeyKind {
        /// Name of the key.
        name: String,
    },
    /// No signature line bears the key's name and id.
    #[error("note is not signed by `{name}`")]
    NotSigned {
        /// Name of the key.
        name: String,
    },
    /// A line bears the key's name and id, but not its signature.
    #[error("signature of `{name}` is wrong")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// A cosignature claims a time beyond 2^63 - 1 seconds.
    #[error("cosignature time {time_s} is out of range")]
    Time {
        /// Seconds since the Unix epoch, as claimed.
        time_s: u64,
    },
}

/// Signs `text`, which must end with LF, with each key in turn.
pub fn sign(text: &str, keys: &[&SigningKey]) -> Result<SignedNote, NoteError> {
    check_text(text)?;
    let mut note = SignedNote {
        text: text.to_owned(),
        signatures: Vec::with_capacity(keys.len()),
    };
    for key in keys {
        let signature = key.sign_bytes(text.as_bytes()).to_vec();
        note.push(SignatureLine::new(&key.verifier_key(), signature))?;
    }
    if note.signatures.is_empty() {
        Err(NoteError::Unsigned)
    } else {
        Ok(note)
    }
}

impl SignedNote {
    /// Parses the bytes of a note. Signatures are not verified.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { bytes: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(NoteError::Utf8)?;
        let split = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Unsigned)?;
        if lines.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Control);
        }
        let mut parsed = Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        for (before, line) in lines.split('\n').enumerate() {
            let line = SignatureLine::parse(line);
            parsed.push(line.ok_or(NoteError::SignatureLine { nth: before + 1 })?)?;
        }
        Ok(parsed)
    }

    /// The signed text, final LF included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order, genuine or not.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The bytes that [`SignedNote::parse`] takes: what is stored, sent, and hashed as a log leaf.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Adds a signature line after the present ones: a cosignature, or a second signer's.
    pub fn push(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(line);
        Ok(())
    }

    /// Verifies that `key`, of [`KeyKind::Note`], signed the text. At least one line must bear its
    /// name and id, and every such line must be genuine by the strict Ed25519 rules.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        for line in self.lines_of(key, KeyKind::Note)? {
            if !key.verifies(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::BadSignature {
                    name: key.name().to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Whether a line bears the name and id of `key`. Says nothing about its genuineness.
    #[must_use]
    pub fn is_claimed_by(&self, key: &VerifierKey) -> bool {
        self.signatures.iter().any(|line| line.is_of(key))
    }

    fn lines_of(&self, key: &VerifierKey, kind: KeyKind) -> Result<Vec<&SignatureLine>, NoteError> {
        if key.kind() != kind {
            return Err(NoteError::KeyKind {
                name: key.name().to_owned(),
            });
        }
        let lines: Vec<_> = self
            .signatures
            .iter()
            .filter(|line| line.is_of(key))
            .collect();
        if lines.is_empty() {
            return Err(NoteError::NotSigned {
                name: key.name().to_owned(),
            });
        }
        Ok(lines)
    }
}

impl SignatureLine {
    fn new(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self {
            name: key.name().to_owned(),
            key_id: key.id(),
            signature,
        }
    }

    /// Parses one line without its LF; `None` if it is no signature line.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        if !is_name(name) || signature.is_empty() {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            key_id: KeyId::from_bytes(*key_id),
            signature: signature.to_vec(),
        })
    }

    /// Name of the key that claims to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that claims to have signed.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature bytes after the key id: 64 for a note, 72 for a cosignature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.key_id == key.id()
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong { bytes: text.len() });
    }
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Control);
    }
    if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::Unterminated)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_bytes().as_slice(), &self.signature].concat();
        write!(
            f,
            "{SIGNATURE_PREFIX}{} {}",
            self.name,
            STANDARD.encode(bytes)
        )
    }
}

#[cfg(test)]
mod tests;
