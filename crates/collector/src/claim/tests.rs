mod alarms;
mod corrections;
mod early;
mod hostile;
mod letters;
mod notices;
mod windows;

use super::{ClaimError, ClaimState, ClaimStep, Enclosed, Forms};
use crate::lab::{Lab, utc};
use crate::{claim_letter, claim_totals, list_claims, show_claim, step_claim};

const NAME: &str = "CLM-2026-01-acme-direct-1";
const COUNT: &str = "SELECT count(*) FROM claim";

/// The end of January with or without an outage of twelve hours, final.
async fn january(name: &str, is_down: bool) -> Lab {
    let (from, to) = (utc("2026-01-31T06:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start(name, from).await;
    let outage = utc("2026-01-31T07:00:00Z")..utc("2026-01-31T19:00:00Z");
    let down = |at| is_down && outage.contains(&at);
    lab.measure((from, utc("2026-01-31T23:00:00Z")), down).await;
    assert_eq!(lab.number(COUNT).await, 0, "not final yet");
    lab.measure((utc("2026-01-31T23:00:00Z"), to), down).await;
    lab
}

async fn step(lab: &Lab, step: ClaimStep) -> Result<super::Claim, ClaimError> {
    step_claim(&lab.url, NAME, (&step, "ann"), &lab.clock).await
}

/// A letter without what is enclosed.
async fn letter(lab: &Lab, name: &str, of: (&Forms, &str)) -> String {
    let nothing = None::<Enclosed<'_, Vec<u8>>>;
    claim_letter(&lab.url, name, of, nothing).await.unwrap()
}

fn file() -> ClaimStep {
    ClaimStep::File {
        reference: "CASE-7".to_owned(),
    }
}

#[tokio::test]
async fn an_outage_becomes_one_claim_that_is_filed_and_paid() {
    let lab = january("claim_paid", true).await;
    lab.collector.run_jobs().await.unwrap();
    let claims = list_claims(&lab.url).await.unwrap();
    assert_eq!(claims.len(), 1, "{claims:?}");
    let claim = &claims[0];
    assert_eq!(
        (claim.name.as_str(), claim.state),
        (NAME, ClaimState::Drafted)
    );
    assert_eq!(claim.asked.unwrap().to_string(), "250.00 USD");
    assert_eq!(claim.violations, ["acme-direct.uptime.20260101"]);

    let refused = step(&lab, ClaimStep::Acknowledge).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("claim `{NAME}` is drafted: it cannot become acknowledged, only filed")
    );
    step(&lab, file()).await.unwrap();
    step(&lab, ClaimStep::Acknowledge).await.unwrap();
    for amount in ["200.00", "50"] {
        let amount = amount.to_owned();
        step(&lab, ClaimStep::Pay { amount }).await.unwrap();
    }
    let reason = "late".to_owned();
    assert!(step(&lab, ClaimStep::Deny { reason }).await.is_err());
    let (claim, history) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!(claim.paid.to_string(), "250.00 USD");
    let happened: Vec<_> = history.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        happened,
        ["drafted", "filed", "acknowledged", "paid", "paid"]
    );
    let total = claim_totals(&[claim])[0];
    assert_eq!((total.paid_minor, total.filed_minor), (25_000, 0));
    lab.stop().await;
}

#[tokio::test]
async fn a_letter_in_every_form_has_the_downtime_and_nothing_of_requests() {
    let lab = january("claim_letter", true).await;
    lab.tamper("UPDATE sample_class SET served_model = 'CANARY', features = 'CANARY'")
        .await;
    for form in ["aws", "azure", "generic", "google"] {
        let forms = Forms::default();
        let letter = letter(&lab, NAME, (&forms, form)).await;
        for part in [
            "2026-01-31 07:00 UTC  2026-01-31 ",
            "  2026-01-31 19:00 UTC  ",
            "250.00 USD",
            NAME,
            "acme-direct.uptime.20260101.evidence.zip",
        ] {
            assert!(letter.contains(part), "{form} lacks {part}:\n{letter}");
        }
        assert!(
            !letter.contains("CANARY") && !letter.contains("{{"),
            "{letter}"
        );
        let path = format!("/api/v1/claims/{NAME}/letter?form={form}");
        assert!(lab.get(&path).await.ends_with(&letter), "{form}");
    }
    let aws = format!("/api/v1/claims/{NAME}/letter?form=aws");
    assert!(lab.get(&aws).await.contains("Subject: SLA Credit Request"));
    let fax = format!("/api/v1/claims/{NAME}/letter?form=fax");
    assert!(lab.get(&fax).await.contains("there is no form `fax`"));
    for path in [
        "/",
        "/violations/acme-direct.uptime.20260101",
        "/api/v1/claims",
    ] {
        assert!(lab.get(path).await.contains(NAME), "{path}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn what_is_met_or_indicative_is_never_claimed_and_a_violation_stands_in_one_claim() {
    let lab = january("claim_none", false).await;
    assert_eq!(lab.number(COUNT).await, 0);
    lab.stop().await;
    let lab = january("claim_once", true).await;
    lab.tamper("DELETE FROM claim_look").await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.number(COUNT).await, 1);
    assert_eq!(lab.number("SELECT count(*) FROM claim_violation").await, 1);
    let held = "SELECT count(*) FROM claim_revision WHERE replaces = revision - 1";
    assert_eq!(
        lab.number(held).await,
        1,
        "looked at again: a revision, no claim"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_claim_that_nobody_files_expires_and_one_that_was_filed_does_not() {
    for (name, is_filed) in [("claim_lapse", false), ("claim_kept", true)] {
        let lab = january(name, true).await;
        if is_filed {
            step(&lab, file()).await.unwrap();
        }
        lab.clock.set(utc("2026-06-01T00:00:00Z").into());
        lab.collector.run_jobs().await.unwrap();
        let (claim, _) = show_claim(&lab.url, NAME).await.unwrap();
        assert_eq!(claim.state == ClaimState::Expired, !is_filed, "{claim:?}");
        lab.stop().await;
    }
}
