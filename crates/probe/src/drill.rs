//! Failover drills: one attempt through a gateway whose primary is made to fail.
//!
//! A drill asks whether a fallback served, and whether its answer kept the form that was asked
//! for; how long it took are the attempt's own phases beside those of one without the hook. Only
//! what the gateway says, or an answer that names another model, provider or deployment than the
//! primary's, proves a fallback: a right answer alone proves nothing.
//!
//! Non-goal: breaking anything for other users. The hook is the gateway's own test switch, an alias
//! that is configured to fail, or a member of the body, for this request only.

use std::str::FromStr;

use domain::Outcome;
use domain::detail::Text;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::attempt::Attempt;
use crate::spec::Call;

/// How the primary is made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A header that the gateway's own test mode reads.
    Header(HeaderName, HeaderValue),
    /// A model alias whose primary is configured to fail.
    Model(String),
    /// Members laid over the body, such as LiteLLM's `mock_testing_fallbacks`.
    Body(Map<String, Value>),
}

/// A hook that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Not one of the three forms.
    #[error("a hook is written `header:NAME=VALUE`, `model:ALIAS` or `body:{{JSON object}}`")]
    Form,
    /// The header cannot be sent.
    #[error("the hook's header cannot be sent")]
    Header,
    /// The body is no JSON object.
    #[error("the hook's body is not a JSON object")]
    Body,
}

impl FromStr for Hook {
    type Err = HookError;

    fn from_str(text: &str) -> Result<Self, HookError> {
        match text.split_once(':') {
            Some(("header", header)) => {
                let (name, value) = header.split_once('=').ok_or(HookError::Form)?;
                let name = name.parse().map_err(|_| HookError::Header)?;
                let value = value.parse().map_err(|_| HookError::Header)?;
                Ok(Self::Header(name, value))
            }
            Some(("model", alias)) if !alias.is_empty() => Ok(Self::Model(alias.to_owned())),
            Some(("body", json)) => serde_json::from_str(json)
                .map(Self::Body)
                .map_err(|_| HookError::Body),
            _ => Err(HookError::Form),
        }
    }
}

impl Hook {
    /// Makes the primary of `call` fail.
    pub fn apply(self, call: &mut Call) {
        match self {
            Self::Header(name, value) => call.headers.push((name, value)),
            Self::Model(alias) => call.model = alias,
            Self::Body(members) => call.extra.extend(members),
        }
    }
}

/// What a drill showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A fallback served what was asked for.
    Held(Proof),
    /// A fallback served, but its answer is not what was asked for.
    Changed(Proof),
    /// The answer names the primary: the hook did not make it fail.
    PrimaryAnswered,
    /// A right answer came, and nothing shows who gave it.
    Unproven,
    /// No answer came.
    Failed,
}

/// What shows that a fallback served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The gateway counts its fallbacks.
    Counted,
    /// Another model, provider or deployment than the primary's is named.
    OtherNamed,
}

/// Judges a drill. `primary` is the model, provider or deployment that must not have served, as
/// the gateway names it.
#[must_use]
pub fn judge(attempt: &Attempt, primary: Option<&str>) -> Verdict {
    let answered = match attempt.outcome {
        Outcome::Ok | Outcome::WrongModel | Outcome::TierDowngrade => true,
        Outcome::WrongAnswer | Outcome::EmptyAnswer | Outcome::Truncated => false,
        _ => return Verdict::Failed,
    };
    let proof = match proof(attempt, primary) {
        Some(Ok(proof)) => proof,
        Some(Err(())) => return Verdict::PrimaryAnswered,
        None => return Verdict::Unproven,
    };
    if answered {
        Verdict::Held(proof)
    } else {
        Verdict::Changed(proof)
    }
}

/// `Err` where the primary is proven.
fn proof(attempt: &Attempt, primary: Option<&str>) -> Option<Result<Proof, ()>> {
    let served = attempt.detail.served.as_ref();
    if served
        .and_then(|served| served.fallbacks)
        .is_some_and(|count| count > 0)
    {
        return Some(Ok(Proof::Counted));
    }
    let primary = primary?;
    let plain = |text: &Option<Text>| match text {
        Some(Text::Plain(text)) => Some(text.clone()),
        _ => None,
    };
    let named = [
        served.and_then(|served| plain(&served.deployment)),
        served.and_then(|served| plain(&served.provider)),
        attempt.served_model.clone(),
    ];
    let named: Vec<String> = named.into_iter().flatten().collect();
    if named.iter().any(|name| name == primary) {
        return Some(Err(()));
    }
    (!named.is_empty()).then_some(Ok(Proof::OtherNamed))
}

#[cfg(test)]
mod tests {
    use domain::detail::Served;
    use domain::{Attribution, Detail};

    use super::*;
    use crate::wire::Wire;

    fn attempt(outcome: Outcome, model: &str, fallbacks: Option<u64>) -> Attempt {
        Attempt {
            outcome,
            attribution: Attribution::None,
            status: Some(200),
            sent_us: None,
            first_us: None,
            last_us: None,
            end_us: 1,
            input_tokens: None,
            output_tokens: None,
            served_model: Some(model.to_owned()),
            served_tier: None,
            asked_model: None,
            asked_tier: None,
            stream: false,
            detail: Detail {
                served: Some(Served {
                    fallbacks,
                    ..Served::default()
                }),
                ..Detail::default()
            },
        }
    }

    #[test]
    fn only_what_the_gateway_says_or_another_name_proves_a_fallback() {
        let judged =
            |outcome, model, count, primary| judge(&attempt(outcome, model, count), primary);
        let held = Verdict::Held(Proof::Counted);
        assert_eq!(judged(Outcome::Ok, "group", Some(1), None), held);
        assert_eq!(
            judged(Outcome::Ok, "group", Some(0), None),
            Verdict::Unproven
        );
        assert_eq!(
            judged(Outcome::Ok, "b", None, Some("a")),
            Verdict::Held(Proof::OtherNamed)
        );
        assert_eq!(
            judged(Outcome::Ok, "a", None, Some("a")),
            Verdict::PrimaryAnswered
        );
        let changed = Verdict::Changed(Proof::Counted);
        assert_eq!(judged(Outcome::WrongAnswer, "b", Some(2), None), changed);
        assert_eq!(judged(Outcome::WrongModel, "b", Some(1), None), held);
        assert_eq!(
            judged(Outcome::Overloaded, "b", Some(1), None),
            Verdict::Failed
        );
    }

    #[test]
    fn a_hook_changes_one_call() {
        let mut call = Call::new(
            Wire::Chat,
            "http://127.0.0.1:1".parse().unwrap(),
            "m".to_owned(),
        );
        "model:broken".parse::<Hook>().unwrap().apply(&mut call);
        "header:x-fail=primary"
            .parse::<Hook>()
            .unwrap()
            .apply(&mut call);
        r#"body:{"mock_testing_fallbacks":true}"#.parse::<Hook>().unwrap().apply(&mut call);
        assert_eq!(call.model, "broken");
        assert_eq!(call.headers[0].0.as_str(), "x-fail");
        assert_eq!(call.extra["mock_testing_fallbacks"], true);
    }

    #[test]
    fn hooks_that_mean_nothing_are_refused() {
        let error = |text: &str| text.parse::<Hook>().unwrap_err();
        assert_eq!(error("model:"), HookError::Form);
        assert_eq!(error("primary"), HookError::Form);
        assert_eq!(error("header:x"), HookError::Form);
        assert_eq!(error("header:a b=c"), HookError::Header);
        assert_eq!(error("body:[]"), HookError::Body);
    }
}
