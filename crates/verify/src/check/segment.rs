//! The log segment, read once: every entry hashed into the tree, every note taken apart.
//!
//! Read here: framing, sizes, roots. What the notes must be to each other is for the checks.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use domain::AgentId;
use evidence::batch_note::{BatchNote, Seen};
use evidence::bundle::Bundle;
use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::registry::RegistryNote;
use evidence::tree::{self, CompactRange, TreeHead};
use wire::keys::signer_id;
use wire::names::Origin;

use super::member;
use crate::layout::{self, prefix};
use crate::verdict::{Checked, Halt, causes};

/// Most entries of one segment: a month of 50 agents that seal every five minutes, and a reserve.
const ENTRIES_MAX: u64 = 500_000;

/// What the segment holds.
pub(super) struct Segment {
    /// Name of the member.
    pub(super) path: String,
    /// Index of the first entry.
    pub(super) start: u64,
    /// `roots[k]` is the root of the log at size `start + k`.
    pub(super) roots: Vec<Hash>,
    /// Batches, in the order of the log.
    pub(super) batches: Vec<LoggedBatch>,
    /// Of each (agent, number), the first in the log.
    pub(super) by_seq: BTreeMap<(AgentId, u64), usize>,
    /// Registry records of all chains, in the order of the log.
    pub(super) records: Vec<LoggedRecord>,
    /// Of each (chain, number), the first in the log.
    pub(super) by_entry: BTreeMap<(String, u64), usize>,
    /// Of each agent and key that signed for it, the batch of the highest number.
    pub(super) heads: BTreeMap<(AgentId, [u8; 4]), (u64, SignedNote)>,
    /// The first entry that is neither batch nor record, and why not.
    pub(super) foreign: Option<(u64, String)>,
}

/// A batch as the log holds it.
pub(super) struct LoggedBatch {
    pub(super) index: u64,
    pub(super) agent: AgentId,
    pub(super) seq: u64,
    /// Id of the one key by which the agent claims to have signed.
    pub(super) key_id: Option<[u8; 4]>,
    pub(super) prev: Hash,
    pub(super) hash: Hash,
    pub(super) boot: u64,
    pub(super) wall_us: (i64, i64),
    pub(super) mono_us: (u64, u64),
    pub(super) streams: TreeHead,
    pub(super) seen: Seen,
}

/// A registry record as the log holds it.
pub(super) struct LoggedRecord {
    pub(super) index: u64,
    pub(super) note: RegistryNote,
    pub(super) leaf: Hash,
}

impl Segment {
    pub(super) fn read<R: Read + Seek>(bundle: &mut Bundle<R>, origin: &Origin) -> Checked<Self> {
        let found: Vec<String> = bundle
            .names()
            .filter(|name| layout::parse_segment(name).is_some())
            .map(str::to_owned)
            .collect();
        let [path] = found.as_slice() else {
            let reason = format!("holds {} log segments instead of one", found.len());
            return Err(Halt::fail("the bundle", reason));
        };
        let (start, end) = layout::parse_segment(path).unwrap_or_default();
        let mut range = prefix::read(&member::bytes(bundle, layout::PREFIX)?)
            .map_err(|error| Halt::error(layout::PREFIX, &error))?;
        if range.size() != start || end < start || end - start > ENTRIES_MAX {
            let reason = "does not continue the prefix, or is too long";
            return Err(Halt::fail(path, reason));
        }
        let bytes = member::bytes(bundle, path)?;
        let mut segment = Self {
            path: path.clone(),
            start,
            roots: vec![range.root()],
            batches: Vec::new(),
            by_seq: BTreeMap::new(),
            records: Vec::new(),
            by_entry: BTreeMap::new(),
            heads: BTreeMap::new(),
            foreign: None,
        };
        for entry in Entries::new(bytes.as_slice()) {
            let entry = entry.map_err(|error| Halt::error(path, &error))?;
            segment.take(&entry, &mut range, origin);
        }
        if segment.end() == end {
            Ok(segment)
        } else {
            let reason = format!("ends at {} instead of {end}", segment.end());
            Err(Halt::fail(path, reason))
        }
    }

    /// Index after the last entry.
    pub(super) fn end(&self) -> u64 {
        self.start + self.roots.len() as u64 - 1
    }

    /// The root of the log at a size, where the segment reaches it.
    pub(super) fn root_at(&self, size: u64) -> Option<Hash> {
        let at = size.checked_sub(self.start)?;
        self.roots.get(usize::try_from(at).ok()?).copied()
    }

    /// The batch of an agent and number.
    pub(super) fn batch(&self, agent: &AgentId, seq: u64) -> Option<&LoggedBatch> {
        let at = self.by_seq.get(&(agent.clone(), seq))?;
        self.batches.get(*at)
    }

    /// The registry record of a chain and number.
    pub(super) fn record(&self, key: &(String, u64)) -> Option<&LoggedRecord> {
        self.records.get(*self.by_entry.get(key)?)
    }

    /// Where an entry stands, for people.
    pub(super) fn place(&self, index: u64) -> String {
        format!("{}, log index {index}", self.path)
    }

    fn take(&mut self, entry: &[u8], range: &mut CompactRange, origin: &Origin) {
        let (index, leaf) = (range.size(), tree::leaf_hash(entry));
        range.append(leaf);
        self.roots.push(range.root());
        if let Err(reason) = self.take_note(entry, index, leaf, origin)
            && self.foreign.is_none()
        {
            self.foreign = Some((index, reason));
        }
    }

    fn take_note(
        &mut self,
        entry: &[u8],
        index: u64,
        leaf: Hash,
        origin: &Origin,
    ) -> Result<(), String> {
        let signed = SignedNote::parse(entry).map_err(|error| causes(&error))?;
        if let Ok(note) = RegistryNote::parse(signed.text()) {
            let at = self.records.len();
            let key = (note.chain.clone(), note.entry);
            self.by_entry.entry(key).or_insert(at);
            self.records.push(LoggedRecord { index, note, leaf });
            return Ok(());
        }
        let note = BatchNote::parse(signed.text()).map_err(|error| causes(&error))?;
        let agent = origin
            .parse_agent(&note.agent)
            .ok_or_else(|| format!("`{}` is no agent of this origin", note.agent))?;
        self.take_batch(index, agent, signed, note);
        Ok(())
    }

    fn take_batch(&mut self, index: u64, agent: AgentId, signed: SignedNote, note: BatchNote) {
        let at = self.batches.len();
        let key_id = signer_id(&signed, &note.agent).map(|id| *id.as_bytes());
        self.by_seq.entry((agent.clone(), note.seq)).or_insert(at);
        self.batches.push(LoggedBatch {
            index,
            agent: agent.clone(),
            seq: note.seq,
            key_id,
            prev: note.prev,
            hash: Hash::of(signed.text().as_bytes()),
            boot: note.boot,
            wall_us: note.wall_us,
            mono_us: note.mono_us,
            streams: TreeHead {
                size: note.streams,
                root: note.streams_root,
            },
            seen: note.seen,
        });
        let Some(key_id) = key_id else { return };
        let head = self.heads.entry((agent, key_id));
        let (seq, head) = head.or_insert_with(|| (note.seq, signed.clone()));
        if *seq < note.seq {
            (*seq, *head) = (note.seq, signed);
        }
    }
}
