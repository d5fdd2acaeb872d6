//! What becomes of a contract, and what OpenSLO cannot say of it.

use super::*;

const UTC_MONTH: &str = "kind = \"calendar_month\", timezone = \"UTC\"";
const MINUTES: &str =
    "family = \"downtime_minutes\", rule = \"rate_gt\", threshold = \"0.05\", min_run_minutes = 1";
const INTERVALS: &str = "family = \"interval_mean\", interval_s = 300, empty = \"unknown\"";
const RATIO: &str = "family = \"request_ratio\"";

#[test]
fn a_contract_is_an_slo_that_keeps_its_name_and_hash() {
    insta::assert_snapshot!(exported(&contract(UTC_MONTH, MINUTES)), @r#"
    apiVersion: openslo/v1
    kind: SLO
    metadata:
      name: "acme-chat"
      annotations:
        nines/contract: "acme-chat"
        nines/sha256: "e9e95a5b98ddb01bb582c640d90de4d051f6430630b81342fded26e353afd3e3"
        nines/provider: "acme"
        nines/currency: "EUR"
    spec:
      service: "chat"
      indicator:
        metadata:
          name: "acme-chat"
        spec:
          ratioMetric:
            counter: false
            good:
              metricSource:
                type: Nines
                spec:
                  contract: "acme-chat"
                  events: success
            total:
              metricSource:
                type: Nines
                spec:
                  contract: "acme-chat"
                  events: valid
      timeWindow:
        - duration: 1M
          isRolling: false
          calendar:
            startTime: 2026-01-01 00:00:00
            timeZone: "UTC"
      budgetingMethod: Timeslices
      objectives:
        - displayName: "uptime"
          target: 0.999
          timeSliceTarget: 0.95
          timeSliceWindow: 1m
    "#);
}

#[test]
fn formulas_of_several_methods_become_several_slos() {
    let text = include_str!("two-methods.toml");
    let draft = export::draft(&Contract::parse(text).unwrap()).unwrap();
    let told: Vec<&str> = draft
        .yaml
        .lines()
        .filter(|line| {
            line.starts_with("---") || line.contains("name: ") || line.contains("budgetingMethod")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
      name: "two-methods-occurrences"
          name: "two-methods-occurrences"
      budgetingMethod: Occurrences
    ---
      name: "two-methods-timeslices"
          name: "two-methods-timeslices"
      budgetingMethod: Timeslices
    "#);
    let id = |warning: &&String| warning.starts_with("`contract.id`");
    let ids: Vec<&String> = draft.warnings.0.iter().filter(id).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
}

#[test]
fn every_export_says_that_events_and_metric_source_are_not_in_it() {
    let plain = contract(UTC_MONTH, MINUTES);
    let told = export::draft(&plain).unwrap().warnings.0.join("\n");
    insta::assert_snapshot!(told, @r"
    `events`: OpenSLO leaves to the metric source which requests are errors, and which count at all
    `indicator`: its metric source is Nines itself, which no other tool can ask: put your own query there
    ");
}

#[test]
fn what_a_formula_loses_is_told() {
    let told =
        |metric: &str, plain: &str| lost(&contract(UTC_MONTH, metric), &contract(UTC_MONTH, plain));
    let minutes = |keys: &str| told(&format!("family = \"downtime_minutes\", {keys}"), MINUTES);
    let all = [
        minutes(
            "rule = \"rate_gt\", threshold = \"0.05\", min_run_minutes = 5, min_valid_per_minute = 3, kinds = [\"traffic\"]",
        ),
        minutes("rule = \"rate_ge\", threshold = \"0.05\", min_run_minutes = 1"),
        minutes("rule = \"rate_ge\", threshold = \"1\", min_run_minutes = 1"),
        minutes("rule = \"all_fail\", min_run_minutes = 1"),
        minutes("rule = \"any_fail\", min_run_minutes = 1"),
        told(
            "family = \"interval_mean\", interval_s = 300, empty = \"skip\", align = \"local_midnight\", min_valid = 2",
            INTERVALS,
        ),
        told(
            "family = \"interval_mean\", interval_s = 420, empty = \"unknown\"",
            INTERVALS,
        ),
        told(
            "family = \"interval_mean\", interval_s = 420, empty = \"unknown\", align = \"window_start\"",
            INTERVALS,
        ),
        told(
            "family = \"request_ratio\", success_within_s = 60, dedupe = { kind = \"repeat_errors\", window_s = 300 }",
            RATIO,
        ),
        told(
            "family = \"target_only\", of = { family = \"request_ratio\" }",
            RATIO,
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r"
    `commitment.uptime.metric.min_run_minutes`: OpenSLO has no minimum run: every bad minute counts there, which finds more downtime
    `commitment.uptime.metric.min_valid_per_minute`: OpenSLO has no minimum of requests: a minute with fewer counts there
    `commitment.uptime.metric.kinds`: OpenSLO leaves to the metric source which requests are counted
    `window.run_across_edge`: OpenSLO has one reading of each; the literal one is written

    `commitment.uptime.metric.rule`: OpenSLO has no such limit: a minute with exactly `threshold` of errors is good there

    `commitment.uptime.metric.rule`: OpenSLO has no such rule: it is the same there up to a billion requests a minute

    `commitment.uptime.metric.rule`: OpenSLO has no such rule: it is the same there up to a billion requests a minute



    `commitment.uptime.metric.align`: OpenSLO has intervals begin with the window
    `commitment.uptime.metric.empty`: OpenSLO leaves open what an interval without requests is
    `commitment.uptime.metric.min_valid`: OpenSLO has no minimum of requests

    `commitment.uptime.metric.align`: OpenSLO has intervals begin with the window



    `commitment.uptime.metric.dedupe`: OpenSLO counts repeated errors each
    `commitment.uptime.metric.success_within_s`: OpenSLO leaves to the metric source when a success is too late
    ");
}

#[test]
fn a_formula_that_openslo_lacks_is_left_out_and_nothing_at_all_is_refused() {
    let outages = "family = \"outage_proportional\", rule = \"all_fail\", min_run_minutes = 1, affected_ratio = \"one\"";
    let latency = "family = \"latency_attainment\", aggregate = \"requests\", quantity = \"ttft_ms\", compare = \"le\", value = \"1000\"";
    let refused = |contract: &Contract| export::draft(contract).unwrap_err().to_string();
    let mut hundred = contract(UTC_MONTH, RATIO);
    hundred.commitments[0].target = "100".parse().unwrap();
    let mut nothing = hundred.clone();
    nothing.commitments.clear();
    let told = [
        refused(&contract(UTC_MONTH, outages)),
        refused(&contract(UTC_MONTH, latency)),
        refused(&hundred),
        refused(&nothing),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    OpenSLO can say no commitment of `acme-chat`: `commitment.uptime.metric`: is left out: OpenSLO has no formula like outage_proportional
    OpenSLO can say no commitment of `acme-chat`: `commitment.uptime.metric`: is left out: OpenSLO has no formula like latency_attainment
    OpenSLO can say no commitment of `acme-chat`: `commitment.uptime.target`: is left out: OpenSLO has targets below 100 %
    `acme-chat` promises nothing: there is no SLO in it
    ");
}

#[test]
fn windows_say_what_they_lose() {
    let plain = contract(UTC_MONTH, RATIO);
    let told = |window: &str| {
        let contract = contract(window, RATIO);
        let yaml = exported(&contract);
        let window = yaml
            .lines()
            .skip_while(|line| !line.contains("duration"))
            .take(5);
        let window: Vec<&str> = window
            .map(str::trim)
            .take_while(|line| !line.starts_with("budget"))
            .collect();
        format!("{}\n{}", window.join(", "), lost(&contract, &plain))
    };
    let all = [
        told("kind = \"calendar_quarter\", timezone = \"Asia/Tokyo\""),
        told("kind = \"calendar_month\""),
        told(
            "kind = \"billing_month\", anchor_day = 31, timezone = \"UTC\", also_test_timezones = [\"Asia/Tokyo\"]",
        ),
        told(
            "kind = \"fixed_days\", days = 7, anchor = \"2026-07-01T10:00:00Z\", timezone = \"Europe/Paris\"",
        ),
        told(
            "kind = \"fixed_days\", days = 7, anchor = \"2025-10-26T01:30:00Z\", timezone = \"Europe/Paris\"",
        ),
        told("kind = \"trailing_days\", days = 28, timezone = \"Asia/Tokyo\""),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    - duration: 1Q, isRolling: false, calendar:, startTime: 2026-01-01 00:00:00, timeZone: "Asia/Tokyo"

    - duration: 1M, isRolling: false, calendar:, startTime: 2026-01-01 00:00:00, timeZone: "UTC"
    `window.timezone`: OpenSLO needs a zone: UTC is written, though the contract does not state it
    - duration: 1M, isRolling: false, calendar:, startTime: 2026-01-31 00:00:00, timeZone: "UTC"
    `window.anchor_day`: OpenSLO leaves open when a month without a day 31 begins
    `window.also_test_timezones`: OpenSLO has one reading of each; the literal one is written
    - duration: 7d, isRolling: false, calendar:, startTime: 2026-07-01 12:00:00, timeZone: "Europe/Paris"
    `window.days`: these have 24 hours each; where Europe/Paris sets its clocks, OpenSLO's days have 23 or 25
    - duration: 7d, isRolling: false, calendar:, startTime: 2025-10-26 01:30:00, timeZone: "UTC"

    - duration: 28d, isRolling: true
    `window.kind`: these windows end with a day in Asia/Tokyo; OpenSLO has a rolling window move all the time
    "#);
}

#[test]
fn every_clause_that_openslo_lacks_is_named_once() {
    let full = Contract::parse(include_str!("full.toml")).unwrap();
    let draft = export::draft(&full).unwrap();
    insta::assert_snapshot!(draft.warnings.0.join("\n"), @r"
    `commitment.uptime.metric.min_run_minutes`: OpenSLO has no minimum run: every bad minute counts there, which finds more downtime
    `commitment.uptime.compare`: OpenSLO does not say whether a result of exactly the target is enough
    `commitment.uptime.rounding`: OpenSLO rounds nothing
    `commitment.uptime.requires`: OpenSLO leaves to the metric source what is measured
    `commitment.uptime.overrides`: an objective has one target: those of single models are left out
    `commitment.uptime.credit`: OpenSLO has no credits
    `contract.remedy`: OpenSLO says nothing of what a miss entitles to
    `contract.other_remedies`: OpenSLO says nothing of what a miss entitles to
    `contract.measured_by`: OpenSLO does not say whose measurements count
    `scope`: OpenSLO leaves to the metric source what is measured, and has one result for all of it
    `events`: OpenSLO leaves to the metric source which requests are errors, and which count at all
    `events.attribution`: OpenSLO leaves to the metric source when a request counts
    `evidence.quorum`: OpenSLO has no quorum of agents
    `evidence.pooling`: OpenSLO has one result, not one for each region
    `exclusion.maintenance`: OpenSLO v1 has no exclusions: its time counts there
    `claim`: OpenSLO has no claims and no deadlines
    `commitment.uptime.alternative`, `commitment.mean.metric`, `events.rule.0.otherwise`, `window.also_test_timezones`, `window.run_across_edge`: OpenSLO has one reading of each; the literal one is written
    `indicator`: its metric source is Nines itself, which no other tool can ask: put your own query there
    `contract.id`: the SLO of all Timeslices objectives is named `full-timeslices`; an annotation keeps the id
    `contract.id`: the SLO of all RatioTimeslices objectives is named `full-ratiotimeslices`; an annotation keeps the id
    ");
}

#[test]
fn text_of_any_characters_stays_what_it_is() {
    for service in [
        "a: b # c",
        "\"quoted\" \\ back",
        "{x}",
        "- é\u{2028}\u{feff}",
        "yes",
        "1.0",
        "*a &b !c %d @e `f",
    ] {
        let mut contract = contract(UTC_MONTH, RATIO);
        service.clone_into(&mut contract.service);
        let back = imported(&exported(&contract));
        let one_line: Vec<&str> = service.split_whitespace().collect();
        assert_eq!(back.service, one_line.join(" "));
    }
}
