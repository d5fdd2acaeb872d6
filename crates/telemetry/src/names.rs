//! Every span, metric and attribute name, spelled once.
//!
//! Invariants: span names read `area.noun.verb`; metric names carry the `nines.` prefix unless a
//! semantic convention fixes them, and never end in a unit or `_total` (exporters add both);
//! attribute names are dotted by entity with the unit last, and every attribute of a *metric* has
//! a bounded set of values. None of these names reaches the database or the wire format: the
//! `GenAI` conventions are still in development and may be renamed.
//!
//! Use in macros: `info_span!(names::span::PROBE_ATTEMPT)`,
//! `info!({ names::attribute::AGENT_ID } = %id, "..")`; `#[instrument(name = ..)]` takes an imported
//! constant only.
//!
//! Non-goals: values. The words that an attribute may hold belong to the enumeration they come from.

/// The semantic conventions that the standard names below are taken from.
///
/// 1.37.0 is the first release with `gen_ai.provider.name`; 1.42.0 moved the `GenAI` names to a
/// repository of their own, which has no stable schema yet.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// The instrumentation scope of everything that Nines emits.
pub const SCOPE: &str = "nines";

/// Span names.
pub mod span {
    /// One attempt of a probe; exported under its `GenAI` name, see [`super::attribute::OTEL_NAME`].
    pub const PROBE_ATTEMPT: &str = "probe.attempt";
    /// The agent closes a batch and signs it.
    pub const AGENT_BATCH_SEAL: &str = "agent.batch.seal";
    /// The agent posts a sealed batch and waits for the receipt.
    pub const AGENT_BATCH_SEND: &str = "agent.batch.send";
    /// The collector answers one `POST` of a batch.
    pub const HTTP_BATCHES_CREATE: &str = "http.batches.create";
    /// One transaction of the ingest queue.
    pub const INGEST_BATCH_FLUSH: &str = "ingest.batch.flush";
    /// The sample rows of one flush are copied into the database.
    pub const DB_SAMPLE_INSERT_BATCH: &str = "db.sample.insert_batch";
    /// One run of the job that recomputes assessments.
    pub const JOB_ASSESS_RUN: &str = "job.assess.run";

    /// Every span name.
    pub const ALL: &[&str] = &[
        PROBE_ATTEMPT,
        AGENT_BATCH_SEAL,
        AGENT_BATCH_SEND,
        HTTP_BATCHES_CREATE,
        INGEST_BATCH_FLUSH,
        DB_SAMPLE_INSERT_BATCH,
        JOB_ASSESS_RUN,
    ];
}

/// Metric names; the unit and the attributes of each stand with its instrument in
/// [`AgentMetrics`](crate::metrics::AgentMetrics) and
/// [`CollectorMetrics`](crate::metrics::CollectorMetrics).
pub mod metric {
    /// Bytes in the agent's spool that wait for a receipt.
    pub const AGENT_SPOOL_USAGE: &str = "nines.agent.spool.usage";
    /// Bytes that the spool may hold.
    pub const AGENT_SPOOL_LIMIT: &str = "nines.agent.spool.limit";
    /// Planned slots that were not run.
    pub const AGENT_SLOTS_MISSED: &str = "nines.agent.slots.missed";
    /// Attempts that ended.
    pub const AGENT_ATTEMPTS: &str = "nines.agent.attempts";
    /// Batches for which the collector gave a receipt.
    pub const AGENT_BATCHES_SENT: &str = "nines.agent.batches.sent";
    /// Previews between batches, as the collector took them.
    pub const AGENT_PREVIEWS: &str = "nines.agent.previews";
    /// Orders to confirm a failure, as an agent took them.
    pub const AGENT_ORDERS: &str = "nines.agent.orders";
    /// Money spent of a budget.
    pub const AGENT_BUDGET_COST: &str = "nines.agent.budget.cost";
    /// Money that a budget allows.
    pub const AGENT_BUDGET_COST_LIMIT: &str = "nines.agent.budget.cost.limit";
    /// Tokens used of a budget.
    pub const AGENT_BUDGET_TOKENS: &str = "nines.agent.budget.tokens";
    /// Tokens that a budget allows.
    pub const AGENT_BUDGET_TOKENS_LIMIT: &str = "nines.agent.budget.tokens.limit";
    /// By how much the agent's clock is off.
    pub const AGENT_CLOCK_OFFSET: &str = "nines.agent.clock.offset";
    /// By how much it may be off at most.
    pub const AGENT_CLOCK_ERROR: &str = "nines.agent.clock.error";
    /// Controls of the agent's own network that were asked.
    pub const AGENT_CONTROLS: &str = "nines.agent.controls";
    /// Controls that answered.
    pub const AGENT_CONTROLS_OK: &str = "nines.agent.controls.ok";
    /// Those whose series tell an agent and at most one word of a fixed list.
    pub(crate) const OF_AGENTS_ALONE: [&str; 11] = [
        AGENT_SPOOL_USAGE,
        AGENT_SPOOL_LIMIT,
        AGENT_SLOTS_MISSED,
        AGENT_ATTEMPTS,
        AGENT_BATCHES_SENT,
        AGENT_PREVIEWS,
        AGENT_ORDERS,
        AGENT_CLOCK_OFFSET,
        AGENT_CLOCK_ERROR,
        AGENT_CONTROLS,
        AGENT_CONTROLS_OK,
    ];
    /// Samples that arrived at the collector.
    pub const INGEST_SAMPLES: &str = "nines.ingest.samples";
    /// Batches that arrived at the collector.
    pub const INGEST_BATCHES: &str = "nines.ingest.batches";
    /// From the end of what a batch covers, by the agent's clock, to its being stored.
    pub const INGEST_DELAY: &str = "nines.ingest.delay";
    /// Age of the newest sample that an agent has delivered.
    pub const INGEST_NEWEST_AGE: &str = "nines.ingest.newest.age";
    /// Age of the last moment that every live agent has delivered: how fresh the open hour is.
    pub const INGEST_COMPLETE_AGE: &str = "nines.ingest.complete.age";
    /// Closed hours of targets that are to be counted.
    pub const CELLS_HOURS_WAITING: &str = "nines.cells.hours.waiting";
    /// How long ago the oldest of them closed.
    pub const CELLS_HOURS_WAITING_AGE: &str = "nines.cells.hours.waiting.age";
    /// Time of one flush transaction.
    pub const INGEST_FLUSH_DURATION: &str = "nines.ingest.flush.duration";
    /// Time of one run of a periodic job.
    pub const JOB_DURATION: &str = "nines.job.duration";
    /// Orders to confirm a failure that the collector made.
    pub const CONFIRM_ORDERS: &str = "nines.confirm.orders";
    /// Entries in the append-only log.
    pub const LOG_SIZE: &str = "nines.log.size";
    /// Stored batches and records that have no place in the log yet.
    pub const LOG_ENTRIES_WAITING: &str = "nines.log.entries.waiting";
    /// How long the oldest of them has waited.
    pub const LOG_ENTRIES_WAITING_AGE: &str = "nines.log.entries.waiting.age";
    /// Entries that were signed and are not in the log of a restored database.
    pub const LOG_MISSING: &str = "nines.log.missing";
    /// Rows that retention dropped, a day at a time.
    pub const STORE_ROWS_DROPPED: &str = "nines.store.rows.dropped";
    /// Batches that were archived.
    pub const ARCHIVE_BATCHES: &str = "nines.archive.batches";
    /// Closed days that are not archived yet.
    pub const ARCHIVE_DAYS_WAITING: &str = "nines.archive.days.waiting";
    /// Reminders of deadlines of claims and notices that were given.
    pub const CLAIMS_REMINDERS: &str = "nines.claims.reminders";
    /// Claims and notices that wait to be sent and are due within the longest lead time.
    pub const CLAIMS_DUE: &str = "nines.claims.due";
    /// Claims and notices that wait to be sent after their strictest deadline.
    pub const CLAIMS_OVERDUE: &str = "nines.claims.overdue";
    /// Answers of timestamping authorities.
    pub const TIMESTAMP_TOKENS: &str = "nines.timestamp.tokens";
    /// Looks at providers' status pages.
    pub const PUBLISHED_LOOKS: &str = "nines.published.looks";
    /// Time from request to end of response, as the HTTP conventions define it.
    pub const HTTP_SERVER_REQUEST_DURATION: &str = "http.server.request.duration";

    /// Every metric name.
    pub const ALL: &[&str] = &[
        AGENT_SPOOL_USAGE,
        AGENT_SPOOL_LIMIT,
        AGENT_SLOTS_MISSED,
        AGENT_ATTEMPTS,
        AGENT_BATCHES_SENT,
        AGENT_PREVIEWS,
        AGENT_ORDERS,
        AGENT_BUDGET_COST,
        AGENT_BUDGET_COST_LIMIT,
        AGENT_BUDGET_TOKENS,
        AGENT_BUDGET_TOKENS_LIMIT,
        AGENT_CLOCK_OFFSET,
        AGENT_CLOCK_ERROR,
        AGENT_CONTROLS,
        AGENT_CONTROLS_OK,
        INGEST_SAMPLES,
        INGEST_BATCHES,
        INGEST_DELAY,
        INGEST_NEWEST_AGE,
        INGEST_COMPLETE_AGE,
        CELLS_HOURS_WAITING,
        CELLS_HOURS_WAITING_AGE,
        INGEST_FLUSH_DURATION,
        JOB_DURATION,
        CONFIRM_ORDERS,
        LOG_SIZE,
        LOG_ENTRIES_WAITING,
        LOG_ENTRIES_WAITING_AGE,
        LOG_MISSING,
        STORE_ROWS_DROPPED,
        ARCHIVE_BATCHES,
        ARCHIVE_DAYS_WAITING,
        CLAIMS_REMINDERS,
        CLAIMS_DUE,
        CLAIMS_OVERDUE,
        TIMESTAMP_TOKENS,
        PUBLISHED_LOOKS,
        HTTP_SERVER_REQUEST_DURATION,
    ];
}

/// Names of log fields, span attributes and metric attributes.
pub mod attribute {
    /// Which agent; few enough to be a metric attribute.
    pub const AGENT_ID: &str = "agent.id";
    /// Which batch. Unbounded: logs and spans only.
    pub const BATCH_ID: &str = "batch.id";
    /// How many samples a batch holds.
    pub const BATCH_SAMPLES: &str = "batch.samples";
    /// Which cap of a budget: its key, such as `usd_per_day`.
    pub const BUDGET_CAP: &str = "budget.cap";
    /// What has a deadline: `claim` or `notice`.
    pub const CLAIM_ITEM: &str = "claim.item";
    /// How long something took, in whole milliseconds. Logs only: metrics use seconds.
    pub const DURATION_MS: &str = "duration_ms";
    /// What became of a batch at the collector.
    pub const INGEST_RESULT: &str = "ingest.result";
    /// Which periodic job.
    pub const JOB_NAME: &str = "job.name";
    /// Whether the run of a job succeeded.
    pub const JOB_RESULT: &str = "job.result";
    /// What an agent did about an order.
    pub const ORDER_RESULT: &str = "order.result";
    /// What came of a look at a page: `changed`, `unchanged` or `unavailable`.
    pub const PUBLISHED_RESULT: &str = "published.result";
    /// Which status page: its configured name; few enough to be a metric attribute.
    pub const PUBLISHED_SOURCE: &str = "published.source";
    /// What became of a preview: `taken` or `dropped`.
    pub const PREVIEW_RESULT: &str = "preview.result";
    /// The outcome word of a sample.
    pub const SAMPLE_OUTCOME: &str = "sample.outcome";
    /// What was dropped: `raw` or `sample`.
    pub const STORE_KIND: &str = "store.kind";
    /// What came of asking for a timestamp: `granted`, `unreachable` or `refused`.
    pub const TIMESTAMP_RESULT: &str = "timestamp.result";
    /// Why a slot was not run.
    pub const SLOT_REASON: &str = "slot.reason";
    /// Which target; few enough to be a metric attribute. `*` is all of them.
    pub const TARGET_ID: &str = "target.id";

    /// The error's class: a word of a closed set, never its text.
    pub const ERROR_TYPE: &str = "error.type";
    /// What the probe asked for: `chat`, `generate_content`, `text_completion`.
    pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
    /// Whose wire format the probe speaks.
    pub const GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";
    /// The model asked for.
    pub const GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";
    /// The model that answered, as the answer names it.
    pub const GEN_AI_RESPONSE_MODEL: &str = "gen_ai.response.model";
    /// The request's method, `_OTHER` where it is none that we know.
    pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
    /// The status answered.
    pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    /// The route's template, never the path itself.
    pub const HTTP_ROUTE: &str = "http.route";
    /// Host name of the endpoint.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// Port of the endpoint.
    pub const SERVER_PORT: &str = "server.port";
    /// `http` or `https`.
    pub const URL_SCHEME: &str = "url.scheme";

    /// Read by the trace exporter: the span's kind, `client` for a probe.
    pub const OTEL_KIND: &str = "otel.kind";
    /// Read by the trace exporter: a name made at run time, for a probe
    /// `{gen_ai.operation.name} {gen_ai.request.model}`.
    pub const OTEL_NAME: &str = "otel.name";
    /// Read by the trace exporter: `ok` or `error`.
    pub const OTEL_STATUS_CODE: &str = "otel.status_code";

    /// Every attribute name.
    pub const ALL: &[&str] = &[
        AGENT_ID,
        BATCH_ID,
        BATCH_SAMPLES,
        CLAIM_ITEM,
        DURATION_MS,
        INGEST_RESULT,
        JOB_NAME,
        JOB_RESULT,
        ORDER_RESULT,
        PREVIEW_RESULT,
        PUBLISHED_RESULT,
        PUBLISHED_SOURCE,
        SAMPLE_OUTCOME,
        SLOT_REASON,
        STORE_KIND,
        TIMESTAMP_RESULT,
        ERROR_TYPE,
        GEN_AI_OPERATION_NAME,
        GEN_AI_PROVIDER_NAME,
        GEN_AI_REQUEST_MODEL,
        GEN_AI_RESPONSE_MODEL,
        HTTP_REQUEST_METHOD,
        HTTP_RESPONSE_STATUS_CODE,
        HTTP_ROUTE,
        SERVER_ADDRESS,
        SERVER_PORT,
        URL_SCHEME,
        OTEL_KIND,
        OTEL_NAME,
        OTEL_STATUS_CODE,
    ];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{attribute, metric, span};

    #[test]
    fn every_name_is_lower_case_dotted_and_said_once() {
        for names in [span::ALL, metric::ALL, attribute::ALL] {
            for name in names {
                let well_formed = name.split('.').all(|part| {
                    part.starts_with(|c: char| c.is_ascii_lowercase())
                        && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                });
                assert!(well_formed, "{name}");
            }
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        }
    }

    #[test]
    fn metric_names_carry_our_prefix_and_leave_suffixes_to_the_exporter() {
        for name in metric::ALL {
            assert!(
                name.starts_with("nines.") || name.starts_with("http.server."),
                "{name}"
            );
            for suffix in ["total", "bytes", "seconds", "ms", "ratio"] {
                assert!(!name.ends_with(suffix), "{name}");
            }
        }
    }

    #[test]
    fn span_names_have_an_area_and_a_verb_or_noun() {
        for name in span::ALL {
            assert!((2..=3).contains(&name.split('.').count()), "{name}");
        }
    }
}
