//! What every minute is before anything measured is looked at: judged, excluded, or future.

use std::cell::RefCell;
use std::rc::Rc;

use domain::{Minute, Window};
use serde::{Deserialize, Serialize};

use crate::contract::{Contract, Effect, Exclusion, SpanSide};
use crate::terms::{ExcludedSpan, Terms};

#[cfg(test)]
mod tests;

/// What a minute is before anything measured is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Judged by its samples.
    Judged,
    /// Excluded, with an effect that is never [`Effect::NotExcluded`].
    Excluded(Effect),
    /// Has not happened yet, and will count when it has.
    Future,
}

impl Standing {
    /// The same minute, if nothing can be held against it: removed stays removed.
    pub(crate) const fn at_least_up(self) -> Self {
        match self {
            Self::Excluded(Effect::RemoveFromDenominator) | Self::Future => self,
            Self::Judged | Self::Excluded(_) => Self::Excluded(Effect::TreatAsUp),
        }
    }
}

/// A span that the contract or somebody's announcement names, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsideredSpan {
    /// The minutes, within the window.
    pub window: Window,
    /// Which kind of exclusion, by the contract's word for it.
    pub kind: String,
    /// Why, for people.
    pub reason: String,
    /// What became of it.
    pub outcome: SpanOutcome,
}

/// What became of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SpanOutcome {
    /// It applies.
    Applied {
        /// What that means for its minutes.
        effect: Effect,
    },
    /// It applies to samples of the exclusion's regions only.
    AppliedInRegions {
        /// What that means for their samples.
        effect: Effect,
    },
    /// The contract does not know the kind.
    UnknownKind,
    /// It was not announced in time, or nobody knows when.
    NoticeTooShort {
        /// Hours that the contract asks for.
        hours: u32,
    },
    /// The window has no minutes of this kind left.
    LimitReached {
        /// Minutes that the contract allows.
        minutes: u32,
    },
}

/// The spans of one window that are excluded, by position of the clause.
#[derive(Debug, Default)]
pub(crate) struct Exclusions {
    pub(crate) considered: Vec<ConsideredSpan>,
    spans: Vec<(usize, Window)>,
    /// Spans that concern the samples of some regions only.
    pub(crate) regional: Vec<(usize, Window)>,
}

/// Which clauses concern everything judged, by position; the others concern the samples of their
/// regions only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Global(Vec<bool>);

impl Global {
    /// Clauses without regions are global; of the others, those that cover everything judged.
    pub(crate) fn of(contract: &Contract, covers_all: impl Fn(&Exclusion) -> bool) -> Self {
        let clauses = contract.exclusions.iter();
        let is_global = |clause: &Exclusion| clause.regions.is_none() || covers_all(clause);
        Self(clauses.map(is_global).collect())
    }
}

/// The exclusions of one assessment, found once for each window that is looked at: recurrence
/// rules take long to expand, and many readings share a window.
pub(crate) struct KnownExclusions<'a> {
    contract: &'a Contract,
    terms: &'a Terms,
    found: RefCell<Vec<(Window, Global, Rc<Exclusions>)>>,
}

impl<'a> KnownExclusions<'a> {
    pub(crate) const fn new(contract: &'a Contract, terms: &'a Terms) -> Self {
        Self {
            contract,
            terms,
            found: RefCell::new(Vec::new()),
        }
    }

    /// The exclusions of a window.
    pub(crate) fn of(&self, window: Window, global: Global) -> Rc<Exclusions> {
        let mut found = self.found.borrow_mut();
        let mut known = found.iter();
        let known = known.find(|(known, same, _)| *known == window && *same == global);
        if let Some((.., exclusions)) = known {
            return Rc::clone(exclusions);
        }
        let exclusions = Exclusions::of(self.contract, self.terms, window, &global);
        let exclusions = Rc::new(exclusions);
        found.push((window, global, Rc::clone(&exclusions)));
        exclusions
    }
}

impl Exclusions {
    pub(crate) fn of(contract: &Contract, terms: &Terms, window: Window, global: &Global) -> Self {
        let mut found = Self::default();
        for (index, clause) in contract.exclusions.iter().enumerate() {
            let kind = clause.kind.as_str();
            let announced = terms.exclusions.iter().filter(|span| span.kind == kind);
            let mut spans: Vec<(Window, Option<&ExcludedSpan>)> = announced
                .filter_map(|span| Some((within(span.window, window)?, Some(span))))
                .collect();
            spans.extend(
                recurring(clause, window)
                    .into_iter()
                    .map(|span| (span, None)),
            );
            spans.sort_by_key(|(span, _)| *span);
            let mut left = clause.minutes_max.map(u64::from);
            for (span, announced) in spans {
                let outcome = match refusal(clause, span, announced, &mut left) {
                    Some(refused) => refused,
                    None if global.0[index] => SpanOutcome::Applied {
                        effect: clause.effect,
                    },
                    None => SpanOutcome::AppliedInRegions {
                        effect: clause.effect,
                    },
                };
                match outcome {
                    SpanOutcome::Applied { .. } => found.spans.push((index, span)),
                    SpanOutcome::AppliedInRegions { .. } => found.regional.push((index, span)),
                    _ => {}
                }
                found.considered.push(ConsideredSpan {
                    window: span,
                    kind: kind.to_owned(),
                    reason: announced.map_or_else(
                        || "recurs by the contract".to_owned(),
                        |span| span.reason.clone(),
                    ),
                    outcome,
                });
            }
        }
        let unknown = terms.exclusions.iter().filter(|span| {
            let mut known = contract.exclusions.iter();
            !known.any(|clause| clause.kind.as_str() == span.kind)
        });
        let unknown = unknown.filter_map(|span| {
            Some(ConsideredSpan {
                window: within(span.window, window)?,
                kind: span.kind.clone(),
                reason: span.reason.clone(),
                outcome: SpanOutcome::UnknownKind,
            })
        });
        found.considered.extend(unknown);
        found
    }

    /// The standing of every minute of a window, which may reach over the one that the
    /// exclusions were found for; `effects` has one entry per clause. Where exclusions overlap,
    /// the one that finds more uptime holds. Minutes that will be removed are out of the
    /// fraction from the start: else it would shrink while time passes, and what was certain
    /// could become uncertain.
    pub(crate) fn standings(
        &self,
        window: Window,
        as_of: Minute,
        effects: &[Effect],
    ) -> Vec<Standing> {
        let minutes = usize::try_from(window.minutes()).unwrap_or(usize::MAX);
        let mut found = vec![Effect::NotExcluded; minutes];
        for (clause, span) in &self.spans {
            let effect = effects[*clause];
            let inside = window.position(span.start())..window.position(span.end());
            for known in &mut found[inside] {
                *known = (*known).max(effect);
            }
        }
        let past = window.position(as_of);
        let standing = |(index, effect)| match effect {
            Effect::RemoveFromDenominator => Standing::Excluded(effect),
            _ if index >= past => Standing::Future,
            Effect::TreatAsUp => Standing::Excluded(effect),
            Effect::NotExcluded => Standing::Judged,
        };
        found.into_iter().enumerate().map(standing).collect()
    }
}

/// Why a span does not count; one that does takes its minutes from what is left.
fn refusal(
    clause: &Exclusion,
    span: Window,
    announced: Option<&ExcludedSpan>,
    left: &mut Option<u64>,
) -> Option<SpanOutcome> {
    if let (Some(hours), Some(announced)) = (clause.notice_hours, announced) {
        let needed = announced.window.start().plus(-60 * i64::from(hours));
        if announced.announced.is_none_or(|at| at > needed) {
            return Some(SpanOutcome::NoticeTooShort { hours });
        }
    }
    if let (Some(left), Some(minutes)) = (left.as_mut(), clause.minutes_max) {
        // A span that fits only in part is not cut: which part would be anybody's choice.
        if span.minutes() > *left {
            return Some(SpanOutcome::LimitReached { minutes });
        }
        *left -= span.minutes();
    }
    None
}

fn recurring(clause: &Exclusion, window: Window) -> Vec<Window> {
    let Some(recurrence) = &clause.recurs else {
        return Vec::new();
    };
    let spans = recurrence.spans(window);
    match clause.span {
        SpanSide::Inside => spans,
        SpanSide::Outside => outside(&spans, window),
    }
}

/// What spans, in order and apart, leave of a window.
fn outside(spans: &[Window], window: Window) -> Vec<Window> {
    let starts = std::iter::once(window.start()).chain(spans.iter().map(|span| span.end()));
    let ends = spans.iter().map(|span| span.start());
    let ends = ends.chain(std::iter::once(window.end()));
    starts
        .zip(ends)
        .filter_map(|(start, end)| Window::new(start, end).ok())
        .collect()
}

/// The part of a span inside a window.
pub(crate) fn within(span: Window, window: Window) -> Option<Window> {
    let start = span.start().max(window.start());
    Window::new(start, span.end().min(window.end())).ok()
}
