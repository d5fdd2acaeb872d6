use secrecy::ExposeSecret;

use super::*;

fn parse(text: &str) -> Result<AgentConfig, ConfigError> {
    AgentConfig::parse(text, Utf8Path::new("/etc/nines"))
}

#[test]
fn the_defaults_are_a_configuration_and_match_the_code() {
    let config = parse("").unwrap();
    let (given, code) = (config.limits, AgentLimits::default());
    assert_eq!(
        (given.overlap_max, given.attempts_max),
        (code.overlap_max, code.attempts_max)
    );
    let bytes = |limits: Limits| (limits.backlog_bytes_max, limits.kept_bytes_max);
    assert_eq!(bytes(given.spool), bytes(code.spool));
    assert_eq!(given.spool.kept_us_max, code.spool.kept_us_max);
    assert_eq!(config.seal_interval, crate::recorder::SEAL_INTERVAL_DEFAULT);
}

#[test]
fn every_commented_example_in_the_defaults_is_a_known_key() {
    let uncomment = |line: &str| {
        let key = line.strip_prefix("# ")?;
        let entry = key.starts_with("[credential.")
            || key == "[[control]]"
            || key.split_once(" = ").is_some();
        entry.then(|| key.to_owned())
    };
    let text: String = DEFAULT
        .lines()
        .map(|line| uncomment(line).unwrap_or_else(|| line.to_owned()) + "\n")
        .collect();
    // The tables that follow the credential's example end it.
    // The price table is a file, and this test has none.
    let config = parse(&text.replace("price_table", "# price_table")).unwrap();
    assert_eq!(config.credentials.len(), 1);
    assert!(config.otlp_endpoint.is_some() && config.collector.is_some());
    assert_eq!(config.selfcheck.controls.len(), 2);
    assert!(config.limits.budget.needs_prices());
}

#[test]
fn previews_go_out_every_15_seconds_unless_told_otherwise() {
    let interval = |text| parse(text).unwrap().preview_interval;
    assert_eq!(interval(""), Some(Duration::from_secs(15)));
    assert_eq!(
        interval("preview_interval_s = 1"),
        Some(Duration::from_secs(1))
    );
    assert_eq!(interval("preview_interval_s = 0"), None);
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), message);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    refused(
        "colector = 1",
        "unknown key `colector`; did you mean `collector`?",
    );
    refused(
        "[http]\nlisten_on = 1",
        "unknown key `http.listen_on`; did you mean `http.listen`?",
    );
    refused(
        "[credential.a]\nkey_evn = 'X'",
        "unknown key `credential.a.key_evn`; did you mean `credential.a.key_env`?",
    );
}

#[test]
fn rules_between_values_say_what_to_change() {
    refused("seal_interval_s = 0", "seal_interval_s must be 1 to 3600");
    refused(
        "preview_interval_s = 3601",
        "preview_interval_s must be 0 to 3600",
    );
    refused(
        "[http]\nlisten = '0.0.0.0:1'",
        "http.listen must be a loopback address: there is no authentication",
    );
    refused(
        "[limits.budget]\nusd_per_day = '0.00'",
        "limits.budget: a cap must be above 0",
    );
    refused("[limits.budget]", "limits.budget has no cap; leave it out");
    refused(
        "[limits.budget]\nusd_a_day = '1'",
        "unknown key `limits.budget.usd_a_day`; did you mean `limits.budget.usd_per_day`?",
    );
    refused(
        "[credential.a]",
        "credential.a needs key_env or key_file, not both",
    );
}

#[test]
fn keys_come_from_variables_and_files_and_missing_ones_are_named() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    std::fs::write(dir.join("key"), "sk-file\n").unwrap();
    let text = "[credential.env]\nkey_env = 'SET'\n[credential.file]\nkey_file = 'key'\n\
                [credential.gone]\nkey_env = 'UNSET'\n";
    let config = AgentConfig::parse(text, dir).unwrap();
    let (keys, missing) = config.keys(|name| (name == "SET").then(|| "sk-env".to_owned()));
    let keys: Vec<&str> = keys.values().map(ExposeSecret::expose_secret).collect();
    assert_eq!(keys, ["sk-env", "sk-file"]);
    assert_eq!(missing.len(), 1);
    assert_eq!(
        missing[0].to_string(),
        "credential `gone`: environment variable `UNSET` is not set"
    );
}

#[test]
fn a_price_table_of_ones_own_is_read_and_a_wrong_one_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let text = PriceTable::embedded().to_toml().replace("openai", "acme");
    std::fs::write(dir.join("mine.toml"), text).unwrap();
    let config = AgentConfig::parse("price_table = 'mine.toml'", dir).unwrap();
    assert!(
        config
            .prices
            .prices()
            .iter()
            .any(|price| price.provider == "acme")
    );
    std::fs::write(dir.join("mine.toml"), "schema = 1").unwrap();
    let error = AgentConfig::parse("price_table = 'mine.toml'", dir).unwrap_err();
    assert!(matches!(error, ConfigError::PriceTable { .. }), "{error}");
}
