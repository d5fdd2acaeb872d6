//! When requests to the models failed, or would have: what a provider could know of its trouble.

use std::time::Duration;

use super::{Director, OUTAGES_MAX, State};
use crate::fault::{Fault, Stage};
use crate::lock;
use crate::script::{Route, Rule};
use crate::share::Share;

/// How finely windows of rules are looked at, in seconds.
const STEP_S: u64 = 5;
/// How far back, in seconds: a day.
const BACK_S: u64 = 86_400;

/// Consecutive seconds in which some rule or outage failed requests, from the simulator's start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) from_s: u64,
    /// Exclusive; none while it goes on.
    pub(crate) until_s: Option<u64>,
    /// Whether all requests of some kind failed at some time of it.
    pub(crate) is_whole: bool,
}

/// The seconds of an outage; kept when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from_s: u64,
    until_s: u64,
}

impl State {
    /// Keeps when an outage is; the oldest gives way.
    pub(super) fn remember(&mut self, fault: &Fault, (now, until): (Duration, Duration)) {
        if !is_failure(fault) {
            return;
        }
        if self.spans.len() == OUTAGES_MAX {
            self.spans.remove(0);
        }
        self.spans.push(Span {
            from_s: now.as_secs(),
            until_s: until.as_secs(),
        });
    }

    /// Ends all outages that go on.
    pub(super) fn end_spans(&mut self, now: Duration) {
        for span in &mut self.spans {
            span.until_s = span.until_s.min(now.as_secs());
        }
    }
}

impl Director {
    /// Trouble up to now, oldest first: of outages, and of the rules in force now, by their
    /// windows alone.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        let now = self.now();
        let (rules, outages, origin) = {
            let state = lock(&self.state);
            (state.rules.script(), state.spans.clone(), state.origin)
        };
        let rules: Vec<Rule> = rules.into_iter().filter(concerns_models).collect();
        let first = now.as_secs().saturating_sub(BACK_S).div_ceil(STEP_S) * STEP_S;
        let mut found: Vec<Trouble> = Vec::new();
        let mut open: Option<Trouble> = None;
        for second in (first..=now.as_secs()).step_by(usize::try_from(STEP_S).unwrap_or(1)) {
            let at = Duration::from_secs(second);
            let window = self.window_at(origin, at);
            let in_force = rules
                .iter()
                .filter(|rule| at >= origin && rule.window.covers(window));
            let mut is_bad = false;
            let mut is_whole = false;
            for rule in in_force {
                is_bad = true;
                is_whole |= rule.share == Share::ALL;
            }
            let is_out = outages
                .iter()
                .any(|span| (span.from_s..span.until_s).contains(&second));
            if is_bad || is_out {
                let trouble = open.get_or_insert(Trouble {
                    from_s: second,
                    until_s: None,
                    is_whole: false,
                });
                trouble.is_whole |= is_whole || is_out;
            } else if let Some(trouble) = open.take() {
                found.push(Trouble {
                    until_s: Some(second),
                    ..trouble
                });
            }
        }
        found.extend(open);
        // What began before the first second that is looked at has no start that could be told.
        found.retain(|one| first == 0 || one.from_s > first || one.until_s.is_none());
        found
    }
}

fn concerns_models(rule: &Rule) -> bool {
    matches!(rule.route, Route::Chat | Route::Connection) && is_failure(&rule.fault)
}

const fn is_failure(fault: &Fault) -> bool {
    matches!(fault.stage(), Stage::Outcome | Stage::Connection)
}
