//! Agents and what they deliver: the same in every run.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::detail::{Cost, Net, Phases, Text};
use domain::{
    AgentId, Attribution, Detail, Kind, Outcome, Sample, Source, TargetId, UnixMicros, UnixMillis,
};
use evidence::batch_note::Seen;
use evidence::hash::{Hash, to_hex};
use evidence::note::SigningKey;
use evidence::tree;
use wire::batch::{self, Draft, StreamLines};
use wire::line::encode_sample;
use wire::names::Origin;

/// One request in so many fails.
const FAILS_ONE_IN: u64 = 200;

/// What a fleet is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) agents: usize,
    /// Targets that are measured.
    pub(crate) targets: usize,
    /// Between two slots of a target, milliseconds.
    pub(crate) interval_ms: i64,
    /// Slots of each target in a batch.
    pub(crate) slots: i64,
    pub(crate) start: UnixMillis,
}

impl Shape {
    pub(crate) fn agent(number: usize) -> AgentId {
        format!("agent-{number}").parse().expect("a name")
    }

    pub(crate) fn target(number: usize) -> TargetId {
        format!("acme-chat-{number:04}").parse().expect("a name")
    }

    /// Samples of one batch.
    pub(crate) fn samples(&self) -> u64 {
        self.targets as u64 * self.slots.unsigned_abs()
    }
}

pub(crate) fn origin() -> Origin {
    "nines.example/bench".parse().expect("an origin")
}

#[derive(Debug)]
struct Chain {
    key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: u64,
    next: UnixMillis,
}

#[derive(Debug)]
pub(crate) struct Fleet {
    /// What the next batches look like.
    pub(crate) shape: Shape,
    chains: Vec<Chain>,
}

impl Fleet {
    pub(crate) fn new(shape: Shape) -> Self {
        let chain = |agent| {
            let name = origin().agent(&Shape::agent(agent));
            let seed = [u8::try_from(agent).expect("few agents"); 32];
            Chain {
                key: SigningKey::from_seed(&name, &seed).expect("a key"),
                seq: 0,
                prev: Hash::from_bytes([0; 32]),
                next_i: 0,
                next: shape.start,
            }
        };
        Self {
            shape,
            chains: (0..shape.agents).map(chain).collect(),
        }
    }

    /// Names and keys.
    pub(crate) fn agents(&self) -> Vec<(String, String)> {
        let chains = self.chains.iter().enumerate();
        let vkey = |chain: &Chain| chain.key.verifier_key().to_string();
        chains
            .map(|(agent, chain)| (Shape::agent(agent).to_string(), vkey(chain)))
            .collect()
    }

    /// The end of what was sealed.
    pub(crate) fn now(&self) -> UnixMillis {
        let ends = self.chains.iter().map(|chain| chain.next);
        ends.max().expect("a fleet has agents")
    }

    /// An agent's next batch, as it is sent.
    pub(crate) fn seal(&mut self, agent: usize) -> Vec<u8> {
        let shape = self.shape;
        let chain = self.chains.get_mut(agent).expect("an agent of the fleet");
        let (from, first_i) = (chain.next, chain.next_i);
        let end = from.plus_ms(shape.slots * shape.interval_ms);
        let streams: Vec<StreamLines> = (0..shape.targets)
            .map(|target| stream(&shape, (agent, target), (from, first_i)))
            .collect();
        let (first, last) = (from.to_micros().get(), end.to_micros().get());
        let sealed = batch::seal(
            &Draft {
                origin: &origin(),
                agent: &Shape::agent(agent),
                seq: chain.seq,
                prev: chain.prev,
                boot: 0x1234_5678_9abc_def0,
                wall_us: (first, last),
                mono_us: (first.unsigned_abs(), last.unsigned_abs()),
                seen: Seen {
                    origin: origin().log(),
                    size: 0,
                    root: tree::root(&[]),
                },
                streams: &streams,
            },
            &chain.key,
        )
        .expect("a batch");
        chain.seq += 1;
        chain.prev = sealed.hash;
        chain.next_i += shape.slots.unsigned_abs();
        chain.next = end;
        sealed.body
    }
}

fn stream(
    shape: &Shape,
    (agent, target): (usize, usize),
    (from, first_i): (UnixMillis, u64),
) -> StreamLines {
    let line = |n: i64| {
        let slot = from.plus_ms(n * shape.interval_ms);
        let seed = [agent as u64, target as u64, slot.get().unsigned_abs()];
        let mut dice = Dice(seed.iter().fold(1, |a, b| Dice(a ^ b).roll(u64::MAX)));
        let sample = sample(first_i + n.unsigned_abs(), slot, &mut dice);
        let detail = detail(&sample, &mut dice);
        encode_sample(sample, &detail).expect("a line")
    };
    StreamLines {
        id: Shape::target(target).into(),
        first_i,
        lines: (0..shape.slots).map(line).collect(),
    }
}

/// A streamed answer of a model.
fn sample(i: u64, slot: UnixMillis, dice: &mut Dice) -> Sample {
    let (outcome, status, attribution) = if dice.roll(FAILS_ONE_IN) == 0 {
        (Outcome::ServerError, 503, Attribution::Provider)
    } else {
        (Outcome::Ok, 200, Attribution::None)
    };
    let sent_us = 30_000 + dice.roll(20_000);
    let first_us = sent_us + 250_000 + dice.roll(400_000);
    let last_us = first_us + 300_000 + dice.roll(900_000);
    let started_us = slot.to_micros().get() + i64::try_from(dice.roll(9_000)).expect("small");
    Sample {
        asked_model: Some("gpt-4.1-mini".to_owned()),
        asked_tier: None,
        attempt: 1,
        attribution,
        cred: None,
        deadline_ms: 30_000,
        detail: None,
        end_us: last_us + dice.roll(900),
        features: Vec::new(),
        first_us: Some(first_us),
        i,
        input_tokens: Some(24),
        kind: Kind::Planned,
        last_us: Some(last_us),
        mono_us: started_us.unsigned_abs(),
        outcome,
        output_tokens: Some(16 + dice.roll(24)),
        plan: 1,
        sent_us: Some(sent_us),
        served_model: Some("gpt-4.1-mini-2025-04-14".to_owned()),
        served_tier: Some("default".to_owned()),
        slot_ms: slot,
        source: Source::Probe,
        status: Some(status),
        stream: true,
        v: 1,
        wall_us: UnixMicros::new(started_us),
    }
}

fn detail(sample: &Sample, dice: &mut Dice) -> Detail {
    let request = to_hex(&[dice.bytes(), dice.bytes()].concat());
    Detail {
        cost: Some(Cost {
            at_most: false,
            table: "2026-02".to_owned(),
            usd_nano: 9_600 + sample.output_tokens.unwrap_or_default() * 1_600,
        }),
        finish: Some(Text::Plain("stop".to_owned())),
        hdr: BTreeMap::from([(
            "openai-processing-ms".to_owned(),
            Text::Plain((200 + dice.roll(400)).to_string()),
        )]),
        http: Some("2".to_owned()),
        lag_us: Some(dice.roll(400)),
        net: Some(Net {
            alpn: Some("h2".to_owned()),
            family: Some(4),
            leaf_days: Some(61),
            leaf_sha256: Some("5e".repeat(32)),
            remote: Some(format!("198.51.100.{}:443", dice.roll(4))),
            tls: Some("1.3".to_owned()),
            ..Net::default()
        }),
        phase: Phases {
            dns_us: Some(1_000 + dice.roll(1_000)),
            tcp_us: Some(8_000 + dice.roll(3_000)),
            tls_us: Some(20_000 + dice.roll(9_000)),
            headers_us: sample.first_us.map(|us| us - 9_000),
            first_byte_us: sample.first_us.map(|us| us - 700),
            first_event_us: sample.first_us.map(|us| us - 300),
            end_us: Some(sample.end_us),
            ..Phases::default()
        },
        req: Some(Text::Plain(format!("req_{request}"))),
        salt: STANDARD_NO_PAD.encode([dice.bytes(), dice.bytes()].concat()),
        ..Detail::default()
    }
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): the same numbers everywhere.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    fn roll(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    fn bytes(&mut self) -> [u8; 8] {
        self.next().to_be_bytes()
    }
}
