use super::*;

const UP: &str = r#"family = "interval_mean", interval_s = 300, empty = "up""#;
const SKIP: &str = r#"family = "interval_mean", interval_s = 300, empty = "skip""#;

/// Four intervals: all good, one of four failed, empty, all failed.
fn four() -> Given {
    let mut given = Given::counts(20, |m| match m {
        0 => (0, 10),
        5 => (1, 3),
        15 => (3, 0),
        _ => (0, 0),
    });
    given.tallies[10].not_valid = 2;
    given
}

#[test]
fn intervals_at_nine_tenths_average_to_exactly_99_percent() {
    let given = Given::counts(MONTH, |m| match (m % 5, m / 5 < 864) {
        (0, true) => (1, 9),
        (0, false) => (0, 10),
        _ => (0, 0),
    });
    given.exactly(UP, "99/100");
}

#[test]
fn an_empty_interval_is_up_or_skipped_as_the_contract_says() {
    four().exactly(UP, "11/16");
    four().exactly(SKIP, "7/12");
    four().exactly(&UP.replace("\"up\"", "\"unknown\""), "11/16");
    let detail = four().detail(&metric(SKIP));
    let counts: Vec<_> = detail
        .downtime
        .iter()
        .map(|d| (d.valid, d.errors))
        .collect();
    assert_eq!(counts, [(4, 1), (3, 3)]);
    assert_eq!(detail.states[5], State::Degraded);
    assert_eq!(detail.states[10], State::Empty);
    assert_eq!(detail.states[15], State::Down);
    assert_eq!(detail.used, fraction("5/4"));
}

#[test]
fn with_a_minimum_volume_an_interval_below_it_is_empty() {
    four().exactly(&format!("{UP}, min_valid = 4"), "15/16");
    four().exactly(&format!("{SKIP}, min_valid = 4"), "7/8");
}

#[test]
fn an_unknown_sample_that_could_reach_the_minimum_volume_widens_the_bounds() {
    let mut given = Given::counts(10, |m| match m {
        0 => (2, 1),
        1..5 => (0, 0),
        _ => (0, 2),
    });
    given.tallies[0].unknown = 1;
    // Four of four at worst three quarters lost, else empty; the other interval is up.
    let bounds = given.bounds(&metric(&format!("{UP}, min_valid = 4")));
    between(&bounds, "1/1", "5/8", "1/1");
    let bounds = given.bounds(&metric(&format!("{SKIP}, min_valid = 4")));
    between(&bounds, "1/1", "1/2", "1/1");
}

#[test]
fn a_late_sample_of_a_minute_treated_as_up_does_not_make_the_volume_that_lets_errors_count() {
    let mut given = Given::counts(10, |m| match m {
        0 => (1, 0),
        1..5 => (0, 0),
        _ => (0, 2),
    });
    given.tallies[1].late = 1;
    given.exclude(1..2, Effect::TreatAsUp);
    let bounds = given.bounds(&metric(&format!("{UP}, min_valid = 2")));
    between(&bounds, "1/1", "3/4", "1/1");
}

#[test]
fn an_outage_of_44_minutes_breaks_99_9_and_43_do_not() {
    let outage = |length: usize| Given::outage(MONTH, move |m| (3..3 + length).contains(&m));
    outage(44).exactly(UP, "10789/10800");
    outage(43).exactly(UP, "43157/43200");
    let detail = outage(44).detail(&metric(UP));
    assert_eq!(detail.used, fraction("44/5"));
    assert_eq!(
        (detail.unit, detail.losses.units),
        (BudgetUnit::Intervals, 8640)
    );
}

#[test]
fn exactly_43_2_minutes_worth_of_failures_is_exactly_99_9() {
    let given = Given::counts(MONTH, |m| match m {
        0..43 => (5, 0),
        43 => (1, 4),
        _ => (0, 5),
    });
    given.exactly(UP, "999/1000");
}

#[test]
fn a_quarter_of_one_hour_of_a_month_is_lost() {
    let mut given = Given::counts(MONTH, |m| match m {
        60..120 => (5, 15),
        120..180 => (0, 0),
        _ => (0, 20),
    });
    given.tallies[130].not_valid = 1;
    given.exactly(&UP.replace("300", "3600"), "2879/2880");
}

#[test]
fn maintenance_inside_an_interval_drops_its_requests() {
    let mut given = Given::counts(5, |m| match m {
        0 => (4, 0),
        1 => (1, 5),
        _ => (0, 0),
    });
    given.exclude(0..1, Effect::RemoveFromDenominator);
    given.exactly(UP, "5/6");
    given.exclude(1..2, Effect::RemoveFromDenominator);
    given.tallies[2].not_valid = 1;
    given.exactly(UP, "1/1");
}

#[test]
fn intervals_begin_where_the_contract_says() {
    // Ten minutes from 23:57 UTC, the one bad minute is 00:01.
    let mut given = Given::outage(10, |m| m == 4);
    given.window = window(NOVEMBER - 3, 10);
    let align = |word: &str| format!(r#"{UP}, align = "{word}""#);
    // 3 + 5 + 2 minutes, 5 + 5, and in Nepal, 5:45 ahead, 3 + 5 + 2 once more.
    given.exactly(&align("epoch"), "14/15");
    given.exactly(&align("unknown"), "14/15");
    given.exactly(&align("window_start"), "9/10");
    given.zone = "Asia/Kathmandu".parse().unwrap();
    given.exactly(&align("local_midnight"), "14/15");
    given.zone = crate::contract::TimeZone::UTC;
    let hour = align("local_midnight").replace("300", "3600");
    given.exactly(&hour, "13/14");
}

#[test]
fn days_begin_at_local_midnight_also_where_clocks_change() {
    let day =
        r#"family = "interval_mean", interval_s = 86400, align = "local_midnight", empty = "up""#;
    // 2026-11-01 has 25 hours in New York: its last one is an interval of its own.
    let midnight = NOVEMBER + 4 * 60;
    let mut given = Given::outage(26 * 60, |m| (24 * 60..25 * 60).contains(&m));
    given.window = window(midnight, 26 * 60);
    given.zone = "America/New_York".parse().unwrap();
    given.exactly(day, "2/3");
    // 2018-11-04 began at 01:00 in São Paulo, which was 03:00 UTC.
    let skipped = chrono::DateTime::parse_from_rfc3339("2018-11-04T03:00:00Z").unwrap();
    let mut given = Given::outage(90, |m| m >= 30);
    given.window = window(skipped.timestamp() / 60 - 30, 90);
    given.zone = "America/Sao_Paulo".parse().unwrap();
    given.exactly(&day.replace("86400", "25200"), "1/2");
}
