//! What single samples say that counts per minute cannot: which errors repeat another, which
//! successes were too slow, and how fast answers were.
//!
//! A [`TimedFold`] takes the samples of one contract's window, of all agents and targets together,
//! and reduces them to a [`Timed`]. Samples come in any order within what has not been closed;
//! [`TimedFold::close_before`] closes minutes, so that memory is bounded by minutes, latency
//! windows and the samples of the open ones. Neither order nor the moments of closing change the
//! outcome. Requests of excluded minutes are treated as the exclusion says before anything else:
//! those of removed and future minutes do not exist, so an error among them opens no window of
//! repeated errors. Such windows are cut at the edges of the contract's window.
//!
//! Deliberately absent: what a sample is to the contract (the caller judges its class), and what
//! follows from it (`crate::formula`).

mod latency;
mod percentile;
mod quantity;
mod requests;

#[cfg(test)]
pub(crate) mod tests;

use domain::cell::Timeliness;
use domain::{AgentId, Minute, SampleView, TargetId, Window};

use crate::contract::metric::Metric;
use crate::contract::{Contract, Effect, EventClass};
use crate::standing::{Exclusions, Global, Standing};
use crate::terms::Terms;

use latency::LatencyFold;
pub(crate) use latency::LatencySeen;
pub use latency::{LatencyWindow, Met, Percentile};
use requests::RequestFold;
pub(crate) use requests::RequestMinute;

/// One sample with what the contract says about it.
#[derive(Clone, Copy, Debug)]
pub struct TimedSample<'a> {
    /// Where it was taken.
    pub agent: &'a AgentId,
    /// What was probed.
    pub target: &'a TargetId,
    /// The sample.
    pub view: SampleView<'a>,
    /// What it is to the contract's event rules.
    pub class: EventClass,
    /// Whether it was anchored in time.
    pub timeliness: Timeliness,
}

/// A sample that cannot be taken any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimedError {
    /// It lies in a minute that has been closed: sort the input, or close later.
    #[error(
        "the sample of agent `{agent}` and target `{target}` at {at} us is older than what was closed, everything before minute {open_from}"
    )]
    Closed {
        /// Where it was taken.
        agent: AgentId,
        /// What was probed.
        target: TargetId,
        /// Its start, in microseconds since the epoch.
        at: i64,
        /// The first minute that is still open, since the epoch.
        open_from: i64,
    },
}

/// Collects samples.
#[derive(Debug)]
pub struct TimedFold {
    window: Window,
    standings: Vec<Standing>,
    /// Everything before is closed.
    open_from: Minute,
    parts: Vec<Part>,
}

/// What one metric makes of the samples.
#[derive(Debug)]
struct Part {
    metric: Metric,
    fold: Fold,
}

#[derive(Debug)]
enum Fold {
    Requests(Box<RequestFold>),
    Latency(Box<LatencyFold>),
}

/// What samples of a window say, for every metric that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    window: Window,
    parts: Vec<(Metric, Outcome)>,
}

/// What one metric made of the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Requests(BothReadings<Vec<RequestMinute>>),
    Latency(BothReadings<LatencySeen>),
}

/// Something under both readings of late samples.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BothReadings<T> {
    /// Late samples count like all others.
    literal: T,
    /// Late samples are unmeasured; absent where no sample is late.
    least_favourable: Option<T>,
}

/// How late samples are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateSamples {
    /// Like all others.
    Counted,
    /// As unmeasured.
    Unmeasured,
}

/// What a formula may know beside counts per minute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timing<'a> {
    /// Nothing. Metrics that need more than counts then know of no sample at all.
    Untimed,
    /// Requests without repeated errors, by position of the minute in the window.
    Requests(&'a [RequestMinute]),
    /// Latency windows.
    Latency(&'a LatencySeen),
}

impl TimedFold {
    /// For every commitment of a contract that needs it, in every reading of what its text leaves
    /// open, over one window.
    #[must_use]
    pub fn new(contract: &Contract, terms: &Terms) -> Self {
        let metrics = contract.commitments.iter().flat_map(|commitment| {
            let others = commitment.alternatives.iter().map(|other| &other.metric);
            std::iter::once(&commitment.metric).chain(others)
        });
        let everywhere = Global::of(contract, |_| true);
        let exclusions = Exclusions::of(contract, terms, terms.window, &everywhere);
        let effects: Vec<Effect> = contract.exclusions.iter().map(|e| e.effect).collect();
        let standings = exclusions.standings(terms.window, terms.as_of, &effects);
        Self::of(metrics, terms.window, standings)
    }

    /// For metrics over a window whose minutes have these standings, by their position.
    pub(crate) fn of<'m>(
        metrics: impl IntoIterator<Item = &'m Metric>,
        window: Window,
        standings: Vec<Standing>,
    ) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let readings = metrics.into_iter().flat_map(Metric::readings);
        for reading in readings {
            let metric = computed(reading.metric);
            if parts.iter().all(|part| part.metric != metric)
                && let Some(fold) = Fold::of(&metric, window)
            {
                parts.push(Part { metric, fold });
            }
        }
        Self {
            window,
            standings,
            open_from: window.start(),
            parts,
        }
    }

    /// Whether any commitment needs samples at all.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Takes a sample. Those outside the window, and of kinds that a metric does not count, change
    /// nothing.
    pub fn add(&mut self, sample: &TimedSample<'_>) -> Result<(), TimedError> {
        let minute = sample.view.minute();
        if !self.window.contains(minute) {
            return Ok(());
        }
        if minute < self.open_from {
            return Err(TimedError::Closed {
                agent: sample.agent.clone(),
                target: sample.target.clone(),
                at: sample.view.started.get(),
                open_from: self.open_from.get(),
            });
        }
        let position = self.window.position(minute);
        let standing = self.standings.get(position).copied();
        let (kind, source) = (sample.view.kind, sample.view.source);
        for part in &mut self.parts {
            if part.metric.kinds().counts(kind, source) {
                match (standing, &mut part.fold) {
                    (Some(Standing::Judged), Fold::Requests(fold)) => fold.add(position, sample),
                    (Some(Standing::Excluded(Effect::TreatAsUp)), Fold::Requests(fold)) => {
                        fold.add_up(position, sample);
                    }
                    (Some(Standing::Judged), Fold::Latency(fold)) => fold.add(sample),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Reduces everything before a minute; samples older than it are refused from now on.
    pub fn close_before(&mut self, minute: Minute) {
        if minute <= self.open_from {
            return;
        }
        self.open_from = minute;
        let position = self.window.position(minute);
        for part in &mut self.parts {
            match &mut part.fold {
                Fold::Requests(fold) => fold.close_before(position),
                Fold::Latency(fold) => fold.close_before(minute),
            }
        }
    }

    /// Everything there is to know.
    #[must_use]
    pub fn finish(self) -> Timed {
        let outcome = |fold| match fold {
            Fold::Requests(fold) => Outcome::Requests(fold.finish()),
            Fold::Latency(fold) => Outcome::Latency(fold.finish()),
        };
        let parts = self.parts.into_iter();
        Timed {
            window: self.window,
            parts: parts.map(|p| (p.metric, outcome(p.fold))).collect(),
        }
    }
}

impl Fold {
    fn of(metric: &Metric, window: Window) -> Option<Self> {
        match metric {
            Metric::RequestRatio(rule) if metric.needs_times() => {
                Some(Self::Requests(Box::new(RequestFold::new(rule, window))))
            }
            Metric::LatencyAttainment(rule) => {
                Some(Self::Latency(Box::new(LatencyFold::new(rule, window))))
            }
            _ => None,
        }
    }
}

/// The metric that is computed, where a target stands around it.
fn computed(metric: Metric) -> Metric {
    match metric {
        Metric::TargetOnly(target) => target.of().clone(),
        other => other,
    }
}

impl Timed {
    /// The window that the samples were taken in.
    pub(crate) const fn window(&self) -> Window {
        self.window
    }

    /// What a formula may know; `unknown` in the metric is its first reading.
    pub(crate) fn of(&self, metric: &Metric, late: LateSamples) -> Timing<'_> {
        match self.find(metric) {
            None => Timing::Untimed,
            Some(Outcome::Requests(both)) => Timing::Requests(both.under(late)),
            Some(Outcome::Latency(both)) => Timing::Latency(both.under(late)),
        }
    }

    fn find(&self, metric: &Metric) -> Option<&Outcome> {
        let metric = computed(metric.readings().into_iter().next()?.metric);
        let found = self.parts.iter().find(|(known, _)| *known == metric);
        found.map(|(_, outcome)| outcome)
    }

    /// The latency windows of a metric in which there were samples, in order of time, then of the
    /// contract's targets. Late samples count.
    pub fn latency_windows(
        &self,
        metric: &Metric,
    ) -> impl Iterator<Item = (Minute, usize, &LatencyWindow)> {
        let windows = match self.find(metric) {
            Some(Outcome::Latency(both)) => Some(both.literal.windows()),
            _ => None,
        };
        windows.into_iter().flatten()
    }

    /// The errors of a metric that were dropped because they repeat another: minute and number, in
    /// order of time. Late samples count.
    pub fn repeated_errors(&self, metric: &Metric) -> impl Iterator<Item = (Minute, u64)> {
        let minutes = match self.find(metric) {
            Some(Outcome::Requests(both)) => &both.literal[..],
            _ => &[],
        };
        let minutes = self.window.iter().zip(minutes);
        minutes.filter_map(|(minute, seen)| (seen.repeated > 0).then_some((minute, seen.repeated)))
    }
}

impl<T> BothReadings<T> {
    const fn under(&self, late: LateSamples) -> &T {
        match (late, &self.least_favourable) {
            (LateSamples::Unmeasured, Some(other)) => other,
            _ => &self.literal,
        }
    }
}
