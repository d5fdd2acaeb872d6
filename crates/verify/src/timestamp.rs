//! RFC 3161 timestamps: whether a token is signed as it has to be, by an authority under one of
//! the roots that the reader names, at the time that it states.
//!
//! The token is read by [`evidence::timestamp`], paths of certificates are built by webpki, and
//! here lies what only timestamps ask for. RSA (PKCS #1 v1.5) and ECDSA over P-256 and P-384, each
//! with SHA-256, SHA-384 or SHA-512.
//!
//! Invariants: nothing but public operations, and no clock: certificates are looked at as of the
//! time in the token. Arbitrary bytes are refused, never panicked over.
//!
//! Non-goals: revocation, which would need a network or lists of its own; RSASSA-PSS and other
//! curves, which are named and refused.

mod certificate;
mod signature;

use std::time::Duration;

use evidence::hash::Hash;
use evidence::timestamp::{CertificateHash, Signer, Token};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use sha1::Sha1;
use sha2::Digest as _;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use certificate::Certificate;

/// Accuracy of a token that states none, in microseconds: the seconds in which such tokens count.
const ACCURACY_US_UNSTATED: u64 = 1_000_000;
/// Most roots that are taken from outside.
const ROOTS_MAX: usize = 1_000;
/// Content of `id-kp-timeStamping`.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// The roots that a reader believes, from outside of any bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<CertificateDer<'static>>);

/// A file that names no roots.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// Not PEM.
    #[error("failed to read PEM")]
    Pem(#[source] rustls_pki_types::pem::Error),
    /// A certificate that is none.
    #[error("failed to read certificate {number}")]
    Certificate {
        /// Which, counted from 1.
        number: usize,
        /// Why.
        #[source]
        source: webpki::Error,
    },
    /// None at all, or an absurd number.
    #[error("holds {count} certificates, where 1 to {ROOTS_MAX} belong")]
    Count {
        /// How many.
        count: usize,
    },
}

impl Roots {
    /// Reads certificates in PEM; other sections are passed over.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootsError> {
        let certificates = CertificateDer::pem_slice_iter(pem).take(ROOTS_MAX + 1);
        let certificates: Vec<_> = certificates
            .collect::<Result<_, _>>()
            .map_err(RootsError::Pem)?;
        if certificates.is_empty() || certificates.len() > ROOTS_MAX {
            let count = certificates.len();
            return Err(RootsError::Count { count });
        }
        for (number, der) in (1..).zip(&certificates) {
            anchor_from_trusted_cert(der)
                .map_err(|source| RootsError::Certificate { number, source })?;
        }
        Ok(Self(certificates))
    }
}

/// What a verified token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The time in the token, microseconds since the Unix epoch.
    pub at_us: i64,
    /// By how much it may be off, in microseconds.
    pub accuracy_us: u64,
}

impl Stamp {
    /// What was stamped existed by then, in microseconds since the Unix epoch.
    #[must_use]
    pub const fn latest_us(&self) -> i64 {
        self.at_us.saturating_add_unsigned(self.accuracy_us)
    }
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    /// It is about other data.
    #[error("the timestamp is of something else")]
    Imprint,
    /// It does not carry the certificate that it was signed with.
    #[error("the signer's certificate is not in the token, or not the one that was signed for")]
    Certificate,
    /// The certificate cannot be read.
    #[error("the signer's certificate cannot be read")]
    ReadCertificate(#[source] webpki::Error),
    /// The certificate is not for timestamps and nothing else.
    #[error("the signer's certificate is not one for timestamps only")]
    Usage,
    /// The attributes that are signed do not belong to the statement.
    #[error("the signature is over another statement")]
    MessageDigest,
    /// A signature that this program does not know.
    #[error("the signature's algorithm or key is not supported")]
    Algorithm,
    /// The signature does not hold.
    #[error("the signature is wrong")]
    Signature,
    /// The certificate does not lead to a root at that time.
    #[error("the signer's certificate does not lead to a root that is given")]
    Path(#[source] webpki::Error),
}

/// Verifies everything about a token but whose it is: enough to keep it, not to believe it.
pub fn check_signature(token: &Token<'_>, data: &Hash) -> Result<Stamp, TimestampError> {
    signer_of(token, data).map(|_| stamp(token))
}

/// Verifies a token over the SHA-256 `data` up to a root.
pub fn check(token: &Token<'_>, data: &Hash, roots: &Roots) -> Result<Stamp, TimestampError> {
    let der = CertificateDer::from(signer_of(token, data)?);
    let signer = EndEntityCert::try_from(&der).map_err(TimestampError::ReadCertificate)?;
    let others: Vec<CertificateDer<'_>> = token
        .certificates
        .iter()
        .map(|der| CertificateDer::from(*der))
        .collect();
    let at_us = token.info.gen_time_us;
    // A root counts for as long as it says itself.
    let counts = |root: &&CertificateDer<'_>| {
        Certificate::parse(root).is_ok_and(|root| root.is_valid_at(at_us))
    };
    let roots = roots.0.iter().filter(counts).map(anchor_from_trusted_cert);
    let roots: Vec<_> = roots
        .collect::<Result<_, _>>()
        .map_err(TimestampError::Path)?;
    let seconds = u64::try_from(at_us / 1_000_000).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    // Authorities above the signer may be limited to timestamps, and need not be.
    let usage = KeyUsage::required_if_present(TIME_STAMPING);
    signer
        .verify_for_usage(signature::ALL, &roots, &others, time, usage, None, None)
        .map_err(TimestampError::Path)?;
    Ok(stamp(token))
}

fn stamp(token: &Token<'_>) -> Stamp {
    Stamp {
        at_us: token.info.gen_time_us,
        accuracy_us: token.info.accuracy_us.unwrap_or(ACCURACY_US_UNSTATED),
    }
}

/// The certificate whose key signed the token over `data`.
fn signer_of<'a>(token: &Token<'a>, data: &Hash) -> Result<&'a [u8], TimestampError> {
    let signer = &token.signer;
    if token.info.imprint != *data {
        return Err(TimestampError::Imprint);
    }
    if signature::hash(signer.digest, token.content) != signer.message_digest {
        return Err(TimestampError::MessageDigest);
    }
    let mut candidates = token.certificates.iter();
    let der = candidates.find(|der| is_named(der, signer));
    let der = *der.ok_or(TimestampError::Certificate)?;
    if !Certificate::parse(der).is_ok_and(|certificate| certificate.is_for(TIME_STAMPING)) {
        return Err(TimestampError::Usage);
    }
    let encoded = CertificateDer::from(der);
    let certificate = EndEntityCert::try_from(&encoded).map_err(TimestampError::ReadCertificate)?;
    check_signed(&certificate, signer)?;
    Ok(der)
}

/// Whether a certificate is the one that the signer names, by issuer and number and by hash.
fn is_named(der: &[u8], signer: &Signer<'_>) -> bool {
    let named = Certificate::parse(der)
        .is_ok_and(|found| found.issuer == signer.issuer && found.serial == signer.serial);
    named
        && signer.certificate.iter().all(|hash| match hash {
            CertificateHash::Sha1(hash) => Sha1::digest(der).as_slice() == *hash,
            CertificateHash::Of(digest, hash) => signature::hash(*digest, der) == *hash,
        })
}

fn check_signed(
    certificate: &EndEntityCert<'_>,
    signer: &Signer<'_>,
) -> Result<(), TimestampError> {
    for algorithm in signature::candidates(signer.algorithm, signer.digest) {
        match certificate.verify_signature(algorithm, &signer.signed, signer.signature) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => return Err(TimestampError::Signature),
        }
    }
    Err(TimestampError::Algorithm)
}

#[cfg(test)]
pub(crate) mod tests;
