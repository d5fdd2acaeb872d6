//! What registry and plans say about agents and targets: the circumstances of an assessment that
//! nobody chooses when it is made. A verifier finds the same in the records that a bundle holds.

use std::collections::BTreeMap;

use domain::{AgentId, Minute, Window};
use serde::de::DeserializeOwned;
use sla::{Place, Terms};
use sqlx::PgConnection;
use verify::layout::registry::{EnrolBody, RevokeBody, SupersedeBody, read_body};
use verify::plans::{InForce, in_force, scopes};
use wire::plan::Plan;

use crate::contracts::Loaded;
use crate::store::{self, StoreError, registry::Record};

/// Where agents stand, and every revision of the plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    places: Vec<Place>,
    /// In the order in which they take effect.
    plans: Vec<Plan>,
    /// Agents that the operator ended, by the records read.
    ended: BTreeMap<AgentId, Ended>,
}

/// An agent that delivers no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// The first batch that is not believed.
    pub(crate) from_batch: u64,
    /// Log index of its enrolment.
    pub(crate) enrolled: Option<u64>,
}

impl Known {
    /// As of now.
    pub(crate) async fn now(plans: &[Plan], conn: &mut PgConnection) -> Result<Self, StoreError> {
        Ok(Self {
            places: places(conn).await?,
            plans: plans.to_vec(),
            ended: BTreeMap::new(),
        })
    }

    /// By the records of the fleet's chain.
    pub(crate) fn recorded(records: &[Record]) -> Result<Self, StoreError> {
        let mut known = Self {
            plans: plans(records)?,
            ..Self::default()
        };
        let mut enrolled = BTreeMap::new();
        for record in records.iter().filter(|record| record.kind == "enrol") {
            let body: EnrolBody = read(record)?;
            enrolled.insert(body.agent.clone(), record.log_index);
            known.places.push(Place {
                agent: body.agent,
                region: body.region,
                network: body.network,
            });
        }
        for record in records {
            let (agent, from_batch) = match record.kind.as_str() {
                "revoke" => {
                    let body: RevokeBody = read(record)?;
                    (body.agent, body.from_batch)
                }
                "supersede" => {
                    let body: SupersedeBody = read(record)?;
                    (body.supersedes, body.from_batch)
                }
                _ => continue,
            };
            let enrolled = enrolled.get(&agent).copied().flatten();
            known.ended.entry(agent).or_insert(Ended {
                from_batch,
                enrolled,
            });
        }
        Ok(known)
    }

    /// How an agent ended, where the records say that it did.
    pub(crate) fn ended(&self, agent: &AgentId) -> Option<Ended> {
        self.ended.get(agent).copied()
    }

    /// The agents of every revision in force in the part of a window that has passed.
    pub(crate) fn agents(&self, window: Window, as_of: Minute) -> Vec<AgentId> {
        let mut agents: Vec<AgentId> = Vec::new();
        for part in self.in_force(window, as_of) {
            for agent in &part.plan.agents {
                if !agents.contains(&agent.id) {
                    agents.push(agent.id.clone());
                }
            }
        }
        agents
    }

    /// The circumstances of an assessment.
    pub(crate) fn terms(&self, loaded: &Loaded, window: Window, as_of: Minute) -> Terms {
        let as_of = as_of.min(window.end());
        let place = |agent| {
            self.places
                .iter()
                .find(|place| place.agent == agent)
                .cloned()
        };
        let mut terms = Terms::of(window, as_of);
        terms.fees = loaded.fees;
        terms.places = self
            .agents(window, as_of)
            .into_iter()
            .filter_map(place)
            .collect();
        terms.targets = scopes(&loaded.targets, &self.in_force(window, as_of));
        terms
    }

    /// The revisions in force in the part of a window that has passed.
    pub(crate) fn in_force(&self, window: Window, as_of: Minute) -> Vec<InForce<'_>> {
        let plans: Vec<&Plan> = self.plans.iter().collect();
        in_force(
            &plans,
            window.start().start(),
            as_of.min(window.end()).start(),
        )
    }
}

fn read<T: DeserializeOwned>(record: &Record) -> Result<T, StoreError> {
    read_body(&record.body).map_err(|e| StoreError::inconsistent("registry.body", e))
}

/// Where the enrolled agents stand.
pub(crate) async fn places(conn: &mut PgConnection) -> Result<Vec<Place>, StoreError> {
    let agents = store::agent::list(conn).await?.into_iter();
    let place = |agent: store::agent::Agent| Place {
        agent: agent.id,
        region: agent.region,
        network: agent.network,
    };
    Ok(agents.map(place).collect())
}

/// The revisions of the plan that a chain records.
pub(crate) fn plans(records: &[Record]) -> Result<Vec<Plan>, StoreError> {
    let records = records.iter().filter(|record| record.kind == "plan");
    records
        .map(|record| Plan::from_body(&record.body))
        .collect::<Result<_, _>>()
        .map_err(|e| StoreError::inconsistent("registry.body", e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(from_ms: i64, agent: &str) -> Plan {
        let text = format!(
            "revision = 1\neffective_from_ms = {from_ms}\n\
             [[agent]]\nid = \"{agent}\"\nregion = \"r\"\nnetwork = \"n\"\n\
             [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 1\n\
             request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
        );
        Plan::parse(&text).unwrap()
    }

    /// Agents that the plan dropped while the window ran were there, and those that it takes up
    /// later were not.
    #[test]
    fn agents_are_those_of_every_revision_in_force_in_what_has_passed() {
        const MINUTE_MS: i64 = 60_000;
        let known = Known {
            places: Vec::new(),
            ended: BTreeMap::new(),
            plans: vec![
                plan(0, "gone"),
                plan(10 * MINUTE_MS, "dropped"),
                plan(20 * MINUTE_MS, "here"),
                plan(50 * MINUTE_MS, "later"),
            ],
        };
        let window = Window::new(Minute::new(10), Minute::new(100)).unwrap();
        let agents = |as_of| {
            let agents = known.agents(window, Minute::new(as_of)).into_iter();
            agents.map(|agent| agent.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(agents(50), ["dropped", "here"]);
        assert_eq!(agents(500), ["dropped", "here", "later"]);
        assert!(agents(10).is_empty());
    }
}
