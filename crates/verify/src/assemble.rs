//! From plain data to the members of a bundle, manifest and signature included.
//!
//! Deterministic: the same contents and key give the same members. Members are deflated one by one;
//! whoever reads lines and log entries by chunks packs them as they come ([`StreamPacker`],
//! [`ReservedPacker`], [`SegmentPacker`]) and never holds them whole. It judges nothing; run
//! [`crate::verify()`] on what was written before handing it on.

mod legal;
mod members;
mod readme;
mod stream;
mod timestamps;

use std::collections::BTreeMap;

use domain::{AgentId, ContractId, Minute, TargetId, Window};
use evidence::bundle::{BundleError, Packed};
use evidence::entries::EntriesError;
use evidence::hash::Hash;
use evidence::manifest::{MANIFEST_PATH, Manifest, ManifestError, Profile};
use evidence::note::{self, NoteError, SignedNote, SigningKey};
use evidence::registry::{RegistryError, RegistryNote};
use evidence::tree::CompactRange;
use sla::{Assessment, Contract, ContractError, Terms};
use wire::names::Origin;
use wire::stream::Reserved;

use crate::layout::claim::{Claim, ClaimSchema, Inputs, InputsSchema};
use crate::layout::nonces::Nonces;
use crate::layout::paths::StreamPath;
use crate::layout::proofs::{Proofs, ProofsSchema, RecordProof};
use crate::layout::{self, prefix};
use crate::page::{self, Page, Tally};

use members::Members;
pub use stream::{ReservedPacker, SegmentPacker, StreamPacker};
pub use timestamps::{Timestamp, add_to_manifest};

/// Specification of all formats, shipped in every bundle.
const SPEC: &str = include_str!("../../../docs/evidence-spec.md");
const SCRIPT: &str = include_str!("../python/verify.py");

/// Everything that a bundle of the claim profile is made of.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The installation.
    pub origin: Origin,
    /// Id of the violation, one word: the manifest's claim.
    pub violation: String,
    /// The contract.
    pub contract: ContractId,
    /// The contract's text, exactly as it was registered.
    pub contract_text: String,
    /// What the assessment was made with beside contract and lines. Its places are those at which
    /// the agents below are enrolled, its targets [`crate::plans::scopes`] of the plans in force.
    pub terms: Terms,
    /// Targets of the contract, as registered.
    pub targets: Vec<TargetId>,
    /// Every agent of every plan revision in force in the window.
    pub agents: Vec<AgentId>,
    /// The fleet's chain from entry 0 up to the end of the segment.
    pub fleet_records: Vec<Record>,
    /// The contract's chain from entry 0 up to the end of the segment.
    pub contract_records: Vec<Record>,
    /// The log before the segment.
    pub prefix: CompactRange,
    /// Every log entry from the prefix up to the last anchor, whole notes. Empty where a
    /// [`SegmentPacker`] has them.
    pub segment: Vec<Vec<u8>>,
    /// Signed checkpoints by ascending size, the last at the end of the segment. Each with the
    /// log's signature and then the cosignature that first covered its entries; the last with
    /// all of its cosignatures, the first received first. One is needed for every cosignature
    /// that gave a batch its anchored time, and for no other.
    pub anchors: Vec<Vec<u8>>,
    /// Tokens over anchors, those of one in the order of receipt.
    pub timestamps: Vec<Timestamp>,
    /// The seed of client request ids: there where [`crate::layout::nonces::Due`] is.
    pub nonces: Option<Nonces>,
    /// Roots of the authorities, in PEM, that the installation suggests; may be absent.
    pub tsa_roots: Option<String>,
    /// One per agent and target that has lines in the window; none of those that a
    /// [`StreamPacker`] has.
    pub streams: Vec<DisclosedStream>,
    /// What the agents say about themselves over the same batches: all three streams of each
    /// agent that has any, also where one is empty; none of those that a [`ReservedPacker`] has.
    pub reserved: Vec<DisclosedReserved>,
    /// The result: [`sla::assess`] over the cells of the disclosed lines.
    pub assessment: Assessment,
    /// By commitment: [`sla::minutes_csv`] over the same cells.
    pub minutes: BTreeMap<String, String>,
    /// The policy that the installation publishes.
    pub policy: String,
}

/// One registry record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The signed note.
    pub note: Vec<u8>,
    /// The body, a canonical line without LF.
    pub body: Vec<u8>,
    /// Its index in the log.
    pub index: u64,
    /// Inclusion proof against the last anchor, where the index lies before the segment; else
    /// empty and not read.
    pub proof: Vec<Hash>,
}

/// The lines of one stream, from the first batch that touches the window to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedStream {
    /// The agent.
    pub agent: AgentId,
    /// The target.
    pub target: TargetId,
    /// Core lines without LF, contiguous.
    pub cores: Vec<String>,
    /// Detail lines without LF of every core whose outcome is not `ok` and that names one, in
    /// the order of the cores.
    pub details: Vec<String>,
    /// One per batch that carries the stream, in order; see [`StreamPath::of`].
    pub paths: Vec<StreamPath>,
}

/// The lines that an agent keeps about itself, from the first batch that touches the window to the
/// last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisclosedReserved {
    /// The agent.
    pub agent: AgentId,
    /// Which of its streams.
    pub stream: Reserved,
    /// Lines without LF, contiguous.
    pub lines: Vec<String>,
    /// One per batch that carries the stream, in order; see [`StreamPath::of`].
    pub paths: Vec<StreamPath>,
}

/// Contents that cannot become a bundle.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The contract's text is none.
    #[error("failed to read the contract")]
    Contract(#[source] ContractError),
    /// A registry note is none.
    #[error("failed to read a registry note")]
    RecordNote(#[source] NoteError),
    /// A registry note's text is none.
    #[error("failed to read a registry record")]
    RecordText(#[source] RegistryError),
    /// A note is too long to be framed.
    #[error("failed to frame the notes of `{path}`")]
    Frame {
        /// The member.
        path: String,
        /// Why.
        #[source]
        source: EntriesError,
    },
    /// A value cannot be written as JSON.
    #[error("failed to write `{path}`")]
    Json {
        /// The member.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Two parts want the same name, such as target `a` and a target `a.details`.
    #[error("two members are called `{path}`")]
    Collision {
        /// The name.
        path: String,
    },
    /// A member cannot be packed.
    #[error("failed to pack a member")]
    Pack(#[source] BundleError),
    /// The manifest cannot be written.
    #[error("failed to write the manifest")]
    Manifest(#[source] ManifestError),
    /// The manifest cannot be signed.
    #[error("failed to sign the manifest")]
    Sign(#[source] NoteError),
}

/// The members of a bundle by name; see [`pack`].
#[cfg(test)]
pub(crate) fn assemble(
    contents: &Contents,
    export_key: &SigningKey,
) -> Result<std::collections::BTreeMap<String, Vec<u8>>, AssembleError> {
    let packed = pack(Packed::default(), contents.clone(), export_key)?;
    Ok(packed.unpack())
}

/// The members of a bundle, ready to be written. `read` holds those that were packed while they were
/// read; `export_key` is the one that entry 0 of the fleet's chain names.
pub fn pack(
    read: Packed,
    mut contents: Contents,
    export_key: &SigningKey,
) -> Result<Packed, AssembleError> {
    let contract = Contract::parse(&contents.contract_text).map_err(AssembleError::Contract)?;
    let mut members = Members(read);
    let claim = claim_of(&contents);
    let inputs = inputs_of(&contents);
    members.json(layout::CLAIM, &claim)?;
    members.json(layout::INPUTS, &inputs)?;
    members.json(layout::RESULT, &contents.assessment)?;
    members.add(layout::README, readme::text(&claim))?;
    members.add(layout::CONTRACT, contents.contract_text.as_str())?;
    members.add(layout::POLICY, policy_copy(&contents.policy))?;
    members.add(layout::SPEC, SPEC)?;
    members.add(layout::SCRIPT, SCRIPT)?;
    for (commitment, csv) in &contents.minutes {
        members.add(&layout::minutes(commitment), csv.as_str())?;
    }
    add_registry(&mut members, &contents)?;
    add_log(&mut members, &mut contents)?;
    timestamps::add(&mut members, &contents)?;
    for stream in std::mem::take(&mut contents.streams) {
        stream.pack(&mut members.0)?;
    }
    for own in std::mem::take(&mut contents.reserved) {
        own.pack(&mut members.0)?;
    }
    members.add(layout::METHOD, legal::method(&contents, &claim))?;
    members.add(layout::LIMITATIONS, legal::limitations(&claim))?;
    add_report(&mut members, &contents, (&claim, &inputs, &contract))?;
    let certification = legal::certification(&contents, &claim, &members.0);
    members.add(layout::CERTIFICATION, certification)?;
    sign(members, &contents.violation, export_key)
}

/// The page is a function of all other members, by whatever names they will have.
fn add_report(
    members: &mut Members,
    contents: &Contents,
    (claim, inputs, contract): (&Claim, &Inputs, &Contract),
) -> Result<(), AssembleError> {
    let later = [layout::REPORT, layout::CERTIFICATION, MANIFEST_PATH];
    let names = members.0.hashes().map(|(path, _)| path).chain(later);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let mut read = |path: &str| members.0.read(path);
    let mut others = page::Members::new(names, &mut read);
    let tally = Tally::of(claim, inputs, &contents.assessment, &mut others);
    let page = Page {
        claim,
        inputs,
        contract,
        assessment: &contents.assessment,
        tally: &tally,
    };
    members.add(layout::REPORT, page::render(&page))
}

fn sign(
    mut members: Members,
    violation: &str,
    export_key: &SigningKey,
) -> Result<Packed, AssembleError> {
    let manifest = Manifest::of_hashes(violation, Profile::Claim, members.0.hashes());
    let text = manifest.text().map_err(AssembleError::Manifest)?;
    let note = note::sign(&text, &[export_key]).map_err(AssembleError::Sign)?;
    members.add(MANIFEST_PATH, note.to_bytes())?;
    Ok(members.0)
}

fn claim_of(contents: &Contents) -> Claim {
    let (window, as_of): (Window, Minute) = (contents.terms.window, contents.terms.as_of);
    Claim {
        schema: ClaimSchema::V1,
        origin: contents.origin.to_string(),
        contract: contents.contract.clone(),
        violation: contents.violation.clone(),
        window,
        as_of,
        simulated: contents.origin.is_simulated(),
    }
}

fn inputs_of(contents: &Contents) -> Inputs {
    Inputs {
        schema: InputsSchema::V1,
        contract: contents.contract.clone(),
        terms_sha256: Hash::of(contents.contract_text.as_bytes()).to_hex(),
        window: contents.terms.window,
        as_of: contents.terms.as_of,
        targets: contents.targets.clone(),
        agents: contents.agents.clone(),
        fees: contents.terms.fees,
        credited_12_months: contents.terms.credited_12_months,
        exclusions: contents.terms.exclusions.clone(),
        subscribed: contents.terms.subscribed,
        places: contents.terms.places.clone(),
        scopes: contents.terms.targets.clone(),
    }
}

fn policy_copy(policy: &str) -> String {
    format!(
        "# A copy, to compare with yours. It is not the root of trust: whoever made this bundle\n\
         # could have written it. Get the policy from the parties themselves.\n{policy}"
    )
}

/// Both chains with their bodies and proofs.
fn add_registry(members: &mut Members, contents: &Contents) -> Result<(), AssembleError> {
    let mut proofs = Vec::new();
    for record in contents
        .fleet_records
        .iter()
        .chain(&contents.contract_records)
    {
        let signed = SignedNote::parse(&record.note).map_err(AssembleError::RecordNote)?;
        let note = RegistryNote::parse(signed.text()).map_err(AssembleError::RecordText)?;
        members.add_same(&layout::body(&note.body), &record.body)?;
        if record.index < contents.prefix.size() {
            proofs.push(RecordProof {
                chain: note.chain,
                entry: note.entry,
                index: record.index,
                proof: record.proof.clone(),
            });
        }
    }
    if let Some(nonces) = &contents.nonces {
        members.json(layout::NONCES, nonces)?;
    }
    let schema = ProofsSchema::V1;
    members.json(layout::PROOFS, &Proofs { schema, proofs })?;
    members.entries(
        layout::FLEET_CHAIN,
        contents.fleet_records.iter().map(note_of),
    )?;
    members.entries(
        layout::CONTRACT_CHAIN,
        contents.contract_records.iter().map(note_of),
    )
}

fn note_of(record: &Record) -> &[u8] {
    &record.note
}

fn add_log(members: &mut Members, contents: &mut Contents) -> Result<(), AssembleError> {
    members.add(layout::PREFIX, prefix::write(&contents.prefix))?;
    let segment = std::mem::take(&mut contents.segment);
    let is_segment = |(path, _): (&str, Hash)| layout::parse_segment(path).is_some();
    if !members.0.hashes().any(is_segment) {
        let start = contents.prefix.size();
        let mut packer = SegmentPacker::new(start, start + segment.len() as u64);
        for note in segment {
            packer.push(&note)?;
        }
        packer.finish(&mut members.0)?;
    }
    let anchors = std::mem::take(&mut contents.anchors);
    members.entries(layout::ANCHORS, anchors.iter().map(Vec::as_slice))
}
