use domain::detail::{BODY_BYTES_MAX, Body, Text};

use super::*;

/// As many failures as a batch may have lines.
const FAILURES: i64 = 10_000;

fn failure(said: &str) -> Attempt {
    Attempt {
        detail: Detail {
            body: Some(Body::new(said)),
            ..Detail::default()
        },
        ..attempt(Outcome::ServerError)
    }
}

fn record(bench: &mut Bench, at_s: i64, attempt: &Attempt) {
    let attempted = Attempted {
        target: &bench.plan.targets[0],
        plan_revision: 7,
        slot: UnixMillis::new(at_s * 1_000),
        number: 1,
        kind: Kind::Planned,
        start: stamp(at_s),
        attempt,
    };
    bench.recorder.record_attempt(&attempted).unwrap();
}

/// The details of a batch, in the order of its lines.
fn details(sealed: &SealedBatch) -> Vec<Detail> {
    read(sealed, |batch| {
        let lines = batch.streams.iter().flat_map(|stream| &stream.lines);
        let details = lines.filter_map(|line| line.detail.as_ref());
        details
            .map(|detail| serde_json::from_str(detail).unwrap())
            .collect()
    })
}

#[test]
fn thousands_of_failures_keep_every_sample_and_their_batches_small() {
    let mut bench = Bench::new();
    bench.recorder.settings.limits.durability = crate::spool::Durability::Manual;
    // Text that JSON doubles: the worst that a body can weigh.
    let failure = failure(&"\"".repeat(BODY_BYTES_MAX));
    for at_s in 1..=FAILURES {
        record(&mut bench, at_s, &failure);
    }
    bench.seal(FAILURES).unwrap();
    let state = bench.recorder.spool().state();
    let stream = &state.streams[&StreamId::from(bench.plan.targets[0].id.clone())];
    assert_eq!(i64::try_from(stream.next_i).unwrap(), FAILURES);
    assert!(state.next_seq <= 3, "{} batches", state.next_seq);

    for at_s in 1..=FAILURES / 4 {
        record(&mut bench, FAILURES + at_s, &failure);
    }
    let details = details(&bench.seal(2 * FAILURES).unwrap());
    assert_eq!(i64::try_from(details.len()).unwrap(), FAILURES / 4);
    let len = |detail: &Detail| match detail.body.as_ref().map(Body::text) {
        Some(Text::Plain(text)) => text.len(),
        _ => 0,
    };
    let of = |bytes: usize| details.iter().filter(|detail| len(detail) == bytes).count();
    let (whole, short, none) = (of(BODY_BYTES_MAX), of(256), of(0));
    assert!(
        whole > 100 && short > 500 && none > 500,
        "{whole} {short} {none}"
    );
    assert_eq!(whole + short + none, details.len());
    let cut = details.iter().filter(|detail| detail.body_cut).count();
    assert_eq!(cut, short + none, "what is missing is counted in the lines");
}

#[test]
fn a_body_gives_way_before_the_rest_of_a_detail_does() {
    let mut bench = Bench::new();
    let mut failure = failure(&"\"".repeat(BODY_BYTES_MAX));
    let long = Text::Plain("x".repeat(512));
    failure.detail.hdr = (0..25)
        .map(|i| (format!("x-ratelimit-{i}"), long.clone()))
        .collect();
    record(&mut bench, 1, &failure);
    let details = details(&bench.seal(2).unwrap());
    assert_eq!((&details[0].body, details[0].body_cut), (&None, true));
    assert_eq!(details[0].hdr.len(), 25);
}
