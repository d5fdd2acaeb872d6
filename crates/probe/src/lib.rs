//! One attempt: a [`Spec`] in, an [`Attempt`] out.
//!
//! [`Engine::attempt`] opens a fresh connection, sends one request, reads the answer and says
//! what it met, when each phase ended and whose fault a failure was. It never fails: whatever
//! goes wrong is the observation. Bytes become facts in pure modules that know no socket:
//! [`sse`] (bytes to events), [`chat`] (events and bodies to a [`chat::Reply`]) and [`classify`]
//! (facts to outcome and attribution).
//!
//! Invariants: durations come from the monotonic clock; every buffer has a limit; no prompt,
//! completion, key or body is kept, logged or shown by `Debug`. Non-goals: retries, redirects,
//! connection reuse, schedules, batches, and any judgement by a contract.

pub mod attempt;
pub mod chat;
pub mod classify;
pub mod endpoint;
pub mod engine;
pub mod headers;
pub mod spec;
pub mod sse;

pub use attempt::Attempt;
pub use endpoint::{BaseUrl, HttpUrl, UrlError};
pub use engine::{Engine, EngineError, TlsRoots};
pub use spec::{
    ChatRequest, HttpRequest, Method, ModelMatch, Nonce, Request, STALL_AFTER_DEFAULT, Spec,
    SpecError, StatusSet, TokenField, Via,
};
