//! Instruments of an agent.

use std::slice::from_ref;
use std::sync::{Arc, OnceLock};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use super::Metrics;
use crate::names::{attribute, metric};

/// What an agent says about itself; every series carries `agent.id`.
#[derive(Clone, Debug)]
pub struct AgentMetrics {
    agent: KeyValue,
    spool_usage: Gauge<u64>,
    spool_limit: Gauge<u64>,
    slots_missed: Counter<u64>,
    attempts: Counter<u64>,
    batches_sent: Counter<u64>,
    previews: Counter<u64>,
    orders: Counter<u64>,
    meter: Meter,
    /// Made when the first budget is used: most agents have none, and their series are many.
    budget: Arc<OnceLock<BudgetGauges>>,
    own: OwnGauges,
}

/// Budgets and what is used of them.
#[derive(Clone, Debug)]
struct BudgetGauges {
    cost: Gauge<u64>,
    cost_limit: Gauge<u64>,
    tokens: Gauge<u64>,
    tokens_limit: Gauge<u64>,
}

/// What the agent found out about itself.
#[derive(Clone, Debug)]
struct OwnGauges {
    clock_offset: Gauge<i64>,
    clock_error: Gauge<u64>,
    controls: Gauge<u64>,
    controls_ok: Gauge<u64>,
}

impl BudgetGauges {
    fn new(meter: &Meter) -> Self {
        Self {
            cost: gauge(
                meter,
                metric::AGENT_BUDGET_COST,
                "{nanodollar}",
                "Spent of a cap on money, 10^-9 US dollars.",
            ),
            cost_limit: gauge(
                meter,
                metric::AGENT_BUDGET_COST_LIMIT,
                "{nanodollar}",
                "A cap on money, 10^-9 US dollars.",
            ),
            tokens: gauge(
                meter,
                metric::AGENT_BUDGET_TOKENS,
                "{token}",
                "Used of a cap on tokens.",
            ),
            tokens_limit: gauge(
                meter,
                metric::AGENT_BUDGET_TOKENS_LIMIT,
                "{token}",
                "A cap on tokens.",
            ),
        }
    }
}

impl OwnGauges {
    fn new(meter: &Meter) -> Self {
        Self {
            clock_offset: meter
                .i64_gauge(metric::AGENT_CLOCK_OFFSET)
                .with_unit("us")
                .with_description("True time less the agent's, by its best source.")
                .build(),
            clock_error: gauge(
                meter,
                metric::AGENT_CLOCK_ERROR,
                "us",
                "Most that the agent's clock is off, by its best source.",
            ),
            controls: gauge(
                meter,
                metric::AGENT_CONTROLS,
                "{control}",
                "Controls asked in the newest minute.",
            ),
            controls_ok: gauge(
                meter,
                metric::AGENT_CONTROLS_OK,
                "{control}",
                "Controls that answered in the newest minute.",
            ),
        }
    }
}

fn gauge(meter: &Meter, name: &'static str, unit: &'static str, what: &'static str) -> Gauge<u64> {
    let gauge = meter.u64_gauge(name).with_unit(unit);
    gauge.with_description(what).build()
}

fn counter(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    what: &'static str,
) -> Counter<u64> {
    let counter = meter.u64_counter(name).with_unit(unit);
    counter.with_description(what).build()
}

/// How much of one cap of a budget is used.
#[derive(Clone, Copy, Debug)]
pub struct BudgetUse<'a> {
    /// On which target; `*` is all of them.
    pub target: &'a str,
    /// The cap's key: `usd_per_day`, `usd_per_month`, `tokens_per_day` or `tokens_per_month`.
    pub cap: &'static str,
    /// What is used: nano-dollars, or tokens.
    pub used: u64,
    /// What the cap allows, in the same unit.
    pub limit: u64,
}

/// What an agent did about an order to confirm a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderResult {
    /// Attempts were made.
    Followed,
    /// Skipped: repeats of the target are under way already, or too many attempts are.
    Busy,
    /// Skipped: there is no budget for it.
    Budget,
    /// Skipped: it is not for this agent, or the plan does not allow it.
    Inapplicable,
    /// Skipped: expired, or from the future, by the agent's clock.
    Stale,
    /// Skipped: not an order of the operator, or none can be believed for want of its key.
    Refused,
}

impl OrderResult {
    /// The value of `order.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::Busy => "busy",
            Self::Budget => "budget",
            Self::Inapplicable => "inapplicable",
            Self::Stale => "stale",
            Self::Refused => "refused",
        }
    }
}

/// What became of a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewResult {
    /// The collector took it.
    Taken,
    /// The collector did not, or not in time; it is not sent again.
    Dropped,
}

impl PreviewResult {
    /// The value of `preview.result`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Dropped => "dropped",
        }
    }
}

impl AgentMetrics {
    /// The instruments of the agent `agent_id`; several agents may share one [`Metrics`].
    #[must_use]
    pub fn new(metrics: &Metrics, agent_id: &str) -> Self {
        let meter = &metrics.meter();
        Self {
            agent: KeyValue::new(attribute::AGENT_ID, agent_id.to_owned()),
            spool_usage: gauge(
                meter,
                metric::AGENT_SPOOL_USAGE,
                "By",
                "Bytes in the spool that wait for a receipt.",
            ),
            spool_limit: gauge(
                meter,
                metric::AGENT_SPOOL_LIMIT,
                "By",
                "Bytes that the spool may hold.",
            ),
            slots_missed: counter(
                meter,
                metric::AGENT_SLOTS_MISSED,
                "{slot}",
                "Planned slots that were not run, by reason.",
            ),
            attempts: counter(
                meter,
                metric::AGENT_ATTEMPTS,
                "{attempt}",
                "Attempts that ended, by outcome.",
            ),
            batches_sent: counter(
                meter,
                metric::AGENT_BATCHES_SENT,
                "{batch}",
                "Batches for which the collector gave a receipt.",
            ),
            previews: counter(
                meter,
                metric::AGENT_PREVIEWS,
                "{preview}",
                "Previews between batches, by what became of them.",
            ),
            orders: counter(
                meter,
                metric::AGENT_ORDERS,
                "{order}",
                "Orders to confirm a failure, by what the agent did about them.",
            ),
            meter: meter.clone(),
            budget: Arc::default(),
            own: OwnGauges::new(meter),
        }
    }

    /// The spool's backlog and its limit, both in bytes.
    pub fn spool_sized(&self, usage_bytes: u64, limit_bytes: u64) {
        self.spool_usage.record(usage_bytes, from_ref(&self.agent));
        self.spool_limit.record(limit_bytes, from_ref(&self.agent));
    }

    /// `slots` planned slots were recorded as a gap, for `reason`: the word of the gap line.
    pub fn slots_missed(&self, slots: u64, reason: &'static str) {
        let reason = KeyValue::new(attribute::SLOT_REASON, reason);
        self.slots_missed.add(slots, &[self.agent.clone(), reason]);
    }

    /// One attempt ended with `outcome`: the sample's outcome word.
    pub fn attempt_ended(&self, outcome: &'static str) {
        let outcome = KeyValue::new(attribute::SAMPLE_OUTCOME, outcome);
        self.attempts.add(1, &[self.agent.clone(), outcome]);
    }

    /// The collector gave a receipt for a batch.
    pub fn batch_sent(&self) {
        self.batches_sent.add(1, from_ref(&self.agent));
    }

    /// A preview was posted.
    pub fn preview_sent(&self, result: PreviewResult) {
        let result = KeyValue::new(attribute::PREVIEW_RESULT, result.as_str());
        self.previews.add(1, &[self.agent.clone(), result]);
    }

    /// An order came in.
    pub fn order_taken(&self, result: OrderResult) {
        let result = KeyValue::new(attribute::ORDER_RESULT, result.as_str());
        self.orders.add(1, &[self.agent.clone(), result]);
    }

    /// The agent's clock is off by `offset_us`, and by no more than `error_us`, microseconds.
    pub fn clock_read(&self, offset_us: i64, error_us: u64) {
        self.own
            .clock_offset
            .record(offset_us, from_ref(&self.agent));
        self.own.clock_error.record(error_us, from_ref(&self.agent));
    }

    /// In a minute, `ok` of `of` controls answered.
    pub fn controls_answered(&self, ok: u64, of: u64) {
        self.own.controls.record(of, from_ref(&self.agent));
        self.own.controls_ok.record(ok, from_ref(&self.agent));
    }

    /// So much of a cap is used.
    pub fn budget_used(&self, usage: &BudgetUse<'_>) {
        let attributes = [
            self.agent.clone(),
            KeyValue::new(attribute::TARGET_ID, usage.target.to_owned()),
            KeyValue::new(attribute::BUDGET_CAP, usage.cap),
        ];
        let gauges = self.budget.get_or_init(|| BudgetGauges::new(&self.meter));
        let (used, limit) = if usage.cap.starts_with("usd") {
            (&gauges.cost, &gauges.cost_limit)
        } else {
            (&gauges.tokens, &gauges.tokens_limit)
        };
        used.record(usage.used, &attributes);
        limit.record(usage.limit, &attributes);
    }
}
