//! How far behind a collector is: read when metrics are, from what was measured last, so that an
//! agent which is gone has no age any more.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use crate::names::{attribute, metric};

/// How far behind a collector is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Age of the newest sample of each agent that has delivered one and may deliver more.
    pub newest: Vec<(String, Duration)>,
    /// Age of the last moment that every live agent has delivered; absent where none is live.
    pub complete: Option<Duration>,
    /// Closed hours that are to be counted; ages from their ends.
    pub hours: Queue,
    /// What has no place in the log yet; ages from when it was stored.
    pub entries: Queue,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// How many.
    pub waiting: u64,
    /// Age of the oldest; none where nothing waits.
    pub oldest: Duration,
}

/// The instruments, and what they show; nothing before the first measurement.
#[derive(Clone, Debug, Default)]
pub(super) struct LagGauges(Arc<RwLock<Option<Lag>>>);

impl LagGauges {
    pub(super) fn new(meter: &Meter) -> Self {
        let gauges = Self::default();
        gauges.ages(meter, metric::INGEST_NEWEST_AGE, |lag, gauge| {
            for (agent, age) in &lag.newest {
                let agent = KeyValue::new(attribute::AGENT_ID, agent.clone());
                gauge.observe(age.as_secs_f64(), &[agent]);
            }
        });
        gauges.ages(meter, metric::INGEST_COMPLETE_AGE, |lag, gauge| {
            if let Some(age) = lag.complete {
                gauge.observe(age.as_secs_f64(), &[]);
            }
        });
        gauges.ages(meter, metric::CELLS_HOURS_WAITING_AGE, |lag, gauge| {
            gauge.observe(lag.hours.oldest.as_secs_f64(), &[]);
        });
        gauges.ages(meter, metric::LOG_ENTRIES_WAITING_AGE, |lag, gauge| {
            gauge.observe(lag.entries.oldest.as_secs_f64(), &[]);
        });
        gauges.counts(meter, (metric::CELLS_HOURS_WAITING, "{hour}"), |lag| {
            lag.hours.waiting
        });
        gauges.counts(meter, (metric::LOG_ENTRIES_WAITING, "{entry}"), |lag| {
            lag.entries.waiting
        });
        gauges
    }

    pub(super) fn put(&self, lag: Lag) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(lag);
    }

    fn get(&self) -> Option<Lag> {
        let lag = self.0.read().unwrap_or_else(PoisonError::into_inner);
        lag.clone()
    }

    fn ages(
        &self,
        meter: &Meter,
        name: &'static str,
        show: impl Fn(&Lag, &dyn AsyncInstrument<f64>) + Send + Sync + 'static,
    ) {
        let gauges = self.clone();
        let gauge = meter.f64_observable_gauge(name).with_unit("s");
        let gauge = gauge.with_description(describe(name));
        let _gauge = gauge
            .with_callback(move |gauge| {
                if let Some(lag) = gauges.get() {
                    show(&lag, gauge);
                }
            })
            .build();
    }

    fn counts(
        &self,
        meter: &Meter,
        (name, unit): (&'static str, &'static str),
        of: fn(&Lag) -> u64,
    ) {
        let gauges = self.clone();
        let gauge = meter.u64_observable_gauge(name).with_unit(unit);
        let gauge = gauge.with_description(describe(name));
        let _gauge = gauge
            .with_callback(move |gauge| {
                if let Some(lag) = gauges.get() {
                    gauge.observe(of(&lag), &[]);
                }
            })
            .build();
    }
}

fn describe(name: &str) -> &'static str {
    match name {
        metric::INGEST_NEWEST_AGE => "Age of the newest sample that an agent has delivered.",
        metric::INGEST_COMPLETE_AGE => {
            "Age of the last moment that every live agent has delivered."
        }
        metric::CELLS_HOURS_WAITING => "Closed hours of targets that are to be counted.",
        metric::CELLS_HOURS_WAITING_AGE => "How long ago the oldest hour to be counted closed.",
        metric::LOG_ENTRIES_WAITING => "Batches and records that have no place in the log yet.",
        _ => "How long the oldest entry without a place in the log has waited.",
    }
}
