//! One subject seen under one reading: its window, counts and standings, and what follows.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::rc::Rc;

use domain::{Class, Window};
use num_rational::BigRational;

use super::{Facts, covers_all};
use crate::assessment::{Reading, Verdict};
use crate::contract::metric::Kinds;
use crate::contract::{Contract, Effect, PartMonth, RunAcrossEdge, TimeZone};
use crate::credit::{CreditInputs, NoCredit, TwelveMonths, credit};
use crate::formula::{self, Bounds, Minutes};
use crate::fraction::Fraction;
use crate::reading::{Choice, View};
use crate::standing::{Exclusions, Global, KnownExclusions, Standing, within};
use crate::subject::Subject;
use crate::tally::{Lens, Tallies, tallies};
use crate::terms::Terms;
use crate::timed::{LateSamples, Timing};

/// Most minutes beyond either edge of the window that a run is followed into.
const EDGE_MINUTES_MAX: u32 = 24 * 60;

/// Judges one subject under any reading.
pub(super) struct Judge<'a> {
    pub(super) contract: &'a Contract,
    pub(super) terms: &'a Terms,
    pub(super) subject: &'a Subject<'a>,
    pub(super) facts: Facts<'a>,
    exclusions: &'a KnownExclusions<'a>,
    counted: Vec<(CountKey, Rc<Tallies>)>,
    seen: Vec<(Key, Rc<Seen>)>,
}

/// What counts and standings depend on: readings that differ in nothing of it share them.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    count: CountKey,
    window: Window,
    zone: TimeZone,
    effects: Vec<Effect>,
}

/// What counts depend on.
#[derive(Clone, PartialEq, Eq)]
struct CountKey {
    counted: Window,
    otherwise: BTreeSet<usize>,
    kinds: Kinds,
    /// Effects on samples of some regions; empty where there are no such exclusions.
    regional: Vec<Effect>,
}

/// Counts and standings under one reading.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) window: Window,
    /// The minutes counted: the window, and what runs may reach into.
    counted: Window,
    zone: TimeZone,
    pub(super) tallies: Rc<Tallies>,
    standings: Vec<Standing>,
}

impl<'a> Judge<'a> {
    pub(super) const fn new(
        contract: &'a Contract,
        terms: &'a Terms,
        facts: Facts<'a>,
        exclusions: &'a KnownExclusions<'a>,
        subject: &'a Subject<'a>,
    ) -> Self {
        Self {
            contract,
            terms,
            subject,
            facts,
            exclusions,
            counted: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Whether a reading differs from another by late samples only, of which there are none.
    pub(super) fn is_idle(&mut self, view: &View) -> bool {
        view.late == LateSamples::Unmeasured && self.see(view).tallies.least_favourable.is_none()
    }

    pub(super) fn reading(&mut self, choices: Vec<Choice>, view: &View) -> Reading {
        let seen = self.see(view);
        let bounds = formula::bounds(&view.metric, seen.minutes(view, self.facts));
        let verdict = self.verdict(&bounds, view, seen.window);
        let mut reading = Reading {
            choices,
            observed: bounds.observed,
            high: bounds.high,
            low: bounds.low,
            verdict,
            credit: None,
        };
        if verdict == Verdict::Breached {
            reading.credit = self
                .credit(&reading.high, view, seen.window)
                .and_then(Result::ok);
        }
        reading
    }

    fn verdict(&self, bounds: &Bounds, view: &View, window: Window) -> Verdict {
        let kept = |uptime| self.subject.promise.kept_by(uptime, view.rounding);
        if !kept(&bounds.high) {
            Verdict::Breached
        } else if kept(&bounds.low) {
            Verdict::Met
        } else if self.terms.as_of < window.end() {
            Verdict::Open
        } else if bounds.observed.is_none() {
            Verdict::NoData
        } else {
            Verdict::Indeterminate
        }
    }

    /// What a breach is worth; `None` where the contract gives no credits.
    pub(super) fn credit(
        &self,
        high: &Fraction,
        view: &View,
        window: Window,
    ) -> Option<Result<crate::credit::Credit, NoCredit>> {
        let schedule = self.subject.promise.credit()?;
        let figures = Figures::of(high, view, window);
        Some(credit(schedule, &self.inputs(&figures, view)))
    }

    /// What a credit is computed from.
    pub(super) fn inputs<'b>(&'b self, figures: &'b Figures, view: &View) -> CreditInputs<'b> {
        CreditInputs {
            target: self.subject.promise.target(),
            uptime: &figures.uptime,
            downtime_minutes: &figures.downtime_minutes,
            window_days: figures.window_days,
            currency: self.contract.currency,
            fees: self.terms.fees,
            twelve_months: self.terms.credited_12_months.map(|credited| TwelveMonths {
                credited,
                fees: None,
            }),
            steps: view.steps,
        }
    }

    /// Counts and standings under a reading.
    pub(super) fn see(&mut self, view: &View) -> Rc<Seen> {
        let (window, counted) = self.windows(view);
        let has_regional = self.contract.exclusions.iter().any(|e| e.regions.is_some());
        let key = Key {
            count: CountKey {
                counted,
                otherwise: view.otherwise.clone(),
                kinds: view.metric.kinds().clone(),
                regional: if has_regional {
                    view.effects.clone()
                } else {
                    Vec::new()
                },
            },
            window,
            zone: view.zone,
            effects: view.effects.clone(),
        };
        if let Some((_, seen)) = self.seen.iter().find(|(known, _)| *known == key) {
            return Rc::clone(seen);
        }
        let covers = |clause: &_| covers_all(self.terms, self.subject, clause);
        let global = Global::of(self.contract, covers);
        let exclusions = self.exclusions.of(counted, global);
        let as_of = self.terms.as_of;
        let mut standings = exclusions.standings(counted, as_of, &view.effects);
        self.outside_subscription(counted, &mut standings);
        let seen = Rc::new(Seen {
            window,
            counted,
            zone: view.zone,
            tallies: self.count(&key.count, view, &exclusions),
            standings,
        });
        self.seen.push((key, Rc::clone(&seen)));
        seen
    }

    fn count(&mut self, key: &CountKey, view: &View, exclusions: &Exclusions) -> Rc<Tallies> {
        if let Some((_, known)) = self.counted.iter().find(|(known, _)| known == key) {
            return Rc::clone(known);
        }
        let lens = Lens {
            contract: self.contract,
            terms: self.terms,
            window: key.counted,
            otherwise: &view.otherwise,
            counts: &|class: &Class| key.kinds.counts(class.kind, class.source),
            exclusions,
            effects: &view.effects,
        };
        let tallies = Rc::new(tallies(&lens, self.subject.cells.iter().copied()));
        self.counted.push((key.clone(), Rc::clone(&tallies)));
        tallies
    }

    /// The window under a reading, and the minutes to count for it.
    fn windows(&self, view: &View) -> (Window, Window) {
        let (rule, terms) = (&self.contract.window, self.terms);
        let whole = if view.zone == rule.timezone {
            terms.window
        } else {
            rule.window_in(view.zone, terms.window)
        };
        let window = match (view.part, terms.subscribed) {
            (PartMonth::OwnPeriod, Some(own)) => within(whole, own).unwrap_or(whole),
            _ => whole,
        };
        let beyond = match view.edge {
            RunAcrossEdge::Span => view.metric.run_minutes_min().min(EDGE_MINUTES_MAX) - 1,
            _ => 0,
        };
        let start = window.start().plus(-i64::from(beyond));
        let end = window.end().plus(i64::from(beyond));
        (window, Window::new(start, end).unwrap_or(window))
    }

    /// Time that is not under contract cannot fail: it is up wherever it belongs to the window.
    fn outside_subscription(&self, counted: Window, standings: &mut [Standing]) {
        let Some(own) = self.terms.subscribed else {
            return;
        };
        let inside = counted.position(own.start())..counted.position(own.end());
        let past = counted.position(self.terms.as_of);
        for (minute, standing) in standings.iter_mut().enumerate() {
            if !inside.contains(&minute) && minute < past {
                *standing = standing.at_least_up();
            }
        }
    }
}

/// What a credit hangs on, under one reading.
pub(super) struct Figures {
    uptime: Fraction,
    downtime_minutes: Fraction,
    window_days: NonZeroU32,
}

impl Figures {
    pub(super) fn of(high: &Fraction, view: &View, window: Window) -> Self {
        let minutes = BigRational::from_integer(window.minutes().into());
        let lost = (Fraction::one().ratio() - high.ratio()) * minutes;
        let days = u32::try_from(window.minutes().div_ceil(24 * 60)).unwrap_or(u32::MAX);
        Self {
            uptime: view.rounding.apply(high),
            downtime_minutes: Fraction::from_ratio(lost),
            window_days: NonZeroU32::new(days).unwrap_or(NonZeroU32::MIN),
        }
    }
}

impl Seen {
    pub(super) fn minutes<'a>(&'a self, view: &View, facts: Facts<'a>) -> Minutes<'a> {
        let least = self.tallies.least_favourable.as_deref();
        let tallies = match view.late {
            LateSamples::Counted => &self.tallies.literal,
            LateSamples::Unmeasured => least.unwrap_or(&self.tallies.literal),
        };
        let timed = facts.timed.filter(|timed| timed.window() == self.window);
        Minutes {
            span: self.counted,
            window: self.window,
            tallies,
            standings: &self.standings,
            missed: &self.tallies.missed,
            zone: self.zone,
            timing: timed.map_or(Timing::Untimed, |timed| timed.of(&view.metric, view.late)),
        }
    }
}
