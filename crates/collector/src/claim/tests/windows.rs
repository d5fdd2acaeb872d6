use chrono::{DateTime, Utc};

use super::{COUNT, ClaimStep, Forms, Lab, NAME, january, letter, utc};
use crate::lab::CONTRACT;
use crate::{list_claims, list_holds, list_notices};

/// Claims of a contract whose windows overlap.
const OVERLAPS: &str = "SELECT count(*) FROM claim a JOIN claim b ON a.name < b.name
    AND a.contract_id = b.contract_id AND a.window_start_at < b.window_end_at
    AND a.window_end_at > b.window_start_at";

/// The first field of every line of a claim's log.
async fn times(lab: &Lab, name: &str) -> Vec<DateTime<Utc>> {
    let answer = lab
        .get(&format!("/api/v1/claims/{name}/requests.csv"))
        .await;
    let times = answer.lines().filter_map(|line| line.split_once(",r,"));
    times.map(|(at, _)| at.parse().unwrap()).collect()
}

#[tokio::test]
async fn an_outage_over_midnight_of_the_first_stands_half_in_each_claim() {
    let (from, to) = (utc("2026-01-31T18:00:00Z"), utc("2026-02-01T06:00:00Z"));
    let midnight = utc("2026-02-01T00:00:00Z");
    let mut lab = Lab::start("claim_midnight", from).await;
    let outage = utc("2026-01-31T22:00:00Z")..utc("2026-02-01T03:00:00Z");
    let down = |at| outage.contains(&at);
    lab.measure((from, utc("2026-01-31T23:00:00Z")), down).await;
    lab.measure((utc("2026-01-31T23:00:00Z"), to), down).await;
    lab.clock.set(utc("2026-03-01T02:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();

    let claims = list_claims(&lab.url).await.unwrap();
    let names: Vec<&str> = claims.iter().map(|claim| claim.name.as_str()).collect();
    assert_eq!(names, ["CLM-2026-02-acme-direct-1", NAME]);
    let forms = Forms::default();
    let january = letter(&lab, NAME, (&forms, "generic")).await;
    let february = letter(&lab, names[0], (&forms, "generic")).await;
    let edge = "2026-02-01 00:00 UTC";
    assert!(january.contains(&format!("  {edge}  ")), "{january}");
    assert!(february.contains(&format!("\n{edge}  ")), "{february}");
    let (old, new) = (times(&lab, NAME).await, times(&lab, names[0]).await);
    assert!(old.len() > 100 && old.iter().all(|at| *at < midnight));
    assert!(new.len() > 150 && new.iter().all(|at| *at >= midnight));
    assert_eq!(lab.number(OVERLAPS).await, 0);

    let notices = list_notices(&lab.url).await.unwrap();
    assert_eq!(notices.len(), 1, "one incident, one notice: {notices:?}");
    let told = (notices[0].start_at, notices[0].end_at);
    assert_eq!(told, (outage.start, outage.end));
    lab.stop().await;
}

#[tokio::test]
async fn windows_that_overlap_never_have_two_claims() {
    let trailing = "kind = \"trailing_days\"\ndays = 2";
    let toml = CONTRACT.replace("kind = \"calendar_month\"", trailing);
    let from = utc("2026-01-10T00:00:00Z");
    let mut lab = Lab::start_judged("claim_overlap", from, toml).await;
    let outage = utc("2026-01-11T03:00:00Z")..utc("2026-01-11T09:00:00Z");
    let mut at = from;
    while at < utc("2026-01-14T00:00:00Z") {
        let end = at + chrono::TimeDelta::hours(12);
        lab.measure((at, end), |at| outage.contains(&at)).await;
        at = end;
    }
    let breached = "SELECT count(*) FROM violation";
    assert!(
        lab.number(breached).await > 1,
        "several windows have the outage"
    );
    assert_eq!(lab.number(COUNT).await, 1);
    assert_eq!(lab.number(OVERLAPS).await, 0);
    assert_eq!(list_notices(&lab.url).await.unwrap().len(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn an_indicative_breach_is_never_claimed_nor_told() {
    let toml = CONTRACT.replace("[window]", "[scope]\npartition = [\"account\"]\n\n[window]");
    let from = utc("2026-01-31T06:00:00Z");
    let mut lab = Lab::start_judged("claim_indicative", from, toml).await;
    let (edge, to) = (utc("2026-01-31T23:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let down = |at: DateTime<Utc>| at < utc("2026-01-31T19:00:00Z");
    lab.measure((from, edge), down).await;
    lab.measure((edge, to), down).await;
    assert_eq!(lab.number("SELECT count(*) FROM violation").await, 1);
    assert_eq!(lab.number(COUNT).await, 0);
    assert!(list_notices(&lab.url).await.unwrap().is_empty());
    lab.stop().await;
}

#[tokio::test]
async fn what_is_cited_is_held_until_the_claim_is_settled_and_a_notice_holds_its_incident() {
    let lab = january("claim_holds", true).await;
    let held = async |reason: &str| -> Vec<String> {
        let holds = list_holds(&lab.url, &crate::Retention::default(), &lab.clock).await;
        let held = holds
            .unwrap()
            .into_iter()
            .filter(|hold| hold.reason == reason);
        held.map(|hold| format!("{} {} {}", hold.name, hold.from_day, hold.to_day))
            .collect()
    };
    assert_eq!(
        held("claim").await,
        [format!("{NAME} 2026-01-01 2026-02-01")]
    );
    let incident = "NTC-acme-direct-20260131T0700 2026-01-31 2026-01-31";
    let lapsed: Vec<String> = Vec::new();
    assert_eq!(held("notice").await, [incident]);
    super::step(&lab, super::file()).await.unwrap();
    assert_eq!(held("claim").await.len(), 1);
    let amount = "250".to_owned();
    super::step(&lab, ClaimStep::Pay { amount }).await.unwrap();
    assert_eq!(held("claim").await, lapsed);
    assert_eq!(
        held("violation").await.len(),
        1,
        "that of the violation goes on"
    );
    lab.stop().await;
}
