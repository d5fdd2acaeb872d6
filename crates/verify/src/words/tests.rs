use sla::contract::Metric;
use sla::{
    Basis, Claimability, Commitment, Contract, Downtime, Facts, Reservation, SpanOutcome, Terms,
};

use super::*;

const CONTRACT: &str = include_str!("../tests/contract.toml");

/// Its window.
const FIXED: &str =
    "kind = \"fixed_days\"\ndays = 1\nanchor = 2026-01-01T00:00:00Z\ntimezone = \"UTC\"";

/// The usual contract with another piece of text in the place of one of its own.
fn contract(from: &str, to: &str) -> Contract {
    assert!(CONTRACT.contains(from), "{from}");
    Contract::parse(&CONTRACT.replacen(from, to, 1)).unwrap()
}

/// The usual contract with another metric and without credits.
fn with_metric(metric: &str) -> Contract {
    let (head, rest) = CONTRACT.split_once("[commitment.metric]").unwrap();
    let (_, tail) = rest.split_once("[claim]").unwrap();
    Contract::parse(&format!(
        "{head}[commitment.metric]\n{metric}\n[claim]{tail}"
    ))
    .unwrap()
}

#[track_caller]
fn check_formula(metric: &str, expected: &str) {
    let contract = with_metric(metric);
    let text = promise::formula(&contract.commitments[0].metric);
    assert_eq!(text.replace('\u{a0}', " "), expected);
}

#[test]
fn every_family_has_a_sentence() {
    check_formula(
        "family = \"downtime_minutes\"\nrule = \"rate_ge\"\nthreshold = \"0.1\"\n\
         min_run_minutes = 5\nmin_valid_per_minute = 2",
        "Uptime is the share of minutes that are not downtime. A minute is bad when 10 % or more \
         of its valid requests are errors and it has at least 2 of them; runs of at least 5 bad \
         minutes count as downtime.",
    );
    check_formula(
        "family = \"interval_mean\"\ninterval_s = 300\nempty = \"unknown\"\nalign = \"unknown\"",
        "Uptime is the mean, over intervals of 5 min counted on the UTC clock (the text does not \
         say where they begin), of the share of valid requests that succeed. A measured interval \
         without a valid request counts as fully available (the text does not say).",
    );
    check_formula(
        "family = \"request_ratio\"\nsuccess_within_s = 90\n\
         dedupe = { kind = \"repeat_errors\", window_s = 600 }",
        "Uptime is the share of all valid requests of the window that succeed. A success that \
         takes longer than 90 s is an error. Errors that begin within 10 min after a counted one \
         repeat it: they count neither as errors nor as requests.",
    );
    check_formula(
        "family = \"outage_proportional\"\nrule = \"any_fail\"\nmin_run_minutes = 1\n\
         affected_ratio = \"one\"",
        "Uptime is what the minutes of outages, each counted whole, leave of all minutes. A \
         minute is bad when any of its valid requests is an error; every bad minute counts as an \
         outage.",
    );
    check_formula(
        "family = \"latency_attainment\"\naggregate = \"windows\"\npercentile = \"50\"\n\
         percentile_method = \"linear\"\nquantity = \"ttft_ms\"\ncompare = \"le\"\nvalue = \"800\"\n\
         min_samples_per_window = 3\nsample = { stream = true, min_output_tokens = 76 }",
        "Attainment is the share of windows of 5 min in which percentile 50 (between its \
         neighbours in proportion) of the valid requests' milliseconds to the first visible text \
         is at most 800; windows with fewer than 3 of them do not count. Valid are successful \
         requests, streamed, with at least 76 output tokens.",
    );
    check_formula(
        "family = \"target_only\"\nof = { family = \"request_ratio\" }",
        "Uptime is the share of all valid requests of the window that succeed. It is a target \
         only: missing it entitles to nothing.",
    );
}

#[test]
fn what_counts_and_what_is_promised_are_named_for_the_formula() {
    let latency = with_metric(
        "family = \"latency_attainment\"\naggregate = \"requests\"\nquantity = \"total_ms\"\n\
         compare = \"lt\"\nvalue = \"9000\"",
    );
    let metric = &latency.commitments[0].metric;
    assert_eq!(promise::measure(metric), "Attainment");
    assert_eq!(
        promise::kinds(metric),
        "Samples that count: planned probes and the customer's own traffic."
    );
    assert_eq!(promise::measure(&metric_of(CONTRACT)), "Uptime");
}

fn metric_of(text: &str) -> Metric {
    Contract::parse(text).unwrap().commitments[0].metric.clone()
}

#[test]
fn every_kind_of_window_has_words() {
    let check = |kind: &str, expected: &str| {
        let contract = contract(FIXED, kind);
        let headline = promise::headline(&contract, &contract.commitments[0]);
        assert_eq!(
            headline.replace('\u{a0}', " "),
            format!("at least 99.9 % in {expected}")
        );
    };
    check(FIXED, "each day (UTC)");
    check(
        "kind = \"calendar_quarter\"\ntimezone = \"Europe/Paris\"",
        "each calendar quarter (Europe/Paris)",
    );
    check(
        "kind = \"billing_month\"\nanchor_day = 15\ntimezone = \"UTC\"",
        "each month from day 15 on (UTC)",
    );
    check(
        "kind = \"trailing_days\"\ndays = 30\ntimezone = \"UTC\"",
        "every 30 days up to the end of a day (UTC)",
    );
}

/// The usual contract with another table of credits.
fn schedule_of(credit: &str) -> credit::Schedule {
    let (head, rest) = CONTRACT.split_once("kind = \"bands\"").unwrap();
    let (_, tail) = rest.split_once("[claim]").unwrap();
    let contract = Contract::parse(&format!("{head}{credit}\n[claim]{tail}")).unwrap();
    credit::schedule(&contract, contract.commitments[0].credit.as_ref().unwrap())
}

#[track_caller]
fn check_rule(credit: &str, expected: &str) {
    assert_eq!(schedule_of(credit).rule.replace('\u{a0}', " "), expected);
}

#[test]
fn every_kind_of_credit_has_a_sentence() {
    check_rule(
        "kind = \"flat\"\nbasis = \"invoice\"\npercent = \"10\"",
        "Every miss is worth 10 % of the window's whole invoice.",
    );
    check_rule(
        "kind = \"per_step\"\nbasis = \"fixed_fees\"\nstep = \"0.1\"\npercent = \"1\"\nsteps = \"unknown\"",
        "Every full step of 0.1 % below the target is worth 1 % of the window's fixed fees. The \
         text does not say whether a step begun counts: that is another reading.",
    );
    check_rule(
        "kind = \"proportional\"\nbasis = \"month_fees_in_scope\"\nmultiplier = \"10\"",
        "Credited is the share of the window that was lost, times 10, of the window's fees for \
         what the contract covers.",
    );
    let days = schedule_of(
        "kind = \"daily_multiple\"\nbasis = \"invoice\"\n\
         bands = [{ ge = \"99.0\", lt = \"99.9\", days = \"1\" }, { lt = \"99.0\", days = \"5\" }]",
    );
    assert_eq!(days.bands[1].replace('\u{a0}', " "), "below 99 %: 5 days");
}

#[test]
fn bands_and_limits_are_written_out() {
    let schedule = schedule_of(
        "kind = \"bands\"\nbasis = \"invoice\"\ncap_percent = \"50\"\none_level_per_incident = true\n\
         min_amount = { ge = \"5.00\" }\n\
         bands = [{ gt_minutes = \"30\", le_minutes = \"60\", percent = \"10\" }, \
                  { gt_minutes = \"60\", percent = \"50\" }]",
    );
    let plain = |lines: &[String]| lines.join(" ").replace('\u{a0}', " ");
    assert_eq!(
        plain(&schedule.bands),
        "more than 30 up to 60 minutes of downtime: 10 % more than 60 minutes of downtime: 50 %"
    );
    assert_eq!(
        plain(&schedule.limits),
        "At most 50 % of them. Only where it is 5 USD or more. Of several commitments missed by \
         the same downtime, only the dearest is credited."
    );
}

/// Terms under which everything that is open shows.
fn assessed(contract: &Contract) -> sla::Assessment {
    let window = contract.window_at(domain::Minute::new(29_538_720));
    sla::assess(
        contract,
        &Terms::of(window, window.end()),
        Facts::counted(&[]),
    )
}

#[test]
fn a_reading_says_which_clauses_it_takes_otherwise() {
    let contract = contract(
        "when = { status = [\"5xx\"] }",
        "when = { status = [\"5xx\"] }\notherwise = \"not_valid\"",
    );
    let choice = |clause: &str, value: &str| sla::Choice {
        clause: clause.into(),
        value: value.into(),
    };
    let check = |clause, value, expected: &str| {
        assert_eq!(reading::choice(&contract, &choice(clause, value)), expected);
    };
    check(
        "events.rule.0",
        "notvalid",
        "a sample with status 5xx is not counted",
    );
    check(
        "window.timezone",
        "Asia/Tokyo",
        "days begin at midnight in Asia/Tokyo",
    );
    check(
        "commitment.up.time.rounding",
        "cut off after 1 decimal",
        "uptime is cut off after 1 decimal",
    );
    check(
        "commitment.uptime.credit.steps",
        "ceil",
        "steps begun count as full",
    );
    check(
        "commitment.uptime.metric.align",
        "window_start",
        "align is window_start",
    );
    check(
        "commitment.uptime.alternative",
        "mean",
        "the formula is the other one, mean",
    );
    check("something.new", "x", "`something.new` is `x`");
    let result = assessed(&contract);
    let spread = result.commitments[0].spread.as_ref().unwrap();
    let text = reading::spread(spread, &result.commitments[0].target);
    assert!(
        text.starts_with("2 readings of the contract, the literal one among them"),
        "{text}"
    );
}

#[test]
fn reservations_say_what_is_not_known() {
    let indicative = |reason| Claimability::Indicative {
        reasons: vec![reason],
    };
    let reason = Reservation::SeveralParts {
        dimension: sla::contract::Dimension::ModelFamily,
        values: vec!["a".into(), "b".into()],
    };
    assert_eq!(
        finding::reservations(&indicative(reason)),
        [
            "The targets belong to more than one model family (a and b), and the contract judges \
          each by itself."
        ]
    );
    assert!(finding::reservations(&Claimability::Claimable).is_empty());
}

#[test]
fn edges_are_never_said_to_be_known_where_nothing_succeeded() {
    let edges = |start, end| {
        finding::edges(&Downtime {
            start: domain::Minute::new(0),
            end: domain::Minute::new(5),
            valid: 5,
            errors: 5,
            start_known_to_s: start,
            end_known_to_s: end,
        })
    };
    assert_eq!(
        edges(Some(60), Some(60)),
        "Its start and end are each known to 1 min."
    );
    assert_eq!(
        edges(Some(60), Some(180)),
        "Its start is known to 1 min, its end to 3 min."
    );
    assert!(edges(None, Some(60)).contains("No success was measured before it"));
    assert!(edges(Some(60), None).contains("no success was measured after it"));
}

#[test]
fn what_became_of_an_exclusion_is_said() {
    let outcome = SpanOutcome::NoticeTooShort { hours: 48 };
    assert_eq!(
        finding::outcome(outcome),
        "judged like all other time: not known to have been announced 48 hours before"
    );
}

#[test]
fn terms_name_quorum_pooling_and_what_is_excluded() {
    let text = format!(
        "{CONTRACT}\n[evidence]\npooling = \"per_region\"\nquorum = {{ agents = 4, networks = 2 }}\n\
         [scope]\npartition = [\"account\", \"region\"]\npart_month = \"assume_up\"\n\
         [[exclusion]]\nkind = \"maintenance\"\neffect = \"treat_as_up\"\nnotice_hours = 72\n\
         recurs = {{ rrule = \"FREQ=WEEKLY;BYDAY=SU\", from = \"02:00\", minutes = 120, timezone = \"Europe/Paris\" }}\n"
    );
    let text = text.replacen(
        "when = { status = [\"5xx\"] }",
        "when = { status = [\"5xx\"], quorum = true }",
        1,
    );
    let contract = Contract::parse(&text).unwrap();
    assert_eq!(
        terms::evidence(&contract),
        [
            "The agents of each region are judged by themselves.",
            "Where a rule asks for a quorum, it holds in minutes in which at least 4 agents in at \
             least 2 networks see a failure; in others the sample is unknown."
        ]
    );
    assert_eq!(
        terms::scope(&contract),
        [
            "Every account and region is judged by itself.",
            "Where the subscription begins or ends inside a window, the part not under contract \
             counts as up."
        ]
    );
    assert_eq!(
        terms::exclusions(&contract),
        [
            "maintenance: counted as up; announced at least 72 hours before; 120 minutes from 02:00 \
          (Europe/Paris), FREQ=WEEKLY;BYDAY=SU."
        ]
    );
    assert_eq!(
        terms::condition(&contract.events.rules[0].when),
        "status 5xx and a quorum of agents"
    );
}

#[test]
fn a_result_about_a_list_of_models_has_the_target_of_the_list() {
    let text = CONTRACT.replacen(
        "compare = \"ge\"",
        "compare = \"ge\"\noverrides = [{ model_list = \"new\", target = \"99.0\" }]",
        1,
    );
    let contract = Contract::parse(&format!("{text}\n[model_lists]\nnew = [\"m-1\"]\n")).unwrap();
    let mut part = assessed(&contract).commitments.remove(0);
    let target = |part: &sla::CommitmentAssessment| {
        let promised: Commitment = promise::of(&contract, part).unwrap();
        promised.target.to_string()
    };
    assert_eq!(target(&part), "99.9");
    part.id = "uptime.new".into();
    assert_eq!(target(&part), "99");
    part.id = "uptime.new@aws:us-east-1".into();
    assert_eq!(target(&part), "99");
    part.commitment = "gone".into();
    assert_eq!(promise::of(&contract, &part), None);
}

#[test]
fn clauses_that_the_text_does_not_state_are_listed() {
    let contract = contract(
        FIXED,
        "kind = \"calendar_month\"\ntimezone = \"UTC\"\ntimezone_basis = \"assumed\"\n\
         also_test_timezones = [\"America/New_York\"]",
    );
    assert_eq!(contract.window.timezone_basis, Basis::Assumed);
    assert_eq!(
        terms::assumptions(&contract)[..2],
        [
            "Windows are cut at midnight UTC: assumed; the text is silent.",
            "The text may also mean windows of America/New_York: those are other readings."
        ]
    );
}
