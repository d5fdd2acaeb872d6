//! Cells to exact counts per minute, under one reading of the rules and both of late samples.
//!
//! A class is judged once per dictionary entry, never per sample. Counts are sums, so neither the
//! order of cells nor how samples are split over them can change anything that follows. Failures
//! that need a quorum are held back until all agents' samples of the minute are in.

mod late;
mod quorum;

use std::collections::{BTreeMap, BTreeSet};

use domain::{CellHour, Class, GapReason, Window};

use crate::assessment::UnmeasuredReason;
use crate::contract::{Contract, Effect, EventClass};
use crate::standing::Exclusions;
use crate::terms::Terms;
use late::{Landing, Move, moved};
use quorum::{Ballots, VoterIndex};

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
    /// How many samples each rule decided, by its position; those that no rule matched under
    /// `None`.
    pub(crate) rules: BTreeMap<Option<usize>, u64>,
}

/// Slots that were not run, and the set of reasons for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons {
    set: u8,
    /// How many slots.
    pub(crate) slots: u64,
}

impl Reasons {
    /// Slots that were not run for one reason.
    pub(crate) const fn of(reason: GapReason, slots: u64) -> Self {
        Self {
            set: Self::bit(reason),
            slots,
        }
    }

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
        self.set |= other.set;
        self.slots += other.slots;
    }

    fn iter(self) -> impl Iterator<Item = UnmeasuredReason> {
        let has = move |reason: &&GapReason| self.set & Self::bit(**reason) != 0;
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

    /// The same requests, all of them successes; of late ones that count as unmeasured even that is
    /// not known.
    pub(crate) const fn all_up(&self) -> Self {
        Self {
            errors: 0,
            successes: self.valid() + self.unknown,
            unknown: 0,
            not_valid: self.not_valid,
            late: self.late,
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

    pub(crate) const fn count(&mut self, class: EventClass, count: u64) {
        match class {
            EventClass::Error => self.errors += count,
            EventClass::Success => self.successes += count,
            EventClass::NotValid => self.not_valid += count,
            EventClass::Unknown => self.unknown += count,
        }
    }
}

/// What the samples of one class are to a commitment.
#[derive(Clone, Copy, Debug)]
struct Judged {
    event: EventClass,
    late: bool,
    quorum: bool,
    rule: Option<usize>,
}

/// A sample of which nothing is known.
const UNKNOWN: Judged = Judged {
    event: EventClass::Unknown,
    late: false,
    quorum: false,
    rule: None,
};

/// How samples are read: all that can change what counts they become.
pub(crate) struct Lens<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) terms: &'a Terms,
    /// The minutes to count: those judged, and some beyond where runs may reach over the edge.
    pub(crate) window: Window,
    /// Positions of rules that are read in their other way.
    pub(crate) otherwise: &'a BTreeSet<usize>,
    /// Whether the formula counts samples of a class at all.
    pub(crate) counts: &'a dyn Fn(&Class) -> bool,
    pub(crate) exclusions: &'a Exclusions,
    /// One per exclusion clause of the contract.
    pub(crate) effects: &'a [Effect],
}

/// Counts cells as seen through a lens.
pub(crate) fn tallies<'a>(
    lens: &Lens<'_>,
    cells: impl IntoIterator<Item = &'a CellHour>,
) -> Tallies {
    let minutes = usize::try_from(lens.window.minutes()).unwrap_or(usize::MAX);
    let mut counting = Counting {
        lens,
        literal: vec![Tally::default(); minutes],
        moves: Vec::new(),
        missed: BTreeMap::new(),
        rules: BTreeMap::new(),
        ballots: Ballots::default(),
        counts_votes: lens.contract.events.asks_for_quorum(),
    };
    for cell in cells {
        counting.cell(cell);
    }
    counting.finish()
}

struct Counting<'a> {
    lens: &'a Lens<'a>,
    literal: Vec<Tally>,
    moves: Vec<Move>,
    missed: BTreeMap<usize, Reasons>,
    rules: BTreeMap<Option<usize>, u64>,
    ballots: Ballots<'a>,
    /// Whether any rule asks for a quorum.
    counts_votes: bool,
}

impl Counting<'_> {
    fn cell(&mut self, cell: &CellHour) {
        let window = self.lens.window;
        let first = cell.hour.first_minute();
        if first >= window.end() || first.plus(60) <= window.start() {
            return;
        }
        let index = |minute: u8| {
            let minute = first.plus(minute.into());
            window.contains(minute).then(|| window.position(minute))
        };
        let judged: Vec<Option<Judged>> = cell.classes.iter().map(|c| self.judge(c)).collect();
        let regional = self.regional(cell);
        let place = self
            .lens
            .terms
            .places
            .iter()
            .find(|p| p.agent == cell.agent);
        let voter = self.ballots.voter(&cell.agent, place);
        let mut decided = vec![0_u64; judged.len()];
        for count in &cell.counts {
            let class = usize::try_from(count.class).unwrap_or(usize::MAX);
            // A count whose class is missing says that something was sampled, but not what.
            let Some(one) = judged.get(class).copied().unwrap_or(Some(UNKNOWN)) else {
                continue;
            };
            let Some(index) = index(count.minute) else {
                continue;
            };
            if let Some(one) = excused(one, &regional, index) {
                if let Some(decided) = decided.get_mut(class) {
                    *decided += u64::from(count.count);
                }
                self.count(index, one, count.count.into(), voter);
            }
        }
        for (judged, samples) in judged.iter().zip(decided) {
            if let Some(judged) = judged.as_ref().filter(|_| samples > 0) {
                *self.rules.entry(judged.rule).or_default() += samples;
            }
        }
        for missed in &cell.missed {
            if let Some(index) = index(missed.minute) {
                let reason = Reasons::of(missed.reason, missed.count.into());
                self.missed.entry(index).or_default().add(reason);
            }
        }
    }

    fn judge(&self, class: &Class) -> Option<Judged> {
        if !(self.lens.counts)(class) {
            return None;
        }
        let rules = &self.lens.contract.events;
        let ruling = rules.rule(class, |index| self.lens.otherwise.contains(&index));
        Some(Judged {
            event: ruling.event,
            late: class.late,
            quorum: ruling.quorum,
            rule: ruling.rule,
        })
    }

    fn count(&mut self, index: usize, judged: Judged, count: u64, voter: VoterIndex) {
        if self.counts_votes && (judged.quorum || judged.event == EventClass::Error) {
            self.ballots.vote(index, voter, judged.late);
            if judged.quorum {
                self.ballots.hold(index, judged.event, judged.late, count);
                return;
            }
        }
        self.literal[index].count(judged.event, count);
        if judged.late {
            self.moves.push(Move::late(index, judged.event, count));
        }
    }

    /// Spans in which samples of this cell's region are excused, by position.
    fn regional(&self, cell: &CellHour) -> Vec<(std::ops::Range<usize>, Effect)> {
        let lens = self.lens;
        if lens.exclusions.regional.is_empty() {
            return Vec::new();
        }
        let scope = lens.terms.scope_of(&cell.target);
        let region = scope.and_then(|scope| scope.get(&crate::contract::Dimension::Region));
        let spans = lens.exclusions.regional.iter();
        spans
            .filter(|(clause, _)| {
                let regions = lens.contract.exclusions[*clause].regions.as_ref();
                region.is_some_and(|region| regions.is_some_and(|all| all.contain(region)))
            })
            .map(|(clause, span)| {
                let at = |minute| lens.window.position(minute);
                (at(span.start())..at(span.end()), lens.effects[*clause])
            })
            .collect()
    }

    fn finish(mut self) -> Tallies {
        let quorum = self.lens.contract.evidence.quorum;
        for decided in std::mem::take(&mut self.ballots).decide(quorum) {
            let (index, held) = (decided.index, decided.held);
            self.literal[index].count(decided.event, held.count);
            if held.late {
                self.moves
                    .push(Move::late(index, decided.event, held.count));
            } else if decided.without_late != decided.event {
                self.moves.push(Move {
                    index,
                    from: decided.event,
                    to: Landing::Class(decided.without_late),
                    count: held.count,
                });
            }
        }
        let moves = &self.moves;
        Tallies {
            least_favourable: (!moves.is_empty()).then(|| moved(&self.literal, moves)),
            literal: self.literal,
            missed: self.missed,
            rules: self.rules,
        }
    }
}

/// What a sample is inside of a span that excuses its region; `None` where it is dropped.
fn excused(
    judged: Judged,
    spans: &[(std::ops::Range<usize>, Effect)],
    index: usize,
) -> Option<Judged> {
    if spans.is_empty() {
        return Some(judged);
    }
    let inside = spans.iter().filter(|(span, _)| span.contains(&index));
    match inside.map(|(_, effect)| *effect).max() {
        Some(Effect::RemoveFromDenominator) => None,
        Some(Effect::TreatAsUp) if judged.event != EventClass::NotValid => Some(Judged {
            event: EventClass::Success,
            quorum: false,
            ..judged
        }),
        _ => Some(judged),
    }
}
