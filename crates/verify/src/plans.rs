//! What the plan says: which revision was in force when, and what targets are at the provider as
//! far as it tells.

use std::collections::BTreeMap;

use domain::{TargetId, UnixMillis};
use sla::TargetScope;
use sla::contract::Dimension;
use wire::plan::{Plan, PlanRequest, PlanTarget};

/// The part of some time in which one revision was in force; never empty.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    /// The revision.
    pub plan: &'a Plan,
    /// Its first moment.
    pub from: UnixMillis,
    /// The first moment after.
    pub to: UnixMillis,
}

/// The revisions in force between two moments, the second of them outside; `plans` in the order
/// in which they take effect.
#[must_use]
pub fn in_force<'a>(plans: &[&'a Plan], from: UnixMillis, to: UnixMillis) -> Vec<InForce<'a>> {
    let starts = plans.iter().map(|plan| plan.effective_from_ms);
    let ends = starts.skip(1).chain([UnixMillis::new(i64::MAX)]);
    plans
        .iter()
        .zip(ends)
        .map(|(plan, until)| InForce {
            plan,
            from: plan.effective_from_ms.max(from),
            to: until.min(to),
        })
        .filter(|part| part.from < part.to)
        .collect()
}

/// What each target is at the provider: what all revisions that probe it agree on.
///
/// The plan tells the model, the service tier that is asked for, and the credential. What one key
/// measures lies in one organisation, account and project, whose name here is the key's alias
/// where the plan's `scope` gives none; another alias may be of the same account, so that this
/// divides rather too much than too little. All else, such as the provider's region, is known
/// where `scope` or the parts of the address say it.
#[must_use]
pub fn scopes(targets: &[TargetId], plans: &[InForce<'_>]) -> Vec<TargetScope> {
    let scope = |target: &TargetId| {
        let mut revisions = plans
            .iter()
            .filter_map(|part| part.plan.target(target))
            .map(facts);
        let mut scope = revisions.next().unwrap_or_default();
        for other in revisions {
            scope.retain(|dimension, value| other.get(dimension) == Some(value));
        }
        TargetScope {
            target: target.clone(),
            scope,
        }
    };
    targets.iter().map(scope).collect()
}

fn facts(target: &PlanTarget) -> BTreeMap<Dimension, String> {
    let mut facts = BTreeMap::new();
    if let PlanRequest::Call(call) = &target.request {
        facts.insert(Dimension::Model, call.model.clone());
        let region = ["region", "location"]
            .into_iter()
            .find_map(|part| call.params.get(part));
        if let Some(region) = region {
            facts.insert(Dimension::Region, region.clone());
        }
        if let Some(tier) = &call.tier {
            facts.insert(Dimension::Tier, tier.clone());
        }
    }
    if let Some(alias) = &target.credential {
        for dimension in [
            Dimension::Organisation,
            Dimension::Account,
            Dimension::Project,
        ] {
            facts.insert(dimension, alias.to_string());
        }
    }
    for dimension in Dimension::ALL {
        if let Some(value) = target.scope.get(dimension.as_str()) {
            facts.insert(dimension, value.clone());
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(from_ms: i64, request: &str) -> Plan {
        let text = format!(
            "revision = 1\neffective_from_ms = {from_ms}\n\
             [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
             [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n{request}"
        );
        Plan::parse(&text).unwrap()
    }

    fn chat(model: &str, rest: &str) -> String {
        format!(
            "credential = \"key-1\"\n\
             request = {{ kind = \"call\", base_url = \"http://x.invalid\", model = \"{model}\"{rest} }}\n"
        )
    }

    #[track_caller]
    fn check(plans: &[&Plan], expected: &str) {
        let parts = in_force(plans, UnixMillis::new(0), UnixMillis::new(100));
        let scopes = scopes(&["t".parse().unwrap()], &parts);
        let found: Vec<String> = scopes[0]
            .scope
            .iter()
            .map(|(d, value)| format!("{d} {value}"))
            .collect();
        assert_eq!(found.join(", "), expected);
    }

    const KEY: &str = "organisation key-1, account key-1, project key-1";

    #[test]
    fn a_target_is_what_its_plan_asks_for_and_with_which_key() {
        let chat = plan(0, &chat("m", ", tier = \"priority\""));
        check(&[&chat], &format!("{KEY}, model m, tier priority"));
        let page = plan(
            0,
            "request = { kind = \"http\", url = \"http://x.invalid\" }\n",
        );
        check(&[&page], "");
    }

    #[test]
    fn what_a_plan_says_of_a_target_goes_before_what_its_request_tells() {
        let scope = "scope = { region = \"eu-1\", account = \"acme\" }\n";
        let said = plan(0, &format!("{scope}{}", chat("m", "")));
        let expected = "organisation key-1, account acme, project key-1, region eu-1, model m";
        check(&[&said], expected);
    }

    #[test]
    fn plans_and_contracts_divide_by_the_same_words() {
        let words = Dimension::ALL.map(Dimension::as_str);
        assert_eq!(words, wire::plan::SCOPE_DIMENSIONS);
    }

    #[test]
    fn what_revisions_differ_in_is_not_known_and_those_not_in_force_say_nothing() {
        let (one, other) = (plan(0, &chat("m", "")), plan(50, &chat("n", "")));
        let later = plan(100, &chat("o", ""));
        check(&[&one, &later], &format!("{KEY}, model m"));
        check(&[&one, &other], KEY);
        check(&[], "");
    }

    #[test]
    fn a_revision_is_in_force_until_the_next() {
        let (one, other) = (plan(-20, &chat("m", "")), plan(50, &chat("m", "")));
        let parts = in_force(&[&one, &other], UnixMillis::new(0), UnixMillis::new(100));
        let ends: Vec<(i64, i64)> = parts.iter().map(|p| (p.from.get(), p.to.get())).collect();
        assert_eq!(ends, [(0, 50), (50, 100)]);
    }
}
