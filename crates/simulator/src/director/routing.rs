//! A request's way through the targets of the gateway that is played.

use super::rules::Draw;
use super::{Director, State, occasion};
use crate::effect;
use crate::gateway::{self, Gateway, Passage};
use crate::plan::{Attempt, Call, Outcome, Plan};
use crate::random::Random;

/// Part of the gateway's own ids in what is drawn from the seed.
const GATEWAY_PART: u64 = u64::MAX - 2;

/// One request on its way.
pub(super) struct Routing<'a> {
    pub(super) director: &'a Director,
    pub(super) state: &'a mut State,
    pub(super) gateway: &'a Gateway,
    pub(super) call: &'a Call<'a>,
    pub(super) draw: Draw,
}

impl Routing<'_> {
    /// Tries the targets, as far as the request allows, until one answers. `plan` is what rules
    /// about the gateway itself have made of the request.
    pub(super) fn through(&mut self, mut plan: Plan) -> Plan {
        let mut random = Random::for_parts(&[self.director.seed, self.draw.number, GATEWAY_PART]);
        let mut passage = Passage {
            gateway: self.gateway,
            target: None,
            retries: 0,
            asked: self.call.model.unwrap_or_default(),
            trace: self.call.trace,
        };
        let retries = self.gateway.retries;
        let targets = self.gateway.tried(self.call.fallback);
        let slots = targets.iter().enumerate();
        let attempts = slots.flat_map(|slot| (0..=retries).map(move |retry| (slot, retry)));
        let unrouted = plan.clone();
        for ((index, target), retry) in attempts {
            if unrouted.shape().is_none() {
                break; // The gateway itself has failed.
            }
            self.draw.attempt += 1;
            (passage.target, passage.retries) = (Some(index), retry);
            let mut attempt = unrouted.clone();
            if target.model.is_some() {
                attempt.pace = self
                    .director
                    .pace(self.state, target.model.as_deref(), self.draw);
            }
            let occasion = occasion(self.call, Some(&target.name));
            self.state.rules.strike(&mut attempt, occasion, self.draw);
            // It begins when the ones before it have failed; their rules have struck, too.
            plan.struck
                .extend(attempt.struck.split_off(unrouted.struck.len()));
            let waited = plan.wait.saturating_sub(unrouted.wait);
            attempt.struck.clone_from(&plan.struck);
            attempt.wait = attempt.wait.saturating_add(waited);
            let outcome = effect::behind_gateway(attempt.outcome.clone());
            plan.attempts.push(Attempt {
                provider: target.provider.clone(),
                model: target.model.clone(),
                failure: match outcome {
                    Outcome::Failure(failure) => Some(failure),
                    _ => None,
                },
            });
            attempt.attempts.clone_from(&plan.attempts);
            if attempt.shape().is_some() {
                self.state.fallbacks += u64::from(index > 0);
                plan = attempt;
                break;
            }
            plan.wait = attempt.wait.saturating_add(attempt.head);
            if index + 1 == targets.len() && retry == self.gateway.retries {
                plan.outcome = effect::behind_gateway(attempt.outcome);
                plan.headers = attempt.headers;
            }
        }
        gateway::dress(&mut plan, passage, &mut random);
        plan
    }
}
