use super::*;

const WHOLE: &str = r#"
channel = "support_case"
address = "https://support.example/cases"
subject_must_contain = "SLA Credit Request"
opens = { anchor = "month_end", working_days = 5 }
deadlines = [
  { purpose = "notice", anchor = "incident", business_days = 5, basis = "inferred" },
  { purpose = "claim", anchor = "billing_cycle_end", nth_after_incident = 2 },
  { purpose = "claim", anchor = "month_end", months = 2, provenance = "quoted", note = "n" },
]
evidence = ["log_files"]
forfeits_if_late = false
basis = "inferred"
provenance = "secondary"
note = "n"
"#;

fn amount(n: i64) -> Amount {
    n.try_into().unwrap()
}

#[test]
fn a_claim_is_read_whole_and_written_back() {
    let claim: Claim = toml::from_str(WHOLE).unwrap();
    assert_eq!(
        claim.opens.unwrap().anchor(),
        Anchor::MonthEnd(Period::BusinessDays(amount(5)))
    );
    assert_eq!(
        claim.deadlines.iter().map(|d| d.anchor).collect::<Vec<_>>(),
        [
            Anchor::Incident(Period::BusinessDays(amount(5))),
            Anchor::BillingCycleEnd {
                nth_after_incident: 2.try_into().unwrap()
            },
            Anchor::MonthEnd(Period::Months(amount(2))),
        ]
    );
    assert_eq!(claim.deadlines[0].basis, Basis::Inferred);
    assert_eq!(claim.deadlines[2].provenance, Some(Provenance::Quoted));
    let written = toml::to_string(&claim).unwrap();
    assert_eq!(
        toml::from_str::<Claim>(&written).unwrap(),
        claim,
        "{written}"
    );
}

#[test]
fn a_late_claim_is_lost_unless_the_text_says_otherwise() {
    let claim: Claim = toml::from_str("channel = \"support_case\"").unwrap();
    assert!(claim.forfeits_if_late);
    assert_eq!(claim.basis, Basis::Stated);
    assert!(claim.opens.is_none() && claim.deadlines.is_empty());
}

#[test]
fn every_anchor_is_written_as_it_is_read() {
    for anchor in [
        "eligibility",
        "window_end",
        "month_end",
        "incident",
        "downtime_end",
        "invoice",
    ] {
        for length in ["hours", "days", "business_days", "months"] {
            let toml = format!("purpose = \"claim\"\nanchor = \"{anchor}\"\n{length} = 3\n");
            let deadline: ClaimDeadline = toml::from_str(&toml).unwrap();
            assert_eq!(toml::to_string(&deadline).unwrap(), toml);
        }
    }
    for anchor in ["billing_month_end", "billing_cycle_end"] {
        let toml = format!("purpose = \"claim\"\nanchor = \"{anchor}\"\nnth_after_incident = 24\n");
        let deadline: ClaimDeadline = toml::from_str(&toml).unwrap();
        assert_eq!(toml::to_string(&deadline).unwrap(), toml);
    }
}

#[test]
fn deadlines_that_contradict_themselves_are_refused_with_the_key() {
    const ONE: &str = "give exactly one of `hours`, `days`, `business_days`, `months`";
    for (rest, error) in [
        ("anchor = \"incident\"", format!("`hours`: {ONE}")),
        ("anchor = \"incident\"\ndays = 3\nmonths = 1", format!("`days`: {ONE}")),
        ("anchor = \"incident\"\nbusiness_days = 3\nworking_days = 3", format!("`business_days`: {ONE}")),
        ("anchor = \"incident\"\ndays = 3\nnth_after_incident = 1", "`nth_after_incident`: only the anchors billing_month_end and billing_cycle_end take it".into()),
        ("anchor = \"billing_cycle_end\"", "`nth_after_incident`: this anchor needs it, from 1 to 24".into()),
        ("anchor = \"billing_month_end\"\nmonths = 2", "`months`: this anchor takes `nth_after_incident` instead".into()),
        ("anchor = \"billing_month_end\"\nnth_after_incident = 0", "must be a whole number from 1 to 24".into()),
        ("anchor = \"billing_month_end\"\nnth_after_incident = 25", "must be a whole number from 1 to 24".into()),
        ("anchor = \"incident\"\nhours = 10001", "must be a whole number from 1 to 10000".into()),
    ] {
        let toml = format!("purpose = \"claim\"\n{rest}");
        let refused = toml::from_str::<ClaimDeadline>(&toml).unwrap_err();
        assert_eq!(refused.message(), error, "{rest}");
    }
    let opens = "anchor = \"billing_month_end\"\ndays = 3";
    let refused = toml::from_str::<Opens>(opens).unwrap_err();
    assert_eq!(
        refused.message(),
        "`anchor`: claims do not open by billing months or cycles"
    );
}

#[test]
fn an_address_is_a_page_or_mail_and_nothing_that_a_browser_runs() {
    for good in ["https://support.example/cases", "credits@provider.example"] {
        let address = ClaimAddress::try_from(good.to_owned()).unwrap();
        assert_eq!(address.as_str(), good);
    }
    for bad in [
        "",
        "support",
        "https://",
        "http://support.example",
        "javascript:alert(1)@a.b",
        "a b@provider.example",
        "@provider.example",
        "credits@provider",
    ] {
        assert!(ClaimAddress::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}
