//! How Nines watches itself: names, subscriber set-up, metrics.
//!
//! Purpose: one spelling of every span, metric and attribute name ([`names`]), one way to start
//! logs and traces ([`setup`]), and the instruments of agent and collector ([`metrics`]).
//!
//! Invariants: only a binary calls [`install`]; the libraries receive a [`Metrics`] and never
//! reach for a process-wide meter, so that a demo with many agents, or a test, can hold several.
//!
//! Non-goals: this crate serves no HTTP (health and `/metrics` belong to whoever owns a listener),
//! and nothing here is evidence: samples are never derived from metrics, nor metrics from samples.

pub mod metrics;
pub mod names;
pub mod setup;

pub use metrics::{Metrics, MetricsError};
pub use setup::{Guard, LogFormat, Settings, SetupError, install};
