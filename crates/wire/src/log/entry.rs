//! What one line says, borrowed from the reader until it reads on.

use domain::cell::Timeliness;
use domain::fold::{FoldError, Stream};
use domain::{AgentId, Fold, GapReason, Minute, SampleView, TargetId, UnixMillis};

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// An attempt.
    Sample(Logged<'a>),
    /// Planned slots without an attempt.
    Gap(LoggedGap<'a>),
}

/// An attempt, with what tells it apart beside what contracts read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logged<'a> {
    /// Number of its line, from 1.
    pub line: u64,
    /// Where it was made.
    pub agent: &'a AgentId,
    /// What was asked.
    pub target: &'a TargetId,
    /// Region of the endpoint.
    pub region: Option<&'a str>,
    /// Model asked for.
    pub model: Option<&'a str>,
    /// Whether it was logged in time.
    pub timeliness: Timeliness,
    /// What contracts read.
    pub sample: SampleView<'a>,
}

/// A run of planned slots that were not attempted, all for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedGap<'a> {
    /// Number of its line, from 1.
    pub line: u64,
    /// Where they were planned.
    pub agent: &'a AgentId,
    /// What they would have asked.
    pub target: &'a TargetId,
    /// Region of the endpoint.
    pub region: Option<&'a str>,
    /// Why they were not attempted.
    pub reason: GapReason,
    /// First slot.
    pub first: UnixMillis,
    /// Last slot, not before the first.
    pub last: UnixMillis,
    /// Slots, at least 1.
    pub count: u64,
}

impl<'a> Entry<'a> {
    /// The stream it belongs to.
    #[must_use]
    pub const fn stream(&self) -> Stream<'a> {
        let (agent, target) = match self {
            Self::Sample(logged) => (logged.agent, logged.target),
            Self::Gap(gap) => (gap.agent, gap.target),
        };
        Stream { agent, target }
    }

    /// Counts it.
    pub fn count_into(&self, fold: &mut Fold) -> Result<(), FoldError> {
        match self {
            Self::Sample(logged) => fold.add(self.stream(), &logged.sample, logged.timeliness),
            Self::Gap(gap) => gap.minutes().try_for_each(|(minute, slots)| {
                fold.miss(self.stream(), minute, (gap.reason, slots))
            }),
        }
    }
}

impl LoggedGap<'_> {
    /// The minutes that its slots fall into, in order, and how many fall into each. Slots stand
    /// evenly spaced from the first, as they do when the same line is read as evidence.
    pub fn minutes(&self) -> impl Iterator<Item = (Minute, u32)> + use<> {
        let (first, count) = (self.first, self.count);
        let span = self.last.get().saturating_sub(first.get());
        let step = i64::try_from(count - 1).map_or(0, |steps| span / steps.max(1));
        let mut taken = 0;
        std::iter::from_fn(move || {
            let left = count - taken;
            let offset = i64::try_from(taken)
                .unwrap_or(i64::MAX)
                .saturating_mul(step);
            let at = first.plus_ms(offset);
            let minute = at.minute();
            let room_ms = minute.plus(1).start().get() - at.get();
            let slots = if step == 0 {
                left
            } else {
                left.min((room_ms - 1).unsigned_abs() / step.unsigned_abs() + 1)
            };
            taken += slots;
            (slots > 0).then(|| (minute, u32::try_from(slots).unwrap_or(u32::MAX)))
        })
    }
}
