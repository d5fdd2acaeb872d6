use super::*;

fn rule(keys: &str) -> String {
    format!(r#"family = "outage_proportional", {keys}"#)
}

const MEASURED: &str =
    r#"rule = "rate_gt", threshold = "0.01", min_run_minutes = 5, affected_ratio = "measured""#;

#[test]
fn an_outage_counts_by_its_share_of_failed_requests() {
    // 100 minutes of 2.1 %, although its minutes differ.
    let given = Given::counts(MONTH, |m| match m {
        500..550 => (11, 489),
        550..600 => (10, 490),
        _ => (0, 500),
    });
    given.exactly(&rule(MEASURED), "143993/144000");
    let detail = given.detail(&metric(&rule(MEASURED)));
    assert_eq!(detail.used, fraction("21/10"));
    assert_eq!(
        (detail.downtime[0].valid, detail.downtime[0].errors),
        (50_000, 1050)
    );
    assert_eq!(detail.unit, BudgetUnit::Minutes);
    assert_eq!(detail.states[500], State::Down);
    let unknown = MEASURED.replace("measured", "unknown");
    given.exactly(&rule(&unknown), "143993/144000");
}

#[test]
fn a_total_outage_counts_in_full() {
    let one = r#"rule = "all_fail", min_run_minutes = 1, affected_ratio = "one""#;
    let given = Given::outage(MONTH, |m| (1000..1060).contains(&m));
    given.exactly(&rule(one), "719/720");
    given.exactly(&rule(&one.replace("one", "measured")), "719/720");
    let half = Given::counts(MONTH, |m| {
        if (1000..1060).contains(&m) {
            (1, 1)
        } else {
            (0, 2)
        }
    });
    let any = one.replace("all_fail", "any_fail");
    half.exactly(&rule(&any), "719/720");
    half.exactly(&rule(&any.replace("one", "measured")), "1439/1440");
}

#[test]
fn an_outage_shorter_than_the_minimum_is_none() {
    Given::counts(100, |m| if m < 4 { (1, 1) } else { (0, 2) }).exactly(&rule(MEASURED), "1/1");
}

#[test]
fn next_to_unmeasured_time_only_the_threshold_is_certain_of_an_outage() {
    let mut given = Given::counts(100, |m| {
        if (10..20).contains(&m) {
            (5, 5)
        } else {
            (0, 10)
        }
    });
    given.exactly(&rule(MEASURED), "19/20");
    given.forget(20..21);
    // At best ten minutes of a hundredth, at worst eleven total ones.
    let bounds = given.bounds(&metric(&rule(MEASURED)));
    between(&bounds, "94/99", "89/100", "999/1000");
    given.tallies[20].successes = 1;
    given.forget(40..41);
    // Elsewhere, a minute is too short to be an outage.
    between(
        &given.bounds(&metric(&rule(MEASURED))),
        "94/99",
        "19/20",
        "19/20",
    );
}

#[test]
fn unknown_samples_in_an_outage_may_have_failed_or_not() {
    let mut given = Given::counts(100, |m| {
        if (10..20).contains(&m) {
            (5, 4)
        } else {
            (0, 10)
        }
    });
    given.tallies[15].unknown = 10;
    // 50 of 90 as seen; at best 50 of 100, at worst 60 of 100.
    between(
        &given.bounds(&metric(&rule(MEASURED))),
        "17/18",
        "47/50",
        "19/20",
    );
}

#[test]
fn of_an_outage_over_the_edge_only_the_minutes_inside_count_at_the_ratio_of_the_whole() {
    let mut given = Given::counts(110, |m| match m {
        0..10 => (3, 1),
        10..20 => (1, 3),
        _ => (0, 4),
    });
    given.window = window(NOVEMBER, 100);
    given.edges = (10, 0);
    given.exactly(&rule(MEASURED), "19/20");
    assert_eq!(
        given.detail(&metric(&rule(MEASURED))).downtime[0].errors,
        10
    );
}

#[test]
fn excluded_minutes_end_an_outage() {
    let mut given = Given::counts(100, |m| if m < 10 { (1, 0) } else { (0, 1) });
    given.exclude(5..6, Effect::RemoveFromDenominator);
    given.exactly(&rule(MEASURED), "94/99");
    given.exclude(5..6, Effect::TreatAsUp);
    given.exactly(&rule(MEASURED), "19/20");
}
