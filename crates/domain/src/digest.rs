//! A SHA-256 digest as a value. Computing and checking digests is the business of `evidence`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// 32 bytes of SHA-256, written as padded standard base64 (44 characters).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

/// What 44 characters of base64 hold at most, bytes.
const ROOM: usize = 33;

/// Text that is not the base64 of 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("a digest is 44 characters of padded base64 for 32 bytes, not `{0}`")]
pub struct DigestError(String);

impl Digest {
    /// Wraps 32 bytes that a hash function produced.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; ROOM];
        let length = STANDARD.decode_slice(text, &mut bytes).ok();
        length
            .and_then(|length| bytes.get(..length)?.try_into().ok())
            .map(Self)
            .ok_or_else(|| DigestError(text.to_owned()))
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_base64_of_32_bytes_is_a_digest() {
        for length in [0, 1, 31, 32, 33, 34, 60] {
            let text = STANDARD.encode(vec![7; length]);
            assert_eq!(text.parse::<Digest>().is_ok(), length == 32, "{length}");
        }
        let digest = Digest::new([0xa5; 32]);
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        let unpadded = digest.to_string().replace('=', "");
        assert!(unpadded.parse::<Digest>().is_err());
    }
}
