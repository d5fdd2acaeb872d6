//! V4: when the log had which size, by the clocks of those who cosigned it, and whether the
//! agents' own clocks agree with that.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use domain::AgentId;
use evidence::bundle::Bundle;
use evidence::checkpoint::Checkpoint;
use evidence::entries::Entries;
use evidence::note::{KeyKind, SignedNote, VerifierKey, verify_cosignature};
use evidence::policy::Policy;
use wire::limits::FUTURE_SKEW_MS_MAX;

use super::registry::Registry;
use super::{Parts, member};
use crate::layout::{self};
use crate::verdict::{Checked, Halt, Remarks, causes, needed, owned};

/// How far the time of an anchor may lie before that of its predecessor, in seconds: cosigners
/// have clocks of their own.
pub(super) const SKEW_S_MAX: i64 = 60;

/// From how many signatures on a key is prepared to verify them, which costs what 30 take.
pub(super) const PREPARED_FROM: usize = 100;

/// Most cosigners that are: 0.7 MB each.
const PREPARED_MAX: usize = 32;

/// Checkpoints with their times, by size.
pub(super) struct Anchors {
    list: Vec<Anchor>,
}

/// One checkpoint.
pub(super) struct Anchor {
    pub(super) note: SignedNote,
    pub(super) checkpoint: Checkpoint,
    /// Time of the first cosignature by a known key, seconds since the Unix epoch.
    time_s: Checked<i64>,
}

impl Anchor {
    /// When it was first vouched for, seconds since the Unix epoch, where that can be told.
    pub(super) fn first_s(&self) -> Option<i64> {
        self.time_s.as_ref().ok().copied()
    }
}

impl Anchors {
    pub(super) fn read<R: Read + Seek>(
        bundle: &mut Bundle<R>,
        mut cosigners: Cosigners,
    ) -> Checked<Self> {
        let place = layout::ANCHORS;
        let bytes = member::bytes(bundle, place)?;
        let mut notes: Vec<SignedNote> = Vec::new();
        for entry in Entries::new(bytes.as_slice()) {
            let entry = entry.map_err(|error| Halt::error(place, &error))?;
            notes.push(SignedNote::parse(&entry).map_err(|error| Halt::error(place, &error))?);
        }
        drop(bytes);
        cosigners.prepare(&notes);
        let mut list: Vec<Anchor> = Vec::with_capacity(notes.len());
        for note in notes {
            let checkpoint =
                Checkpoint::parse(note.text()).map_err(|error| Halt::error(place, &error))?;
            let ascends = list
                .last()
                .is_none_or(|last| last.checkpoint.size < checkpoint.size);
            if !ascends {
                return Err(Halt::fail(place, "sizes do not ascend"));
            }
            let time_s = cosigners
                .first_time_s(&note, checkpoint.size)
                .map_err(|reason| Halt::fail(format!("{place}, size {}", checkpoint.size), reason));
            list.push(Anchor {
                note,
                checkpoint,
                time_s,
            });
        }
        if list.is_empty() {
            return Err(Halt::fail(place, "holds no checkpoint"));
        }
        Ok(Self { list })
    }

    /// All of them; at least one.
    pub(super) fn list(&self) -> &[Anchor] {
        &self.list
    }

    /// When the log is first known to have held the entry of an index, seconds since the Unix
    /// epoch; `None` where no anchor covers it or its time cannot be told.
    pub(super) fn anchored_s(&self, index: u64) -> Option<i64> {
        let covers = |anchor: &Anchor| anchor.checkpoint.size > index;
        let at = self.list.partition_point(|anchor| !covers(anchor));
        self.list.get(at)?.first_s()
    }
}

/// Everyone whose cosignature has a meaning here, by name: the agents and the policy's witnesses.
pub(super) struct Cosigners(BTreeMap<String, Vec<Cosigner>>);

/// A key and how far its word goes.
struct Cosigner {
    key: VerifierKey,
    /// Its lines over larger checkpoints do not count: they hold the record that ended it.
    size_max: u64,
}

impl Cosigners {
    /// `logged` gives the log index of a record of the fleet's chain.
    pub(super) fn new(
        policy: Option<&Policy>,
        registry: Option<&Registry>,
        logged: impl Fn(u64) -> Option<u64>,
    ) -> Self {
        let mut cosigners = Self(BTreeMap::new());
        let enrolled = registry.into_iter().flat_map(|known| known.agents.values());
        for agent in enrolled {
            let ends = agent.rotations.iter().map(|(_, entry)| Some(*entry));
            let ends = ends.chain([agent.retired.as_ref().map(|retired| retired.entry)]);
            for ((_, key), end) in agent.keys.iter().zip(ends) {
                // A record that is not in the log is found by V3; until then, its keys are not
                // believed at all.
                let size_max = end.map_or(u64::MAX, |entry| logged(entry).unwrap_or(0));
                let key = VerifierKey::new(key.name(), KeyKind::Cosigner, key.public_key());
                if let Ok(key) = key {
                    cosigners.add(Cosigner { key, size_max });
                }
            }
        }
        for (_, key) in policy.into_iter().flat_map(Policy::witnesses) {
            cosigners.add(Cosigner {
                key: key.clone(),
                size_max: u64::MAX,
            });
        }
        cosigners
    }

    /// What is known of a key first holds: a policy does not bring back what the operator ended.
    fn add(&mut self, cosigner: Cosigner) {
        let namesakes = self.0.entry(cosigner.key.name().to_owned()).or_default();
        if namesakes.iter().all(|known| known.key != cosigner.key) {
            namesakes.push(cosigner);
        }
    }

    /// Prepares the keys that signed much of it.
    fn prepare(&mut self, notes: &[SignedNote]) {
        let mut lines: BTreeMap<(&str, [u8; 4]), usize> = BTreeMap::new();
        for line in notes.iter().flat_map(SignedNote::signatures) {
            if self.0.contains_key(line.name()) {
                *lines
                    .entry((line.name(), *line.key_id().as_bytes()))
                    .or_default() += 1;
            }
        }
        let is_busy = |key: &VerifierKey| {
            let count = lines.get(&(key.name(), *key.id().as_bytes()));
            count.is_some_and(|count| *count >= PREPARED_FROM)
        };
        let all = self.0.values_mut().flatten();
        let busy = all.filter(|cosigner| is_busy(&cosigner.key));
        for cosigner in busy.take(PREPARED_MAX) {
            cosigner.key = cosigner.key.prepared();
        }
    }

    /// The time of the first line by a key that counts at this size, once all lines of known keys
    /// are verified.
    fn first_time_s(&self, note: &SignedNote, size: u64) -> Result<i64, String> {
        let mut first = None;
        for line in note.signatures() {
            let namesakes = self.0.get(line.name()).into_iter().flatten();
            for known in namesakes.filter(|known| known.key.id() == line.key_id()) {
                let time_s = verify_cosignature(note, &known.key);
                let time_s = time_s.map_err(|error| causes(&error))?;
                if size <= known.size_max {
                    first = first.or(Some(time_s));
                }
            }
        }
        first
            .and_then(|time_s| i64::try_from(time_s).ok())
            .ok_or_else(|| "no known witness vouches for its time".to_owned())
    }
}

pub(super) fn check(parts: &Parts<'_>, remarks: &mut Remarks) -> Checked {
    if parts.origin.is_simulated() {
        remarks.add("simulated clock: no time here is claim-grade");
    }
    needed(&parts.registry, "the agents' keys")?;
    let anchors = needed(&parts.anchors, "the anchors")?;
    check_order(anchors)?;
    let stamped = super::stamps::check(parts, anchors, remarks)?;
    let outside = parts.policy.is_some_and(|policy| {
        let is_outside = |key: &VerifierKey| parts.origin.parse_agent(key.name()).is_none();
        policy.witnesses().any(|(_, key)| is_outside(key))
    });
    if !outside && !stamped {
        remarks.add(
            "times come from the installation's own agents: the policy names no other witness",
        );
    }
    check_batches(parts, anchors)?;
    super::reserved::check_clocks(parts, remarks)?;
    let mut late = 0;
    for stream in &parts.streams {
        let disclosed = needed(&stream.disclosed, "the disclosed streams")?;
        if let Some(halt) = &disclosed.ahead {
            return Err(halt.clone());
        }
        late += disclosed.late;
    }
    if late > 0 {
        remarks.add(format!(
            "{late} samples reached the log late; the result shows both readings of them"
        ));
    }
    Ok(())
}

fn check_order(anchors: &Anchors) -> Checked {
    let mut before_s = i64::MIN;
    for anchor in anchors.list() {
        let time_s = *owned(&anchor.time_s)?;
        if time_s < before_s.saturating_sub(SKEW_S_MAX) {
            let place = format!("{}, size {}", layout::ANCHORS, anchor.checkpoint.size);
            let reason = format!("cosigned {} s before a smaller size", before_s - time_s);
            return Err(Halt::fail(place, reason));
        }
        before_s = before_s.max(time_s);
    }
    Ok(())
}

/// No batch of a judged agent may speak of what lies after the time it was anchored at.
fn check_batches(parts: &Parts<'_>, anchors: &Anchors) -> Checked {
    let segment = needed(&parts.segment, "the log segment")?;
    let inputs = needed(&parts.inputs, "the inputs")?;
    let agents: BTreeSet<&AgentId> = inputs.agents.iter().collect();
    let judged = segment
        .batches
        .iter()
        .filter(|batch| agents.contains(&batch.agent));
    for batch in judged {
        let anchored_s = anchors
            .anchored_s(batch.index)
            .ok_or_else(|| Halt::Blocked {
                reason: "needs anchors that cover the whole segment".to_owned(),
            })?;
        if is_ahead(batch.wall_us.1, anchored_s) {
            let reason = format!(
                "batch {} of `{}` claims a time after the one it was anchored at",
                batch.seq, batch.agent
            );
            return Err(Halt::fail(segment.place(batch.index), reason));
        }
    }
    Ok(())
}

/// Whether a claimed time lies further ahead of an anchor than clocks may differ.
pub(super) fn is_ahead(wall_us: i64, anchored_s: i64) -> bool {
    let limit_us = FUTURE_SKEW_MS_MAX * 1_000;
    wall_us.saturating_sub(anchored_s.saturating_mul(1_000_000)) > limit_us
}
