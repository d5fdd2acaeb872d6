use proptest::prelude::*;

use super::*;

const WALL_US: i64 = 1_800_000_012_345_678;

/// The signed bytes of [`preview`]: what other implementations have to write and read.
const KNOWN: &str = include_str!("tests/known.txt");

fn stream(target: &str) -> PreviewStream {
    PreviewStream {
        attempt: 1,
        attribution: Attribution::None,
        first_us: Some(431_002),
        outcome: Outcome::Ok,
        slot_ms: UnixMillis::new(1_800_000_000_000),
        started_us: UnixMicros::new(1_800_000_000_123_456),
        status: Some(200),
        target: target.parse().unwrap(),
    }
}

fn preview() -> Preview {
    let failed = PreviewStream {
        attempt: 2,
        attribution: Attribution::Network,
        first_us: None,
        outcome: Outcome::Dns,
        status: None,
        ..stream("zeta")
    };
    Preview {
        agent: "eu-1".parse().unwrap(),
        boot: 0x7f3a,
        origin: "nines.example/team".parse().unwrap(),
        streams: vec![stream("acme-chat"), failed],
        wall_us: UnixMicros::new(WALL_US),
    }
}

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &[5; 32]).unwrap()
}

fn agent_key() -> SigningKey {
    key("nines.example/team/agents/eu-1")
}

/// What is read of a text that the agent signed.
fn read(text: &str) -> Result<Preview, PreviewError> {
    let note = note::sign(text, &[&agent_key()]).unwrap();
    Unverified::read(&note.to_bytes())?.verify(&agent_key().verifier_key())
}

fn json(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut json = serde_json::to_value(preview()).unwrap();
    change(&mut json);
    format!("{HEAD}{json}\n")
}

#[test]
fn the_bytes_of_a_preview_are_frozen() {
    let signed = preview().sign(&agent_key()).unwrap();
    assert_eq!(String::from_utf8(signed).unwrap(), KNOWN);
    let unverified = Unverified::read(KNOWN.as_bytes()).unwrap();
    assert_eq!(unverified.agent(&preview().origin), Some(preview().agent));
    let read = unverified.verify(&agent_key().verifier_key());
    assert_eq!(read.unwrap(), preview());
}

#[test]
fn a_preview_is_believed_under_its_agents_key_and_no_other() {
    let unverified = Unverified::read(KNOWN.as_bytes()).unwrap();
    let elsewhere = "other.example".parse().unwrap();
    assert_eq!(unverified.agent(&elsewhere), None);
    for other in [
        key("nines.example/team/agents/eu-2"),
        SigningKey::from_seed("nines.example/team/agents/eu-1", &[6; 32]).unwrap(),
    ] {
        let refused = unverified.verify(&other.verifier_key());
        assert!(matches!(refused, Err(PreviewError::Signature(_))));
    }
    let forged = KNOWN.replace("\"dns\"", "\"ok\"");
    let forged = Unverified::read(forged.as_bytes()).unwrap();
    let refused = forged.verify(&agent_key().verifier_key());
    assert!(matches!(refused, Err(PreviewError::Signature(_))));
}

#[test]
fn no_agent_tells_a_preview_in_the_name_of_another() {
    let other = key("nines.example/team/agents/eu-2");
    let refused = preview().sign(&other).unwrap_err();
    assert!(matches!(refused, PreviewError::Name { .. }), "{refused:?}");
    for (member, value) in [("agent", "eu-2"), ("origin", "nines.example")] {
        let refused = read(&json(|json| json[member] = value.into())).unwrap_err();
        assert!(matches!(refused, PreviewError::Name { .. }), "{refused:?}");
    }
}

#[test]
fn what_a_preview_does_not_have_is_refused() {
    assert_eq!(read(&json(|_| {})).unwrap(), preview());
    for text in [
        json(|json| json["prompt"] = "x".into()),
        json(|json| json["streams"][0]["prompt"] = "x".into()),
        json(|json| json["boot"] = "7F3A".into()),
        json(|json| json["boot"] = 1.into()),
        json(|json| json["streams"][0]["outcome"] = "fine".into()),
        json(|json| json["streams"][0]["target"] = "../x".into()),
        json(|json| json["wall_us"] = 1.5.into()),
        json(|_| {}).replace("{\"agent\":", "{\"agent\":\"eu-1\",\"agent\":"),
        format!("{}{{}}\n", json(|_| {})),
        format!("{HEAD}\n"),
    ] {
        let refused = read(&text).unwrap_err();
        assert!(
            matches!(refused, PreviewError::Json(_)),
            "{text} {refused:?}"
        );
    }
    let order = "nines/confirm/v1\norder 1\n";
    assert!(matches!(read(order), Err(PreviewError::Head)));
}

#[test]
fn numbers_and_times_that_no_attempt_has_are_refused() {
    let far = |ms: i64| WALL_US / 1_000 + ms;
    for (field, value) in [
        ("attempt", 0.into()),
        ("attempt", 1_000_001.into()),
        ("first_us", (INTEGER_MAX + 1).into()),
        ("slot_ms", far(FUTURE_SKEW_MS_MAX + 1).into()),
        ("slot_ms", far(-SPAN_MS_MAX - 1).into()),
        ("slot_ms", i64::MIN.into()),
        ("started_us", i64::MAX.into()),
        ("status", 99.into()),
        ("status", 1_000.into()),
    ] {
        let value: serde_json::Value = value;
        let refused = read(&json(|json| json["streams"][1][field] = value)).unwrap_err();
        let PreviewError::Range {
            field: found,
            target,
        } = refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!((found, target.as_str()), (field, "zeta"));
    }
}

#[test]
fn each_stream_stands_once_and_in_order() {
    let with = |streams: &[&str]| Preview {
        streams: streams.iter().map(|target| stream(target)).collect(),
        ..preview()
    };
    for streams in [&["b", "a"], &["a", "a"]] {
        let refused = with(streams).sign(&agent_key()).unwrap_err();
        assert!(matches!(refused, PreviewError::Order { .. }), "{refused:?}");
    }
    let none = with(&[]).sign(&agent_key()).unwrap_err();
    assert!(matches!(none, PreviewError::Streams { streams: 0 }));
}

#[test]
fn the_largest_preview_fits_and_one_stream_more_does_not() {
    let longest = |n: usize| PreviewStream {
        attempt: 101,
        attribution: Attribution::Provider,
        first_us: Some(600_000_000),
        outcome: *Outcome::ALL
            .iter()
            .max_by_key(|o| o.as_str().len())
            .unwrap(),
        ..stream(&format!("{n:064}"))
    };
    let mut preview = Preview {
        agent: "a".repeat(64).parse().unwrap(),
        streams: (0..STREAMS_MAX).map(longest).collect(),
        ..preview()
    };
    let key = key(&preview.origin.agent(&preview.agent));
    let body = preview.sign(&key).unwrap();
    let read = Unverified::read(&body).unwrap().verify(&key.verifier_key());
    assert_eq!(read.unwrap(), preview);
    preview.streams.push(longest(STREAMS_MAX));
    let refused = preview.sign(&key).unwrap_err();
    assert!(matches!(refused, PreviewError::Streams { .. }));
    let padded = vec![b'\n'; BYTES_MAX + 1];
    let refused = Unverified::read(&padded).unwrap_err();
    assert!(matches!(refused, PreviewError::TooLong { .. }));
}

#[test]
fn a_preview_is_believed_for_minutes_and_not_before_it_is_made() {
    let at = |ms: i64| UnixMillis::new(WALL_US / 1_000 + ms);
    for ms in [-AHEAD_MS_MAX, 0, AGE_MS_MAX] {
        preview().check_age(at(ms)).unwrap();
    }
    for ms in [-AHEAD_MS_MAX - 1, AGE_MS_MAX + 1] {
        let refused = preview().check_age(at(ms)).unwrap_err();
        assert!(matches!(refused, PreviewError::Clock { .. }), "{refused:?}");
    }
}

fn any_stream() -> impl Strategy<Value = PreviewStream> {
    (
        ("[a-z0-9][a-z0-9._-]{0,63}", 1_u32..200),
        proptest::sample::select(Outcome::ALL),
        proptest::sample::select(Attribution::ALL),
        (0..SPAN_MS_MAX, 0..SPAN_MS_MAX),
        proptest::option::of(0..=INTEGER_MAX),
        proptest::option::of(100_u16..=999),
    )
        .prop_map(
            |((target, attempt), outcome, attribution, (slot, started), first_us, status)| {
                PreviewStream {
                    attempt,
                    attribution,
                    first_us,
                    outcome,
                    slot_ms: UnixMillis::new(WALL_US / 1_000 - slot),
                    started_us: UnixMicros::new(WALL_US - started * 1_000),
                    status,
                    target: target.parse().unwrap(),
                }
            },
        )
}

proptest! {
    #[test]
    fn every_preview_comes_back_as_it_was_told(
        streams in proptest::collection::vec(any_stream(), 1..20),
        boot: u64,
    ) {
        let mut streams = streams;
        streams.sort_by(|a, b| a.target.cmp(&b.target));
        streams.dedup_by(|a, b| a.target == b.target);
        let told = Preview { boot, streams, ..preview() };
        let body = told.sign(&agent_key()).unwrap();
        let read = Unverified::read(&body).unwrap().verify(&agent_key().verifier_key());
        prop_assert_eq!(read.unwrap(), told);
    }

    #[test]
    fn no_bytes_make_reading_fail_otherwise_than_by_refusal(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0_usize..800,
        byte: u8,
    ) {
        let key = agent_key().verifier_key();
        drop(Unverified::read(&body).map(|unverified| unverified.verify(&key)));
        let mut changed = KNOWN.as_bytes().to_vec();
        let at = at % changed.len();
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        let read = Unverified::read(&changed).and_then(|unverified| unverified.verify(&key));
        prop_assert!(read.is_err());
    }

    #[test]
    fn no_text_of_the_agents_own_makes_reading_panic(text in ".{0,200}") {
        if let Ok(note) = note::sign(&format!("{HEAD}{text}\n"), &[&agent_key()]) {
            let unverified = Unverified::read(&note.to_bytes());
            drop(unverified.map(|unverified| unverified.verify(&agent_key().verifier_key())));
        }
    }
}
