//! V6: the result follows from the disclosed lines and the registered contract, to the digit.

use std::io::{Read, Seek};

use domain::{AgentId, CellHour, UnixMillis};
use evidence::bundle::Bundle;
use evidence::hash::Hash;
use serde_json::Value;
use sla::{Assessment, Contract, Facts, Place, TargetScope};

use super::unique::Unique;
use super::{Parts, log, member};
use crate::layout::claim::Inputs;
use crate::layout::registry::ContractBody;
use crate::layout::{self};
use crate::verdict::{Checked, Halt, Remarks, needed, owned};
use crate::{cells, page, plans, words};

pub(super) fn check<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    remarks: &mut Remarks,
) -> Checked {
    let text = member::text(bundle, layout::CONTRACT)?;
    let contract = Contract::parse(&text).map_err(|error| Halt::error(layout::CONTRACT, &error))?;
    let inputs = owned(&parts.inputs)?;
    check_inputs(parts, inputs)?;
    if *contract.id() != inputs.contract {
        return Err(Halt::fail(
            layout::CONTRACT,
            "is another contract than the one claimed",
        ));
    }
    if contract.window_at(inputs.window.start()) != inputs.window {
        return Err(Halt::fail(
            layout::INPUTS,
            "the window is none of the contract's",
        ));
    }
    check_registered(parts, inputs, &Hash::of(text.as_bytes()).to_hex(), remarks)?;
    check_circumstances(parts, inputs)?;
    if contract.simulated {
        remarks.add("the contract is made up for a demonstration");
    }
    remark_own_word(inputs, remarks);
    check_counts_suffice(&contract)?;
    let cells = cells(parts)?;
    let assessment = sla::assess(&contract, &inputs.terms(), Facts::counted(&cells));
    check_result(bundle, &assessment)?;
    check_minutes(bundle, &contract, inputs, &cells)?;
    remark_standing(&assessment, remarks);
    remark_page(bundle, parts, (&contract, &assessment), remarks)
}

/// Agents stand where they were enrolled, and targets are what the plans say.
fn check_circumstances(parts: &Parts<'_>, inputs: &Inputs) -> Checked {
    let registry = needed(&parts.registry, "the registry")?;
    let enrolled = |agent: &AgentId| {
        registry.agents.get(agent).map(|enrolled| Place {
            agent: agent.clone(),
            region: enrolled.region.clone(),
            network: enrolled.network.clone(),
        })
    };
    let places: Vec<Place> = inputs.agents.iter().filter_map(enrolled).collect();
    let agent = |place: &Place| place.agent.clone();
    if let Some(agent) = first_apart(&inputs.places, &places, agent) {
        let reason = format!("agent `{agent}` does not stand where it was enrolled");
        return Err(Halt::fail(layout::INPUTS, reason));
    }
    let scopes = plans::scopes(&inputs.targets, &registry.in_force(inputs));
    let target = |scope: &TargetScope| scope.target.clone();
    if let Some(target) = first_apart(&inputs.scopes, &scopes, target) {
        let reason = format!("target `{target}` is not what the plans in force say");
        return Err(Halt::fail(layout::INPUTS, reason));
    }
    Ok(())
}

/// The key of the first entry that only one of two lists has; their order does not matter.
fn first_apart<T: Clone + PartialEq, K: Ord>(
    given: &[T],
    expected: &[T],
    key: impl Fn(&T) -> K,
) -> Option<K> {
    let sorted = |list: &[T]| {
        let mut list = list.to_vec();
        list.sort_by_key(&key);
        list
    };
    let (given, expected) = (sorted(given), sorted(expected));
    let pairs = given.iter().zip(&expected);
    let apart = pairs
        .filter(|(one, other)| one != other)
        .map(|(one, _)| one);
    let rest = given.iter().skip(expected.len());
    let missing = expected.iter().skip(given.len());
    apart.chain(rest).chain(missing).next().map(&key)
}

/// What nobody else vouches for.
fn remark_own_word(inputs: &Inputs, remarks: &mut Remarks) {
    if !inputs.exclusions.is_empty() {
        let count = inputs.exclusions.len();
        remarks.add(format!("{count} exclusions are the claimant's own word"));
    }
    if inputs.subscribed.is_some() {
        remarks.add("the time under contract is the claimant's own word");
    }
    if inputs.credited_12_months.is_some() {
        remarks.add("earlier credits are the claimant's own word");
    }
}

/// Lines are reduced to counts per minute while they are read: what counts cannot tell is not
/// computed.
fn check_counts_suffice(contract: &Contract) -> Checked {
    match cells::beyond_counts(contract) {
        None => Ok(()),
        Some(commitment) => Err(Halt::Blocked {
            reason: format!(
                "the formula of `{}` needs the times of single samples, which this version does \
                 not recompute",
                commitment.id
            ),
        }),
    }
}

/// A breach that cannot be claimed on, or that hangs on how the contract is read, says so.
fn remark_standing(assessment: &Assessment, remarks: &mut Remarks) {
    for breached in assessment.breached() {
        let id = &breached.id;
        for reason in words::finding::reservations(&breached.claim) {
            remarks.add(format!("`{id}` is indicative only: {reason}"));
        }
        if breached.reading_dependent {
            remarks.add(format!(
                "what follows for `{id}` depends on how the contract is read"
            ));
        }
    }
}

/// Claim and inputs speak of the same.
fn check_inputs(parts: &Parts<'_>, inputs: &Inputs) -> Checked {
    let claim = parts.claim;
    let same = claim.contract == inputs.contract
        && claim.window == inputs.window
        && claim.as_of == inputs.as_of;
    if same {
        Ok(())
    } else {
        Err(Halt::fail(layout::INPUTS, "differs from the claim"))
    }
}

/// The contract's text is one that was registered, with these fees.
fn check_registered(
    parts: &Parts<'_>,
    inputs: &Inputs,
    terms_sha256: &str,
    remarks: &mut Remarks,
) -> Checked {
    if inputs.terms_sha256 != *terms_sha256 {
        return Err(Halt::fail(layout::INPUTS, "names another contract text"));
    }
    let registry = needed(&parts.registry, "the registry")?;
    let is_this = |(_, body): &&(u64, ContractBody)| body.terms_sha256 == terms_sha256;
    let (entry, body) = registry
        .contracts
        .iter()
        .rfind(is_this)
        .ok_or_else(|| Halt::fail(layout::CONTRACT, "was never registered in this form"))?;
    let versions = registry.contracts.len();
    if versions > 1 {
        remarks.add(format!(
            "the contract was registered {versions} times; this is entry {entry}"
        ));
    }
    remark_late(parts, inputs, *entry, remarks);
    match (body.fees, inputs.fees) {
        (Some(registered), given) if Some(registered) != given => Err(Halt::fail(
            layout::INPUTS,
            "the fees are not those registered",
        )),
        (None, Some(_)) => {
            remarks.add("the fees are the claimant's own word");
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Terms and targets that were registered after the window began may have been chosen by then.
fn remark_late(parts: &Parts<'_>, inputs: &Inputs, entry: u64, remarks: &mut Remarks) {
    let chain = parts.origin.contract_chain(&parts.claim.contract);
    let index = log::index_of(parts, &chain, entry);
    let starts = parts.segment.as_ref().map_or(0, |segment| segment.start);
    let anchors = parts.anchors.as_ref().ok();
    let anchored_s = index
        .filter(|index| *index >= starts)
        .and_then(|index| anchors?.anchored_s(index));
    let anchored = anchored_s.map(|s| UnixMillis::new(s.saturating_mul(1_000)));
    if let Some(anchored) = anchored.filter(|at| *at > inputs.window.start().start()) {
        remarks.add(format!(
            "text and targets of the contract were anchored at {anchored}, after the window began"
        ));
    }
}

/// The cells of all disclosed streams.
fn cells(parts: &Parts<'_>) -> Checked<Vec<CellHour>> {
    needed(&parts.segment, "the log segment")?;
    let mut all = Vec::new();
    for stream in &parts.streams {
        let disclosed = needed(&stream.disclosed, "the disclosed streams")?;
        let cells = disclosed.cells.as_ref().ok_or_else(|| Halt::Blocked {
            reason: "needs the times of the anchors, which tell what is late".to_owned(),
        })?;
        all.extend(cells.iter().cloned());
    }
    Ok(all)
}

fn check_result<R: Read + Seek>(bundle: &mut Bundle<R>, assessment: &Assessment) -> Checked {
    let place = layout::RESULT;
    let Unique(stated) = member::json(bundle, place)?;
    let computed = serde_json::to_value(assessment).map_err(|error| Halt::error(place, &error))?;
    match difference(&stated, &computed, String::new()) {
        None => Ok(()),
        Some(at) => {
            let reason = format!("recomputed, `{at}` comes out otherwise");
            Err(Halt::fail(place, reason))
        }
    }
}

/// Where two values first differ, as a JSON pointer.
fn difference(stated: &Value, computed: &Value, at: String) -> Option<String> {
    match (stated, computed) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            a.iter().find_map(|(key, a)| {
                let at = format!("{at}/{key}");
                match b.get(key) {
                    Some(b) => difference(a, b, at),
                    None => Some(at), // Not the same as `null`.
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(nth, (a, b))| difference(a, b, format!("{at}/{nth}"))),
        _ => (stated != computed).then_some(at),
    }
}

fn check_minutes<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    contract: &Contract,
    inputs: &Inputs,
    cells: &[CellHour],
) -> Checked {
    let tables = bundle
        .names()
        .filter(|name| layout::is_minutes(name))
        .count();
    if tables != contract.commitments.len() {
        let reason = format!("holds {tables} tables of minutes, not one per commitment");
        return Err(Halt::fail("result", reason));
    }
    for commitment in &contract.commitments {
        let path = layout::minutes(commitment.id.as_str());
        let facts = Facts::counted(cells);
        let computed = sla::minutes_csv(contract, &inputs.terms(), facts, commitment);
        if member::bytes(bundle, &path)? != computed.as_bytes() {
            return Err(Halt::fail(
                path,
                "recomputed, the minutes come out otherwise",
            ));
        }
    }
    Ok(())
}

/// People read the page, so it is compared too; another version may lay it out differently.
fn remark_page<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    parts: &Parts<'_>,
    (contract, assessment): (&Contract, &Assessment),
    remarks: &mut Remarks,
) -> Checked {
    let stated = member::bytes(bundle, layout::REPORT)?;
    let inputs = needed(&parts.inputs, "the inputs")?;
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let mut read = |path: &str| bundle.read(path).ok();
    let mut members = page::Members::new(names, &mut read);
    let tally = page::Tally::of(parts.claim, inputs, assessment, &mut members);
    let page = page::Page {
        claim: parts.claim,
        inputs,
        contract,
        assessment,
        tally: &tally,
    };
    if page::render(&page).as_bytes() != stated {
        remarks.add(format!(
            "{} is not what this version writes for this result: believe {}",
            layout::REPORT,
            layout::RESULT
        ));
    }
    Ok(())
}
