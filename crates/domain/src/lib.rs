//! What a measurement is: the vocabulary that every other crate shares.
//!
//! Start at [`sample::Sample`] (one attempt in one slot) and [`cell::CellHour`] (exact counts per
//! minute). Nothing here does IO, knows a contract, or holds a float: whatever is judged later is
//! an integer here. The wall clock of the whole system is read in [`clock`] and nowhere else.

#![deny(clippy::float_arithmetic)]

pub mod cell;
pub mod clock;
pub mod detail;
pub mod digest;
pub mod fold;
pub mod ids;
pub mod outcome;
pub mod sample;
pub mod spelling;
pub mod time;
pub mod view;
pub mod window;

pub use cell::{CellHour, Class};
pub use clock::{Clock, ManualClock, SystemClock};
pub use detail::Detail;
pub use digest::Digest;
pub use fold::Fold;
pub use ids::{AgentId, ContractId, ControlId, CredentialAlias, ProviderId, TargetId};
pub use outcome::{Attribution, GapReason, Kind, Outcome, Source};
pub use sample::{Gap, Line, Sample};
pub use time::{Hour, Minute, UnixMicros, UnixMillis};
pub use view::SampleView;
pub use window::Window;
