use evidence::note;
use sqlx::PgConnection;
use wire::plan::Plan;
use wire::protocol::{EnrolRequest, enrol_text};

use super::*;
use crate::lab::{Lab, origin, plan, utc};
use crate::{EnrolError, IngestError, Retention};

const START: &str = "2026-03-01T00:00:00Z";

fn id(name: &str) -> AgentId {
    name.parse().unwrap()
}

async fn revoke(lab: &Lab, reason: &str) -> Result<u64, RetireError> {
    let (origin, agent) = (origin(), id("a"));
    let revocation = Revocation {
        origin: &origin,
        state_dir: lab.state_dir(),
        agent: &agent,
        reason,
    };
    revoke_agent(&lab.url, &revocation, &lab.clock).await
}

#[tokio::test]
async fn a_running_collector_refuses_a_revoked_agent_at_once() {
    let start = utc(START);
    let mut lab = Lab::start("revoke", start).await;
    let hour = chrono::TimeDelta::hours(1);
    lab.measure((start, start + hour), |_| false).await;
    assert!(matches!(revoke(&lab, " ").await, Err(RetireError::Reason)));
    assert_eq!(revoke(&lab, "disk lost").await.unwrap(), 2);
    let late = lab.seal_quietly(start + hour);
    let refused = lab.collector.ingest(late).await.unwrap_err();
    assert!(matches!(refused, IngestError::Revoked { .. }));
    let bodies = lab.fleet_bodies("revoke").await;
    assert_eq!(bodies.len(), 1);
    let (from, reason) = (&bodies[0]["from_batch"], &bodies[0]["reason"]);
    assert_eq!((from, reason), (&2.into(), &"disk lost".into()));
    let again = revoke(&lab, "again").await.unwrap_err();
    assert!(matches!(again, RetireError::Revoked { .. }));
    let agents = list_agents(&lab.url).await.unwrap();
    assert!(agents[0].revoked);
    assert_eq!(agents[0].last.map(|(seq, _)| seq), Some(1));
    lab.stop().await;
}

#[tokio::test]
async fn a_revocation_needs_the_key_that_signed_the_registry() {
    let lab = Lab::start("revoke_key", utc(START)).await;
    let keys = lab.state_dir().join("keys/operator.key");
    let other = lab.state_dir().join("keys/export.key");
    std::fs::copy(other, &keys).unwrap();
    let refused = revoke(&lab, "lost").await.unwrap_err();
    assert!(matches!(refused, RetireError::Operator(_)), "{refused}");
    std::fs::remove_file(&keys).unwrap();
    let refused = revoke(&lab, "lost").await.unwrap_err();
    assert!(matches!(
        refused,
        RetireError::Keys(KeysError::Missing { .. })
    ));
    assert!(!keys.exists(), "no key is made");
    assert!(lab.fleet_bodies("revoke").await.is_empty());
    lab.stop().await;
}

/// The keys of an agent are counted while a batch is stored, so that none slips in behind a change.
#[tokio::test]
async fn a_batch_is_stored_under_the_keys_it_was_admitted_by() {
    let lab = Lab::start("revoke_race", utc(START)).await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let agents = store::agent::list(&mut conn).await.unwrap();
    let key = agents[0].key;
    let held = store::agent::hold_keys(&mut conn, &[key]).await.unwrap();
    assert_eq!(held.get(&key), Some(&1));
    let next = (5, "nines.example/lab/agents/a+00000000+x");
    store::agent::insert_key(&mut conn, key, next, 1)
        .await
        .unwrap();
    let held = store::agent::hold_keys(&mut conn, &[key]).await.unwrap();
    assert_eq!(held.get(&key), Some(&2));
    store::agent::revoke(&mut conn, key, utc(START))
        .await
        .unwrap();
    let held = store::agent::hold_keys(&mut conn, &[key]).await.unwrap();
    assert!(held.is_empty());
    lab.stop().await;
}

fn two_agents() -> Plan {
    let mut plan = plan();
    let mut second = plan.agents[0].clone();
    second.id = id("a2");
    plan.agents.push(second);
    plan
}

fn enrolment(agent: &str, token: &str) -> EnrolRequest {
    let key = SigningKey::from_seed(&origin().agent(&id(agent)), &[9; 32]).unwrap();
    let vkey = key.verifier_key().to_string();
    let text = enrol_text(&id(agent), &vkey, token);
    EnrolRequest {
        token: token.to_owned(),
        proof: note::sign(&text, &[&key]).unwrap().to_string(),
        agent: id(agent),
        vkey,
    }
}

#[tokio::test]
async fn a_successor_ends_the_agent_whose_place_it_takes() {
    let start = utc(START);
    let with = (Retention::default(), two_agents());
    let mut lab = Lab::start_planned("supersede", start, with).await;
    let hour = chrono::TimeDelta::hours(1);
    lab.measure((start, start + hour), |_| false).await;
    let (lost, successor) = (id("a"), id("a2"));
    let nobody = lab
        .collector
        .mint_successor_token(&successor, &id("x"))
        .await;
    assert!(matches!(nobody, Err(EnrolError::Predecessor { .. })));
    let token = lab.collector.mint_successor_token(&successor, &lost).await;
    let request = enrolment("a2", &token.unwrap());
    lab.collector.enrol(&request).await.unwrap();
    lab.collector.enrol(&request).await.unwrap();

    assert_eq!(lab.fleet_bodies("enrol").await.len(), 1);
    let bodies = lab.fleet_bodies("supersede").await;
    assert_eq!(bodies.len(), 1);
    let (from, by) = (&bodies[0]["from_batch"], &bodies[0]["agent"]);
    assert_eq!((from, by), (&2.into(), &"a2".into()));
    let late = lab.seal_quietly(start + hour);
    let refused = lab.collector.ingest(late).await.unwrap_err();
    assert!(matches!(refused, IngestError::Revoked { .. }));
    let agents = list_agents(&lab.url).await.unwrap();
    assert_eq!(agents[0].successor, Some(successor.clone()));
    let second = lab.collector.mint_successor_token(&successor, &lost).await;
    assert!(matches!(second, Err(EnrolError::Superseded { .. })));
    lab.stop().await;
}
