//! Rounding, credits and deadlines.

use super::*;

#[test]
fn credits_are_rounded_half_up_once_and_bands_include_their_lower_end() {
    let contract = contract("99.9", INTERVALS, BANDS);
    let mut terms = terms(50_000);
    terms.fees = Some(Money::parse("1234.56", contract.currency).unwrap());
    let judge = |errors: u32| {
        let samples = (0..10_000).map(|i| {
            (
                i * 5,
                class(if i < i64::from(errors) { 500 } else { 200 }),
                1,
            )
        });
        let judged = one(&contract, &terms, &cells(samples));
        judged.credit.and_then(|c| c.amount).unwrap().to_string()
    };
    assert_eq!(judge(100), "123.46 USD"); // 99 %: 123.456
    assert_eq!(judge(101), "308.64 USD"); // 98.99 %
    assert_eq!(judge(510), "1234.56 USD"); // 94.9 %
}

#[test]
fn a_credit_must_exceed_the_minimum_before_it_is_rounded() {
    let minimum = format!("{BANDS}min_amount = {{ gt = \"1.00\" }}\ncap_percent = \"10\"");
    let contract = contract("99.9", &minutes_metric(1), &minimum);
    let failed = cells([(0, class(500), 1)]);
    let judge = |fees: &str| {
        let mut terms = terms(1);
        terms.fees = Some(Money::parse(fees, contract.currency).unwrap());
        one(&contract, &terms, &failed).credit
    };
    assert_eq!(judge("10.00"), None);
    let credit = judge("10.01").unwrap();
    assert_eq!(credit.amount.unwrap().to_string(), "1.00 USD");
    // The band says 100 %, the cap 10 %.
    assert_eq!(credit.share, Some(fraction("1/10")));
    assert_eq!(credit.cuts, [crate::credit::Limit::CapPercent]);
    let mut foreign = terms(1);
    foreign.fees = Some(Money::parse("10.01", "EUR".parse().unwrap()).unwrap());
    assert_eq!(
        one(&contract, &foreign, &failed).credit.unwrap().amount,
        None
    );
}

#[test]
fn contract_rounding_comes_before_comparing_and_before_the_bands() {
    // 551 of 100,000 and 550 of 100,000: 99.449 % and 99.45 %.
    for (errors, rounding, verdict) in [
        (
            551,
            r#"rounding = { mode = "half_up", digits = 1 }"#,
            Verdict::Breached,
        ),
        (
            550,
            r#"rounding = { mode = "half_up", digits = 1 }"#,
            Verdict::Met,
        ),
        (
            550,
            r#"rounding = { mode = "floor", digits = 1 }"#,
            Verdict::Breached,
        ),
        (550, "", Verdict::Breached),
    ] {
        let samples = [(0, class(500), errors), (0, class(200), 100_000 - errors)];
        let contract = contract("99.5", INTERVALS, rounding);
        let judged = one(&contract, &terms(5), &cells(samples));
        assert_eq!(judged.verdict, verdict, "{errors} {rounding}");
    }
    let bands = "rounding = { mode = \"half_up\", digits = 2 }\n[commitment.credit]\nkind = \"bands\"\nbasis = \"invoice\"\nbands = [ { ge = \"98\", lt = \"99.5\", percent = \"10\" }, { lt = \"98\", percent = \"20\" } ]";
    let samples = [(0, class(500), 401), (0, class(200), 19_599)]; // 97.995 %
    for (rounding, credit) in [("half_up", "10"), ("floor", "20")] {
        let contract = contract("99.5", INTERVALS, &bands.replace("half_up", rounding));
        let judged = one(&contract, &terms(5), &cells(samples.clone()));
        assert_eq!(percent(&judged).as_deref(), Some(credit), "{rounding}");
    }
}

#[test]
fn deadlines_have_a_literal_and_a_safe_end() {
    let claim = r#"
[claim]
channel = "support_case"
deadlines = [
  { anchor = "eligibility", days = 30, purpose = "claim" },
  { anchor = "window_end", days = 15, purpose = "claim" },
  { anchor = "window_end", months = 2, purpose = "claim" },
  { anchor = "billing_cycle_end", nth_after_incident = 2, purpose = "claim" },
  { anchor = "incident", days = 5, purpose = "notice" },
  { anchor = "downtime_end", hours = 24, purpose = "claim" },
]
"#;
    let contract = contract("99.9", &minutes_metric(1), &format!("{BANDS}{claim}"));
    // Down from 11:00 on the 10th: the 44th minute, which breaks the promise, ends at 11:44.
    let start = 9 * 1440 + 11 * 60;
    let deadlines = |bad: i64| {
        let cells = every_minute(MONTH, |m| {
            Some(if (start..start + bad).contains(&m) {
                500
            } else {
                200
            })
        });
        let judged = one(&contract, &terms(MONTH), &cells);
        let ends = judged.deadlines.into_iter();
        ends.map(|d| format!("{} {}", d.literal, d.safe))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        deadlines(60),
        [
            "2026-12-31 2026-12-10T11:44:00Z",
            "2026-12-15 2026-12-15",
            "2027-01-30 2027-01-30",
            "2027-01-31 2026-12-31",
            "2026-11-15T11:00:00Z 2026-11-15T11:00:00Z",
            "2026-11-11T12:00:00Z 2026-11-11T12:00:00Z",
        ]
    );
    // Without a breach there is nothing to claim, but still something to give notice of.
    assert_eq!(deadlines(43), ["2026-11-15T11:00:00Z 2026-11-15T11:00:00Z"]);
    assert!(deadlines(0).is_empty());
    let day: Due = "2026-12-31".to_owned().try_into().unwrap();
    let instant: Due = "2027-01-01T00:00:00Z".to_owned().try_into().unwrap();
    let utc = crate::contract::TimeZone::UTC;
    assert_eq!(day.before(utc), instant.before(utc));
}
