//! Requests without repeated errors, and with a limit on how long a success may take.
//!
//! The errors that stay are as many as windows of the given length are needed to cover all errors,
//! which never falls when an error is added. So the errors among certain and possible ones bound
//! those of every meaning that unknown and late samples can have.

use std::collections::BTreeMap;

use domain::Window;
use domain::cell::Timeliness;

use super::{BothReadings, TimedSample};
use crate::contract::EventClass;
use crate::contract::metric::RequestRatio;
use crate::tally::Tally;

/// The requests of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestMinute {
    /// Counts, without repeated errors.
    pub(crate) tally: Tally,
    /// Errors if all unknown and late samples are some, without repeated ones.
    pub(crate) errors_possible: u64,
    /// Errors that were dropped.
    pub(crate) repeated: u64,
}

#[derive(Debug)]
pub(super) struct RequestFold {
    success_us_max: Option<u64>,
    literal: Reading,
    least_favourable: Reading,
    any_late: bool,
    /// What may be an error, by position of the minute.
    open: BTreeMap<usize, Vec<Doubt>>,
}

/// The requests under one reading of late samples.
#[derive(Debug)]
struct Reading {
    minutes: Vec<RequestMinute>,
    certain: Bursts,
    possible: Bursts,
}

/// Walks over errors in order of time.
#[derive(Clone, Copy, Debug)]
struct Bursts {
    /// Length of a window of repeated errors, in microseconds; 0 where all errors stay.
    window_us: i64,
    /// Where the last one ends.
    until: i64,
}

/// A sample that is an error, or may be one.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    at: i64,
    class: EventClass,
    is_late: bool,
}

impl RequestFold {
    pub(super) fn new(rule: &RequestRatio, window: Window) -> Self {
        let window_us = rule.dedupe.map_or(0, |dedupe| {
            i64::from(dedupe.window_s.get()).saturating_mul(1_000_000)
        });
        let bursts = Bursts {
            window_us,
            until: i64::MIN,
        };
        let minutes = usize::try_from(window.minutes()).unwrap_or(usize::MAX);
        let reading = || Reading {
            minutes: vec![RequestMinute::default(); minutes],
            certain: bursts,
            possible: bursts,
        };
        Self {
            success_us_max: rule
                .success_within_s
                .map(|seconds| u64::from(seconds.get()) * 1_000_000),
            literal: reading(),
            least_favourable: reading(),
            any_late: false,
            open: BTreeMap::new(),
        }
    }

    /// What the sample is once its length is looked at.
    fn class(&self, sample: &TimedSample<'_>) -> EventClass {
        match (sample.class, self.success_us_max, sample.view.end_us) {
            (EventClass::Success, Some(_), None) => EventClass::Unknown,
            (EventClass::Success, Some(max), Some(end)) if end > max => EventClass::Error,
            (class, _, _) => class,
        }
    }

    pub(super) fn add(&mut self, position: usize, sample: &TimedSample<'_>) {
        let class = self.class(sample);
        let is_late = sample.timeliness == Timeliness::Late;
        self.any_late |= is_late;
        let is_error = class == EventClass::Error;
        if !is_error {
            self.literal.minutes[position].tally.count(class, 1);
        }
        let tally = &mut self.least_favourable.minutes[position].tally;
        if is_late {
            tally.late += 1;
        } else if !is_error {
            tally.count(class, 1);
        }
        if is_error || is_late || class == EventClass::Unknown {
            self.open.entry(position).or_default().push(Doubt {
                at: sample.view.started.get(),
                class,
                is_late,
            });
        }
    }

    /// A request of a minute that is treated as up: a success, unless it does not count. Of a late
    /// one that counts as unmeasured even that is not known.
    pub(super) fn add_up(&mut self, position: usize, sample: &TimedSample<'_>) {
        let is_late = sample.timeliness == Timeliness::Late;
        self.any_late |= is_late;
        let class = match sample.class {
            EventClass::NotValid => EventClass::NotValid,
            EventClass::Error | EventClass::Success | EventClass::Unknown => EventClass::Success,
        };
        self.literal.minutes[position].tally.count(class, 1);
        let tally = &mut self.least_favourable.minutes[position].tally;
        if is_late {
            tally.late += 1;
        } else {
            tally.count(class, 1);
        }
    }

    pub(super) fn close_before(&mut self, position: usize) {
        while let Some(entry) = self.open.first_entry()
            && *entry.key() < position
        {
            let (position, mut doubts) = entry.remove_entry();
            doubts.sort_unstable_by_key(|doubt| doubt.at);
            for doubt in doubts {
                self.settle(position, doubt);
            }
        }
    }

    /// Counts an error, or drops it. Called in order of time.
    fn settle(&mut self, position: usize, doubt: Doubt) {
        if doubt.class == EventClass::Error {
            self.literal.error(position, doubt.at);
            if !doubt.is_late {
                self.least_favourable.error(position, doubt.at);
            }
        }
        // Literally, a late success is one.
        if matches!(doubt.class, EventClass::Error | EventClass::Unknown) {
            self.literal.possible_error(position, doubt.at);
        }
        self.least_favourable.possible_error(position, doubt.at);
    }

    pub(super) fn finish(mut self) -> BothReadings<Vec<RequestMinute>> {
        self.close_before(usize::MAX);
        BothReadings {
            literal: self.literal.minutes,
            least_favourable: self.any_late.then_some(self.least_favourable.minutes),
        }
    }
}

impl Reading {
    fn error(&mut self, position: usize, at: i64) {
        let minute = &mut self.minutes[position];
        if self.certain.stays(at) {
            minute.tally.errors += 1;
        } else {
            minute.repeated += 1;
        }
    }

    fn possible_error(&mut self, position: usize, at: i64) {
        self.minutes[position].errors_possible += u64::from(self.possible.stays(at));
    }
}

impl Bursts {
    /// Whether the next error in order of time counts.
    const fn stays(&mut self, at: i64) -> bool {
        let stays = at >= self.until;
        if stays {
            self.until = at.saturating_add(self.window_us);
        }
        stays
    }
}

#[cfg(test)]
impl RequestFold {
    pub(super) fn open_samples(&self) -> usize {
        self.open.values().map(Vec::len).sum()
    }
}
