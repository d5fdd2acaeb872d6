use super::*;

fn rate(run: u32) -> String {
    format!(
        r#"family = "downtime_minutes", rule = "rate_gt", threshold = "0.05", min_run_minutes = {run}"#
    )
}

fn rule(name: &str) -> String {
    format!(r#"family = "downtime_minutes", rule = "{name}", min_run_minutes = 1"#)
}

#[test]
fn only_runs_of_the_minimum_length_count() {
    let bad = |m: usize| {
        (100..104).contains(&m)
            || (200..205).contains(&m)
            || (300..312).contains(&m)
            || ((400..409).contains(&m) && m != 405)
    };
    let given = Given::outage(MONTH, bad);
    given.exactly(&rate(5), "21589/21600");
    given.exactly(&rate(1), "43171/43200");
    let detail = given.detail(&metric(&rate(5)));
    assert_eq!(
        detail.downtime.iter().map(length).collect::<Vec<_>>(),
        [5, 12, 5]
    );
    assert_eq!(detail.used, fraction("22/1"));
    assert_eq!(detail.losses.units, 43_200);
}

#[test]
fn a_rate_at_the_threshold_is_not_above_it_but_reaches_it() {
    let at = Given::counts(1, |_| (1, 19));
    let above = Given::counts(1, |_| (1, 18));
    let below = Given::counts(1, |_| (1, 20));
    at.exactly(&rate(1), "1/1");
    above.exactly(&rate(1), "0/1");
    let reached =
        r#"family = "downtime_minutes", rule = "rate_ge", threshold = "0.05", min_run_minutes = 1"#;
    at.exactly(reached, "0/1");
    above.exactly(reached, "0/1");
    below.exactly(reached, "1/1");
}

#[test]
fn an_outage_may_use_up_the_budget_exactly_and_short_ones_cost_nothing() {
    Given::outage(MONTH, |m| m < 216).exactly(&rate(5), "199/200");
    Given::outage(MONTH, |m| m < 217).exactly(&rate(5), "42983/43200");
    let forty_short_ones = Given::outage(MONTH, |m| m < 400 && m % 10 < 4);
    forty_short_ones.exactly(&rate(5), "1/1");
    forty_short_ones.exactly(&rate(1), "269/270");
}

#[test]
fn below_the_minimum_volume_no_minute_is_bad() {
    let metric = format!("{}, min_valid_per_minute = 60", rate(1));
    Given::counts(1, |_| (59, 0)).exactly(&metric, "1/1");
    Given::counts(1, |_| (60, 0)).exactly(&metric, "0/1");
}

#[test]
fn an_hour_of_a_month_is_one_in_720() {
    Given::outage(MONTH, |m| (1000..1060).contains(&m)).exactly(&rate(1), "719/720");
}

#[test]
fn all_fail_means_every_request_and_any_fail_a_single_one() {
    let failed = Given::counts(1, |_| (3, 0));
    let mixed = Given::counts(1, |_| (2, 1));
    let fine = Given::counts(1, |_| (0, 3));
    failed.exactly(&rule("all_fail"), "0/1");
    mixed.exactly(&rule("all_fail"), "1/1");
    failed.exactly(&rule("any_fail"), "0/1");
    mixed.exactly(&rule("any_fail"), "0/1");
    fine.exactly(&rule("any_fail"), "1/1");
}

#[test]
fn the_maintenance_clause_decides_the_claim() {
    // 45 bad minutes, 5 of them in 120 minutes of maintenance.
    let outage = Given::outage(MONTH, |m| (960..1005).contains(&m));
    let excluded = |effect| {
        let mut given = outage.clone();
        given.exclude(1000..1120, effect);
        given
    };
    outage.exactly(&rate(1), "959/960");
    excluded(Effect::RemoveFromDenominator).exactly(&rate(1), "1076/1077");
    excluded(Effect::TreatAsUp).exactly(&rate(1), "1079/1080");
}

/// A January and a February of 43,200 minutes each; three bad minutes end one and five begin the
/// other.
fn two_months(edges: (i64, i64)) -> [Given; 2] {
    let size = |minutes: i64| usize::try_from(minutes).unwrap();
    let january = {
        let length = MONTH + size(edges.1);
        let mut given = Given::outage(length, |m| (MONTH - 3..MONTH + 5).contains(&m));
        given.window = window(NOVEMBER, MONTH);
        given.edges = (0, edges.1);
        given
    };
    let february = {
        let before = size(edges.0);
        let mut given = Given::outage(before + MONTH, |m| {
            (before.saturating_sub(3)..before + 5).contains(&m)
        });
        given.window = window(NOVEMBER, MONTH);
        given.edges = (edges.0, 0);
        given
    };
    [january, february]
}

#[test]
fn a_run_over_the_edge_is_cut_or_spans_it_as_far_as_minutes_are_given() {
    let [january, february] = two_months((0, 0));
    january.exactly(&rate(5), "1/1");
    february.exactly(&rate(5), "8639/8640");
    let [january, february] = two_months((10, 10));
    january.exactly(&rate(5), "14399/14400");
    february.exactly(&rate(5), "8639/8640");
    let detail = january.detail(&metric(&rate(5)));
    assert_eq!(detail.states.len(), MONTH);
    assert_eq!(
        detail.states[MONTH - 3..],
        [State::Down, State::Down, State::Down]
    );
    assert_eq!(length(&detail.downtime[0]), 3);
    assert_eq!(detail.downtime[0].errors, 3);
    assert_eq!(detail.downtime[0].end, january.window.end());
    let detail = february.detail(&metric(&rate(5)));
    assert_eq!(detail.downtime[0].start, february.window.start());
}

#[test]
fn a_run_beyond_the_edge_is_none_of_the_window() {
    let mut given = Given::outage(120, |m| m < 6 || (110..116).contains(&m));
    given.window = window(NOVEMBER, 100);
    given.edges = (10, 10);
    given.exactly(&rate(5), "1/1");
    assert!(given.detail(&metric(&rate(5))).downtime.is_empty());
}

#[test]
fn unmeasured_and_future_time_leaves_open_what_it_could_decide() {
    let mut given = Given::outage(MONTH, |m| m < 40);
    given.forget(1000..1010);
    let bounds = given.bounds(&metric(&rate(1)));
    between(&bounds, "4315/4319", "863/864", "1079/1080");
    given.standings[2000..].fill(Standing::Future);
    let bounds = given.bounds(&metric(&rate(1)));
    assert_eq!(bounds.high, fraction("1079/1080"));
    assert_eq!(bounds.low, fraction("13/288"));
}
