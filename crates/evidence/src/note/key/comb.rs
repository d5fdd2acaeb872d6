//! Verifying many signatures by one key: multiples of its point are kept, so that a signature costs
//! additions only, a third of the time that it takes to double on the way.
//!
//! What is accepted is exactly what `verify_strict` of ed25519-dalek accepts: vectors and a property
//! hold one against the other. Where the point that the equation gives has the encoding that the
//! signature begins with, that encoding is canonical, so of the checks of `R` only the one for small
//! order is left. Nothing here is secret: times depend on the signature.

use std::sync::LazyLock;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use sha2::{Digest as _, Sha512};

/// Digits of a scalar: its bytes.
const ROWS: usize = 32;

/// Multiples for a digit from -128 to 128: the sign costs nothing.
const ROW: usize = 128;

/// Multiples of the base point.
static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT));

/// Encodings of the points of small order.
static SMALL: LazyLock<[[u8; 32]; 8]> =
    LazyLock::new(|| EIGHT_TORSION.map(|point| point.compress().to_bytes()));

/// A point times each value of each digit of a scalar: 0.7 MB.
struct Multiples(Vec<EdwardsPoint>);

impl Multiples {
    fn of(point: EdwardsPoint) -> Self {
        let mut points = Vec::with_capacity(ROWS * ROW);
        let mut unit = point;
        for _ in 0..ROWS {
            let mut multiple = unit;
            for _ in 1..ROW {
                points.push(multiple);
                multiple += unit;
            }
            points.push(multiple);
            unit = multiple + multiple;
        }
        Self(points)
    }

    /// `sum` and the point times `scalar`, which is below 2^253, so that no carry is left.
    fn add_to(&self, mut sum: EdwardsPoint, scalar: &Scalar) -> EdwardsPoint {
        let mut carry = 0;
        for (row, byte) in self.0.chunks_exact(ROW).zip(scalar.as_bytes()) {
            let digit = usize::from(*byte) + carry;
            if digit <= ROW {
                carry = 0;
                if let Some(multiple) = digit.checked_sub(1).and_then(|nth| row.get(nth)) {
                    sum += multiple;
                }
            } else {
                carry = 1;
                let below = 255_usize.checked_sub(digit);
                if let Some(multiple) = below.and_then(|nth| row.get(nth)) {
                    sum -= multiple;
                }
            }
        }
        sum
    }
}

/// A public key, ready to verify many signatures.
pub(super) struct Comb {
    public: [u8; 32],
    /// Of the negated key.
    minus: Multiples,
}

impl Comb {
    /// Half a millisecond, and 0.7 MB. The key must not be of small order.
    pub(super) fn of(key: &ed25519_dalek::VerifyingKey) -> Self {
        Self {
            public: key.to_bytes(),
            minus: Multiples::of(-key.to_edwards()),
        }
    }

    /// As `verify_strict`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((r, s)) = signature.split_first_chunk::<32>() else {
            return false;
        };
        let Ok(s) = <[u8; 32]>::try_from(s) else {
            return false;
        };
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else {
            return false;
        };
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(self.public)
            .chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let of_key = self.minus.add_to(EdwardsPoint::identity(), &k);
        let found = BASE.add_to(of_key, &s);
        found.compress().as_bytes() == r && !SMALL.contains(r)
    }
}
