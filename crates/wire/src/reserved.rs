//! What an agent says about itself: the lines of the reserved streams `_ctrl`, `_sys` and `_time`.
//!
//! They stand in batches as samples do: canonical, numbered without a gap, hashed and signed. No
//! formula reads them; they answer whoever says that the clock, the network or the machine of an
//! agent was at fault. What is not known is absent, and nothing is a float.
//!
//! Fields stand in the byte order of their names, as in [`domain::Sample`].

use domain::{ControlId, GapReason, Minute, TargetId, UnixMicros, UnixMillis};
use evidence::jcs;
use serde::{Deserialize, Deserializer, Serialize};

use crate::line::{EncodedLine, LineError};
use crate::stream::Reserved;

#[cfg(test)]
mod tests;

/// The schema version that the lines of this module have.
pub const RESERVED_VERSION: u8 = 1;

/// Error of a clock beyond which times by it are doubtful, microseconds.
pub const CLOCK_ERROR_US_MAX: u64 = 1_000_000;

/// Who told how far a clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// The chrony daemon of the machine.
    Chrony,
    /// An NTP server, asked by the agent itself (RFC 5905).
    Ntp,
    /// The kernel's own flag; it tells no offset.
    Kernel,
    /// The collector's clock, as its receipts show it.
    Receipt,
    /// Nobody.
    None,
}

impl ClockSource {
    /// The word of the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chrony => "chrony",
            Self::Ntp => "ntp",
            Self::Kernel => "kernel",
            Self::Receipt => "receipt",
            Self::None => "none",
        }
    }
}

/// How right the agent's clock was when a batch was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeLine {
    /// The clock is off by no more than this, by `source`: |offset| + root dispersion + half the
    /// root delay, microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound_us: Option<u64>,
    /// Half the round trip of the receipt that `collector_offset_us` was read from, microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collector_bound_us: Option<u64>,
    /// Collector's clock less ours, microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collector_offset_us: Option<i64>,
    /// Position in the stream.
    pub i: u64,
    /// Monotonic clock of the agent's boot.
    pub mono_us: u64,
    /// True time less ours, by `source`, microseconds: positive where our clock is slow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset_us: Option<i64>,
    /// Who says so.
    pub source: ClockSource,
    /// Distance of the source from a reference clock (RFC 5905).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stratum: Option<u8>,
    /// Whether the source calls the clock synchronised; absent where nobody says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub synced: Option<bool>,
    /// [`RESERVED_VERSION`].
    pub v: u8,
    /// The agent's clock.
    pub wall_us: UnixMicros,
}

impl TimeLine {
    /// Whether something speaks against this clock: it is not synchronised, may be off by more
    /// than [`CLOCK_ERROR_US_MAX`], or is off by more than that against the collector's.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let against_collector = self.collector_offset_us.zip(self.collector_bound_us);
        let differs = |(offset, bound): (i64, u64)| {
            offset.unsigned_abs() > CLOCK_ERROR_US_MAX.saturating_add(bound)
        };
        self.synced == Some(false)
            || self
                .bound_us
                .is_some_and(|bound| bound > CLOCK_ERROR_US_MAX)
            || against_collector.is_some_and(differs)
    }
}

/// Whether the agent's own network carried in one minute in which something was probed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlLine {
    /// Names of the controls that did not answer, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub failed: Vec<ControlId>,
    /// Hosts of targets that were looked at right after an attempt at them had failed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hosts: Vec<HostLine>,
    /// Position in the stream.
    pub i: u64,
    /// The minute, by the agent's clock.
    pub minute: Minute,
    /// Monotonic clock of the agent's boot, when the line was written.
    pub mono_us: u64,
    /// Controls asked; 0 where none is configured.
    pub of: u16,
    /// Controls that answered.
    pub ok: u16,
    /// [`RESERVED_VERSION`].
    pub v: u8,
    /// The agent's clock, when the line was written.
    pub wall_us: UnixMicros,
}

impl ControlLine {
    /// Whether controls were asked and none answered: what failed in this minute may have failed
    /// on our own side.
    #[must_use]
    pub const fn all_failed(&self) -> bool {
        self.of > 0 && self.ok == 0
    }
}

/// How far a connection to a target's host came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostLine {
    /// The host, with its port where that is not the scheme's own.
    pub host: String,
    /// Whether a TCP connection was made.
    pub tcp: bool,
    /// Whether TLS was agreed on; absent where it was not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls: Option<bool>,
}

/// What a `_sys` line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SysEvent {
    /// The agent began a run.
    Boot,
    /// The agent's and the machine's load, once for each batch.
    Load,
    /// The agent ended its run in order.
    Shutdown,
}

/// Most entries of `left_out` in one line; what is more waits for the next.
pub const LEFT_OUT_MAX: usize = 100;

/// For how long a repeat waits for room before it is left out, milliseconds: with the plan it bounds
/// when a burst is over.
pub const REPEAT_WAIT_MS_MAX: u64 = 60_000;

/// Repeats that the plan's burst rule asked for, one after the other, and that were not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Number of the first, from 2.
    pub attempt: u32,
    /// How many, at least 1.
    pub count: u32,
    /// Why.
    pub reason: GapReason,
    /// The slot whose attempt had failed.
    pub slot_ms: UnixMillis,
    /// What was not probed.
    pub target: TargetId,
}

/// The agent's program and the load it runs under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SysLine {
    /// SHA-256 of the agent's executable, hexadecimal; at boot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build: Option<String>,
    /// Processor time of the agent since the last such line: 1000 is one processor, all the time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_permille: Option<u32>,
    /// Time in which something waited for a processor (PSI `some`, one minute), permille.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_pressure_permille: Option<u32>,
    /// What the line is about.
    pub event: SysEvent,
    /// Position in the stream.
    pub i: u64,
    /// Longest time by which a timer of the agent was late since the last such line, microseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag_us_max: Option<u64>,
    /// Repeats that were left out and not told of before, at most [`LEFT_OUT_MAX`]; in lines of
    /// load. Absent where the agent cannot tell of all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left_out: Option<Vec<LeftOut>>,
    /// Memory that the machine has left, KiB.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mem_free_kib: Option<u64>,
    /// Time in which something waited for memory (PSI `some`, one minute), permille.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_pressure_permille: Option<u32>,
    /// Monotonic clock of the agent's boot.
    pub mono_us: u64,
    /// Plan revision that the agent runs; absent while it waits for its first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<u64>,
    /// Memory of the agent, KiB.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rss_kib: Option<u64>,
    /// [`RESERVED_VERSION`].
    pub v: u8,
    /// Version of the agent; at boot.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The agent's clock.
    pub wall_us: UnixMicros,
}

/// One line of a reserved stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReservedLine {
    /// Of `_ctrl`.
    Ctrl(ControlLine),
    /// Of `_sys`.
    Sys(Box<SysLine>),
    /// Of `_time`.
    Time(TimeLine),
}

impl ReservedLine {
    /// The stream it belongs to.
    #[must_use]
    pub const fn stream(&self) -> Reserved {
        match self {
            Self::Ctrl(_) => Reserved::Ctrl,
            Self::Sys(_) => Reserved::Sys,
            Self::Time(_) => Reserved::Time,
        }
    }

    /// Position in the stream.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Self::Ctrl(line) => line.i,
            Self::Sys(line) => line.i,
            Self::Time(line) => line.i,
        }
    }

    /// The same line at another position.
    #[must_use]
    pub fn at(mut self, i: u64) -> Self {
        match &mut self {
            Self::Ctrl(line) => line.i = i,
            Self::Sys(line) => line.i = i,
            Self::Time(line) => line.i = i,
        }
        self
    }

    /// Both clocks of the agent when the line was written: wall, and microseconds of its boot.
    #[must_use]
    pub fn written(&self) -> (UnixMicros, u64) {
        match self {
            Self::Ctrl(line) => (line.wall_us, line.mono_us),
            Self::Sys(line) => (line.wall_us, line.mono_us),
            Self::Time(line) => (line.wall_us, line.mono_us),
        }
    }

    /// The canonical bytes; there is no detail.
    pub fn encode(&self) -> Result<EncodedLine, LineError> {
        let core = match self {
            Self::Ctrl(line) => jcs::to_line(line),
            Self::Sys(line) => jcs::to_line(line),
            Self::Time(line) => jcs::to_line(line),
        };
        let core = core.map_err(LineError::Encode)?;
        Ok(EncodedLine { core, detail: None })
    }

    /// Reads a line of `stream`, after checking its canonical form on the generic value, so that
    /// keys which this version does not know stay verifiable.
    pub fn parse(stream: Reserved, bytes: &[u8]) -> Result<Self, LineError> {
        // Nearly all lines: as sample lines are read, without a generic value between.
        let read = match std::str::from_utf8(bytes) {
            Ok(text) if jcs::is_canonical(bytes) => {
                Self::shaped(stream, &mut serde_json::Deserializer::from_str(text)).ok()
            }
            _ => None,
        };
        let line = if let Some(line) = read {
            line
        } else {
            let value = jcs::check_line(bytes).map_err(LineError::Canonical)?;
            Self::shaped(stream, value).map_err(LineError::Shape)?
        };
        match line {
            Self::Ctrl(line) if line.ok > line.of => Err(LineError::Controls),
            line => Ok(line),
        }
    }

    fn shaped<'de, D: Deserializer<'de>>(stream: Reserved, from: D) -> Result<Self, D::Error> {
        match stream {
            Reserved::Ctrl => ControlLine::deserialize(from).map(Self::Ctrl),
            Reserved::Sys => SysLine::deserialize(from).map(|line| Self::Sys(Box::new(line))),
            Reserved::Time => TimeLine::deserialize(from).map(Self::Time),
        }
    }
}
