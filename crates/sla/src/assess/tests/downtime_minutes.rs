//! Worked examples of `downtime_minutes`.

use super::*;

#[test]
fn f2a_only_runs_of_the_minimum_length_count() {
    let bad = |m: i64| {
        (100..104).contains(&m)
            || (200..205).contains(&m)
            || (300..312).contains(&m)
            || ((400..409).contains(&m) && m != 405)
    };
    let cells = every_minute(MONTH, |m| Some(if bad(m) { 500 } else { 200 }));
    let five = one(
        &contract("99.95", &minutes_metric(5), ""),
        &terms(MONTH),
        &cells,
    );
    exactly(&five, "21589/21600", Verdict::Breached);
    let lengths: Vec<i64> = five
        .downtime
        .iter()
        .map(|d| d.end.get() - d.start.get())
        .collect();
    assert_eq!(lengths, [5, 12, 5]);
    assert_eq!((five.minutes.down, five.minutes.degraded), (22, 7));
    let single = one(
        &contract("99.9", &minutes_metric(1), ""),
        &terms(MONTH),
        &cells,
    );
    exactly(&single, "43171/43200", Verdict::Met);
}

#[test]
fn f2b_the_threshold_itself_is_not_above_the_threshold() {
    let contract = contract("99.9", &minutes_metric(1), "");
    let at = cells([(0, class(500), 1), (0, class(200), 19)]);
    exactly(&one(&contract, &terms(1), &at), "1/1", Verdict::Met);
    let above = cells([(0, class(500), 1), (0, class(200), 18)]);
    exactly(&one(&contract, &terms(1), &above), "0/1", Verdict::Breached);
}

#[test]
fn f2c_an_outage_may_use_up_the_budget_exactly_and_short_ones_cost_nothing() {
    let bands = BANDS.replace("99.9", "99.5");
    let contract = contract("99.5", &minutes_metric(5), &bands);
    let judge = |bad: fn(i64) -> bool| {
        let cells = every_minute(MONTH, |m| Some(if bad(m) { 500 } else { 200 }));
        one(&contract, &terms(MONTH), &cells)
    };
    let spent = judge(|m| m < 216);
    exactly(&spent, "199/200", Verdict::Met);
    assert_eq!(spent.budget.remaining, Fraction::zero());
    let broken = judge(|m| m < 217);
    exactly(&broken, "42983/43200", Verdict::Breached);
    assert_eq!(percent(&broken).as_deref(), Some("10"));
    exactly(&judge(|m| m < 400 && m % 10 < 4), "1/1", Verdict::Met);
}

#[test]
fn f2d_below_the_minimum_volume_no_minute_is_bad() {
    let metric = format!("{}, min_valid_per_minute = 60", minutes_metric(1));
    let contract = contract("99.9", &metric, "");
    let below = one(&contract, &terms(1), &cells([(0, class(500), 59)]));
    exactly(&below, "1/1", Verdict::Met);
    assert_eq!(below.minutes.degraded, 1);
    let reached = one(&contract, &terms(1), &cells([(0, class(500), 60)]));
    exactly(&reached, "0/1", Verdict::Breached);
    // One more that cannot be told may have been the sixtieth valid one, or none at all.
    let open = cells([(0, class(500), 59), (0, class(300), 1)]);
    let open = one(&contract, &terms(1), &open);
    assert_eq!((open.high, open.low), (Fraction::one(), Fraction::zero()));
    assert_eq!(open.verdict, Verdict::Indeterminate);
}

#[test]
fn f2f_all_fail_means_every_single_request() {
    let metric = r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 1"#;
    let contract = contract("99.9", metric, "");
    let failed = cells([(0, class(500), 3)]);
    exactly(
        &one(&contract, &terms(1), &failed),
        "0/1",
        Verdict::Breached,
    );
    let mixed = cells([(0, class(500), 2), (0, class(200), 1)]);
    exactly(&one(&contract, &terms(1), &mixed), "1/1", Verdict::Met);
}

#[test]
fn f2g_the_maintenance_clause_decides_the_claim() {
    // 120 minutes of maintenance from minute 1000; 45 bad minutes, 5 of them inside.
    let cells = every_minute(MONTH, |m| {
        Some(if (960..1005).contains(&m) { 500 } else { 200 })
    });
    let contract = contract("99.9", &minutes_metric(1), "");
    for (kind, uptime, verdict, excluded) in [
        ("removed", "1076/1077", Verdict::Met, 120),
        ("up", "1079/1080", Verdict::Met, 120),
        ("judged", "959/960", Verdict::Breached, 0),
        ("something else", "959/960", Verdict::Breached, 0),
    ] {
        let mut terms = terms(MONTH);
        terms.exclusions.push(ExcludedSpan {
            window: window(NOVEMBER + 1000, 120),
            kind: kind.to_owned(),
            reason: "announced".to_owned(),
            announced: None,
        });
        let judged = one(&contract, &terms, &cells);
        exactly(&judged, uptime, verdict);
        assert_eq!(judged.minutes.excluded, excluded, "{kind}");
    }
}

#[test]
fn f2i_unmeasured_time_leaves_open_what_it_could_decide_and_no_more() {
    let contract = contract("99.9", &minutes_metric(1), "");
    let judge = |bad: i64| {
        let cells = every_minute(MONTH, |m| match m {
            m if m < bad => Some(500),
            m if (1000..1010).contains(&m) => None,
            _ => Some(200),
        });
        one(&contract, &terms(MONTH), &cells)
    };
    let open = judge(40);
    assert_eq!(open.high, fraction("1079/1080"));
    assert_eq!(open.low, fraction("863/864"));
    assert_eq!(open.observed, Some(fraction("4315/4319")));
    assert_eq!(open.verdict, Verdict::Indeterminate);
    assert_eq!(open.minutes.unmeasured, 10);
    let proven = judge(44);
    assert_eq!(proven.high, fraction("10789/10800"));
    assert_eq!(proven.verdict, Verdict::Breached);
}
