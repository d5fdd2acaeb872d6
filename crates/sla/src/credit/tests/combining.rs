//! Several commitments of one contract in one window.

use domain::{Minute, Window};

use super::*;

fn minutes(start: i64, end: i64) -> Window {
    Window::new(Minute::new(start), Minute::new(end)).unwrap()
}

struct Missed {
    schedule: CreditSchedule,
    case: Case,
    downtime: Vec<Window>,
}

fn missed(toml: &str, uptime: &str, fees: &str, downtime: &[(i64, i64)]) -> Missed {
    Missed {
        schedule: schedule(toml),
        case: Case::new("99.9", uptime, fees),
        downtime: downtime.iter().map(|(s, e)| minutes(*s, *e)).collect(),
    }
}

fn total(missed: &[Missed]) -> Option<CreditTotal> {
    let credits: Vec<Credit> = missed
        .iter()
        .map(|missed| missed.case.credit(&missed.schedule).unwrap())
        .collect();
    let dues: Vec<Due<'_>> = missed
        .iter()
        .zip(&credits)
        .map(|(missed, credit)| Due {
            schedule: &missed.schedule,
            inputs: missed.case.inputs(),
            credit,
            downtime: &missed.downtime,
        })
        .collect();
    combine(&dues)
}

fn capped() -> String {
    format!("{BANDS}\ncap_percent = \"50\"")
}

fn one_level() -> String {
    format!("{BANDS}\none_level_per_incident = true")
}

#[test]
fn nothing_missed_is_worth_nothing() {
    assert_eq!(total(&[]), None);
}

#[test]
fn uptime_and_latency_add_up_to_the_cap() {
    let capped = capped();
    let low = missed(&capped, "49/50", "800.00", &[(0, 9)]);
    let high = missed(&capped, "99/100", "800.00", &[(5, 9)]);
    let sum = total(&[low, high]).unwrap();
    assert_eq!(sum.counted, [0, 1]);
    assert_eq!(sum.share, Some(fraction("7/20")));
    assert_eq!((sum.amount, sum.cuts), (Some(usd("280.00")), vec![]));

    let half = || missed(&capped, "1/2", "800.00", &[]);
    let tenth = missed(&capped, "99/100", "800.00", &[]);
    let sum = total(&[half(), tenth]).unwrap();
    assert_eq!(sum.share, Some(fraction("1/2")));
    assert_eq!(sum.amount, Some(usd("400.00")));
    assert_eq!(sum.cuts, [Limit::CapPercent]);

    let whole = || missed(BANDS, "1/2", "800.00", &[]);
    let sum = total(&[whole(), whole()]).unwrap();
    assert_eq!(sum.amount, Some(usd("800.00")));
    assert_eq!(sum.cuts, [Limit::Fees]);
}

#[test]
fn the_highest_cap_stated_holds_for_the_sum() {
    let low = format!("{BANDS}\ncap_percent = \"10\"");
    let sum = total(&[
        missed(&low, "1/2", "800.00", &[]),
        missed(&capped(), "1/2", "800.00", &[]),
        missed(BANDS, "99/100", "800.00", &[]),
    ])
    .unwrap();
    assert_eq!(sum.amount, Some(usd("400.00")));
    assert_eq!(sum.exact_minor, Some(fraction("40000/1")));
}

#[test]
fn a_sum_is_that_of_the_rounded_parts_unless_a_cap_cuts_it() {
    // Each 0.105 dollars.
    let part = || missed(BANDS, "99/100", "1.05", &[]);
    let sum = total(&[part(), part()]).unwrap();
    assert_eq!(sum.exact_minor, Some(fraction("21/1")));
    assert_eq!(sum.amount, Some(usd("0.22")));

    let part = || {
        missed(
            &format!("{BANDS}\ncap_amount = \"0.21\""),
            "99/100",
            "1.05",
            &[],
        )
    };
    let sum = total(&[part(), part()]).unwrap();
    assert_eq!((sum.amount, sum.cuts), (Some(usd("0.21")), vec![]));
}

#[test]
fn of_several_levels_missed_by_one_incident_the_dearest_counts() {
    let one = one_level();
    let sum = total(&[
        missed(&one, "99/100", "800.00", &[(0, 10), (50, 60)]),
        missed(&one, "49/50", "800.00", &[(20, 30), (59, 61)]),
        missed(&one, "99/100", "800.00", &[(30, 50)]),
    ])
    .unwrap();
    assert_eq!(sum.counted, [1, 2]);
    assert_eq!(sum.amount, Some(usd("280.00")));
}

#[test]
fn incidents_that_share_downtime_by_way_of_a_third_are_one() {
    let one = one_level();
    let sum = total(&[
        missed(&one, "99/100", "800.00", &[(0, 10)]),
        missed(&one, "99/100", "800.00", &[(20, 30)]),
        missed(&one, "49/50", "800.00", &[(5, 25)]),
    ])
    .unwrap();
    assert_eq!(sum.counted, [2]);
}

#[test]
fn commitments_without_the_clause_add_up_whatever_their_downtime() {
    let sum = total(&[
        missed(&one_level(), "99/100", "800.00", &[(0, 10)]),
        missed(BANDS, "99/100", "800.00", &[(0, 10)]),
    ])
    .unwrap();
    assert_eq!(sum.counted, [0, 1]);
}

#[test]
fn without_fees_shares_add_up_where_they_are_of_the_same_fees() {
    let unknown = |toml: &str| {
        let mut missed = missed(toml, "99/100", "1.00", &[]);
        missed.case.fees = None;
        missed
    };
    let sum = total(&[unknown(BANDS), unknown(&capped())]).unwrap();
    assert_eq!((sum.share, sum.amount), (Some(fraction("1/5")), None));
    assert_eq!(sum.unchecked, []);

    let invoice = BANDS.replace("month_fees_in_scope", "invoice");
    let sum = total(&[unknown(&invoice), unknown(&capped())]).unwrap();
    assert_eq!((sum.share, sum.amount), (None, None));
    assert_eq!(sum.unchecked, [Limit::Fees, Limit::CapPercent]);
}

#[test]
fn a_total_survives_json() {
    let sum = total(&[missed(&capped(), "1/2", "800.00", &[])]).unwrap();
    let json = serde_json::to_string(&sum).unwrap();
    assert_eq!(serde_json::from_str::<CreditTotal>(&json).unwrap(), sum);
}
