use crate::lab::{Lab, reclass, utc};
use crate::rebuild::tests::setup;
use crate::store::revision::{Cause, Revision};
use crate::{RebuildMode, store};
use sla::{Verdict, What};
use sqlx::{Connection as _, PgConnection};

const REVISIONS: &str = "SELECT count(*) FROM assessment WHERE revision > 0";
const MARKS: &str = "SELECT count(*) FROM assessment_dirty d WHERE EXISTS (SELECT FROM assessment a
    WHERE a.contract_id = d.contract_id AND a.window_start_at = d.window_start_at
      AND a.state = 'final')";

/// The end of January, fine, final; then what an agent had not delivered: an hour of January in
/// which the provider was down or not.
async fn final_and_late(name: &str, down_at_first: bool, down_later: bool) -> Lab {
    let (from, to) = (utc("2026-01-31T12:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start(name, from).await;
    let outage = utc("2026-01-31T14:00:00Z")..utc("2026-01-31T18:00:00Z");
    let is_down = |at| down_at_first && outage.contains(&at);
    lab.measure((from, utc("2026-01-31T23:00:00Z")), is_down)
        .await;
    lab.measure((utc("2026-01-31T23:00:00Z"), to), is_down)
        .await;
    assert_eq!(
        (lab.number(REVISIONS).await, lab.number(MARKS).await),
        (0, 0)
    );
    let late = utc("2026-01-31T08:00:00Z")..utc("2026-01-31T11:00:00Z");
    lab.deliver((late.start, late.end), |_| down_later).await;
    lab
}

async fn revisions(lab: &Lab) -> Vec<Revision> {
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let key = sqlx::query_scalar("SELECT id FROM contract LIMIT 1");
    let key: i32 = key.fetch_one(&mut conn).await.unwrap();
    store::revision::list(&mut conn, key, 10).await.unwrap()
}

fn has_verdict(revision: &Revision, expected: (Verdict, Verdict)) -> bool {
    let changes = sla::changes(&revision.replaced, &revision.assessment);
    changes.iter().any(|change| match change.what {
        What::Verdict { from, to } => (from, to) == expected,
        _ => false,
    })
}

#[tokio::test]
async fn errors_that_come_late_make_a_revision_that_names_the_old_one_and_a_violation() {
    let mut lab = final_and_late("revise_breach", false, true).await;
    assert_eq!(
        lab.collector.violations().await.unwrap(),
        Vec::<String>::new()
    );
    lab.collector.run_jobs().await.unwrap();
    let made = revisions(&lab).await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!((made[0].number, made[0].cause), (1, Some(Cause::Evidence)));
    assert!(
        has_verdict(&made[0], (Verdict::Indeterminate, Verdict::Breached)),
        "{made:?}"
    );
    let named =
        "SELECT count(*) FROM assessment n JOIN assessment o USING (contract_id, window_start_at)
                 WHERE n.revision = 1 AND o.revision = 0
                   AND n.replaces_sha256 = sha256(convert_to(o.body, 'UTF8'))";
    assert_eq!(lab.number(named).await, 1);
    assert_eq!(lab.collector.violations().await.unwrap().len(), 1);

    for path in ["/api/v1/contracts/acme-direct", "/contracts/acme-direct"] {
        let told = lab.get(path).await;
        let is_told = told.contains(r#""revision":1,"replaces":0"#)
            || told.contains("Revision 1 of January 2026 (UTC) replaces revision 0");
        assert!(is_told, "{told}");
    }

    let before = lab.fingerprint().await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.fingerprint().await, before, "done once");
    let totals = crate::rebuild(&setup(&lab, RebuildMode::Check), |_| {})
        .await
        .unwrap();
    assert_eq!(
        (totals.differing, totals.assessments_pending),
        (0, 0),
        "{totals:?}"
    );

    let more = (utc("2026-01-31T05:00:00Z"), utc("2026-01-31T06:00:00Z"));
    lab.deliver(more, |_| true).await;
    lab.collector.run_jobs().await.unwrap();
    let made: Vec<i32> = revisions(&lab).await.iter().map(|one| one.number).collect();
    assert_eq!(made, [2, 1]);
    lab.stop().await;
}

#[tokio::test]
async fn a_rebuild_knows_that_late_evidence_waits_for_its_revision() {
    let lab = final_and_late("revise_pending", false, true).await;
    let totals = crate::rebuild(&setup(&lab, RebuildMode::Check), |_| {})
        .await
        .unwrap();
    assert_eq!(
        (totals.differing, totals.assessments_pending),
        (0, 1),
        "{totals:?}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_breach_that_a_correction_takes_back_is_withdrawn_and_can_come_again() {
    let lab = final_and_late("revise_withdraw", true, false).await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.collector.violations().await.unwrap().len(), 1);
    let correct = |outcome: &str, attribution: &str| {
        let set = [
            format!("outcome = '{outcome}'"),
            format!("attribution = '{attribution}'"),
            "status = NULL::smallint".to_owned(),
        ];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let which = "slot_at >= '2026-01-31T14:00:00Z' AND slot_at < '2026-01-31T18:00:00Z'";
        let correct = reclass(&set, which);
        format!(
            "{correct};
             INSERT INTO cell_dirty SELECT id, h FROM target,
             generate_series('2026-01-31T14:00:00Z'::timestamptz, '2026-01-31T18:00:00Z', '1 hour')
             h ON CONFLICT DO NOTHING"
        )
    };
    lab.tamper(&correct("ok", "none")).await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(
        lab.collector.violations().await.unwrap(),
        Vec::<String>::new()
    );
    let withdrawn = "SELECT count(*) FROM violation WHERE withdrawn_at IS NOT NULL";
    assert_eq!(lab.number(withdrawn).await, 1);
    lab.tamper(&correct("server_error", "provider")).await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.collector.violations().await.unwrap().len(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn what_comes_late_and_changes_nothing_makes_no_revision() {
    let lab = final_and_late("revise_same", false, false).await;
    lab.collector.run_jobs().await.unwrap();
    let made = lab.number(REVISIONS).await;
    assert_eq!(made, 1, "three measured hours more");
    lab.tamper(
        "INSERT INTO cell_dirty SELECT target_id, hour_at FROM cell ON CONFLICT DO NOTHING;
         INSERT INTO assessment_dirty SELECT contract_id, window_start_at, now() FROM assessment
         ON CONFLICT DO NOTHING",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(
        (lab.number(REVISIONS).await, lab.number(MARKS).await),
        (made, 0)
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_window_that_cannot_be_judged_again_keeps_its_mark_and_is_set_aside() {
    let lab = final_and_late("revise_poison", false, true).await;
    lab.tamper("UPDATE assessment SET body = '{}' WHERE state = 'final'")
        .await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(
        (lab.number(REVISIONS).await, lab.number(MARKS).await),
        (0, 1)
    );
    let tries = "SELECT tries::bigint FROM job_poison WHERE job = 'revise'";
    assert_eq!(lab.number(tries).await, 5);
    lab.stop().await;
}
