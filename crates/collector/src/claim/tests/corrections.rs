use sla::Verdict;
use sqlx::{Connection as _, PgConnection};

use super::{ClaimError, ClaimState, Forms, Lab, NAME, file, january, letter, step, utc};
use crate::store::assessment::Stored;
use crate::{show_claim, store};

#[tokio::test]
async fn late_errors_after_filing_make_a_revision_that_names_the_old_one_and_asks_for_more() {
    let (from, to) = (utc("2026-01-31T12:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start("claim_revised", from).await;
    let outage = utc("2026-01-31T14:00:00Z")..utc("2026-01-31T18:00:00Z");
    let down = |at| outage.contains(&at);
    lab.measure((from, utc("2026-01-31T23:00:00Z")), down).await;
    lab.measure((utc("2026-01-31T23:00:00Z"), to), down).await;
    let filed = step(&lab, file()).await.unwrap();
    assert_eq!(filed.asked.unwrap().to_string(), "100.00 USD");
    let late = (utc("2026-01-31T06:00:00Z"), utc("2026-01-31T11:00:00Z"));
    lab.deliver(late, |_| true).await;
    lab.collector.run_jobs().await.unwrap();

    let (claim, history) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!((claim.revision, claim.replaces), (1, Some(0)));
    assert_eq!(claim.state, ClaimState::Filed, "it stays what it was");
    assert_eq!(claim.asked.unwrap().to_string(), "250.00 USD");
    assert!(
        claim.changes.iter().any(|change| change.contains("credit")),
        "{claim:?}"
    );
    let revised = history.last().unwrap();
    assert!(
        revised
            .detail
            .starts_with("revision 1 replaces revision 0: "),
        "{revised:?}"
    );
    let text = letter(&lab, NAME, (&Forms::default(), "azure")).await;
    let said = "This is revision 1 and replaces revision 0. What changed:\n- ";
    assert!(text.contains(said), "{text}");
    let asked = "SELECT asked_minor FROM claim_revision WHERE revision = 0";
    assert_eq!(
        lab.number(asked).await,
        10_000,
        "the old one stays as it was"
    );
    lab.stop().await;
}

/// What a correction that takes everything back leaves behind.
async fn take_back(lab: &Lab) {
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let start = utc("2026-01-01T00:00:00Z");
    let stored = store::assessment::find(&mut conn, 1, start).await.unwrap();
    let Stored {
        revision,
        state,
        mut assessment,
    } = stored.unwrap();
    assessment.credit = None;
    for part in &mut assessment.commitments {
        part.verdict = Verdict::Met;
        part.credit = None;
        part.downtime.clear();
    }
    let corrected = Stored {
        revision: revision + 1,
        state,
        assessment,
    };
    store::assessment::put(&mut conn, 1, &corrected)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_correction_that_leaves_nothing_asks_for_0_and_cannot_be_filed() {
    let lab = january("claim_void", true).await;
    take_back(&lab).await;
    lab.collector.run_jobs().await.unwrap();
    let (claim, _) = show_claim(&lab.url, NAME).await.unwrap();
    assert_eq!((claim.revision, claim.is_void()), (1, true), "{claim:?}");
    assert!(
        claim
            .changes
            .iter()
            .any(|change| change.contains("verdict")),
        "{claim:?}"
    );
    assert!(matches!(
        step(&lab, file()).await,
        Err(ClaimError::Void { .. })
    ));
    let text = letter(&lab, NAME, (&Forms::default(), "generic")).await;
    assert!(
        text.contains("nothing: a correction took it back, do not send"),
        "{text}"
    );
    let page = lab.get(&format!("/claims/{NAME}")).await;
    assert!(page.contains("Nothing is left to ask."), "{page}");
    lab.stop().await;
}
