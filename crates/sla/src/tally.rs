//! Cells to exact counts per minute of the window, under both readings of late samples.
//!
//! A class is judged once per dictionary entry, never per sample. Counts are sums, so neither the
//! order of cells nor how samples are split over them can change anything that follows.

use std::collections::BTreeMap;

use domain::{CellHour, Class, GapReason, Kind, Source, Window};

use crate::assessment::UnmeasuredReason;
use crate::contract::{EventClass, EventRules, Family};

/// Counts of one minute, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) errors: u64,
    pub(crate) successes: u64,
    /// Samples of a class that the contract cannot tell.
    pub(crate) unknown: u64,
    pub(crate) not_valid: u64,
    /// Late samples, where the reading counts them as unmeasured: they are neither error nor
    /// success, and can only speak for the provider.
    pub(crate) late: u64,
}

/// The counts of every minute of a window.
#[derive(Debug)]
pub(crate) struct Tallies {
    /// Late samples count like all others.
    pub(crate) literal: Vec<Tally>,
    /// Late samples are unmeasured; absent where no sample is late.
    pub(crate) least_favourable: Option<Vec<Tally>>,
    /// Why slots were not run, by position of the minute; only minutes that have such slots.
    pub(crate) missed: BTreeMap<usize, Reasons>,
}

/// A set of reasons for slots that were not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons(u8);

impl Reasons {
    const fn bit(reason: GapReason) -> u8 {
        match reason {
            GapReason::AgentDown => 1,
            GapReason::Overloaded => 2,
            GapReason::Budget => 4,
            GapReason::Paused => 8,
            GapReason::NoKey => 16,
            GapReason::SpoolFull => 32,
        }
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn iter(self) -> impl Iterator<Item = UnmeasuredReason> {
        let has = move |reason: &&GapReason| self.0 & Self::bit(**reason) != 0;
        GapReason::ALL.iter().filter(has).map(|r| (*r).into())
    }
}

impl Tally {
    /// Requests that the contract counts.
    pub(crate) const fn valid(&self) -> u64 {
        self.errors + self.successes
    }

    /// Samples that are neither error nor success for certain.
    pub(crate) const fn uncertain(&self) -> u64 {
        self.unknown + self.late
    }

    /// Whether the minute was measured and nobody made a valid request in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.valid() == 0 && self.uncertain() == 0 && self.not_valid > 0
    }

    /// Whether nothing is known about the minute.
    pub(crate) const fn is_unmeasured(&self) -> bool {
        self.valid() == 0 && !self.is_empty()
    }

    pub(crate) const fn add(&mut self, other: &Self) {
        self.errors += other.errors;
        self.successes += other.successes;
        self.unknown += other.unknown;
        self.not_valid += other.not_valid;
        self.late += other.late;
    }

    /// The same requests, all of them successes.
    pub(crate) const fn all_up(&self) -> Self {
        Self {
            errors: 0,
            successes: self.valid() + self.uncertain(),
            unknown: 0,
            not_valid: self.not_valid,
            late: 0,
        }
    }

    /// Why it is unmeasured: samples that could not be told, slots not run, or nothing at all.
    pub(crate) fn reasons(&self, missed: Reasons) -> Vec<UnmeasuredReason> {
        let mut reasons = Vec::new();
        if self.unknown > 0 {
            reasons.push(UnmeasuredReason::Unknown);
        }
        if self.late > 0 {
            reasons.push(UnmeasuredReason::Late);
        }
        reasons.extend(missed.iter());
        if reasons.is_empty() {
            reasons.push(UnmeasuredReason::NoData);
        }
        reasons
    }

    const fn count(&mut self, class: EventClass, count: u64) {
        match class {
            EventClass::Error => self.errors += count,
            EventClass::Success => self.successes += count,
            EventClass::NotValid => self.not_valid += count,
            EventClass::Unknown => self.unknown += count,
        }
    }
}

/// What the samples of one class are to a commitment.
#[derive(Clone, Copy)]
struct Judged {
    event: EventClass,
    late: bool,
}

/// Counts the cells that lie in the window, by the rules of the contract and the population of
/// the family.
pub(crate) fn tallies(
    window: Window,
    cells: &[CellHour],
    rules: &EventRules,
    family: Family,
) -> Tallies {
    let minutes = usize::try_from(window.minutes()).unwrap_or(usize::MAX);
    let mut tallies = Tallies {
        literal: vec![Tally::default(); minutes],
        least_favourable: None,
        missed: BTreeMap::new(),
    };
    let judge = |class: &Class| {
        counts(class, family).then(|| Judged {
            event: rules.classify(class),
            late: class.late,
        })
    };
    let mut late = Vec::new();
    for cell in cells {
        let first = cell.hour.first_minute();
        if first >= window.end() || first.plus(60) <= window.start() {
            continue;
        }
        let index = |minute: u8| {
            let minute = first.plus(minute.into());
            let offset = minute.get().checked_sub(window.start().get())?;
            usize::try_from(offset).ok().filter(|i| *i < minutes)
        };
        let judged: Vec<Option<Judged>> = cell.classes.iter().map(judge).collect();
        for count in &cell.counts {
            let class = usize::try_from(count.class).ok();
            // A count whose class is missing says that something was sampled, but not what.
            let unknown = Some(Judged {
                event: EventClass::Unknown,
                late: false,
            });
            let judged = class.and_then(|c| judged.get(c)).copied();
            if let (Some(index), Some(judged)) = (index(count.minute), judged.unwrap_or(unknown)) {
                tallies.literal[index].count(judged.event, count.count.into());
                if judged.late {
                    late.push((index, judged.event, u64::from(count.count)));
                }
            }
        }
        for missed in &cell.missed {
            if let Some(index) = index(missed.minute) {
                let reason = Reasons(Reasons::bit(missed.reason));
                tallies.missed.entry(index).or_default().add(reason);
            }
        }
    }
    tallies.least_favourable = (!late.is_empty()).then(|| without(&tallies.literal, &late));
    tallies
}

/// Moves late samples out of their classes.
fn without(literal: &[Tally], late: &[(usize, EventClass, u64)]) -> Vec<Tally> {
    let mut tallies = literal.to_vec();
    for (index, class, count) in late {
        let tally = &mut tallies[*index];
        match class {
            EventClass::Error => tally.errors -= count,
            EventClass::Success => tally.successes -= count,
            EventClass::NotValid => tally.not_valid -= count,
            EventClass::Unknown => tally.unknown -= count,
        }
        tally.late += count;
    }
    tallies
}

/// Whether a family counts samples of this class. What was sent by hand never counts; a ratio of
/// requests counts only requests that were sent regardless of what the ones before them met.
fn counts(class: &Class, family: Family) -> bool {
    match (family, class.kind) {
        (_, Kind::Manual) => false,
        (Family::DowntimeMinutes, _) | (Family::IntervalMean, Kind::Planned) => true,
        (Family::IntervalMean, Kind::Burst | Kind::Confirm) => class.source == Source::Traffic,
    }
}
