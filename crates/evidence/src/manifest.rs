//! The manifest: the signed list of everything in a bundle, and the bundle's only root of trust.
//!
//! Its file lines are those of `sha256sum`, so `sha256sum -c` checks them too. The note itself and
//! timestamp tokens over it cannot list themselves and are exempt; anything else unlisted is a
//! finding.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Seek};

use crate::bundle::{Bundle, BundleError, ENTRIES_MAX, is_path};
use crate::hash::Hash;
use crate::lines::{LineError, Lines, is_word};

const HEADER: &str = "sla-evidence/bundle/v1";

/// Entry that holds the signed manifest.
pub const MANIFEST_PATH: &str = "MANIFEST.note";

/// Entry that holds a timestamp token over the manifest text; more follow as `.1`, `.2`, ...
pub const TIMESTAMP_PATH: &str = "MANIFEST.tsr";

/// The text of the manifest note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Id of the claim, one word.
    pub claim: String,
    /// How much of the log travels along.
    pub profile: Profile,
    /// SHA-256 of each entry by its name.
    pub files: BTreeMap<String, Hash>,
}

/// How a bundle shows that its batches are in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// By the whole log segment of the period: forks and gaps can be ruled out.
    Claim,
    /// By inclusion proofs of each agent's head: forks stay unchecked.
    Light,
}

/// Where a bundle departs from its manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The entry's bytes are not those listed.
    Altered {
        /// Its name.
        path: String,
    },
    /// A listed entry is not there.
    Missing {
        /// Its name.
        path: String,
    },
    /// An entry is there that nobody signed for.
    Unlisted {
        /// Its name.
        path: String,
    },
    /// The entry cannot be unpacked.
    Unreadable {
        /// Its name.
        path: String,
    },
}

/// Why a text is no manifest, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The text departs from the grammar.
    #[error("failed to read the manifest")]
    Parse(#[source] LineError),
    /// The claim id or a name cannot stand in its line.
    #[error("failed to write the manifest")]
    Print(#[source] LineError),
}

impl Manifest {
    /// Lists `entries` as they will be packed; exempt ones are left out.
    #[must_use]
    pub fn of(claim: &str, profile: Profile, entries: &BTreeMap<String, Vec<u8>>) -> Self {
        let hashes = entries.iter();
        let hashes = hashes.map(|(path, bytes)| (path.as_str(), Hash::of(bytes)));
        Self::of_hashes(claim, profile, hashes)
    }

    /// Lists entries by their names and hashes; exempt ones are left out.
    #[must_use]
    pub fn of_hashes<'a>(
        claim: &str,
        profile: Profile,
        hashes: impl IntoIterator<Item = (&'a str, Hash)>,
    ) -> Self {
        let hashes = hashes.into_iter();
        let listed = hashes.filter(|(path, _)| !is_exempt(path));
        Self {
            claim: claim.to_owned(),
            profile,
            files: listed.map(|(path, hash)| (path.to_owned(), hash)).collect(),
        }
    }

    /// The exact text that is signed. Fails where the text could not be read back.
    pub fn text(&self) -> Result<String, ManifestError> {
        let mut text = format!("{HEADER}\nclaim {}\nprofile {}\n", self.claim, self.profile);
        for (path, hash) in &self.files {
            text.extend([&hash.to_hex(), "  ", path, "\n"]);
        }
        Self::read(&text).map_err(ManifestError::Print)?;
        Ok(text)
    }

    /// Parses a note text; whoever signed it is the caller's to verify.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        Self::read(text).map_err(ManifestError::Parse)
    }

    fn read(text: &str) -> Result<Self, LineError> {
        let mut lines = Lines::new(text);
        lines.literal(HEADER)?;
        let claim = lines.value("claim")?.to_owned();
        if !is_word(&claim) {
            return Err(lines.refuse("a claim id"));
        }
        let profile = Profile::parse(lines.value("profile")?)
            .ok_or_else(|| lines.refuse("profile claim or light"))?;
        let mut files: BTreeMap<String, Hash> = BTreeMap::new();
        while !lines.is_empty() {
            let (path, hash) = parse_file(lines.next("a hash and a path")?)
                .ok_or_else(|| lines.refuse("a hash, two spaces, and a path"))?;
            let after = files
                .last_key_value()
                .is_none_or(|(last, _)| last.as_str() < path);
            if !after || files.len() == ENTRIES_MAX {
                return Err(lines.refuse("paths in byte order, each once, not too many"));
            }
            files.insert(path.to_owned(), hash);
        }
        Ok(Self {
            claim,
            profile,
            files,
        })
    }

    /// Compares every entry of `bundle` with the list. An empty answer means: exactly these files,
    /// with exactly these bytes. Findings come in the order of their kind, then by path.
    pub fn check<R: Read + Seek>(&self, bundle: &mut Bundle<R>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (path, hash) in &self.files {
            let path = path.clone();
            match bundle.hash(&path) {
                Ok(found) if found == *hash => {}
                Ok(_) => findings.push(Finding::Altered { path }),
                Err(BundleError::Missing { .. }) => findings.push(Finding::Missing { path }),
                Err(_) => findings.push(Finding::Unreadable { path }),
            }
        }
        let unlisted = bundle
            .names()
            .filter(|path| !self.files.contains_key(*path));
        findings.extend(
            unlisted
                .filter(|path| !is_exempt(path))
                .map(|path| Finding::Unlisted {
                    path: path.to_owned(),
                }),
        );
        findings.sort();
        findings
    }
}

impl Profile {
    fn parse(word: &str) -> Option<Self> {
        [Self::Claim, Self::Light]
            .into_iter()
            .find(|profile| profile.as_str() == word)
    }

    /// The word on the `profile` line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Light => "light",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { path } => write!(f, "`{path}` was altered"),
            Self::Missing { path } => write!(f, "`{path}` is missing"),
            Self::Unlisted { path } => write!(f, "`{path}` is not listed"),
            Self::Unreadable { path } => write!(f, "`{path}` cannot be unpacked"),
        }
    }
}

/// Whether an entry stands outside the manifest: the manifest itself and tokens over it.
#[must_use]
pub fn is_exempt(path: &str) -> bool {
    path == MANIFEST_PATH || is_timestamp(path)
}

/// Whether an entry is a token over the manifest.
#[must_use]
pub fn is_timestamp(path: &str) -> bool {
    let is_number = |number: &str| crate::lines::decimal::<u16>(number).is_some();
    path.strip_prefix(TIMESTAMP_PATH)
        .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(is_number))
}

fn parse_file(line: &str) -> Option<(&str, Hash)> {
    let (hex, path) = line.split_once("  ")?;
    let hash = Hash::from_hex(hex).ok()?;
    (is_path(path) && !is_exempt(path)).then_some((path, hash))
}

#[cfg(test)]
mod tests;
