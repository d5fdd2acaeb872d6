use super::super::rounding::Rounding;
use super::*;
use crate::fraction::Fraction;

const BANDS: &str = r#"kind = "bands"
basis = "month_fees_in_scope"

[[bands]]
ge = "99"
lt = "99.9"
percent = "10"

[[bands]]
lt = "99"
percent = "25"
"#;

fn parse(toml: &str) -> Result<CreditSchedule, String> {
    toml::from_str(toml).map_err(|error| error.message().to_owned())
}

/// A schedule by bands, its list given inline.
fn bands(list: &str) -> String {
    format!("kind = \"bands\"\nbasis = \"invoice\"\nbands = [{list}]")
}

#[track_caller]
fn refused(toml: &str, said: &str) {
    let error = parse(toml).unwrap_err();
    assert!(error.starts_with(said), "{toml}\nsaid {error}");
}

#[track_caller]
fn check(toml: &str, target: &str, rounding: &str) -> Result<(), String> {
    let target = Fraction::from_percent(target).unwrap();
    let rounding: Rounding = toml::from_str(rounding).unwrap();
    parse(toml).unwrap().check(&target, &rounding)
}

const EXACT: &str = "mode = \"none\"";

#[test]
fn a_schedule_is_written_as_it_was_read() {
    for toml in [
        BANDS,
        "kind = \"flat\"\nbasis = \"invoice\"\namount = \"25\"\n",
        "kind = \"flat\"\nbasis = \"fixed_fees\"\npercent = \"10\"\nform = \"voucher\"\n",
        "kind = \"per_step\"\nbasis = \"invoice\"\npercent = \"10\"\nstep = \"0.1\"\nsteps = \"unknown\"\n",
        "kind = \"proportional\"\nbasis = \"invoice\"\n",
        concat!(
            "kind = \"proportional\"\nbasis = \"invoice\"\nmultiplier = \"2.5\"\n",
            "cap_percent = \"50\"\ncap_amount = \"500\"\ncap_12_months_percent = \"20\"\n",
            "rounding = \"half_even\"\namount_unit = \"whole\"\nform = \"days\"\n",
            "one_level_per_incident = true\nschedule_basis = \"inferred\"\n",
            "provenance = \"quoted\"\nnote = \"n\"\n\n[min_amount]\ngt = \"1\"\ncurrency = \"USD\"\n",
        ),
        concat!(
            "kind = \"daily_multiple\"\nbasis = \"invoice\"\ncap_12_months_amount = \"20\"\n\n",
            "[[bands]]\nge = \"99\"\nle = \"99.4\"\ndays = \"1\"\n\n",
            "[[bands]]\nle = \"98.9\"\ndays = \"7\"\n",
        ),
        concat!(
            "kind = \"bands\"\nbasis = \"invoice\"\n\n",
            "[[bands]]\nle_minutes = \"43.8\"\npercent = \"5\"\n\n",
            "[[bands]]\ngt_minutes = \"43.8\"\npercent = \"10\"\n",
        ),
    ] {
        let schedule = parse(toml).unwrap();
        assert_eq!(toml::to_string(&schedule).unwrap(), toml);
    }
}

#[test]
fn keys_belong_to_their_kind() {
    for (toml, said) in [
        ("kind = \"flat\"\nbasis = \"invoice\"", "`percent`: give"),
        (
            "kind = \"flat\"\nbasis = \"invoice\"\npercent = \"1\"\namount = \"1\"",
            "`percent`: give",
        ),
        (
            "kind = \"flat\"\nbasis = \"invoice\"\npercent = \"1\"\nstep = \"1\"",
            "`step`: does not",
        ),
        (
            "kind = \"proportional\"\nbasis = \"invoice\"\nbands = []",
            "`bands`: does not",
        ),
        (
            "kind = \"bands\"\nbasis = \"invoice\"",
            "`bands`: is required",
        ),
        (
            "kind = \"per_step\"\nbasis = \"invoice\"\nstep = \"1\"\npercent = \"1\"",
            "`steps`: is required",
        ),
        (
            "kind = \"bands\"\nbasis = \"invoice\"\nbands = []",
            "`bands`: must",
        ),
        ("kind = \"flat\"\npercent = \"1\"", "missing field `basis`"),
        ("kind = \"tiers\"", "unknown variant"),
        ("kind = \"flat\"\nbands_are = 1", "unknown field"),
    ] {
        refused(toml, said);
    }
}

#[test]
fn numbers_that_make_no_sense_are_refused_by_name() {
    let flat = |line: &str| format!("kind = \"flat\"\nbasis = \"invoice\"\n{line}");
    refused(&flat("percent = \"0\""), "`percent`: must");
    refused(&flat("percent = \"101\""), "`percent`: must");
    refused(&flat("amount = \"0.00\""), "`amount`: must");
    let capped = |line: &str| flat(&format!("percent = \"10\"\n{line}"));
    refused(&capped("cap_percent = \"0\""), "`cap_percent`: must");
    refused(&capped("cap_amount = \"0\""), "`cap_amount`: must");
    refused(
        &capped("cap_12_months_percent = \"1\"\ncap_12_months_amount = \"1\""),
        "`cap_12_months_amount`: give",
    );
    refused(&capped("min_amount = {}"), "`gt`: give exactly one");
    let both = "min_amount = { gt = \"1\", ge = \"1\" }";
    refused(&capped(both), "`gt`: give exactly one");
    let zero = "kind = \"proportional\"\nbasis = \"invoice\"\nmultiplier = \"0\"";
    refused(zero, "`multiplier`: must");
    let days =
        "kind = \"daily_multiple\"\nbasis = \"invoice\"\nbands = [{ lt = \"99\", days = \"367\" }]";
    refused(days, "`bands.0.days`: must");
}

#[test]
fn bands_are_sorted_disjoint_and_open_at_the_end() {
    for (list, said) in [
        (
            r#"{ ge = "99", lt = "99.9", percent = "10" }"#,
            "`bands.0.ge`: nothing",
        ),
        (
            r#"{ ge = "99", lt = "99.9", percent = "10" }, { lt = "98", percent = "25" }"#,
            "`bands.1.lt`: must be 99, where",
        ),
        (
            r#"{ lt = "99.9", percent = "10" }, { lt = "98", percent = "25" }"#,
            "`bands.1.lt`: the band above is open",
        ),
        (
            r#"{ ge = "99", lt = "99.9", percent = "10" }, { le = "99", percent = "25" }"#,
            "`bands.1.le`: must be below 99",
        ),
        (
            r#"{ ge = "99.9", lt = "99.9", percent = "10" }"#,
            "`bands.0.ge`: must be below `lt`, 99.9",
        ),
        (
            r#"{ lt = "100.1", percent = "10" }"#,
            "`bands.0.lt`: must be at most",
        ),
        (r#"{ percent = "10" }"#, "`bands.0.lt`: give"),
        (
            r#"{ lt = "1", le = "1", percent = "10" }"#,
            "`bands.0.lt`: give",
        ),
        (r#"{ lt = "99.9" }"#, "`bands.0.percent`: say"),
        (
            r#"{ lt = "99.9", percent = "1", days = "1" }"#,
            "`bands.0.days`: belongs",
        ),
        (
            r#"{ ge = "99", lt = "99.9", percent = "10" }, { lt = "99", percent = "9" }"#,
            "`bands.1.percent`: is less",
        ),
    ] {
        refused(&bands(list), said);
    }
    assert!(parse(&bands(r#"{ ge = "0", lt = "99.9", percent = "10" }"#)).is_ok());
}

#[test]
fn bands_of_downtime_follow_each_other_and_keep_to_their_sort() {
    for (list, said) in [
        (
            r#"{ le_minutes = "5", percent = "1" }"#,
            "`bands.0.le_minutes`: nothing",
        ),
        (
            r#"{ le_minutes = "5", percent = "1" }, { gt_minutes = "6", percent = "2" }"#,
            "`bands.1.gt_minutes`: must be 5, where",
        ),
        (
            r#"{ gt_minutes = "5", percent = "1" }, { gt_minutes = "6", percent = "2" }"#,
            "`bands.1.gt_minutes`: the band above is open",
        ),
        (
            r#"{ le_minutes = "5", percent = "1" }, { lt = "99", percent = "2" }"#,
            "`bands.1.lt`: the bands are in minutes",
        ),
        (
            r#"{ ge = "99", lt = "99.9", percent = "1" }, { gt_minutes = "5", percent = "2" }"#,
            "`bands.1.gt_minutes`: the bands above are of uptime",
        ),
        (
            r#"{ gt_minutes = "5", le_minutes = "5", percent = "1" }, { gt_minutes = "5", percent = "2" }"#,
            "`bands.0.le_minutes`: must be above",
        ),
    ] {
        refused(&bands(list), said);
    }
    let late = bands(r#"{ gt_minutes = "5", percent = "1" }"#);
    let error = check(&late, "100", EXACT).unwrap_err();
    assert!(
        error.starts_with("`bands.0.gt_minutes`: must be 0"),
        "{error}"
    );
    assert_eq!(check(&late, "99.99", EXACT), Ok(()));
}

#[test]
fn the_first_band_ends_at_the_target() {
    assert_eq!(check(BANDS, "99.9", EXACT), Ok(()));
    let error = check(BANDS, "99.95", EXACT).unwrap_err();
    assert!(
        error.starts_with("`bands.0.lt`: must be 99.95, the target: nothing is said from 99.9"),
        "{error}"
    );
}

#[test]
fn a_hole_is_accepted_where_rounding_explains_it() {
    let one = bands(r#"{ ge = "95", le = "99.4", percent = "2" }, { le = "94.9", percent = "5" }"#);
    let digits = |digits: u8| format!("mode = \"half_up\"\ndigits = {digits}");
    assert_eq!(check(&one, "99.5", &digits(1)), Ok(()));
    assert_eq!(
        check(&one, "99.5", "mode = \"unknown\"\ndigits = 1"),
        Ok(())
    );
    for (target, rounding, said) in [
        (
            "99.5",
            EXACT,
            "`bands.0.le`: leaves a hole below 99.5, the target",
        ),
        (
            "99.5",
            &digits(2),
            "`bands.0.le`: must be 99.49, the highest",
        ),
        (
            "99.6",
            &digits(1),
            "`bands.0.le`: must be 99.5, the highest",
        ),
        (
            "99.55",
            &digits(1),
            "`bands.0.le`: 99.55, the target, has more",
        ),
    ] {
        let error = check(&one, target, rounding).unwrap_err();
        assert!(error.starts_with(said), "{target} {rounding}: {error}");
    }
    let two =
        bands(r#"{ ge = "98", le = "99.49", percent = "10" }, { le = "97.9", percent = "20" }"#);
    let error = check(&two, "99.5", &digits(2)).unwrap_err();
    assert!(
        error.starts_with("`bands.1.le`: must be 97.99, the highest"),
        "{error}"
    );
}

#[test]
fn amounts_are_amounts_in_the_contracts_currency() {
    let flat = |line: &str| {
        parse(&format!("kind = \"flat\"\nbasis = \"invoice\"\n{line}"))
            .unwrap()
            .check_currency("JPY".parse().unwrap())
    };
    let amount = "amount = \"100\"\n";
    assert_eq!(flat(amount), Ok(()));
    let more = |line: &str| flat(&format!("{amount}{line}"));
    for (checked, said) in [
        (flat("amount = \"0.5\""), "`amount`: JPY has 0 decimals"),
        (more("cap_amount = \"0.5\""), "`cap_amount`:"),
        (
            more("cap_12_months_amount = \"0.5\""),
            "`cap_12_months_amount`:",
        ),
        (more("min_amount = { ge = \"0.5\" }"), "`min_amount.ge`:"),
        (
            more("min_amount = { gt = \"5\", currency = \"USD\" }"),
            "`min_amount.currency`: must be the contract's own, JPY",
        ),
    ] {
        let error = checked.unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn the_schema_documents_every_key() {
    let schema = schemars::schema_for!(CreditSchedule);
    let json = serde_json::to_value(&schema).unwrap();
    let keys = json["properties"].as_object().unwrap();
    assert_eq!(keys.len(), 20);
    for (key, value) in keys {
        assert!(value.get("description").is_some(), "{key}");
    }
    assert_eq!(json["required"], serde_json::json!(["kind", "basis"]));
    let band = json["$defs"]["Band"]["properties"].as_object().unwrap();
    assert_eq!(band.len(), 7);
}

#[test]
fn a_band_has_its_lower_end_of_uptime_and_its_upper_end_of_downtime() {
    let percent = |text| Fraction::from_percent(text).unwrap();
    let CreditRule::Bands(Bands::Uptime(list)) = parse(BANDS).unwrap().rule else {
        panic!("bands are of uptime");
    };
    assert!(list[0].contains(&percent("99")) && !list[1].contains(&percent("99")));
    assert!(!list[0].contains(&percent("99.9")));

    let list = r#"{ le_minutes = "5", percent = "1" }, { gt_minutes = "5", percent = "2" }"#;
    let CreditRule::Bands(Bands::Downtime(list)) = parse(&bands(list)).unwrap().rule else {
        panic!("bands are of downtime");
    };
    let five: Fraction = "5/1".parse().unwrap();
    assert!(list[0].contains(&five) && !list[1].contains(&five));
}
