//! The C2SP policy that this installation's agents and log key amount to.
//!
//! An agent counts once however many keys it had, and so do an agent and those whose place it took:
//! their keys stand in a group of which any one is enough. An agent that was ended without successor
//! is named, so that its former cosignatures can be checked, but is not asked for. Outside witnesses
//! make a group of their own: one of them is needed beside the agents, who are the operator's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use evidence::note::VerifierKey;
use sqlx::PgConnection;

use crate::app::App;
use crate::outside::OutsideWitness;
use crate::store::{self, StoreError, agent::Agent};
use crate::witness::cosigner_key;

/// The group of outside witnesses. No agent's name holds a colon.
const OUTSIDE: &str = "any:outside";
/// The group of both.
const BOTH: &str = "both:agents-and-outside";

/// How many agents must vouch for a checkpoint: more than half.
pub(crate) fn quorum(agents: usize) -> usize {
    agents / 2 + 1
}

/// The policy as of now.
pub(crate) async fn policy_text(app: &App, conn: &mut PgConnection) -> Result<String, StoreError> {
    let agents = store::agent::list(conn).await?;
    let outside = &app.outside.witnesses;
    text(&app.keys.log.verifier_key(), &agents, outside)
}

fn text(
    log: &VerifierKey,
    agents: &[Agent],
    outside: &[OutsideWitness],
) -> Result<String, StoreError> {
    let mut text = format!("log {log}\n");
    let mut places = places(agents);
    let mut asked = Vec::new();
    for agent in agents.iter().filter(|agent| agent.successor.is_none()) {
        let keys = places.remove(&agent.key).unwrap_or_default();
        write_place(&mut text, agent, &keys)?;
        if !agent.revoked {
            asked.push(agent.id.as_str());
        }
    }
    if asked.is_empty() {
        // What nobody is left to vouch for was vouched for by those who were there.
        let last = agents.iter().filter(|agent| agent.successor.is_none());
        asked = last.map(|agent| agent.id.as_str()).collect();
    }
    let witnesses = write_outside(&mut text, outside);
    if asked.is_empty() {
        let quorum = if witnesses { OUTSIDE } else { "none" };
        return Ok(text + "quorum " + quorum + "\n");
    }
    let quorum = quorum(asked.len());
    let group = format!("group agents {quorum} {}\n", asked.join(" "));
    if !witnesses {
        return Ok(text + &group + "quorum agents\n");
    }
    let both = format!("group {BOTH} all agents {OUTSIDE}\nquorum {BOTH}\n");
    Ok(text + &group + &both)
}

/// The outside witnesses and their group; whether there are any.
fn write_outside(text: &mut String, outside: &[OutsideWitness]) -> bool {
    let written = "a string takes every write";
    let mut names = Vec::new();
    for witness in outside {
        let name = format!("outside:{}", witness.name);
        writeln!(text, "witness {name} {}", witness.vkey).expect(written);
        names.push(name);
    }
    if names.is_empty() {
        return false;
    }
    writeln!(text, "group {OUTSIDE} any {}", names.join(" ")).expect(written);
    true
}

/// Keys by the agent that holds the place now: its own, and those of its predecessors.
fn places(agents: &[Agent]) -> BTreeMap<i32, Vec<&VerifierKey>> {
    let by_key: BTreeMap<i32, &Agent> = agents.iter().map(|agent| (agent.key, agent)).collect();
    let mut places: BTreeMap<i32, Vec<&VerifierKey>> = BTreeMap::new();
    for agent in agents {
        let mut holder = agent;
        // A successor is enrolled after its predecessor, so that this ends; the bound is for rows
        // that no correct writer leaves behind.
        for _ in agents {
            match holder.successor.and_then(|key| by_key.get(&key)) {
                Some(successor) => holder = successor,
                None => break,
            }
        }
        let keys = places.entry(holder.key).or_default();
        keys.extend(agent.keys.iter().map(|(_, key)| key));
    }
    places
}

fn write_place(text: &mut String, agent: &Agent, keys: &[&VerifierKey]) -> Result<(), StoreError> {
    let id = &agent.id;
    let written = "a string takes every write";
    let mut names = Vec::new();
    for (nth, key) in (1..).zip(keys) {
        let key = cosigner_key(key).map_err(|e| StoreError::inconsistent("agent_key.vkey", e))?;
        // No agent's name holds a colon.
        let name = if keys.len() == 1 {
            id.to_string()
        } else {
            format!("{id}:{nth}")
        };
        writeln!(text, "witness {name} {key}").expect(written);
        names.push(name);
    }
    if names.len() > 1 {
        writeln!(text, "group {id} any {}", names.join(" ")).expect(written);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use evidence::checkpoint::Checkpoint;
    use evidence::note::{self, SigningKey};
    use evidence::policy::Policy;
    use evidence::tree;
    use wire::keys::AgentKeys;

    use super::*;

    fn key(id: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(&format!("nines.example/agents/{id}"), &[seed; 32]).unwrap()
    }

    fn agent(row: i32, id: &str, seeds: &[u8]) -> Agent {
        let mut keys = AgentKeys::new(key(id, seeds[0]).verifier_key());
        for seed in &seeds[1..] {
            keys.push(5, key(id, *seed).verifier_key());
        }
        Agent {
            key: row,
            id: id.parse().unwrap(),
            keys,
            region: "r".into(),
            network: "n".into(),
            revoked: false,
            successor: None,
        }
    }

    fn log() -> SigningKey {
        SigningKey::from_seed("nines.example/log", &[9; 32]).unwrap()
    }

    /// Whether the policy of these agents is met by these cosigners.
    fn is_met(agents: &[Agent], by: &[&SigningKey]) -> bool {
        let text = text(&log().verifier_key(), agents, &[]).unwrap();
        let policy = Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let checkpoint = Checkpoint {
            origin: "nines.example/log".into(),
            size: 0,
            root: tree::root(&[]),
        };
        let mut note = checkpoint.sign(&log()).unwrap();
        for key in by {
            note.push(note::cosign(&checkpoint.text(), 7, key).unwrap())
                .unwrap();
        }
        policy.quorum_met(&note).is_ok()
    }

    #[test]
    fn an_agent_counts_once_with_any_of_its_keys() {
        let agents = [agent(1, "a", &[1, 2]), agent(2, "b", &[3])];
        let (a1, a2, b) = (key("a", 1), key("a", 2), key("b", 3));
        assert!(is_met(&agents, &[&a1, &b]));
        assert!(is_met(&agents, &[&a2, &b]));
        assert!(!is_met(&agents, &[&a1, &a2]));
    }

    #[test]
    fn a_successor_and_its_predecessor_hold_one_place() {
        let mut agents = [
            agent(1, "a", &[1]),
            agent(2, "a2", &[2]),
            agent(3, "b", &[3]),
        ];
        agents[0].revoked = true;
        agents[0].successor = Some(2);
        let (a, a2, b) = (key("a", 1), key("a2", 2), key("b", 3));
        assert!(is_met(&agents, &[&a2, &b]));
        assert!(is_met(&agents, &[&a, &b]));
        assert!(!is_met(&agents, &[&a, &a2]));
    }

    #[test]
    fn a_revoked_agent_is_not_asked_for() {
        let mut agents = [agent(1, "a", &[1]), agent(2, "b", &[2])];
        agents[0].revoked = true;
        let (a, b) = (key("a", 1), key("b", 2));
        assert!(is_met(&agents, &[&b]));
        assert!(!is_met(&agents, &[&a]));
        agents[1].revoked = true;
        assert!(is_met(&agents, &[&a, &b]));
    }
}
