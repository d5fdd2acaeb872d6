//! What was asked, as far as it may be shown: no key, no prompt, no value of a header.

use std::time::Duration;

use probe::{Ask, Connection, Request, Spec, Via, Wire};
use serde::Serialize;
use wire::plan::PlanRequest;

use super::request::Planned;

/// The request of an attempt.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Asked {
    /// A call of a model API.
    Call(Box<AskedCall>),
    /// A plain page.
    Http(AskedPage),
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct AskedCall {
    pub(super) preset: String,
    pub(super) wire: &'static str,
    /// Base address, without the wire's own path and without a query.
    pub(super) base_url: String,
    pub(super) via: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) model: String,
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<String>,
    /// Absent where the form of the answer is all that is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ask: Option<&'static str>,
    pub(super) connection: &'static str,
    pub(super) max_output_tokens: u32,
    pub(super) deadline_ms: u64,
    pub(super) stall_after_ms: u64,
    /// Names of headers that carry something beside the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<String>,
    /// Names of members that were laid over the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extra: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct AskedPage {
    /// The address, without its query.
    pub(super) url: String,
    pub(super) expect_status: String,
    /// Whether the body had to contain some text.
    pub(super) expect_body: bool,
    pub(super) deadline_ms: u64,
}

impl Asked {
    pub(super) fn of(planned: &Planned, spec: &Spec) -> Self {
        let deadline_ms = millis(spec.deadline);
        let call = match &spec.request {
            Request::Call(call) => call,
            Request::Http(page) => {
                let url = page.url.to_string();
                return Self::Http(AskedPage {
                    url: url.split('?').next().unwrap_or_default().to_owned(),
                    expect_status: page.expect_status.to_string(),
                    expect_body: page.expect_body_contains.is_some(),
                    deadline_ms,
                });
            }
        };
        let (preset, pin) = match &planned.target.request {
            PlanRequest::Call(call) => (call.preset.clone(), call.pin.clone()),
            PlanRequest::Http { .. } => (String::new(), None),
        };
        let names = call.headers.iter().map(|(name, _)| name);
        let secret = call.secret_headers.iter().map(|(name, _)| name);
        Self::Call(Box::new(AskedCall {
            preset,
            wire: call.wire.as_str(),
            base_url: call.base_url.to_string(),
            via: match spec.path {
                Via::Direct => "direct",
                Via::Gateway => "gateway",
            },
            model: call.model.clone(),
            stream: call.stream,
            tier: call.tier.clone(),
            pin,
            ask: match call.ask {
                Ask::Echo => Some("echo"),
                Ask::Sum => Some("sum"),
                Ask::Repeat => Some("repeat"),
                Ask::Json => Some("json"),
                Ask::Custom { .. } => Some("prompt"),
                Ask::Nothing => None,
            },
            connection: match spec.connection {
                Connection::Fresh => "fresh",
                Connection::Warm => "warm",
            },
            max_output_tokens: call.max_output_tokens,
            deadline_ms,
            stall_after_ms: millis(spec.stall_after),
            headers: names.chain(secret).map(ToString::to_string).collect(),
            extra: call.extra.keys().cloned().collect(),
        }))
    }

    /// Whether a model is asked, which counts tokens and has a price.
    pub(super) fn is_inference(&self) -> bool {
        matches!(self, Self::Call(call) if call.wire != Wire::Models.as_str())
    }

    /// Whether it goes over plain HTTP, which anybody on the path can read.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Call(call) if call.base_url.starts_with("http://"))
    }

    /// Whether a gateway answers.
    pub(super) fn via(&self) -> Via {
        match self {
            Self::Call(call) if call.via == "gateway" => Via::Gateway,
            _ => Via::Direct,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
