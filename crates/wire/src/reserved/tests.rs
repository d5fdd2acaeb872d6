use proptest::prelude::*;

use super::*;

fn time() -> TimeLine {
    TimeLine {
        bound_us: Some(2_345),
        collector_bound_us: Some(12_000),
        collector_offset_us: Some(-800),
        i: 12,
        mono_us: 300_000_000,
        offset_us: Some(-345),
        source: ClockSource::Chrony,
        stratum: Some(3),
        synced: Some(true),
        v: RESERVED_VERSION,
        wall_us: UnixMicros::new(1_763_806_500_123_456),
    }
}

fn control() -> ControlLine {
    ControlLine {
        failed: vec!["quad9".parse().unwrap()],
        hosts: vec![
            HostLine {
                host: "api.acme.example".to_owned(),
                tcp: true,
                tls: Some(true),
            },
            HostLine {
                host: "llm.local:8080".to_owned(),
                tcp: false,
                tls: None,
            },
        ],
        i: 7,
        minute: Minute::new(29_396_775),
        mono_us: 301_000_000,
        of: 3,
        ok: 2,
        v: RESERVED_VERSION,
        wall_us: UnixMicros::new(1_763_806_561_000_000),
    }
}

fn sys() -> SysLine {
    SysLine {
        build: Some("ab".repeat(32)),
        cpu_permille: Some(14),
        cpu_pressure_permille: Some(3),
        event: SysEvent::Load,
        i: 1,
        lag_us_max: Some(1_903),
        left_out: None,
        mem_free_kib: Some(812_344),
        memory_pressure_permille: Some(0),
        mono_us: 300_000_000,
        plan: Some(4),
        rss_kib: Some(21_904),
        v: RESERVED_VERSION,
        version: Some("0.1.0".to_owned()),
        wall_us: UnixMicros::new(1_763_806_500_123_456),
    }
}

#[track_caller]
fn frozen(line: &ReservedLine, text: &str) {
    let encoded = line.encode().unwrap();
    assert_eq!((encoded.core.as_str(), &encoded.detail), (text, &None));
    let read = ReservedLine::parse(line.stream(), text.as_bytes()).unwrap();
    assert_eq!(&read, line);
}

#[test]
fn the_lines_of_version_1_are_frozen() {
    frozen(
        &ReservedLine::Time(time()),
        concat!(
            r#"{"bound_us":2345,"collector_bound_us":12000,"collector_offset_us":-800,"i":12,"#,
            r#""mono_us":300000000,"offset_us":-345,"source":"chrony","stratum":3,"synced":true,"#,
            r#""v":1,"wall_us":1763806500123456}"#
        ),
    );
    frozen(
        &ReservedLine::Ctrl(control()),
        concat!(
            r#"{"failed":["quad9"],"hosts":[{"host":"api.acme.example","tcp":true,"tls":true},"#,
            r#"{"host":"llm.local:8080","tcp":false}],"i":7,"minute":29396775,"#,
            r#""mono_us":301000000,"of":3,"ok":2,"v":1,"wall_us":1763806561000000}"#
        ),
    );
    let hash = "ab".repeat(32);
    let text = format!(
        concat!(
            r#"{{"build":"{}","cpu_permille":14,"cpu_pressure_permille":3,"event":"load","i":1,"#,
            r#""lag_us_max":1903,"mem_free_kib":812344,"memory_pressure_permille":0,"#,
            r#""mono_us":300000000,"plan":4,"rss_kib":21904,"v":1,"version":"0.1.0","#,
            r#""wall_us":1763806500123456}}"#
        ),
        hash
    );
    frozen(&ReservedLine::Sys(Box::new(sys())), &text);
}

#[test]
fn what_is_unknown_is_absent() {
    let line = TimeLine {
        bound_us: None,
        collector_bound_us: None,
        collector_offset_us: None,
        offset_us: None,
        source: ClockSource::None,
        stratum: None,
        synced: None,
        ..time()
    };
    frozen(
        &ReservedLine::Time(line.clone()),
        r#"{"i":12,"mono_us":300000000,"source":"none","v":1,"wall_us":1763806500123456}"#,
    );
    assert!(!line.is_doubtful(), "unknown is no accusation");
}

#[test]
fn plain_serialisation_is_already_canonical() {
    for (plain, line) in [
        (serde_json::to_string(&time()), ReservedLine::Time(time())),
        (
            serde_json::to_string(&control()),
            ReservedLine::Ctrl(control()),
        ),
        (
            serde_json::to_string(&sys()),
            ReservedLine::Sys(Box::new(sys())),
        ),
    ] {
        assert_eq!(plain.unwrap(), line.encode().unwrap().core);
    }
}

#[test]
fn a_line_of_another_stream_or_with_more_answers_than_questions_is_refused() {
    let text = ReservedLine::Time(time()).encode().unwrap().core;
    for other in [Reserved::Ctrl, Reserved::Sys] {
        let refused = ReservedLine::parse(other, text.as_bytes());
        assert!(matches!(refused, Err(LineError::Shape(_))), "{other}");
    }
    let many = ControlLine { ok: 4, ..control() };
    let text = ReservedLine::Ctrl(many).encode().unwrap().core;
    let refused = ReservedLine::parse(Reserved::Ctrl, text.as_bytes());
    assert!(matches!(refused, Err(LineError::Controls)));
}

#[test]
fn keys_of_later_versions_are_passed_over() {
    let text = r#"{"i":0,"mono_us":1,"source":"none","v":1,"wall_us":2,"zz":[true]}"#;
    assert!(ReservedLine::parse(Reserved::Time, text.as_bytes()).is_ok());
}

#[test]
fn a_clock_is_doubted_where_something_speaks_against_it() {
    let doubtful = |bend: fn(&mut TimeLine)| {
        let mut line = time();
        bend(&mut line);
        line.is_doubtful()
    };
    assert!(!doubtful(|_| ()));
    assert!(doubtful(|line| line.synced = Some(false)));
    assert!(!doubtful(|line| line.bound_us = Some(CLOCK_ERROR_US_MAX)));
    assert!(doubtful(|line| line.bound_us = Some(CLOCK_ERROR_US_MAX + 1)));
    assert!(!doubtful(|line| line.collector_offset_us = Some(-1_012_000)));
    assert!(doubtful(|line| line.collector_offset_us = Some(-1_012_001)));
}

proptest! {
    #[test]
    fn any_time_line_reads_back(
        bound in proptest::option::of(0..=jcs::INTEGER_MAX),
        offset in proptest::option::of(-(1_i64 << 53) + 1..1_i64 << 53),
        stratum in proptest::option::of(any::<u8>()),
        synced in proptest::option::of(any::<bool>()),
        i in 0..=jcs::INTEGER_MAX,
    ) {
        let line = TimeLine { bound_us: bound, offset_us: offset, stratum, synced, i, ..time() };
        let line = ReservedLine::Time(line);
        let text = line.encode().unwrap().core;
        prop_assert_eq!(ReservedLine::parse(Reserved::Time, text.as_bytes()).unwrap(), line);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for stream in Reserved::ALL {
            let _ignored = ReservedLine::parse(stream, &bytes).is_ok();
        }
    }
}
