//! The meter provider, and its view in the Prometheus text format.
//!
//! Invariants: every instrument is made here and has a unit; durations are seconds; attributes
//! have bounded values, which the typed methods of [`AgentMetrics`] and [`CollectorMetrics`] hold
//! to by taking enumerations or `&'static str` words instead of text.
//!
//! Non-goals: serving `/metrics`. Whoever owns a listener calls [`Metrics::render`].

use opentelemetry::InstrumentationScope;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::{Instrument, MeterProviderBuilder, SdkMeterProvider, Stream};
use prometheus::{Registry, TextEncoder};

use crate::names::{self, metric};

mod agent;
mod collector;
mod lag;
mod page;
#[cfg(test)]
mod tests;

pub use agent::{AgentMetrics, BudgetUse, OrderResult, PreviewResult};
pub use collector::{
    ClaimItem, ClaimsWaiting, CollectorMetrics, IngestResult, JobResult, ServedRequest,
    TimestampResult,
};
pub use lag::{Lag, Queue};
pub use page::PageResult;

/// `Content-Type` of what [`Metrics::render`] returns.
pub const RENDER_CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Most series of an instrument without targets: some agents of one process, times some words.
const FEW_SERIES_MAX: usize = 255;

/// The meter provider of one process; clones share it.
#[derive(Clone, Debug)]
pub struct Metrics {
    provider: SdkMeterProvider,
    registry: Registry,
}

/// Failure to start metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The Prometheus reader could not be attached.
    #[error("failed to register the Prometheus reader")]
    Register {
        /// What the exporter said.
        #[source]
        source: OTelSdkError,
    },
}

impl Metrics {
    /// Metrics that are only rendered, not pushed: for tests, and for a role that runs without
    /// [`install`](crate::install).
    pub fn local(service_name: &str, service_version: &str) -> Result<Self, MetricsError> {
        let resource = resource(service_name, service_version);
        Self::from_builder(SdkMeterProvider::builder().with_resource(resource))
    }

    pub(crate) fn from_builder(builder: MeterProviderBuilder) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false) // One scope: the labels would say `nines` on every line.
            .build()
            .map_err(|source| MetricsError::Register { source })?;
        Ok(Self {
            provider: builder.with_view(few_series).with_reader(reader).build(),
            registry,
        })
    }

    /// Everything measured so far, in the Prometheus text format; empty after shutdown.
    ///
    /// Names are translated as `OpenTelemetry` defines it: dots become underscores, the unit is
    /// spelled out, counters gain `_total`.
    ///
    /// # Panics
    ///
    /// Never: the encoder refuses only families without name or value, which the reader does not
    /// make.
    #[must_use]
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .expect("the reader makes a family only for a value that it has, under its name")
    }

    pub(crate) fn shutdown(&self) -> OTelSdkResult {
        self.provider.shutdown()
    }

    fn meter(&self) -> Meter {
        let scope = InstrumentationScope::builder(names::SCOPE)
            .with_schema_url(names::SCHEMA_URL)
            .build();
        self.provider.meter_with_scope(scope)
    }
}

/// The provider makes room for every series that an instrument may have, when it is made: 2,000
/// where nobody says otherwise.
fn few_series(instrument: &Instrument) -> Option<Stream> {
    if !metric::OF_AGENTS_ALONE.contains(&instrument.name()) {
        return None;
    }
    let stream = Stream::builder().with_cardinality_limit(FEW_SERIES_MAX);
    stream.build().ok()
}

/// Who speaks: `service.name` and `service.version`, beside what `OTEL_RESOURCE_ATTRIBUTES` adds.
pub(crate) fn resource(service_name: &str, service_version: &str) -> Resource {
    let version = opentelemetry::KeyValue::new("service.version", service_version.to_owned());
    Resource::builder()
        .with_service_name(service_name.to_owned())
        .with_schema_url([version], names::SCHEMA_URL)
        .build()
}
