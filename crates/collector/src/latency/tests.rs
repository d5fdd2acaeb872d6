use proptest::prelude::*;

use super::*;

fn sketch(times: &[u64]) -> Sketch {
    let mut sketch = Sketch::empty();
    for us in times {
        sketch.record(*us, 1);
    }
    sketch
}

fn packed(sketch: &Sketch) -> Vec<u8> {
    let mut bytes = Vec::new();
    sketch.pack(&mut bytes);
    bytes
}

/// The exact percentile by nearest rank.
fn exact(times: &[u64], percent: usize) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[(times.len() * percent).div_ceil(100).max(1) - 1]
}

fn times() -> impl Strategy<Value = Vec<u64>> {
    let time = prop_oneof![
        0..300_u64,
        0..100_000_u64,
        0..600_000_000_u64,
        0..60_000_000_000_u64
    ];
    prop::collection::vec(time, 1..200)
}

proptest! {
    #[test]
    fn a_percentile_is_at_most_a_128th_above_the_exact_one_and_never_below(times in times()) {
        let sketch = sketch(&times);
        for percent in [1_u8, 50, 95, 99, 100] {
            let (told, exact) = (sketch.percentile(percent).unwrap(), exact(&times, percent.into()));
            prop_assert!(exact <= told && told - exact <= exact / 128, "{exact} is told as {told}");
        }
        prop_assert_eq!(sketch.count(), times.len() as u64);
    }

    #[test]
    fn merged_sketches_are_the_sketch_of_all_in_any_order(a in times(), b in times()) {
        let mut merged = sketch(&a);
        merged.merge(&sketch(&b));
        let mut other = sketch(&b);
        other.merge(&sketch(&a));
        let mut all = [a, b].concat();
        all.reverse();
        prop_assert_eq!(packed(&merged), packed(&sketch(&all)));
        prop_assert_eq!(packed(&other), packed(&merged));
    }

    #[test]
    fn what_was_packed_is_unpacked(first in times(), end in times()) {
        let latency = Latency {
            first: sketch(&first),
            end: sketch(&end),
            outcomes: BTreeMap::from([(Outcome::Ok, 3)]),
        };
        let bytes = latency.pack();
        let back = Latency::unpack(&bytes, latency.outcomes.clone()).unwrap();
        prop_assert_eq!(&back, &latency);
        for end in 0..bytes.len() {
            prop_assert!(Latency::unpack(&bytes[..end], BTreeMap::new()).is_err());
        }
    }

    #[test]
    fn bytes_that_are_read_at_all_are_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = [vec![LAYOUT], bytes].concat();
        if let Ok(latency) = Latency::unpack(&bytes, BTreeMap::new()) {
            prop_assert_eq!(latency.pack(), bytes);
        }
    }
}

#[test]
fn the_bytes_of_a_small_sketch_are_known() {
    let latency = Latency {
        first: sketch(&[5, 5, 300]),
        ..Latency::empty()
    };
    // Two buckets: 5 twice; 300 once, in a bucket that is two wide, 295 above.
    assert_eq!(latency.pack(), [1, 2, 5, 2, 0xa7, 0x02, 1, 0]);
    assert_eq!(latency.first.percentile(50), Some(5));
    assert_eq!(latency.first.percentile(95), Some(301));
    assert_eq!(latency.end.percentile(50), None);
}

#[test]
fn sketches_from_elsewhere_are_refused() {
    let unpack = |bytes: &[u8]| Latency::unpack(bytes, BTreeMap::new()).unwrap_err();
    assert_eq!(unpack(&[]), SketchError::Cut);
    assert_eq!(unpack(&[9, 0, 0]), SketchError::Layout { layout: 9 });
    assert_eq!(unpack(&[1, 0, 0, 0]), SketchError::Trailing);
    for odd in [
        &[1, 1, 5, 0, 0][..],            // A bucket without samples.
        &[1, 1, 0xad, 0x02, 1, 0],       // Not the lowest value of its bucket.
        &[1, 2, 5, 1, 0, 1, 0],          // The same bucket again.
        &[1, 0x80, 0, 0],                // A number longer than it has to be.
        &[1, 0xff, 0xff, 0xff, 0x7f, 0], // More buckets than there are.
    ] {
        assert_eq!(unpack(odd), SketchError::Number, "{odd:?}");
    }
}

/// The figure stands in the documentation.
#[test]
fn an_hour_of_a_sample_a_minute_takes_at_most_450_bytes() {
    let mut latency = Latency::empty();
    for minute in 0..60_u64 {
        // Hardly two in one bucket.
        latency.first.record(400_000 + minute * 7_919, 1);
        latency.end.record(2_000_000 + minute * 104_729, 1);
    }
    let bytes = latency.pack().len();
    assert!((400..=450).contains(&bytes), "{bytes}");
}

/// As well: a sample a minute, each time spread over a factor of four.
#[test]
fn a_day_of_a_sample_a_minute_takes_at_most_2_kib() {
    let mut latency = Latency::empty();
    for minute in 0..1_440_u64 {
        latency.first.record(300_000 + minute * 7_919 % 900_000, 1);
        latency
            .end
            .record(1_500_000 + minute * 104_729 % 4_500_000, 1);
    }
    let bytes = latency.pack().len();
    assert!((1_000..=2_048).contains(&bytes), "{bytes}");
}
