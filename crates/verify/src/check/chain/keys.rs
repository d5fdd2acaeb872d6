//! Which key signs which batch: the one enrolled, until a logged record hands over to the next, and
//! none after a record that ends them.

use std::collections::BTreeMap;

use domain::AgentId;
use evidence::note::SignedNote;

use super::super::registry::{Enrolled, Registry};
use super::super::segment::{LoggedBatch, Segment};
use super::super::{Parts, log};
use crate::layout;
use crate::verdict::{Checked, Halt, causes};

/// Every batch names the key of its number, whose record was logged before it, and none lies behind
/// the end of its agent.
pub(super) fn check(parts: &Parts<'_>, segment: &Segment, registry: &Registry) -> Checked {
    let logged = rotations_logged(parts, registry)?;
    for batch in &segment.batches {
        let fail = |reason: String| {
            let reason = format!("batch {} of `{}` {reason}", batch.seq, batch.agent);
            Halt::fail(segment.place(batch.index), reason)
        };
        let enrolled = registry.agents.get(&batch.agent);
        let enrolled =
            enrolled.ok_or_else(|| fail("is of an agent that is not enrolled".into()))?;
        check_batch(batch, enrolled, &logged).map_err(fail)?;
    }
    Ok(())
}

/// Log indexes of the records of rotations, by their number in the fleet's chain.
fn rotations_logged(parts: &Parts<'_>, registry: &Registry) -> Checked<BTreeMap<u64, u64>> {
    let chain = parts.origin.fleet_chain();
    let rotations = registry.agents.values().flat_map(|agent| &agent.rotations);
    rotations
        .map(|(_, entry)| {
            let place = || format!("{}, entry {entry}", layout::FLEET_CHAIN);
            let index = log::index_of(parts, &chain, *entry);
            let index = index.ok_or_else(|| Halt::fail(place(), "is not in the log"))?;
            Ok((*entry, index))
        })
        .collect()
}

fn check_batch(
    batch: &LoggedBatch,
    enrolled: &Enrolled,
    logged: &BTreeMap<u64, u64>,
) -> Result<(), String> {
    if let Some(retired) = &enrolled.retired
        && batch.seq >= retired.from_batch
    {
        let (how, entry) = (&retired.how, retired.entry);
        return Err(format!(
            "is not believed: its agent was {how} before it, registry entry {entry}"
        ));
    }
    let key = enrolled.keys.at(batch.seq);
    if batch.key_id != Some(*key.id().as_bytes()) {
        return Err(format!("is not signed by its key, `{}`", key.id()));
    }
    let by = enrolled
        .rotations
        .iter()
        .rfind(|(from, _)| *from <= batch.seq);
    let after = by.and_then(|(_, entry)| logged.get(entry));
    if after.is_some_and(|index| *index >= batch.index) {
        return Err("was logged before the record of its key".to_owned());
    }
    Ok(())
}

/// Verifies a batch, by agent and number, under its key.
pub(super) fn verify(
    (agent, seq): (&AgentId, u64),
    signed: &SignedNote,
    registry: &Registry,
) -> Result<(), String> {
    let enrolled = registry.agents.get(agent);
    let enrolled = enrolled.ok_or_else(|| format!("agent `{agent}` is not enrolled"))?;
    let verified = enrolled.keys.verify_batch(seq, signed);
    verified.map_err(|error| format!("batch {seq} of `{agent}`: {}", causes(&error)))
}
