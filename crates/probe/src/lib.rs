//! One attempt: a [`Spec`] in, an [`Attempt`] out.
//!
//! [`Engine::attempt`] opens a connection or takes one that was kept, sends one request, reads the
//! answer and says what it met, when each phase ended and whose fault a failure was. It never
//! fails: whatever goes wrong is the observation. Bytes become facts in pure modules that know no socket:
//! [`mod@wire`] (bodies and streams of each API to a [`reply::Reply`]), [`ask`] (text to what it is
//! worth), [`classify`] (facts to outcome and attribution) and [`latency`] (instants and token
//! counts to the figures that are named after them).
//!
//! Invariants: durations come from the monotonic clock; every buffer has a limit; no prompt,
//! completion or key is kept, logged or shown by `Debug`, and of a failed answer's body only what
//! [`scrub`] leaves. Non-goals: retries, redirects,
//! schedules, batches, and any judgement by a contract.

pub mod ask;
pub mod attempt;
pub mod classify;
pub mod cost;
pub mod drill;
pub mod endpoint;
pub mod engine;
pub mod error;
pub mod headers;
pub mod latency;
pub mod page;
pub mod preset;
pub mod price;
pub mod quality;
pub mod reply;
pub mod scrub;
pub mod secrets;
pub mod served;
pub mod spec;
pub mod sse;
pub mod tier;
pub mod usage;
pub mod wire;

pub use ask::Ask;
pub use attempt::Attempt;
pub use endpoint::{BaseUrl, HttpUrl, UrlError};
pub use engine::{Engine, EngineError, Pinned, PinnedError, TlsRoots, Trust};
pub use spec::{
    Auth, Call, Connection, HttpRequest, MAX_OUTPUT_TOKENS_DEFAULT, Method, ModelMatch, Nonce,
    Request, STALL_AFTER_DEFAULT, Spec, SpecError, StatusSet, TokenField, Via,
};
pub use wire::Wire;
