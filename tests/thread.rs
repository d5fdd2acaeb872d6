//! The thread from a probe to a verified bundle, over the programs as they are shipped: real
//! processes, real sockets, a real database, and nothing reached into.
//!
//! Every test has its own database, directory and ports. What is waited for is asked for again and
//! again until a deadline; how long something takes is never assumed.
//!
//! Non-goal: what a single crate can show about itself.

mod account;
mod claim;
mod crash;
mod crew;
pub(crate) mod database;
mod installation;
mod keys;
mod outage;
mod preview;
mod problems;
mod process;
mod rebuild;
mod restored;
mod secrecy;
mod soak;
mod witness;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two questions.
const POLL: Duration = Duration::from_millis(100);
/// How long anything may take that should take seconds, on a machine that is busy.
const SOON: Duration = Duration::from_mins(1);

/// Asks until there is an answer; fails, saying what was waited for, when `within` has passed.
async fn eventually<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "{what}: not within {} s",
            within.as_secs()
        );
        sleep(POLL).await;
    }
}
