//! Registry records that were lost with the database, put back with what follows from them.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use domain::AgentId;
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::registry::{RegistryNote, RegistryType, registry_hash};
use sqlx::PgConnection;
use verify::layout::registry::{EnrolBody, RevokeBody, RotateBody, SupersedeBody, read_body};

use super::HealError;
use crate::job::sequence::SequenceError;
use crate::keys::Keys;
use crate::store::agent::{Agent, NewAgent};
use crate::store::registry::Record;
use crate::store::{self, StoreError};

/// A record as the journal has it.
pub(super) struct Lost {
    pub(super) idx: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) note: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// Where a record stands, for saying what is wrong with it.
struct Place {
    idx: u64,
    chain: String,
    entry: u64,
}

impl Place {
    fn refuse(&self, what: &dyn Display) -> HealError {
        HealError::Record {
            idx: self.idx,
            chain: self.chain.clone(),
            entry: self.entry,
            what: what.to_string(),
        }
    }
}

/// Stores a record, unless it is here, and queues it for its place; gives chain and number.
pub(super) async fn put_back(
    conn: &mut PgConnection,
    lost: Lost,
    keys: &Keys,
) -> Result<(String, u64), SequenceError> {
    let unread = Place {
        idx: lost.idx,
        chain: "?".to_owned(),
        entry: 0,
    };
    let signed = SignedNote::parse(&lost.note).map_err(|e| unread.refuse(&e))?;
    let operator = keys.operator.verifier_key();
    signed.verify(&operator).map_err(|e| unread.refuse(&e))?;
    let note = RegistryNote::parse(signed.text()).map_err(|e| unread.refuse(&e))?;
    let place = Place {
        idx: lost.idx,
        chain: note.chain.clone(),
        entry: note.entry,
    };
    store::registry::lock(conn, &note.chain).await?;
    let known = store::registry::list(conn, &note.chain).await?;
    if let Some(found) = known.iter().find(|record| record.entry == note.entry) {
        return if found.note == lost.note {
            Ok((note.chain, note.entry)) // It waited for the log when the copy was made.
        } else {
            let what = "another record was made in its place, after the database was restored";
            Err(place.refuse(&what).into())
        };
    }
    let next = known.last().map_or(0, |record| record.entry + 1);
    let prev = known.last().map_or(Hash::ZERO, |record| record.hash);
    if (note.entry, note.prev) != (next, prev) || note.body != Hash::of(&lost.body) {
        return Err(place.refuse(&"it does not follow").into());
    }
    let record = Record {
        entry: note.entry,
        kind: note.kind.to_string(),
        at: lost.at,
        hash: registry_hash(signed.text()),
        body: lost.body,
        note: lost.note,
        log_index: None,
    };
    store::registry::insert(conn, &note.chain, &record).await?;
    follow(conn, &place, (note.kind, &record)).await?;
    Ok((note.chain, note.entry))
}

/// Lets a record have its effect on the agents.
async fn follow(
    conn: &mut PgConnection,
    place: &Place,
    (kind, record): (RegistryType, &Record),
) -> Result<(), SequenceError> {
    match kind {
        RegistryType::Enrol => {
            let body: EnrolBody = read_body(&record.body).map_err(|e| place.refuse(&e))?;
            let new = NewAgent {
                id: &body.agent,
                vkey: &body.vkey,
                region: &body.region,
                network: &body.network,
                enrolled_at: record.at,
            };
            store::agent::insert(conn, &new).await?;
        }
        RegistryType::Rotate => {
            let body: RotateBody = read_body(&record.body).map_err(|e| place.refuse(&e))?;
            let agent = find(conn, place, &body.agent).await?;
            let new = (body.from_batch, body.new_vkey.as_str());
            store::agent::insert_key(conn, agent.key, new, record.entry).await?;
        }
        RegistryType::Revoke => {
            let body: RevokeBody = read_body(&record.body).map_err(|e| place.refuse(&e))?;
            let agent = find(conn, place, &body.agent).await?;
            store::agent::revoke(conn, agent.key, record.at).await?;
        }
        RegistryType::Supersede => {
            let body: SupersedeBody = read_body(&record.body).map_err(|e| place.refuse(&e))?;
            let lost = find(conn, place, &body.supersedes).await?;
            let successor = find(conn, place, &body.agent).await?;
            store::agent::revoke(conn, lost.key, record.at).await?;
            store::agent::set_successor(conn, lost.key, successor.key).await?;
        }
        _ => {} // Plans and contracts are read from the registry itself.
    }
    Ok(())
}

async fn find(
    conn: &mut PgConnection,
    place: &Place,
    agent: &AgentId,
) -> Result<Agent, SequenceError> {
    let found: Result<Option<Agent>, StoreError> = store::agent::find(conn, agent).await;
    let found = found?;
    Ok(found.ok_or_else(|| place.refuse(&format!("agent `{agent}` is not enrolled")))?)
}
