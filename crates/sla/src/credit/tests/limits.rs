//! Caps, minimum, rounding.

use super::*;

#[test]
fn a_minimum_is_compared_before_rounding() {
    let more = schedule(&format!(
        "{BANDS}\nmin_amount = {{ gt = \"1.00\", currency = \"USD\" }}"
    ));
    let none = Case::new("99.9", "99/100", "10.00").credit(&more);
    let exact_minor = fraction("100/1");
    assert_eq!(none, Err(NoCredit::BelowMinimum { exact_minor }));
    // 1.001 dollars.
    check(
        &more,
        &Case::new("99.9", "99/100", "10.01"),
        "1001/10",
        "1.00",
    );

    let least = schedule(&format!("{BANDS}\nmin_amount = {{ ge = \"1.00\" }}"));
    check(
        &least,
        &Case::new("99.9", "99/100", "10.00"),
        "100/1",
        "1.00",
    );
}

#[test]
fn the_band_at_the_cap_is_not_cut_and_one_above_it_is() {
    let half = schedule(&format!("{BANDS}\ncap_percent = \"50\""));
    let credit = Case::new("99.9", "1/2", "800.00").credit(&half).unwrap();
    assert_eq!(credit.amount, Some(usd("400.00")));
    assert_eq!(credit.share, Some(fraction("1/2")));
    assert_eq!(credit.cuts, [Limit::CapPercent]);

    let tenth = schedule(&format!("{BANDS}\ncap_percent = \"10\""));
    let credit = Case::new("99.9", "99/100", "1234.56")
        .credit(&tenth)
        .unwrap();
    assert_eq!(credit.amount, Some(usd("123.46")));
    assert_eq!(credit.cuts, []);
}

#[test]
fn the_lowest_of_several_caps_holds_and_all_that_cut_are_named() {
    let both = schedule(&format!(
        "{BANDS}\ncap_percent = \"50\"\ncap_amount = \"100.00\""
    ));
    let mut case = Case::new("99.9", "1/2", "800.00");
    let credit = case.credit(&both).unwrap();
    assert_eq!(credit.amount, Some(usd("100.00")));
    assert_eq!(credit.share, Some(fraction("1/8")));
    assert_eq!(credit.cuts, [Limit::CapPercent, Limit::CapAmount]);

    case.fees = None;
    let credit = case.credit(&both).unwrap();
    assert_eq!(credit.share, Some(fraction("1/2")));
    assert_eq!(credit.cuts, [Limit::CapPercent]);
    assert_eq!(credit.unchecked, [Limit::CapAmount]);

    case.fees = Some(usd("0.00"));
    let credit = case.credit(&both).unwrap();
    assert_eq!(credit.share, Some(fraction("1/2")));
    assert_eq!(credit.amount, Some(usd("0.00")));
}

#[test]
fn a_cap_on_twelve_months_leaves_what_earlier_credits_left() {
    let amount = schedule(&format!("{BANDS}\ncap_12_months_amount = \"500.00\""));
    let mut case = Case::new("99.9", "1/2", "800.00");
    let credit = case.credit(&amount).unwrap();
    assert_eq!(credit.amount, Some(usd("800.00")));
    assert_eq!(credit.unchecked, [Limit::CapTwelveMonths]);

    for (credited, left) in [("0.00", "500.00"), ("450.01", "49.99")] {
        case.twelve_months = Some(TwelveMonths {
            credited: usd(credited),
            fees: None,
        });
        let credit = case.credit(&amount).unwrap();
        assert_eq!(credit.amount, Some(usd(left)));
        assert_eq!(credit.cuts, [Limit::CapTwelveMonths]);
        assert_eq!(credit.unchecked, []);
    }
    for credited in ["500.00", "600.00"] {
        case.twelve_months = Some(TwelveMonths {
            credited: usd(credited),
            fees: None,
        });
        assert_eq!(case.credit(&amount), Err(NoCredit::CapUsedUp));
    }

    let percent = schedule(&format!("{BANDS}\ncap_12_months_percent = \"10\""));
    let credit = case.credit(&percent).unwrap();
    assert_eq!(credit.unchecked, [Limit::CapTwelveMonths]);
    case.twelve_months = Some(TwelveMonths {
        credited: usd("600.00"),
        fees: Some(usd("9600.00")),
    });
    // 10 percent of 9,600 less 600.
    check(&percent, &case, "36000/1", "360.00");
}

#[test]
fn amounts_are_rounded_in_the_way_and_unit_of_the_contract() {
    let rule = |rounding: &str, unit: &str| {
        schedule(&format!(
            "{BANDS}\nrounding = \"{rounding}\"\namount_unit = \"{unit}\""
        ))
    };
    let amount = |rounding, unit, fees| {
        let case = Case::new("99.9", "99/100", fees);
        case.credit(&rule(rounding, unit)).unwrap().amount.unwrap()
    };
    for (rounding, small, tie, whole) in [
        ("half_up", "123.46", "0.03", "123.00"),
        ("floor", "123.45", "0.02", "123.00"),
        ("ceil", "123.46", "0.03", "124.00"),
        ("half_even", "123.46", "0.02", "123.00"),
    ] {
        assert_eq!(
            amount(rounding, "minor", "1234.56"),
            usd(small),
            "{rounding}"
        );
        assert_eq!(amount(rounding, "minor", "0.25"), usd(tie), "{rounding}");
        assert_eq!(
            amount(rounding, "whole", "1234.56"),
            usd(whole),
            "{rounding}"
        );
    }
    assert_eq!(amount("half_even", "minor", "0.35"), usd("0.04"));
    assert_eq!(amount("half_even", "whole", "15.00"), usd("2.00"));
}

#[test]
fn rounding_to_whole_units_never_passes_the_fees() {
    let whole = schedule(&format!("{BANDS}\namount_unit = \"whole\""));
    let credit = Case::new("99.9", "1/2", "1234.56").credit(&whole).unwrap();
    assert_eq!(credit.amount, Some(usd("1234.00")));
}
