//! The verification: reads a bundle part by part, then runs six checks over the parts.
//!
//! A part that cannot be read fails the one check that answers for it; the others that need it
//! say so and are not made. Members are read one at a time; what is kept of them is small: a
//! few hundred bytes per log entry, eight per slot.

mod chain;
mod container;
mod coverage;
mod log;
mod member;
mod nonces;
mod recount;
mod registry;
mod reserved;
mod segment;
mod stamps;
mod streams;
mod time;
mod unique;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use evidence::bundle::Bundle;
use evidence::policy::Policy;
use sla::terms::{EXCLUSIONS_MAX, WINDOW_MINUTES_MAX};
use wire::names::Origin;

use crate::layout::claim::{Claim, Inputs};
use crate::layout::nonces::Nonces;
use crate::layout::proofs::{Proofs, RecordProof};
use crate::layout::{self};
use crate::timestamp::Roots;
use crate::verdict::{Check, Checked, Halt, Report, judge, needed};

use member::json;
use registry::Registry;
use reserved::ReservedFacts;
use segment::Segment;
use stamps::Stamps;
use streams::StreamFacts;
use time::{Anchors, Cosigners};

/// Most streams of one bundle: three members each stay within the most entries of a bundle.
const STREAMS_MAX: usize = 15_000;

/// How thorough to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which batch signatures to verify.
    pub signatures: Signatures,
    /// Whose timestamps to believe, from outside the bundle; without, none is judged.
    pub tsa_roots: Option<Roots>,
}

/// Which batch signatures to verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// That of each agent's last batch: the chain of hashes carries all before it.
    #[default]
    Heads,
    /// Every one.
    All,
}

/// What was read of a bundle, each part or why it could not be read.
struct Parts<'a> {
    policy: Option<&'a Policy>,
    options: &'a Options,
    origin: &'a Origin,
    claim: &'a Claim,
    inputs: Checked<Inputs>,
    registry: Checked<Registry>,
    segment: Checked<Segment>,
    anchors: Checked<Anchors>,
    stamps: Stamps,
    /// By chain and number.
    proofs: Checked<BTreeMap<(String, u64), RecordProof>>,
    nonces: Checked<Option<Nonces>>,
    streams: Vec<StreamFacts>,
    reserved: Vec<ReservedFacts>,
}

/// Verifies a bundle. `policy` has to come from outside of it: whose log and which witnesses are
/// believed. Without, the log stays unchecked.
pub fn verify<R: Read + Seek>(
    bundle: &mut Bundle<R>,
    policy: Option<&Policy>,
    options: &Options,
) -> Report {
    let claim = read_claim(bundle);
    let (claim, origin) = match claim {
        Ok(read) => read,
        Err(halt) => return unread(bundle, &halt),
    };
    let registry = Registry::read(bundle, &origin, &claim.contract);
    let inputs = read_inputs(bundle);
    let proofs = read_proofs(bundle);
    let segment = Segment::read(bundle, &origin);
    let fleet = origin.fleet_chain();
    let logged = |entry| log::index_in(&segment, &proofs, (&fleet, entry));
    let cosigners = Cosigners::new(policy, registry.as_ref().ok(), logged);
    let anchors = Anchors::read(bundle, cosigners);
    let stamps = Stamps::read(bundle, options.tsa_roots.as_ref(), &anchors);
    let mut parts = Parts {
        policy,
        options,
        origin: &origin,
        claim: &claim,
        inputs,
        registry,
        segment,
        anchors,
        stamps,
        proofs,
        nonces: nonces::read(bundle),
        streams: Vec::new(),
        reserved: Vec::new(),
    };
    parts.streams = streams::read(bundle, &parts);
    parts.reserved = reserved::read(bundle, &parts);
    let verdicts = [
        judge(Check::Container, |remarks| {
            container::check(bundle, &parts, remarks)
        }),
        judge(Check::Chain, |remarks| {
            chain::check(bundle, &parts, remarks)
        }),
        judge(Check::Log, |remarks| log::check(bundle, &parts, remarks)),
        judge(Check::Time, |remarks| time::check(&parts, remarks)),
        judge(Check::Coverage, |remarks| coverage::check(&parts, remarks)),
        judge(Check::Result, |remarks| {
            recount::check(bundle, &parts, remarks)
        }),
    ];
    Report {
        simulated: origin.is_simulated(),
        claim: Some(claim),
        verdicts,
    }
}

fn read_claim<R: Read + Seek>(bundle: &mut Bundle<R>) -> Checked<(Claim, Origin)> {
    let claim: Claim = json(bundle, layout::CLAIM)?;
    let origin = claim
        .origin
        .parse()
        .map_err(|error| Halt::error(layout::CLAIM, &error))?;
    Ok((claim, origin))
}

fn read_inputs<R: Read + Seek>(bundle: &mut Bundle<R>) -> Checked<Inputs> {
    let inputs: Inputs = json(bundle, layout::INPUTS)?;
    let agents: BTreeSet<_> = inputs.agents.iter().collect();
    let targets: BTreeSet<_> = inputs.targets.iter().collect();
    if agents.len() != inputs.agents.len() || targets.len() != inputs.targets.len() {
        return Err(Halt::fail(
            layout::INPUTS,
            "an agent or target is named twice",
        ));
    }
    let minutes = inputs
        .window
        .start()
        .get()
        .abs_diff(inputs.window.end().get());
    if minutes > WINDOW_MINUTES_MAX || inputs.exclusions.len() > EXCLUSIONS_MAX {
        return Err(Halt::fail(
            layout::INPUTS,
            "the window or the exclusions exceed the limits",
        ));
    }
    let streams = agents.len().saturating_mul(targets.len());
    if streams == 0 || streams > STREAMS_MAX {
        let reason = format!("{streams} streams, where 1 to {STREAMS_MAX} are possible");
        return Err(Halt::fail(layout::INPUTS, reason));
    }
    Ok(inputs)
}

fn read_proofs<R: Read + Seek>(
    bundle: &mut Bundle<R>,
) -> Checked<BTreeMap<(String, u64), RecordProof>> {
    let proofs: Proofs = json(bundle, layout::PROOFS)?;
    let proofs = proofs.proofs.into_iter();
    Ok(proofs
        .map(|proof| ((proof.chain.clone(), proof.entry), proof))
        .collect())
}

/// The report on a bundle that does not say what it is.
fn unread<R: Read + Seek>(bundle: &mut Bundle<R>, halt: &Halt) -> Report {
    let failed: Checked = Err(halt.clone());
    let judged = |check| {
        judge(check, |remarks| match check {
            Check::Container => container::listing(bundle, remarks).and(failed.clone()),
            _ => needed(&failed, "the claim").copied(),
        })
    };
    Report {
        simulated: false,
        claim: None,
        verdicts: Check::ALL.map(judged),
    }
}
