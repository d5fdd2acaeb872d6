//! What an import warns of.

use super::*;

#[test]
fn an_import_always_says_what_openslo_leaves_open() {
    let yaml = slo(MONTH, "Occurrences", OBJECTIVE)
        .replace("{nines/provider: acme, nines/currency: EUR}", "{}");
    insta::assert_snapshot!(warnings(&yaml).join("\n"), @r#"
    line 6: `spec.indicator.spec.ratioMetric.good.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.ratioMetric.total.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 11: `spec.objectives[0].timeSliceTarget`: is left out: this budgetingMethod does not use it
    line 11: `spec.objectives[0].timeSliceWindow`: is left out: this budgetingMethod does not use it
    line 5: `spec.service`: OpenSLO does not say who promises: the provider is `web-shop`, after the service; give it with --provider
    OpenSLO has no currency: it is USD, in which nothing is counted yet; give it with --currency
    OpenSLO leaves to the metric source which requests are errors: [events] is assumed; compare it
    OpenSLO has no credits, claims and exclusions: remedy is "none"
    "#);
}

#[test]
fn each_method_says_what_it_leaves_open_or_does_not_use() {
    let told = |method| warnings(&slo(MONTH, method, OBJECTIVE)).join("\n");
    let all = ["Occurrences", "Timeslices", "RatioTimeslices"]
        .map(told)
        .join("\n\n");
    insta::assert_snapshot!(all, @r#"
    line 6: `spec.indicator.spec.ratioMetric.good.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.ratioMetric.total.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 11: `spec.objectives[0].timeSliceTarget`: is left out: this budgetingMethod does not use it
    line 11: `spec.objectives[0].timeSliceWindow`: is left out: this budgetingMethod does not use it
    OpenSLO leaves to the metric source which requests are errors: [events] is assumed; compare it
    OpenSLO has no credits, claims and exclusions: remedy is "none"

    line 6: `spec.indicator.spec.ratioMetric.good.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.ratioMetric.total.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    OpenSLO leaves open what a time slice without events is: a minute without a valid request is never bad
    OpenSLO leaves to the metric source which requests are errors: [events] is assumed; compare it
    OpenSLO has no credits, claims and exclusions: remedy is "none"

    line 6: `spec.indicator.spec.ratioMetric.good.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.ratioMetric.total.metricSource`: the metric source of type `Prometheus` is not asked: the samples of Nines are counted instead
    line 11: `spec.objectives[0].timeSliceTarget`: is left out: this budgetingMethod does not use it
    OpenSLO leaves open what a time slice without events is: empty is "unknown", and both ways are judged
    OpenSLO leaves to the metric source which requests are errors: [events] is assumed; compare it
    OpenSLO has no credits, claims and exclusions: remedy is "none"
    "#);
}

#[test]
fn windows_that_are_not_quite_the_same_are_told() {
    let told = |keys: &str| {
        let yaml = slo(&format!("{{{keys}}}"), "Occurrences", OBJECTIVE);
        own_warnings(&yaml, "Occurrences")
    };
    let calendar = |duration: &str, start: &str| {
        told(&format!(
            "duration: {duration}, calendar: {{startTime: {start}, timeZone: America/New_York}}"
        ))
    };
    let all = [
        calendar("1M", "2026-01-01 12:00:00"),
        calendar("1M", "2026-01-31 00:00:30"),
        calendar("1w", "2026-01-01 12:00:00"),
        told("duration: 1w, calendar: {startTime: 2026-01-01 12:00:00, timeZone: UTC}"),
        told("duration: 28d, isRolling: true"),
        told("duration: 1Q, isRolling: true"),
        told("duration: 28d, isRolling: true, colour: red"),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r"
    line 8: `spec.timeWindow[0].duration`: months and quarters begin at midnight: OpenSLO has them begin at 12:00:00

    line 8: `spec.timeWindow[0].calendar.startTime`: windows begin on whole minutes: its seconds are cut off
    line 8: `spec.timeWindow[0].duration`: OpenSLO leaves open when a month without a day 31 begins: it is its last day
    line 8: `spec.timeWindow[0].duration`: months and quarters begin at midnight: OpenSLO has them begin at 00:00:30

    line 8: `spec.timeWindow[0].duration`: days have 24 hours here: where America/New_York sets its clocks, windows begin an hour apart from OpenSLO's



    line 8: `spec.timeWindow[0].duration`: a rolling window is judged once a day, up to midnight UTC: OpenSLO has it move all the time

    line 8: `spec.timeWindow[0].duration`: OpenSLO leaves open how long a rolling month, quarter or year is: it is 90 days
    line 8: `spec.timeWindow[0].duration`: a rolling window is judged once a day, up to midnight UTC: OpenSLO has it move all the time

    line 8: `spec.timeWindow[0].colour`: is left out: OpenSLO v1 has no such key
    line 8: `spec.timeWindow[0].duration`: a rolling window is judged once a day, up to midnight UTC: OpenSLO has it move all the time
    ");
}

#[test]
fn what_a_contract_has_no_place_for_is_told_once_each() {
    let yaml = slo(
        MONTH,
        "Occurrences",
        "{displayName: Uptime, target: 0.9, compositeWeight: 2, timeSliceWIndow: 5m}",
    )
    .replace(
        "annotations: {",
        "labels: {team: a}, colour: red, annotations: {example.com/a: b, ",
    )
    .replace("name: web,", "name: web/Front end,")
        + "  alertPolicies: [{alertPolicyRef: page}]
  description: |
    LONG
    text
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prometheus}
";
    let yaml = yaml.replace("LONG", &"long ".repeat(200));
    insta::assert_snapshot!(own_warnings(&yaml, "Occurrences"), @r"
    line 11: `spec.objectives[0].timeSliceWIndow`: is left out: OpenSLO v1 has no such key
    line 11: `spec.objectives[0].compositeWeight`: is left out: each objective becomes a commitment of its own, and their weighted mean none
    line 3: `metadata.colour`: is left out: OpenSLO v1 has no such key
    line 3: `metadata.labels`: labels are left out: a contract has no place for them
    line 3: `metadata.annotations`: annotations are left out: a contract has no place for them
    line 3: `metadata.name`: cannot be the id of a contract: it is `web-front-end` there; choose another with --id
    line 13: `spec.description`: is cut off: a note has one line of 1,000 characters
    line 12: `spec.alertPolicies`: alerts are left out: a contract has no place for them
    line 17: AlertPolicy `page` is left out: a contract has no place for it
    ");
}

#[test]
fn every_metric_source_is_told_with_its_type() {
    let told = |indicator: &str, others: &str| {
        let yaml = slo(MONTH, "Occurrences", OBJECTIVE);
        let line = yaml
            .lines()
            .find(|line| line.contains("indicator:"))
            .unwrap();
        let yaml = yaml.replace(line, &format!("  {indicator}"));
        own_warnings(&format!("{yaml}{others}"), "Occurrences")
    };
    let source = "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: prom}\nspec: {type: Mimir}\n";
    let named = "{metricSource: {metricSourceRef: prom, spec: {query: x}}}";
    let all = [
        told(
            &format!(
                "indicator: {{spec: {{ratioMetric: {{bad: {named}, total: {{metricSource: {{}}}}}}}}}}"
            ),
            source,
        ),
        told("indicatorRef: elsewhere", ""),
        told(
            "indicator: {spec: {thresholdMetric: {metricSource: {type: Any}}, more: 1}}",
            "",
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    line 6: `spec.indicator.spec.ratioMetric.bad.metricSource`: the metric source `prom` of type `Mimir` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.ratioMetric.total.metricSource`: the metric source is not asked: the samples of Nines are counted instead

    line 6: `spec.indicatorRef`: the file has no SLI `elsewhere`: what it counts is not known

    line 6: `spec.indicator.spec.more`: is left out: OpenSLO v1 has no such key
    line 6: `spec.indicator.spec.thresholdMetric.metricSource`: the metric source of type `Any` is not asked: the samples of Nines are counted instead
    line 6: `spec.indicator.spec.thresholdMetric`: compares a metric that OpenSLO does not name with a value: here a request is good when it succeeds, however long it took; where the metric is a latency, write `family = "latency_attainment"` instead
    "#);
}

#[test]
fn a_threshold_is_imported_as_assumed_only() {
    let yaml = slo(MONTH, "Occurrences", "{op: lt, value: 500, target: 0.99}");
    let line = yaml
        .lines()
        .find(|line| line.contains("indicator:"))
        .unwrap();
    let threshold = "  indicator: {spec: {thresholdMetric: {metricSource: {type: Any}}}}";
    let contract = imported(&yaml.replace(line, threshold));
    let commitment = &contract.commitments[0];
    assert_eq!(commitment.basis, sla::Basis::Assumed);
    assert_eq!(
        commitment.note.as_ref().unwrap().as_str(),
        "OpenSLO compares a metric: lt 500; that is not judged here."
    );
}
