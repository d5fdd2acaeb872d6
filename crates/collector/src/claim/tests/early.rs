use super::{ClaimState, ClaimStep, Forms, Lab, NAME, letter, utc};
use crate::lab::CONTRACT;
use crate::{show_claim, step_claim};

/// The contract with a claim that is due two days after the incident.
fn hasty() -> String {
    let claim = "{ anchor = \"eligibility\", days = 30, purpose = \"claim\" }";
    let hasty = "{ anchor = \"incident\", hours = 48, purpose = \"claim\" }";
    assert!(CONTRACT.contains(claim));
    CONTRACT.replace(claim, hasty)
}

#[tokio::test]
async fn a_claim_that_falls_due_before_the_window_ends_is_drafted_early_and_followed() {
    let at = |day: &str| utc(&format!("2026-01-{day}:00:00Z"));
    let mut lab = Lab::start_judged("claim_early", at("10T00"), hasty()).await;
    let first = at("10T02")..at("10T04");
    lab.measure((at("10T00"), at("10T06")), |now| first.contains(&now))
        .await;
    lab.collector.run_jobs().await.unwrap();
    let (claim, _) = show_claim(&lab.url, NAME).await.unwrap();
    assert!(claim.early && claim.revision == 0, "{claim:?}");
    assert_eq!(claim.due_safe_at, Some(at("12T02")));
    assert_eq!(claim.asked.unwrap().to_string(), "100.00 USD");
    let text = letter(&lab, NAME, (&Forms::default(), "generic")).await;
    assert!(text.contains("The window is not over"), "{text}");

    let second = at("10T08")..at("10T14");
    lab.measure((at("10T06"), at("10T16")), |now| second.contains(&now))
        .await;
    lab.collector.run_jobs().await.unwrap();
    let (claim, _) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!((claim.revision, claim.replaces), (1, Some(0)), "{claim:?}");
    assert_eq!(claim.asked.unwrap().to_string(), "250.00 USD");
    let reference = "CASE-1".to_owned();
    let step = ClaimStep::File { reference };
    step_claim(&lab.url, NAME, (&step, "ann"), &lab.clock)
        .await
        .unwrap();

    lab.clock.set(utc("2026-02-01T02:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    lab.collector.run_jobs().await.unwrap();
    let (claim, history) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!((claim.revision, claim.early), (2, false), "{claim:?}");
    assert_eq!(claim.state, ClaimState::Filed);
    assert_eq!(
        claim.changes[0],
        "the window is over and its assessment is final"
    );
    assert_eq!(claim.asked.unwrap().to_string(), "250.00 USD");
    let what: Vec<_> = history.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(what, ["drafted", "reminded", "revised", "filed", "revised"]);
    assert_eq!(lab.number(super::COUNT).await, 1);
    lab.stop().await;
}

#[tokio::test]
async fn a_claim_that_can_wait_is_not_drafted_early() {
    let lab = super::january("claim_waits", true).await;
    let early = "SELECT count(*) FROM claim_revision WHERE early_body IS NOT NULL";
    assert_eq!(lab.number(early).await, 0);
    lab.stop().await;
}
