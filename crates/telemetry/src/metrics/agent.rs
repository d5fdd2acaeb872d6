//! Instruments of an agent.

use std::slice::from_ref;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge};

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
    orders: Counter<u64>,
    budget_cost: Gauge<u64>,
    budget_cost_limit: Gauge<u64>,
    budget_tokens: Gauge<u64>,
    budget_tokens_limit: Gauge<u64>,
    clock_offset: Gauge<i64>,
    clock_error: Gauge<u64>,
    controls: Gauge<u64>,
    controls_ok: Gauge<u64>,
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

impl AgentMetrics {
    /// The instruments of the agent `agent_id`; several agents may share one [`Metrics`].
    #[must_use]
    pub fn new(metrics: &Metrics, agent_id: &str) -> Self {
        let meter = metrics.meter();
        Self {
            agent: KeyValue::new(attribute::AGENT_ID, agent_id.to_owned()),
            spool_usage: meter
                .u64_gauge(metric::AGENT_SPOOL_USAGE)
                .with_unit("By")
                .with_description("Bytes in the spool that wait for a receipt.")
                .build(),
            spool_limit: meter
                .u64_gauge(metric::AGENT_SPOOL_LIMIT)
                .with_unit("By")
                .with_description("Bytes that the spool may hold.")
                .build(),
            slots_missed: meter
                .u64_counter(metric::AGENT_SLOTS_MISSED)
                .with_unit("{slot}")
                .with_description("Planned slots that were not run, by reason.")
                .build(),
            attempts: meter
                .u64_counter(metric::AGENT_ATTEMPTS)
                .with_unit("{attempt}")
                .with_description("Attempts that ended, by outcome.")
                .build(),
            batches_sent: meter
                .u64_counter(metric::AGENT_BATCHES_SENT)
                .with_unit("{batch}")
                .with_description("Batches for which the collector gave a receipt.")
                .build(),
            orders: meter
                .u64_counter(metric::AGENT_ORDERS)
                .with_unit("{order}")
                .with_description("Orders to confirm a failure, by what the agent did about them.")
                .build(),
            budget_cost: meter
                .u64_gauge(metric::AGENT_BUDGET_COST)
                .with_unit("{nanodollar}")
                .with_description("Spent of a cap on money, 10^-9 US dollars.")
                .build(),
            budget_cost_limit: meter
                .u64_gauge(metric::AGENT_BUDGET_COST_LIMIT)
                .with_unit("{nanodollar}")
                .with_description("A cap on money, 10^-9 US dollars.")
                .build(),
            budget_tokens: meter
                .u64_gauge(metric::AGENT_BUDGET_TOKENS)
                .with_unit("{token}")
                .with_description("Used of a cap on tokens.")
                .build(),
            budget_tokens_limit: meter
                .u64_gauge(metric::AGENT_BUDGET_TOKENS_LIMIT)
                .with_unit("{token}")
                .with_description("A cap on tokens.")
                .build(),
            clock_offset: meter
                .i64_gauge(metric::AGENT_CLOCK_OFFSET)
                .with_unit("us")
                .with_description("True time less the agent's, by its best source.")
                .build(),
            clock_error: meter
                .u64_gauge(metric::AGENT_CLOCK_ERROR)
                .with_unit("us")
                .with_description("Most that the agent's clock is off, by its best source.")
                .build(),
            controls: meter
                .u64_gauge(metric::AGENT_CONTROLS)
                .with_unit("{control}")
                .with_description("Controls asked in the newest minute.")
                .build(),
            controls_ok: meter
                .u64_gauge(metric::AGENT_CONTROLS_OK)
                .with_unit("{control}")
                .with_description("Controls that answered in the newest minute.")
                .build(),
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

    /// An order came in.
    pub fn order_taken(&self, result: OrderResult) {
        let result = KeyValue::new(attribute::ORDER_RESULT, result.as_str());
        self.orders.add(1, &[self.agent.clone(), result]);
    }

    /// The agent's clock is off by `offset_us`, and by no more than `error_us`, microseconds.
    pub fn clock_read(&self, offset_us: i64, error_us: u64) {
        self.clock_offset.record(offset_us, from_ref(&self.agent));
        self.clock_error.record(error_us, from_ref(&self.agent));
    }

    /// In a minute, `ok` of `of` controls answered.
    pub fn controls_answered(&self, ok: u64, of: u64) {
        self.controls.record(of, from_ref(&self.agent));
        self.controls_ok.record(ok, from_ref(&self.agent));
    }

    /// So much of a cap is used.
    pub fn budget_used(&self, usage: &BudgetUse<'_>) {
        let attributes = [
            self.agent.clone(),
            KeyValue::new(attribute::TARGET_ID, usage.target.to_owned()),
            KeyValue::new(attribute::BUDGET_CAP, usage.cap),
        ];
        let (used, limit) = if usage.cap.starts_with("usd") {
            (&self.budget_cost, &self.budget_cost_limit)
        } else {
            (&self.budget_tokens, &self.budget_tokens_limit)
        };
        used.record(usage.used, &attributes);
        limit.record(usage.limit, &attributes);
    }
}
