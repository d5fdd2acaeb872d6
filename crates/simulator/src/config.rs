//! What a simulator is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::fault::Millis;
use crate::gateway::{Gateway, Kind};
use crate::limit::Limits;
use crate::pacing::Paces;
use crate::scenario::Scenario;
use crate::script::Script;
use crate::status::StatusPage;

/// Whose conventions (headers, error bodies, stream quirks) the simulator follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persona {
    /// A model provider, as `api.openai.com` answers.
    #[default]
    Direct,
    /// A gateway before such a provider, as a `LiteLLM` 1.100 proxy answers.
    Gateway,
}

impl Persona {
    /// What the status page calls it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Direct => "provider",
            Self::Gateway => "gateway",
        }
    }
}

/// How fast answers come when no fault says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pacing {
    /// Wait between the response head and the first content, in milliseconds.
    pub ttft_ms: Millis,
    /// Content chunks a second after the first; one chunk is one counted token.
    pub tokens_per_second: NonZeroU32,
}

impl Default for Pacing {
    fn default() -> Self {
        const TOKENS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("100 is not zero");
        Self {
            ttft_ms: Millis::clamped(50),
            tokens_per_second: TOKENS_PER_SECOND,
        }
    }
}

/// Everything that fixes a simulator's behaviour.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name shown on `/status` and as the owner of the models.
    pub name: String,
    /// Address to listen on; port 0 lets the system choose. The admin API is on it too, without
    /// access control: keep it on loopback.
    pub listen: SocketAddr,
    /// Conventions to follow.
    pub persona: Persona,
    /// Models that exist; any other name is answered as unknown.
    pub models: Vec<String>,
    /// Bearer keys that are accepted; with none, keys are not checked at all.
    pub keys: Vec<SecretString>,
    /// Seed of every random decision and id.
    pub seed: u64,
    /// Speed of healthy answers, where `paces` does not say otherwise.
    pub pacing: Pacing,
    /// Distributions of speeds, for all models and by model.
    pub paces: Paces,
    /// What each key may do in a minute; nothing is refused if not given.
    pub limits: Option<Limits>,
    /// The gateway that is played, with its upstream targets.
    pub gateway: Option<Gateway>,
    /// Further addresses, each with the region that its requests are from.
    pub regions: Vec<(String, SocketAddr)>,
    /// A further address that faults of connections do not reach, so that they can be ended.
    pub admin_listen: Option<SocketAddr>,
    /// Faults in force from the start.
    pub script: Script,
    /// How its status page tells of trouble.
    pub status: StatusPage,
    /// Unix time, in seconds, that `created` fields count from. It is given, not read, so that a
    /// simulated history can carry a simulated clock.
    pub started_unix_s: u64,
}

impl Default for Config {
    /// A direct provider on a free loopback port with the one model `sim-1`, open to any key.
    fn default() -> Self {
        Self {
            name: "nines-sim".to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            persona: Persona::Direct,
            models: vec!["sim-1".to_owned()],
            keys: Vec::new(),
            seed: 0,
            pacing: Pacing::default(),
            paces: Paces::default(),
            limits: None,
            gateway: None,
            regions: Vec::new(),
            admin_listen: None,
            script: Script::default(),
            status: StatusPage::default(),
            started_unix_s: 0,
        }
    }
}

impl Config {
    /// Plays a scenario from the start; a gateway in it decides the persona.
    #[must_use]
    pub fn playing(self, scenario: Scenario) -> Self {
        let persona = match scenario.gateway.as_ref().map(|gateway| gateway.kind) {
            None => self.persona,
            Some(Kind::Litellm) => Persona::Gateway,
            Some(Kind::Portkey | Kind::Openrouter) => Persona::Direct,
        };
        Self {
            persona,
            paces: scenario.paces,
            limits: scenario.limits,
            gateway: scenario.gateway,
            script: scenario.script,
            ..self
        }
    }
}
