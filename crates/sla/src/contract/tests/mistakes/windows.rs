//! Mistakes in `[window]` and in recurring spans.

use super::*;

const KIND: &str = "[window]\nkind = \"calendar_month\"";

#[test]
fn a_zone_has_a_name_that_the_database_knows() {
    insta::assert_snapshot!(refused(&[
        ("timezone = \"UTC\"", "timezone = \"Europe/Pari\""),
        ("timezone = \"UTC\"", "timezone = \"Paris\""),
        ("timezone = \"UTC\"", "timezone = \"europe/paris\""),
        ("timezone = \"UTC\"", "timezone = \"America/Los Angeles\""),
        ("timezone = \"UTC\"", "timezone = \"Pacific Time\""),
        ("timezone = \"UTC\"", "timezone = \"PST\""),
        ("timezone = \"UTC\"", "timezone = \"+02:00\""),
        ("timezone = \"UTC\"", "timezone = \"UTC+2\""),
        ("timezone = \"UTC\"", "timezone = 2"),
        ("timezone = \"Europe/Paris\"", "timezone = \"Europe/Pariss\""),
        ("also_test_timezones = [\"America/Los_Angeles\"]", "also_test_timezones = [\"America/Los_Angles\"]"),
        ("also_test_timezones = [\"America/Los_Angeles\"]", "also_test_timezones = []"),
        ("timezone = \"UTC\"\ntimezone_basis = \"inferred\"", "timezone_basis = \"stated\""),
    ]), @r#"
    timezone = "Europe/Pari"
               ^ `timezone`: `Europe/Pari` is no IANA time zone; near names: `Europe/Paris`
    timezone = "Paris"
               ^ `timezone`: `Paris` is no IANA time zone; near names: `Europe/Paris`
    timezone = "europe/paris"
               ^ `timezone`: `europe/paris` is no IANA time zone; near names: `Europe/Paris`
    timezone = "America/Los Angeles"
               ^ `timezone`: `America/Los Angeles` is no IANA time zone; near names: `America/Los_Angeles`
    timezone = "Pacific Time"
               ^ `timezone`: `Pacific Time` is no IANA time zone; name a city, such as `America/Los_Angeles`
    timezone = "PST"
               ^ `timezone`: `PST` is no IANA time zone; name a city, such as `America/Los_Angeles`
    timezone = "+02:00"
               ^ `timezone`: `+02:00` is no IANA time zone; an offset is no zone: name a city, such as `Europe/Paris`
    timezone = "UTC+2"
               ^ `timezone`: `UTC+2` is no IANA time zone; an offset is no zone: name a city, such as `Europe/Paris`
    timezone = 2
               ^ `timezone` must be text, not a whole number
    timezone = "Europe/Pariss"
               ^ `timezone`: `Europe/Pariss` is no IANA time zone; near names: `Europe/Paris`
    also_test_timezones = ["America/Los_Angles"]
                           ^ `also_test_timezones`: `America/Los_Angles` is no IANA time zone; near names: `America/Los_Angeles`
    also_test_timezones = []
                          ^ `also_test_timezones`: the list is empty: leave the key out instead
    timezone_basis = "stated"
                     ^ `timezone_basis`: give `timezone` too, or `assumed` or `unknown`
    "#);
    let many = "also_test_timezones = [\"Asia/Shanghai\", \"Asia/Tokyo\", \"Asia/Seoul\", \"Asia/Dubai\", \"Europe/Rome\", \"Europe/Oslo\", \"Europe/Kyiv\", \"Africa/Cairo\", \"Africa/Lagos\"]";
    insta::assert_snapshot!(refused(&[("also_test_timezones = [\"America/Los_Angeles\"]", many)]), @r#"
    also_test_timezones = ["Asia/Shanghai", "Asia/Tokyo", "Asia/Seoul", "Asia/Dubai", "Europe/Ro
                          ^ `also_test_timezones`: at most 8 zones
    "#);
}

#[test]
fn windows_have_the_keys_of_their_kind_and_no_others() {
    insta::assert_snapshot!(refused(&[
        (KIND, "[window]\nkind = \"month\""),
        (KIND, "[window]\nkind = \"rolling\""),
        (KIND, "[window]\nkind = \"billing_month\""),
        (KIND, "[window]\nkind = \"billing_month\"\nanchor_day = 32"),
        (KIND, "[window]\nkind = \"billing_month\"\nanchor_day = 0"),
        (KIND, "[window]\nkind = \"billing_month\"\nanchor_day = \"15th\""),
        (KIND, "[window]\nkind = \"calendar_month\"\nanchor_day = 15"),
        (KIND, "[window]\nkind = \"calendar_month\"\ndays = 30"),
        (KIND, "[window]\nkind = \"trailing_days\""),
        (KIND, "[window]\nkind = \"trailing_days\"\ndays = 367"),
        (KIND, "[window]\nkind = \"trailing_days\"\ndays = 30\nanchor = 2026-01-01T00:00:00Z"),
        (KIND, "[window]\nkind = \"fixed_days\"\nanchor = 2026-01-01T00:00:00Z"),
        (KIND, "[window]\nkind = \"fixed_days\"\ndays = 30"),
        (KIND, "[window]\nkind = \"fixed_days\"\ndays = 30\nanchor = 2026-01-01T00:00:00Z"),
        (KIND, "[window]\nkind = \"fixed_days\"\ndays = 30\nanchor = 2026-01-01"),
        (KIND, "[window]\nkind = \"fixed_days\"\ndays = 30\nanchor = 2026-01-01T00:00:30Z"),
        ("run_across_edge = \"unknown\"", "run_across_edge = \"split\""),
    ]), @r#"
    kind = "month"
           ^ `month` is not possible for `kind`; did you mean `calendar_month` or `billing_month`?
    kind = "rolling"
           ^ `rolling` is not possible for `kind`; possible here: `calendar_month`, `calendar_quarter`, `billing_month`, `fixed_days`, `trailing_days`
    [window]
    ^ `anchor_day`: kind = "billing_month" needs `anchor_day`
    anchor_day = 32
                 ^ `anchor_day`: must be a whole number from 1 to 31
    anchor_day = 0
                 ^ `anchor_day`: must be a whole number from 1 to 31
    anchor_day = "15th"
                 ^ `anchor_day` must be a whole number, not text
    anchor_day = 15
                 ^ `anchor_day`: kind = "calendar_month" takes no `anchor_day`
    days = 30
           ^ `days`: kind = "calendar_month" takes no `days`
    [window]
    ^ `days`: kind = "trailing_days" needs `days`
    days = 367
           ^ `days`: must be a whole number from 1 to 366
    anchor = 2026-01-01T00:00:00Z
             ^ `anchor`: kind = "trailing_days" takes no `anchor`
    [window]
    ^ `days`: kind = "fixed_days" needs `days`
    [window]
    ^ `anchor`: kind = "fixed_days" needs `anchor`
    also_test_timezones = ["America/Los_Angeles"]
                          ^ `also_test_timezones`: kind = "fixed_days" takes no `also_test_timezones`
    anchor = 2026-01-01
             ^ `anchor`: must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z
    anchor = 2026-01-01T00:00:30Z
             ^ `anchor`: must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z
    run_across_edge = "split"
                      ^ `split` is not possible for `run_across_edge`; possible here: `cut`, `span`, `unknown`
    "#);
}

#[test]
fn a_span_that_recurs_follows_a_rule_that_is_understood() {
    let rule = "rrule = \"FREQ=WEEKLY;BYDAY=SU\"";
    insta::assert_snapshot!(refused(&[
        (rule, "rrule = \"every sunday\""),
        (rule, "rrule = \"RRULE:FREQ=WEEKLY;BYDAY=SU\""),
        (rule, "rrule = \"BYDAY=SU\""),
        (rule, "rrule = \"FREQ=WEEKLY\""),
        (rule, "rrule = \"FREQ=HOURLY\""),
        (rule, "rrule = \"FREQ=WEEKLY;BYDAY=SUN\""),
        (rule, "rrule = \"FREQ=WEEKLY;BYDAY=SU;INTERVAL=2\""),
        (rule, "rrule = \"FREQ=WEEKLY;BYDAY=SU;BYHOUR=2\""),
        (rule, "rrule = \"FREQ=WEEKLY;BYDAY=SU;BYDAY=MO\""),
        (rule, "rrule = \"FREQ=MONTHLY;BYMONTHDAY=32\""),
        (rule, "rrule = \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\""),
        (rule, "rrule = \"FREQ=WEEKLY;BYDAY=SU;UNTIL=2026\""),
        ("from = \"02:00\"", "from = \"2am\""),
        ("from = \"02:00\"", "from = \"24:00\""),
        ("from = \"02:00\"", "from = \"2:00\""),
        ("from = \"02:00\"", "from = 02:00:00"),
        ("minutes = 120", "minutes = 0"),
        ("minutes = 120", "minutes = 20160"),
        ("minutes = 120", "minutes = 120\nstarts = 2026-02-30"),
        ("minutes = 120", "minutes = 120\nstarts = \"soon\""),
    ]), @r#"
    rrule = "every sunday"
            ^ `rrule`: must be a rule of RFC 5545 of at most 512 letters, digits and `;=,+-`, without `RRULE:`
    rrule = "RRULE:FREQ=WEEKLY;BYDAY=SU"
            ^ `rrule`: must be a rule of RFC 5545 of at most 512 letters, digits and `;=,+-`, without `RRULE:`
    rrule = "BYDAY=SU"
            ^ `rrule`: must begin with FREQ, such as FREQ=WEEKLY;BYDAY=SU
    [exclusion.recurs]
    ^ `starts`: this rule takes its day from the first one, so give the first day
    rrule = "FREQ=HOURLY"
            ^ `rrule`: `FREQ=HOURLY` is not possible here; the rule chooses days: DAILY, WEEKLY, MONTHLY or YEARLY
    rrule = "FREQ=WEEKLY;BYDAY=SUN"
            ^ `rrule`: `BYDAY`: must be days such as `MO`, `MO,TH`, `1SU` or `-1FR`
    [exclusion.recurs]
    ^ `starts`: `INTERVAL` counts from the first day, so give the first day
    rrule = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2"
            ^ `rrule`: `BYHOUR` is not possible here; the rule chooses days, the time of day is `from`
    rrule = "FREQ=WEEKLY;BYDAY=SU;BYDAY=MO"
            ^ `rrule`: `BYDAY=MO` is not possible here; give each part once, with a value
    rrule = "FREQ=MONTHLY;BYMONTHDAY=32"
            ^ `rrule`: RRule parsing error: `32` is not a valid BYMONTHDAY value. Expected a comma-separated list of values in range -31..=31, e.g. `-30,10`
    rrule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
            ^ `rrule`: it never comes to pass
    rrule = "FREQ=WEEKLY;BYDAY=SU;UNTIL=2026"
            ^ `rrule`: `UNTIL`: must be a day such as 20261231, or a time such as 20261231T235959Z
    from = "2am"
           ^ `from`: must be a time of day from `00:00` to `23:59`
    from = "24:00"
           ^ `from`: must be a time of day from `00:00` to `23:59`
    from = "2:00"
           ^ `from`: must be a time of day from `00:00` to `23:59`
    from = 02:00:00
           ^ `from`: must be a time of day from `00:00` to `23:59`
    minutes = 0
              ^ `minutes`: must be a whole number from 1 to 10080
    minutes = 20160
              ^ `minutes`: must be a whole number from 1 to 10080
    starts = 2026-02-30
             ^ invalid date, expected day between 01 and 28
    starts = "soon"
             ^ `starts`: must be a date, such as 2026-10-01
    "#);
}

#[test]
fn service_hours_say_when_they_are() {
    insta::assert_snapshot!(refused(&[
        ("notice_hours = 72", "span = \"outside\""),
        ("notice_hours = 72", "span = \"out\""),
        ("notice_hours = 72", "notice_hours = -1"),
        ("notice_hours = 72", "notice_hours = \"3 days\""),
        ("minutes_max = 240", "minutes_max = 99999999999"),
        ("kind = \"weekly\"\neffect", "kind = \"maintenance\"\neffect"),
        ("regions = [\"eu-west-1\"]", "regions = []"),
    ]), @r#"
    span = "outside"
           ^ `span`: `outside` needs the hours of service in `recurs`
    span = "out"
           ^ `out` is not possible for `span`; possible here: `inside`, `outside`
    notice_hours = -1
                   ^ `notice_hours`: must be a whole number from 0 to 8784
    notice_hours = "3 days"
                   ^ `notice_hours` must be a whole number, not text
    minutes_max = 99999999999
                  ^ `minutes_max`: must be a whole number from 1 to 527040
    kind = "maintenance"
           ^ `kind`: this kind has an effect already
    regions = []
              ^ `regions`: the list is empty: leave the key out instead
    "#);
}
