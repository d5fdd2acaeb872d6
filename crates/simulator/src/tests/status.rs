//! The status page over HTTP.

use std::time::Duration;

use serde_json::Value;

use super::client::{get, quick, start};
use crate::{Config, ErrorStatus, Fault, Simulator, StatusPage};

async fn said(simulator: &Simulator) -> (String, usize) {
    let ask = async |path| -> Value {
        let seen = get(simulator, path).await;
        assert_eq!(seen.header("x-nines-simulated").as_deref(), Some("true"));
        serde_json::from_str(&seen.body().0).expect("JSON")
    };
    let summary = ask("/status/api/v2/summary.json").await;
    let incidents = ask("/status/api/v2/incidents.json").await;
    let name = summary["page"]["name"].as_str().expect("a name");
    assert!(name.ends_with("(simulated)"));
    let indicator = summary["status"]["indicator"].as_str().expect("a word");
    let all = incidents["incidents"].as_array().expect("a list");
    (indicator.to_owned(), all.len())
}

async fn simulator() -> Simulator {
    start(Config {
        started_unix_s: 1_800_000_000,
        status: StatusPage {
            admits_after_s: 60,
            resolves_after_s: 60,
            ..StatusPage::default()
        },
        ..quick()
    })
    .await
}

const NONE: (&str, usize) = ("none", 0);

fn is((indicator, incidents): &(String, usize), wanted: (&str, usize)) -> bool {
    (indicator.as_str(), *incidents) == wanted
}

#[tokio::test]
async fn the_status_page_admits_an_outage_late_and_a_short_one_never() {
    let simulator = simulator().await;
    let unavailable = || Fault::status(ErrorStatus::UNAVAILABLE);
    simulator.inject(unavailable(), Duration::from_mins(3));
    assert!(is(&said(&simulator).await, NONE));
    simulator.advance(Duration::from_secs(90));
    assert!(is(&said(&simulator).await, ("major", 1)));
    simulator.advance(Duration::from_secs(110));
    assert!(
        is(&said(&simulator).await, ("major", 1)),
        "it is over, and not said"
    );
    simulator.advance(Duration::from_mins(1));
    assert!(is(&said(&simulator).await, ("none", 1)));
    simulator.inject(unavailable(), Duration::from_secs(40));
    simulator.advance(Duration::from_mins(10));
    assert!(is(&said(&simulator).await, ("none", 1)));
}

#[tokio::test]
async fn rules_show_on_the_status_page_by_their_windows_and_slowness_does_not() {
    let simulator = simulator().await;
    let scenario = |fault: &str| {
        let text = format!(
            "title = \"t\"\n[[rules]]\nfrom_s = 100\nuntil_s = 300\nshare = \"20%\"\nfault = {fault}"
        );
        crate::Scenario::from_toml(&text).expect("a scenario")
    };
    simulator.load(scenario("{ kind = \"status\", status = 503 }"));
    simulator.advance(Duration::from_secs(150));
    assert!(is(&said(&simulator).await, NONE));
    simulator.advance(Duration::from_mins(1));
    assert!(is(&said(&simulator).await, ("minor", 1)));
    simulator.advance(Duration::from_mins(10));
    assert!(is(&said(&simulator).await, ("none", 1)));
    simulator.load(scenario("{ kind = \"ttft\", ms = 4000 }"));
    simulator.advance(Duration::from_secs(250));
    assert!(is(&said(&simulator).await, NONE));
}
