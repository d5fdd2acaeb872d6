//! A month that happened: five agents seal every five minutes, one a minute later than the other,
//! so that each batch has a checkpoint of its own, the most that a log can hold of a month.

mod registry;

use std::collections::BTreeMap;

use domain::cell::Timeliness;
use domain::{AgentId, CellHour, Line, Outcome, TargetId, UnixMillis};
use evidence::batch_note::Seen;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::{self, SigningKey};
use evidence::tree::{self, CompactRange, Tree};
use sla::contract::Dimension;
use sla::{Contract, Facts, Place, TargetScope, Terms};
use verify::cells::CellsBuilder;
use verify::layout::paths::StreamPath;
use verify::{Contents, Record, layout};
use wire::batch::{Draft, SealedBatch, StreamLines, decompress, parse, seal};
use wire::line::encode_sample;
use wire::names::Origin;
use wire::stream::Reserved;

use crate::lines;
use crate::spill::Spill;

/// 2026-03-01T00:00:00Z.
pub(crate) const START_MS: i64 = 1_772_323_200_000;
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const MINUTES: i64 = 30 * 24 * 60;
/// Minutes of the outage.
pub(crate) const OUTAGE: std::ops::Range<i64> = 20_000..20_120;
pub(crate) const AGENTS: usize = 5;
/// Minutes between two seals of an agent.
const SEAL_MINUTES: i64 = 5;
const TARGET: &str = "acme-chat";
const CONTRACT: &str = include_str!("contract.toml");

/// The month, ready to be packed.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) contents: Contents,
    pub(crate) export: SigningKey,
    pub(crate) batches: u64,
    /// Bytes of all batches as they were sent.
    pub(crate) wire_bytes: u64,
    /// Lines and log entries, where an exporter has its database.
    pub(crate) spill: Spill,
}

#[derive(Debug)]
struct Agent {
    id: AgentId,
    key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: u64,
    own_next_i: [u64; 3],
    cells: CellsBuilder,
}

#[derive(Debug)]
struct Maker {
    origin: Origin,
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
    seen: Seen,
    batches: u64,
    wire_bytes: u64,
    spill: Spill,
}

pub(crate) fn month(spill: Spill) -> Month {
    let mut maker = Maker::new(spill);
    maker.enrol_all();
    for entry in &maker.entries {
        maker.prefix.append(tree::leaf_hash(entry));
    }
    maker.record_plan(START_MS - 20 * MINUTE_MS);
    maker.record_contract(CONTRACT);
    maker.anchor(START_MS - 20 * MINUTE_MS, 0);
    for minute in -SEAL_MINUTES..MINUTES + 2 * SEAL_MINUTES {
        let nth = usize::try_from(minute.rem_euclid(SEAL_MINUTES)).expect("small");
        let end_ms = START_MS + minute * MINUTE_MS;
        maker.seal(nth, end_ms - SEAL_MINUTES * MINUTE_MS);
        maker.anchor(end_ms + 4_000, nth + 1);
    }
    maker.finish()
}

pub(crate) fn origin() -> Origin {
    "nines.example/bench".parse().expect("an origin")
}

pub(crate) fn target() -> TargetId {
    TARGET.parse().expect("a name")
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).expect("a key")
}

impl Agent {
    fn new(origin: &Origin, nth: usize) -> Self {
        let id: AgentId = format!("agent-{nth}").parse().expect("a name");
        let contract = Contract::parse(CONTRACT).expect("a contract");
        let window = contract.window_at(UnixMillis::new(START_MS).minute());
        Self {
            key: key(&origin.agent(&id), 10 + u8::try_from(nth).expect("few")),
            seq: 0,
            prev: Hash::ZERO,
            next_i: 0,
            own_next_i: [0; 3],
            cells: CellsBuilder::new(id.clone(), target(), window),
            id,
        }
    }

    /// The lines of one batch.
    fn streams(&mut self, nth: usize, from_ms: i64) -> Vec<StreamLines> {
        let own = lines::own(&mut self.own_next_i, from_ms, SEAL_MINUTES);
        let own = Reserved::ALL.into_iter().zip(own).zip(self.own_next_i);
        let mut streams: Vec<StreamLines> = own
            .map(|((id, lines), next_i)| StreamLines {
                id: id.into(),
                first_i: next_i - lines.len() as u64,
                lines,
            })
            .collect();
        streams.push(target_lines(nth, (self.next_i, SEAL_MINUTES), from_ms));
        self.next_i += SEAL_MINUTES.unsigned_abs();
        streams
    }

    fn disclose(&mut self, sealed: &SealedBatch, spill: &mut Spill) {
        let text = decompress(&sealed.body).expect("own batch");
        let batch = parse(&text).expect("own batch");
        let id = &self.id;
        if let Some(path) = StreamPath::of(&batch, TARGET) {
            spill.line(&layout::paths(id, &target()), &path.to_string());
        }
        for line in &batch.streams[0].lines {
            spill.line(&layout::cores(id, &target()), line.core);
            self.cells.add(&line.value, Timeliness::Prompt);
            let failed = matches!(&line.value, Line::Sample(s) if s.outcome != Outcome::Ok);
            if let (true, Some(detail)) = (failed, line.detail) {
                spill.line(&layout::details(id, &target()), detail);
            }
        }
        for held in &batch.reserved {
            if let Some(path) = StreamPath::of(&batch, held.id.as_str()) {
                spill.line(&layout::own_paths(id, held.id), &path.to_string());
            }
            for (line, _) in &held.lines {
                spill.line(&layout::own_lines(id, held.id), line);
            }
        }
    }
}

/// So many samples of agent `nth`, a minute apart.
pub(crate) fn target_lines(nth: usize, (first_i, count): (u64, i64), from_ms: i64) -> StreamLines {
    let offset_ms = i64::try_from(nth * 60_000 / AGENTS).expect("small");
    let line = |at: i64| {
        let slot = UnixMillis::new(from_ms + at * MINUTE_MS + offset_ms);
        let (sample, detail) = lines::sample(first_i + at.unsigned_abs(), slot, nth as u64);
        encode_sample(sample, &detail).expect("a line")
    };
    StreamLines {
        id: target().into(),
        first_i,
        lines: (0..count).map(line).collect(),
    }
}

impl Maker {
    fn new(spill: Spill) -> Self {
        let origin = origin();
        Self {
            operator: key(&origin.operator(), 1),
            export: key(&origin.export(), 2),
            log: key(&origin.log(), 3),
            agents: (0..AGENTS).map(|nth| Agent::new(&origin, nth)).collect(),
            tree: Tree::default(),
            entries: Vec::new(),
            fleet: Vec::new(),
            contract: Vec::new(),
            prefix: CompactRange::default(),
            anchors: Vec::new(),
            seen: Seen {
                origin: origin.log(),
                size: 0,
                root: tree::root(&[]),
            },
            batches: 0,
            wire_bytes: 0,
            spill,
            origin,
        }
    }

    fn append(&mut self, entry: Vec<u8>) -> u64 {
        let index = self.tree.append(tree::leaf_hash(&entry));
        if self.prefix.size() == 0 {
            self.entries.push(entry);
        } else {
            self.spill.entry(&entry);
        }
        index
    }

    /// Signs the log as it is. Agent `first` vouches for it first; the others count only at the
    /// end, where all vouch.
    fn anchor(&mut self, at_ms: i64, first: usize) {
        let head = self.tree.head();
        self.seen.size = head.size;
        self.seen.root = head.root;
        let checkpoint = self.checkpoint();
        let mut note = checkpoint.sign(&self.log).expect("a note");
        let agent = &self.agents[first % AGENTS];
        let time_s = u64::try_from(at_ms / 1_000).expect("after 1970");
        let line = note::cosign(&checkpoint.text(), time_s, &agent.key).expect("a line");
        note.push(line).expect("room");
        if at_ms > START_MS + (MINUTES + 2 * SEAL_MINUTES - 1) * MINUTE_MS {
            for other in (0..AGENTS).filter(|nth| *nth != first % AGENTS) {
                let key = &self.agents[other].key;
                let line = note::cosign(&checkpoint.text(), time_s + 1, key).expect("a line");
                note.push(line).expect("room");
            }
        }
        self.anchors.push(note.to_bytes());
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            origin: self.origin.log(),
            size: self.seen.size,
            root: self.seen.root,
        }
    }

    fn seal(&mut self, nth: usize, from_ms: i64) {
        let agent = &mut self.agents[nth];
        let streams = agent.streams(nth, from_ms);
        let end_us = (from_ms + SEAL_MINUTES * MINUTE_MS + 1_000) * 1_000;
        let draft = Draft {
            origin: &self.origin,
            agent: &agent.id,
            seq: agent.seq,
            prev: agent.prev,
            boot: 7,
            wall_us: (from_ms * 1_000, end_us),
            mono_us: (lines::mono_us(from_ms * 1_000), lines::mono_us(end_us)),
            seen: self.seen.clone(),
            streams: &streams,
        };
        let sealed = seal(&draft, &agent.key).expect("a batch");
        agent.seq += 1;
        agent.prev = sealed.hash;
        agent.disclose(&sealed, &mut self.spill);
        self.batches += 1;
        self.wire_bytes += sealed.body.len() as u64;
        self.append(sealed.note);
    }

    fn finish(mut self) -> Month {
        for record in self.fleet.iter_mut().chain(&mut self.contract) {
            let proof = self.tree.inclusion_proof(record.index, self.tree.size());
            record.proof = proof.expect("in the log");
        }
        let policy = registry::policy_text(&self.log, &self.agents);
        let contract = Contract::parse(CONTRACT).expect("a contract");
        let minute = UnixMillis::new(START_MS).minute();
        let mut terms = Terms::of(contract.window_at(minute), minute.plus(MINUTES));
        let ids: Vec<AgentId> = self.agents.iter().map(|agent| agent.id.clone()).collect();
        terms.places = ids.iter().map(place).collect();
        terms.targets = vec![scope()];
        let mut cells: Vec<CellHour> = Vec::new();
        for agent in self.agents {
            cells.extend(agent.cells.build());
        }
        let facts = Facts::counted(&cells);
        let table = |commitment| sla::minutes_csv(&contract, &terms, facts, commitment);
        let commitments = contract.commitments.iter();
        let minutes: BTreeMap<String, String> = commitments
            .map(|commitment| (commitment.id.to_string(), table(commitment)))
            .collect();
        let assessment = sla::assess(&contract, &terms, facts);
        let contents = Contents {
            timestamps: Vec::new(),
            nonces: None,
            tsa_roots: None,
            origin: self.origin,
            violation: "VIO-1".into(),
            contract: contract.id().clone(),
            contract_text: CONTRACT.to_owned(),
            targets: vec![target()],
            agents: ids,
            fleet_records: self.fleet,
            contract_records: self.contract,
            prefix: self.prefix,
            segment: Vec::new(),
            anchors: self.anchors,
            streams: Vec::new(),
            reserved: Vec::new(),
            assessment,
            terms,
            minutes,
            policy,
        };
        Month {
            contents,
            export: self.export,
            batches: self.batches,
            wire_bytes: self.wire_bytes,
            spill: self.spill,
        }
    }
}

fn place(agent: &AgentId) -> Place {
    Place {
        agent: agent.clone(),
        region: format!("cloud:{agent}"),
        network: agent.to_string(),
    }
}

fn scope() -> TargetScope {
    let parts = [
        (Dimension::Organisation, "key-1"),
        (Dimension::Account, "key-1"),
        (Dimension::Project, "key-1"),
        (Dimension::Model, "m-1"),
    ];
    TargetScope {
        target: target(),
        scope: parts
            .map(|(dimension, value)| (dimension, value.to_owned()))
            .into(),
    }
}
