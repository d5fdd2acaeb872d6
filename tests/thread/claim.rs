//! From an outage to a claim that is paid, by the programs and the public API.
//!
//! The outage, its notice and all that people do are of real processes in real time. Only the end of
//! the window cannot be waited for: a collector of the same database and keys, with a clock of its
//! own, judges it in between.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use collector::{Collector, ContractSetup, Forms, Jobs, Leads, Retention, Setup};
use domain::{Clock as _, ManualClock, SystemClock, UnixMillis};
use serde_json::{Value, json};
use telemetry::Metrics;
use tokio::process::Command;
use wire::plan::Plan;

use super::eventually;
use super::installation::{CHAT, Installation, KEY};
use super::process::{self, program};

/// A minute is judged when it is over and its batches are in.
const JUDGED: Duration = Duration::from_secs(150);
/// A day, in milliseconds.
const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn an_outage_becomes_a_notice_and_a_claim_that_is_filed_and_paid() {
    let lab = Installation::create("claim", KEY).await;
    let contract = include_str!("contract.toml").replace("partition = [\"account\"]", "");
    lab.write("contract.toml", &contract);
    let sim = lab.start_sim().await;
    let collector = lab.start_collector().await;
    lab.enrol().await;
    let agent = lab.start_agent().await;
    lab.until_seq(1).await;
    let began = SystemClock.now().to_millis();
    lab.inject(json!({ "kind": "status", "status": 503 }), 5)
        .await;

    let notice = eventually("a notice", JUDGED, async || {
        let found = lab.list("/api/v1/notices").await;
        Some(found.first()?["notice"].as_str()?.to_owned())
    })
    .await;
    told(&lab, &notice).await;
    agent.stop().await;
    collector.stop().await;
    sim.stop().await;

    judge_at(&lab, contract, end_of_day(began)).await;
    let _collector = lab.start_collector().await;
    let claims = lab.list("/api/v1/claims").await;
    assert_eq!(claims.len(), 1, "{claims:?}");
    let name = claims[0]["claim"].as_str().expect("a name").to_owned();
    assert_eq!(claims[0]["state"], "drafted");
    letters(&lab, &name).await;
    settle(&lab, &name).await;
}

/// The notice as a ticket with its log, and that it was sent.
async fn told(lab: &Installation, notice: &str) {
    let listed = nines(lab, &["list"]).await;
    assert!(
        listed.contains(notice) && listed.contains("prepared"),
        "{listed}"
    );
    let dir = lab.dir().join("ticket");
    nines(lab, &["notice", notice, "--attachments", dir.as_str()]).await;
    let read = |what: &str| {
        let file = dir.join(format!("{notice}.{what}"));
        std::fs::read_to_string(file).expect("it was written")
    };
    let (text, log) = (read("letter.txt"), read("requests.csv"));
    assert!(text.contains("overloaded, HTTP 503"), "{text}");
    assert!(log.lines().count() > 1, "{log}");
    assert!(log.contains(",lab,sim-1,503,overloaded,"), "{log}");
    let sent = nines(lab, &["sent", notice, "--reference", "CASE-1"]).await;
    assert!(sent.contains("sent") && sent.contains("CASE-1"), "{sent}");
    let shown = shown(lab, &format!("/api/v1/notices/{notice}")).await;
    assert_eq!(shown["state"], "sent");
}

/// The end of the day of a moment, and the time for what comes late.
pub(super) fn end_of_day(at: UnixMillis) -> UnixMillis {
    let day = at.get().div_euclid(DAY_MS);
    UnixMillis::new((day + 1) * DAY_MS + DAY_MS / 12)
}

/// Judges as at a moment to come.
pub(super) async fn judge_at(lab: &Installation, contract: String, at: UnixMillis) {
    let plan = std::fs::read_to_string(lab.dir().join("plan.toml")).expect("the plan");
    let clock = Arc::new(ManualClock::at(at.to_micros()));
    let setup = Setup {
        timestamping: None,
        outside: collector::Outside::default(),
        database_url: lab.database.url().to_owned(),
        state_dir: lab.dir().join("collector"),
        origin: "nines.example/test".parse().expect("an origin"),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        plan: Plan::parse(&plan).expect("a plan"),
        contracts: vec![ContractSetup {
            toml: contract,
            targets: vec![CHAT.parse().expect("a name")],
            fees: Some("1000.00".to_owned()),
        }],
        retention: Retention::default(),
        archive: None,
        claim_forms: Forms::default(),
        published: collector::Published::default(),
        claim_leads: Leads::default(),
        clock,
        jobs: Jobs::Manual,
        metrics: Metrics::local("later", "0").expect("metrics can be made"),
    };
    let later = Collector::start(setup).await.expect("the collector starts");
    later.run_sequencer().await.expect("the log is ordered");
    later.run_jobs().await.expect("the window is judged");
    later.shutdown().await;
}

/// The same claim as each provider wants it, by the API and by the command.
async fn letters(lab: &Installation, name: &str) {
    let path = format!("/api/v1/claims/{name}");
    for (form, says) in [
        ("aws", "Subject: SLA Credit Request"),
        ("google", "Downtime Periods"),
        ("azure", "Attempts to resolve the incident"),
    ] {
        let url = lab.url(&format!("{path}/letter?form={form}"));
        let letter = lab.page(&url).await;
        for part in [
            says,
            "100.00 USD",
            "lab (lab-1)",
            "overloaded, HTTP 503",
            name,
        ] {
            assert!(letter.contains(part), "{form} lacks {part}:\n{letter}");
        }
        assert!(!letter.contains(KEY) && !letter.contains("{{"), "{letter}");
        let dir = lab.dir().join(form);
        let args = [
            "letter",
            name,
            "--form",
            form,
            "--attachments",
            dir.as_str(),
        ];
        nines(lab, &args).await;
        let read = |what: &str| {
            let file = dir.join(format!("{name}.{what}"));
            std::fs::read_to_string(file).expect("it was written")
        };
        assert_eq!(
            read("letter.txt"),
            letter,
            "the API and the command say the same"
        );
        let log = lab.page(&lab.url(&format!("{path}/requests.csv"))).await;
        assert_eq!(unnamed(&read("requests.csv")), unnamed(&log));
        let named = log.lines().skip(1).filter_map(|line| line.rsplit_once(','));
        assert!(named.clone().count() > 0, "{log}");
        assert!(named.clone().all(|(_, id)| id.len() == 32), "{log}");
        assert!(log.contains(",lab,sim-1,503,overloaded,"), "{log}");
    }
    let page = lab.page(&lab.url(&format!("/claims/{name}"))).await;
    assert!(
        page.contains("requests.csv") && page.contains("form=google"),
        "{page}"
    );
}

/// Filed, acknowledged, paid in parts; what that came to.
async fn settle(lab: &Installation, name: &str) {
    nines(lab, &["file", name, "--reference", "CASE-2", "--by", "ann"]).await;
    nines(lab, &["acknowledge", name]).await;
    nines(lab, &["pay", name, "--amount", "60.00"]).await;
    nines(lab, &["pay", name, "--amount", "40.00"]).await;
    let totals = nines(lab, &["totals"]).await;
    assert!(
        totals.contains("1 claims") && totals.contains("paid 100.00 USD"),
        "{totals}"
    );
    let claim = shown(lab, &format!("/api/v1/claims/{name}")).await;
    assert_eq!(
        (&claim["state"], &claim["reference"]),
        (&json!("paid"), &json!("CASE-2"))
    );
    let history = claim["history"].as_array().expect("a history");
    let what: Vec<_> = history.iter().map(|event| event["what"].as_str()).collect();
    let expected = ["drafted", "filed", "acknowledged", "paid", "paid"];
    assert_eq!(what, expected.map(Some));
}

async fn shown(lab: &Installation, path: &str) -> Value {
    let page = lab.page(&lab.url(path)).await;
    serde_json::from_str(&page).expect("it is JSON")
}

/// What `nines claim` prints.
pub(super) async fn nines(lab: &Installation, args: &[&str]) -> String {
    let mut command = Command::new(program("nines"));
    command.arg("claim").args(args);
    process::run(command.env("DATABASE_URL", lab.database.url())).await
}

/// A log of requests without the ids that they gave themselves: the command knows those only where
/// the collector's configuration is.
fn unnamed(log: &str) -> Vec<&str> {
    let lines = log.lines();
    lines
        .filter_map(|line| Some(line.rsplit_once(',')?.0))
        .collect()
}
