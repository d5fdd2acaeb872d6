//! One contract-month from prepared cells: five agents, a sample every minute, an outage of 44
//! minutes. `cargo bench -p sla`.
//!
//! The baseline `walk_the_counts` is the least that any judge has to do: visit every count once
//! and add it to its minute. What `assess` takes is read as a multiple of it.

use divan::{Bencher, black_box};
use domain::cell::CellHourBuilder;
use domain::{Attribution, CellHour, Class, Hour, Kind, Minute, Outcome, Source};
use sla::{Contract, Facts, Terms};

fn main() {
    divan::main();
}

/// 2026-11-01T00:00Z.
const NOVEMBER: i64 = 29_891_520;
const MINUTES: i64 = 43_200;
const AGENTS: usize = 5;

fn class(status: u16) -> Class {
    let up = status == 200;
    Class {
        outcome: if up {
            Outcome::Ok
        } else {
            Outcome::ServerError
        },
        status: Some(status),
        attribution: if up {
            Attribution::None
        } else {
            Attribution::Provider
        },
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: Some("model-a".to_owned()),
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

fn cells() -> Vec<CellHour> {
    let (up, down) = (class(200), class(500));
    let outage = 20_000..20_044;
    let hour = |agent: usize, hour: i64| {
        let id = format!("agent-{agent}").parse().expect("an id");
        let first = NOVEMBER + hour * 60;
        let mut builder =
            CellHourBuilder::new(id, "target".parse().expect("an id"), Hour::new(first / 60));
        for minute in first..first + 60 {
            let class = if outage.contains(&(minute - NOVEMBER)) {
                &down
            } else {
                &up
            };
            builder.add(Minute::new(minute), class.clone(), 1);
        }
        builder.build()
    };
    (0..AGENTS)
        .flat_map(|agent| (0..MINUTES / 60).map(move |h| (agent, h)))
        .map(|(agent, h)| hour(agent, h))
        .collect()
}

fn template(name: &str) -> (Contract, Terms) {
    let template = sla::library::find(name).expect("a template");
    let contract = Contract::parse(template.toml).expect("a contract");
    let window = contract.window.named("2026-11").expect("a month");
    let as_of = window.end().plus(2 * 24 * 60);
    (contract, Terms::of(window, as_of))
}

#[divan::bench]
fn walk_the_counts(bencher: Bencher<'_, '_>) {
    let cells = cells();
    bencher.bench(|| {
        let mut minutes = vec![0_u64; 43_200];
        for cell in black_box(&cells) {
            let first = cell.hour.first_minute().get() - NOVEMBER;
            for count in &cell.counts {
                let minute = usize::try_from(first).unwrap_or(0) + usize::from(count.minute);
                if let Some(minute) = minutes.get_mut(minute) {
                    *minute += u64::from(count.count);
                }
            }
        }
        minutes
    });
}

#[divan::bench(args = ["demo-month", "yandex-foundation-models", "atlassian", "kling", "aws-bedrock", "google-gemini-online"])]
fn assess(bencher: Bencher<'_, '_>, name: &str) {
    let cells = cells();
    let (contract, terms) = if name == "demo-month" {
        let toml = sla::library::find("demo-direct").expect("a template").toml;
        let toml = toml.replace(
            "kind = \"fixed_days\"\ndays = 30\nanchor = 2026-01-01T00:00:00Z",
            "kind = \"calendar_month\"",
        );
        let contract = Contract::parse(&toml).expect("a contract");
        let window = contract.window.named("2026-11").expect("a month");
        (contract, Terms::of(window, window.end()))
    } else {
        template(name)
    };
    bencher.bench(|| sla::assess(black_box(&contract), &terms, Facts::counted(&cells)));
}
