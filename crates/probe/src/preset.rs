//! Named presets: what is known of each provider and gateway, so that a user names it and a model.
//!
//! A preset fixes wire, address, how the key is shown, headers and quirks. Parts of an address that
//! only the user knows stand in braces (`{region}`) and are filled from [`Fill`]. Everything that a
//! preset fixes can be fixed otherwise in the finished [`Call`]. Facts and how well they are known:
//! `docs/providers.md`.

mod pin;
mod table;

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::endpoint::{BaseUrl, UrlError};
use crate::spec::{Auth, Call, ModelMatch, TokenField, Via};
use crate::wire::Wire;

pub use pin::{Pin, PinError};
pub use table::ALL;

/// What is known of a provider or gateway.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Name, as configuration and command line know it.
    pub name: &'static str,
    /// Wires that it speaks, the default first.
    pub wires: &'static [Wire],
    /// Base address; `None` where only the user knows it.
    pub base_url: Option<&'static str>,
    /// Query of every address.
    pub query: Option<&'static str>,
    /// How the key is shown.
    pub auth: KeyPlace,
    /// Environment variable that its own tools read the key from.
    pub key_env: &'static str,
    /// Where a second key stands, such as a gateway's beside the provider's.
    pub second_key: Option<SecondKey>,
    /// Headers of every request.
    pub headers: &'static [(&'static str, &'static str)],
    /// Members laid over every body, as JSON.
    pub extra: Option<&'static str>,
    /// Name of the token cap, on wires with two.
    pub token_field: TokenField,
    /// Who answers.
    pub via: Via,
    /// Whether the answer's model must be the one asked for.
    pub model_match: ModelMatch,
    /// Name of the provider in price tables.
    pub prices: Option<&'static str>,
    /// How long the provider's own client waits for an answer by default, seconds: whoever hangs
    /// up earlier may have no claim. From the defaults of the official SDKs.
    pub client_waits_s: Option<u32>,
}

/// How the key is shown; see [`Auth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// As a bearer token.
    Bearer,
    /// Bare, in this header.
    Header(&'static str),
    /// AWS signature for the region of [`Fill`]; a key without a colon is sent as a bearer token.
    SigV4,
}

/// Header of a second key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondKey {
    /// Its name.
    pub header: &'static str,
    /// What stands before the key, such as `Bearer `.
    pub before: &'static str,
}

impl SecondKey {
    /// The header with its key.
    #[must_use]
    pub fn header_of(self, key: &SecretString) -> (HeaderName, SecretString) {
        let value = format!("{}{}", self.before, key.expose_secret());
        (HeaderName::from_static(self.header), value.into())
    }
}

/// What only the user knows.
#[derive(Clone, Debug, Default)]
pub struct Fill<'a> {
    /// Wire, where not the preset's default.
    pub wire: Option<Wire>,
    /// Base address instead of the preset's.
    pub base_url: Option<&'a str>,
    /// Values for the parts in braces.
    pub params: BTreeMap<String, String>,
    /// Upstream that must answer, behind a gateway.
    pub pin: Option<&'a str>,
}

/// A preset that cannot be filled in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// It has no address of its own.
    #[error("`{preset}` has no address of its own; give `base_url`")]
    NoAddress {
        /// The preset.
        preset: &'static str,
    },
    /// A part of the address is missing.
    #[error("the address of `{preset}` needs `{param}`; give it in `params`")]
    MissingParam {
        /// The preset.
        preset: &'static str,
        /// The part.
        param: String,
    },
    /// A part that no address has.
    #[error("`{preset}` has no part `{param}` in its address{}", known(.parts))]
    UnknownParam {
        /// The preset.
        preset: &'static str,
        /// The part.
        param: String,
        /// Those it has.
        parts: Vec<String>,
    },
    /// A part that would change the address's structure.
    #[error("`{param}` may hold letters, digits, `-`, `_`, `.` and `:` only")]
    Param {
        /// The part.
        param: String,
    },
    /// It does not speak the wire.
    #[error("`{preset}` does not speak `{wire}`; it speaks {}", words(.wires))]
    Wire {
        /// The preset.
        preset: &'static str,
        /// The wire.
        wire: &'static str,
        /// Those it speaks.
        wires: &'static [Wire],
    },
    /// The address cannot be used.
    #[error("the base URL cannot be used")]
    Address(#[source] UrlError),
    /// It cannot be pinned so.
    #[error(transparent)]
    Pin(PinError),
}

fn known(parts: &[String]) -> String {
    if parts.is_empty() {
        return ", which is complete".to_owned();
    }
    format!("; it has `{}`", parts.join("`, `"))
}

fn words(wires: &[Wire]) -> String {
    let words: Vec<&str> = wires.iter().map(|wire| wire.as_str()).collect();
    format!("`{}`", words.join("`, `"))
}

/// The preset of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// A call of `model`, with everything that the preset knows.
    pub fn call(&'static self, model: &str, fill: &Fill<'_>) -> Result<Call, PresetError> {
        let wire = fill.wire.unwrap_or(self.wires[0]);
        if !self.wires.contains(&wire) {
            return Err(PresetError::Wire {
                preset: self.name,
                wire: wire.as_str(),
                wires: self.wires,
            });
        }
        let mut call = Call {
            query: self.query.map(str::to_owned),
            auth: self.auth(fill)?,
            headers: fixed(self.headers),
            extra: self.extra(wire),
            token_field: self.token_field,
            model_match: self.model_match,
            prices: self.prices.map(str::to_owned),
            ..Call::new(wire, self.address(fill)?, model.to_owned())
        };
        if let Some(upstream) = fill.pin {
            Pin::of(self)
                .apply(upstream, &mut call)
                .map_err(PresetError::Pin)?;
        }
        Ok(call)
    }

    /// Names of the parts of its address that only the user knows.
    #[must_use]
    pub fn params(&self) -> Vec<String> {
        self.base_url.map(parts).unwrap_or_default()
    }

    fn address(&'static self, fill: &Fill<'_>) -> Result<BaseUrl, PresetError> {
        let own = fill.base_url.or(self.base_url);
        let template = own.ok_or(PresetError::NoAddress { preset: self.name })?;
        let parts = parts(template);
        let needs_region = self.auth == KeyPlace::SigV4;
        for (param, value) in &fill.params {
            let is_known = parts.contains(param) || (needs_region && param == "region");
            if !is_known {
                return Err(PresetError::UnknownParam {
                    preset: self.name,
                    param: param.clone(),
                    parts,
                });
            }
            let usable = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
            if value.is_empty() || !value.chars().all(usable) {
                return Err(PresetError::Param {
                    param: param.clone(),
                });
            }
        }
        let mut address = template.to_owned();
        for part in parts {
            let value = fill.params.get(&part).ok_or(PresetError::MissingParam {
                preset: self.name,
                param: part.clone(),
            })?;
            address = address.replace(&format!("{{{part}}}"), value);
        }
        address.parse().map_err(PresetError::Address)
    }

    fn auth(&'static self, fill: &Fill<'_>) -> Result<Auth, PresetError> {
        Ok(match self.auth {
            KeyPlace::Bearer => Auth::Bearer,
            KeyPlace::Header(name) => Auth::Header(HeaderName::from_static(name)),
            KeyPlace::SigV4 => Auth::SigV4 {
                region: fill.params.get("region").cloned().ok_or_else(|| {
                    PresetError::MissingParam {
                        preset: self.name,
                        param: "region".to_owned(),
                    }
                })?,
            },
        })
    }

    /// Members for bodies of the default wire only: each wire has its own.
    fn extra(&self, wire: Wire) -> serde_json::Map<String, serde_json::Value> {
        let text = self.extra.filter(|_| wire == self.wires[0]);
        text.map(|text| serde_json::from_str(text).expect("presets hold JSON objects"))
            .unwrap_or_default()
    }
}

/// Names in braces, in order of appearance.
fn parts(template: &str) -> Vec<String> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn fixed(headers: &[(&'static str, &'static str)]) -> Vec<(HeaderName, HeaderValue)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests;
