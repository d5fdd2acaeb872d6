//! Gateways before several upstream targets: routing with fallback, and each product's dialect.
//!
//! Shapes are those of a `LiteLLM` proxy 1.100 and a Portkey gateway 1.15 as run, and of
//! `OpenRouter` as documented. Non-goals: their configuration languages, caches, budgets.

use serde::Serialize;
use serde_json::Value;

use crate::document::{DocumentError, Reader, boolean, one_of, text, whole};
use crate::failure::Class;
use crate::plan::{Damage, Fallback, Harm, Outcome, Plan};
use crate::random::Random;

/// Most targets of one gateway.
const TARGETS_MAX: usize = 8;
/// Most retries at one target.
const RETRIES_MAX: u32 = 5;

/// Which product's conventions a gateway follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A `LiteLLM` proxy.
    Litellm,
    /// A Portkey gateway.
    Portkey,
    /// `OpenRouter`.
    Openrouter,
}

/// One upstream that a gateway can ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Name by which rules strike it, and the deployment's id.
    pub name: String,
    /// The provider, as the gateway names it.
    pub provider: String,
    /// The model there, in place of the one asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The `[gateway]` of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gateway {
    /// Conventions to follow.
    pub kind: Kind,
    /// Attempts at a failing target after the first.
    pub retries: u32,
    /// Whether another target answers when one fails.
    pub fallback: bool,
    /// Upstreams in the order they are tried.
    pub targets: Vec<Target>,
}

impl Gateway {
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DocumentError> {
        let kinds = [
            ("litellm", Kind::Litellm),
            ("portkey", Kind::Portkey),
            ("openrouter", Kind::Openrouter),
        ];
        let kind = reader.required("kind", |node| one_of(node, &kinds))?;
        let retries = reader.optional("retries", whole)?.unwrap_or(0);
        let fallback = reader.optional("fallback", boolean)?.unwrap_or(true);
        let mut targets = Vec::new();
        for mut target in reader.tables("targets")? {
            targets.push(Target {
                name: target.required("name", text)?,
                provider: target
                    .optional("provider", text)?
                    .unwrap_or("openai".to_owned()),
                model: target.optional("model", text)?,
            });
            target.finish()?;
        }
        if targets.is_empty() {
            targets = ["primary", "backup"]
                .map(|name| Target {
                    name: name.to_owned(),
                    provider: "openai".to_owned(),
                    model: None,
                })
                .into();
        }
        let names = targets.iter().enumerate();
        let twice = names.clone().any(|(at, target)| {
            names
                .clone()
                .any(|(other, earlier)| other < at && earlier.name == target.name)
        });
        if twice || targets.len() > TARGETS_MAX || retries > RETRIES_MAX {
            let reason = format!(
                "a gateway has up to {TARGETS_MAX} targets of different names and {RETRIES_MAX} retries"
            );
            return Err(reader.refuse(reason));
        }
        reader.finish()?;
        Ok(Self {
            kind,
            retries,
            fallback,
            targets,
        })
    }

    /// The targets that a request may be sent to, in order.
    pub(crate) fn tried(&self, fallback: Fallback) -> &[Target] {
        let all = self.fallback && fallback == Fallback::Allowed;
        &self.targets[..if all {
            self.targets.len()
        } else {
            self.targets.len().min(1)
        }]
    }
}

/// Whether a request's body asks for one target only, in any gateway's words.
pub(crate) fn wish(body: &Value) -> Fallback {
    let litellm = body.get("disable_fallbacks") == Some(&Value::Bool(true));
    let allowed = body
        .get("provider")
        .and_then(|provider| provider.get("allow_fallbacks"));
    if litellm || allowed == Some(&Value::Bool(false)) {
        Fallback::Refused
    } else {
        Fallback::Allowed
    }
}

/// How a request went through the gateway's targets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage<'a> {
    pub(crate) gateway: &'a Gateway,
    /// Position of the target that had the last word; none if the gateway itself failed.
    pub(crate) target: Option<usize>,
    /// Attempts at that target after the first.
    pub(crate) retries: u32,
    /// The model asked for.
    pub(crate) asked: &'a str,
    /// The caller's own trace id.
    pub(crate) trace: Option<&'a str>,
}

/// Turns the plan of the last target into what the gateway makes of it.
pub(crate) fn dress(plan: &mut Plan, passage: Passage<'_>, random: &mut Random) {
    let gateway = passage.gateway;
    plan.gateway = Some(gateway.kind);
    let target = passage.target.and_then(|index| gateway.targets.get(index));
    if let (Outcome::Answer(shape), Some(target)) = (&mut plan.outcome, target)
        && shape.model.is_none()
    {
        shape.model.clone_from(&target.model);
    }
    if let (Some(damage), Some(_)) = (&mut plan.damage, target) {
        *damage = passed_on(gateway.kind, *damage);
    }
    match gateway.kind {
        Kind::Litellm => litellm(plan, passage, target),
        Kind::Portkey => portkey(plan, passage, target, random),
        Kind::Openrouter => {} // Its wire says it all in bodies.
    }
}

/// What the client sees of a connection that broke upstream: each product ends its own stream in
/// good order, one of them with an error.
const fn passed_on(kind: Kind, damage: Damage) -> Damage {
    let harm = match (damage.harm, kind) {
        (Harm::Reset, Kind::Portkey) => Harm::End,
        (Harm::Reset, Kind::Litellm | Kind::Openrouter) => Harm::Error(Class::Internal),
        (harm, _) => harm,
    };
    Damage { harm, ..damage }
}

fn litellm(plan: &mut Plan, passage: Passage<'_>, target: Option<&Target>) {
    // Errors name no deployment.
    let (Some(shape), Some(target)) = (plan.shape(), target) else {
        return;
    };
    let served = shape.model.as_deref().unwrap_or(passage.asked).to_owned();
    let cached = shape.cached_s.is_some();
    let fallbacks = passage.target.unwrap_or(0);
    let named = plan
        .struck
        .iter()
        .any(|strike| strike.fault == "wrong_model");
    plan.put("x-litellm-model-id", target.name.as_str());
    plan.put(
        "x-litellm-model-name",
        format!("{}/{served}", target.provider),
    );
    // A fallback's group is the backup's own; a target without its own model keeps the one asked.
    let group = target.model.as_deref().unwrap_or(passage.asked);
    plan.put("x-litellm-model-group", if named { &served } else { group });
    plan.put(
        "x-litellm-model-api-base",
        format!("https://{}.invalid/v1", target.name),
    );
    plan.put("x-litellm-attempted-retries", passage.retries.to_string());
    plan.put("x-litellm-attempted-fallbacks", fallbacks.to_string());
    if cached {
        plan.put("x-litellm-cache-key", "simulated");
        plan.put("x-litellm-response-cost", "0.0");
    }
}

fn portkey(plan: &mut Plan, passage: Passage<'_>, target: Option<&Target>, random: &mut Random) {
    let gateway = passage.gateway;
    let index = match passage.target {
        Some(index) if gateway.targets.len() > 1 => format!("config.targets[{index}]"),
        _ => "config".to_owned(),
    };
    let failed = plan.shape().is_none();
    let retries = if failed && gateway.retries > 0 && passage.retries == gateway.retries {
        "-1".to_owned() // Used up.
    } else {
        passage.retries.to_string()
    };
    let cached = plan.shape().is_some_and(|shape| shape.cached_s.is_some());
    let trace = passage.trace.map_or_else(|| random.uuid(), str::to_owned);
    plan.put("x-portkey-last-used-option-index", index);
    plan.put("x-portkey-retry-attempt-count", retries);
    plan.put(
        "x-portkey-cache-status",
        if cached { "HIT" } else { "DISABLED" },
    );
    plan.put("x-portkey-trace-id", trace);
    if let Some(target) = target {
        plan.put("x-portkey-provider", target.provider.as_str());
    }
}

/// Rewords an error body of `OpenAI`'s shape as Portkey does; other bodies stay.
pub(crate) fn reword(body: &str) -> String {
    let Ok(Value::Object(mut object)) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    let message = object.get("error").and_then(|error| error.get("message"));
    let Some(message) = message.and_then(Value::as_str) else {
        return body.to_owned();
    };
    let message = format!("openai error: {message}");
    object["error"]["message"] = Value::from(message);
    object.insert("provider".to_owned(), Value::from("openai"));
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(toml: &str) -> Result<Gateway, DocumentError> {
        let node = crate::document::Node::from_toml(toml)?;
        Gateway::read(Reader::new(&node)?)
    }

    #[test]
    fn a_gateway_has_a_primary_and_a_backup_unless_it_names_its_own() {
        let gateway = read("kind = \"portkey\"").expect("valid");
        let names: Vec<_> = gateway
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        assert_eq!(names, ["primary", "backup"]);
        assert_eq!(gateway.tried(Fallback::Allowed).len(), 2);
        assert_eq!(gateway.tried(Fallback::Refused).len(), 1);
        let off = read("kind = \"litellm\"\nfallback = false").expect("valid");
        assert_eq!(off.tried(Fallback::Allowed).len(), 1);
    }

    #[test]
    fn mistakes_in_a_gateway_are_named() {
        for (toml, told) in [
            ("kind = \"litelm\"", "did you mean `litellm`?"),
            ("kind = \"portkey\"\nretry = 1", "did you mean `retries`?"),
            ("kind = \"portkey\"\nretries = 6", "5 retries"),
            (
                "kind = \"portkey\"\n[[targets]]\nname = \"a\"\n[[targets]]\nname = \"a\"",
                "different",
            ),
        ] {
            let error = read(toml).expect_err("a mistake").to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_request_refuses_fallbacks_in_either_gateways_words() {
        for refusing in [
            json!({"disable_fallbacks": true}),
            json!({"provider": {"only": ["a"], "allow_fallbacks": false}}),
        ] {
            assert_eq!(wish(&refusing), Fallback::Refused);
        }
        for other in [
            json!({}),
            json!({"disable_fallbacks": false}),
            json!([1]),
            json!("x"),
        ] {
            assert_eq!(wish(&other), Fallback::Allowed);
        }
    }

    #[test]
    fn an_error_names_the_upstream_and_other_bodies_stay() {
        let body = r#"{"error":{"message":"no","type":"t","param":null,"code":null}}"#;
        let portkey: Value = serde_json::from_str(&reword(body)).expect("JSON");
        assert_eq!(portkey["error"]["message"], "openai error: no");
        assert_eq!(portkey["provider"], "openai");
        for other in ["<html>", r#"{"error":"x"}"#] {
            assert_eq!(reword(other), other);
        }
    }
}
