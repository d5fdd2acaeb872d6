//! Small tables of what was seen last. A place in one is only a guess: whoever reads it compares
//! what it names with what is looked for, so that equal keys cost time and nothing else.

use crate::cell::Timeliness;
use crate::view::SampleView;

/// Numbers by the key they were last found under.
#[derive(Debug)]
pub(super) struct Recent {
    places: Box<[Option<u32>]>,
}

impl Recent {
    /// A table of a power of two of places.
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: vec![None; places.next_power_of_two()].into_boxed_slice(),
        }
    }

    /// Where a key would stand.
    pub(super) fn place(&mut self, key: u64) -> &mut Option<u32> {
        let low = usize::try_from(key & 0xffff).expect("16 bits fit an index");
        let mask = self.places.len() - 1;
        &mut self.places[low & mask]
    }
}

/// Two keys as one, with its low bits depending on all of both.
pub(super) const fn mix(a: u64, b: u64) -> u64 {
    let product = (a ^ b.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

/// A key of a text: names of one set mostly differ in length or at their end.
pub(super) fn text(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let tail = bytes.last_chunk::<8>().map_or_else(
        || {
            bytes
                .iter()
                .fold(0, |key, byte| key << 8 | u64::from(*byte))
        },
        |tail| u64::from_le_bytes(*tail),
    );
    mix(tail, bytes.len() as u64)
}

/// A key of a sample's class.
pub(super) fn of_class(sample: &SampleView<'_>, timeliness: Timeliness) -> u64 {
    let words = [
        sample.outcome as u64,
        sample.attribution as u64,
        sample.kind as u64,
        sample.source as u64,
        sample.stream.into(),
        u64::from(timeliness == Timeliness::Late),
    ];
    let words = words.iter().fold(0, |key, word| key << 5 | word);
    let status = sample.status.map_or(0, u64::from);
    let answer = mix(
        sample.served_model.map_or(0, text),
        sample.served_tier.map_or(0, text),
    );
    let features = sample.features.iter().map(|f| text(f));
    mix(words << 16 | status, features.fold(answer, mix))
}
