//! Starting logs, traces and metrics, once per process.
//!
//! Invariants: logs go to standard error, because standard output belongs to what a command
//! prints; one filter decides for logs and exported spans alike; the [`Guard`] outlives all work.
//!
//! Traces and metrics are pushed as OTLP over HTTP with protobuf, through the *blocking* HTTP
//! client: the exporters run on threads of their own, where an async client finds no reactor,
//! panics, and exports nothing. Headers (such as an API key) come from `OTEL_EXPORTER_OTLP_HEADERS`,
//! which the exporter reads itself, so that no secret passes through [`Settings`].
//!
//! Non-goals: pushing logs, and continuing the traces of callers.

use std::io::{self, IsTerminal};
use std::str::FromStr;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt};

use crate::metrics::{self, Metrics, MetricsError};
use crate::names;

#[cfg(test)]
mod tests;

/// How this process logs, and where its traces and metrics go.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is logged and traced, a level for all and others by module, as
    /// `tracing_subscriber::filter::Targets` reads them: `info`, `info,collector::ingest=debug`.
    pub log_filter: String,
    /// The shape of a log line.
    pub log_format: LogFormat,
    /// Base URL of an OTLP receiver, `http://host:4318`; `/v1/traces` and `/v1/metrics` are added.
    /// Absent: nothing is pushed.
    pub otlp_endpoint: Option<String>,
    /// `service.name`: `nines-collector`, `nines-agent`.
    pub service_name: String,
    /// `service.version`: the version of the binary.
    pub service_version: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// A word that names no log format.
#[derive(Debug, thiserror::Error)]
#[error("`{word}` is no log format: use `text` or `json`")]
pub struct UnknownLogFormat {
    word: String,
}

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(word: &str) -> Result<Self, UnknownLogFormat> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat {
                word: word.to_owned(),
            }),
        }
    }
}

/// Why logs, traces or metrics could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The filter is not in the directive syntax.
    #[error("log filter `{filter}` is not valid")]
    LogFilter {
        /// The filter as configured.
        filter: String,
        /// Which directive, and why.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The endpoint is no base URL.
    #[error("OTLP endpoint `{endpoint}` must start with `http://` or `https://`")]
    OtlpScheme {
        /// The endpoint as configured.
        endpoint: String,
    },
    /// An exporter could not be made.
    #[error("failed to start the OTLP exporter for `{url}`")]
    OtlpExporter {
        /// Where it would have sent to.
        url: String,
        /// What the exporter said.
        #[source]
        source: ExporterBuildError,
    },
    /// The meter provider could not be made.
    #[error("failed to start metrics")]
    Metrics {
        /// What was missing.
        #[source]
        source: MetricsError,
    },
    /// The process has a subscriber already: set-up ran twice.
    #[error("logs and traces are already set up in this process")]
    AlreadyInstalled {
        /// What the subscriber registry said.
        #[source]
        source: TryInitError,
    },
}

/// Keeps exporters alive; dropping it sends what is pending and stops them.
///
/// Hold it to the end of `main`: `std::process::exit` would skip it. The drop blocks for
/// two seconds where the receiver refuses, for ten where it accepts and never answers.
#[must_use = "dropping the guard stops the exporters"]
#[derive(Debug)]
pub struct Guard {
    tracer_provider: Option<SdkTracerProvider>,
    metrics: Metrics,
}

impl Guard {
    /// The process's metrics, to hand to agent and collector.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(Err(error)) = self
            .tracer_provider
            .as_ref()
            .map(SdkTracerProvider::shutdown)
        {
            tracing::warn!(error = %error, "failed to send the last spans");
        }
        if let Err(error) = self.metrics.shutdown() {
            tracing::warn!(error = %error, "failed to send the last metrics");
        }
    }
}

/// Whether text lines may carry colours.
#[derive(Clone, Copy)]
enum Colours {
    /// Unless `NO_COLOR` is set, which the formatter reads.
    Environment,
    Never,
}

/// Starts logs and, where an endpoint is configured, the export of traces and metrics, for the
/// whole process. Called by binaries, once.
pub fn install(settings: &Settings) -> Result<Guard, SetupError> {
    let colours = if io::stderr().is_terminal() {
        Colours::Environment
    } else {
        Colours::Never
    };
    let (subscriber, guard) = build(settings, io::stderr, colours)?;
    subscriber
        .try_init()
        .map_err(|source| SetupError::AlreadyInstalled { source })?;
    Ok(guard)
}

/// Everything [`install`] does but the last step, which a process can take only once.
fn build<W>(
    settings: &Settings,
    writer: W,
    colours: Colours,
) -> Result<(impl Subscriber + Send + Sync + 'static, Guard), SetupError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Not `EnvFilter`: what it adds, filters by the fields of spans, costs a regex engine.
    let filter =
        Targets::from_str(&settings.log_filter).map_err(|source| SetupError::LogFilter {
            filter: settings.log_filter.clone(),
            source,
        })?;
    let resource = metrics::resource(&settings.service_name, &settings.service_version);
    let guard = match &settings.otlp_endpoint {
        None => Guard {
            tracer_provider: None,
            metrics: metrics_only(resource)?,
        },
        Some(endpoint) => with_export(endpoint, resource)?,
    };
    let tracing_layer = guard.tracer_provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer(provider))
            .with_location(false) // File and line say nothing that the span's name does not.
            .with_threads(false)
    });
    let subscriber = Registry::default()
        .with(filter)
        .with(log_layer(settings.log_format, writer, colours))
        .with(tracing_layer);
    Ok((subscriber, guard))
}

fn metrics_only(resource: Resource) -> Result<Metrics, SetupError> {
    Metrics::from_builder(SdkMeterProvider::builder().with_resource(resource))
        .map_err(|source| SetupError::Metrics { source })
}

fn with_export(endpoint: &str, resource: Resource) -> Result<Guard, SetupError> {
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        return Err(SetupError::OtlpScheme {
            endpoint: endpoint.to_owned(),
        });
    }
    let base = endpoint.trim_end_matches('/');

    let url = format!("{base}/v1/traces");
    let spans = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&url)
        .build()
        .map_err(|source| SetupError::OtlpExporter { url, source })?;

    let url = format!("{base}/v1/metrics");
    let points = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&url)
        .build()
        .map_err(|source| SetupError::OtlpExporter { url, source })?;

    let meter_provider = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_periodic_exporter(points);
    let metrics =
        Metrics::from_builder(meter_provider).map_err(|source| SetupError::Metrics { source })?;
    let tracer_provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_batch_exporter(spans)
        .build();
    Ok(Guard {
        tracer_provider: Some(tracer_provider),
        metrics,
    })
}

fn tracer(provider: &SdkTracerProvider) -> Tracer {
    let scope = InstrumentationScope::builder(names::SCOPE)
        .with_schema_url(names::SCHEMA_URL)
        .build();
    provider.tracer_with_scope(scope)
}

fn log_layer<S, W>(
    format: LogFormat,
    writer: W,
    colours: Colours,
) -> Box<dyn Layer<S> + Send + Sync + 'static>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    match (format, colours) {
        (LogFormat::Json, _) => layer.json().flatten_event(true).boxed(),
        (LogFormat::Text, Colours::Environment) => layer.boxed(),
        (LogFormat::Text, Colours::Never) => layer.with_ansi(false).boxed(),
    }
}
