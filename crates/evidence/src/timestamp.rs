//! RFC 3161 timestamps as bytes: the request for one, and the response read into its parts.
//!
//! Invariants: a response is DER, at most [`RESPONSE_BYTES_MAX`] long, and every part that a
//! verifier needs is there or it is refused; other bytes never panic.
//!
//! Non-goals: whether the token is signed, by whom, and for what. That takes public keys and roots,
//! which this crate does not know: the verifier's business.

mod signer;

use crate::der::{self, DerError, Value, context};
use crate::hash::Hash;

pub use signer::{CertificateHash, Digest, Signer};

/// Longest response that is read, in bytes: chains of several certificates fit many times over.
pub const RESPONSE_BYTES_MAX: usize = 64 << 10;
/// Most certificates in a token.
const CERTIFICATES_MAX: usize = 16;
/// Longest part of an authority's own words that is kept, in characters.
const WORDS_MAX: usize = 200;
/// Largest accuracy, in microseconds: a day. A time that is less certain dates nothing.
const ACCURACY_US_MAX: u64 = 86_400_000_000;

/// Content of the object identifier of SHA-256.
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// Content of `id-signedData`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// Content of `id-ct-TSTInfo`.
const TST_INFO: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
];

/// Why bytes are no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`RESPONSE_BYTES_MAX`].
    #[error("the response is longer than {RESPONSE_BYTES_MAX} bytes")]
    TooLong,
    /// A part is not the DER that belongs there.
    #[error("failed to read {part}")]
    Read {
        /// Which part.
        part: &'static str,
        /// What is wrong there.
        #[source]
        source: DerError,
    },
    /// The authority gave no token.
    #[error("the authority refused, with status {status}: {words}")]
    Refused {
        /// `PKIStatus`.
        status: u64,
        /// What it says itself, shortened.
        words: String,
    },
    /// Granted, but without a token.
    #[error("the response holds no token")]
    Absent,
    /// A part is there, but says something that is not supported.
    #[error("{part} is of a kind that is not supported")]
    Unsupported {
        /// Which part.
        part: &'static str,
    },
}

/// A token, read into the parts that a verifier needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it states.
    pub info: Info<'a>,
    /// The statement's bytes (`TSTInfo`).
    pub content: &'a [u8],
    /// Certificates that travel along, each in DER.
    pub certificates: Vec<&'a [u8]>,
    /// Who signed, and how.
    pub signer: Signer<'a>,
}

/// What a token states (`TSTInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info<'a> {
    /// SHA-256 of what existed.
    pub imprint: Hash,
    /// When, in microseconds since the Unix epoch.
    pub gen_time_us: i64,
    /// By how much the time may be off, in microseconds, where the token says so.
    pub accuracy_us: Option<u64>,
    /// Content of the nonce's `INTEGER`, where there is one.
    pub nonce: Option<&'a [u8]>,
}

/// A request for a token over a SHA-256, certificates included (`TimeStampReq`).
#[must_use]
pub fn request(imprint: &Hash, nonce: u64) -> Vec<u8> {
    let mut algorithm = Vec::new();
    der::push(&mut algorithm, der::OID, SHA256);
    der::push(&mut algorithm, der::NULL, &[]);
    let mut message = Vec::new();
    der::push(&mut message, der::SEQUENCE, &algorithm);
    der::push(&mut message, der::OCTET_STRING, imprint.as_bytes());
    let mut body = Vec::new();
    der::push(&mut body, der::INTEGER, &[1]);
    der::push(&mut body, der::SEQUENCE, &message);
    der::push(&mut body, der::INTEGER, &der::unsigned(nonce));
    der::push(&mut body, der::BOOLEAN, &[0xff]);
    let mut request = Vec::new();
    der::push(&mut request, der::SEQUENCE, &body);
    request
}

impl<'a> Token<'a> {
    /// Reads a whole response (`TimeStampResp`) that grants a token.
    pub fn parse(response: &'a [u8]) -> Result<Self, TokenError> {
        if response.len() > RESPONSE_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let failed = read("the response");
        let whole = der::single(response, der::SEQUENCE).map_err(&failed)?;
        let mut parts = whole.reader();
        let status = parts.expect(der::SEQUENCE).map_err(&failed)?;
        check_status(status)?;
        if parts.is_empty() {
            return Err(TokenError::Absent);
        }
        let token = parts.expect(der::SEQUENCE).map_err(&failed)?;
        parts.end().map_err(failed)?;
        Self::of_content_info(token)
    }

    /// Whether it answers the request with this nonce.
    #[must_use]
    pub fn answers(&self, nonce: u64) -> bool {
        self.info.nonce == Some(&der::unsigned(nonce))
    }

    fn of_content_info(token: Value<'a>) -> Result<Self, TokenError> {
        let failed = read("the signed data");
        let mut parts = token.reader();
        let kind = parts.expect(der::OID).map_err(&failed)?;
        if kind.content != SIGNED_DATA {
            let part = "the token";
            return Err(TokenError::Unsupported { part });
        }
        let wrapped = parts.expect(context(0)).map_err(&failed)?;
        parts.end().map_err(&failed)?;
        let data = der::single(wrapped.content, der::SEQUENCE).map_err(&failed)?;
        let mut parts = data.reader();
        parts.expect(der::INTEGER).map_err(&failed)?;
        parts.expect(der::SET).map_err(&failed)?;
        let content = content_of(parts.expect(der::SEQUENCE).map_err(&failed)?)?;
        let certificates = parts.optional(context(0)).map_err(&failed)?;
        parts.optional(context(1)).map_err(&failed)?;
        let signers = parts.expect(der::SET).map_err(&failed)?;
        parts.end().map_err(&failed)?;
        let signer = der::single(signers.content, der::SEQUENCE).map_err(read("the signer"))?;
        Ok(Self {
            info: Info::read(content)?,
            content,
            certificates: certificates.map_or(Ok(Vec::new()), certificates_of)?,
            signer: Signer::read(signer, TST_INFO)?,
        })
    }
}

impl<'a> Info<'a> {
    fn read(content: &'a [u8]) -> Result<Self, TokenError> {
        let failed = read("the timestamp");
        let whole = der::single(content, der::SEQUENCE).map_err(&failed)?;
        let mut parts = whole.reader();
        let version = parts.expect(der::INTEGER).map_err(&failed)?;
        if version.content != [1] {
            let part = "the timestamp";
            return Err(TokenError::Unsupported { part });
        }
        parts.expect(der::OID).map_err(&failed)?; // The authority's policy.
        let imprint = imprint_of(parts.expect(der::SEQUENCE).map_err(&failed)?)?;
        parts.expect(der::INTEGER).map_err(&failed)?; // Its serial number.
        let time = parts.expect(der::GENERALIZED_TIME).map_err(&failed)?;
        let accuracy = parts.optional(der::SEQUENCE).map_err(&failed)?;
        parts.optional(der::BOOLEAN).map_err(&failed)?;
        let nonce = parts.optional(der::INTEGER).map_err(&failed)?;
        parts.optional(context(0)).map_err(&failed)?;
        parts.optional(context(1)).map_err(&failed)?;
        parts.end().map_err(&failed)?;
        Ok(Self {
            imprint,
            gen_time_us: time.time_us().map_err(&failed)?,
            accuracy_us: accuracy.map(accuracy_us).transpose().map_err(failed)?,
            nonce: nonce.map(|nonce| nonce.content),
        })
    }
}

/// Names the part that a failure is about.
fn read(part: &'static str) -> impl Fn(DerError) -> TokenError {
    move |source| TokenError::Read { part, source }
}

fn check_status(status: Value<'_>) -> Result<(), TokenError> {
    let failed = read("the status");
    let mut parts = status.reader();
    let number = parts.expect(der::INTEGER).map_err(&failed)?;
    let number = number.unsigned().map_err(&failed)?;
    if number <= 1 {
        return Ok(());
    }
    let words = parts.optional(der::SEQUENCE).map_err(&failed)?;
    let text = words.map(|words| words.reader().expect(der::UTF8_STRING));
    let text = text.transpose().map_err(failed)?;
    let text = text.map_or_else(String::new, |text| {
        String::from_utf8_lossy(text.content).into_owned()
    });
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    Err(TokenError::Refused {
        status: number,
        words: text.chars().take(WORDS_MAX).map(plain).collect(),
    })
}

fn content_of(encapsulated: Value<'_>) -> Result<&[u8], TokenError> {
    let failed = read("the content");
    let mut parts = encapsulated.reader();
    let kind = parts.expect(der::OID).map_err(&failed)?;
    if kind.content != TST_INFO {
        let part = "the content";
        return Err(TokenError::Unsupported { part });
    }
    let wrapped = parts.expect(context(0)).map_err(&failed)?;
    parts.end().map_err(&failed)?;
    let content = der::single(wrapped.content, der::OCTET_STRING).map_err(failed)?;
    Ok(content.content)
}

fn certificates_of(set: Value<'_>) -> Result<Vec<&[u8]>, TokenError> {
    let mut parts = set.reader();
    let mut certificates = Vec::new();
    while !parts.is_empty() {
        let next = parts.any().map_err(read("the certificates"))?;
        if certificates.len() == CERTIFICATES_MAX {
            let part = "a token with so many certificates";
            return Err(TokenError::Unsupported { part });
        }
        if next.tag == der::SEQUENCE {
            certificates.push(next.whole);
        }
    }
    Ok(certificates)
}

fn imprint_of(imprint: Value<'_>) -> Result<Hash, TokenError> {
    let failed = read("the imprint");
    let mut parts = imprint.reader();
    let algorithm = parts.expect(der::SEQUENCE).map_err(&failed)?;
    let hash = parts.expect(der::OCTET_STRING).map_err(&failed)?;
    parts.end().map_err(&failed)?;
    let kind = algorithm.reader().expect(der::OID).map_err(failed)?;
    let hash = <[u8; 32]>::try_from(hash.content);
    match hash {
        Ok(hash) if kind.content == SHA256 => Ok(Hash::from_bytes(hash)),
        _ => {
            let part = "the imprint";
            Err(TokenError::Unsupported { part })
        }
    }
}

fn accuracy_us(accuracy: Value<'_>) -> Result<u64, DerError> {
    let mut parts = accuracy.reader();
    let mut total: u64 = 0;
    for (tag, unit, below) in [
        (der::INTEGER, 1_000_000, u64::MAX),
        (0x80, 1_000, 1_000),
        (0x81, 1, 1_000),
    ] {
        let Some(value) = parts.optional(tag)? else {
            continue;
        };
        let value = value.unsigned()?;
        if value >= below {
            return Err(DerError::Integer);
        }
        total = total.saturating_add(value.saturating_mul(unit));
    }
    parts.end()?;
    if total > ACCURACY_US_MAX {
        return Err(DerError::Integer);
    }
    Ok(total)
}

#[cfg(test)]
mod tests;
