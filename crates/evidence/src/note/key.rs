//! Keys of notes: an Ed25519 key with a name, and the kind of statement it makes.

mod comb;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

use crate::hash::{Hash, to_hex};
use crate::lines;
use comb::Comb;

/// The longest key name: a URL path, which also stands in file names of the bundle.
pub const NAME_BYTES_MAX: usize = 255;

/// The statement a key makes; the C2SP signature type byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Signs note texts: type `0x01`.
    Note,
    /// Cosigns checkpoints with a time: type `0x04`.
    Cosigner,
}

/// Four bytes that tell keys of one name apart. An index, not a proof: collisions are easy to make
/// and end in a wrong signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

/// A public key as others trust it, printed as a vkey: `name+<hex id>+<base64 of type and key>`.
#[derive(Clone)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: KeyId,
    key: ed25519_dalek::VerifyingKey,
    /// Where many signatures are expected; see [`VerifierKey::prepared`].
    comb: Option<Arc<Comb>>,
}

/// A private key with its name. Wiped from memory when dropped, never shown by `Debug`.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// Why a key is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Empty, too long, or with a space, a control character or `+`.
    #[error("{name:?} is not a key name")]
    Name {
        /// The name.
        name: String,
    },
    /// Not of the form `name+id+key`, in its one spelling.
    #[error("not a verifier key of the form name+id+key")]
    Vkey,
    /// A signature type that is neither `0x01` nor `0x04`.
    #[error("signature type {kind:#04x} is not supported")]
    Kind {
        /// The type byte.
        kind: u8,
    },
    /// The id in a vkey is not the one its key has.
    #[error("key id {stated} does not belong to the key, whose id is {derived}")]
    Id {
        /// The id in the vkey.
        stated: String,
        /// The id of its key.
        derived: KeyId,
    },
    /// Not a point of the curve in canonical form, or one of small order.
    #[error("not a usable Ed25519 public key")]
    PublicKey,
    /// The system gave no random bytes.
    #[error("failed to draw a random seed")]
    Random(#[source] getrandom::Error),
}

impl KeyKind {
    /// The C2SP signature type byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosigner => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Note),
            0x04 => Ok(Self::Cosigner),
            kind => Err(KeyError::Kind { kind }),
        }
    }
}

impl KeyId {
    pub(super) const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The four bytes, as they stand before each signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }

    /// `SHA-256(name ‖ LF ‖ type ‖ public key)[..4]`.
    fn derive(name: &str, kind: KeyKind, public_key: &[u8; 32]) -> Self {
        let hash = Hash::of_parts(&[name.as_bytes(), b"\n", &[kind.byte()], public_key]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Self([a, b, c, d])
    }
}

impl VerifierKey {
    /// Names a public key and says what it signs. Small-order and non-canonical keys are refused.
    pub fn new(name: &str, kind: KeyKind, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(public_key).map_err(|_| KeyError::PublicKey)?;
        if key.is_weak() || key.to_edwards().compress().as_bytes() != public_key {
            return Err(KeyError::PublicKey);
        }
        Ok(Self::named(name, kind, key))
    }

    fn named(name: &str, kind: KeyKind, key: ed25519_dalek::VerifyingKey) -> Self {
        let id = KeyId::derive(name, kind, key.as_bytes());
        Self {
            name: name.to_owned(),
            kind,
            id,
            key,
            comb: None,
        }
    }

    /// The same key, ready to verify many signatures at half the time each or less. It takes half a
    /// millisecond and 0.7 MB, which clones share: worth it from about a hundred signatures on.
    #[must_use]
    pub fn prepared(&self) -> Self {
        let comb = self.comb.clone();
        let comb = comb.unwrap_or_else(|| Arc::new(Comb::of(&self.key)));
        Self {
            comb: Some(comb),
            ..self.clone()
        }
    }

    /// The name, usually a URL without its scheme.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The id that stands before its signatures.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of the Ed25519 public key (RFC 8032).
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        if let Some(comb) = &self.comb {
            return comb.verifies(message, signature);
        }
        ed25519_dalek::Signature::from_slice(signature)
            .and_then(|signature| self.key.verify_strict(message, &signature))
            .is_ok()
    }
}

impl SigningKey {
    /// Draws a new key from the system's random source.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(KeyError::Random)?;
        Self::from_seed(name, &seed)
    }

    /// The key of a 32-byte RFC 8032 seed, as kept in a key file.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            key: ed25519_dalek::SigningKey::from_bytes(seed),
        })
    }

    /// The seed, to be stored where only its owner reads. Wiped when dropped.
    #[must_use]
    pub fn to_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The name it signs with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key for notes that this key signs.
    #[must_use]
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey::named(&self.name, KeyKind::Note, self.key.verifying_key())
    }

    /// The public key for checkpoints that this key cosigns. Keep one key for one log or witness:
    /// a cosignature does not commit to the name of its signer.
    #[must_use]
    pub fn cosigner_key(&self) -> VerifierKey {
        VerifierKey::named(&self.name, KeyKind::Cosigner, self.key.verifying_key())
    }

    pub(super) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

/// Whether `name` may name a key: one word without `+`.
pub(crate) fn is_name(name: &str) -> bool {
    lines::is_word(name) && !name.contains('+') && name.len() <= NAME_BYTES_MAX
}

fn check_name(name: &str) -> Result<(), KeyError> {
    if is_name(name) {
        Ok(())
    } else {
        Err(KeyError::Name {
            name: name.to_owned(),
        })
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(KeyError::Vkey);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Vkey)?;
        let (kind, public_key) = bytes.split_first().ok_or(KeyError::Vkey)?;
        let kind = KeyKind::from_byte(*kind)?;
        let public_key = public_key.try_into().map_err(|_| KeyError::PublicKey)?;
        let key = Self::new(name, kind, public_key)?;
        if id != key.id.to_string() {
            return Err(KeyError::Id {
                stated: id.to_owned(),
                derived: key.id,
            });
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

/// Whether it is prepared does not matter.
impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.kind, self.id, self.key) == (&other.name, other.kind, other.id, other.key)
    }
}

impl Eq for VerifierKey {}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests;
