//! The grammar of the policy file; every refusal names its line.

use std::collections::BTreeMap;

use super::{Group, Member, POLICY_BYTES_MAX, Policy, Quorum, Witness};
use crate::note::{KeyError, KeyKind, VerifierKey};

/// Why a text is not a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("policy of {bytes} bytes is longer than {POLICY_BYTES_MAX}")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// A line that cannot be accepted.
    #[error("line {line} of the policy is refused")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// Why.
        #[source]
        fault: PolicyFault,
    },
    /// There is no `quorum` line.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFault {
    /// A control character other than tab and LF.
    #[error("control character")]
    Control,
    /// The first word is none of `log`, `witness`, `group`, `quorum`.
    #[error("unknown keyword `{keyword}`")]
    Keyword {
        /// The word.
        keyword: String,
    },
    /// Too few or too many words.
    #[error("expected `{expected}`")]
    Words {
        /// The form of the line.
        expected: &'static str,
    },
    /// The key is none.
    #[error("failed to read the key")]
    Key(#[source] KeyError),
    /// A log with a cosigner's key, or a witness with a log's.
    #[error("key `{name}` has the wrong signature type for this line")]
    KeyKind {
        /// Name of the key.
        name: String,
    },
    /// Two logs or two witnesses with the same public key.
    #[error("key `{name}` is listed already, perhaps under another name")]
    DuplicateKey {
        /// Name of the key.
        name: String,
    },
    /// The name is taken, or is `none`.
    #[error("name `{name}` is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The name is not defined on a line before.
    #[error("name `{name}` is not defined above")]
    Undefined {
        /// The name.
        name: String,
    },
    /// The member belongs to a group already.
    #[error("`{name}` is a member of a group already")]
    MemberTwice {
        /// The name.
        name: String,
    },
    /// Not `all`, `any`, or a number from 1 to the number of members.
    #[error("threshold `{threshold}` is not all, any, or 1 to {members}")]
    Threshold {
        /// The word.
        threshold: String,
        /// Number of members.
        members: usize,
    },
    /// A second `quorum` line.
    #[error("there is a quorum line already")]
    QuorumTwice,
}

const LOG: &str = "log <vkey> [<url>]";
const WITNESS: &str = "witness <name> <vkey> [<url>]";
const GROUP: &str = "group <name> <all|any|k> <member>...";
const QUORUM: &str = "quorum <name|none>";

impl Policy {
    /// Parses a policy file.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong { bytes: text.len() });
        }
        let mut draft = Draft::default();
        for (before, line) in text.split('\n').enumerate() {
            draft.read(line).map_err(|fault| PolicyError::Line {
                line: before + 1,
                fault,
            })?;
        }
        let quorum = draft.quorum.ok_or(PolicyError::NoQuorum)?;
        let Draft {
            logs,
            witnesses,
            groups,
            ..
        } = draft;
        Ok(Self {
            logs,
            witnesses,
            groups,
            quorum,
        })
    }
}

#[derive(Default)]
struct Draft {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    names: BTreeMap<String, Named>,
    quorum: Option<Quorum>,
}

struct Named {
    member: Member,
    in_group: bool,
}

impl Draft {
    fn read(&mut self, line: &str) -> Result<(), PolicyFault> {
        if line
            .bytes()
            .any(|byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(PolicyFault::Control);
        }
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        let Some((keyword, rest)) = words.split_first() else {
            return Ok(());
        };
        match *keyword {
            comment if comment.starts_with('#') => Ok(()),
            "log" => self.log(rest),
            "witness" => self.witness(rest),
            "group" => self.group(rest),
            "quorum" => self.quorum(rest),
            unknown => Err(PolicyFault::Keyword {
                keyword: unknown.to_owned(),
            }),
        }
    }

    fn log(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let ([vkey] | [vkey, _]) = words else {
            return Err(PolicyFault::Words { expected: LOG });
        };
        let key = parse_key(vkey, KeyKind::Note, self.logs.iter())?;
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let ([name, vkey] | [name, vkey, _]) = words else {
            return Err(PolicyFault::Words { expected: WITNESS });
        };
        let known = self.witnesses.iter().map(|witness| &witness.key);
        let key = parse_key(vkey, KeyKind::Cosigner, known)?;
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness {
            name: (*name).to_owned(),
            key,
        });
        Ok(())
    }

    fn group(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let [name, threshold, names @ ..] = words else {
            return Err(PolicyFault::Words { expected: GROUP });
        };
        if names.is_empty() {
            return Err(PolicyFault::Words { expected: GROUP });
        }
        let threshold = parse_threshold(threshold, names.len())?;
        let members: Result<Vec<Member>, PolicyFault> =
            names.iter().map(|name| self.join(name)).collect();
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group {
            threshold,
            members: members?,
        });
        Ok(())
    }

    fn quorum(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let [name] = words else {
            return Err(PolicyFault::Words { expected: QUORUM });
        };
        if self.quorum.is_some() {
            return Err(PolicyFault::QuorumTwice);
        }
        let quorum = match (*name, self.names.get(*name)) {
            ("none", _) => Quorum::Nobody,
            (_, Some(named)) => Quorum::Of(named.member),
            (_, None) => {
                return Err(PolicyFault::Undefined {
                    name: (*name).to_owned(),
                });
            }
        };
        self.quorum = Some(quorum);
        Ok(())
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), PolicyFault> {
        if name == "none" || self.names.contains_key(name) {
            return Err(PolicyFault::NameTaken {
                name: name.to_owned(),
            });
        }
        self.names.insert(
            name.to_owned(),
            Named {
                member,
                in_group: false,
            },
        );
        Ok(())
    }

    /// A name counts in one group at most, so that nobody contributes twice.
    fn join(&mut self, name: &str) -> Result<Member, PolicyFault> {
        match self.names.get_mut(name) {
            None => Err(PolicyFault::Undefined {
                name: name.to_owned(),
            }),
            Some(named) if named.in_group => Err(PolicyFault::MemberTwice {
                name: name.to_owned(),
            }),
            Some(named) => {
                named.in_group = true;
                Ok(named.member)
            }
        }
    }
}

fn parse_key<'a>(
    vkey: &str,
    kind: KeyKind,
    mut known: impl Iterator<Item = &'a VerifierKey>,
) -> Result<VerifierKey, PolicyFault> {
    let key: VerifierKey = vkey.parse().map_err(PolicyFault::Key)?;
    let name = key.name().to_owned();
    if key.kind() != kind {
        return Err(PolicyFault::KeyKind { name });
    }
    if known.any(|other| other.public_key() == key.public_key()) {
        return Err(PolicyFault::DuplicateKey { name });
    }
    Ok(key)
}

fn parse_threshold(word: &str, members: usize) -> Result<usize, PolicyFault> {
    let threshold = match word {
        "all" => Some(members),
        "any" => Some(1),
        _ => crate::lines::decimal(word).filter(|k| (1..=members).contains(k)),
    };
    threshold.ok_or_else(|| PolicyFault::Threshold {
        threshold: word.to_owned(),
        members,
    })
}
