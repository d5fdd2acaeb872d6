//! Decides what happens to each request and connection: rules, outages, limits, pacing, routing.
//!
//! Invariant: a decision is a function of the seed, the requests before it and their times, so
//! that equal seeds and equal orders give equal faults. `reset` begins anew, ids excepted.

use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::config::Config;
use crate::effect;
use crate::fault::{Fault, Stage};
use crate::gateway::Gateway;
use crate::limit::{self, Meter};
use crate::lock;
use crate::pacing::Paces;
use crate::plan::{Call, Pace, Plan, Strike};
use crate::random::Random;
use crate::scenario::Scenario;
use crate::script::{Occasion, Route, Script, ScriptError};
use crate::window::Now;
use crate::wire::Wire;

mod report;
mod routing;
mod rules;
mod trouble;

pub(crate) use report::{Clock, Counters, Faults, Setting};
use routing::Routing;
use rules::{Draw, Rules};
pub(crate) use trouble::Trouble;

/// Outages in force at once; the oldest gives way.
const OUTAGES_MAX: usize = 64;

/// Parts of the streams that are drawn from the seed, apart from every rule's.
const PACE_PART: u64 = u64::MAX - 1;

/// A fault for every chat request, or connection, until a time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outage {
    fault: Fault,
    /// Milliseconds from the simulator's start to the outage's end.
    until_ms: u64,
}

impl Outage {
    fn route(&self) -> Route {
        match self.fault.stage() {
            Stage::Connection => Route::Connection,
            _ => Route::Chat,
        }
    }
}

#[derive(Debug)]
struct State {
    /// The scenario's own title, where one was loaded.
    title: Option<String>,
    rules: Rules,
    outages: Vec<Outage>,
    outages_struck: u64,
    /// When outages were, those included that are over.
    spans: Vec<trouble::Span>,
    meter: Option<Meter>,
    limits_struck: u64,
    paces: Paces,
    gateway: Option<Gateway>,
    fallbacks: u64,
    /// Requests that were decided.
    requests: u64,
    /// Requests that their wire refused, before any decision.
    refused: u64,
    connections: u64,
    /// How far the clock was moved ahead.
    ahead: Duration,
    /// The time, moved clock included, at which the scenario began.
    origin: Duration,
}

#[derive(Debug)]
pub(crate) struct Director {
    seed: u64,
    config: Config,
    started: Instant,
    state: Mutex<State>,
    /// Told whenever rules or outages change, for those who wait at the door.
    pub(crate) changed: Notify,
}

pub(crate) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Director {
    pub(crate) fn new(config: &Config) -> Self {
        let state = State {
            title: None,
            rules: Rules::new(config.script.clone()),
            outages: Vec::new(),
            outages_struck: 0,
            spans: Vec::new(),
            meter: config.limits.map(Meter::new),
            limits_struck: 0,
            paces: config.paces.clone(),
            gateway: config.gateway.clone(),
            fallbacks: 0,
            requests: 0,
            refused: 0,
            connections: 0,
            ahead: Duration::ZERO,
            origin: Duration::ZERO,
        };
        Self {
            seed: config.seed,
            config: config.clone(),
            started: Instant::now(),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Time since the simulator's start, by its own clock, which may be moved ahead.
    pub(crate) fn now(&self) -> Duration {
        let ahead = lock(&self.state).ahead;
        self.started.elapsed().saturating_add(ahead)
    }

    fn unix_s(&self, now: Duration) -> u64 {
        self.config.started_unix_s.saturating_add(now.as_secs())
    }

    fn window(&self, state: &State, now: Duration) -> Now {
        self.window_at(state.origin, now)
    }

    fn window_at(&self, origin: Duration, now: Duration) -> Now {
        Now {
            scenario: now.saturating_sub(origin),
            unix_s: self.unix_s(now),
        }
    }

    /// Decides a request, at the time `now` of this director's clock.
    pub(crate) fn plan(&self, call: &Call<'_>, now: Duration) -> Plan {
        let mut state = lock(&self.state);
        let draw = Draw {
            seed: self.seed,
            number: state.requests,
            attempt: 0,
            now: self.window(&state, now),
        };
        state.requests += 1;
        let mut plan = Plan::healthy(self.pace(&state, call.model, draw));
        plan.gateway = state.gateway.as_ref().map(|gateway| gateway.kind);
        let refused = call.route == Route::Chat && is_over(&mut state, &mut plan, call, now);
        if refused {
            state.limits_struck += 1;
        } else if let Some(outage) = state.outage(call.route, now) {
            effect::apply(&mut plan, "outage", &outage);
            state.outages_struck += 1;
        } else {
            state.rules.strike(&mut plan, occasion(call, None), draw);
        }
        match state.gateway.clone() {
            Some(gateway) if call.route == Route::Chat => {
                let mut routing = Routing {
                    director: self,
                    state: &mut state,
                    gateway: &gateway,
                    call,
                    draw,
                };
                routing.through(plan)
            }
            _ => plan,
        }
    }

    /// Counts a request that its wire refuses; it is drawn nothing for, so that it moves no other
    /// request's draws.
    pub(crate) fn refuse(&self) -> Plan {
        let mut state = lock(&self.state);
        state.refused += 1;
        let mut plan = Plan::healthy(Pace::default());
        plan.gateway = state.gateway.as_ref().map(|gateway| gateway.kind);
        plan
    }

    fn pace(&self, state: &State, model: Option<&str>, draw: Draw) -> Pace {
        let parts = [self.seed, draw.number, PACE_PART, draw.attempt];
        let mut random = Random::for_parts(&parts);
        state
            .paces
            .draw(self.config.pacing, model.unwrap_or_default(), &mut random)
    }

    /// The fault that meets a connection to the listener of a region, if any.
    pub(crate) fn greet(&self, region: Option<&str>) -> Option<Fault> {
        let now = self.now();
        let mut state = lock(&self.state);
        let draw = Draw {
            seed: !self.seed, // Requests and connections are counted apart and drawn apart.
            number: state.connections,
            attempt: 0,
            now: self.window(&state, now),
        };
        state.connections += 1;
        if let Some(fault) = state.outage(Route::Connection, now) {
            state.outages_struck += 1;
            return Some(fault);
        }
        state.rules.greet(connection(region), draw)
    }

    /// Whether nobody is to listen for a region now, and whether that can change by itself.
    pub(crate) fn reachability(&self, region: Option<&str>) -> Reachability {
        let now = self.now();
        let state = lock(&self.state);
        let window = self.window(&state, now);
        let away = Fault::Unreachable {};
        let outage = state.outage(Route::Connection, now);
        if outage.is_some_and(|fault| fault == away)
            || state.rules.unreachable(connection(region), window)
        {
            Reachability::Away
        } else if state.rules.may_be_unreachable() {
            Reachability::ForNow
        } else {
            Reachability::Present
        }
    }

    /// Replaces the rules and starts their counters; clock and outages stay.
    pub(crate) fn set_rules(&self, script: Script) {
        lock(&self.state).rules = Rules::new(script);
        self.changed.notify_waiters();
    }

    /// Replaces one rule of the same name, where it stands, or appends it.
    pub(crate) fn put_rule(&self, rule: crate::script::Rule) -> Result<(), ScriptError> {
        lock(&self.state).rules.put(rule)?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Removes the rule of this name and tells whether there was one.
    pub(crate) fn remove_rule(&self, name: &str) -> bool {
        let removed = lock(&self.state).rules.remove(name);
        self.changed.notify_waiters();
        removed
    }

    /// Loads a scenario in place of all rules, paces, limits and routing, and begins anew.
    pub(crate) fn load(&self, scenario: Scenario) {
        {
            let mut state = lock(&self.state);
            state.rules = Rules::new(scenario.script);
            state.title = Some(scenario.title);
            state.paces = scenario.paces;
            state.gateway = scenario.gateway;
            state.meter = scenario.limits.map(Meter::new);
        }
        self.reset();
    }

    /// Begins anew: the scenario's time, all counters, and every draw; rules stay, outages end.
    pub(crate) fn reset(&self) {
        {
            let now = self.now();
            let mut state = lock(&self.state);
            state.rules.reset();
            state.outages.clear();
            state.end_spans(now);
            (state.outages_struck, state.limits_struck) = (0, 0);
            (state.fallbacks, state.requests, state.refused) = (0, 0, 0);
            state.connections = 0;
            state.meter = state.meter.take().map(Meter::emptied);
            state.origin = now;
        }
        self.changed.notify_waiters();
    }

    /// Moves the clock ahead, for windows, limits and ids' times alike.
    pub(crate) fn advance(&self, by: Duration) {
        {
            let mut state = lock(&self.state);
            state.ahead = state.ahead.saturating_add(by);
        }
        self.changed.notify_waiters();
    }

    pub(crate) fn inject(&self, fault: Fault, duration: Duration) {
        let now = self.now();
        let until = now.saturating_add(duration);
        let outage = Outage {
            fault,
            until_ms: whole_ms(until),
        };
        {
            let mut state = lock(&self.state);
            state.remember(&outage.fault, (now, until));
            let outages = &mut state.outages;
            outages.retain(|outage| whole_ms(now) < outage.until_ms);
            if outages.len() == OUTAGES_MAX {
                outages.remove(0);
            }
            outages.push(outage);
        }
        self.changed.notify_waiters();
    }

    /// Ends all faults: rules and outages.
    pub(crate) fn clear(&self) {
        {
            let now = self.now();
            let mut state = lock(&self.state);
            state.rules = Rules::new(Script::default());
            state.outages.clear();
            state.end_spans(now);
        }
        self.changed.notify_waiters();
    }
}

/// Whether the key is over its limits, and the plan says so; its headers show them anyway.
fn is_over(state: &mut State, plan: &mut Plan, call: &Call<'_>, now: Duration) -> bool {
    let Some(meter) = &mut state.meter else {
        return false;
    };
    let verdict = meter.take(call.key, limit::tokens_of(call), now);
    limit::show(plan, verdict);
    if verdict.refused_for.is_some() {
        plan.struck.push(Strike {
            rule: "limits".to_owned(),
            fault: "rate_limit",
        });
    }
    verdict.refused_for.is_some()
}

/// Whether connections can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reachability {
    /// Yes, and no rule says that it will ever be otherwise.
    Present,
    /// Yes, but some rule may end it with time.
    ForNow,
    /// No.
    Away,
}

impl State {
    /// The fault of the latest outage in force.
    fn outage(&self, route: Route, now: Duration) -> Option<Fault> {
        let mut outages = self.outages.iter().rev();
        let found =
            outages.find(|outage| outage.route() == route && whole_ms(now) < outage.until_ms);
        found.map(|outage| outage.fault.clone())
    }
}

fn occasion<'a>(call: &Call<'a>, target: Option<&'a str>) -> Occasion<'a> {
    Occasion {
        route: call.route,
        model: call.model,
        wire: call.wire.map(Wire::name),
        path: Some(call.path),
        region: call.region,
        target,
    }
}

const fn connection(region: Option<&str>) -> Occasion<'_> {
    Occasion {
        route: Route::Connection,
        model: None,
        wire: None,
        path: None,
        region,
        target: None,
    }
}

#[cfg(test)]
mod tests;
