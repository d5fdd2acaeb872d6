mod exporting;
mod hostile;
mod importing;
mod refusals;
mod round_trip;
mod warned;

use sla::Contract;

use super::{ImportOptions, export, import};

/// A calendar month.
const MONTH: &str =
    "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: America/New_York}}";

/// An objective that every budgeting method takes.
const OBJECTIVE: &str =
    "{displayName: Uptime, target: 0.999, timeSliceTarget: 0.95, timeSliceWindow: 1m}";

fn options() -> ImportOptions {
    ImportOptions {
        file: "slo.yaml".into(),
        slo: None,
        id: None,
        provider: None,
        currency: None,
    }
}

/// An SLO of one window and one objective, each of which stands on a line of its own.
fn slo(window: &str, method: &str, objective: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: web, annotations: {{nines/provider: acme, nines/currency: EUR}}}}
spec:
  service: web shop
  indicator: {{spec: {{ratioMetric: {{good: {{metricSource: {{type: Prometheus}}}}, total: {{metricSource: {{type: Prometheus}}}}}}}}}}
  timeWindow:
    - {window}
  budgetingMethod: {method}
  objectives:
    - {objective}
"
    )
}

#[track_caller]
fn imported(yaml: &str) -> Contract {
    let draft = import::draft(yaml, &options()).unwrap();
    Contract::parse(&draft.toml).unwrap()
}

/// Why a file is refused, with its causes.
#[track_caller]
fn refusal(yaml: &str) -> String {
    format!("{:#}", import::draft(yaml, &options()).unwrap_err())
}

#[track_caller]
fn warnings(yaml: &str) -> Vec<String> {
    import::draft(yaml, &options()).unwrap().warnings.0
}

/// The warnings that a plain SLO of the same method does not have, a line each.
#[track_caller]
fn own_warnings(yaml: &str, method: &str) -> String {
    let plain = warnings(&slo(MONTH, method, OBJECTIVE));
    let mut own = warnings(yaml);
    own.retain(|warning| !plain.contains(warning));
    own.join("\n")
}

/// A contract of one window and one commitment.
fn contract(window: &str, metric: &str) -> Contract {
    contract_with("", window, metric)
}

/// The same with keys of the commitment before its metric.
fn contract_with(commitment: &str, window: &str, metric: &str) -> Contract {
    let toml = format!(
        "schema = \"sla-contract/1\"
contract = {{ id = \"acme-chat\", provider = \"acme\", service = \"chat\", currency = \"EUR\", remedy = \"none\" }}
window = {{ {window} }}
events = {{ default = \"success\" }}
[[commitment]]
id = \"uptime\"
target = \"99.9\"
{commitment}
metric = {{ {metric} }}
"
    );
    Contract::parse(&toml).unwrap()
}

#[track_caller]
fn exported(contract: &Contract) -> String {
    export::draft(contract).unwrap().yaml
}

/// The warnings that a plain contract of the same formula does not have, a line each.
#[track_caller]
fn lost(contract: &Contract, plain: &Contract) -> String {
    let plain = export::draft(plain).unwrap().warnings.0;
    let mut own = export::draft(contract).unwrap().warnings.0;
    own.retain(|warning| !plain.contains(warning));
    own.join("\n")
}
