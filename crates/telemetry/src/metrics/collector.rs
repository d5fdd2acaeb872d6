//! Instruments of a collector.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use super::Metrics;
use super::lag::{Lag, LagGauges};
use super::page::PageResult;
use crate::names::{attribute, metric};

/// Bucket bounds of HTTP durations, in seconds: those that the HTTP conventions ask for.
const HTTP_SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Bucket bounds of a flush, in seconds: a ledger transaction takes about 1 ms for a hundred rows
/// and 60 ms for ten thousand; above a second the database is in trouble.
const FLUSH_SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Bucket bounds of the way from an observation to the store, in seconds: a seal interval, an
/// outage of the network, a spool of days.
const DELAY_SECONDS: &[f64] = &[
    0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 86_400.0,
];

/// Bucket bounds of a job, in seconds: from a look that finds nothing to a rebuild.
const JOB_SECONDS: &[f64] = &[0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// Methods that keep their name in metrics; any other is `_OTHER`, because a caller chooses it.
const METHODS_KNOWN: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What became of a batch at the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestResult {
    /// Stored, and a receipt given.
    Committed,
    /// Stored before with the same bytes: the same receipt again.
    Duplicate,
    /// The same sequence number with other bytes: kept as evidence, an alarm.
    Conflict,
    /// Not admitted: malformed, badly signed, not enrolled.
    Refused,
}

impl IngestResult {
    /// The value of `ingest.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }
}

/// How one run of a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobResult {
    /// To its end, also when there was nothing to do.
    Done,
    /// With an error; it runs again at its next turn.
    Failed,
}

impl JobResult {
    /// The value of `job.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// What has a deadline at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimItem {
    /// A claim.
    Claim,
    /// A notice of an incident.
    Notice,
}

impl ClaimItem {
    /// The value of `claim.item`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Notice => "notice",
        }
    }
}

/// What came of asking an authority for a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampResult {
    /// A token that could be kept.
    Granted,
    /// No answer, or none to be read.
    Unreachable,
    /// An answer that is no token, a wrong one, or a refusal.
    Refused,
}

impl TimestampResult {
    /// The value of `timestamp.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
        }
    }
}

/// How many claims or notices wait to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimsWaiting {
    /// Due within the longest lead time.
    pub due: u64,
    /// Past their strictest deadline.
    pub overdue: u64,
}

/// One answered HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct ServedRequest<'a> {
    /// The method as received.
    pub method: &'a str,
    /// The template of the route that matched; absent when none did.
    pub route: Option<&'a str>,
    /// `http` or `https`, as the listener speaks it.
    pub scheme: &'static str,
    /// The status answered.
    pub status: u16,
    /// From the request's head to the end of the response.
    pub duration: Duration,
}

/// What a collector says about itself.
#[derive(Clone, Debug)]
pub struct CollectorMetrics {
    samples: Counter<u64>,
    batches: Counter<u64>,
    delay: Histogram<f64>,
    lag: LagGauges,
    flush_duration: Histogram<f64>,
    job_duration: Histogram<f64>,
    orders: Counter<u64>,
    log_size: Gauge<u64>,
    log_missing: Gauge<u64>,
    rows_dropped: Counter<u64>,
    archive_batches: Counter<u64>,
    archive_days_waiting: Gauge<u64>,
    deadlines: Deadlines,
    timestamps: Counter<u64>,
    pages: Counter<u64>,
    request_duration: Histogram<f64>,
}

/// Of claims and notices.
#[derive(Clone, Debug)]
struct Deadlines {
    reminders: Counter<u64>,
    due: Gauge<u64>,
    overdue: Gauge<u64>,
}

impl Deadlines {
    fn new(meter: &Meter) -> Self {
        Self {
            reminders: meter
                .u64_counter(metric::CLAIMS_REMINDERS)
                .with_unit("{reminder}")
                .with_description("Reminders of deadlines of claims and notices.")
                .build(),
            due: meter
                .u64_gauge(metric::CLAIMS_DUE)
                .with_unit("{claim}")
                .with_description("Claims and notices that wait and are due soon.")
                .build(),
            overdue: meter
                .u64_gauge(metric::CLAIMS_OVERDUE)
                .with_unit("{claim}")
                .with_description("Claims and notices that wait past their strictest deadline.")
                .build(),
        }
    }
}

impl CollectorMetrics {
    /// The instruments of one collector.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        let meter = metrics.meter();
        Self {
            samples: meter
                .u64_counter(metric::INGEST_SAMPLES)
                .with_unit("{sample}")
                .with_description("Samples that arrived, by what became of their batch.")
                .build(),
            batches: meter
                .u64_counter(metric::INGEST_BATCHES)
                .with_unit("{batch}")
                .with_description("Batches that arrived, by what became of them.")
                .build(),
            delay: seconds(&meter, metric::INGEST_DELAY, DELAY_SECONDS)
                .with_description("From the end of what a batch covers to its being stored.")
                .build(),
            lag: LagGauges::new(&meter),
            flush_duration: seconds(&meter, metric::INGEST_FLUSH_DURATION, FLUSH_SECONDS)
                .with_description("Time of one flush transaction.")
                .build(),
            job_duration: seconds(&meter, metric::JOB_DURATION, JOB_SECONDS)
                .with_description("Time of one run of a periodic job.")
                .build(),
            orders: meter
                .u64_counter(metric::CONFIRM_ORDERS)
                .with_unit("{order}")
                .with_description("Orders to confirm a failure that were made.")
                .build(),
            log_size: meter
                .u64_gauge(metric::LOG_SIZE)
                .with_unit("{entry}")
                .with_description("Entries in the append-only log.")
                .build(),
            log_missing: meter
                .u64_gauge(metric::LOG_MISSING)
                .with_unit("{entry}")
                .with_description("Entries that were signed and that the restored log lacks.")
                .build(),
            rows_dropped: meter
                .u64_counter(metric::STORE_ROWS_DROPPED)
                .with_unit("{row}")
                .with_description("Rows that were dropped because their time was up.")
                .build(),
            archive_batches: meter
                .u64_counter(metric::ARCHIVE_BATCHES)
                .with_unit("{batch}")
                .with_description("Batches that were archived.")
                .build(),
            archive_days_waiting: meter
                .u64_gauge(metric::ARCHIVE_DAYS_WAITING)
                .with_unit("{day}")
                .with_description("Closed days that are not archived yet.")
                .build(),
            deadlines: Deadlines::new(&meter),
            timestamps: meter
                .u64_counter(metric::TIMESTAMP_TOKENS)
                .with_unit("{token}")
                .with_description("Timestamps that were asked for, by what came of it.")
                .build(),
            pages: meter
                .u64_counter(metric::PUBLISHED_LOOKS)
                .with_unit("{look}")
                .with_description("Looks at providers' status pages, by what came of it.")
                .build(),
            request_duration: seconds(&meter, metric::HTTP_SERVER_REQUEST_DURATION, HTTP_SECONDS)
                .with_description("Duration of HTTP server requests.")
                .build(),
        }
    }

    /// A batch of `samples` samples was answered; 0 where it could not be read.
    pub fn batch_answered(&self, result: IngestResult, samples: u64) {
        let attributes = [KeyValue::new(attribute::INGEST_RESULT, result.as_str())];
        self.batches.add(1, &attributes);
        self.samples.add(samples, &attributes);
    }

    /// A batch of `agent` was stored so long after the end of what it covers.
    pub fn batch_stored(&self, agent: &str, delay: Duration) {
        let attributes = [KeyValue::new(attribute::AGENT_ID, agent.to_owned())];
        self.delay.record(delay.as_secs_f64(), &attributes);
    }

    /// The collector is so far behind.
    pub fn lag_measured(&self, lag: Lag) {
        self.lag.put(lag);
    }

    /// One flush transaction ended.
    pub fn flush_ended(&self, took: Duration) {
        self.flush_duration.record(took.as_secs_f64(), &[]);
    }

    /// One run of the job named `job` ended.
    pub fn job_ended(&self, job: &'static str, result: JobResult, took: Duration) {
        let attributes = [
            KeyValue::new(attribute::JOB_NAME, job),
            KeyValue::new(attribute::JOB_RESULT, result.as_str()),
        ];
        self.job_duration.record(took.as_secs_f64(), &attributes);
    }

    /// So many orders to confirm a failure were made.
    pub fn orders_issued(&self, orders: u64) {
        self.orders.add(orders, &[]);
    }

    /// The log holds `entries` entries.
    pub fn log_sized(&self, entries: u64) {
        self.log_size.record(entries, &[]);
    }

    /// The log lacks `entries` entries that were signed; it heals, or somebody has to look.
    pub fn log_missing(&self, entries: u64) {
        self.log_missing.record(entries, &[]);
    }

    /// A day of `kind` was dropped with its rows.
    pub fn day_dropped(&self, kind: &'static str, rows: u64) {
        let attributes = [KeyValue::new(attribute::STORE_KIND, kind)];
        self.rows_dropped.add(rows, &attributes);
    }

    /// A day was archived with its batches.
    pub fn day_archived(&self, batches: u64) {
        self.archive_batches.add(batches, &[]);
    }

    /// So many closed days are not archived yet.
    pub fn archive_waits(&self, days: u64) {
        self.archive_days_waiting.record(days, &[]);
    }

    /// People were told of a deadline.
    pub fn deadline_told(&self, item: ClaimItem) {
        let attributes = [KeyValue::new(attribute::CLAIM_ITEM, item.as_str())];
        self.deadlines.reminders.add(1, &attributes);
    }

    /// So many claims or notices wait to be sent.
    pub fn claims_wait(&self, item: ClaimItem, waiting: ClaimsWaiting) {
        let attributes = [KeyValue::new(attribute::CLAIM_ITEM, item.as_str())];
        self.deadlines.due.record(waiting.due, &attributes);
        self.deadlines.overdue.record(waiting.overdue, &attributes);
    }

    /// An authority was asked for a timestamp.
    pub fn timestamp_asked(&self, result: TimestampResult) {
        let attributes = [KeyValue::new(attribute::TIMESTAMP_RESULT, result.as_str())];
        self.timestamps.add(1, &attributes);
    }

    /// A status page was read, or could not be.
    pub fn page_read(&self, source: &str, result: PageResult) {
        let attributes = [
            KeyValue::new(attribute::PUBLISHED_SOURCE, source.to_owned()),
            KeyValue::new(attribute::PUBLISHED_RESULT, result.as_str()),
        ];
        self.pages.add(1, &attributes);
    }

    /// One request was answered.
    pub fn request_served(&self, request: ServedRequest<'_>) {
        let known = METHODS_KNOWN.iter().find(|known| **known == request.method);
        let status = i64::from(request.status);
        let mut attributes = vec![
            KeyValue::new(attribute::HTTP_REQUEST_METHOD, *known.unwrap_or(&"_OTHER")),
            KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, status),
            KeyValue::new(attribute::URL_SCHEME, request.scheme),
        ];
        if let Some(route) = request.route {
            attributes.push(KeyValue::new(attribute::HTTP_ROUTE, route.to_owned()));
        }
        if request.status >= 500 {
            attributes.push(KeyValue::new(
                attribute::ERROR_TYPE,
                request.status.to_string(),
            ));
        }
        self.request_duration
            .record(request.duration.as_secs_f64(), &attributes);
    }
}

fn seconds<'a>(
    meter: &'a Meter,
    name: &'static str,
    bounds: &[f64],
) -> opentelemetry::metrics::HistogramBuilder<'a, Histogram<f64>> {
    meter
        .f64_histogram(name)
        .with_unit("s")
        .with_boundaries(bounds.to_vec())
}
