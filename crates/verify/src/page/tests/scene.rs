//! A month with three agents, of which the page has everything to tell.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::cell::Timeliness;
use domain::detail::Text;
use domain::{
    AgentId, Attribution, Detail, Gap, GapReason, Kind, Line, Minute, Outcome, Sample, Source,
    TargetId, UnixMicros, UnixMillis, Window,
};
use sla::contract::Dimension;
use sla::{Assessment, Contract, ExcludedSpan, Facts, Money, Place, TargetScope, Terms};
use wire::line::{EncodedLine, encode_gap, encode_sample};
use wire::reserved::{ClockSource, ControlLine, ReservedLine, TimeLine};
use wire::stream::Reserved;

use crate::cells::cells_from_lines;
use crate::layout::claim::{Claim, ClaimSchema, Inputs, InputsSchema};
use crate::layout::{self};
use crate::page::{Members, Page, Tally, render};

pub(super) const CONTRACT: &str = include_str!("contract.toml");
const AGENTS: [(&str, &str, &str); 3] = [
    ("fra-1", "aws:eu-central-1", "AS16509"),
    ("iad-1", "gcp:us-east4", "AS15169"),
    ("sin-1", "hetzner:sin", "AS24940"),
];
/// 2026-03-01T00:00:00Z.
pub(super) const START: Minute = Minute::new(29_538_720);
const DAY: i64 = 1_440;

/// Text that would do something if it were not escaped.
pub(super) const HOSTILE: &str = "<script>alert(1)</script>'\"&<img src=x onerror=y>";

/// What differs from one scene to the next.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) contract: String,
    pub(super) violation: String,
    pub(super) simulated: bool,
    pub(super) days: i64,
    pub(super) fees: Option<u64>,
    /// Minutes since the window's start in which the service fails, and how.
    pub(super) failing: Vec<(i64, i64, Outcome, Option<u16>)>,
    /// Minutes since the window's start in which no agent runs.
    pub(super) idle: Vec<(i64, i64)>,
    /// Provider request id and error type of failures.
    pub(super) request: String,
    pub(super) error: String,
    /// Region of the first agent, and reason of the exclusion.
    pub(super) region: String,
}

impl Default for Script {
    fn default() -> Self {
        let at = |day: i64, hour: i64, minute: i64| (day - 1) * DAY + hour * 60 + minute;
        let server = (Outcome::ServerError, Some(503));
        Self {
            contract: CONTRACT.to_owned(),
            violation: "VIO-2026-03-acme".into(),
            simulated: false,
            days: 31,
            fees: Some(1_234_500),
            failing: vec![
                (at(3, 10, 5), at(3, 10, 51), server.0, server.1),
                (at(17, 22, 10), at(17, 22, 40), Outcome::Stall, Some(200)),
                (at(24, 4, 0), at(24, 4, 3), Outcome::Overloaded, Some(529)),
                (at(26, 4, 0), at(26, 4, 3), Outcome::RateLimited, Some(429)),
            ],
            idle: vec![(at(12, 0, 0), at(12, 0, 30))],
            request: "req_011CVx".into(),
            error: "api_error".into(),
            region: AGENTS[0].1.into(),
        }
    }
}

/// Everything that a page is made of.
pub(super) struct Scene {
    pub(super) claim: Claim,
    pub(super) inputs: Inputs,
    pub(super) contract: Contract,
    pub(super) assessment: Assessment,
    pub(super) members: BTreeMap<String, Vec<u8>>,
}

impl Scene {
    pub(super) fn play(script: &Script) -> Self {
        let contract = Contract::parse(&script.contract).unwrap();
        let window = contract.window_at(START);
        let terms = terms(script, window);
        let target: TargetId = "chat".parse().unwrap();
        let mut members = BTreeMap::new();
        let mut cells = Vec::new();
        for (nth, (agent, ..)) in (0_i64..).zip(AGENTS) {
            let agent: AgentId = agent.parse().unwrap();
            let lines = lines(script, nth);
            let prompt = lines.iter().map(|(line, _)| (line, Timeliness::Prompt));
            cells.extend(cells_from_lines(&agent, &target, window, prompt));
            write(&mut members, (&agent, &target), &lines);
            own(&mut members, &agent, script);
        }
        let assessment = sla::assess(&contract, &terms, Facts::counted(&cells));
        let claim = Claim {
            schema: ClaimSchema::V1,
            origin: "nines.example/team".into(),
            contract: contract.id().clone(),
            violation: script.violation.clone(),
            window,
            as_of: terms.as_of,
            simulated: script.simulated,
        };
        let inputs = Inputs {
            schema: InputsSchema::V1,
            contract: contract.id().clone(),
            terms_sha256: String::new(),
            window,
            as_of: terms.as_of,
            targets: vec![target],
            agents: AGENTS.map(|(agent, ..)| agent.parse().unwrap()).into(),
            fees: terms.fees,
            credited_12_months: None,
            exclusions: terms.exclusions,
            subscribed: None,
            places: terms.places,
            scopes: terms.targets,
        };
        Self {
            claim,
            inputs,
            contract,
            assessment,
            members,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        let mut read = |path: &str| self.members.get(path).cloned();
        let mut members = Members::new(self.members.keys().cloned(), &mut read);
        Tally::of(&self.claim, &self.inputs, &self.assessment, &mut members)
    }

    pub(super) fn page(&self) -> String {
        render(&Page {
            claim: &self.claim,
            inputs: &self.inputs,
            contract: &self.contract,
            assessment: &self.assessment,
            tally: &self.tally(),
        })
    }
}

fn terms(script: &Script, window: Window) -> Terms {
    let mut terms = Terms::of(window, window.start().plus(script.days * DAY));
    let usd = "USD".parse().unwrap();
    terms.fees = script
        .fees
        .map(|minor| Money::from_minor(minor, usd).unwrap());
    let excluded = |day: i64, announced: Option<Minute>| ExcludedSpan {
        window: Window::new(START.plus(day * DAY + 120), START.plus(day * DAY + 240)).unwrap(),
        kind: "maintenance".into(),
        reason: script.region.clone(),
        announced,
    };
    terms.exclusions = vec![excluded(19, Some(START)), excluded(21, None)];
    terms.places = (0..)
        .zip(AGENTS)
        .map(|(nth, (agent, region, network))| Place {
            agent: agent.parse().unwrap(),
            region: if nth == 0 {
                script.region.clone()
            } else {
                region.into()
            },
            network: network.into(),
        })
        .collect();
    terms.targets = vec![TargetScope {
        target: "chat".parse().unwrap(),
        scope: [(Dimension::Model, "acme-2".to_owned())].into(),
    }];
    terms
}

/// One sample of some agent in every minute, in turn.
fn lines(script: &Script, nth: i64) -> Vec<(Line, EncodedLine)> {
    let mut lines = Vec::new();
    for minute in (nth..script.days * DAY).step_by(AGENTS.len()) {
        let i = lines.len() as u64;
        let slot = START.plus(minute).start();
        let idle = |(from, to): &&(i64, i64)| (*from..*to).contains(&minute);
        let failing =
            |(from, to, ..): &&(i64, i64, Outcome, Option<u16>)| (*from..*to).contains(&minute);
        if script.idle.iter().find(idle).is_some() {
            let gap = gap(i, slot);
            lines.push((Line::Gap(gap.clone()), encode_gap(&gap).unwrap()));
            continue;
        }
        let (outcome, status) = script
            .failing
            .iter()
            .find(failing)
            .map_or((Outcome::Ok, Some(200)), |(.., outcome, status)| {
                (*outcome, *status)
            });
        let sample = sample((i, slot), outcome, status);
        let detail = Detail {
            req: Some(Text::Plain(format!("{}{minute}", script.request))),
            error_type: Some(Text::Plain(script.error.clone())),
            ..Detail::default()
        };
        let encoded = encode_sample(sample.clone(), &detail).unwrap();
        lines.push((Line::Sample(Box::new(sample)), encoded));
    }
    lines
}

fn gap(i: u64, slot: UnixMillis) -> Gap {
    Gap {
        count: 1,
        first_ms: slot,
        gap: GapReason::AgentDown,
        i,
        last_ms: slot,
        plan: 1,
        v: 1,
    }
}

fn sample((i, slot_ms): (u64, UnixMillis), outcome: Outcome, status: Option<u16>) -> Sample {
    let attribution = match outcome {
        Outcome::Ok => Attribution::None,
        Outcome::RateLimited => Attribution::Ours,
        _ => Attribution::Provider,
    };
    Sample {
        asked_model: None,
        asked_tier: None,
        attempt: 1,
        attribution,
        cred: None,
        deadline_ms: 30_000,
        detail: None,
        end_us: 40_000,
        features: Vec::new(),
        first_us: None,
        i,
        input_tokens: None,
        kind: Kind::Planned,
        last_us: None,
        mono_us: i,
        outcome,
        output_tokens: None,
        plan: 1,
        sent_us: None,
        served_model: None,
        served_tier: None,
        slot_ms,
        source: Source::Probe,
        status,
        stream: true,
        v: 1,
        wall_us: UnixMicros::new(slot_ms.get() * 1_000 + 3_000_007),
    }
}

fn write(
    members: &mut BTreeMap<String, Vec<u8>>,
    (agent, target): (&AgentId, &TargetId),
    lines: &[(Line, EncodedLine)],
) {
    let (mut cores, mut details) = (String::new(), String::new());
    for (line, encoded) in lines {
        writeln!(cores, "{}", encoded.core).unwrap();
        if let (Line::Sample(sample), Some(detail)) = (line, &encoded.detail)
            && sample.outcome != Outcome::Ok
        {
            writeln!(details, "{detail}").unwrap();
        }
    }
    members.insert(layout::cores(agent, target), cores.into_bytes());
    members.insert(layout::details(agent, target), details.into_bytes());
    members.insert(layout::paths(agent, target), Vec::new());
}

/// What an agent says about itself: controls in the first failing minutes, one doubtful clock.
fn own(members: &mut BTreeMap<String, Vec<u8>>, agent: &AgentId, script: &Script) {
    let first = script.failing.first().map_or(0, |(from, ..)| *from);
    let ctrl = (0_u64..)
        .zip(first..first + 10)
        .map(|(i, minute)| ControlLine {
            failed: Vec::new(),
            hosts: Vec::new(),
            i,
            minute: START.plus(minute),
            mono_us: i,
            of: 3,
            ok: if i == 9 { 0 } else { 3 },
            v: 1,
            wall_us: START.plus(minute).start().to_micros(),
        });
    let ctrl: String = ctrl
        .map(|line| ReservedLine::Ctrl(line).encode().unwrap().core + "\n")
        .collect();
    let time = (0..4).map(|i| TimeLine {
        bound_us: Some(if i == 3 { 2_000_000 } else { 900 }),
        collector_bound_us: None,
        collector_offset_us: None,
        i,
        mono_us: i,
        offset_us: Some(12),
        source: ClockSource::Ntp,
        stratum: Some(2),
        synced: Some(true),
        v: 1,
        wall_us: START.start().to_micros(),
    });
    let time: String = time
        .map(|line| ReservedLine::Time(line).encode().unwrap().core + "\n")
        .collect();
    members.insert(layout::own_lines(agent, Reserved::Ctrl), ctrl.into_bytes());
    members.insert(layout::own_lines(agent, Reserved::Time), time.into_bytes());
    members.insert(layout::own_lines(agent, Reserved::Sys), Vec::new());
}
