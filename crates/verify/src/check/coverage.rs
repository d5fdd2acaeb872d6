//! V5: everything that was planned is accounted for. The registry is whole, plans were logged
//! before they were used, every slot of every planned agent has its sample or its gap, once, and
//! every agent's chain goes on past the end.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AgentId, TargetId, UnixMillis};
use wire::limits::SLOTS_MAX;

use bursts::{Bursts, Missing};
use lost::{Bounds, Lost};

use super::registry::Registry;
use super::segment::Segment;
use super::streams::Disclosed;
use super::{Parts, log};
use crate::layout::claim::Inputs;
use crate::layout::{self};
use crate::plans::InForce;
use crate::verdict::{Checked, Halt, Remarks, needed, owned};

mod bursts;
mod lost;

pub(super) fn check(parts: &Parts<'_>, remarks: &mut Remarks) -> Checked {
    let registry = owned(&parts.registry)?;
    let segment = needed(&parts.segment, "the log segment")?;
    let inputs = owned(&parts.inputs)?;
    check_whole(parts, registry, segment)?;
    check_targets(registry, inputs)?;
    let spans = registry.in_force(inputs);
    check_agents(registry, inputs, &spans)?;
    check_closed((registry, segment), inputs, &spans)?;
    remark_start(inputs, &spans, remarks);
    for agent in &inputs.agents {
        let (mut lost, mut unrepeated) = (Lost::default(), Missing::default());
        for target in &inputs.targets {
            let missing = check_stream(parts, registry, &spans, (agent, target))?;
            if !missing.is_empty() {
                let bounds = Bounds::of(parts, registry, &spans, (agent, target))?;
                bounds.accept(&missing, &mut lost)?;
            }
            check_bursts(parts, (registry, &spans), (agent, target), &mut unrepeated)?;
        }
        lost.remark(registry, agent, remarks);
        unrepeated.remark(agent, remarks);
    }
    super::reserved::tell_controls(parts, remarks);
    let end = inputs.end().start();
    super::nonces::check(parts, (registry, &spans), end, remarks)?;
    check_plans(parts, registry, remarks)
}

/// The log holds no record of the two chains that their files lack.
fn check_whole(parts: &Parts<'_>, registry: &Registry, segment: &Segment) -> Checked {
    let chains = [
        parts.origin.fleet_chain(),
        parts.origin.contract_chain(&parts.claim.contract),
    ];
    for logged in &segment.records {
        let (chain, entry) = (&logged.note.chain, logged.note.entry);
        if chains.contains(chain) && !registry.records.contains_key(&(chain.clone(), entry)) {
            let reason = format!("entry {entry} of chain `{chain}` is not in the bundle");
            return Err(Halt::fail(segment.place(logged.index), reason));
        }
    }
    Ok(())
}

fn check_targets(registry: &Registry, inputs: &Inputs) -> Checked {
    let body = registry
        .contracts
        .iter()
        .map(|(_, body)| body)
        .rfind(|body| body.terms_sha256 == inputs.terms_sha256)
        .ok_or_else(|| Halt::fail(layout::INPUTS, "no such contract text was registered"))?;
    let registered: BTreeSet<&TargetId> = body.targets.iter().collect();
    if registered == inputs.targets.iter().collect() {
        Ok(())
    } else {
        Err(Halt::fail(
            layout::INPUTS,
            "the targets are not those registered",
        ))
    }
}

/// The agents of the inputs are those of the plans, and all are enrolled.
fn check_agents(registry: &Registry, inputs: &Inputs, spans: &[InForce<'_>]) -> Checked {
    let planned: BTreeSet<&AgentId> = spans
        .iter()
        .flat_map(|span| span.plan.agents.iter().map(|agent| &agent.id))
        .collect();
    if planned.is_empty() {
        return Err(Halt::fail(
            layout::FLEET_CHAIN,
            "no plan was in force in the window",
        ));
    }
    if let Some(agent) = planned
        .iter()
        .find(|agent| !registry.agents.contains_key(**agent))
    {
        let reason = format!("agent `{agent}` is planned, but not enrolled");
        return Err(Halt::fail(layout::FLEET_CHAIN, reason));
    }
    let is_planned = |target: &&TargetId| spans.iter().any(|s| s.plan.target(target).is_some());
    if let Some(target) = inputs.targets.iter().find(|target| !is_planned(target)) {
        let reason = format!("no plan in force probes target `{target}`");
        return Err(Halt::fail(layout::FLEET_CHAIN, reason));
    }
    let given: BTreeSet<&AgentId> = inputs.agents.iter().collect();
    match planned.symmetric_difference(&given).next() {
        None => Ok(()),
        Some(agent) => {
            let reason = format!("agent `{agent}` is not in both plan and inputs");
            Err(Halt::fail(layout::INPUTS, reason))
        }
    }
}

/// Every agent has a batch that reaches to the end of what is judged, so that no tail is cut. Of an
/// agent that the operator ended, the last batch is known by number.
fn check_closed(
    (registry, segment): (&Registry, &Segment),
    inputs: &Inputs,
    spans: &[InForce<'_>],
) -> Checked {
    let mut last_us: BTreeMap<&AgentId, i64> = BTreeMap::new();
    for batch in &segment.batches {
        let last = last_us.entry(&batch.agent).or_insert(i64::MIN);
        *last = (*last).max(batch.wall_us.1);
    }
    for agent in inputs
        .agents
        .iter()
        .filter(|agent| !is_ended(registry, agent))
    {
        let in_plan = |span: &&InForce<'_>| span.plan.agents.iter().any(|a| a.id == *agent);
        let until = spans.iter().filter(in_plan).map(|span| span.to).max();
        let until_us = until.map_or(i64::MIN, |until| until.to_micros().get());
        if last_us.get(agent).is_none_or(|last| *last < until_us) {
            let reason = format!("agent `{agent}` has no batch that closes its part");
            return Err(Halt::fail(&segment.path, reason));
        }
    }
    Ok(())
}

/// Whether the operator ended an agent, by the registry.
fn is_ended(registry: &Registry, agent: &AgentId) -> bool {
    let enrolled = registry.agents.get(agent);
    enrolled.is_some_and(|enrolled| enrolled.retired.is_some())
}

fn remark_start(inputs: &Inputs, spans: &[InForce<'_>], remarks: &mut Remarks) {
    let start = inputs.window.start().start();
    if let Some(first) = spans.first().filter(|first| first.from > start) {
        remarks.add(format!(
            "no plan was in force from {start} to {}",
            first.from
        ));
    }
}

/// Every slot of one stream is accounted for, once; gives those that are not at all.
fn check_stream(
    parts: &Parts<'_>,
    registry: &Registry,
    spans: &[InForce<'_>],
    (agent, target): (&AgentId, &TargetId),
) -> Checked<Vec<i64>> {
    let place = layout::cores(agent, target);
    let expected = expected(spans, agent, target)
        .ok_or_else(|| Halt::fail(&place, format!("more than {SLOTS_MAX} slots")))?;
    let stream = parts
        .streams
        .iter()
        .find(|stream| stream.agent == *agent && stream.target == *target);
    let Some(stream) = stream else {
        return if expected.is_empty() || is_ended(registry, agent) {
            Ok(expected)
        } else {
            Err(Halt::fail(place, "the bundle lacks this stream"))
        };
    };
    let disclosed = needed(&stream.disclosed, "the disclosed streams")?;
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Ok(Vec::new());
    };
    let mut found = filled(registry, disclosed, (agent, target))?;
    let start = parts
        .inputs
        .as_ref()
        .map_or(first.from, |inputs| inputs.window.start().start());
    found.retain(|slot| (start.get()..last.to.get()).contains(slot));
    found.sort_unstable();
    compare(&expected, &found).map_err(|(slot, what)| {
        Halt::fail(&place, format!("slot {} {what}", UnixMillis::new(slot)))
    })
}

/// Every failure of one stream has its burst.
fn check_bursts(
    parts: &Parts<'_>,
    (registry, spans): (&Registry, &[InForce<'_>]),
    (agent, target): (&AgentId, &TargetId),
    missing: &mut Missing,
) -> Checked {
    let mut streams = parts.streams.iter();
    let stream = streams.find(|stream| stream.agent == *agent && stream.target == *target);
    let (Some(stream), Some(last)) = (stream, spans.last()) else {
        return Ok(());
    };
    let start = owned(&parts.inputs)?.window.start().start();
    let told = parts.reserved.iter().find(|facts| facts.agent == *agent);
    let Some(told) = told else {
        return Ok(());
    };
    let bursts = Bursts {
        registry,
        stream: (agent, target),
        told: needed(&told.told, "what the agents say about themselves")?,
        slots: (start.get(), last.to.get()),
    };
    bursts.check(needed(&stream.disclosed, "the disclosed streams")?, missing)
}

/// Every slot that the plans in force ask of a stream, in order; `None` where there are too many.
fn expected(spans: &[InForce<'_>], agent: &AgentId, target: &TargetId) -> Option<Vec<i64>> {
    let mut slots = Vec::new();
    for span in spans {
        if let Some(grid) = span.plan.grid(agent, target) {
            if grid.count(span.from, span.to) + slots.len() as u64 > SLOTS_MAX {
                return None;
            }
            slots.extend(grid.between(span.from, span.to).map(UnixMillis::get));
        }
    }
    Some(slots)
}

/// Every slot that a stream accounts for: by a planned first attempt or by a gap.
fn filled(
    registry: &Registry,
    disclosed: &Disclosed,
    (agent, target): (&AgentId, &TargetId),
) -> Checked<Vec<i64>> {
    let mut slots = disclosed.planned.clone();
    for gap in &disclosed.gaps {
        let place = layout::cores(agent, target);
        let fail = |reason: &str| Halt::fail(&place, format!("line {}: {reason}", gap.i));
        let grid = registry
            .plan(gap.plan)
            .and_then(|p| p.plan.grid(agent, target))
            .ok_or_else(|| fail("the gap names a plan that does not know this stream"))?;
        // What a gap counts is spread evenly from its first slot to its last: so must the plan's be.
        let run = grid.run(gap.first_ms, gap.last_ms.plus_ms(1), gap.count);
        let whole =
            grid.contains(gap.first_ms) && (run.last, run.count) == (gap.last_ms, gap.count);
        if !whole {
            return Err(fail("the gap does not have the slots of its plan"));
        }
        slots.extend(crate::cells::slots(gap).map(UnixMillis::get));
    }
    Ok(slots)
}

/// Both are sorted; nothing may be found that is not expected. Gives what is expected and not found.
fn compare(expected: &[i64], found: &[i64]) -> Result<Vec<i64>, (i64, &'static str)> {
    let mut found = found.iter().copied().peekable();
    let (mut last, mut missing) = (None, Vec::new());
    for slot in expected.iter().copied() {
        match found.peek().copied() {
            Some(here) if here == slot => {
                found.next();
                last = Some(slot);
            }
            Some(here) if Some(here) == last => return Err((here, "is accounted for twice")),
            Some(here) if here < slot => return Err((here, "was never planned")),
            _ => missing.push(slot),
        }
    }
    match found.next() {
        None => Ok(missing),
        Some(here) if Some(here) == last => Err((here, "is accounted for twice")),
        Some(here) => Err((here, "was never planned")),
    }
}

/// Every revision that a line names was in the log before the first batch that names it.
fn check_plans(parts: &Parts<'_>, registry: &Registry, remarks: &mut Remarks) -> Checked {
    let mut uses: BTreeMap<u64, (i64, u64)> = BTreeMap::new();
    for stream in &parts.streams {
        let disclosed = needed(&stream.disclosed, "the disclosed streams")?;
        for (plan, first) in &disclosed.plans {
            let known = uses.entry(*plan).or_insert((first.slot, first.index));
            *known = (known.0.min(first.slot), known.1.min(first.index));
        }
    }
    for (revision, (slot, index)) in uses {
        let place = format!("{}, plan revision {revision}", layout::FLEET_CHAIN);
        let planned = registry
            .plan(revision)
            .ok_or_else(|| Halt::fail(&place, "lines name it, but it is not recorded"))?;
        let logged = log::index_of(parts, &parts.origin.fleet_chain(), planned.entry)
            .ok_or_else(|| Halt::fail(&place, "is not in the log"))?;
        if logged >= index {
            return Err(Halt::fail(
                place,
                "was logged after the first batch that it planned",
            ));
        }
        remark_unregistered(parts, (revision, logged, slot), remarks);
    }
    Ok(())
}

/// Slots before the anchor of their plan are the agent's word alone that they were planned.
fn remark_unregistered(
    parts: &Parts<'_>,
    (revision, logged, slot): (u64, u64, i64),
    remarks: &mut Remarks,
) {
    let starts = parts.segment.as_ref().map_or(0, |segment| segment.start);
    let anchors = parts.anchors.as_ref().ok().filter(|_| logged >= starts);
    let anchored_s = anchors.and_then(|anchors| anchors.anchored_s(logged));
    let anchored = anchored_s.map(|s| UnixMillis::new(s.saturating_mul(1_000)));
    if let Some(anchored) = anchored.filter(|anchored| anchored.get() > slot) {
        let first = UnixMillis::new(slot);
        remarks.add(format!(
            "unregistered: slots from {first} to {anchored} lie before plan revision {revision} was anchored"
        ));
    }
}
