//! What the front page shows of agents and of the log.

use domain::{AgentId, UnixMillis};

/// An agent in the fleet table.
#[derive(Clone, Debug)]
pub(crate) struct AgentRow {
    /// The agent.
    pub(crate) id: AgentId,
    /// Where it stands.
    pub(crate) region: String,
    /// Whose network it uses.
    pub(crate) network: String,
    /// Whether its batches are accepted.
    pub(crate) standing: AgentStanding,
    /// Its newest batch; absent before the first.
    pub(crate) newest: Option<NewestBatch>,
    /// Batches stored.
    pub(crate) batches: u64,
    /// Lines in them: samples, gaps, and what it says about itself.
    pub(crate) lines: u64,
    /// How it is, by its own newest lines.
    pub(crate) own: AgentOwn,
}

/// What an agent says about itself; what is unknown is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AgentOwn {
    /// True time less its clock, and by how much that may be off, microseconds.
    pub(crate) clock: Option<(i64, i64)>,
    /// Who says so.
    pub(crate) clock_source: Option<String>,
    /// Whether the clock is called synchronised.
    pub(crate) clock_synced: Option<bool>,
    /// Controls of its own network that answered, of how many.
    pub(crate) controls: Option<(i32, i32)>,
    /// Longest time by which a timer was late, microseconds.
    pub(crate) lag_us_max: Option<i64>,
    /// Plan revision that it runs.
    pub(crate) plan: Option<i64>,
    /// SHA-256 of its program, hexadecimal.
    pub(crate) build: Option<String>,
    /// Version of its program.
    pub(crate) version: Option<String>,
}

/// Whether an agent's batches are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentStanding {
    /// They are.
    Enrolled,
    /// Not any more.
    Revoked,
}

/// The newest batch of an agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewestBatch {
    /// Its sequence number.
    pub(crate) seq: u64,
    /// When it was stored.
    pub(crate) received_at: UnixMillis,
    /// When the newest sample that was delivered started; absent where there is none.
    pub(crate) observed_at: Option<UnixMillis>,
}

/// The append-only log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogRow {
    /// Entries.
    pub(crate) size: u64,
    /// The newest signed root.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Why nothing is signed, and who has to send again what is missing.
    pub(crate) trouble: Option<LogTrouble>,
}

/// A log that does not go on.
#[derive(Clone, Debug)]
pub(crate) struct LogTrouble {
    /// Why, and what to do.
    pub(crate) what: String,
    /// Who owes how many entries; no name for registry records.
    pub(crate) owed_by: Vec<(Option<AgentId>, u64)>,
}

/// A signed root of the log.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    /// Entries it covers.
    pub(crate) size: u64,
    /// Root hash, as text.
    pub(crate) root: String,
    /// When it was signed.
    pub(crate) at: UnixMillis,
    /// Where its note is served.
    pub(crate) href: String,
}
