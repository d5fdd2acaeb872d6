//! Mistakes in `[claim]`.

use super::*;

#[test]
fn a_deadline_has_exactly_one_length() {
    insta::assert_snapshot!(refused(&[
        ("hours = 24", "hours = 24\ndays = 1"),
        ("hours = 24", "days = 1\nmonths = 1"),
        ("hours = 24", "business_days = 1\nworking_days = 1"),
        ("hours = 24\n", ""),
        ("hours = 24", "hours = 0"),
        ("hours = 24", "hours = 100000"),
        ("hours = 24", "nth_after_incident = 1"),
        ("nth_after_incident = 2", "days = 30"),
        ("nth_after_incident = 2", "nth_after_incident = 0"),
        ("nth_after_incident = 2", "nth_after_incident = 25"),
        ("nth_after_incident = 2\n", ""),
        ("business_days = 5", "business_days = 5\ndays = 5"),
        ("anchor = \"month_end\"", "anchor = \"billing_month_end\""),
        ("anchor = \"month_end\"", "anchor = \"month_begin\""),
    ]), @r#"
    hours = 24
            ^ `hours`: give exactly one of `hours`, `days`, `business_days`, `months`
    days = 1
           ^ `days`: give exactly one of `hours`, `days`, `business_days`, `months`
    business_days = 1
                    ^ `business_days`: give exactly one of `hours`, `days`, `business_days`, `months`
    [[claim.deadlines]]
    ^ `hours`: give exactly one of `hours`, `days`, `business_days`, `months`
    hours = 0
            ^ `hours`: must be a whole number from 1 to 10000
    hours = 100000
            ^ `hours`: must be a whole number from 1 to 10000
    nth_after_incident = 1
                         ^ `nth_after_incident`: only the anchors billing_month_end and billing_cycle_end take it
    days = 30
           ^ `days`: this anchor takes `nth_after_incident` instead
    nth_after_incident = 0
                         ^ `nth_after_incident`: must be a whole number from 1 to 24
    nth_after_incident = 25
                         ^ `nth_after_incident`: must be a whole number from 1 to 24
    [[claim.deadlines]]
    ^ `nth_after_incident`: this anchor needs it, from 1 to 24
    days = 5
           ^ `days`: give exactly one of `hours`, `days`, `business_days`, `months`
    anchor = "billing_month_end"
             ^ `anchor`: claims do not open by billing months or cycles
    anchor = "month_begin"
             ^ `month_begin` is not possible for `anchor`; possible here: `eligibility`, `window_end`, `month_end`, `billing_month_end`, `billing_cycle_end`, `incident`, `downtime_end`, `invoice`
    "#);
}

#[test]
fn claims_go_somewhere() {
    insta::assert_snapshot!(refused(&[
        ("address = \"https://support.acme.example\"", "address = \"http://support.acme.example\""),
        ("address = \"https://support.acme.example\"", "address = \"support.acme.example\""),
        ("address = \"https://support.acme.example\"", "address = \"mailto:sla@acme.example\""),
        ("address = \"https://support.acme.example\"", "address = \"the account manager\""),
        ("evidence = [\"log_files\", \"dates_times\"]", "evidence = []"),
        ("evidence = [\"log_files\", \"dates_times\"]", "evidence = [\"\"]"),
        ("[[claim.deadlines]]\npurpose = \"notice\"", "[claim.deadlines]\npurpose = \"notice\""),
    ]), @r#"
    address = "http://support.acme.example"
              ^ `address`: must be an e-mail address or begin with https://
    address = "support.acme.example"
              ^ `address`: must be an e-mail address or begin with https://
    address = "mailto:sla@acme.example"
              ^ `address`: must be an e-mail address or begin with https://
    address = "the account manager"
              ^ `address`: must be an e-mail address or begin with https://
    evidence = []
               ^ `evidence`: the list is empty: leave the key out instead
    evidence = [""]
                ^ `evidence`: must not be empty
    [[claim.deadlines]]
            ^ `claim.deadlines` stands here twice: write each as `[[claim.deadlines]]`
    "#);
    accepted("https://support.acme.example", "sla@acme.example");
}
