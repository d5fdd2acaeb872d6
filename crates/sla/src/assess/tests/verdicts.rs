//! Verdicts, readings and the forms an assessment takes.

use super::*;

#[test]
fn while_a_window_runs_only_certain_verdicts_are_given() {
    let contract = contract("99.9", &minutes_metric(1), BANDS);
    let judge = |bad: i64, past: i64| {
        let cells = every_minute(past, |m| Some(if m < bad { 500 } else { 200 }));
        let mut terms = terms(MONTH);
        terms.as_of = Minute::new(NOVEMBER + past);
        one(&contract, &terms, &cells)
    };
    let open = judge(10, 20_000);
    assert_eq!(open.verdict, Verdict::Open);
    assert_eq!(open.minutes.future, 23_200);
    assert_eq!(open.budget.remaining, fraction("166/5"));
    assert_eq!(judge(44, 20_000).verdict, Verdict::Breached);
    assert_eq!(judge(0, MONTH - 43).verdict, Verdict::Met);
    assert_eq!(judge(0, 0).verdict, Verdict::Open);
}

#[test]
fn nothing_measured_is_no_data_however_many_slots_were_missed() {
    let mut hour = CellHourBuilder::new(
        "a".parse().unwrap(),
        "t".parse().unwrap(),
        Minute::new(NOVEMBER).hour(),
    );
    hour.miss(Minute::new(NOVEMBER), GapReason::Budget);
    hour.miss(Minute::new(NOVEMBER), GapReason::AgentDown);
    hour.add(Minute::new(NOVEMBER + 1), class(300), 1);
    let cells = [hour.build()];
    for metric in [minutes_metric(1), INTERVALS.replace("300", "60")] {
        let judged = one(&contract("99.9", &metric, ""), &terms(3), &cells);
        assert_eq!(judged.verdict, Verdict::NoData);
        assert_eq!(judged.observed, None);
        let states: Vec<State> = judged.timeline.into_iter().map(|s| s.state).collect();
        let unmeasured = |reasons: &[UnmeasuredReason]| State::Unmeasured {
            reasons: reasons.to_vec(),
        };
        let expected = [
            unmeasured(&[UnmeasuredReason::AgentDown, UnmeasuredReason::Budget]),
            unmeasured(&[UnmeasuredReason::Unknown]),
            unmeasured(&[UnmeasuredReason::NoData]),
        ];
        assert_eq!(states, expected);
    }
}

#[test]
fn removing_every_minute_leaves_no_data() {
    let mut terms = terms(10);
    terms.exclusions.push(ExcludedSpan {
        window: terms.window,
        kind: "removed".to_owned(),
        reason: String::new(),
        announced: None,
    });
    for metric in [&minutes_metric(1)[..], INTERVALS] {
        let judged = one(
            &contract("99.9", metric, ""),
            &terms,
            &cells([(0, class(500), 1)]),
        );
        assert_eq!(judged.verdict, Verdict::NoData);
        assert_eq!(judged.budget.allowed, Fraction::zero());
    }
}

#[test]
fn ratios_of_requests_count_planned_samples_and_traffic_and_by_hand_never_counts() {
    let kind = |kind, source| Class {
        kind,
        source,
        ..class(500)
    };
    let samples = [
        (0, class(200), 1),
        (0, kind(Kind::Burst, Source::Probe), 1),
        (0, kind(Kind::Confirm, Source::Probe), 1),
        (0, kind(Kind::Manual, Source::Probe), 1),
        (0, kind(Kind::Burst, Source::Traffic), 1),
    ];
    let cells = cells(samples);
    let ratio = one(&contract("99.9", INTERVALS, ""), &terms(5), &cells);
    assert_eq!((ratio.downtime[0].valid, ratio.downtime[0].errors), (2, 1));
    let minutes = one(&contract("99.9", &minutes_metric(1), ""), &terms(5), &cells);
    assert_eq!(
        (minutes.downtime[0].valid, minutes.downtime[0].errors),
        (4, 3)
    );
}

#[test]
fn late_samples_count_literally_and_are_unmeasured_in_the_least_favourable_reading() {
    let late = |status| Class {
        late: true,
        ..class(status)
    };
    let contract = contract("99.9", &minutes_metric(1), BANDS);
    let judged = one(
        &contract,
        &terms(2),
        &cells([(0, late(500), 1), (1, class(200), 1)]),
    );
    exactly(&judged, "1/2", Verdict::Breached);
    assert!(judged.reading_dependent);
    let other = judged.least_favourable.unwrap();
    assert_eq!(other.observed, Some(Fraction::one()));
    assert_eq!((other.high, other.low), (Fraction::one(), fraction("1/2")));
    assert_eq!(
        (other.verdict, other.credit),
        (Verdict::Indeterminate, None)
    );
    // Successes that come late may not be held back to make a breach.
    let samples = [(0, class(500), 1), (0, late(200), 99), (1, class(200), 1)];
    let judged = one(&contract, &terms(2), &cells(samples));
    exactly(&judged, "1/1", Verdict::Met);
    assert_eq!(judged.least_favourable.unwrap().high, Fraction::one());
    // Prompt samples alone: there is only one reading.
    let judged = one(&contract, &terms(1), &cells([(0, class(500), 1)]));
    assert!(!judged.reading_dependent && judged.least_favourable.is_none());
}

#[test]
fn the_table_of_minutes_says_what_each_minute_is() {
    let contract = contract("99.9", &minutes_metric(1), "");
    let samples = [
        (0, class(200), 2),
        (1, class(500), 1),
        (1, class(300), 1),
        (2, class(400), 1),
    ];
    let mut terms = terms(5);
    terms.as_of = Minute::new(NOVEMBER + 4);
    assert_eq!(
        minutes_csv(
            &contract,
            &terms,
            Facts::counted(&cells(samples)),
            &contract.commitments[0],
        ),
        "minute,state,valid,errors,unknown,not_valid\n\
         2026-11-01T00:00:00Z,up,2,0,0,0\n\
         2026-11-01T00:01:00Z,down,1,1,1,0\n\
         2026-11-01T00:02:00Z,empty,0,0,0,1\n\
         2026-11-01T00:03:00Z,unmeasured,0,0,0,0\n\
         2026-11-01T00:04:00Z,future,0,0,0,0\n"
    );
}

#[test]
fn an_assessment_in_json_keeps_its_form() {
    let mut terms = terms(2);
    terms.fees = Some(Money::parse("100", "USD".parse().unwrap()).unwrap());
    let contract = contract("99.9", &minutes_metric(1), BANDS);
    let mut failed = assess(
        &contract,
        &terms,
        Facts::counted(&cells([(0, class(500), 1), (1, class(200), 1)])),
    );
    failed.commitments[0].timeline.truncate(1);
    assert_eq!(failed.breached().count(), 1);
    let sha256 = contract.sha256.as_str();
    let head = format!(
        r#"{{"schema":"assessment/1","contract":"c","contract_sha256":"{sha256}","window":{{"start":29891520,"end":29891522}},"as_of":29891522,"exclusions":[],"commitments":["#
    );
    let expected = concat!(
        r#"{"id":"uptime","commitment":"uptime","claim":{"standing":"claimable"},"#,
        r#""family":"downtime_minutes","target":{"num":"999","den":"1000"},"#,
        r#""observed":{"num":"1","den":"2"},"high":{"num":"1","den":"2"},"low":{"num":"1","den":"2"},"#,
        r#""verdict":"breached","reading_dependent":false,"least_favourable":null,"spread":null,"#,
        r#""credit":{"share":{"num":"1","den":"1"},"exact_minor":{"num":"10000","den":"1"},"#,
        r#""amount":{"minor":10000,"currency":"USD"},"source":{"kind":"bands","position":2,"#,
        r#""range":{"uptime":{"top":{"lt":{"num":"19","den":"20"}}}},"percent":{"num":"1","den":"1"}},"#,
        r#""cuts":[],"unchecked":[]},"no_credit":null,"#,
        r#""budget":{"unit":"minutes","allowed":{"num":"1","den":"500"},"used":{"num":"1","den":"1"},"#,
        r#""remaining":{"num":"-499","den":"500"}},"#,
        r#""minutes":{"window":2,"up":1,"down":1,"degraded":0,"empty":0,"excluded":0,"unmeasured":0,"future":0},"#,
        r#""downtime":[{"start":29891520,"end":29891521,"valid":1,"errors":1,"#,
        r#""start_known_to_s":null,"end_known_to_s":120}],"#,
        r#""timeline":[{"start":29891520,"end":29891521,"state":"down"}],"#,
        r#""support":{"above":1,"at_most":0,"undetermined":1,"samples_needed":59},"#,
        r#""rules":[{"rule":0,"class":"error","samples":1},{"rule":null,"class":"success","samples":1}],"#,
        r#""deadlines":[]}],"credit":{"counted":[0],"share":{"num":"1","den":"1"},"#,
        r#""exact_minor":{"num":"10000","den":"1"},"amount":{"minor":10000,"currency":"USD"},"#,
        r#""cuts":[],"unchecked":[]}}"#,
    );
    let expected = format!("{head}{expected}");
    assert_eq!(serde_json::to_string(&failed).unwrap(), expected);
}

#[test]
fn announced_maintenance_does_not_overturn_what_was_certain_before_it() {
    // Counted in until it comes, minute 28 would let 27 of 30 minutes pass as met for certain, and
    // then turn them into 26 of 29.
    let metric = r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 3"#;
    let contract = contract("90", metric, "");
    let mut terms = terms(30);
    terms.exclusions.push(ExcludedSpan {
        window: window(NOVEMBER + 28, 1),
        kind: "removed".to_owned(),
        reason: "announced".to_owned(),
        announced: None,
    });
    let cells = every_minute(30, |m| Some(if m < 3 { 500 } else { 200 }));
    for past in 28..=30 {
        terms.as_of = Minute::new(NOVEMBER + past);
        let judged = one(&contract, &terms, &cells);
        assert_eq!(judged.verdict, Verdict::Breached, "{past}");
        assert_eq!(judged.high, fraction("26/29"), "{past}");
    }
}
