//! What becomes of an SLO.

use sla::contract::{BadMinute, Metric, WindowKind, WindowRule};
use sla::{Basis, EventClass};

use super::*;

#[test]
fn occurrences_are_a_ratio_of_requests_over_the_window() {
    let contract = imported(&slo(
        MONTH,
        "Occurrences",
        "{displayName: Good, targetPercent: 99.95}",
    ));
    assert_eq!(contract.id().as_str(), "web");
    assert_eq!(contract.provider.as_str(), "acme");
    assert_eq!(contract.service, "web shop");
    assert_eq!(contract.currency.to_string(), "EUR");
    assert_eq!(contract.remedy, sla::contract::Remedy::None);
    let [commitment] = contract.commitments.as_slice() else {
        panic!("{:?}", contract.commitments);
    };
    assert_eq!(commitment.id.as_str(), "good");
    assert_eq!(*commitment.target.fraction(), "1999/2000".parse().unwrap());
    assert!(matches!(&commitment.metric, Metric::RequestRatio(rule) if rule.dedupe.is_none()));
}

#[test]
fn timeslices_are_bad_minutes_and_each_objective_is_a_commitment() {
    let two = "{displayName: Internal objective, op: gt, target: 0.995, timeSliceTarget: 0.99, timeSliceWindow: 1m}
    - {displayName: SLA, target: 0.99, timeSliceTarget: '0.9', timeSliceWindow: 1}";
    let contract = imported(&slo(MONTH, "Timeslices", two));
    let said: Vec<String> = contract
        .commitments
        .iter()
        .map(|commitment| {
            let Metric::DowntimeMinutes(rule) = &commitment.metric else {
                panic!("{commitment:?}");
            };
            let BadMinute::RateGt { threshold } = &rule.rule else {
                panic!("{rule:?}");
            };
            let run = rule.min_run_minutes;
            format!(
                "{}: {} % above {threshold} for {run}",
                commitment.id, commitment.target
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "internal-objective: 99.5 % above 0.01 for 1",
            "sla: 99 % above 0.1 for 1"
        ]
    );
}

#[test]
fn ratio_timeslices_are_a_mean_of_intervals() {
    for (slice, minutes) in [("1m", 1), ("5", 5), ("2h", 120), ("1d", 1_440)] {
        let objective = format!("{{target: 0.99, timeSliceWindow: {slice}}}");
        let contract = imported(&slo(
            "{duration: 2w, isRolling: true}",
            "RatioTimeslices",
            &objective,
        ));
        let Metric::IntervalMean(rule) = &contract.commitments[0].metric else {
            panic!("{:?}", contract.commitments);
        };
        assert_eq!(rule.interval_minutes.get(), minutes, "{slice}");
        assert_eq!(contract.commitments[0].id.as_str(), "objective-1");
    }
}

#[test]
fn a_minute_is_bad_exactly_where_its_slice_is_below_the_target() {
    use std::num::NonZeroU64;

    use sla::Fraction;
    for thousandths in 1..=1_000_u64 {
        let target = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
        let objective = format!("{{target: 0.9, timeSliceTarget: {target}, timeSliceWindow: 1m}}");
        let contract = imported(&slo(MONTH, "Timeslices", &objective));
        let Metric::DowntimeMinutes(rule) = &contract.commitments[0].metric else {
            panic!("{target}");
        };
        let BadMinute::RateGt { threshold } = &rule.rule else {
            panic!("{target}");
        };
        for valid in [1, 3, 10, 20, 1_000] {
            for errors in 0..=valid.min(60) {
                let bad =
                    Fraction::new(errors, NonZeroU64::new(valid).unwrap()) > *threshold.fraction();
                let below = (valid - errors) * 1_000 < thousandths * valid;
                assert_eq!(bad, below, "{target} {errors}/{valid}");
            }
        }
    }
}

fn window(text: &str) -> WindowRule {
    imported(&slo(text, "Occurrences", OBJECTIVE)).window
}

fn calendar(duration: &str, start: &str, zone: &str) -> WindowKind {
    window(&format!(
        "{{duration: {duration}, calendar: {{startTime: {start}, timeZone: {zone}}}}}"
    ))
    .kind
}

#[test]
fn calendars_become_months_quarters_and_days() {
    let zone = "Europe/Paris";
    let kind = |duration, start| format!("{:?}", calendar(duration, start, zone));
    assert_eq!(kind("1M", "2026-01-01 00:00:00"), "CalendarMonth");
    assert_eq!(kind("1Q", "2026-04-01 00:00:00"), "CalendarQuarter");
    assert_eq!(kind("3M", "2026-10-01T00:00:00"), "CalendarQuarter");
    assert_eq!(
        kind("1M", "2026-01-17 00:00:00"),
        "BillingMonth { anchor_day: Whole(17) }"
    );
    let days = |kind: WindowKind| match kind {
        WindowKind::FixedDays { days, anchor } => (days.get(), anchor.start().to_string()),
        other => panic!("{other:?}"),
    };
    let paris = |duration| days(calendar(duration, "2026-07-01 12:00:00", zone));
    assert_eq!(paris("1w"), (7, "2026-07-01T10:00:00Z".into()));
    assert_eq!(paris("24h"), (1, "2026-07-01T10:00:00Z".into()));
    assert_eq!(paris("366d"), (366, "2026-07-01T10:00:00Z".into()));
}

#[test]
fn the_zone_of_a_calendar_is_stated_and_that_of_a_rolling_window_assumed() {
    let month = window(MONTH);
    assert_eq!(month.timezone.name(), "America/New_York");
    assert_eq!(month.timezone_basis, Basis::Stated);
    let rolling = window("{duration: 4w, isRolling: true}");
    assert_eq!(
        format!("{:?}", rolling.kind),
        "TrailingDays { days: Whole(28) }"
    );
    assert_eq!(rolling.timezone_basis, Basis::Assumed);
}

#[test]
fn an_error_without_a_status_is_no_success() {
    use domain::{Attribution, Class, Kind, Outcome, Source};
    let events = imported(&slo(MONTH, "Occurrences", OBJECTIVE)).events;
    let class = |outcome, status, attribution| {
        events.classify(&Class {
            outcome,
            status,
            attribution,
            kind: Kind::Planned,
            source: Source::Probe,
            stream: true,
            served_model: None,
            served_tier: None,
            features: Vec::new(),
            late: false,
        })
    };
    let provider = Attribution::Provider;
    assert_eq!(
        class(Outcome::Ok, Some(200), Attribution::None),
        EventClass::Success
    );
    assert_eq!(
        class(Outcome::ServerError, Some(503), provider),
        EventClass::Error
    );
    assert_eq!(
        class(Outcome::ConnectTimeout, None, provider),
        EventClass::Error
    );
    assert_eq!(
        class(Outcome::Capacity429, Some(429), provider),
        EventClass::NotValid
    );
    assert_eq!(
        class(Outcome::Auth, Some(401), Attribution::Ours),
        EventClass::NotValid
    );
    assert_eq!(
        class(Outcome::Dns, None, Attribution::Network),
        EventClass::Unknown
    );
    assert!(events.rules.iter().all(|rule| rule.basis == Basis::Assumed));
}

#[test]
fn the_indicator_may_stand_apart_and_is_told_in_the_note() {
    let note = |indicator: &str, others: &str| {
        let yaml = slo(MONTH, "Occurrences", OBJECTIVE);
        let line = yaml
            .lines()
            .find(|line| line.contains("indicator:"))
            .unwrap();
        let yaml = yaml.replace(line, &format!("  {indicator}"));
        imported(&format!("{yaml}{others}")).note.unwrap()
    };
    let source = "{metricSource: {type: Any}}";
    let sli = format!(
        "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: errors}}\nspec: {{ratioMetric: {{bad: {source}, total: {source}}}}}\n"
    );
    assert_eq!(
        note("indicatorRef: errors", &sli),
        "From the OpenSLO SLO `web`; indicator: 1 - bad / total."
    );
    assert_eq!(
        note("indicatorRef: errors", ""),
        "From the OpenSLO SLO `web`; indicator: SLI `errors`."
    );
    let raw = format!("indicator: {{spec: {{ratioMetric: {{rawType: failure, raw: {source}}}}}}}");
    assert_eq!(
        note(&raw, ""),
        "From the OpenSLO SLO `web`; indicator: 1 - a ready-made ratio of failures."
    );
}

#[test]
fn a_service_beside_it_gives_its_name_and_options_come_first() {
    let service = "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: web shop, displayName: The Shop}\n";
    let yaml = slo(MONTH, "Occurrences", OBJECTIVE) + service;
    assert_eq!(imported(&yaml).service, "The Shop");
    let given = ImportOptions {
        id: Some("mine".parse().unwrap()),
        provider: Some("other".parse().unwrap()),
        currency: Some("CHF".parse().unwrap()),
        ..options()
    };
    let contract = Contract::parse(&import::draft(&yaml, &given).unwrap().toml).unwrap();
    assert_eq!(contract.id().as_str(), "mine");
    assert_eq!(contract.provider.as_str(), "other");
    assert_eq!(contract.currency.to_string(), "CHF");
}

#[test]
fn of_several_slos_one_is_chosen_by_name_also_from_a_list() {
    let one = slo(MONTH, "Occurrences", OBJECTIVE);
    let two = one
        .replace("name: web,", "name: api,")
        .replace("0.999", "0.9");
    let given = ImportOptions {
        slo: Some("api".to_owned()),
        ..options()
    };
    let item = |yaml: &str| format!("- {}", yaml.trim_end().replace('\n', "\n  "));
    for file in [
        format!("{one}---\n{two}"),
        format!("{}\n{}\n", item(&one), item(&two)),
    ] {
        let contract = Contract::parse(&import::draft(&file, &given).unwrap().toml).unwrap();
        assert_eq!(contract.commitments[0].target.to_string(), "90");
    }
}

#[test]
fn every_slo_in_the_guide_is_read() {
    let guide = include_str!("../../../../../../../docs/openslo.md");
    let blocks = guide.split("```yaml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 1);
    let contract = imported(blocks[0]);
    assert_eq!(contract.commitments.len(), 2);
}

#[test]
fn the_whole_draft_can_be_read_by_a_person() {
    let draft = import::draft(&slo(MONTH, "Timeslices", OBJECTIVE), &options()).unwrap();
    insta::assert_snapshot!(draft.toml, @r#"
    schema = "sla-contract/1"

    [contract]
    id = "web"
    provider = "acme"
    service = "web shop"
    currency = "EUR"
    remedy = "none"
    note = "From the OpenSLO SLO `web`; indicator: good / total."

    [scope]
    part_month = "unknown"

    [window]
    kind = "calendar_month"
    timezone = "America/New_York"
    timezone_basis = "stated"
    run_across_edge = "cut"

    [evidence]
    pooling = "pooled"

    [evidence.quorum]
    agents = 3
    networks = 2

    [events]
    attribution = "request_start"
    default = "success"

    [[events.rule]]
    class = "not_valid"
    basis = "assumed"

    [events.rule.when]
    attribution = ["ours"]

    [[events.rule]]
    class = "unknown"
    basis = "assumed"

    [events.rule.when]
    attribution = ["agent", "network", "unknown"]

    [[events.rule]]
    class = "error"
    basis = "assumed"

    [events.rule.when]
    status = ["5xx"]

    [[events.rule]]
    class = "not_valid"
    basis = "assumed"

    [events.rule.when]
    status = ["4xx"]

    [[events.rule]]
    class = "error"
    basis = "assumed"

    [events.rule.when]
    outcome = ["dns", "tcp", "tls", "connect_timeout", "ttfb_timeout", "ttft_timeout", "stall", "deadline", "stream_cut", "malformed", "overloaded", "server_error"]

    [[commitment]]
    id = "uptime"
    target = "99.9"
    compare = "ge"

    [commitment.rounding]
    mode = "none"

    [commitment.metric]
    family = "downtime_minutes"
    rule = "rate_gt"
    threshold = "0.05"
    min_run_minutes = 1
    "#);
}
