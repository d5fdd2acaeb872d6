//! V3: the log is one, held everything that counts here, was signed by the log that the reader
//! believes, and witnessed by those that the reader asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use evidence::bundle::Bundle;
use evidence::hash::Hash;
use evidence::registry::RegistryType;
use evidence::tree::{self, TreeHead, verify_inclusion};

use super::registry::Registry;
use super::segment::Segment;
use super::time::{Anchor, Anchors, PREPARED_FROM};
use super::{Parts, member};
use crate::layout::proofs::RecordProof;
use crate::layout::registry::{ContractBody, read_body};
use crate::layout::{self};
use crate::verdict::{Checked, Halt, Remarks, needed, owned};

pub(super) fn check<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    remarks: &mut Remarks,
) -> Checked {
    let segment = owned(&parts.segment)?;
    let anchors = owned(&parts.anchors)?;
    let last = check_roots(segment, anchors)?;
    check_forks(segment)?;
    check_seen(parts, segment)?;
    check_signatures(parts, anchors)?;
    let registry = needed(&parts.registry, "the registry")?;
    let proofs = owned(&parts.proofs)?;
    for (key, leaf) in &registry.records {
        check_record((key, *leaf), segment, proofs, last.checkpoint.head())?;
    }
    check_contracts(bundle, registry, segment, remarks)?;
    let Some(policy) = parts.policy else {
        return Err(Halt::Blocked {
            reason: "no policy given: roots were recomputed, but whose log this is, and who \
                     witnessed it, only you can say (--policy)"
                .to_owned(),
        });
    };
    let times = policy
        .quorum_met(&last.note)
        .map_err(|error| Halt::error(place_of(last), &error))?;
    if policy.needs_witnesses() {
        let names: Vec<&str> = times.witnesses.iter().map(|w| w.name.as_str()).collect();
        remarks.add(format!("witnessed by {}", names.join(", ")));
    } else {
        remarks.add("the policy asks for no witness");
    }
    Ok(())
}

fn place_of(anchor: &Anchor) -> String {
    format!("{}, size {}", layout::ANCHORS, anchor.checkpoint.size)
}

/// Every anchor has the root that the entries give; the last covers them all.
fn check_roots<'a>(segment: &Segment, anchors: &'a Anchors) -> Checked<&'a Anchor> {
    for anchor in anchors.list() {
        let checkpoint = &anchor.checkpoint;
        match segment.root_at(checkpoint.size) {
            Some(root) if root == checkpoint.root => {}
            Some(_) => {
                let reason = "the entries give another root than the checkpoint";
                return Err(Halt::fail(place_of(anchor), reason));
            }
            None => {
                let reason = format!("lies outside of {}", segment.path);
                return Err(Halt::fail(place_of(anchor), reason));
            }
        }
    }
    let last = anchors.list().last();
    last.filter(|last| last.checkpoint.size == segment.end())
        .ok_or_else(|| Halt::fail(&segment.path, "goes on after the last anchor"))
}

/// No agent has two histories, no chain two entries of one number.
fn check_forks(segment: &Segment) -> Checked {
    for (at, batch) in segment.batches.iter().enumerate() {
        let key = (batch.agent.clone(), batch.seq);
        if segment.by_seq.get(&key) != Some(&at) {
            let reason = format!("fork: a second batch {} of `{}`", batch.seq, batch.agent);
            return Err(Halt::fail(segment.place(batch.index), reason));
        }
    }
    for (at, record) in segment.records.iter().enumerate() {
        let (chain, entry) = (&record.note.chain, record.note.entry);
        if segment.by_entry.get(&(chain.clone(), entry)) != Some(&at) {
            let reason = format!("fork: a second entry {entry} of chain `{chain}`");
            return Err(Halt::fail(segment.place(record.index), reason));
        }
    }
    Ok(())
}

/// What the agents saw of the log is what the bundle shows of it.
fn check_seen(parts: &Parts<'_>, segment: &Segment) -> Checked {
    let log = parts.origin.log();
    for batch in &segment.batches {
        let seen = &batch.seen;
        let shown = match seen.size {
            0 => Some(tree::root(&[])),
            size => segment.root_at(size),
        };
        let consistent = seen.origin == log
            && seen.size <= batch.index
            && shown.is_none_or(|root| root == seen.root);
        if !consistent {
            let (agent, seq) = (&batch.agent, batch.seq);
            let reason = format!("batch {seq} of `{agent}` saw another log than this");
            return Err(Halt::fail(segment.place(batch.index), reason));
        }
    }
    Ok(())
}

/// The log signed every anchor: the one of the policy, or else the bundle's own.
fn check_signatures(parts: &Parts<'_>, anchors: &Anchors) -> Checked {
    let name = parts.origin.log();
    let many = anchors.list().len() >= PREPARED_FROM;
    let policy = parts.policy.map(|policy| {
        if many {
            policy.prepared(&name)
        } else {
            policy.clone()
        }
    });
    let own = needed(&parts.registry, "the log's key").map(|registry| {
        if many {
            registry.log_key.prepared()
        } else {
            registry.log_key.clone()
        }
    });
    for anchor in anchors.list() {
        if anchor.checkpoint.origin != name {
            let reason = format!("is of log `{}`", anchor.checkpoint.origin);
            return Err(Halt::fail(place_of(anchor), reason));
        }
        if let Some(policy) = &policy {
            policy
                .open(&anchor.note)
                .map_err(|error| Halt::error(place_of(anchor), &error))?;
        } else {
            anchor
                .note
                .verify(owned(&own)?)
                .map_err(|error| Halt::error(place_of(anchor), &error))?;
        }
    }
    Ok(())
}

/// A record stands in the segment, or before it by proof.
fn check_record(
    (key, leaf): (&(String, u64), Hash),
    segment: &Segment,
    proofs: &BTreeMap<(String, u64), RecordProof>,
    head: TreeHead,
) -> Checked {
    let place = format!("chain `{}`, entry {}", key.0, key.1);
    if let Some(logged) = segment.record(key) {
        return if logged.leaf == leaf {
            Ok(())
        } else {
            Err(Halt::fail(
                place,
                "the log holds another record of this number",
            ))
        };
    }
    let proof = proofs
        .get(key)
        .filter(|proof| proof.index < segment.start)
        .ok_or_else(|| Halt::fail(&place, "neither in the segment nor proven to be before it"))?;
    verify_inclusion(leaf, proof.index, head, &proof.proof)
        .map_err(|error| Halt::error(place, &error))
}

/// The log index of a record, by segment or proof; that the proof holds is for [`check`].
pub(super) fn index_of(parts: &Parts<'_>, chain: &str, entry: u64) -> Option<u64> {
    index_in(&parts.segment, &parts.proofs, (chain, entry))
}

/// As [`index_of`], while not all parts are read.
pub(super) fn index_in(
    segment: &Checked<Segment>,
    proofs: &Checked<BTreeMap<(String, u64), RecordProof>>,
    (chain, entry): (&str, u64),
) -> Option<u64> {
    let key = (chain.to_owned(), entry);
    if let Some(logged) = segment.as_ref().ok()?.record(&key) {
        return Some(logged.index);
    }
    proofs.as_ref().ok()?.get(&key).map(|proof| proof.index)
}

/// No other chain in the segment begins over the same contract text.
fn check_contracts<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    registry: &Registry,
    segment: &Segment,
    remarks: &mut Remarks,
) -> Checked {
    let own: BTreeSet<&str> = registry
        .records
        .iter()
        .map(|((chain, _), _)| chain.as_str())
        .collect();
    let terms: BTreeSet<&str> = registry
        .contracts
        .iter()
        .map(|(_, body)| body.terms_sha256.as_str())
        .collect();
    let mut unseen = 0_u64;
    for record in &segment.records {
        let note = &record.note;
        if note.kind != RegistryType::Contract || own.contains(note.chain.as_str()) {
            continue;
        }
        let path = layout::body(&note.body);
        if !bundle.contains(&path) {
            unseen += 1;
            continue;
        }
        let bytes = member::bytes(bundle, &path)?;
        let body: ContractBody = read_body(&bytes).map_err(|error| Halt::error(&path, &error))?;
        if Hash::of(&bytes) == note.body && terms.contains(body.terms_sha256.as_str()) {
            let reason = format!("chain `{}` is about the same contract text", note.chain);
            return Err(Halt::fail(segment.place(record.index), reason));
        }
    }
    if unseen > 0 {
        remarks.add(format!(
            "{unseen} records of other contracts are in the segment, whose texts are not in the bundle"
        ));
    }
    Ok(())
}
