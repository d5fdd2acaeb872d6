//! Seeded pseudo-randomness: splitmix64 (Steele, Lea, Flood 2014). Repeatable, and not for secrets.

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of splitmix64: a bijection that spreads every input bit over the output.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A splitmix64 generator.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator whose stream depends on all `parts` and their order, so that a draw for one
    /// request and rule does not move when another rule is added.
    pub(crate) fn for_parts(parts: &[u64]) -> Self {
        let state = parts.iter().fold(
            0,
            |state, part| mix(state ^ part.wrapping_add(GOLDEN_GAMMA)),
        );
        Self(state)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number in `0..bound`; the bias of the multiply-shift is below `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u128::from(self.next_u64()) * u128::from(bound)) >> 64;
        u32::try_from(scaled).expect("a product shifted by 64 bits is below its 32-bit factor")
    }

    /// `length` lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let words = std::iter::repeat_with(|| format!("{:016x}", self.next_u64()));
        let mut digits: String = words.take(length.div_ceil(16)).collect();
        digits.truncate(length);
        digits
    }

    /// 32 hexadecimal digits in the grouping of a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|length| self.hex(length)).join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First outputs for seed 1234567, as published with the algorithm's test vectors.
    #[test]
    fn it_gives_the_known_answers_of_splitmix64() {
        let mut random = Random(1_234_567);
        let outputs = [random.next_u64(), random.next_u64(), random.next_u64()];
        assert_eq!(
            outputs,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn equal_parts_give_equal_streams_and_order_matters() {
        let stream = |parts: &[u64]| Random::for_parts(parts).next_u64();
        assert_eq!(stream(&[7, 1, 2]), stream(&[7, 1, 2]));
        assert_ne!(stream(&[7, 1, 2]), stream(&[7, 2, 1]));
        assert_ne!(stream(&[7, 1]), stream(&[8, 1]));
    }

    #[test]
    fn draws_below_a_bound_stay_below_it_and_reach_both_ends() {
        let mut random = Random::for_parts(&[1]);
        let draws: Vec<u32> = (0..1_000).map(|_| random.below(10)).collect();
        assert_eq!(
            (draws.iter().min(), draws.iter().max()),
            (Some(&0), Some(&9))
        );
    }
}
