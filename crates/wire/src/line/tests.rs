use domain::{Attribution, GapReason, Kind, Outcome, Source, UnixMicros, UnixMillis};

use super::*;

fn full_sample() -> Sample {
    Sample {
        asked_model: Some("gpt-x".into()),
        asked_tier: Some("default".into()),
        attempt: 1,
        attribution: Attribution::Provider,
        cred: Some("acme-prod".parse().unwrap()),
        deadline_ms: 60_000,
        detail: None,
        end_us: 933_120,
        features: vec!["preview".into()],
        first_us: Some(431_002),
        i: 120_345,
        input_tokens: Some(12),
        kind: Kind::Planned,
        last_us: Some(900_000),
        mono_us: 8_000_123_456,
        outcome: Outcome::Overloaded,
        output_tokens: Some(5),
        plan: 1,
        sent_us: Some(24_000),
        served_model: Some("gpt-x-2026-01-01".into()),
        served_tier: Some("default".into()),
        slot_ms: UnixMillis::new(1_763_806_500_000),
        source: Source::Probe,
        status: Some(529),
        stream: true,
        v: domain::sample::CORE_VERSION,
        wall_us: UnixMicros::new(1_763_806_500_123_456),
    }
}

#[test]
fn plain_serialisation_of_a_core_is_already_canonical() {
    let sample = full_sample();
    assert_eq!(
        serde_json::to_string(&sample).unwrap(),
        jcs::to_line(&sample).unwrap()
    );
    let gap = full_gap();
    assert_eq!(
        serde_json::to_string(&gap).unwrap(),
        jcs::to_line(&gap).unwrap()
    );
}

#[test]
fn the_core_line_of_version_1_is_frozen() {
    let line = encode_sample(full_sample(), &Detail::default()).unwrap();
    assert_eq!(
        line.core,
        concat!(
            r#"{"asked_model":"gpt-x","asked_tier":"default","attempt":1,"attribution":"provider","#,
            r#""cred":"acme-prod","deadline_ms":60000,"#,
            r#""detail":"0ayc1Hq8YmdJrfE3revoGtWiumjuRapMikOG1/dspb8=","#,
            r#""end_us":933120,"features":["preview"],"first_us":431002,"i":120345,"#,
            r#""input_tokens":12,"kind":"planned","last_us":900000,"mono_us":8000123456,"#,
            r#""outcome":"overloaded","output_tokens":5,"plan":1,"sent_us":24000,"#,
            r#""served_model":"gpt-x-2026-01-01","served_tier":"default","#,
            r#""slot_ms":1763806500000,"source":"probe","status":529,"stream":true,"v":1,"#,
            r#""wall_us":1763806500123456}"#
        )
    );
    assert_eq!(line.detail.as_deref(), Some(r#"{"phase":{},"salt":""}"#));
}

fn full_gap() -> Gap {
    Gap {
        count: 3,
        first_ms: UnixMillis::new(60_000),
        gap: GapReason::AgentDown,
        i: 7,
        last_ms: UnixMillis::new(180_000),
        plan: 1,
        v: domain::sample::CORE_VERSION,
    }
}

#[test]
fn lines_come_back_as_they_went() {
    let line = encode_sample(full_sample(), &Detail::default()).unwrap();
    let Line::Sample(back) = parse_core(line.core.as_bytes()).unwrap() else {
        panic!("a sample")
    };
    let expected = back.detail.unwrap();
    assert_eq!(
        Sample {
            detail: None,
            ..*back
        },
        full_sample()
    );
    parse_detail(line.detail.unwrap().as_bytes(), expected).unwrap();

    let gap = encode_gap(&full_gap()).unwrap();
    assert_eq!(
        parse_core(gap.core.as_bytes()).unwrap(),
        Line::Gap(full_gap())
    );
}

#[test]
fn a_key_of_a_later_version_does_not_spoil_a_line() {
    let line = encode_gap(&full_gap()).unwrap().core;
    let later = line.replace(r#""v":1}"#, r#""v":1,"zone":"x"}"#);
    assert_eq!(parse_core(later.as_bytes()).unwrap(), Line::Gap(full_gap()));
}

#[test]
fn a_line_in_another_form_is_refused() {
    let line = encode_gap(&full_gap()).unwrap().core;
    for bad in [
        line.replace(':', ": "),
        format!("{line} "),
        line.replace("\"v\":1", "\"v\":1.0"),
    ] {
        assert!(
            matches!(parse_core(bad.as_bytes()), Err(LineError::Canonical(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_line_that_could_be_either_is_a_gap() {
    let mut both = serde_json::to_value(full_sample()).unwrap();
    let gap = serde_json::to_value(full_gap()).unwrap();
    for (key, value) in gap.as_object().unwrap() {
        both[key] = value.clone();
    }
    let line = jcs::to_line(&both).unwrap();
    assert!(matches!(parse_core(line.as_bytes()), Ok(Line::Gap(_))));
}

/// Whoever has a key could else make bundles that no verifier reads.
#[test]
fn a_detail_of_another_hash_form_or_shape_is_refused() {
    let read = |line: &str| parse_detail(line.as_bytes(), digest(Hash::of(line.as_bytes())));
    let whole = jcs::to_line(&Detail::default()).unwrap();
    assert_eq!(read(&whole).unwrap(), Detail::default());
    let later = whole.replace(r#""salt":"""#, r#""salt":"","zone":[{}]"#);
    assert_eq!(read(&later).unwrap(), Detail::default());
    let other = parse_detail(whole.as_bytes(), digest(Hash::of(b"other")));
    assert!(matches!(other, Err(LineError::DetailHash)));
    for bad in [
        "",
        "[]",
        "\"salt\"",
        &whole.replace(':', ": "),
        "{\"salt\":\"\"}x",
    ] {
        assert!(matches!(read(bad), Err(LineError::Canonical(_))), "{bad}");
    }
    for bad in [
        r#"{"salt":1}"#,
        r#"{"phase":{"dns_us":-1},"salt":""}"#,
        r#"{"finish":7,"salt":""}"#,
        r#"{"finish":{"hax":""},"salt":""}"#,
        r#"{"hdr":{"a":["b","c"]},"salt":""}"#,
        r#"{"phase":{}}"#,
    ] {
        assert!(matches!(read(bad), Err(LineError::Shape(_))), "{bad}");
    }
}

#[test]
fn text_is_a_string_or_an_object_with_hex() {
    let read = |json: &str| serde_json::from_str::<domain::detail::Text>(json).ok();
    let hex = domain::detail::Text::Hex {
        hex: "00ff".to_owned(),
    };
    assert_eq!(
        read(r#""a\"b""#),
        Some(domain::detail::Text::Plain("a\"b".to_owned()))
    );
    assert_eq!(read(r#"{"hex":"00ff"}"#), Some(hex.clone()));
    assert_eq!(read(r#"{"hex":"00ff","later":1}"#), Some(hex));
    for other in ["1", "true", "null", "{}", r#"{"hex":1}"#, "[]", "[1]"] {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn text_comes_back_as_it_went() {
    for bytes in [&b"plain"[..], b"", b"\x00\xff", "gr\u{fc}n".as_bytes()] {
        let text = domain::detail::Text::from_bytes(bytes);
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(
            serde_json::from_str::<domain::detail::Text>(&json).unwrap(),
            text
        );
        let value = serde_json::to_value(&text).unwrap();
        assert_eq!(
            serde_json::from_value::<domain::detail::Text>(value).unwrap(),
            text
        );
    }
}
