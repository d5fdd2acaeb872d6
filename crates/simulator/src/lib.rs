//! A provider that is not one: it speaks the `OpenAI` chat wire format, counts what it serves and
//! fails on command, so that probes, contracts and drills can be exercised without a real outage.
//!
//! Invariants: every response carries [`SIMULATED_HEADER`], so a simulated thing says so on its
//! face; equal seeds, rules and request orders give equal decisions and equal ids; neither keys nor
//! prompts are kept or logged. Shapes are decided by pure code (`reply`, `grammar`); only
//! `connection`, `playback` and `server` touch sockets.
//!
//! Non-goals: inference, other wire formats than `OpenAI` chat, TLS, and access control for the
//! admin API under `/_sim/`: bind it to loopback.

mod admin;
mod answer;
mod api;
mod app;
mod config;
mod connection;
mod error_body;
mod fault;
mod grammar;
mod headers;
mod journal;
mod playback;
mod random;
mod reply;
mod request;
mod script;
mod server;

#[cfg(test)]
mod tests;

pub use config::{Config, Pacing, Persona};
pub use fault::{ErrorCode, ErrorStatus, Fault, Millis, ValueError};
pub use journal::Entry;
pub use script::{Probability, Route, Rule, Script, ScriptError};
pub use server::{Simulator, SimulatorError};

/// The header that every response carries, with the value `true`.
pub const SIMULATED_HEADER: &str = "x-nines-simulated";

/// Locks a mutex whose data stays whole even if a holder panicked: every critical section here is
/// a plain read or a single update.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
