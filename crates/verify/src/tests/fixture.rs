//! A small world whose evidence is true: two agents, two targets of which one is claimed for, an
//! outage, real keys, a real log. Tests bend it and look who notices.

mod judge;
mod keys;
mod lines;
mod own;
mod regions;
mod registry;
mod twist;

use std::collections::BTreeMap;
use std::io::Cursor;

use domain::{AgentId, TargetId, UnixMillis};
use evidence::batch_note::Seen;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::{self, SigningKey};
use evidence::tree::{self, CompactRange, Tree};
use sla::{Contract, Facts, Terms};
use wire::batch::{Draft, SealedBatch, decompress, parse, seal};
use wire::names::Origin;

pub(super) use judge::judge;
pub(super) use lines::SAID;
use lines::{lines, mono_us};
pub(super) use registry::nonces;
use registry::{place, policy_text, revealed};
pub(super) use twist::Twist;

use crate::*;

pub(super) const AGENTS: [&str; 2] = ["eu", "us"];
const TARGETS: [&str; 2] = ["chat", "other"];
const CONTRACT: &str = include_str!("contract.toml");
/// 2026-03-01T00:00:00Z, where a window of the contract begins.
pub(super) const START_MS: i64 = 1_772_323_200_000;
/// Minutes of the window that are looked at.
const MINUTES: i64 = 60;
const MINUTE_MS: i64 = 60_000;
const SEAL_MS: i64 = 5 * MINUTE_MS;
/// Minutes of the outage.
const OUTAGE: std::ops::Range<i64> = 20..40;
/// Minutes in which agent `us` was not running.
const DOWN: std::ops::Range<i64> = 50..52;

/// A world after everything has happened.
pub(super) struct World {
    pub(super) contents: Contents,
    pub(super) policy: Policy,
    pub(super) export: SigningKey,
    pub(super) log: SigningKey,
}

impl World {
    pub(super) fn new(twist: Twist) -> Self {
        Self::under("nines.example/team", twist)
    }

    pub(super) fn under(origin: &str, twist: Twist) -> Self {
        let origin: Origin = origin.parse().unwrap();
        let mut maker = Maker::new(origin, twist);
        maker.happen();
        maker.finish()
    }

    /// A world under the contract that `bend` makes of the usual one.
    pub(super) fn with_contract(bend: impl FnOnce(&str) -> String) -> Self {
        Self::made(Twist::None, MINUTES, bend)
    }

    /// As [`World::with_contract`], over some minutes from the start of the window.
    pub(super) fn made(twist: Twist, minutes: i64, bend: impl FnOnce(&str) -> String) -> Self {
        let mut maker = Maker::new("nines.example/team".parse().unwrap(), twist);
        maker.text = bend(CONTRACT);
        maker.minutes = minutes;
        maker.happen();
        maker.finish()
    }

    /// The bundle as its maker hands it out.
    pub(super) fn bundle(&self) -> Bundle<Cursor<Vec<u8>>> {
        open(&assemble(&self.contents, &self.export).unwrap())
    }

    /// The body of the other contract, where there is one.
    pub(super) fn second_contract(&self) -> String {
        registry::second_contract(&self.contents.contract_text)
    }

    pub(super) fn verify(&self) -> Report {
        verify(&mut self.bundle(), Some(&self.policy), &Options::default())
    }
}

pub(super) fn open(members: &BTreeMap<String, Vec<u8>>) -> Bundle<Cursor<Vec<u8>>> {
    let zip = evidence::bundle::write(members, Cursor::new(Vec::new())).unwrap();
    Bundle::open(zip).unwrap()
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

/// What an agent has sent so far.
struct Agent {
    id: AgentId,
    key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: [u64; 2],
    own_next_i: own::NextI,
    seen: Seen,
    held: Vec<SealedBatch>,
}

struct Maker {
    origin: Origin,
    twist: Twist,
    /// Minutes of the window that are looked at.
    minutes: i64,
    /// The contract's text.
    text: String,
    operator: SigningKey,
    export: SigningKey,
    log: SigningKey,
    agents: Vec<Agent>,
    tree: Tree,
    entries: Vec<Vec<u8>>,
    fleet: Vec<Record>,
    contract: Vec<Record>,
    prefix: CompactRange,
    anchors: Vec<Vec<u8>>,
    streams: BTreeMap<(AgentId, TargetId), DisclosedStream>,
    /// Regions of both targets, where both are claimed for.
    regions: Option<[&'static str; 2]>,
    reserved: Vec<DisclosedReserved>,
    /// Agents that no longer vouch for anything.
    gone: Vec<AgentId>,
}

impl Maker {
    fn new(origin: Origin, twist: Twist) -> Self {
        let seen = Seen {
            origin: origin.log(),
            size: 0,
            root: tree::root(&[]),
        };
        let agents: Vec<Agent> = (10_u8..)
            .zip(AGENTS)
            .map(|(seed, id)| {
                let id: AgentId = id.parse().unwrap();
                Agent {
                    key: key(&origin.agent(&id), seed),
                    id,
                    seq: 0,
                    prev: Hash::ZERO,
                    next_i: [0, 0],
                    own_next_i: [0; 3],
                    seen: seen.clone(),
                    held: Vec::new(),
                }
            })
            .collect();
        Self {
            operator: key(&origin.operator(), 1),
            export: key(&origin.export(), 2),
            log: key(&origin.log(), 3),
            streams: BTreeMap::new(),
            regions: None,
            origin,
            twist,
            minutes: MINUTES,
            text: CONTRACT.to_owned(),
            agents,
            tree: Tree::default(),
            entries: Vec::new(),
            fleet: Vec::new(),
            contract: Vec::new(),
            prefix: CompactRange::default(),
            anchors: Vec::new(),
            reserved: Vec::new(),
            gone: Vec::new(),
        }
    }

    fn happen(&mut self) {
        let registered_ms = START_MS - 2 * SEAL_MS;
        self.enrol_all();
        if self.twist == Twist::StrangerKey {
            self.agents[1].key = key(self.agents[1].key.name(), 99);
        }
        for entry in &self.entries {
            self.prefix.append(tree::leaf_hash(entry));
        }
        if self.twist != Twist::LatePlan {
            self.record_plan(1, START_MS - SEAL_MS);
        }
        self.record_contract();
        if self.twist == Twist::SecondContract {
            self.record_second_contract();
        }
        if self.twist == Twist::SplitFirst {
            self.agents[0].seen.root = Hash::of(b"another log");
            self.seal(0, START_MS - 2 * SEAL_MS);
        }
        self.anchor(registered_ms);
        let seals = self.minutes * MINUTE_MS / SEAL_MS + 2;
        for seal in 0..seals {
            let from = START_MS + (seal - 1) * SEAL_MS;
            if self.twist == Twist::SecondPlan && seal == 3 {
                self.record_plan(2, START_MS + OUTAGE.start * MINUTE_MS + 10 * MINUTE_MS);
            }
            self.change_keys(seal);
            for agent in 0..self.agents.len() {
                if !self.is_gone(agent, seal) {
                    self.seal(agent, from);
                }
            }
            if self.twist == Twist::LatePlan && seal == 2 {
                self.record_plan(1, START_MS - SEAL_MS);
            }
            self.anchor(from + SEAL_MS + 4_000);
        }
    }

    fn append(&mut self, entry: Vec<u8>) -> u64 {
        let index = self.tree.append(tree::leaf_hash(&entry));
        self.entries.push(entry);
        index
    }

    /// Signs and cosigns the log as it is, and tells the agents.
    fn anchor(&mut self, at_ms: i64) {
        let head = self.tree.head();
        let checkpoint = Checkpoint {
            origin: self.origin.log(),
            size: head.size,
            root: head.root,
        };
        let mut note = checkpoint.sign(&self.log).unwrap();
        let gone = self.gone.clone();
        let here = self
            .agents
            .iter_mut()
            .filter(|agent| !gone.contains(&agent.id));
        for (later_s, agent) in (0_u64..).zip(here) {
            let time_s = u64::try_from(at_ms / 1_000).unwrap() + later_s;
            note.push(note::cosign(&checkpoint.text(), time_s, &agent.key).unwrap())
                .unwrap();
            agent.seen.size = head.size;
            agent.seen.root = head.root;
        }
        self.anchors.push(note.to_bytes());
    }

    /// Agent `nth` seals the five minutes from `from_ms` on.
    fn seal(&mut self, nth: usize, from_ms: i64) {
        let agent = &mut self.agents[nth];
        let mut streams = own::streams(&mut agent.own_next_i, nth, from_ms, self.twist);
        streams.extend(
            (0..TARGETS.len())
                .map(|target| lines(&mut agent.next_i, (nth, target), from_ms, self.twist)),
        );
        let fast_ms = if self.twist == Twist::FastClock && nth == 0 {
            3_600_000
        } else {
            0
        };
        if self.twist == Twist::SplitView && nth == 0 && agent.seq == 5 {
            agent.seen.root = Hash::of(b"another log");
        }
        let slow_ms = if self.twist == Twist::Lingering && nth == 1 && agent.seq == 8 {
            2 * SEAL_MS
        } else {
            0
        };
        let wall_us = (from_ms + fast_ms - slow_ms) * 1_000;
        let draft = |streams| Draft {
            origin: &self.origin,
            agent: &agent.id,
            seq: agent.seq,
            prev: agent.prev,
            boot: 7,
            wall_us: (wall_us, wall_us + (SEAL_MS + 1_000) * 1_000),
            mono_us: (
                mono_us(from_ms - slow_ms),
                mono_us(from_ms - slow_ms + SEAL_MS + 1_000),
            ),
            seen: agent.seen.clone(),
            streams,
        };
        let sealed = seal(&draft(&streams), &agent.key).unwrap();
        let second = (self.twist == Twist::SecondHistory && nth == 0 && agent.seq == 5)
            .then(|| seal(&draft(&streams[1..]), &agent.key).unwrap());
        agent.seq += 1;
        agent.prev = sealed.hash;
        let hold = self.twist == Twist::HeldBack && nth == 1 && from_ms < START_MS + 6 * SEAL_MS;
        agent.held.push(sealed);
        let sent = if hold {
            Vec::new()
        } else {
            std::mem::take(&mut agent.held)
        };
        for sealed in sent {
            self.disclose(nth, &sealed);
            self.append(sealed.note);
        }
        if let Some(second) = second {
            self.append(second.note);
        }
    }

    fn disclose(&mut self, nth: usize, sealed: &SealedBatch) {
        let text = decompress(&sealed.body).unwrap();
        let batch = parse(&text).unwrap();
        let agent = self.agents[nth].id.clone();
        own::disclose(&mut self.reserved, &agent, &batch);
        for target in self.claimed() {
            let known = self.streams.entry((agent.clone(), target.clone()));
            regions::disclose(
                known.or_insert_with(|| regions::empty(&agent, &target)),
                &batch,
            );
        }
    }

    fn finish(mut self) -> World {
        for record in self.fleet.iter_mut().chain(&mut self.contract) {
            record.proof = self
                .tree
                .inclusion_proof(record.index, self.tree.size())
                .unwrap();
        }
        let segment = self
            .entries
            .split_off(usize::try_from(self.prefix.size()).unwrap());
        let contract = Contract::parse(&self.text).unwrap();
        let nothing = |terms| sla::assess(&contract, terms, Facts::counted(&[]));
        let minute = UnixMillis::new(START_MS).minute();
        let mut terms = Terms::of(contract.window_at(minute), minute.plus(self.minutes));
        terms.places = self.agents.iter().map(|agent| place(&agent.id)).collect();
        let targets = self.claimed();
        terms.targets = (0..targets.len()).map(|nth| self.scope(nth)).collect();
        let nonces = revealed(&self.fleet, &terms);
        let mut contents = Contents {
            origin: self.origin,
            violation: "VIO-1".into(),
            contract: contract.id().clone(),
            contract_text: self.text,
            targets,
            agents: self.agents.iter().map(|agent| agent.id.clone()).collect(),
            fleet_records: self.fleet,
            contract_records: self.contract,
            prefix: self.prefix,
            segment,
            anchors: self.anchors,
            timestamps: Vec::new(),
            nonces,
            tsa_roots: None,
            streams: self.streams.into_values().collect(),
            reserved: own::in_order(self.reserved),
            assessment: nothing(&terms),
            terms,
            minutes: BTreeMap::new(),
            policy: policy_text(&self.log, &self.agents, AGENTS.len() - self.gone.len()),
        };
        judge(&mut contents);
        World {
            policy: Policy::parse(&contents.policy).unwrap(),
            contents,
            export: self.export,
            log: self.log,
        }
    }
}
