//! The signer of a token (`SignerInfo`, RFC 5652) with the attributes that RFC 3161 asks for.

use super::{TokenError, read};
use crate::der::{self, Value, context};

const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// `id-aa-signingCertificate` (RFC 2634): by SHA-1.
const SIGNING_CERTIFICATE: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c,
];
/// `id-aa-signingCertificateV2` (RFC 5035): by any hash.
const SIGNING_CERTIFICATE_V2: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f,
];
/// Most signed attributes of a token.
const ATTRIBUTES_MAX: usize = 32;

/// A hash that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// The hash by which a token names the certificate that it was signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateHash<'a> {
    /// SHA-1, the only one of RFC 2634. It binds one of several certificates of the key that the
    /// signature is verified under, and nothing rests on it alone.
    Sha1(&'a [u8]),
    /// One of those of RFC 5816.
    Of(Digest, &'a [u8]),
}

/// Who signed a token, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Issuer of the signer's certificate, a `Name` in DER.
    pub issuer: &'a [u8],
    /// Content of the `INTEGER` that is the certificate's serial number.
    pub serial: &'a [u8],
    /// The hash of statement and signature.
    pub digest: Digest,
    /// What was signed: the attributes as the `SET OF` that the signature is over.
    pub signed: Vec<u8>,
    /// What the attributes say is the hash of the statement.
    pub message_digest: &'a [u8],
    /// What the attributes say is the signer's certificate; never empty.
    pub certificate: Vec<CertificateHash<'a>>,
    /// Content of the signature algorithm's object identifier.
    pub algorithm: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> Signer<'a> {
    pub(super) fn read(signer: Value<'a>, content_type: &[u8]) -> Result<Self, TokenError> {
        let failed = read("the signer");
        let mut parts = signer.reader();
        parts.expect(der::INTEGER).map_err(&failed)?;
        let id = parts.any().map_err(&failed)?;
        if id.tag != der::SEQUENCE {
            let part = "the signer's id";
            return Err(TokenError::Unsupported { part });
        }
        let mut names = id.reader();
        let issuer = names.expect(der::SEQUENCE).map_err(&failed)?;
        let serial = names.expect(der::INTEGER).map_err(&failed)?;
        names.end().map_err(&failed)?;
        let digest = Digest::read(parts.expect(der::SEQUENCE).map_err(&failed)?)?;
        let attributes = parts.expect(context(0)).map_err(&failed)?;
        let algorithm = parts.expect(der::SEQUENCE).map_err(&failed)?;
        let algorithm = algorithm.reader().expect(der::OID).map_err(&failed)?;
        let signature = parts.expect(der::OCTET_STRING).map_err(&failed)?;
        parts.optional(context(1)).map_err(&failed)?;
        parts.end().map_err(&failed)?;
        let mut set = Vec::new();
        der::push(&mut set, der::SET, attributes.content);
        let attributes = Attributes::read(attributes, content_type)?;
        Ok(Self {
            issuer: issuer.whole,
            serial: serial.content,
            digest,
            signed: set,
            message_digest: attributes.message_digest,
            certificate: attributes.certificate,
            algorithm: algorithm.content,
            signature: signature.content,
        })
    }
}

impl Digest {
    fn read(algorithm: Value<'_>) -> Result<Self, TokenError> {
        const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
        let kind = algorithm.reader().expect(der::OID);
        let kind = kind.map_err(read("the digest's algorithm"))?;
        match kind.content.strip_prefix(SHA2) {
            Some([1]) => Ok(Self::Sha256),
            Some([2]) => Ok(Self::Sha384),
            Some([3]) => Ok(Self::Sha512),
            _ => {
                let part = "the digest's algorithm";
                Err(TokenError::Unsupported { part })
            }
        }
    }
}

/// The signed attributes that count.
struct Attributes<'a> {
    message_digest: &'a [u8],
    certificate: Vec<CertificateHash<'a>>,
}

impl<'a> Attributes<'a> {
    fn read(signed: Value<'a>, content_type: &[u8]) -> Result<Self, TokenError> {
        let failed = read("the signed attributes");
        let mut parts = signed.reader();
        let mut found: Vec<(&[u8], Value<'a>)> = Vec::new();
        while !parts.is_empty() {
            let attribute = parts.expect(der::SEQUENCE).map_err(&failed)?;
            let mut halves = attribute.reader();
            let kind = halves.expect(der::OID).map_err(&failed)?.content;
            let values = halves.expect(der::SET).map_err(&failed)?;
            halves.end().map_err(&failed)?;
            if found.len() == ATTRIBUTES_MAX || found.iter().any(|(known, _)| *known == kind) {
                let part = "an attribute that stands twice, or one too many,";
                return Err(TokenError::Unsupported { part });
            }
            found.push((kind, values));
        }
        let of = |wanted: &[u8]| {
            let found = found.iter().find(|(kind, _)| *kind == wanted);
            found.map(|(_, values)| values.content)
        };
        let kind = der::single(of(CONTENT_TYPE).unwrap_or_default(), der::OID);
        if kind.map_err(read("the content type"))?.content != content_type {
            let part = "the content type";
            return Err(TokenError::Unsupported { part });
        }
        let digest = of(MESSAGE_DIGEST).unwrap_or_default();
        let digest = der::single(digest, der::OCTET_STRING).map_err(read("the message digest"))?;
        let mut certificate = Vec::new();
        if let Some(values) = of(SIGNING_CERTIFICATE) {
            certificate.push(certificate_v1(values)?);
        }
        if let Some(values) = of(SIGNING_CERTIFICATE_V2) {
            certificate.push(certificate_v2(values)?);
        }
        if certificate.is_empty() {
            let part = "a token that does not name its certificate";
            return Err(TokenError::Unsupported { part });
        }
        Ok(Self {
            message_digest: digest.content,
            certificate,
        })
    }
}

/// The first identifier: that of the signer's own certificate.
fn first_id(values: &[u8]) -> Result<Value<'_>, TokenError> {
    let failed = read("the signing certificate");
    let attribute = der::single(values, der::SEQUENCE).map_err(&failed)?;
    let list = attribute.reader().expect(der::SEQUENCE).map_err(&failed)?;
    list.reader().expect(der::SEQUENCE).map_err(failed)
}

fn certificate_v1(values: &[u8]) -> Result<CertificateHash<'_>, TokenError> {
    let hash = first_id(values)?.reader().expect(der::OCTET_STRING);
    let hash = hash.map_err(read("the signing certificate"))?;
    Ok(CertificateHash::Sha1(hash.content))
}

fn certificate_v2(values: &[u8]) -> Result<CertificateHash<'_>, TokenError> {
    let failed = read("the signing certificate");
    let mut parts = first_id(values)?.reader();
    let algorithm = parts.optional(der::SEQUENCE).map_err(&failed)?;
    let digest = algorithm.map_or(Ok(Digest::Sha256), Digest::read)?;
    let hash = parts.expect(der::OCTET_STRING).map_err(failed)?;
    Ok(CertificateHash::Of(digest, hash.content))
}
