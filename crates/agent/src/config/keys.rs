//! The keys that a configuration may have, and the nearest one to a key that it may not.

use domain::spelling::distance;
use toml::{Table, Value};

use super::ConfigError;

const TOP: &[&str] = &[
    "ca_file",
    "clock",
    "collector",
    "control",
    "credential",
    "http",
    "limits",
    "plan",
    "preview_interval_s",
    "price_table",
    "seal_interval_s",
    "state_dir",
    "telemetry",
];
const CLOCK: &[&str] = &["ntp"];
const CONTROL: &[&str] = &["name", "url"];
const CREDENTIAL: &[&str] = &["key_env", "key_file"];
const HTTP: &[&str] = &["listen"];
const LIMITS: &[&str] = &[
    "attempts_max",
    "backlog_bytes_max",
    "budget",
    "kept_bytes_max",
    "kept_days_max",
    "overlap_max",
];
const BUDGET: &[&str] = &[
    "tokens_per_day",
    "tokens_per_month",
    "usd_per_day",
    "usd_per_month",
];
const TELEMETRY: &[&str] = &["log_filter", "log_format", "otlp_endpoint"];

/// Refuses the first key that is not known.
pub(super) fn check(table: &Table) -> Result<(), ConfigError> {
    check_table("", table, TOP)?;
    for (name, known) in [
        ("clock", CLOCK),
        ("http", HTTP),
        ("limits", LIMITS),
        ("telemetry", TELEMETRY),
    ] {
        if let Some(Value::Table(table)) = table.get(name) {
            check_table(&format!("{name}."), table, known)?;
        }
    }
    let limits = table.get("limits").and_then(Value::as_table);
    if let Some(Value::Table(budget)) = limits.and_then(|limits| limits.get("budget")) {
        check_table("limits.budget.", budget, BUDGET)?;
    }
    let controls = table.get("control").and_then(Value::as_array);
    for control in controls.into_iter().flatten() {
        if let Value::Table(control) = control {
            check_table("control.", control, CONTROL)?;
        }
    }
    let credentials = table.get("credential").and_then(Value::as_table);
    for (alias, credential) in credentials.into_iter().flatten() {
        if let Value::Table(credential) = credential {
            check_table(&format!("credential.{alias}."), credential, CREDENTIAL)?;
        }
    }
    Ok(())
}

fn check_table(prefix: &str, table: &Table, known: &[&str]) -> Result<(), ConfigError> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let nearest = known
        .iter()
        .min_by_key(|known| distance(key, known))
        .unwrap_or(&"");
    Err(ConfigError::UnknownKey {
        key: format!("{prefix}{key}"),
        nearest: format!("{prefix}{nearest}"),
    })
}
