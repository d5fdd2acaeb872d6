//! Names of the things that people configure. They travel in evidence, so they are plain ASCII
//! and can stand in a path, a URL and a signed note without escaping.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest accepted name, in bytes: fits every column, path and note line it appears in.
pub const NAME_BYTES_MAX: usize = 64;

/// A name that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a valid {what}: use 1 to {NAME_BYTES_MAX} of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit"
)]
pub struct NameError {
    what: &'static str,
    given: String,
}

fn check(what: &'static str, given: &str) -> Result<(), NameError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let first = given.bytes().next();
    let good = first.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && given.len() <= NAME_BYTES_MAX
        && given.bytes().all(allowed);
    if good {
        Ok(())
    } else {
        Err(NameError {
            what,
            given: given.to_owned(),
        })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(Box<str>);

        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check($what, text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.into()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A probe agent, as the plan names it; a re-enrolled agent gets a new name.
    AgentId, "agent id"
);
name!(
    /// One thing probed; also the name of its sample stream on each agent.
    TargetId, "target id"
);
name!(
    /// One SLA contract.
    ContractId, "contract id"
);
name!(
    /// Who is under contract: a model provider or a gateway.
    ProviderId, "provider id"
);
name!(
    /// The public name of a provider key. The key itself never leaves the agent.
    CredentialAlias, "credential alias"
);

name!(
    /// Something that is no target, asked only to learn whether an agent's own network carries.
    ControlId, "control name"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_ascii_that_starts_with_a_letter_or_digit() {
        for good in ["a", "eu-west-1a", "gpt-4.1_mini", "0x"] {
            assert!(good.parse::<TargetId>().is_ok(), "{good}");
        }
        let long = "a".repeat(NAME_BYTES_MAX + 1);
        for bad in ["", "-a", "A", "a b", "a/b", "ä", "..", &long] {
            assert!(bad.parse::<TargetId>().is_err(), "{bad}");
        }
    }
}
