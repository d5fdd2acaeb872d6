//! A whole log, entry by entry: what the log itself shows of its agents and chains, without a bundle.
//!
//! The rules are those of V2 and V3 as far as notes alone can tell: no number of an agent and no
//! entry of a chain stands twice, none is missing, each names the hash of the one before, clocks of
//! one boot do not run backwards, and what batches saw of the log is what it was. The checks of a
//! bundle hold its segment in memory and stop at the first fault; a log has no end, so each entry is
//! looked at once here, and faults are gathered.
//!
//! Non-goals: signatures of agents and the operator, whose keys stand in bodies that a log of hashes
//! does not hold; bundles have them.

use std::collections::BTreeMap;

use evidence::batch_note::{BatchNote, Seen};
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::registry::{RegistryNote, registry_hash};
use evidence::tree::{Tree, leaf_hash};
use wire::names::Origin;

use crate::verdict::causes;

/// Faults that are kept; more are counted.
const FAULTS_MAX: usize = 100;

/// Reads a log from its first entry on.
#[derive(Debug)]
pub struct Auditor {
    origin: Origin,
    tree: Tree,
    agents: BTreeMap<String, Chain>,
    chains: BTreeMap<String, Chain>,
    batches: u64,
    records: u64,
    faults: Vec<Fault>,
    faults_total: u64,
    /// The size and root that were looked up last: agents of one time saw the same.
    seen: Option<(u64, Hash)>,
}

/// Something that no honest log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The entry, from 0; `None` where it is one that is missing.
    pub index: Option<u64>,
    /// What is wrong, for people.
    pub reason: String,
}

/// What was found.
#[derive(Debug)]
pub struct Audited {
    /// The tree over all entries.
    pub tree: Tree,
    /// Number of batches.
    pub batches: u64,
    /// Number of registry records.
    pub records: u64,
    /// Batches of each agent that follow one another from 0, by the name of its key.
    pub agents: BTreeMap<String, u64>,
    /// Records of each chain that follow one another from 0.
    pub chains: BTreeMap<String, u64>,
    /// The first faults, in the order in which they were found.
    pub faults: Vec<Fault>,
    /// Number of all faults.
    pub faults_total: u64,
}

/// Numbered notes, each naming the hash of the one before. The log may hold them in another order.
#[derive(Debug)]
struct Chain {
    next: u64,
    last: Hash,
    /// Those that came before their predecessors.
    ahead: BTreeMap<u64, Link>,
}

#[derive(Debug)]
struct Link {
    index: u64,
    prev: Hash,
    hash: Hash,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            next: 0,
            last: Hash::ZERO,
            ahead: BTreeMap::new(),
        }
    }
}

impl Chain {
    /// Takes one, and all that waited for it. Gives what is wrong.
    fn take(&mut self, number: u64, link: Link) -> Vec<(u64, u64, &'static str)> {
        let mut wrong = Vec::new();
        if number < self.next || self.ahead.contains_key(&number) {
            wrong.push((link.index, number, "stands twice: a fork"));
            return wrong;
        }
        self.ahead.insert(number, link);
        while let Some(link) = self.ahead.remove(&self.next) {
            if link.prev != self.last {
                let reason = "does not name the hash of its predecessor";
                wrong.push((link.index, self.next, reason));
            }
            self.last = link.hash;
            self.next += 1;
        }
        wrong
    }

    /// What is missing at the end.
    fn missing(&self) -> Option<(u64, u64)> {
        let first = self.ahead.keys().next()?;
        Some((self.next, first - 1))
    }
}

impl Auditor {
    /// Begins with the first entry of the log of an installation.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            tree: Tree::default(),
            agents: BTreeMap::new(),
            chains: BTreeMap::new(),
            batches: 0,
            records: 0,
            faults: Vec::new(),
            faults_total: 0,
            seen: None,
        }
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &[u8]) {
        let index = self.tree.append(leaf_hash(entry));
        if let Err(reason) = self.take_note(index, entry) {
            self.fault(
                Some(index),
                format!("is neither batch nor record: {reason}"),
            );
        }
    }

    /// Ends with the last entry.
    #[must_use]
    pub fn finish(mut self) -> Audited {
        let agents = self
            .agents
            .iter()
            .map(|(name, chain)| (name, chain.missing()));
        let chains = self
            .chains
            .iter()
            .map(|(name, chain)| (name, chain.missing()));
        let missing = agents.chain(chains).filter_map(|(name, missing)| {
            let (first, last) = missing?;
            Some(format!("`{name}`: {first} to {last} are missing"))
        });
        for reason in missing.collect::<Vec<_>>() {
            self.fault(None, reason);
        }
        let agents = self
            .agents
            .into_iter()
            .map(|(name, chain)| (name, chain.next));
        let chains = self
            .chains
            .into_iter()
            .map(|(name, chain)| (name, chain.next));
        Audited {
            agents: agents.collect(),
            chains: chains.collect(),
            tree: self.tree,
            batches: self.batches,
            records: self.records,
            faults: self.faults,
            faults_total: self.faults_total,
        }
    }

    fn fault(&mut self, index: Option<u64>, reason: String) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { index, reason });
        }
    }

    fn take_note(&mut self, index: u64, entry: &[u8]) -> Result<(), String> {
        let signed = SignedNote::parse(entry).map_err(|error| causes(&error))?;
        if let Ok(note) = RegistryNote::parse(signed.text()) {
            self.take_record(index, &signed, &note);
            return Ok(());
        }
        let note = BatchNote::parse(signed.text()).map_err(|error| causes(&error))?;
        if self.origin.parse_agent(&note.agent).is_none() {
            return Err(format!("`{}` is no agent of this origin", note.agent));
        }
        self.take_batch(index, &signed, &note);
        Ok(())
    }

    fn take_record(&mut self, index: u64, signed: &SignedNote, note: &RegistryNote) {
        self.records += 1;
        let link = Link {
            index,
            prev: note.prev,
            hash: registry_hash(signed.text()),
        };
        let chain = self.chains.entry(note.chain.clone()).or_default();
        for (index, number, reason) in chain.take(note.entry, link) {
            self.fault(
                Some(index),
                format!("entry {number} of `{}` {reason}", note.chain),
            );
        }
    }

    fn take_batch(&mut self, index: u64, signed: &SignedNote, note: &BatchNote) {
        self.batches += 1;
        let backwards =
            (note.mono_us.0 > note.mono_us.1).then_some("runs backwards on its monotonic clock");
        for reason in self
            .check_seen(index, &note.seen)
            .into_iter()
            .chain(backwards)
        {
            self.fault(
                Some(index),
                format!("batch {} of `{}` {reason}", note.seq, note.agent),
            );
        }
        let link = Link {
            index,
            prev: note.prev,
            hash: Hash::of(signed.text().as_bytes()),
        };
        let chain = self.agents.entry(note.agent.clone()).or_default();
        for (index, number, reason) in chain.take(note.seq, link) {
            self.fault(
                Some(index),
                format!("batch {number} of `{}` {reason}", note.agent),
            );
        }
    }

    /// Whether what a batch saw of the log is what the log was.
    fn check_seen(&mut self, index: u64, seen: &Seen) -> Option<&'static str> {
        if seen.origin != self.origin.log() {
            return Some("saw another log than this");
        }
        if seen.size > index {
            return Some("saw more of the log than there was before it");
        }
        let known = self.seen.filter(|(size, _)| *size == seen.size);
        let root = match known {
            Some((_, root)) => root,
            None => self.tree.head_at(seen.size).ok()?.root,
        };
        self.seen = Some((seen.size, root));
        (root != seen.root).then_some("saw another root at its size: a fork")
    }
}

#[cfg(test)]
mod tests;
