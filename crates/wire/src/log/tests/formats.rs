use super::*;

/// What [`CSV`] says, in the other format.
const JSON: &str = r#"{"time":"2026-10-01T00:00:00.123Z","agent":"eu-1","region":"fra","model":"gpt-x","status":200,"outcome":"ok","ttft_ms":123.4,"total_ms":1500,"output_tokens":42}"#;

const CORE: &str = r#"{"asked_model":"gpt-x","asked_tier":"default","attempt":1,"attribution":"provider","cred":"acme-prod","deadline_ms":60000,"end_us":933120,"features":["preview","b;c"],"first_us":431002,"i":120345,"input_tokens":12,"kind":"burst","last_us":900000,"mono_us":8000123456,"outcome":"overloaded","output_tokens":5,"plan":1,"sent_us":24000,"served_model":"gpt-x-2026","served_tier":"default","slot_ms":1763806500000,"source":"probe","status":529,"stream":true,"v":1,"wall_us":1763806500123456}"#;

fn fields(kept: &Kept) -> (u64, &str, &str, Option<&str>, Option<&str>) {
    let Kept::Sample {
        line,
        agent,
        target,
        region,
        model,
        ..
    } = kept
    else {
        panic!("not a sample: {kept:?}");
    };
    let (region, model) = (region.as_deref(), model.as_deref());
    (*line, agent.as_str(), target.as_str(), region, model)
}

#[test]
fn a_row_and_an_object_say_the_same() {
    let csv = read(CSV);
    assert_eq!(
        fields(&csv[0]),
        (2, "eu-1", "this", Some("fra"), Some("gpt-x"))
    );
    assert_eq!(
        csv[0].sample(),
        SampleView {
            started: UnixMicros::new(1_790_812_800_123_000),
            sent_us: None,
            first_us: Some(123_400),
            last_us: None,
            end_us: Some(1_500_000),
            input_tokens: None,
            output_tokens: Some(42),
            outcome: Outcome::Ok,
            status: Some(200),
            attribution: Attribution::None,
            kind: Kind::Planned,
            source: Source::Traffic,
            stream: true,
            served_model: None,
            served_tier: None,
            features: &[],
        }
    );
    let json = read(JSON);
    assert_eq!(json[0].sample(), csv[0].sample());
    assert_eq!(
        fields(&json[0]),
        (1, "eu-1", "this", Some("fra"), Some("gpt-x"))
    );
}

#[test]
fn a_core_line_is_the_sample_that_evidence_holds() {
    let Ok(domain::Line::Sample(sample)) = crate::line::parse_core(CORE.as_bytes()) else {
        panic!("not a sample");
    };
    let kept = read(CORE);
    assert_eq!(kept[0].sample(), SampleView::from(&*sample));
    assert_eq!(fields(&kept[0]), (1, "here", "this", None, Some("gpt-x")));
}

#[test]
fn a_core_line_may_name_its_stream_beside() {
    let line = CORE.replace(
        "{\"asked_model\"",
        "{\"agent\":\"us-2\",\"target\":\"chat\",\"region\":\"iad\",\"late\":true,\"asked_model\"",
    );
    let kept = read(line);
    assert_eq!(
        fields(&kept[0]),
        (1, "us-2", "chat", Some("iad"), Some("gpt-x"))
    );
    assert!(matches!(
        kept[0],
        Kept::Sample {
            timeliness: Timeliness::Late,
            ..
        }
    ));
}

#[test]
fn every_further_column_is_read() {
    let kept = read(
        "late,features,tier,served_model,input_tokens,stream,source,kind,attribution,outcome,target,time\n\
         True,\"preview; grounding\",flex,\"m,1\",7.0,1,probe,manual,network,tcp,chat,1790812800000\n",
    );
    let features = ["preview".to_owned(), "grounding".to_owned()];
    let sample = kept[0].sample();
    assert_eq!(sample.features, features);
    assert_eq!(
        (sample.served_tier, sample.served_model),
        (Some("flex"), Some("m,1"))
    );
    assert_eq!((sample.input_tokens, sample.stream), (Some(7), true));
    assert_eq!((sample.source, sample.kind), (Source::Probe, Kind::Manual));
    assert_eq!(
        (sample.attribution, sample.outcome, sample.status),
        (Attribution::Network, Outcome::Tcp, None)
    );
    assert_eq!(fields(&kept[0]).2, "chat");
}

#[test]
fn empty_values_and_null_are_absent() {
    let csv = read("time,agent,model,status,outcome,ttft_ms\n1790812800000,,,503,\"\",\n");
    let json = read(
        r#"{"time":1790812800000,"agent":null,"model":"","status":503,"outcome":null,"ttft_ms":null}"#,
    );
    assert_eq!(csv[0].sample(), json[0].sample());
    assert_eq!(csv[0].sample().outcome, Outcome::Overloaded);
    assert_eq!(csv[0].sample().attribution, Attribution::Provider);
    assert_eq!(fields(&csv[0]).1, "here");
}

#[test]
fn nothing_of_a_line_is_left_to_the_next() {
    let all = r#"{"time":1790812800000,"status":200,"agent":"a","target":"t","region":"r","model":"m","served_model":"s","tier":"x","features":["f"],"late":true,"stream":true,"ttft_ms":1,"total_ms":2}"#;
    let least = r#"{"time":1790812800000,"status":200}"#;
    let kept = read(format!("{all}\n{least}\n{all}\n"));
    assert_eq!(kept[1].sample(), read(least)[0].sample());
    assert_eq!(kept[2].sample(), kept[0].sample());
    assert_eq!(fields(&kept[1]), (2, "here", "this", None, None));
}

#[test]
fn keys_that_are_not_columns_are_passed_over_whatever_they_hold() {
    let kept = read(
        r#"{"id":"x\"y","tags":{"time":1,"a":[1,{"b":null}]},"cost":1e-3,"time":"2026-10-01T00:00:00Z","status":"200","model":"gpt \u0041","features":["a","b"]}"#,
    );
    assert_eq!(fields(&kept[0]).4, Some("gpt A"));
    assert_eq!(kept[0].sample().features, ["a", "b"]);
}

#[test]
fn numbers_may_be_written_in_any_way_that_json_has() {
    let kept = read(
        r#"{"time":1790812800000,"status":2e2,"ttft_ms":1.234e2,"total_ms":"0.5","output_tokens":12.0}"#,
    );
    let sample = kept[0].sample();
    assert_eq!(
        (sample.status, sample.first_us, sample.end_us),
        (Some(200), Some(123_400), Some(500))
    );
    assert_eq!(sample.output_tokens, Some(12));
}

#[test]
fn marks_blank_lines_and_line_ends_of_other_systems_do_not_matter() {
    let expected = read(CSV)[0].sample().started;
    let csv = format!("\u{feff}\r\n  \n{}", CSV.replace('\n', "\r\n\r\n"));
    let kept = read(csv);
    assert_eq!((kept.len(), kept[0].sample().started), (1, expected));
    let json = format!("\u{feff}\n \t {JSON}\r\n\n{JSON}");
    let kept = read(json);
    assert_eq!((kept.len(), kept[1].sample().started), (2, expected));
    assert_eq!(fields(&kept[1]).0, 4);
}

#[test]
fn quoted_values_may_hold_commas_quotes_and_line_ends() {
    let options = Options {
        unknown_columns: UnknownColumns::Ignore,
        ..options()
    };
    let text = "prompt,time,status,model\n\
        \"Say \"\"hi\"\",\r\nthen stop\",1790812800000,200,\"a \"\"b\"\"\"\n\
        plain,1790812860000,500, spaced \n";
    let (kept, error) = drain(text.as_bytes(), options);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(fields(&kept[0]), (2, "here", "this", None, Some("a \"b\"")));
    assert_eq!(fields(&kept[1]), (4, "here", "this", None, Some("spaced")));
}

#[test]
fn a_status_alone_tells_the_outcome_as_our_probes_would() {
    for (status, outcome, attribution) in [
        (200, Outcome::Ok, Attribution::None),
        (204, Outcome::Ok, Attribution::None),
        (246, Outcome::Blocked, Attribution::Unknown),
        (302, Outcome::UnexpectedStatus, Attribution::Unknown),
        (400, Outcome::BadRequest, Attribution::Ours),
        (401, Outcome::Auth, Attribution::Ours),
        (402, Outcome::Billing, Attribution::Ours),
        (403, Outcome::Auth, Attribution::Ours),
        (404, Outcome::ModelGone, Attribution::Unknown),
        (408, Outcome::ServerError, Attribution::Provider),
        (418, Outcome::BadRequest, Attribution::Ours),
        (429, Outcome::RateLimited, Attribution::Ours),
        (451, Outcome::GeoBlocked, Attribution::Ours),
        (499, Outcome::UnexpectedStatus, Attribution::Unknown),
        (500, Outcome::ServerError, Attribution::Provider),
        (503, Outcome::Overloaded, Attribution::Provider),
        (529, Outcome::Overloaded, Attribution::Provider),
    ] {
        let kept = read(format!("time,status\n1790812800000,{status}\n"));
        let sample = kept[0].sample();
        assert_eq!(
            (sample.outcome, sample.attribution),
            (outcome, attribution),
            "{status}"
        );
    }
}

#[test]
fn every_column_has_a_name_of_its_own() {
    for column in Column::ALL {
        assert_eq!(Column::find(column.as_str()), Some(*column));
    }
}
