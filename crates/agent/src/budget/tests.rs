use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use domain::{Detail, Outcome};
use telemetry::Metrics;
use tempfile::TempDir;

use super::*;

mod books;
mod calls;
mod follow;

/// A table with one model at a dollar for a million tokens in, and two for a million out.
pub(crate) fn prices() -> Arc<PriceTable> {
    let text = "schema = \"price-table/1\"\nversion = \"test\"\nas_of = 2026-11-22\n\
        [[price]]\nprovider = \"acme\"\nmodel = \"m\"\nsource = \"https://acme.example\"\n\
        provenance = \"official\"\ninput = \"1\"\noutput = \"2\"\nuntil = 2100-01-01\n";
    Arc::new(PriceTable::parse(text).unwrap())
}

pub(crate) fn plan(budget: &str, extra: &str) -> Plan {
    let text = format!(
        r#"
revision = 1
effective_from_ms = 0
[[agent]]
id = "eu-1"
region = "r"
network = "n"
[[agent]]
id = "us-1"
region = "r"
network = "n"
[[target]]
id = "acme"
provider = "acme"
interval_s = 60
deadline_ms = 30000
{budget}
request = {{ kind = "call", base_url = "http://127.0.0.1:1/v1", model = "m"{extra} }}
"#
    );
    Plan::parse(&text).unwrap()
}

/// An answer that says what it used.
pub(crate) fn answer(usage: Option<(u64, u64)>) -> Attempt {
    Attempt {
        input_tokens: usage.map(|(input, _)| input),
        output_tokens: usage.map(|(_, output)| output),
        detail: Detail::default(),
        ..crate::recorder::tests::attempt(Outcome::Ok)
    }
}

struct Bench {
    temp: TempDir,
    plan: Plan,
    cap: Budget,
    health: Health,
    metrics: Metrics,
}

impl Bench {
    fn new(budget: &str) -> Self {
        Self {
            temp: tempfile::tempdir().unwrap(),
            plan: plan(budget, ""),
            cap: Budget::NONE,
            health: Health::default(),
            metrics: Metrics::local("test", "0").unwrap(),
        }
    }

    fn dir(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.temp.path().to_owned()).unwrap()
    }

    fn open(&self) -> Result<Budgets, BudgetError> {
        self.with_settings(&self.plan, Budgets::open)
    }

    fn with_settings<T>(&self, plan: &Plan, act: impl FnOnce(BudgetSettings<'_>) -> T) -> T {
        act(BudgetSettings {
            plan,
            cap: self.cap,
            keys: &Keys::new(),
            prices: prices(),
            dir: &self.dir(),
            now: at(0),
            health: self.health.clone(),
            metrics: AgentMetrics::new(&self.metrics, "eu-1"),
        })
    }
}

/// So many minutes after 2027-01-01T00:00Z.
fn at(minutes: i64) -> UnixMillis {
    UnixMillis::new(1_798_761_600_000 + minutes * 60_000)
}

fn acme() -> TargetId {
    "acme".parse().unwrap()
}

fn tokens_per_day(cap: u64) -> Budget {
    Budget {
        tokens_per_day: Some(cap),
        ..Budget::NONE
    }
}
