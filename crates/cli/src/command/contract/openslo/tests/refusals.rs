//! Files that do not become a contract, and why.

use super::*;

#[track_caller]
fn refused_without(line: &str) -> String {
    let yaml = slo(MONTH, "Timeslices", OBJECTIVE);
    assert!(yaml.contains(line), "{line}");
    refusal(&yaml.replace(line, ""))
}

#[test]
fn text_that_is_not_openslo_is_refused_with_its_line() {
    let told = [
        refusal(""),
        refusal("- a\n- [b\nc: }"),
        refusal("kind: SLO"),
        refusal("just text"),
        refusal("apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {name: a}"),
        refusal("apiVersion: v1\nkind: Pod\nmetadata: {name: a}"),
        refusal("apiVersion: openslo/v1\nkind: SLO\nmetadata: {}"),
        refusal("apiVersion: openslo/v1\nkind: SLO\nkind: SLI\n"),
        refusal("apiVersion: openslo/v1\nkind: [SLO]\nmetadata: {name: a}"),
        refusal(
            "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\n---\napiVersion: openslo/v1\nkind: Foo\nmetadata: {name: b}",
        ),
        refusal("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n"),
        refusal("apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: 5\n"),
        refusal("a: &x {b: c}\nd:\n  <<: *x\n"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    the file is empty: there is no SLO
    line 3, column 2: illegal placement of ':' indicator
    line 1: lacks `apiVersion`
    line 1: must have keys, not be text
    line 1: `apiVersion`: `openslo/v1alpha` is not read; only `openslo/v1` is
    line 1: `apiVersion`: `v1` is not read; only `openslo/v1` is
    line 3: `metadata`: lacks `name`
    line 3: the key `kind` stands there twice
    line 2: `kind`: must be text or a number, not a list
    the file has no object of kind SLO, but Service (line 1), Foo (line 5)
    line 1: lacks `spec`
    line 4: `spec`: must have keys, not be text
    line 3: merge keys (`<<`) are not part of YAML 1.2: write the keys out
    ");
}

#[test]
fn a_key_that_has_to_be_there_is_named_with_where_it_should_stand() {
    let told = [
        refused_without("  service: web shop\n"),
        refused_without("  budgetingMethod: Timeslices\n"),
        refused_without("target: 0.999, "),
        refused_without("timeSliceTarget: 0.95, "),
        refused_without(", timeSliceWindow: 1m"),
        refused_without(", timeZone: America/New_York"),
        refused_without("startTime: 2026-01-01 00:00:00, "),
        refused_without("duration: 1M, "),
        refused_without(&format!("    - {MONTH}\n")),
        refused_without(&format!("    - {OBJECTIVE}\n")),
        refusal(&slo(MONTH, "Timeslices", OBJECTIVE).replace("indicator", "outdicator")),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    line 4: `spec`: lacks `service`
    line 4: `spec`: lacks `budgetingMethod`
    line 11: `spec.objectives[0]`: lacks `target` or `targetPercent`
    line 11: `spec.objectives[0]`: lacks `timeSliceTarget`
    line 11: `spec.objectives[0]`: lacks `timeSliceWindow`
    line 8: `spec.timeWindow[0].calendar`: lacks `timeZone`
    line 8: `spec.timeWindow[0].calendar`: lacks `startTime`
    line 8: `spec.timeWindow[0]`: lacks `duration`
    line 4: `spec`: lacks `timeWindow`
    line 4: `spec`: lacks `objectives`
    line 4: `spec`: lacks `indicator` or `indicatorRef`
    ");
}

#[test]
fn a_target_is_one_exact_number_below_one() {
    let objective = |keys: &str| refusal(&slo(MONTH, "Occurrences", &format!("{{{keys}}}")));
    let told = [
        objective("target: 0.9, targetPercent: 90"),
        objective("target: 99.9"),
        objective("targetPercent: 100"),
        objective("target: 9.9e-1"),
        objective("target: .9"),
        objective("target: -0.5"),
        objective("target: high"),
        objective("target: 0.1234567891"),
        objective("target: {a: b}"),
        objective("target: ~"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    line 11: `spec.objectives[0].targetPercent`: give either this or `target`
    line 11: `spec.objectives[0].target`: must be below 100 %: `target: 0.995` is `targetPercent: 99.5`
    line 11: `spec.objectives[0].targetPercent`: must be below 100 %: `target: 0.995` is `targetPercent: 99.5`
    line 11: `spec.objectives[0].target`: "9.9e-1" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 11: `spec.objectives[0].target`: ".9" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 11: `spec.objectives[0].target`: "-0.5" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 11: `spec.objectives[0].target`: "high" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 11: `spec.objectives[0].target`: "0.1234567891" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 11: `spec.objectives[0].target`: must be text or a number, not a map
    line 11: `spec.objectives[0]`: lacks `target` or `targetPercent`
    "#);
}

#[test]
fn a_slice_that_no_formula_has_is_refused_with_the_nearest() {
    let slices = |method: &str, keys: &str| {
        refusal(&slo(MONTH, method, &format!("{{target: 0.9, {keys}}}")))
    };
    let told = [
        slices("Timeslices", "timeSliceTarget: 0.9, timeSliceWindow: 5m"),
        slices("Timeslices", "timeSliceTarget: 0, timeSliceWindow: 1m"),
        slices("Timeslices", "timeSliceTarget: 1.1, timeSliceWindow: 1m"),
        slices("RatioTimeslices", "timeSliceWindow: 2d"),
        slices("RatioTimeslices", "timeSliceWindow: 1M"),
        slices("RatioTimeslices", "timeSliceWindow: 0"),
        slices("Averages", "timeSliceWindow: 1m"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    line 11: `spec.objectives[0].timeSliceWindow`: a contract judges single minutes, not longer slices: the nearest are `timeSliceWindow: 1m`, or `budgetingMethod: RatioTimeslices`, which takes the mean of such slices
    line 11: `spec.objectives[0].timeSliceTarget`: must be a ratio above 0 and up to 1
    line 11: `spec.objectives[0].timeSliceTarget`: must be a ratio above 0 and up to 1
    line 11: `spec.objectives[0].timeSliceWindow`: a contract has intervals of up to a day: at most 24h
    line 11: `spec.objectives[0].timeSliceWindow`: a contract has intervals of up to a day: at most 24h
    line 11: `spec.objectives[0].timeSliceWindow`: `0` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 9: `spec.budgetingMethod`: `Averages` must be Occurrences, Timeslices or RatioTimeslices
    ");
}

#[test]
fn a_window_that_a_contract_does_not_have_is_refused_with_the_nearest() {
    let window = |keys: &str| refusal(&slo(&format!("{{{keys}}}"), "Occurrences", OBJECTIVE));
    let start = "calendar: {startTime: 2026-02-01 00:00:00, timeZone: UTC}";
    let told = [
        window(&format!("duration: 1m, {start}")),
        window(&format!("duration: 36h, {start}")),
        window(&format!("duration: 1Q, {start}")),
        window(&format!("duration: 2M, {start}")),
        window(&format!("duration: 1Y, {start}")),
        window(&format!("duration: 367d, {start}")),
        window("duration: 2Y, isRolling: true"),
        window("duration: 1M"),
        window("duration: 1M, isRolling: false"),
        window("duration: 1M, isRolling: perhaps"),
        window(&format!("duration: 1M, isRolling: true, {start}")),
        window("duration: 1M, calendar: {startTime: 2026-01-01T00:00:00Z, timeZone: UTC}"),
        window("duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Mars/Olympus}"),
        window("duration: 1 M, isRolling: true"),
        window("duration: 0d, isRolling: true"),
        window("duration: MM, isRolling: true"),
        window("duration: +1d, isRolling: true"),
        window("duration: 99999999999d, isRolling: true"),
        refusal(&slo(
            &format!("{MONTH}\n    - {MONTH}"),
            "Occurrences",
            OBJECTIVE,
        )),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    line 8: `spec.timeWindow[0].duration`: a window has whole days; `m` are minutes, `M` are months
    line 8: `spec.timeWindow[0].duration`: a window has whole days
    line 8: `spec.timeWindow[0].duration`: quarters begin on the first of January, April, July or October, not on 2026-02-01
    line 8: `spec.timeWindow[0].duration`: a contract has no such window: the nearest are 1M, 1Q and days, such as 365d
    line 8: `spec.timeWindow[0].duration`: a contract has no such window: the nearest are 1M, 1Q and days, such as 365d
    line 8: `spec.timeWindow[0].duration`: a window has at most 366 days
    line 8: `spec.timeWindow[0].duration`: a window has at most 366 days
    line 8: `spec.timeWindow[0]`: lacks `isRolling: true` or `calendar`
    line 8: `spec.timeWindow[0]`: lacks `calendar`, and is not rolling
    line 8: `spec.timeWindow[0].isRolling`: must be true or false
    line 8: `spec.timeWindow[0].calendar`: has no place in a window that is rolling
    line 8: `spec.timeWindow[0].calendar.startTime`: `2026-01-01T00:00:00Z` is not a local time: write it as 2026-01-01 00:00:00, without a zone
    line 8: `spec.timeWindow[0].calendar.timeZone`: `Mars/Olympus` is no IANA time zone; names look like `UTC`, `Europe/Paris` or `America/Los_Angeles`
    line 8: `spec.timeWindow[0].duration`: `1 M` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 8: `spec.timeWindow[0].duration`: `0d` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 8: `spec.timeWindow[0].duration`: `MM` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 8: `spec.timeWindow[0].duration`: `+1d` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 8: `spec.timeWindow[0].duration`: `99999999999d` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`
    line 7: `spec.timeWindow`: must have one item, not 2
    ");
}

#[test]
fn an_indicator_has_one_shape() {
    let indicator = |keys: &str| {
        let yaml = slo(MONTH, "Occurrences", OBJECTIVE);
        let line = yaml
            .lines()
            .find(|line| line.contains("indicator:"))
            .unwrap();
        refusal(&yaml.replace(line, &format!("  {keys}")))
    };
    let told = [
        indicator("indicator: {spec: {}}"),
        indicator("indicator: {spec: {ratioMetric: {good: {}}}}"),
        indicator("indicator: {spec: {ratioMetric: {raw: {metricSource: {}}}}}"),
        indicator("indicator: {spec: {ratioMetric: {rawType: odd, raw: {metricSource: {}}}}}"),
        indicator("indicator: {spec: {ratioMetric: {}, thresholdMetric: {}}}"),
        indicator("{indicator: {spec: {}}, indicatorRef: a}").replace('\n', " "),
        indicator("indicator: {}\n  indicatorRef: a"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    line 6: `spec.indicator.spec`: lacks `ratioMetric` or `thresholdMetric`
    line 6: `spec.indicator.spec.ratioMetric`: must have `good` and `total`, or `bad` and `total`, or `raw`
    line 6: `spec.indicator.spec.ratioMetric`: lacks `rawType`
    line 6: `spec.indicator.spec.ratioMetric.rawType`: must be `success` or `failure`
    line 6: `spec.indicator.spec.thresholdMetric`: give either this or `ratioMetric`
    line 7, column 3: simple key expect ':'
    line 7: `spec.indicatorRef`: give either this or `indicator`
    ");
}

#[test]
fn which_slo_is_meant_must_be_clear() {
    let one = slo(MONTH, "Occurrences", OBJECTIVE);
    let two = one.replace("name: web,", "name: api,");
    let choose = |file: &str, name: &str| {
        let given = ImportOptions {
            slo: Some(name.to_owned()),
            ..options()
        };
        import::draft(file, &given).unwrap_err().to_string()
    };
    let told = [
        refusal(&format!("{one}---\n{two}")),
        choose(&format!("{one}---\n{two}"), "shop"),
        choose(&format!("{one}---\n{one}"), "web"),
        choose("", "web"),
        refusal(&one.replace("name: web,", "name: '***',")),
        refusal(&one.replace("nines/provider: acme", "nines/provider: A C")),
        refusal(
            &one.replace("web shop", "'!'")
                .replace("nines/provider: acme, ", ""),
        ),
        refusal(&one.replace("nines/currency: EUR", "nines/currency: euro")),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    the file has 2 SLOs: choose one with --slo: web, api
    there is no SLO `shop`; there is web, api
    line 13: another SLO is named `web`
    the file is empty: there is no SLO
    line 3: `metadata.name`: cannot be the id of a contract: choose one with --id
    line 3: `metadata.annotations.nines/provider`: `A C` is not a valid provider id: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit
    line 5: `spec.service`: cannot be the name of a provider: give it with --provider
    line 3: `metadata.annotations.nines/currency`: `euro` is not a currency code: use three capital letters, such as `USD`
    ");
}
