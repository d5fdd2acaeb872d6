//! Worked examples of `interval_mean`.

use super::*;

#[test]
fn f1a_intervals_at_nine_tenths_average_to_exactly_99_percent_which_is_the_upper_band() {
    let samples = (0..MONTH / 5).flat_map(|i| {
        let failed = u32::from(i < 864);
        [
            (i * 5, class(500), failed),
            (i * 5, class(200), 10 - failed),
        ]
    });
    let judged = one(
        &contract("99.9", INTERVALS, BANDS),
        &terms(MONTH),
        &cells(samples),
    );
    exactly(&judged, "99/100", Verdict::Breached);
    assert_eq!(percent(&judged).as_deref(), Some("10"));
}

#[test]
fn f1b_an_empty_interval_is_up_or_skipped_as_the_contract_says() {
    let samples = [
        (0, class(200), 10),
        (5, class(200), 3),
        (5, class(500), 1),
        (10, class(400), 2),
        (15, class(500), 3),
    ];
    let up = one(
        &contract("99.9", INTERVALS, ""),
        &terms(20),
        &cells(samples.clone()),
    );
    exactly(&up, "11/16", Verdict::Breached);
    let skip = INTERVALS.replace("up", "skip");
    let skip = one(&contract("99.9", &skip, ""), &terms(20), &cells(samples));
    exactly(&skip, "7/12", Verdict::Breached);
    assert_eq!(skip.minutes.empty, 5);
    assert_eq!(skip.downtime.len(), 2);
    assert_eq!((skip.downtime[0].valid, skip.downtime[0].errors), (4, 1));
}

#[test]
fn f1c_44_minutes_of_one_request_a_minute_break_99_9_and_43_do_not() {
    let contract = contract("99.9", INTERVALS, BANDS);
    let outage = |length: i64| {
        every_minute(MONTH, move |m| {
            Some(if (3..3 + length).contains(&m) {
                500
            } else {
                200
            })
        })
    };
    let broken = one(&contract, &terms(MONTH), &outage(44));
    exactly(&broken, "10789/10800", Verdict::Breached);
    assert_eq!(broken.high.percent_string(6), "99.898148");
    assert_eq!(percent(&broken).as_deref(), Some("10"));
    assert_eq!(broken.budget.unit, BudgetUnit::Intervals);
    assert_eq!(broken.budget.used, fraction("44/5"));
    assert_eq!(broken.budget.allowed, fraction("216/25"));
    assert_eq!(broken.budget.remaining, fraction("-4/25"));
    let kept = one(&contract, &terms(MONTH), &outage(43));
    exactly(&kept, "43157/43200", Verdict::Met);
    assert_eq!(kept.credit, None);
}

#[test]
fn f1c_exactly_the_target_is_met() {
    // 43.2 minutes of one request each: 43 failed minutes and one failed fifth.
    let samples = (0..MONTH).flat_map(|m| match m {
        0..43 => vec![(m, class(500), 5)],
        43 => vec![(m, class(500), 1), (m, class(200), 4)],
        _ => vec![(m, class(200), 5)],
    });
    let judged = one(
        &contract("99.9", INTERVALS, BANDS),
        &terms(MONTH),
        &cells(samples),
    );
    exactly(&judged, "999/1000", Verdict::Met);
}

#[test]
fn f1e_a_request_counts_in_the_interval_it_begins_in() {
    let json = r#"{"attempt":1,"attribution":"provider","deadline_ms":60000,"end_us":2100000,
        "i":0,"kind":"planned","mono_us":0,"outcome":"server_error","plan":1,"slot_ms":0,
        "source":"probe","status":500,"stream":true,"v":1,"wall_us":0}"#;
    let mut sample: domain::Sample = serde_json::from_str(json).unwrap();
    let start = Minute::new(NOVEMBER).start().to_micros().get();
    sample.wall_us = UnixMicros::new(start + (4 * 60 + 59) * 1_000_000 + 900_000);
    let offset = sample.minute().get() - NOVEMBER;
    let mut samples: Vec<_> = (0..10).map(|m| (m, class(200), 1)).collect();
    samples.push((
        offset,
        Class {
            status: sample.status,
            ..class(500)
        },
        1,
    ));
    let judged = one(
        &contract("99.9", INTERVALS, ""),
        &terms(10),
        &cells(samples),
    );
    assert_eq!(judged.downtime[0].start, Minute::new(NOVEMBER));
    exactly(&judged, "11/12", Verdict::Breached);
}

#[test]
fn maintenance_inside_an_interval_drops_its_requests() {
    let samples = [
        (0, class(500), 4),
        (1, class(500), 1),
        (1, class(200), 5),
        (5, class(500), 1),
    ];
    let mut terms = terms(10);
    for (start, length) in [(0, 1), (5, 5)] {
        terms.exclusions.push(ExcludedSpan {
            window: window(NOVEMBER + start, length),
            kind: "removed".to_owned(),
            reason: String::new(),
            announced: None,
        });
    }
    let judged = one(
        &contract("99.9", INTERVALS, ""),
        &terms,
        &cells(samples.clone()),
    );
    exactly(&judged, "5/6", Verdict::Breached);
    assert_eq!((judged.minutes.excluded, judged.minutes.degraded), (6, 4));
    for span in &mut terms.exclusions {
        span.kind = "up".to_owned();
    }
    let judged = one(&contract("99.9", INTERVALS, ""), &terms, &cells(samples));
    exactly(&judged, "19/20", Verdict::Breached);
}

#[test]
fn an_interval_in_progress_is_future_as_a_whole() {
    let mut terms = terms(10);
    terms.as_of = Minute::new(NOVEMBER + 7);
    let samples = [(0, class(200), 1), (6, class(500), 1), (8, class(500), 1)];
    let judged = one(&contract("99.9", INTERVALS, ""), &terms, &cells(samples));
    assert_eq!(judged.observed, Some(Fraction::one()));
    assert_eq!(
        (judged.high, judged.low),
        (Fraction::one(), fraction("1/2"))
    );
    assert_eq!((judged.verdict, judged.minutes.future), (Verdict::Open, 5));
}
