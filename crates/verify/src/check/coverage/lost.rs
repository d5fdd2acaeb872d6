//! What an agent that is no more never delivered: missing without gap, and accepted only by the
//! operator's logged word that the agent ended.
//!
//! Its last batch is known by number from that record and has to be in the segment, so that nothing
//! that was delivered can be passed over: slots whose attempts had ended by then must have lines.

use domain::{AgentId, TargetId, UnixMillis};

use super::super::registry::{Registry, Retired};
use super::super::segment::Segment;
use super::super::{Parts, log};
use crate::layout;
use crate::plans::InForce;
use crate::verdict::{Checked, Halt, Remarks, needed};

/// How much later than planned an attempt may begin, milliseconds; one that cannot begin by then
/// becomes a gap.
const START_LATE_MS: i64 = 60_000;

/// Which slots of one stream may be missing.
pub(super) struct Bounds {
    /// Member that lacks them.
    place: String,
    /// The first moment whose slots the last batch need not tell of; `None` where all are due.
    from: Option<UnixMillis>,
}

/// Missing slots of one agent that were accepted.
#[derive(Default)]
pub(super) struct Lost {
    slots: usize,
    targets: usize,
    /// First and last slot.
    span: Option<(i64, i64)>,
}

impl Bounds {
    pub(super) fn of(
        parts: &Parts<'_>,
        registry: &Registry,
        spans: &[InForce<'_>],
        (agent, target): (&AgentId, &TargetId),
    ) -> Checked<Self> {
        let place = layout::cores(agent, target);
        let enrolled = registry.agents.get(agent);
        let Some((enrolled, retired)) =
            enrolled.and_then(|known| Some((known, known.retired.as_ref()?)))
        else {
            return Ok(Self { place, from: None });
        };
        let segment = needed(&parts.segment, "the log segment")?;
        let chain = parts.origin.fleet_chain();
        if log::index_of(parts, &chain, retired.entry).is_none() {
            let place = format!("{}, entry {}", layout::FLEET_CHAIN, retired.entry);
            return Err(Halt::fail(place, "is not in the log"));
        }
        let enrolment = (chain, enrolled.entry);
        let end_us = delivered_until((segment, agent), retired, &enrolment)?;
        let patience = patience_ms(spans, target);
        let from = UnixMillis::new((end_us / 1_000).saturating_sub(patience));
        Ok(Self {
            place,
            from: Some(from),
        })
    }

    /// Takes missing slots, in order, as lost, or fails at the first that cannot be.
    pub(super) fn accept(self, missing: &[i64], lost: &mut Lost) -> Checked {
        let due = |slot: &&i64| self.from.is_none_or(|from| **slot < from.get());
        if let Some(slot) = missing.iter().find(due) {
            let reason = format!("slot {} has neither sample nor gap", UnixMillis::new(*slot));
            return Err(Halt::fail(self.place, reason));
        }
        if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
            lost.slots += missing.len();
            lost.targets += 1;
            let span = lost.span.get_or_insert((*first, *last));
            *span = (span.0.min(*first), span.1.max(*last));
        }
        Ok(())
    }
}

/// Until when the last batch of an ended agent tells of samples, microseconds since the epoch. Where
/// it never had one, its enrolment in the segment shows that none is left out.
fn delivered_until(
    (segment, agent): (&Segment, &AgentId),
    retired: &Retired,
    enrolment: &(String, u64),
) -> Checked<i64> {
    let Some(last) = retired.from_batch.checked_sub(1) else {
        return match segment.record(enrolment) {
            Some(_) => Ok(i64::MIN),
            None => Err(Halt::fail(
                &segment.path,
                format!("begins after the enrolment of `{agent}`, which never delivered"),
            )),
        };
    };
    let batch = segment.batch(agent, last).ok_or_else(|| {
        let reason = format!("lacks batch {last} of `{agent}`, after which it was lost");
        Halt::fail(&segment.path, reason)
    })?;
    Ok(batch.wall_us.1)
}

/// How long after its slot an attempt at the target may still be under way, milliseconds.
fn patience_ms(spans: &[InForce<'_>], target: &TargetId) -> i64 {
    let targets = spans.iter().filter_map(|span| span.plan.target(target));
    let longest = targets.map(|t| i64::from(t.deadline_ms) + i64::from(t.jitter_ms));
    longest.max().unwrap_or(0) + START_LATE_MS
}

impl Lost {
    /// Says what is missing, so that nobody takes it for measured.
    pub(super) fn remark(self, registry: &Registry, agent: &AgentId, remarks: &mut Remarks) {
        let retired = registry.agents.get(agent).and_then(|a| a.retired.as_ref());
        let (Some((first, last)), Some(retired)) = (self.span, retired) else {
            return;
        };
        let (slots, targets, entry) = (self.slots, self.targets, retired.entry);
        let (first, last) = (UnixMillis::new(first), UnixMillis::new(last));
        remarks.add(format!(
            "agent `{agent}`: {slots} slots from {first} to {last}, on {targets} of its targets, are \
             unmeasured, declared lost by the operator: {}, registry entry {entry}",
            retired.how
        ));
    }
}
