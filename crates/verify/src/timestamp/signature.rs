//! Signatures of authorities, verified in pure Rust: public operations only, so that nothing here
//! can leak.
//!
//! RSA is the comparison of a whole encoded block (RFC 8017, 8.2.2): what is expected is built and
//! nothing of what was found is parsed.

use evidence::der;
use evidence::timestamp::Digest;
use num_bigint::BigUint;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Bits that the modulus of an RSA key may have.
const RSA_BITS: std::ops::RangeInclusive<u64> = 2_048..=8_192;
/// Bits that its exponent may have at most.
const EXPONENT_BITS_MAX: u64 = 33;

/// Content of `rsaEncryption`, which stands for PKCS #1 v1.5 with the digest that is named beside.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// What is verified, over paths of certificates too.
pub(super) const ALL: &[&dyn SignatureVerificationAlgorithm] = &[
    &Rsa(Digest::Sha256),
    &Rsa(Digest::Sha384),
    &Rsa(Digest::Sha512),
    &Ecdsa(Curve::P256, Digest::Sha256),
    &Ecdsa(Curve::P256, Digest::Sha384),
    &Ecdsa(Curve::P256, Digest::Sha512),
    &Ecdsa(Curve::P384, Digest::Sha256),
    &Ecdsa(Curve::P384, Digest::Sha384),
    &Ecdsa(Curve::P384, Digest::Sha512),
];

/// The algorithms that a signature's object identifier may mean with this digest, whatever the key.
pub(super) fn candidates(
    oid: &[u8],
    digest: Digest,
) -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    let rsa = Rsa(digest).signature_alg_id();
    let ecdsa = Ecdsa(Curve::P256, digest).signature_alg_id();
    let names = |id: &AlgorithmIdentifier| {
        let named = der::Reader::new(id).expect(der::OID);
        named.is_ok_and(|named| named.content == oid)
    };
    let (is_rsa, is_ecdsa) = (oid == RSA || names(&rsa), names(&ecdsa));
    let fits = move |candidate: &&dyn SignatureVerificationAlgorithm| {
        let id = candidate.signature_alg_id();
        (is_rsa && *id == *rsa) || (is_ecdsa && *id == *ecdsa)
    };
    ALL.iter().copied().filter(fits)
}

/// A digest of bytes.
pub(super) fn hash(digest: Digest, bytes: &[u8]) -> Vec<u8> {
    match digest {
        Digest::Sha256 => Sha256::digest(bytes).to_vec(),
        Digest::Sha384 => Sha384::digest(bytes).to_vec(),
        Digest::Sha512 => Sha512::digest(bytes).to_vec(),
    }
}

/// RSASSA-PKCS1-v1_5.
#[derive(Debug)]
struct Rsa(Digest);

impl Rsa {
    /// `DigestInfo` up to the digest itself (RFC 8017, 9.2, note 1).
    const fn prefix(&self) -> [u8; 19] {
        let (kind, length) = match self.0 {
            Digest::Sha256 => (1, 32),
            Digest::Sha384 => (2, 48),
            Digest::Sha512 => (3, 64),
        };
        [
            0x30,
            17 + length,
            0x30,
            0x0d,
            0x06,
            0x09,
            0x60,
            0x86,
            0x48,
            0x01,
            0x65,
            0x03,
            0x04,
            0x02,
            kind,
            0x05,
            0x00,
            0x04,
            length,
        ]
    }

    fn holds(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
        let key = der::single(public_key, der::SEQUENCE).ok()?;
        let mut parts = key.reader();
        let modulus = BigUint::from_bytes_be(parts.expect(der::INTEGER).ok()?.content);
        let exponent = BigUint::from_bytes_be(parts.expect(der::INTEGER).ok()?.content);
        parts.end().ok()?;
        let length = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
        let number = BigUint::from_bytes_be(signature);
        let possible = RSA_BITS.contains(&modulus.bits())
            && exponent.bits() <= EXPONENT_BITS_MAX
            && exponent.bit(0)
            && exponent.bits() > 1
            && signature.len() == length
            && number < modulus;
        if !possible {
            return None;
        }
        let found = number.modpow(&exponent, &modulus).to_bytes_be();
        let digest = hash(self.0, message);
        let tail = [&[0][..], &self.prefix(), &digest].concat();
        // 00 01 FF.. 00 DigestInfo; the first byte is not in the number's shortest form.
        let mut expected = vec![0xff; (length - 1).checked_sub(tail.len())?];
        expected[0] = 1;
        expected.extend(tail);
        Some(found == expected)
    }
}

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match self.holds(public_key, message, signature) {
            Some(true) => Ok(()),
            _ => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            Digest::Sha256 => alg_id::RSA_PKCS1_SHA256,
            Digest::Sha384 => alg_id::RSA_PKCS1_SHA384,
            Digest::Sha512 => alg_id::RSA_PKCS1_SHA512,
        }
    }
}

/// The curves of NIST that authorities use.
#[derive(Clone, Copy, Debug)]
enum Curve {
    P256,
    P384,
}

/// ECDSA with a DER signature.
#[derive(Debug)]
struct Ecdsa(Curve, Digest);

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let hashed = hash(self.1, message);
        let holds = match self.0 {
            Curve::P256 => p256_holds(public_key, &hashed, signature),
            Curve::P384 => p384_holds(public_key, &hashed, signature),
        };
        holds.ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            Curve::P256 => alg_id::ECDSA_P256,
            Curve::P384 => alg_id::ECDSA_P384,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.1 {
            Digest::Sha256 => alg_id::ECDSA_SHA256,
            Digest::Sha384 => alg_id::ECDSA_SHA384,
            Digest::Sha512 => alg_id::ECDSA_SHA512,
        }
    }
}

fn p256_holds(public_key: &[u8], hashed: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::{Signature, VerifyingKey};
    let (r, s) = scalars::<32>(signature)?;
    let key = VerifyingKey::from_sec1_bytes(public_key).ok()?;
    let signature = Signature::from_scalars(r, s).ok()?;
    key.verify_prehash(hashed, &signature).ok()
}

fn p384_holds(public_key: &[u8], hashed: &[u8], signature: &[u8]) -> Option<()> {
    use p384::ecdsa::{Signature, VerifyingKey};
    let (r, s) = scalars::<48>(signature)?;
    let key = VerifyingKey::from_sec1_bytes(public_key).ok()?;
    let signature = Signature::from_scalars(r, s).ok()?;
    key.verify_prehash(hashed, &signature).ok()
}

/// The two numbers of an ECDSA signature, at the length of the curve's field.
fn scalars<const N: usize>(signature: &[u8]) -> Option<([u8; N], [u8; N])> {
    let mut parts = der::single(signature, der::SEQUENCE).ok()?.reader();
    let mut next = || {
        let content = parts.expect(der::INTEGER).ok()?.content;
        let number = content.strip_prefix(&[0]).unwrap_or(content);
        let mut scalar = [0; N];
        let start = N.checked_sub(number.len())?;
        scalar[start..].copy_from_slice(number);
        (content.first()? & 0x80 == 0).then_some(scalar)
    };
    let found = (next()?, next()?);
    parts.end().ok()?;
    Some(found)
}
