//! Registry records that were lost with the database, put back with what follows from them.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::note::SignedNote;
use evidence::registry::{RegistryNote, registry_hash};
use sqlx::PgConnection;

use super::HealError;
use crate::fleet::{Change, ChangeError};
use crate::job::sequence::SequenceError;
use crate::keys::Keys;
use crate::store;
use crate::store::registry::Record;

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
    let change = Change::read(note.kind, &record).map_err(|e| place.refuse(&e))?;
    match change.apply(conn).await {
        Ok(_) => {}
        Err(ChangeError::Store(error)) => return Err(error.into()),
        Err(error @ ChangeError::UnknownAgent(_)) => return Err(place.refuse(&error).into()),
    }
    Ok((note.chain, note.entry))
}
