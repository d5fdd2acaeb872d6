//! Batches of several agents against a collector on a real database, in simulated time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Detail, Sample, UnixMicros};
use evidence::batch_note::Seen as SeenLog;
use evidence::hash::Hash;
use evidence::note::VerifierKey;
use evidence::tree;
use sqlx::Connection as _;
use verify::layout::registry::{SoftwareBody, read_body};
use wire::batch::{self, Draft, StreamLines};
use wire::line::encode_sample;
use wire::order::CONFIRM_ATTEMPT_FIRST;

use super::*;
use crate::lab::{Lab, TARGET, origin, utc};
use crate::store::agent::NewAgent;

/// A slot of the first agent.
const NOON: &str = "2026-03-01T12:00:00Z";
const ORDERS: &str = "SELECT count(*) FROM confirm_order";

/// An agent that seals what a test tells it.
struct Sender {
    agent: AgentId,
    key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: u64,
}

/// Several agents around one collector.
struct Fleet {
    lab: Lab,
    agents: Vec<Sender>,
}

impl Fleet {
    /// Agents `b`, `c`, `d` .. that have each met success a minute before noon, which it is now.
    async fn start(name: &str, agents: u8) -> Self {
        let lab = Lab::start(name, utc(NOON)).await;
        let mut fleet = Self {
            lab,
            agents: Vec::new(),
        };
        for nth in 0..agents {
            let agent: AgentId = char::from(b'b' + nth).to_string().parse().unwrap();
            let key = SigningKey::from_seed(&origin().agent(&agent), &[20 + nth; 32]).unwrap();
            let new = NewAgent {
                id: &agent,
                vkey: &key.verifier_key().to_string(),
                region: agent.as_str(),
                network: agent.as_str(),
                enrolled_at: utc(NOON),
            };
            let mut conn = fleet.conn().await;
            crate::store::agent::insert(&mut conn, &new).await.unwrap();
            fleet.agents.push(Sender {
                agent,
                key,
                seq: 0,
                prev: Hash::ZERO,
                next_i: 0,
            });
            let good = good(slot_of(usize::from(nth), -60));
            fleet.send(usize::from(nth), vec![good]).await;
        }
        fleet
    }

    async fn conn(&self) -> PgConnection {
        PgConnection::connect(&self.lab.url).await.unwrap()
    }

    fn set_clock(&self, after_ms: i64) {
        let now = utc(NOON) + TimeDelta::milliseconds(after_ms);
        self.lab.clock.set(now.into());
    }

    fn seal(&mut self, nth: usize, mut samples: Vec<Sample>) -> Vec<u8> {
        let sender = &mut self.agents[nth];
        let first_i = sender.next_i;
        for sample in &mut samples {
            sample.i = sender.next_i;
            sender.next_i += 1;
        }
        let wall: Vec<i64> = samples.iter().map(|sample| sample.wall_us.get()).collect();
        let encode = |sample| encode_sample(sample, &Detail::default()).unwrap();
        let sealed = batch::seal(
            &Draft {
                origin: &origin(),
                agent: &sender.agent,
                seq: sender.seq,
                prev: sender.prev,
                boot: 1,
                wall_us: (wall[0], wall[wall.len() - 1]),
                mono_us: (1_000, 1_000),
                seen: SeenLog {
                    origin: origin().log(),
                    size: 0,
                    root: tree::root(&[]),
                },
                streams: &[StreamLines {
                    id: TARGET.parse().unwrap(),
                    first_i,
                    lines: samples.into_iter().map(encode).collect(),
                }],
            },
            &sender.key,
        )
        .unwrap();
        sender.seq += 1;
        sender.prev = sealed.hash;
        sealed.body
    }

    async fn send(&mut self, nth: usize, samples: Vec<Sample>) {
        let body = self.seal(nth, samples);
        self.lab.collector.ingest(body).await.unwrap();
    }

    async fn orders(&self) -> i64 {
        self.lab.number(ORDERS).await
    }

    async fn open(&self, nth: usize) -> Vec<String> {
        let agent = &self.agents[nth].agent;
        self.lab.collector.open_orders(agent).await.unwrap()
    }

    /// The key that agents pin: the one that the registry names.
    async fn operator(&self) -> VerifierKey {
        let mut conn = self.conn().await;
        let chain = origin().fleet_chain();
        let records = crate::store::registry::list(&mut conn, &chain)
            .await
            .unwrap();
        let software: SoftwareBody = read_body(&records[0].body).unwrap();
        software.operator_vkey.parse().unwrap()
    }
}

/// The slot of an agent, so many seconds after noon and two for each agent before it.
fn slot_of(nth: usize, after_s: i64) -> DateTime<Utc> {
    utc(NOON) + TimeDelta::seconds(after_s + 2 * i64::try_from(nth).unwrap())
}

fn good(slot: DateTime<Utc>) -> Sample {
    let slot: UnixMillis = slot.into();
    Sample {
        asked_model: None,
        asked_tier: None,
        attempt: 1,
        attribution: Attribution::None,
        cred: None,
        deadline_ms: 30_000,
        detail: None,
        end_us: 40_000,
        features: Vec::new(),
        first_us: None,
        i: 0,
        input_tokens: None,
        kind: Kind::Planned,
        last_us: None,
        mono_us: 1_000,
        outcome: Outcome::Ok,
        output_tokens: None,
        plan: 1,
        sent_us: Some(1_000),
        served_model: None,
        served_tier: None,
        slot_ms: slot,
        source: Source::Probe,
        status: Some(200),
        stream: false,
        v: 1,
        wall_us: UnixMicros::new(slot.get() * 1_000 + 7),
    }
}

fn failed(slot: DateTime<Utc>) -> Sample {
    Sample {
        attribution: Attribution::Provider,
        outcome: Outcome::ServerError,
        status: Some(503),
        ..good(slot)
    }
}

#[tokio::test]
async fn the_first_failure_makes_one_order_for_all_other_agents_at_once() {
    let mut fleet = Fleet::start("confirm_first", 3).await;
    fleet.set_clock(1_500);
    let slot = slot_of(0, 0);
    fleet.send(0, vec![failed(slot)]).await;
    assert!(fleet.open(0).await.is_empty(), "it saw that itself");
    let open = fleet.open(1).await;
    assert_eq!((open.len(), &open), (1, &fleet.open(2).await));
    let order = ConfirmOrder::verify(&open[0], &fleet.operator().await).unwrap();
    let issued = UnixMillis::from(utc(NOON)).plus_ms(1_500);
    assert_eq!(
        order,
        ConfirmOrder {
            number: order.number,
            target: TARGET.parse().unwrap(),
            seen_by: "b".parse().unwrap(),
            slot: slot.into(),
            issued,
            expires: issued.plus_ms(ORDER_LIFE_MS_MAX),
        }
    );
    for nth in 1..3 {
        let slot = slot_of(nth, 0);
        fleet.send(nth, vec![failed(slot)]).await;
    }
    assert_eq!(fleet.orders().await, 1);
    fleet.lab.stop().await;
}

#[tokio::test]
async fn failures_that_come_together_make_one_order() {
    let mut fleet = Fleet::start("confirm_together", 4).await;
    let bodies: Vec<Vec<u8>> = (0..4)
        .map(|nth| {
            let slot = slot_of(nth, 0);
            fleet.seal(nth, vec![failed(slot)])
        })
        .collect();
    let mut bodies = bodies
        .into_iter()
        .map(|body| fleet.lab.collector.ingest(body));
    let (a, b) = (bodies.next().unwrap(), bodies.next().unwrap());
    let (c, d) = (bodies.next().unwrap(), bodies.next().unwrap());
    let receipts = tokio::join!(a, b, c, d);
    assert!(receipts.0.is_ok() && receipts.1.is_ok() && receipts.2.is_ok() && receipts.3.is_ok());
    assert_eq!(fleet.orders().await, 1);
    fleet.lab.stop().await;
}

#[tokio::test]
async fn what_cannot_be_confirmed_makes_no_order() {
    let mut fleet = Fleet::start("confirm_none", 1).await;
    let slot = slot_of(0, 0);
    let ours = Sample {
        attribution: Attribution::Ours,
        ..failed(slot)
    };
    let by_order = |kind, attempt, after_s| Sample {
        kind,
        attempt,
        ..failed(slot + TimeDelta::seconds(after_s))
    };
    let broken = Sample {
        attribution: Attribution::Agent,
        outcome: Outcome::ProbeFault,
        ..failed(slot + TimeDelta::seconds(60))
    };
    fleet.set_clock(61_000);
    fleet.send(0, vec![ours, by_order(Kind::Burst, 2, 0)]).await;
    fleet.send(0, vec![broken]).await;
    let good_again = good(slot + TimeDelta::seconds(70));
    let manual = by_order(Kind::Confirm, CONFIRM_ATTEMPT_FIRST, 75);
    fleet.send(0, vec![good_again, manual]).await;
    assert_eq!(fleet.orders().await, 0);
    fleet.lab.stop().await;
}

#[tokio::test]
async fn an_old_failure_makes_no_order() {
    let mut fleet = Fleet::start("confirm_old", 2).await;
    let (first, second) = (slot_of(0, 0), slot_of(1, 0));
    fleet.set_clock(FRESH_MS_MAX + 1);
    fleet.send(0, vec![failed(first)]).await;
    assert_eq!(fleet.orders().await, 0);
    // Of agent `c`, two seconds later, it is fresh.
    fleet.send(1, vec![failed(second)]).await;
    assert_eq!(fleet.orders().await, 1);
    fleet.lab.stop().await;
}

#[tokio::test]
async fn a_failure_that_goes_on_is_no_news() {
    let mut fleet = Fleet::start("confirm_on", 1).await;
    let fail = |after_s| failed(slot_of(0, after_s));
    let mut sent = 0;
    for (after_s, orders) in [(0, 1), (60, 1), (120, 1)] {
        fleet.set_clock(after_s * 1_000 + 1_000);
        fleet.send(0, vec![fail(after_s)]).await;
        sent += 1;
        assert_eq!(fleet.orders().await, orders, "sample {sent}");
    }
    // It recovers within the batch, and fails again.
    fleet.set_clock(241_000);
    let batch = vec![good(slot_of(0, 180)), fail(240)];
    fleet.send(0, batch).await;
    assert_eq!(fleet.orders().await, 2);
    fleet.lab.stop().await;
}

#[tokio::test]
async fn while_an_order_is_open_there_is_no_other_for_its_target() {
    let mut fleet = Fleet::start("confirm_open", 2).await;
    let slot = slot_of(0, 0);
    fleet.send(0, vec![failed(slot)]).await;
    let flapping = vec![good(slot_of(1, 10)), failed(slot_of(1, 20))];
    fleet.set_clock(ORDER_LIFE_MS_MAX - 1);
    fleet.send(1, flapping).await;
    assert_eq!((fleet.orders().await, fleet.open(1).await.len()), (1, 1));
    fleet.set_clock(ORDER_LIFE_MS_MAX);
    assert!(fleet.open(1).await.is_empty());
    let flapping = vec![good(slot_of(1, 24)), failed(slot_of(1, 26))];
    fleet.send(1, flapping).await;
    assert_eq!((fleet.orders().await, fleet.open(0).await.len()), (2, 1));
    fleet.lab.stop().await;
}

#[tokio::test]
async fn two_collectors_at_the_same_moment_make_one_order() {
    let fleet = Fleet::start("confirm_two", 1).await;
    let order = |number| NewOrder {
        number,
        target: 1,
        seen_by: 1,
        slot_at: utc(NOON),
        issued_at: utc(NOON) + TimeDelta::seconds(i64::try_from(number).unwrap()),
        expires_at: utc(NOON) + TimeDelta::seconds(30),
        note: String::new(),
    };
    let mut conn = fleet.conn().await;
    let mut first = conn.begin().await.unwrap();
    let kept = confirm::insert(&mut first, &[order(1)]).await.unwrap();
    assert_eq!(kept, [1]);
    let mut second = fleet.conn().await;
    let waiting = tokio::spawn(async move { confirm::insert(&mut second, &[order(2)]).await });
    first.commit().await.unwrap();
    assert!(waiting.await.unwrap().unwrap().is_empty());
    let other = NewOrder {
        target: 2,
        ..order(3)
    };
    let kept = confirm::insert(&mut conn, &[order(4), other]).await;
    assert_eq!(kept.unwrap(), [3], "other targets have orders of their own");
    fleet.lab.stop().await;
}

/// The way of one failure at the latest moments that seal and poll allow: sealed and sent within
/// two seconds, polled within two, attempted at once, sealed and sent within two.
#[tokio::test]
async fn all_agents_have_confirmed_within_ten_seconds_of_the_first_failure() {
    let mut fleet = Fleet::start("confirm_ten", 5).await;
    let began = slot_of(0, 0);
    fleet.set_clock(2_000);
    fleet.send(0, vec![failed(began)]).await;
    fleet.set_clock(4_000);
    let operator = fleet.operator().await;
    for nth in 1..5 {
        let open = fleet.open(nth).await;
        let order = ConfirmOrder::verify(&open[0], &operator).unwrap();
        let issued = order.issued.to_micros().to_utc();
        let confirmed = Sample {
            attempt: CONFIRM_ATTEMPT_FIRST,
            kind: Kind::Confirm,
            wall_us: UnixMicros::from(began + TimeDelta::seconds(4)),
            ..failed(issued)
        };
        // A planned slot may lie at the very moment of the order.
        fleet.set_clock(6_000);
        fleet.send(nth, vec![good(issued), confirmed]).await;
        fleet.set_clock(4_000);
    }
    let failing = "SELECT count(DISTINCT agent_id) FROM sample_whole WHERE outcome <> 'ok'
        AND started_at < '2026-03-01T12:00:10Z'";
    assert_eq!(fleet.lab.number(failing).await, 5);
    let conflicts = "SELECT count(*) FROM sample_conflict";
    assert_eq!(fleet.lab.number(conflicts).await, 0);
    assert_eq!(fleet.orders().await, 1);
    fleet.lab.stop().await;
}
