//! From a planned target to what the probe engine is to do.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::detail::Text;
use domain::{Attribution, CredentialAlias, Detail, Outcome};
use probe::{
    Attempt, Connection, HttpRequest, HttpUrl, Method, Nonce, Request, STALL_AFTER_DEFAULT, Spec,
    SpecError, UrlError, Via, preset,
};
use secrecy::SecretString;
use wire::plan::{self, PlanConnection, PlanRequest, PlanTarget};

mod call;

pub use call::CallError;

/// Provider keys by their public names.
pub type Keys = BTreeMap<CredentialAlias, SecretString>;

/// A target that cannot be probed as planned.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Its address cannot be used.
    #[error("target `{target}`: failed to use its URL")]
    Url {
        /// The target.
        target: domain::TargetId,
        /// What is wrong with it.
        #[source]
        source: UrlError,
    },
    /// Its call cannot be made.
    #[error("target `{target}`: its call cannot be made")]
    Call {
        /// The target.
        target: domain::TargetId,
        /// What is wrong with it.
        #[source]
        source: CallError,
    },
    /// Its expectation cannot be used.
    #[error("target `{target}`: failed to use its expected status")]
    Status {
        /// The target.
        target: domain::TargetId,
        /// What is wrong with it.
        #[source]
        source: SpecError,
    },
}

/// A target's attempt outside its schedule, such as a first look at a new configuration.
pub fn spec_for(target: &PlanTarget, keys: &Keys) -> Result<Spec, SpecForError> {
    let request = request(target, keys).map_err(SpecForError::Target)?;
    let key = target
        .credential
        .as_ref()
        .and_then(|alias| keys.get(alias))
        .cloned();
    Ok(spec(
        target,
        request,
        key,
        nonce().map_err(SpecForError::Random)?,
    ))
}

/// A target that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum SpecForError {
    /// It cannot be probed as planned.
    #[error(transparent)]
    Target(TargetError),
    /// No random bytes.
    #[error("failed to draw a nonce")]
    Random(#[source] getrandom::Error),
}

/// What to say of a deadline that is shorter than what the provider's own client waits.
#[must_use]
pub fn short_deadline(target: &PlanTarget) -> Option<String> {
    let PlanRequest::Call(call) = &target.request else {
        return None;
    };
    let waits_s = preset::named(&call.preset)?.client_waits_s?;
    (u64::from(target.deadline_ms) < u64::from(waits_s) * 1_000).then(|| {
        format!(
            "deadline_ms = {} is below the {waits_s} s that {}'s own client waits: what is cut \
             off between them may not count in a claim",
            target.deadline_ms, call.preset
        )
    })
}

/// The request that a target asks for. A second key that this agent lacks is left out, and what
/// the gateway then answers is recorded.
pub(crate) fn request(target: &PlanTarget, keys: &Keys) -> Result<Request, TargetError> {
    let url = |source| TargetError::Url {
        target: target.id.clone(),
        source,
    };
    Ok(match &target.request {
        PlanRequest::Call(call) => {
            Request::Call(Box::new(call::call(call, keys).map_err(|source| {
                TargetError::Call {
                    target: target.id.clone(),
                    source,
                }
            })?))
        }
        PlanRequest::Http {
            expect_body,
            expect_header,
            expect_json,
            expect_status,
            url: address,
        } => Request::Http(HttpRequest {
            url: address.parse::<HttpUrl>().map_err(url)?,
            method: Method::Get,
            expect_status: expect_status.to_string().parse().map_err(|source| {
                TargetError::Status {
                    target: target.id.clone(),
                    source,
                }
            })?,
            expect_headers: expect_header
                .iter()
                .map(|(name, text)| Ok((call::header_name(name)?, text.clone())))
                .collect::<Result<_, _>>()
                .map_err(|source| TargetError::Call {
                    target: target.id.clone(),
                    source,
                })?,
            expect_body_contains: expect_body.clone(),
            expect_json: expect_json.clone().into_iter().collect(),
        }),
    })
}

/// One attempt at a target.
pub(super) fn spec(
    target: &PlanTarget,
    request: Request,
    key: Option<SecretString>,
    nonce: Nonce,
) -> Spec {
    Spec {
        request,
        key,
        deadline: Duration::from_millis(target.deadline_ms.into()),
        stall_after: STALL_AFTER_DEFAULT,
        slow_after: target
            .slow_after_ms
            .map(|ms| Duration::from_millis(ms.into())),
        nonce,
        path: path(target),
        connection: match &target.request {
            PlanRequest::Call(call) if call.connection == PlanConnection::Warm => Connection::Warm,
            _ => Connection::Fresh,
        },
    }
}

/// Who answers: as the plan says, else as the preset knows.
fn path(target: &PlanTarget) -> Via {
    let planned = target.via.map(|via| match via {
        plan::Via::Direct => Via::Direct,
        plan::Via::Gateway => Via::Gateway,
    });
    let of_preset = || match &target.request {
        PlanRequest::Call(call) => preset::named(&call.preset).map(|preset| preset.via),
        PlanRequest::Http { .. } => None,
    };
    planned.or_else(of_preset).unwrap_or(Via::Direct)
}

/// A nonce that no answer repeats by chance, for what no plan asks for.
pub(crate) fn nonce() -> Result<Nonce, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    let text = format!("{:016x}", u64::from_be_bytes(bytes));
    Ok(text
        .parse()
        .expect("sixteen hexadecimal digits are a nonce"))
}

/// The observation of an agent that lacks the key: nothing was sent, and it is our own doing.
pub(super) fn without_key(target: &PlanTarget, alias: &CredentialAlias) -> Attempt {
    let fault = format!("this agent has no key for credential {alias}; nothing was sent");
    let detail = Detail {
        fault: Some(Text::Plain(fault)),
        ..Detail::default()
    };
    unsent(target, Outcome::Auth, Attribution::Ours, detail)
}

fn unsent(
    target: &PlanTarget,
    outcome: Outcome,
    attribution: Attribution,
    detail: Detail,
) -> Attempt {
    let (asked_model, asked_tier, stream) = match &target.request {
        PlanRequest::Call(call) => (Some(call.model.clone()), call.tier.clone(), call.stream),
        PlanRequest::Http { .. } => (None, None, false),
    };
    Attempt {
        outcome,
        attribution,
        status: None,
        sent_us: None,
        first_us: None,
        last_us: None,
        end_us: 0,
        input_tokens: None,
        output_tokens: None,
        served_model: None,
        served_tier: None,
        asked_model,
        asked_tier,
        stream,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(deadline_ms: u32, preset: &str) -> PlanTarget {
        let text = format!(
            "revision = 1\neffective_from_ms = 0\n[[agent]]\nid = \"a\"\nregion = \"r\"\n\
             network = \"n\"\n[[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\n\
             deadline_ms = {deadline_ms}\n\
             request = {{ kind = \"call\", preset = \"{preset}\", model = \"m\" }}\n"
        );
        plan::Plan::parse(&text).unwrap().targets.remove(0)
    }

    #[test]
    fn a_deadline_below_the_clients_own_is_told_and_no_other() {
        let told = short_deadline(&target(60_000, "openai")).unwrap();
        assert!(told.contains("below the 600 s"), "{told}");
        assert_eq!(short_deadline(&target(600_000, "openai")), None);
        assert_eq!(short_deadline(&target(60_000, "bedrock")), None);
        assert_eq!(short_deadline(&target(1_000, "mistral")), None);
    }
}
