//! The registry chain: operator-signed notes that fix, before the fact, what will be measured.
//!
//! A chain belongs to a contract or to the fleet, numbers its entries from 0 without gaps, and ties
//! each to the one before. The note holds only the hash of its body; bodies travel beside it.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::lines::{LineError, Lines, decimal};
use crate::note::is_name;

const HEADER: &str = "sla-evidence/registry/v1";

/// The fields of a registry note, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryNote {
    /// Name of the chain, one word without `+`: a URL path that ends in a contract id or `fleet`.
    pub chain: String,
    /// Number of the entry in its chain, from 0, without gaps.
    pub entry: u64,
    /// [`registry_hash`] of the entry before; [`Hash::ZERO`] for entry 0.
    pub prev: Hash,
    /// What the body states.
    pub kind: RegistryType,
    /// When the operator says this was written, seconds since the Unix epoch.
    pub at_s: u64,
    /// SHA-256 of the body, one strict-JCS line without LF.
    pub body: Hash,
}

/// What a registry entry states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryType {
    /// A note added to an earlier entry or period.
    Annotate,
    /// The contract: hash of its text and its terms as data.
    Contract,
    /// A credential by its alias: account, tier, quota class, changes of state.
    Credential,
    /// A new agent or exporter and its key.
    Enrol,
    /// Time left out: by whom, why, before or after the fact.
    Exclusion,
    /// A stop of all pruning for a contract and period.
    Hold,
    /// What the operator knows of an outage.
    Incident,
    /// An announced maintenance and when the announcement came.
    Maintenance,
    /// A revision of the plan.
    Plan,
    /// Data removed: range, roots, counts, reason.
    Prune,
    /// A key that is no longer believed from some log index on.
    Revoke,
    /// A new key for an old one, signed by both.
    Rotate,
    /// The software that agents and collector run, by hash.
    Software,
    /// An agent that goes on in place of another.
    Supersede,
}

/// Why a text is no registry note, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The text departs from the grammar.
    #[error("failed to read the registry note")]
    Parse(#[source] LineError),
    /// The chain name cannot stand in its line.
    #[error("failed to write the registry note")]
    Print(#[source] LineError),
    /// No such type of entry.
    #[error("{name:?} is not a type of registry entry")]
    Type {
        /// The word.
        name: String,
    },
}

impl RegistryNote {
    /// The exact text that is signed. Fails where the text could not be read back.
    pub fn text(&self) -> Result<String, RegistryError> {
        let text = format!(
            "{HEADER}\nchain {}\nentry {}\nprev {}\ntype {}\nat {}\nbody {}\n",
            self.chain, self.entry, self.prev, self.kind, self.at_s, self.body
        );
        Self::read(&text).map_err(RegistryError::Print)?;
        Ok(text)
    }

    /// Parses a note text; whoever signed it is the caller's to verify.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        Self::read(text).map_err(RegistryError::Parse)
    }

    fn read(text: &str) -> Result<Self, LineError> {
        let mut lines = Lines::new(text);
        lines.literal(HEADER)?;
        let chain = lines.value("chain")?;
        if !is_name(chain) {
            return Err(lines.refuse("a chain name"));
        }
        let entry = decimal(lines.value("entry")?).ok_or_else(|| lines.refuse("a number"))?;
        let prev = lines
            .value("prev")?
            .parse()
            .map_err(|_| lines.refuse("a hash"))?;
        let kind = lines
            .value("type")?
            .parse()
            .map_err(|_| lines.refuse("a known type"))?;
        let at_s = decimal(lines.value("at")?).ok_or_else(|| lines.refuse("a time in seconds"))?;
        let body = lines
            .value("body")?
            .parse()
            .map_err(|_| lines.refuse("a hash"))?;
        lines.end()?;
        Ok(Self {
            chain: chain.to_owned(),
            entry,
            prev,
            kind,
            at_s,
            body,
        })
    }
}

/// What the next entry of the chain names as `prev`: the hash of the text without signatures.
#[must_use]
pub fn registry_hash(text: &str) -> Hash {
    Hash::of(text.as_bytes())
}

impl RegistryType {
    /// Every type, in the order of their names.
    pub const ALL: [Self; 14] = [
        Self::Annotate,
        Self::Contract,
        Self::Credential,
        Self::Enrol,
        Self::Exclusion,
        Self::Hold,
        Self::Incident,
        Self::Maintenance,
        Self::Plan,
        Self::Prune,
        Self::Revoke,
        Self::Rotate,
        Self::Software,
        Self::Supersede,
    ];

    /// The word on the `type` line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Annotate => "annotate",
            Self::Contract => "contract",
            Self::Credential => "credential",
            Self::Enrol => "enrol",
            Self::Exclusion => "exclusion",
            Self::Hold => "hold",
            Self::Incident => "incident",
            Self::Maintenance => "maintenance",
            Self::Plan => "plan",
            Self::Prune => "prune",
            Self::Revoke => "revoke",
            Self::Rotate => "rotate",
            Self::Software => "software",
            Self::Supersede => "supersede",
        }
    }
}

impl fmt::Display for RegistryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RegistryType {
    type Err = RegistryError;

    fn from_str(name: &str) -> Result<Self, RegistryError> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.ok_or_else(|| RegistryError::Type {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
