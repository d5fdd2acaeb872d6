//! Every kind of schedule, with the numbers written out.

use super::*;
use crate::contract::rounding::RoundingMode;

#[test]
fn bands_are_half_open_and_amounts_half_up() {
    let bands = schedule(BANDS);
    let case = |uptime| Case::new("99.9", uptime, "1234.56");
    // 12345.6 cents.
    check(&bands, &case("99/100"), "61728/5", "123.46");
    check(&bands, &case("9899/10000"), "30864/1", "308.64");
    check(&bands, &case("949/1000"), "123456/1", "1234.56");
    let kept = case("999/1000").credit(&bands);
    assert_eq!(kept, Err(NoCredit::TargetKept));
}

#[test]
fn a_credit_names_its_band_and_survives_json() {
    let credit = Case::new("99.9", "9899/10000", "1234.56")
        .credit(&schedule(BANDS))
        .unwrap();
    assert_eq!(credit.share, Some(fraction("1/4")));
    let json = serde_json::to_string(&credit).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"share":{"num":"1","den":"4"},"exact_minor":{"num":"30864","den":"1"},"#,
            r#""amount":{"minor":30864,"currency":"USD"},"source":{"kind":"bands","position":1,"#,
            r#""range":{"uptime":{"ge":{"num":"19","den":"20"},"top":{"lt":{"num":"99","den":"100"}}}},"#,
            r#""percent":{"num":"1","den":"4"}},"cuts":[],"unchecked":[]}"#
        )
    );
    assert_eq!(serde_json::from_str::<Credit>(&json).unwrap(), credit);
}

#[test]
fn unknown_fees_leave_the_share_and_no_amount() {
    let mut case = Case::new("99.9", "99/100", "1");
    let bands = schedule(&format!("{BANDS}\nmin_amount = {{ gt = \"1.00\" }}"));
    for fees in [
        None,
        Some(Money::parse("5", "EUR".parse().unwrap()).unwrap()),
    ] {
        case.fees = fees;
        let credit = case.credit(&bands).unwrap();
        assert_eq!(credit.share, Some(fraction("1/10")));
        assert_eq!((credit.exact_minor, credit.amount), (None, None));
        assert_eq!(credit.unchecked, [Limit::MinAmount]);
    }
}

#[test]
fn bands_in_minutes_do_not_depend_on_the_length_of_the_month() {
    let minutes = schedule(
        r#"
kind = "bands"
basis = "invoice"
bands = [
  { le_minutes = "4.32", percent = "1" },
  { gt_minutes = "4.32", le_minutes = "43.8", percent = "5" },
  { gt_minutes = "43.8", le_minutes = "432", percent = "10" },
  { gt_minutes = "432", percent = "50" },
]
"#,
    );
    let mut case = Case::new("100", "999/1000", "100.00");
    for (down, amount) in [
        ("1/100", "1.00"),
        ("108/25", "1.00"),
        ("433/100", "5.00"),
        ("219/5", "5.00"),
        ("432/1", "10.00"),
        ("4321/10", "50.00"),
    ] {
        case.downtime_minutes = fraction(down);
        let credit = case.credit(&minutes).unwrap();
        assert_eq!(credit.amount, Some(usd(amount)), "{down}");
    }
}

#[test]
fn a_flat_credit_is_the_same_for_every_breach() {
    let percent = schedule("kind = \"flat\"\nbasis = \"invoice\"\npercent = \"10\"");
    check(
        &percent,
        &Case::new("99.95", "1/2", "80.00"),
        "800/1",
        "8.00",
    );
    let amount = schedule("kind = \"flat\"\nbasis = \"invoice\"\namount = \"25.00\"");
    let case = Case::new("99.95", "1999/2000", "80.00");
    assert_eq!(case.credit(&amount), Err(NoCredit::TargetKept));
    let mut case = Case::new("99.95", "99949/100000", "80.00");
    check(&amount, &case, "2500/1", "25.00");
    assert_eq!(case.credit(&amount).unwrap().share, Some(fraction("5/16")));

    case.fees = None;
    let credit = case.credit(&amount).unwrap();
    assert_eq!((credit.share, credit.amount), (None, Some(usd("25.00"))));
    assert_eq!(credit.unchecked, [Limit::Fees]);
}

#[test]
fn steps_begun_count_or_do_not_and_where_open_both_are_readings() {
    let rule = |steps| {
        schedule(&format!(
            "kind = \"per_step\"\nbasis = \"invoice\"\nstep = \"0.1\"\npercent = \"10\"\nsteps = \"{steps}\""
        ))
    };
    let unknown = rule("unknown");
    assert_eq!(
        unknown.step_readings(),
        [StepReading::Floor, StepReading::Ceil]
    );
    assert_eq!(rule("ceil").step_readings(), [StepReading::Ceil]);
    // 0.25 percentage points below the target.
    let mut case = Case::new("99.9", "1993/2000", "100.00");
    check(&unknown, &case, "2000/1", "20.00");
    case.steps = StepReading::Ceil;
    check(&unknown, &case, "3000/1", "30.00");
    let source = case.credit(&unknown).unwrap().source;
    let CreditSource::PerStep { steps, .. } = source else {
        panic!("{source:?}");
    };
    assert_eq!(steps, 3);

    let full = Case::new("99.9", "997/1000", "100.00");
    check(&unknown, &full, "2000/1", "20.00");
    let little = Case::new("99.9", "1997/2000", "1");
    assert_eq!(little.credit(&unknown), Err(NoCredit::BelowOneStep));
    let all = Case::new("99.9", "0/1", "100.00");
    let credit = all.credit(&unknown).unwrap();
    assert_eq!(credit.amount, Some(usd("100.00")));
    assert_eq!(credit.cuts, [Limit::Fees]);
}

#[test]
fn a_proportional_credit_is_the_share_of_time_lost() {
    let once = schedule("kind = \"proportional\"\nbasis = \"fixed_fees\"");
    // 100 minutes x 0.021 of 43,200: 7/144000 of the window.
    let case = Case::new("100", "143993/144000", "200.00");
    let credit = case.credit(&once).unwrap();
    assert_eq!(credit.share, Some(fraction("7/144000")));
    // 0.00972222 dollars.
    check(&once, &case, "35/36", "0.01");

    // 60 minutes of 43,200.
    let case = Case::new("100", "719/720", "5000.00");
    check(&once, &case, "6250/9", "6.94");
    for (multiplier, exact, amount) in [
        ("10", "62500/9", "69.44"),
        ("25", "156250/9", "173.61"),
        ("1", "6250/9", "6.94"),
    ] {
        let rule = format!(
            "kind = \"proportional\"\nbasis = \"fixed_fees\"\nmultiplier = \"{multiplier}\""
        );
        check(&schedule(&rule), &case, exact, amount);
    }
    let all = Case::new("100", "0/1", "5000.00");
    let ten = "kind = \"proportional\"\nbasis = \"fixed_fees\"\nmultiplier = \"10\"";
    let credit = all.credit(&schedule(ten)).unwrap();
    assert_eq!(credit.amount, Some(usd("5000.00")));
    assert_eq!(credit.share, Some(Fraction::one()));
}

#[test]
fn a_multiple_of_daily_fees_divides_them_by_the_days_of_the_window() {
    let days = schedule(
        r#"
kind = "daily_multiple"
basis = "month_fees_in_scope"
bands = [
  { ge = "99.0", lt = "99.9", days = "1" },
  { ge = "95.0", lt = "99.0", days = "3" },
  { lt = "95.0", days = "7" },
]
"#,
    );
    let case = |uptime| Case::new("99.9", uptime, "1000.00");
    check(&days, &case("99/100"), "10000/3", "33.33");
    check(&days, &case("19/20"), "10000/1", "100.00");
    check(&days, &case("9/10"), "70000/3", "233.33");
    let credit = case("9/10").credit(&days).unwrap();
    assert_eq!(credit.share, Some(fraction("7/30")));
}

/// Bands whose percentages are meant after rounding.
const ONE_DIGIT: &str = r#"
kind = "bands"
basis = "invoice"
bands = [{ ge = "95", le = "99.4", percent = "2" }, { le = "94.9", percent = "5" }]
"#;
const TWO_DIGITS: &str = r#"
kind = "bands"
basis = "invoice"
bands = [{ ge = "98", le = "99.49", percent = "10" }, { le = "97.99", percent = "20" }]
"#;

#[track_caller]
fn rounded(toml: &str, percent: &str, mode: RoundingMode) -> Result<Option<Fraction>, NoCredit> {
    let mut case = Case::new("99.5", "1/1", "100.00");
    case.uptime = mode.apply(&Fraction::from_percent(percent).unwrap());
    case.credit(&schedule(toml)).map(|credit| credit.share)
}

#[test]
fn an_uptime_in_a_hole_between_bands_is_worth_what_its_rounding_says() {
    let up = RoundingMode::HalfUp { digits: 1 };
    let two = Ok(Some(fraction("1/50")));
    assert_eq!(rounded(ONE_DIGIT, "99.449", up), two);
    assert_eq!(rounded(ONE_DIGIT, "99.45", up), Err(NoCredit::TargetKept));
    let exact = rounded(ONE_DIGIT, "99.45", RoundingMode::None);
    assert_eq!(exact, Err(NoCredit::InNoBand));

    let (up, floor) = (
        RoundingMode::HalfUp { digits: 2 },
        RoundingMode::Floor { digits: 2 },
    );
    let (ten, twenty) = (Ok(Some(fraction("1/10"))), Ok(Some(fraction("1/5"))));
    assert_eq!(rounded(TWO_DIGITS, "97.995", up), ten);
    assert_eq!(rounded(TWO_DIGITS, "97.995", floor), twenty);
    let exact = rounded(TWO_DIGITS, "97.995", RoundingMode::None);
    assert_eq!(exact, Err(NoCredit::InNoBand));
}
