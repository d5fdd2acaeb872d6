//! Holding a gateway to one upstream.
//!
//! A gateway that may fall back hides outages of its upstreams; a probe that pins one says whether
//! that upstream is up, one that does not says whether the gateway keeps its promise.

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::Preset;
use crate::spec::Call;

/// How a gateway is held to one upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// OpenRouter: `provider.only`, without fallbacks.
    ProviderOnly,
    /// LiteLLM: the deployment's id as the model, without fallbacks.
    Deployment,
    /// Portkey: one provider by header, which uses no config and so no fallback.
    ProviderHeader,
    /// Cloudflare: one attempt at the provider that the model's prefix names.
    OneAttempt,
    /// It has no such switch, or none is known.
    Unknown,
}

/// An upstream that cannot be pinned.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// No way is known.
    #[error("no way is known to hold this preset to one upstream; leave `pin` out")]
    Unknown,
    /// Its name cannot be sent.
    #[error("`pin` holds characters that no header can carry")]
    Name,
}

impl Pin {
    /// How a preset is pinned.
    #[must_use]
    pub fn of(preset: &Preset) -> Self {
        match preset.name {
            "openrouter" => Self::ProviderOnly,
            "litellm" => Self::Deployment,
            "portkey" => Self::ProviderHeader,
            "cloudflare-ai-gateway" => Self::OneAttempt,
            _ => Self::Unknown,
        }
    }

    /// Makes `call` ask for `upstream` alone.
    pub fn apply(self, upstream: &str, call: &mut Call) -> Result<(), PinError> {
        match self {
            Self::ProviderOnly => {
                let only = json!({"only": [upstream], "allow_fallbacks": false});
                call.extra.insert("provider".to_owned(), only);
            }
            Self::Deployment => {
                upstream.clone_into(&mut call.model);
                call.extra
                    .insert("disable_fallbacks".to_owned(), true.into());
            }
            Self::ProviderHeader => {
                let value = HeaderValue::from_str(upstream).map_err(|_| PinError::Name)?;
                let name = HeaderName::from_static("x-portkey-provider");
                call.headers.push((name, value));
            }
            Self::OneAttempt => {
                let name = HeaderName::from_static("cf-aig-max-attempts");
                call.headers.push((name, HeaderValue::from_static("1")));
                call.model = format!("{upstream}/{}", call.model);
            }
            Self::Unknown => return Err(PinError::Unknown),
        }
        Ok(())
    }
}
