//! How long answers took, in sketches: for charts and the API.
//!
//! Invariants: what is kept depends on the samples alone, not on the order or the parts in which
//! they came; equal samples give equal bytes. No verdict reads a sketch: those rest on cells and
//! exact values.

mod sketch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Outcome;
use serde::Serialize;

pub(crate) use sketch::{Sketch, SketchError};

/// First byte of a packed pair of sketches: which layout follows.
const LAYOUT: u8 = 1;

/// Planned samples of an agent and target in some stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Latency {
    /// To the first visible text of samples that were `ok` and had one.
    pub(crate) first: Sketch,
    /// To the end of samples that were `ok`.
    pub(crate) end: Sketch,
    /// Samples of each outcome.
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
}

impl Latency {
    /// Of no sample.
    pub(crate) fn empty() -> Self {
        Self {
            first: Sketch::empty(),
            end: Sketch::empty(),
            outcomes: BTreeMap::new(),
        }
    }

    /// Adds what another stretch had.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.first.merge(&other.first);
        self.end.merge(&other.end);
        for (outcome, count) in &other.outcomes {
            let sum = self.outcomes.entry(*outcome).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Both sketches in one row of bytes.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let mut bytes = vec![LAYOUT];
        self.first.pack(&mut bytes);
        self.end.pack(&mut bytes);
        bytes
    }

    /// What [`Latency::pack`] wrote, with the outcomes that stood beside it.
    pub(crate) fn unpack(
        bytes: &[u8],
        outcomes: BTreeMap<Outcome, u64>,
    ) -> Result<Self, SketchError> {
        let (layout, mut rest) = bytes.split_first().ok_or(SketchError::Cut)?;
        if *layout != LAYOUT {
            return Err(SketchError::Layout { layout: *layout });
        }
        let (first, end) = (Sketch::unpack(&mut rest)?, Sketch::unpack(&mut rest)?);
        if !rest.is_empty() {
            return Err(SketchError::Trailing);
        }
        Ok(Self {
            first,
            end,
            outcomes,
        })
    }
}

/// What is shown of one hour or day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Point {
    /// Its start.
    pub(crate) start_at: DateTime<Utc>,
    /// To the first visible text; absent where no sample had one.
    pub(crate) first: Option<Figures>,
    /// To the end; absent where no sample was `ok`.
    pub(crate) end: Option<Figures>,
    /// Planned samples of each outcome.
    pub(crate) outcomes: BTreeMap<Outcome, u64>,
}

/// Percentiles, microseconds; at most 1/128 above the exact ones, and never below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) count: u64,
    pub(crate) p50_us: u64,
    pub(crate) p95_us: u64,
    pub(crate) p99_us: u64,
}

impl Figures {
    fn of(sketch: &Sketch) -> Option<Self> {
        Some(Self {
            count: sketch.count(),
            p50_us: sketch.percentile(50)?,
            p95_us: sketch.percentile(95)?,
            p99_us: sketch.percentile(99)?,
        })
    }
}

impl Point {
    pub(crate) fn of(start_at: DateTime<Utc>, latency: Latency) -> Self {
        Self {
            start_at,
            first: Figures::of(&latency.first),
            end: Figures::of(&latency.end),
            outcomes: latency.outcomes,
        }
    }
}
