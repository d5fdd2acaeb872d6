//! A provider that is not one: it speaks the wire formats of many on one port, counts what it serves
//! and fails on command, so that probes, contracts and drills can be exercised without a real outage.
//!
//! Invariants: every response carries [`SIMULATED_HEADER`], so a simulated thing says so on its
//! face; equal seeds, rules and request orders give equal decisions and equal ids; neither keys nor
//! prompts are kept or logged. What happens is decided by `director`, as a `plan`; shapes by pure
//! code (`reply`, `wire`, `staging`); only `connection`, `door`, `playback` and `server` touch
//! sockets.
//!
//! Non-goals: inference, tools and images, TLS, cryptographic checks of signatures, and access
//! control for the admin API under `/_sim/`: bind it to loopback.

mod admin;
mod answer;
mod api;
mod app;
mod auth;
mod config;
mod connection;
mod director;
mod document;
mod door;
mod effect;
mod failure;
mod fault;
mod gateway;
mod headers;
mod journal;
mod limit;
mod pacing;
mod plan;
mod playback;
mod random;
mod reply;
mod request;
mod scenario;
mod script;
mod server;
mod share;
mod staging;
mod status;
mod window;
mod wire;

#[cfg(test)]
mod tests;

pub use config::{Config, Pacing, Persona};
pub use document::{DocumentError, Place};
pub use fault::{ErrorCode, ErrorStatus, Fault, Millis, ValueError};
pub use gateway::{Gateway, Kind, Target};
pub use journal::Entry;
pub use limit::Limits;
pub use pacing::{Distribution, ModelPace, Paces};
pub use plan::ErrorKind;
pub use scenario::{SHIPPED, Scenario, Shipped};
pub use script::{Route, Rule, Script, ScriptError, Then};
pub use server::{Simulator, SimulatorError};
pub use share::{Share, ShareError, Spread};
pub use status::{StatusDocuments, StatusImpact, StatusIncident, StatusPage};
pub use window::{MinuteOfDay, UtcSecond, Window};
pub use wire::Wire;

/// The header that every response carries, with the value `true`.
pub const SIMULATED_HEADER: &str = "x-nines-simulated";

/// Locks a mutex whose data stays whole even if a holder panicked: every critical section here is
/// a plain read or a single update.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
