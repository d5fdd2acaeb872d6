//! Other agents of a lab: whoever's turn it is signs its batches.

use chrono::{DateTime, Utc};
use domain::{AgentId, UnixMillis};
use evidence::hash::Hash;
use evidence::note::SigningKey;
use sqlx::{Connection as _, PgConnection};

use super::own::Controls;
use super::{Lab, origin};
use crate::store;
use crate::store::agent::NewAgent;

/// An agent while it is not its turn.
pub(crate) struct Voice {
    agent: AgentId,
    key: SigningKey,
    seq: u64,
    prev: Hash,
    next_i: u64,
    controls: Controls,
}

impl Lab {
    /// Enrols an agent in a network of a region.
    pub(crate) async fn enrol(&self, name: &str, (region, network): (&str, &str)) -> Voice {
        let agent: AgentId = name.parse().unwrap();
        let seed = [name.as_bytes()[0]; 32];
        let key = SigningKey::from_seed(&origin().agent(&agent), &seed).unwrap();
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let new = NewAgent {
            id: &agent,
            vkey: &key.verifier_key().to_string(),
            region,
            network,
            enrolled_at: domain::Clock::now(&self.clock).to_utc(),
        };
        store::agent::insert(&mut conn, &new).await.unwrap();
        Voice {
            agent,
            key,
            seq: 0,
            prev: Hash::from_bytes([0; 32]),
            next_i: 0,
            controls: Controls::default(),
        }
    }

    /// Makes it another agent's turn; the one whose turn it was waits in its place.
    pub(crate) fn take_turns(&mut self, other: &mut Voice) {
        std::mem::swap(&mut self.agent, &mut other.agent);
        std::mem::swap(&mut self.key, &mut other.key);
        std::mem::swap(&mut self.seq, &mut other.seq);
        std::mem::swap(&mut self.prev, &mut other.prev);
        std::mem::swap(&mut self.next_i, &mut other.next_i);
        std::mem::swap(&mut self.controls, &mut other.controls);
    }

    /// What the next batch that ends after them says of the agent's controls in `[from, to)`: how
    /// many were asked, and how many answered.
    pub(crate) fn say_of_controls(
        &mut self,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        answered: (u16, u16),
    ) {
        let (from, to) = (
            UnixMillis::from(from).minute(),
            UnixMillis::from(to).minute(),
        );
        let minutes = (0..to.get() - from.get()).map(|offset| (from.plus(offset), answered));
        self.controls.told.extend(minutes);
    }
}
