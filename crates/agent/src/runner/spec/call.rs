//! From a planned call to what the probe engine sends.

use http::header::{InvalidHeaderName, InvalidHeaderValue};
use http::{HeaderName, HeaderValue};
use probe::preset::{self, Fill, PresetError};
use probe::{Ask, Call, ModelMatch, Wire};
use wire::plan::{PlanAsk, PlanCall, ServedModel};

use super::Keys;

/// A call that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No such preset.
    #[error("`{name}` is no preset{}", hint(.nearest.as_deref()))]
    Preset {
        /// The name.
        name: String,
        /// The one that is most like it.
        nearest: Option<&'static str>,
    },
    /// No such wire.
    #[error(
        "`{0}` is no wire; possible are chat, responses, messages, gemini, converse, embeddings and models"
    )]
    Wire(String),
    /// The preset cannot be filled in.
    #[error(transparent)]
    Fill(PresetError),
    /// The wire asks a model, and none is named.
    #[error("`model` is missing")]
    NoModel,
    /// The preset has no place for a second key.
    #[error("`second_credential`: `{0}` has no place for a second key")]
    SecondKey(&'static str),
    /// A header's name cannot be sent.
    #[error("`{name}` cannot be the name of a header")]
    HeaderName {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: InvalidHeaderName,
    },
    /// A header's value cannot be sent.
    #[error("the value of header `{name}` cannot be sent")]
    HeaderValue {
        /// The name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: InvalidHeaderValue,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

/// The call that a plan asks for.
pub(super) fn call(planned: &PlanCall, keys: &Keys) -> Result<Call, CallError> {
    let name = planned.preset.as_str();
    let preset = preset::named(name).ok_or_else(|| CallError::Preset {
        name: name.to_owned(),
        nearest: domain::spelling::nearest(name, preset::ALL.iter().map(|preset| preset.name)),
    })?;
    let wire = planned.wire.as_deref().map(wire).transpose()?;
    let fill = Fill {
        wire,
        base_url: planned.base_url.as_deref(),
        params: planned.params.clone(),
        pin: planned.pin.as_deref(),
    };
    let mut call = preset
        .call(&planned.model, &fill)
        .map_err(CallError::Fill)?;
    if call.model.is_empty() && call.wire != Wire::Models {
        return Err(CallError::NoModel);
    }
    call.stream = planned.stream;
    call.max_output_tokens = planned.max_output_tokens;
    call.tier.clone_from(&planned.tier);
    if planned.query.is_some() {
        call.query.clone_from(&planned.query);
    }
    call.ask = match planned.ask {
        _ if !call.wire.has_text() => Ask::Nothing,
        PlanAsk::Echo => Ask::Echo,
        PlanAsk::Sum => Ask::Sum,
        PlanAsk::Repeat => Ask::Repeat,
        PlanAsk::Json => Ask::Json,
    };
    if let Some(served) = planned.served_model {
        call.model_match = match served {
            ServedModel::Judged => ModelMatch::Prefix,
            ServedModel::Recorded => ModelMatch::RecordOnly,
        };
    }
    call.extra.extend(planned.extra.clone());
    for (name, value) in &planned.headers {
        call.headers.push(header(name, value)?);
    }
    if let Some(alias) = &planned.second_credential {
        let place = preset.second_key.ok_or(CallError::SecondKey(preset.name))?;
        call.secret_headers
            .extend(keys.get(alias).map(|key| place.header_of(key)));
    }
    Ok(call)
}

fn wire(word: &str) -> Result<Wire, CallError> {
    let found = Wire::ALL.into_iter().find(|wire| wire.as_str() == word);
    found.ok_or_else(|| CallError::Wire(word.to_owned()))
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, CallError> {
    HeaderName::try_from(name).map_err(|source| CallError::HeaderName {
        name: name.to_owned(),
        source,
    })
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), CallError> {
    let header = header_name(name)?;
    let value = HeaderValue::try_from(value).map_err(|source| CallError::HeaderValue {
        name: name.to_owned(),
        source,
    })?;
    Ok((header, value))
}
