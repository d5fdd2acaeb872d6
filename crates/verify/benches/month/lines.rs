//! What the agents measure: streamed answers of a model, the costliest kind, and the lines that they
//! keep about themselves. The same numbers in every run.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::detail::{Cost, Net, Phases, Text};
use domain::{Attribution, Detail, Kind, Minute, Outcome, Sample, Source, UnixMicros, UnixMillis};
use evidence::hash::Hash;
use wire::line::EncodedLine;
use wire::reserved::{
    ClockSource, ControlLine, RESERVED_VERSION, ReservedLine, SysEvent, SysLine, TimeLine,
};

use crate::world::{MINUTE_MS, OUTAGE, START_MS};

/// Beside the outage, one request in so many fails.
const FAILS_ONE_IN: u64 = 200;

/// Microseconds since the boot of every agent.
pub(crate) fn mono_us(wall_us: i64) -> u64 {
    u64::try_from(wall_us - START_MS * 1_000 + 3_600_000_000).expect("after the boot")
}

/// A sample with its detail, before it is encoded.
pub(crate) fn sample(i: u64, slot: UnixMillis, seed: u64) -> (Sample, Detail) {
    let mut dice = Dice(seed ^ slot.get().unsigned_abs());
    let minute = (slot.get() - START_MS).div_euclid(MINUTE_MS);
    let down = OUTAGE.contains(&minute) || dice.roll(FAILS_ONE_IN) == 0;
    let (outcome, status, attribution) = if down {
        (Outcome::ServerError, 503, Attribution::Provider)
    } else {
        (Outcome::Ok, 200, Attribution::None)
    };
    let sent_us = 30_000 + dice.roll(20_000);
    let first_us = sent_us + 250_000 + dice.roll(400_000);
    let last_us = first_us + 300_000 + dice.roll(900_000);
    let started_us = slot.to_micros().get() + i64::try_from(dice.roll(9_000)).expect("small");
    let sample = Sample {
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
        mono_us: mono_us(started_us),
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
    };
    let detail = detail(&sample, &mut dice);
    (sample, detail)
}

fn detail(sample: &Sample, dice: &mut Dice) -> Detail {
    let request = Hash::of(&dice.bytes()).to_hex();
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
        req: Some(Text::Plain(format!("req_{}", &request[..32]))),
        salt: STANDARD_NO_PAD.encode([dice.bytes(), dice.bytes()].concat()),
        ..Detail::default()
    }
}

/// What an agent says about itself over the minutes from `from_ms` on.
pub(crate) fn own(next_i: &mut [u64; 3], from_ms: i64, minutes: i64) -> [Vec<EncodedLine>; 3] {
    let end_ms = from_ms + minutes * MINUTE_MS;
    let controls = (0..minutes).map(|nth| control(from_ms + nth * MINUTE_MS));
    let groups = [controls.collect(), vec![load(end_ms)], vec![clock(end_ms)]];
    let mut next = next_i.iter_mut();
    groups.map(|lines: Vec<ReservedLine>| {
        let next = next.next().expect("three streams");
        let encode = |line: ReservedLine| {
            let line = line.at(*next).encode().expect("a line");
            *next += 1;
            line
        };
        lines.into_iter().map(encode).collect()
    })
}

fn control(at_ms: i64) -> ReservedLine {
    let end_us = (at_ms + MINUTE_MS) * 1_000;
    ReservedLine::Ctrl(ControlLine {
        ok: 2,
        failed: Vec::new(),
        hosts: Vec::new(),
        i: 0,
        minute: Minute::new(at_ms / MINUTE_MS),
        mono_us: mono_us(end_us),
        of: 2,
        v: RESERVED_VERSION,
        wall_us: UnixMicros::new(end_us),
    })
}

fn load(at_ms: i64) -> ReservedLine {
    let mut dice = Dice(at_ms.unsigned_abs());
    ReservedLine::Sys(Box::new(SysLine {
        build: None,
        cpu_permille: Some(u32::try_from(dice.roll(60)).expect("small")),
        cpu_pressure_permille: None,
        event: SysEvent::Load,
        i: 0,
        lag_us_max: Some(dice.roll(2_000)),
        left_out: None,
        mem_free_kib: None,
        memory_pressure_permille: None,
        mono_us: mono_us(at_ms * 1_000),
        plan: Some(1),
        rss_kib: Some(20_000 + dice.roll(900)),
        v: RESERVED_VERSION,
        version: None,
        wall_us: UnixMicros::new(at_ms * 1_000),
    }))
}

fn clock(at_ms: i64) -> ReservedLine {
    let mut dice = Dice(at_ms.unsigned_abs());
    ReservedLine::Time(TimeLine {
        bound_us: Some(4_000 + dice.roll(900)),
        collector_bound_us: None,
        collector_offset_us: None,
        i: 0,
        mono_us: mono_us(at_ms * 1_000),
        offset_us: Some(-1_500),
        source: ClockSource::Ntp,
        stratum: Some(2),
        synced: Some(true),
        v: RESERVED_VERSION,
        wall_us: UnixMicros::new(at_ms * 1_000),
    })
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
