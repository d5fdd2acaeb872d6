//! V2: each agent's batches follow one another without gap and under its own key, and the
//! disclosed lines are those that the batches were signed over.

use std::io::{Read, Seek};

use evidence::batch_note::BatchNote;
use evidence::bundle::Bundle;
use evidence::entries::Entries;
use evidence::hash::Hash;
use evidence::note::SignedNote;

use super::registry::Registry;
use super::segment::{LoggedBatch, Segment};
use super::{Parts, Signatures, member};
use crate::verdict::{Checked, Halt, Remarks, needed, owned};

mod keys;

/// How far wall clock and monotonic clock may drift apart between two batches, before a step is
/// remarked: microseconds, and parts per million of the time between.
const STEP_US_MIN: u128 = 250_000;
const DRIFT_PPM: u128 = 500;

pub(super) fn check<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    remarks: &mut Remarks,
) -> Checked {
    let segment = needed(&parts.segment, "the log segment")?;
    let registry = needed(&parts.registry, "the agents' keys")?;
    if let Some((index, reason)) = &segment.foreign {
        return Err(Halt::fail(segment.place(*index), reason));
    }
    check_links(segment, remarks)?;
    keys::check(parts, segment, registry)?;
    match parts.options.signatures {
        Signatures::Heads => {
            check_heads(segment, registry)?;
            remarks.add(
                "signatures verified at the last batch of each agent's key: the hashes carry all before it",
            );
        }
        Signatures::All => check_signatures(bundle, segment, registry, parts)?,
    }
    needed(&parts.inputs, "the inputs")?;
    for stream in &parts.streams {
        owned(&stream.disclosed)?;
    }
    for facts in &parts.reserved {
        owned(&facts.told)?;
    }
    Ok(())
}

fn check_links(segment: &Segment, remarks: &mut Remarks) -> Checked {
    let mut before: Option<&LoggedBatch> = None;
    let mut steps = 0_u64;
    for at in segment.by_seq.values() {
        let Some(batch) = segment.batches.get(*at) else {
            continue;
        };
        let fail = |reason: &str| {
            let reason = format!("batch {} of `{}` {reason}", batch.seq, batch.agent);
            Halt::fail(segment.place(batch.index), reason)
        };
        if (batch.seq == 0) != (batch.prev == Hash::ZERO) {
            return Err(fail("is wrong about being the first"));
        }
        if batch.mono_us.0 > batch.mono_us.1 {
            return Err(fail("runs backwards on its monotonic clock"));
        }
        if let Some(last) = before.filter(|last| last.agent == batch.agent) {
            if last.seq + 1 != batch.seq {
                return Err(fail(&format!("follows batch {}", last.seq)));
            }
            if last.hash != batch.prev {
                return Err(fail("does not name its predecessor's hash"));
            }
            if last.boot == batch.boot {
                steps += u64::from(is_step(last, batch));
            }
        }
        before = Some(batch);
    }
    if steps > 0 {
        remarks.add(format!(
            "clock step: {steps} times a wall clock left its monotonic clock"
        ));
    }
    Ok(())
}

/// Whether the wall clock was set between the last starts of two batches of one boot. The later batch
/// may lie before the earlier one: it may hold but an attempt that took long.
fn is_step(last: &LoggedBatch, batch: &LoggedBatch) -> bool {
    let mono = i128::from(batch.mono_us.1) - i128::from(last.mono_us.1);
    let wall = i128::from(batch.wall_us.1) - i128::from(last.wall_us.1);
    (wall - mono).unsigned_abs() > STEP_US_MIN + mono.unsigned_abs() / 1_000_000 * DRIFT_PPM
}

fn check_heads(segment: &Segment, registry: &Registry) -> Checked {
    for ((agent, _), (seq, signed)) in &segment.heads {
        keys::verify((agent, *seq), signed, registry)
            .map_err(|reason| Halt::fail(&segment.path, reason))?;
    }
    Ok(())
}

fn check_signatures<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    segment: &Segment,
    registry: &Registry,
    parts: &Parts<'_>,
) -> Checked {
    let bytes = member::bytes(bundle, &segment.path)?;
    for (index, entry) in (segment.start..).zip(Entries::new(bytes.as_slice())) {
        let fail = |reason: String| Halt::fail(segment.place(index), reason);
        let entry = entry.map_err(|error| Halt::error(&segment.path, &error))?;
        let signed = SignedNote::parse(&entry).map_err(|error| fail(error.to_string()))?;
        if let Ok(note) = BatchNote::parse(signed.text())
            && let Some(agent) = parts.origin.parse_agent(&note.agent)
        {
            keys::verify((&agent, note.seq), &signed, registry).map_err(fail)?;
        }
    }
    Ok(())
}
