use chrono::TimeDelta;
use tempfile::TempDir;

use super::{Lab, NAME, january};
use crate::{list_claims, show_claim};

/// Reminders of the claim so far.
const TOLD: &str = "SELECT count(*) FROM claim_event WHERE what = 'reminded'";

async fn at(lab: &Lab, before_due: TimeDelta) -> i64 {
    let due = list_claims(&lab.url).await.unwrap()[0].due_safe_at.unwrap();
    lab.clock.set((due - before_due).into());
    lab.collector.run_jobs().await.unwrap();
    lab.collector.run_jobs().await.unwrap();
    lab.number(TOLD).await
}

#[tokio::test]
async fn a_deadline_is_told_of_a_week_and_a_day_before_and_when_it_passed_each_once() {
    let lab = january("claim_alarm", true).await;
    assert_eq!(at(&lab, TimeDelta::days(8)).await, 0);
    assert!(!lab.get("/").await.contains("due soon"));
    assert_eq!(at(&lab, TimeDelta::days(7)).await, 1);
    assert!(lab.get("/").await.contains("due soon"));
    let path = format!("/api/v1/claims/{NAME}");
    assert!(lab.get(&path).await.contains("\"due_soon\":true"));
    let dir = TempDir::new().unwrap();
    let second = lab.second(dir.path()).await;
    second.run_jobs().await.unwrap();
    second.shutdown().await;
    assert_eq!(
        lab.number(TOLD).await,
        1,
        "another collector says nothing again"
    );
    assert_eq!(at(&lab, TimeDelta::hours(23)).await, 2);
    assert_eq!(at(&lab, TimeDelta::zero()).await, 3);
    assert!(lab.get("/").await.contains("overdue"));
    let (claim, history) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!(claim.reminded_at, history.last().map(|event| event.at));
    let due = claim.due_safe_at.unwrap().format("%Y-%m-%dT%H:%MZ");
    let said: Vec<_> = history
        .iter()
        .skip(1)
        .map(|event| event.detail.clone())
        .collect();
    assert_eq!(
        said,
        [
            format!("is due before {due}: 168 hours left"),
            format!("is due before {due}: 23 hours left"),
            format!("was due before {due}: by the strictest reading it is late"),
        ]
    );
    let metrics = lab.get("/metrics").await;
    for line in [
        "nines_claims_reminders_total{claim_item=\"claim\"} 3",
        "nines_claims_overdue{claim_item=\"claim\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn reminders_that_fell_due_while_nobody_looked_are_one() {
    let lab = january("claim_alarm_late", true).await;
    assert_eq!(at(&lab, TimeDelta::hours(2)).await, 1);
    assert_eq!(
        lab.number("SELECT count(*) FROM claim_alarm WHERE item LIKE 'CLM%'")
            .await,
        2
    );
    lab.stop().await;
}

#[tokio::test]
async fn what_was_filed_is_not_told_of() {
    let lab = january("claim_alarm_filed", true).await;
    super::step(&lab, super::file()).await.unwrap();
    assert_eq!(at(&lab, TimeDelta::zero()).await, 0);
    lab.stop().await;
}
