//! Names of keys, chains and logs, all below the installation's origin.
//!
//! An origin looks like a URL without scheme (`nines.example/team`), because signed notes want
//! key names that nobody else uses.

use domain::{AgentId, ContractId};

/// Host of every origin whose data is made up: reserved by RFC 2606, so it can never be real.
pub const SIMULATED_HOST: &str = "simulated.invalid";

/// The name under which an installation signs, without its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Box<str>);

/// An origin that cannot stand in a key name.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not an origin: use a host and an optional path, like `nines.example/team`, of a-z 0-9 . _ - /"
)]
pub struct OriginError(String);

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b);
        let parts = text
            .split('/')
            .all(|part| !part.is_empty() && !part.contains(".."));
        if !parts || text.len() > 128 || !text.bytes().all(allowed) {
            return Err(OriginError(text.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Origin {
    /// Whether everything under this origin is simulated.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.0.split('/').next() == Some(SIMULATED_HOST)
    }

    /// Name of the log, of its key and of its checkpoints' first line.
    #[must_use]
    pub fn log(&self) -> String {
        format!("{self}/log")
    }

    /// Name of the key that signs registry records.
    #[must_use]
    pub fn operator(&self) -> String {
        format!("{self}/operator")
    }

    /// Name of the key that signs bundle manifests.
    #[must_use]
    pub fn export(&self) -> String {
        format!("{self}/export")
    }

    /// Name of the chain of agents, plans and keys.
    #[must_use]
    pub fn fleet_chain(&self) -> String {
        format!("{self}/fleet")
    }

    /// Name of the chain of one contract.
    #[must_use]
    pub fn contract_chain(&self, contract: &ContractId) -> String {
        format!("{self}/contracts/{contract}")
    }

    /// Name of an agent, and of its key.
    #[must_use]
    pub fn agent(&self, agent: &AgentId) -> String {
        format!("{self}/agents/{agent}")
    }

    /// The agent that a key name stands for, where it is one of this origin's.
    #[must_use]
    pub fn parse_agent(&self, name: &str) -> Option<AgentId> {
        name.strip_prefix(&*self.0)?
            .strip_prefix("/agents/")?
            .parse()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_name_leads_back_to_its_agent_under_its_own_origin_only() {
        let origin: Origin = "nines.example/team".parse().unwrap();
        let agent: AgentId = "eu-1".parse().unwrap();
        assert_eq!(origin.parse_agent(&origin.agent(&agent)), Some(agent));
        assert_eq!(origin.parse_agent("other.example/agents/eu-1"), None);
        assert!(!origin.is_simulated());
        assert!(
            "simulated.invalid/demo"
                .parse::<Origin>()
                .unwrap()
                .is_simulated()
        );
    }
}
