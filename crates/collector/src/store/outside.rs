//! Cosignatures of witnesses that are no agents.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evidence::note::VerifierKey;
use sqlx::PgConnection;

use super::{StoreError, to_i64, to_u64};

/// Checkpoints among which one is chosen, the newest: most of a day of one a minute.
const CANDIDATES_MAX: i64 = 1_000;

/// Stores a verified cosignature; of one key over one size, the first.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    (size, vkey): (u64, &VerifierKey),
    signed_at: DateTime<Utc>,
    line: &str,
) -> Result<(), StoreError> {
    let key_id = vkey.id();
    sqlx::query!(
        "INSERT INTO outside_cosignature (size, witness, key_id, signed_at, line)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        to_i64("log size", size)?,
        vkey.name(),
        &key_id.as_bytes()[..],
        signed_at,
        line,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a cosignature from outside"))?;
    Ok(())
}

/// The largest checkpoint that a witness cosigned.
#[derive(Debug)]
pub(crate) struct Latest {
    pub(crate) size: u64,
    pub(crate) signed_at: DateTime<Utc>,
}

pub(crate) async fn latest(
    conn: &mut PgConnection,
    vkey: &VerifierKey,
) -> Result<Option<Latest>, StoreError> {
    let key_id = vkey.id();
    let row = sqlx::query!(
        "SELECT size, signed_at FROM outside_cosignature WHERE witness = $1 AND key_id = $2
         ORDER BY size DESC LIMIT 1",
        vkey.name(),
        &key_id.as_bytes()[..],
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a witness's last cosignature"))?;
    row.map(|row| {
        Ok(Latest {
            size: to_u64("outside_cosignature.size", row.size)?,
            signed_at: row.signed_at,
        })
    })
    .transpose()
}

/// All lines by the size of their checkpoint, the first received first.
pub(crate) async fn lines(
    conn: &mut PgConnection,
) -> Result<BTreeMap<u64, Vec<String>>, StoreError> {
    let rows = sqlx::query!("SELECT size, line FROM outside_cosignature ORDER BY id")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list cosignatures from outside"))?;
    let mut lines: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for row in rows {
        let size = to_u64("outside_cosignature.size", row.size)?;
        lines.entry(size).or_default().push(row.line);
    }
    Ok(lines)
}

/// A checkpoint as it may be submitted.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) size: u64,
    pub(crate) note: String,
}

/// The checkpoint to submit: of those not below `size_min`, the newest that at least `cosigners`
/// agents vouch for, or else the newest of all. One that agents and witnesses share can be the end
/// of a bundle.
pub(crate) async fn candidate(
    conn: &mut PgConnection,
    size_min: u64,
    cosigners: usize,
) -> Result<Option<Candidate>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT size, note
           FROM (SELECT size, note FROM checkpoint WHERE size >= $1 ORDER BY size DESC LIMIT $3) p
           ORDER BY (SELECT count(*) FROM cosignature c WHERE c.size = p.size) >= $2 DESC, size DESC
           LIMIT 1"#,
        to_i64("log size", size_min)?,
        i64::try_from(cosigners).unwrap_or(i64::MAX),
        CANDIDATES_MAX,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("choose a checkpoint to submit"))?;
    row.map(|row| {
        Ok(Candidate {
            size: to_u64("checkpoint.size", row.size)?,
            note: row.note,
        })
    })
    .transpose()
}

/// The newest checkpoint that anyone cosigned, or else the newest, with all cosignatures: those of
/// agents first.
#[derive(Debug)]
pub(crate) struct Witnessed {
    pub(crate) size: u64,
    pub(crate) note: String,
    pub(crate) lines: Vec<String>,
}

pub(crate) async fn newest_witnessed(
    conn: &mut PgConnection,
) -> Result<Option<Witnessed>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT p.size, p.note,
                  ARRAY(SELECT line FROM cosignature c WHERE c.size = p.size ORDER BY id)
                  || ARRAY(SELECT line FROM outside_cosignature c WHERE c.size = p.size ORDER BY id)
                  AS "lines!"
           FROM checkpoint p
           WHERE p.size = COALESCE(
               GREATEST((SELECT max(size) FROM cosignature),
                        (SELECT max(size) FROM outside_cosignature)),
               (SELECT max(size) FROM checkpoint))"#
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the newest witnessed checkpoint"))?;
    row.map(|row| {
        Ok(Witnessed {
            size: to_u64("checkpoint.size", row.size)?,
            note: row.note,
            lines: row.lines,
        })
    })
    .transpose()
}
