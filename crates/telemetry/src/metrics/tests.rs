use std::time::Duration;

use super::{
    AgentMetrics, BudgetUse, ClaimItem, ClaimsWaiting, CollectorMetrics, IngestResult, JobResult,
    Lag, Metrics, OrderResult, PageResult, PreviewResult, Queue, ServedRequest, TimestampResult,
};
use crate::names::metric;

fn local() -> Metrics {
    Metrics::local("nines-test", "1.2.3").unwrap()
}

#[track_caller]
fn check_line(rendered: &str, line: &str) {
    assert!(
        rendered.lines().any(|l| l == line),
        "`{line}` is not in:\n{rendered}"
    );
}

/// One measurement on every instrument.
fn exercise(metrics: &Metrics) {
    let agent = AgentMetrics::new(metrics, "ag1");
    agent.spool_sized(4_096, 1_048_576);
    agent.slots_missed(3, "overlap");
    agent.attempt_ended("ok");
    agent.batch_sent();
    agent.preview_sent(PreviewResult::Dropped);
    agent.order_taken(OrderResult::Busy);
    agent.clock_read(-250, 1_300);
    agent.controls_answered(2, 3);
    for (cap, used) in [("usd_per_day", 7_500), ("tokens_per_month", 35)] {
        agent.budget_used(&BudgetUse {
            target: "acme",
            cap,
            used,
            limit: 1_000_000,
        });
    }
    let collector = CollectorMetrics::new(metrics);
    collector.batch_answered(IngestResult::Committed, 60);
    collector.flush_ended(Duration::from_millis(7));
    collector.job_ended("assess", JobResult::Done, Duration::from_secs(2));
    collector.batch_stored("ag1", Duration::from_millis(2_250));
    collector.lag_measured(Lag {
        newest: vec![("ag1".to_owned(), Duration::from_millis(61_500))],
        complete: Some(Duration::from_secs(30)),
        hours: Queue {
            waiting: 5,
            oldest: Duration::from_secs(90),
        },
        entries: Queue {
            waiting: 6,
            oldest: Duration::from_secs(7),
        },
    });
    collector.orders_issued(2);
    collector.log_sized(42);
    collector.log_missing(3);
    collector.day_dropped("raw", 288);
    collector.day_archived(8_640);
    collector.archive_waits(3);
    collector.deadline_told(ClaimItem::Notice);
    let waiting = ClaimsWaiting { due: 4, overdue: 1 };
    collector.claims_wait(ClaimItem::Claim, waiting);
    collector.timestamp_asked(TimestampResult::Granted);
    collector.page_read("acme", PageResult::Unavailable);
    collector.request_served(ServedRequest {
        method: "POST",
        route: Some("/api/v1/batches"),
        scheme: "http",
        status: 200,
        duration: Duration::from_millis(30),
    });
}

#[test]
fn render_shows_the_prometheus_names_of_every_instrument() {
    let metrics = local();
    exercise(&metrics);
    let rendered = metrics.render();
    for line in [
        "nines_agent_spool_usage_bytes{agent_id=\"ag1\"} 4096",
        "nines_agent_spool_limit_bytes{agent_id=\"ag1\"} 1048576",
        "nines_agent_slots_missed_total{agent_id=\"ag1\",slot_reason=\"overlap\"} 3",
        "nines_agent_attempts_total{agent_id=\"ag1\",sample_outcome=\"ok\"} 1",
        "nines_agent_batches_sent_total{agent_id=\"ag1\"} 1",
        "nines_agent_previews_total{agent_id=\"ag1\",preview_result=\"dropped\"} 1",
        "nines_agent_budget_cost{agent_id=\"ag1\",budget_cap=\"usd_per_day\",target_id=\"acme\"} 7500",
        "nines_agent_budget_tokens_limit{agent_id=\"ag1\",budget_cap=\"tokens_per_month\",target_id=\"acme\"} 1000000",
        "nines_agent_orders_total{agent_id=\"ag1\",order_result=\"busy\"} 1",
        "nines_agent_clock_offset_microseconds{agent_id=\"ag1\"} -250",
        "nines_agent_clock_error_microseconds{agent_id=\"ag1\"} 1300",
        "nines_agent_controls_ok{agent_id=\"ag1\"} 2",
        "nines_confirm_orders_total 2",
        "nines_ingest_samples_total{ingest_result=\"committed\"} 60",
        "nines_ingest_batches_total{ingest_result=\"committed\"} 1",
        "nines_ingest_delay_seconds_bucket{agent_id=\"ag1\",le=\"2.5\"} 1",
        "nines_ingest_newest_age_seconds{agent_id=\"ag1\"} 61.5",
        "nines_ingest_complete_age_seconds 30",
        "nines_cells_hours_waiting 5",
        "nines_cells_hours_waiting_age_seconds 90",
        "nines_log_entries_waiting 6",
        "nines_log_entries_waiting_age_seconds 7",
        "nines_ingest_flush_duration_seconds_bucket{le=\"0.01\"} 1",
        "nines_job_duration_seconds_sum{job_name=\"assess\",job_result=\"done\"} 2",
        "nines_log_size 42",
        "nines_log_missing 3",
        "nines_store_rows_dropped_total{store_kind=\"raw\"} 288",
        "nines_archive_batches_total 8640",
        "nines_archive_days_waiting 3",
        "nines_claims_reminders_total{claim_item=\"notice\"} 1",
        "nines_claims_due{claim_item=\"claim\"} 4",
        "nines_claims_overdue{claim_item=\"claim\"} 1",
        "nines_timestamp_tokens_total{timestamp_result=\"granted\"} 1",
        "nines_published_looks_total{published_result=\"unavailable\",published_source=\"acme\"} 1",
        "# TYPE http_server_request_duration_seconds histogram",
    ] {
        check_line(&rendered, line);
    }
}

#[test]
fn every_metric_name_has_an_instrument() {
    let metrics = local();
    exercise(&metrics);
    let rendered = metrics.render();
    for name in metric::ALL {
        let prometheus = name.replace('.', "_");
        assert!(
            rendered.contains(&format!("# TYPE {prometheus}")),
            "{name} is not in:\n{rendered}"
        );
    }
}

#[test]
fn render_names_the_service_once() {
    let metrics = local();
    AgentMetrics::new(&metrics, "ag1").batch_sent();
    let rendered = metrics.render();
    let target = rendered
        .lines()
        .find(|line| line.starts_with("target_info{"))
        .unwrap();
    assert!(target.contains("service_name=\"nines-test\""), "{target}");
    assert!(target.contains("service_version=\"1.2.3\""), "{target}");
    assert!(!rendered.contains("otel_scope"), "{rendered}");
}

#[test]
fn agents_that_share_a_process_have_series_of_their_own() {
    let metrics = local();
    AgentMetrics::new(&metrics, "ag1").spool_sized(1, 10);
    AgentMetrics::new(&metrics, "ag2").spool_sized(2, 10);
    let rendered = metrics.render();
    check_line(
        &rendered,
        "nines_agent_spool_usage_bytes{agent_id=\"ag1\"} 1",
    );
    check_line(
        &rendered,
        "nines_agent_spool_usage_bytes{agent_id=\"ag2\"} 2",
    );
}

#[test]
fn an_agent_that_is_gone_has_no_age_any_more_and_before_a_measurement_nothing_has() {
    let metrics = local();
    let collector = CollectorMetrics::new(&metrics);
    assert!(!metrics.render().contains("_age_"));
    let lag = |agents: &[&str]| Lag {
        newest: agents
            .iter()
            .map(|agent| ((*agent).to_owned(), Duration::from_secs(1)))
            .collect(),
        ..Lag::default()
    };
    collector.lag_measured(lag(&["ag1", "ag2"]));
    assert!(metrics.render().contains("agent_id=\"ag1\""));
    collector.lag_measured(lag(&["ag2"]));
    let rendered = metrics.render();
    assert!(!rendered.contains("agent_id=\"ag1\""), "{rendered}");
    assert!(!rendered.contains("complete_age"), "{rendered}");
    check_line(&rendered, "nines_log_entries_waiting 0");
}

#[test]
fn a_method_or_path_that_a_caller_invents_makes_no_series_of_its_own() {
    let metrics = local();
    let collector = CollectorMetrics::new(&metrics);
    for method in ["BREW", "WHEN"] {
        collector.request_served(ServedRequest {
            method,
            route: None,
            scheme: "http",
            status: 404,
            duration: Duration::from_millis(1),
        });
    }
    check_line(
        &metrics.render(),
        "http_server_request_duration_seconds_count{http_request_method=\"_OTHER\",\
         http_response_status_code=\"404\",url_scheme=\"http\"} 2",
    );
}

#[test]
fn a_server_error_carries_its_status_as_error_type() {
    let metrics = local();
    CollectorMetrics::new(&metrics).request_served(ServedRequest {
        method: "GET",
        route: Some("/api/v1/agents"),
        scheme: "http",
        status: 503,
        duration: Duration::from_millis(1),
    });
    assert!(metrics.render().contains("error_type=\"503\""));
}

#[test]
fn render_after_shutdown_is_empty_and_does_not_fail() {
    let metrics = local();
    exercise(&metrics);
    metrics.shutdown().unwrap();
    assert_eq!(metrics.render(), "");
}
