use crate::lab::{Lab, reclass, utc};

#[track_caller]
fn check(metrics: &str, line: &str) {
    assert!(
        metrics.lines().any(|one| one == line),
        "`{line}` is not in:\n{metrics}"
    );
}

async fn metrics(lab: &Lab) -> String {
    lab.collector.run_lag().await.unwrap();
    lab.get("/metrics").await
}

#[tokio::test]
async fn what_waits_and_what_is_newest_is_told_with_its_age() {
    let from = utc("2026-02-25T08:00:00Z");
    let mut lab = Lab::start("lag", from).await;
    let bare = metrics(&lab).await;
    check(&bare, "nines_cells_hours_waiting 0");
    check(&bare, "nines_log_entries_waiting 0");
    assert!(!bare.contains("nines_ingest_newest_age"), "{bare}");
    assert!(!bare.contains("nines_ingest_complete_age"), "{bare}");

    let bodies = [from, utc("2026-02-25T08:30:00Z")].map(|at| lab.seal_quietly(at));
    lab.clock.set(utc("2026-02-25T09:00:10Z").into());
    for body in bodies {
        lab.collector.ingest(body).await.unwrap();
    }
    lab.clock.set(utc("2026-02-25T09:03:40Z").into());
    let behind = metrics(&lab).await;
    for line in [
        // The newest sample is that of 08:59; the batch ends at 09:00.
        "nines_ingest_newest_age_seconds{agent_id=\"a\"} 279.999993",
        "nines_ingest_complete_age_seconds 220",
        "nines_cells_hours_waiting 1",
        "nines_cells_hours_waiting_age_seconds 220",
        "nines_log_entries_waiting 2",
        "nines_log_entries_waiting_age_seconds 210",
        "nines_ingest_delay_seconds_count{agent_id=\"a\"} 2",
        "nines_ingest_delay_seconds_sum{agent_id=\"a\"} 1820",
    ] {
        check(&behind, line);
    }
    let page = lab.get("/?fragment=1").await;
    let page = page.replace("</span>", "");
    assert!(
        page.contains("newest sample <span title=\"2026-02-25T08:59:00"),
        "{page}"
    );

    lab.collector.run_sequencer().await.unwrap();
    lab.collector.run_jobs().await.unwrap();
    let done = metrics(&lab).await;
    for line in [
        "nines_cells_hours_waiting 0",
        "nines_cells_hours_waiting_age_seconds 0",
        "nines_log_entries_waiting 0",
        "nines_log_entries_waiting_age_seconds 0",
    ] {
        check(&done, line);
    }
    lab.stop().await;
}

#[tokio::test]
async fn an_agent_that_was_revoked_has_no_age_and_silence_is_not_freshness() {
    let from = utc("2026-02-25T08:00:00Z");
    let mut lab = Lab::start("lag_gone", from).await;
    lab.measure((from, utc("2026-02-25T08:30:00Z")), |_| false)
        .await;
    let told = metrics(&lab).await;
    assert!(told.contains("nines_ingest_newest_age_seconds{"), "{told}");
    check(&told, "nines_ingest_complete_age_seconds 0");
    lab.clock.set(utc("2026-02-25T08:46:00Z").into());
    let silent = metrics(&lab).await;
    assert!(
        silent.contains("nines_ingest_newest_age_seconds{"),
        "{silent}"
    );
    assert!(!silent.contains("nines_ingest_complete_age"), "{silent}");
    lab.tamper("UPDATE agent SET revoked_at = '2026-02-25T08:40:00Z'")
        .await;
    let gone = metrics(&lab).await;
    assert!(!gone.contains("nines_ingest_newest_age"), "{gone}");
    lab.stop().await;
}

#[tokio::test]
async fn an_hour_that_is_set_aside_does_not_wait() {
    let from = utc("2026-02-25T08:00:00Z");
    let mut lab = Lab::start("lag_aside", from).await;
    lab.measure((from, utc("2026-02-25T10:00:00Z")), |_| false)
        .await;
    lab.tamper(&reclass(
        &["outcome = 'nonsense'"],
        "slot_at = '2026-02-25T08:10:00Z'",
    ))
    .await;
    lab.tamper(
        "INSERT INTO cell_dirty SELECT id, '2026-02-25T08:00:00Z' FROM target
         ON CONFLICT DO NOTHING",
    )
    .await;
    check(&metrics(&lab).await, "nines_cells_hours_waiting 1");
    lab.collector.run_jobs().await.unwrap();
    check(&metrics(&lab).await, "nines_cells_hours_waiting 0");
    lab.stop().await;
}
