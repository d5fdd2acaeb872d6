//! The two registry chains: who may sign what, which plans there were, which contract.
//!
//! Read here: numbers without gap, links, the operator's signatures, bodies. That the log holds
//! these records, and no others, is for V3 and V5.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{AgentId, ContractId};
use evidence::bundle::Bundle;
use evidence::hash::Hash;
use evidence::note::{SignedNote, VerifierKey};
use evidence::registry::{RegistryNote, RegistryType, registry_hash};
use evidence::tree;
use serde::de::DeserializeOwned;
use wire::keys::AgentKeys;
use wire::names::Origin;
use wire::plan::Plan;

use super::member;
use crate::layout::claim::Inputs;
use crate::layout::registry::{
    ContractBody, EnrolBody, RECORDS_MAX, SoftwareBody, read_body, read_entries,
};
use crate::layout::{self};
use crate::plans::{self, InForce};
use crate::verdict::{Checked, Halt};

mod keys;

/// What the registry says.
pub(super) struct Registry {
    /// Signs manifests.
    pub(super) export_key: VerifierKey,
    /// Signs checkpoints, by the bundle's own word.
    pub(super) log_key: VerifierKey,
    /// The enrolled agents.
    pub(super) agents: BTreeMap<AgentId, Enrolled>,
    /// Revisions of the plan, in the order they were recorded.
    pub(super) plans: Vec<Planned>,
    /// What was registered of the contract, in order, each with its number in the chain.
    pub(super) contracts: Vec<(u64, ContractBody)>,
    /// Leaves in the log of all records of both chains, by chain and number.
    pub(super) records: BTreeMap<(String, u64), Hash>,
}

/// An agent as it was enrolled, and what became of its keys.
pub(super) struct Enrolled {
    /// Its keys, as signers of notes.
    pub(super) keys: AgentKeys,
    /// First batch and number of the record of each key but the first, as `keys` has them.
    pub(super) rotations: Vec<(u64, u64)>,
    /// What ended them, where anything did.
    pub(super) retired: Option<Retired>,
    /// Number of its enrolment in the fleet's chain.
    pub(super) entry: u64,
    pub(super) region: String,
    pub(super) network: String,
}

/// The end of an agent by the operator's word.
pub(super) struct Retired {
    /// First batch that is not believed.
    pub(super) from_batch: u64,
    /// Number of the record in the fleet's chain.
    pub(super) entry: u64,
    /// How, for people.
    pub(super) how: String,
    /// Who goes on in its place.
    pub(super) successor: Option<AgentId>,
}

/// A revision of the plan and where it was recorded.
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// Number in the fleet's chain.
    pub(super) entry: u64,
}

impl Registry {
    pub(super) fn read<R: Read + Seek>(
        bundle: &mut Bundle<R>,
        origin: &Origin,
        contract: &ContractId,
    ) -> Checked<Self> {
        let fleet = Chain::read(bundle, layout::FLEET_CHAIN, &origin.fleet_chain())?;
        let own = Chain::read(
            bundle,
            layout::CONTRACT_CHAIN,
            &origin.contract_chain(contract),
        )?;
        let software: SoftwareBody = fleet.genesis(bundle, RegistryType::Software)?;
        let key = |vkey: &str, name: String| {
            read_key(vkey, &name).map_err(|reason| Halt::fail(layout::FLEET_CHAIN, reason))
        };
        let operator = key(&software.operator_vkey, origin.operator())?;
        fleet.verify(&operator)?;
        own.verify(&operator)?;
        let mut registry = Self {
            export_key: key(&software.export_vkey, origin.export())?,
            log_key: key(&software.log_vkey, origin.log())?,
            agents: BTreeMap::new(),
            plans: Vec::new(),
            contracts: Vec::new(),
            records: BTreeMap::new(),
        };
        registry.take_fleet(bundle, &fleet, origin)?;
        registry.take_contract(bundle, &own, contract)?;
        let notes = fleet.notes.into_iter().chain(own.notes);
        registry.records = notes
            .map(|(signed, note)| {
                let leaf = tree::leaf_hash(&signed.to_bytes());
                ((note.chain, note.entry), leaf)
            })
            .collect();
        Ok(registry)
    }

    /// A revision of the plan.
    pub(super) fn plan(&self, revision: u64) -> Option<&Planned> {
        let at = self
            .plans
            .binary_search_by_key(&revision, |planned| planned.plan.revision);
        self.plans.get(at.ok()?)
    }

    /// The revisions that were in force in what is judged.
    pub(super) fn in_force(&self, inputs: &Inputs) -> Vec<InForce<'_>> {
        let plans: Vec<&Plan> = self.plans.iter().map(|planned| &planned.plan).collect();
        plans::in_force(&plans, inputs.window.start().start(), inputs.end().start())
    }

    fn take_fleet<R: Read + Seek>(
        &mut self,
        bundle: &mut Bundle<R>,
        chain: &Chain,
        origin: &Origin,
    ) -> Checked {
        for (_, note) in &chain.notes {
            match note.kind {
                RegistryType::Enrol => {
                    let body: EnrolBody = chain.body(bundle, note)?;
                    let key =
                        read_enrolment(&body, origin).map_err(|reason| chain.fail(note, reason))?;
                    let enrolled = Enrolled {
                        keys: AgentKeys::new(key),
                        rotations: Vec::new(),
                        retired: None,
                        entry: note.entry,
                        region: body.region,
                        network: body.network,
                    };
                    if self.agents.insert(body.agent, enrolled).is_some() {
                        return Err(chain.fail(note, "the agent is enrolled already"));
                    }
                }
                RegistryType::Plan => self.take_plan(bundle, chain, note)?,
                RegistryType::Rotate => {
                    self.take_rotate(&chain.body(bundle, note)?, chain, note)?;
                }
                RegistryType::Revoke => {
                    self.take_revoke(&chain.body(bundle, note)?, chain, note)?;
                }
                RegistryType::Supersede => {
                    self.take_supersede(&chain.body(bundle, note)?, chain, note)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_plan<R: Read + Seek>(
        &mut self,
        bundle: &mut Bundle<R>,
        chain: &Chain,
        note: &RegistryNote,
    ) -> Checked {
        let path = layout::body(&note.body);
        let bytes = chain.body_bytes(bundle, note)?;
        let plan = Plan::from_body(&bytes).map_err(|error| Halt::error(path, &error))?;
        let follows = self.plans.last().is_none_or(|last| {
            last.plan.revision < plan.revision
                && last.plan.effective_from_ms <= plan.effective_from_ms
        });
        if !follows {
            return Err(chain.fail(note, "the plan goes back behind its predecessor"));
        }
        let entry = note.entry;
        self.plans.push(Planned { plan, entry });
        Ok(())
    }

    fn take_contract<R: Read + Seek>(
        &mut self,
        bundle: &mut Bundle<R>,
        chain: &Chain,
        contract: &ContractId,
    ) -> Checked {
        for (_, note) in &chain.notes {
            if note.kind == RegistryType::Contract {
                let body: ContractBody = chain.body(bundle, note)?;
                if body.contract != *contract {
                    return Err(chain.fail(note, "the record is about another contract"));
                }
                self.contracts.push((note.entry, body));
            }
        }
        Ok(())
    }
}

/// One chain as its file holds it.
struct Chain {
    path: &'static str,
    notes: Vec<(SignedNote, RegistryNote)>,
}

impl Chain {
    /// Reads a chain, whole and linked.
    fn read<R: Read + Seek>(
        bundle: &mut Bundle<R>,
        path: &'static str,
        name: &str,
    ) -> Checked<Self> {
        let bytes = member::bytes(bundle, path)?;
        let entries = read_entries(&bytes).map_err(|error| Halt::error(path, &error))?;
        if entries.is_empty() || entries.len() > RECORDS_MAX {
            let reason = format!("must hold 1 to {RECORDS_MAX} records");
            return Err(Halt::fail(path, reason));
        }
        let mut notes = Vec::with_capacity(entries.len());
        let mut prev = Hash::ZERO;
        for (entry, bytes) in (0_u64..).zip(entries) {
            let place = format!("{path}, entry {entry}");
            let signed = SignedNote::parse(&bytes).map_err(|error| Halt::error(&place, &error))?;
            let note =
                RegistryNote::parse(signed.text()).map_err(|error| Halt::error(&place, &error))?;
            if note.chain != name {
                return Err(Halt::fail(
                    place,
                    format!("belongs to chain `{}`", note.chain),
                ));
            }
            if note.entry != entry || note.prev != prev {
                return Err(Halt::fail(place, "does not continue its chain"));
            }
            prev = registry_hash(signed.text());
            notes.push((signed, note));
        }
        Ok(Self { path, notes })
    }

    fn fail(&self, note: &RegistryNote, reason: impl Into<String>) -> Halt {
        Halt::fail(format!("{}, entry {}", self.path, note.entry), reason)
    }

    fn verify(&self, operator: &VerifierKey) -> Checked {
        for (signed, note) in &self.notes {
            signed
                .verify(operator)
                .map_err(|error| self.fail(note, crate::verdict::causes(&error)))?;
        }
        Ok(())
    }

    fn genesis<R: Read + Seek, T: DeserializeOwned>(
        &self,
        bundle: &mut Bundle<R>,
        kind: RegistryType,
    ) -> Checked<T> {
        let first = self.notes.first().filter(|(_, note)| note.kind == kind);
        let reason = || Halt::fail(self.path, format!("entry 0 must be of type `{kind}`"));
        let (_, note) = first.ok_or_else(reason)?;
        self.body(bundle, note)
    }

    fn body<R: Read + Seek, T: DeserializeOwned>(
        &self,
        bundle: &mut Bundle<R>,
        note: &RegistryNote,
    ) -> Checked<T> {
        let bytes = self.body_bytes(bundle, note)?;
        read_body(&bytes).map_err(|error| Halt::error(layout::body(&note.body), &error))
    }

    fn body_bytes<R: Read + Seek>(
        &self,
        bundle: &mut Bundle<R>,
        note: &RegistryNote,
    ) -> Checked<Vec<u8>> {
        let path = layout::body(&note.body);
        let bytes = member::bytes(bundle, &path)?;
        if Hash::of(&bytes) == note.body {
            Ok(bytes)
        } else {
            Err(self.fail(note, "the body does not hash to what the record states"))
        }
    }
}

/// A key that must bear a name.
fn read_key(vkey: &str, name: &str) -> Result<VerifierKey, String> {
    let key: VerifierKey = vkey
        .parse()
        .map_err(|error| format!("key of `{name}`: {error}"))?;
    if key.name() == name {
        Ok(key)
    } else {
        Err(format!("key `{}` stands for `{name}`", key.name()))
    }
}

/// The key of an enrolment whose holder proved to have it.
fn read_enrolment(body: &EnrolBody, origin: &Origin) -> Result<VerifierKey, String> {
    let key = read_key(&body.vkey, &origin.agent(&body.agent))?;
    let proof = STANDARD
        .decode(&body.proof)
        .map_err(|error| format!("proof of possession: {error}"))?;
    let proof =
        SignedNote::parse(&proof).map_err(|error| format!("proof of possession: {error}"))?;
    proof
        .verify(&key)
        .map_err(|error| format!("proof of possession: {error}"))?;
    let start = format!("nines/enrol/v1\nagent {}\nvkey {}\n", body.agent, body.vkey);
    if proof.text().starts_with(&start) {
        Ok(key)
    } else {
        Err("proof of possession: it is about another agent or key".to_owned())
    }
}
