//! One log-linear histogram: buckets as wide as 1/128 of their values at most, counts exact.
//!
//! Packed, it is the number of buckets that are not empty and for each of them the distance of its
//! lowest value from that of the one before, and its count: all of them unsigned LEB128. There is
//! one way to write a sketch, and others are refused.

use hdrhistogram::Histogram;

/// Decimal digits that are kept: two mean 128 buckets per power of two.
const DIGITS: u8 = 2;
/// Longest time told apart, microseconds: 19 hours, far above any deadline. Longer ones count as
/// this.
const LONGEST_US: u64 = (1 << 36) - 1;
/// Most buckets of a packed sketch: as many as there are.
const BUCKETS_MAX: u64 = 31 * 128;
/// Most samples in one bucket of a packed sketch: sums cannot overflow.
const COUNT_MAX: u64 = 1 << 48;

/// Bytes that are no sketch.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SketchError {
    #[error("the bytes end within a sketch")]
    Cut,
    #[error("layout {layout} is unknown")]
    Layout { layout: u8 },
    #[error("bytes follow the last sketch")]
    Trailing,
    #[error("a number is out of range or not written in the one way it can be")]
    Number,
}

/// How often which time was seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sketch(Histogram<u64>);

impl Sketch {
    pub(crate) fn empty() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, DIGITS);
        Self(histogram.expect("the bounds are in order and the digits are few"))
    }

    /// Counts a time of so many microseconds, so many times.
    pub(crate) fn record(&mut self, us: u64, times: u64) {
        self.0.saturating_record_n(us.min(LONGEST_US), times);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let added = self.0.add(&other.0);
        added.expect("all sketches have the same bounds");
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The smallest time that this share of the samples does not exceed (nearest rank), as the
    /// highest value of its bucket; absent where there is no sample.
    pub(crate) fn percentile(&self, percent: u8) -> Option<u64> {
        let share = u128::from(self.count()) * u128::from(percent);
        let rank = share.div_ceil(100).max(1);
        let mut seen: u128 = 0;
        self.buckets().find_map(|(lowest, count)| {
            seen += u128::from(count);
            (seen >= rank).then(|| self.0.highest_equivalent(lowest))
        })
    }

    /// Lowest value and count of each bucket that is not empty, in order.
    fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter_recorded().map(|one| {
            let lowest = self.0.lowest_equivalent(one.value_iterated_to());
            (lowest, one.count_at_value())
        })
    }

    /// Appends the sketch.
    pub(crate) fn pack(&self, bytes: &mut Vec<u8>) {
        let buckets: Vec<_> = self.buckets().collect();
        write(bytes, buckets.len() as u64);
        let mut before = 0;
        for (lowest, count) in buckets {
            write(bytes, lowest - before);
            write(bytes, count);
            before = lowest;
        }
    }

    /// Reads a sketch and leaves what follows it.
    pub(crate) fn unpack(bytes: &mut &[u8]) -> Result<Self, SketchError> {
        let buckets = read(bytes, BUCKETS_MAX)?;
        let mut sketch = Self::empty();
        let mut before: u64 = 0;
        for index in 0..buckets {
            let (distance, count) = (read(bytes, LONGEST_US)?, read(bytes, COUNT_MAX)?);
            let lowest = before + distance;
            let is_next = (index == 0 || distance > 0) && lowest <= LONGEST_US;
            if !is_next || count == 0 || sketch.0.lowest_equivalent(lowest) != lowest {
                return Err(SketchError::Number);
            }
            sketch.record(lowest, count);
            before = lowest;
        }
        Ok(sketch)
    }
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits fit into a byte");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// A number up to `max`, in as few bytes as it takes.
fn read(bytes: &mut &[u8], max: u64) -> Result<u64, SketchError> {
    let mut number: u64 = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(SketchError::Cut)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let is_padded = *byte == 0 && shift > 0;
            return if is_padded || number > max {
                Err(SketchError::Number)
            } else {
                Ok(number)
            };
        }
    }
    Err(SketchError::Number)
}
