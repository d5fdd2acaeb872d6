//! Rules in force, with what they have done so far.

use crate::effect;
use crate::fault::Fault;
use crate::plan::Plan;
use crate::random::Random;
use crate::script::{Occasion, Rule, Script, ScriptError, Then};
use crate::share::Spread;
use crate::window::Now;

/// What a decision is drawn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    pub(super) seed: u64,
    /// Number of the request or connection, from 0.
    pub(super) number: u64,
    /// Attempt of a gateway at its targets, from 1; 0 is the request itself.
    pub(super) attempt: u64,
    pub(super) now: Now,
}

#[derive(Clone, Debug)]
pub(super) struct Armed {
    pub(super) rule: Rule,
    /// Requests that met every condition but `share`, `first` and `every`.
    pub(super) matched: u64,
    pub(super) struck: u64,
}

impl Armed {
    fn new(rule: Rule) -> Self {
        Self {
            rule,
            matched: 0,
            struck: 0,
        }
    }

    /// Counts a matching request and tells whether the rule strikes it.
    fn decides(&mut self, draw: Draw) -> bool {
        let number = self.matched;
        self.matched += 1;
        let every = self.rule.every.map_or(1, |every| u64::from(every.get()));
        let in_turn = number % every == every - 1;
        let left = self.rule.first.is_none_or(|first| self.struck < first);
        // A draw belongs to request and name, so that no other rule moves it.
        let name = self.rule.name.bytes().fold(0, |hash: u64, byte| {
            hash.wrapping_mul(0x0100_0000_01B3) ^ u64::from(byte)
        });
        let mut random = Random::for_parts(&[draw.seed, draw.number, name, draw.attempt]);
        let shared = match self.rule.spread {
            Spread::Even => self.rule.share.even(number / every),
            Spread::Random => self.rule.share.drawn(&mut random),
        };
        let strikes = in_turn && left && shared;
        self.struck += u64::from(strikes);
        strikes
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Vec<Armed>);

impl Rules {
    pub(super) fn new(script: Script) -> Self {
        Self(script.into_rules().into_iter().map(Armed::new).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Armed> {
        self.0.iter()
    }

    pub(super) fn script(&self) -> Vec<Rule> {
        self.0.iter().map(|armed| armed.rule.clone()).collect()
    }

    pub(super) fn reset(&mut self) {
        for armed in &mut self.0 {
            (armed.matched, armed.struck) = (0, 0);
        }
    }

    /// Replaces the rule of the same name, counters included, or appends the rule.
    pub(super) fn put(&mut self, rule: Rule) -> Result<(), ScriptError> {
        let position = self.0.iter().position(|armed| armed.rule.name == rule.name);
        let mut rules = self.script();
        let position = match position {
            Some(position) if !rule.name.is_empty() => {
                rules[position] = rule;
                position
            }
            _ => {
                rules.push(rule);
                rules.len() - 1
            }
        };
        let mut checked = Script::new(rules)?.into_rules();
        let armed = Armed::new(checked.swap_remove(position));
        if position < self.0.len() {
            self.0[position] = armed;
        } else {
            self.0.push(armed);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|armed| armed.rule.name != name);
        self.0.len() < before
    }

    /// Lets the rules about `occasion` strike the plan, in order.
    pub(super) fn strike(&mut self, plan: &mut Plan, occasion: Occasion<'_>, draw: Draw) {
        for armed in &mut self.0 {
            let rule = &armed.rule;
            if rule.is_about(occasion)
                && rule.window.covers(draw.now)
                && effect::applies(plan, &rule.fault)
                && armed.decides(draw)
            {
                effect::apply(plan, &armed.rule.name, &armed.rule.fault);
                if armed.rule.then == Then::Stop {
                    return;
                }
            }
        }
    }

    /// The fault of the first rule that strikes a connection.
    pub(super) fn greet(&mut self, occasion: Occasion<'_>, draw: Draw) -> Option<Fault> {
        let mut rules = self.0.iter_mut();
        let struck = rules.find_map(|armed| {
            let rule = &armed.rule;
            let meant = rule.is_about(occasion)
                && rule.window.covers(draw.now)
                && rule.fault != (Fault::Unreachable {});
            (meant && armed.decides(draw)).then_some(&armed.rule.fault)
        });
        struck.cloned()
    }

    /// Whether a rule keeps a listener closed now.
    pub(super) fn unreachable(&self, occasion: Occasion<'_>, now: Now) -> bool {
        self.0.iter().any(|armed| {
            armed.rule.fault == (Fault::Unreachable {})
                && armed.rule.is_about(occasion)
                && armed.rule.window.covers(now)
        })
    }

    /// Whether some rule closes listeners at some time.
    pub(super) fn may_be_unreachable(&self) -> bool {
        let mut rules = self.0.iter();
        rules.any(|armed| armed.rule.fault == (Fault::Unreachable {}))
    }
}
