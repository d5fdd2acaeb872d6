//! Views as the store would give them: the demo contracts, judged on cells that are made here.

use domain::cell::CellHourBuilder;
use domain::{
    Attribution, CellHour, Class, GapReason, Kind, Minute, Outcome, Source, UnixMillis, Window,
};
use sla::{Assessment, CommitmentAssessment, Contract, ExcludedSpan, Facts, Money, Terms};

use crate::web::view::*;

const DIRECT: &str = include_str!("../../../../sla/contracts/demo-direct.toml");
const GATEWAY: &str = include_str!("../../../../sla/contracts/demo-gateway.toml");

/// Text that would break out of markup, attributes and scripts, were it let.
pub(crate) const HOSTILE: &str = "</title><script>alert(1)</script>\"' onload=x & <b>";

/// A commitment of a calendar month, 99.9 %, runs of 3 minutes.
pub(crate) fn month_contract() -> Contract {
    Contract::parse(include_str!("month.toml")).unwrap()
}

pub(crate) fn gateway_contract() -> Contract {
    Contract::parse(GATEWAY).unwrap()
}

pub(crate) fn day_contract() -> Contract {
    Contract::parse(DIRECT).unwrap()
}

pub(crate) fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    UnixMillis::from(at.to_utc()).minute()
}

pub(crate) fn millis(text: &str) -> UnixMillis {
    UnixMillis::from(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

pub(crate) fn site() -> Site {
    Site {
        origin: "nines.acme.example/log".to_owned(),
        simulated: false,
        now: millis("2026-11-22T13:42:07Z"),
    }
}

pub(crate) fn simulated() -> Site {
    Site {
        origin: "simulated.invalid/demo".to_owned(),
        simulated: true,
        ..site()
    }
}

fn class(outcome: Outcome, status: Option<u16>, late: bool) -> Class {
    let attribution = if outcome == Outcome::Ok {
        Attribution::None
    } else {
        Attribution::Provider
    };
    Class {
        outcome,
        status,
        attribution,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late,
    }
}

/// What a minute of the made-up month holds.
fn fill(cell: &mut CellHourBuilder, start: Minute, at: Minute) {
    let ok = || class(Outcome::Ok, Some(200), false);
    let bad = || class(Outcome::ServerError, Some(503), false);
    let offset = at.get() - start.get();
    let (day, of_day) = (offset / 1_440 + 1, offset % 1_440);
    let samples: &[Class] = match (day, of_day) {
        (3, 130..190) => return (0..5).for_each(|_| cell.miss(at, GapReason::AgentDown)),
        (9, 700..702) => return,
        (6, 842..845) | (14, 552..598) => &[bad(), bad(), bad(), bad(), ok()],
        (14, 598..604) => &[bad(), ok(), class(Outcome::TtfbTimeout, None, false)],
        (17, 300..340) => &[class(Outcome::Ok, Some(200), true), ok()],
        (19, 60..62) => &[bad(), ok()],
        (20, 900..915) => &[class(Outcome::ServerError, Some(500), true)],
        _ => return cell.add(at, ok(), 5),
    };
    for class in samples {
        cell.add(at, class.clone(), 1);
    }
}

pub(crate) fn cells(window: Window, until: Minute) -> Vec<CellHour> {
    let hours = window.start().hour().get()..=until.plus(-1).hour().get();
    hours
        .map(|hour| {
            let hour = domain::Hour::new(hour);
            let (agent, target) = ("eu-1".parse().unwrap(), "acme-chat".parse().unwrap());
            let mut cell = CellHourBuilder::new(agent, target, hour);
            (0..60)
                .map(|minute| hour.first_minute().plus(minute))
                .filter(|at| *at < until)
                .for_each(|at| fill(&mut cell, window.start(), at));
            cell.build()
        })
        .collect()
}

/// The window around a moment, judged on the made-up month.
pub(crate) fn assess(contract: &Contract, as_of: &str, fees: Option<&str>) -> Assessment {
    let window = contract.window_at(minute(as_of).plus(-1));
    let month = month_contract().window_at(minute(as_of).plus(-1));
    let announced = Window::new(
        minute("2026-11-11T02:00:00Z"),
        minute("2026-11-11T05:00:00Z"),
    );
    let mut terms = Terms::of(window, minute(as_of));
    terms.fees = fees.map(|text| Money::parse(text, contract.currency).unwrap());
    terms.exclusions = vec![ExcludedSpan {
        window: announced.unwrap(),
        kind: "maintenance".to_owned(),
        reason: "announced".to_owned(),
        announced: None,
    }];
    let cells = cells(month, minute(as_of));
    sla::assess(contract, &terms, Facts::counted(&cells))
}

pub(crate) fn judged(contract: &Contract, as_of: &str, stage: Stage) -> Judged {
    Judged {
        stage,
        revision: 0,
        assessment: assess(contract, as_of, Some("12400.00")),
    }
}

const NOW: &str = "2026-11-22T13:40:00Z";

pub(crate) fn empty_overview(site: Site) -> Overview {
    Overview {
        site,
        contracts: Vec::new(),
        now: Vec::new(),
        listing: Listing::default(),
        matrix: Matrix::default(),
        violations: Vec::new(),
        claims: Vec::new(),
        notices: Vec::new(),
        fleet: Vec::new(),
        log: LogRow::default(),
        enrol_command:
            "nines-agent enroll --collector https://nines.acme.example --token-file token"
                .to_owned(),
    }
}

pub(crate) fn rich_overview(site: Site) -> Overview {
    let month = month_contract();
    let card = |contract: Contract| ContractCard {
        judged: Some(judged(&contract, NOW, Stage::Live)),
        contract,
    };
    let part = assess(&month, NOW, Some("12400.00")).commitments.remove(0);
    let mut taken_back = violation_row(&month, part.clone());
    taken_back.withdrawn_at = Some(millis("2026-11-16T08:00:00Z"));
    Overview {
        contracts: vec![
            card(month.clone()),
            card(gateway_contract()),
            card(day_contract()),
            ContractCard {
                contract: gateway_contract(),
                judged: None,
            },
        ],
        now: super::now::targets(site.now),
        matrix: matrix(site.now),
        violations: vec![violation_row(&month, part), taken_back],
        claims: Vec::new(),
        notices: Vec::new(),
        fleet: fleet(site.now),
        log: LogRow {
            size: 48_213,
            checkpoint: Some(Checkpoint {
                size: 48_210,
                root: "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=".to_owned(),
                at: site.now.plus_ms(-4_200),
                href: "/api/v1/log/checkpoint".to_owned(),
            }),
            trouble: None,
        },
        ..empty_overview(site)
    }
}

pub(crate) fn violation_row(contract: &Contract, part: CommitmentAssessment) -> ViolationRow {
    ViolationRow {
        name: format!("{}.{}.20261101", contract.id(), part.id),
        contract: contract.id().clone(),
        commitment: part.id.clone(),
        window: contract.window_at(minute(NOW)),
        detected_at: millis("2026-11-14T09:56:12Z"),
        withdrawn_at: None,
        conclusion: Some(part),
    }
}

const AGENTS: [(&str, &str, &str); 5] = [
    ("use1-a", "aws:us-east-1", "aws"),
    ("euc1-a", "aws:eu-central-1", "aws"),
    ("euw4-g", "gcp:europe-west4", "gcp"),
    ("apne1-a", "aws:ap-northeast-1", "aws"),
    ("fsn1-h", "hetzner:fsn1", "hetzner"),
];

/// Per agent: age in milliseconds, outcome, whose fault, and time to first token in microseconds
/// where there was any.
type Seen = (i64, Outcome, Attribution, u64);

const DOWN: (Outcome, Attribution) = (Outcome::ServerError, Attribution::Provider);
const FINE: (Outcome, Attribution) = (Outcome::Ok, Attribution::None);

const SEEN: [(&str, &str, [Seen; 5]); 3] = [
    (
        "acme-chat",
        "acme-large-2, streaming",
        [
            (3_000, DOWN.0, DOWN.1, 0),
            (9_000, DOWN.0, DOWN.1, 0),
            (14_000, DOWN.0, DOWN.1, 0),
            (21_000, Outcome::TtfbTimeout, Attribution::Unknown, 0),
            (26_000, FINE.0, FINE.1, 412_300),
        ],
    ),
    (
        "acme-embed",
        "embeddings",
        [
            (2_000, FINE.0, FINE.1, 88_000),
            (1_200, FINE.0, FINE.1, 91_000),
            (60_000, FINE.0, FINE.1, 93_100),
            (1_900_000, FINE.0, FINE.1, 120_000),
            (0, FINE.0, FINE.1, 0), // Never seen.
        ],
    ),
    (
        "demo-gateway",
        "auto, streaming",
        [
            (7_000, FINE.0, FINE.1, 700_000),
            (8_000, Outcome::RateLimited, Attribution::Ours, 0),
            (8_100, Outcome::Dns, Attribution::Network, 0),
            (4_000, FINE.0, FINE.1, 12_345_000),
            (4_000, FINE.0, FINE.1, 800_100),
        ],
    ),
];

fn matrix(now: UnixMillis) -> Matrix {
    let latest = |(ago_ms, outcome, attribution, ttft_us): Seen| Latest {
        at: now.plus_ms(-ago_ms),
        outcome,
        attribution,
        status: match outcome {
            Outcome::Ok => Some(200),
            Outcome::ServerError => Some(503),
            Outcome::RateLimited => Some(429),
            _ => None,
        },
        ttft_us: (ttft_us > 0).then_some(ttft_us),
        is_preview: ago_ms == 1_200,
    };
    let row = |(target, label, seen): (&str, &str, [Seen; 5])| MatrixRow {
        target: target.parse().unwrap(),
        label: label.to_owned(),
        latest: Vec::from(seen.map(|seen| (seen.0 > 0).then(|| latest(seen)))),
    };
    let agent = |(id, region, _): (&str, &str, &str)| MatrixAgent {
        id: id.parse().unwrap(),
        region: region.to_owned(),
    };
    Matrix {
        agents: AGENTS.into_iter().map(agent).collect(),
        rows: SEEN.into_iter().map(row).collect(),
    }
}

fn fleet(now: UnixMillis) -> Vec<AgentRow> {
    let row = |(index, (id, region, network)): (usize, &(&str, &str, &str))| AgentRow {
        id: id.parse().unwrap(),
        region: (*region).to_owned(),
        network: (*network).to_owned(),
        standing: if index == 3 {
            AgentStanding::Revoked
        } else {
            AgentStanding::Enrolled
        },
        newest: (index != 4).then(|| NewestBatch {
            seq: 9_641,
            received_at: now.plus_ms([-4_000, -61_000, -220_000, -7_200_000, 0][index]),
            observed_at: (index != 2).then(|| now.plus_ms(-9_000)),
        }),
        batches: if index == 4 { 0 } else { 9_642 },
        lines: if index == 4 { 0 } else { 1_204_399 },
        own: AgentOwn::default(),
    };
    AGENTS.iter().enumerate().map(row).collect()
}

pub(crate) fn contract_page(site: Site, contract: Contract) -> ContractPage {
    let part = assess(&contract, NOW, Some("12400.00"))
        .commitments
        .remove(0);
    let previous = PastWindow {
        judged: judged(&contract, "2026-11-01T00:00:00Z", Stage::Final),
        href: "/api/v1/contracts/acme-direct/assessments/2026-10-01".to_owned(),
    };
    ContractPage {
        targets: vec!["acme-chat".to_owned(), "acme-embed".to_owned()],
        fees: Some(Money::parse("12400", contract.currency).unwrap()),
        judged: Some(judged(&contract, NOW, Stage::Live)),
        past: vec![previous],
        violations: vec![violation_row(&contract, part)],
        ..empty_contract_page(site, contract)
    }
}

pub(crate) fn empty_contract_page(site: Site, contract: Contract) -> ContractPage {
    ContractPage {
        site,
        targets: vec!["acme-chat".to_owned()],
        fees: None,
        judged: None,
        past: Vec::new(),
        revisions: Vec::new(),
        violations: Vec::new(),
        published: Vec::new(),
        json_href: format!("/api/v1/contracts/{}", contract.id()),
        text_href: format!("/api/v1/contracts/{}/text", contract.id()),
        contract,
    }
}

pub(crate) fn violation_page(site: Site, contract: Contract) -> ViolationPage {
    let judged = judged(&contract, NOW, Stage::Live);
    let name = format!("{}.{}.20261101", contract.id(), contract.commitments[0].id);
    let seen = |outcome, status, count| OutcomeCount {
        outcome,
        status,
        count,
    };
    let sighting = |(index, (agent, region, network)): (usize, &(&str, &str, &str))| Sighting {
        agent: agent.parse().unwrap(),
        region: (*region).to_owned(),
        network: (*network).to_owned(),
        valid: if index == 4 { 0 } else { 276 },
        errors: if index == 4 { 0 } else { 230 },
        outcomes: if index == 4 {
            Vec::new()
        } else {
            let timeouts = seen(Outcome::TtfbTimeout, None, 4);
            vec![seen(Outcome::ServerError, Some(503), 226), timeouts]
        },
    };
    let sample = |n: i64| FailingSample {
        at: millis("2026-11-14T10:03:58.210Z").plus_ms(-12_000 * n),
        agent: AGENTS[usize::try_from(n % 4).unwrap()].0.parse().unwrap(),
        target: "acme-chat".parse().unwrap(),
        outcome: [Outcome::TtfbTimeout, Outcome::ServerError][usize::from(n % 5 != 1)],
        attribution: Attribution::Provider,
        status: (n % 5 != 1).then_some(503),
        request_id: (n % 5 != 1).then(|| format!("req_01K9ZQ{n:04}F7")),
    };
    ViolationPage {
        site,
        commitment: contract.commitments[0].id.to_string(),
        judged,
        detected_at: millis("2026-11-14T09:56:12Z"),
        withdrawn_at: None,
        revisions: Vec::new(),
        sightings: AGENTS.iter().enumerate().map(sighting).collect(),
        endpoints: vec!["https://api.acme.example/v1/chat/completions".to_owned()],
        samples: (0..12).map(sample).collect(),
        claim: None,
        published: Vec::new(),
        bundle_href: format!("/api/v1/violations/{name}/evidence"),
        json_href: format!("/api/v1/violations/{name}"),
        verify_command: format!("nines verify {name}.nines.zip"),
        name,
        contract,
    }
}
