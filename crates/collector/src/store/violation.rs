//! Breached commitments, one row per window; nothing is ever deleted.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use sqlx::PgConnection;

use super::StoreError;

/// Digits of a hash that tell two results of one contract apart.
const HASH_DIGITS: usize = 8;

/// A breached commitment in one window.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) name: String,
    pub(crate) contract: String,
    pub(crate) contract_key: i32,
    pub(crate) commitment: String,
    pub(crate) window_start_at: DateTime<Utc>,
    pub(crate) detected_at: DateTime<Utc>,
    pub(crate) withdrawn_at: Option<DateTime<Utc>>,
}

/// Name of a violation: contract, result and first day of the window, one word that can stand in
/// an address and in the name of a file. A result about a region or a list of models may be
/// called in ways that cannot; its hash tells those apart.
pub(crate) fn name(contract: &str, result: &str, window_start_at: DateTime<Utc>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let day = window_start_at.format("%Y%m%d");
    if result.chars().all(is_plain) {
        return format!("{contract}.{result}.{day}");
    }
    let word: String = result
        .chars()
        .map(|c| if is_plain(c) { c } else { '-' })
        .collect();
    let hash = Hash::of(result.as_bytes()).to_hex();
    format!("{contract}.{word}-{}.{day}", &hash[..HASH_DIGITS])
}

/// Records a breach; true where it is new. A breach that had been withdrawn stands again.
pub(crate) async fn detect(
    conn: &mut PgConnection,
    violation: &Violation,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"INSERT INTO violation (name, contract_id, commitment, window_start_at, detected_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (contract_id, commitment, window_start_at)
           DO UPDATE SET withdrawn_at = NULL
           RETURNING (xmax = 0) AS "new!""#,
        violation.name,
        violation.contract_key,
        violation.commitment,
        violation.window_start_at,
        violation.detected_at,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("record a violation"))
}

/// Notes that a correction took a breach back.
pub(crate) async fn withdraw(
    conn: &mut PgConnection,
    contract: i32,
    commitment: &str,
    window_start_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE violation SET withdrawn_at = $4
         WHERE contract_id = $1 AND commitment = $2 AND window_start_at = $3
           AND withdrawn_at IS NULL",
        contract,
        commitment,
        window_start_at,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("withdraw a violation"))?;
    Ok(())
}

pub(crate) async fn list(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Violation>, StoreError> {
    sqlx::query_as!(
        Violation,
        "SELECT v.name, c.name AS contract, c.id AS contract_key, v.commitment,
                v.window_start_at, v.detected_at, v.withdrawn_at
         FROM violation v JOIN contract c ON c.id = v.contract_id
         ORDER BY v.detected_at DESC LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list violations"))
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Violation>, StoreError> {
    sqlx::query_as!(
        Violation,
        "SELECT v.name, c.name AS contract, c.id AS contract_key, v.commitment,
                v.window_start_at, v.detected_at, v.withdrawn_at
         FROM violation v JOIN contract c ON c.id = v.contract_id WHERE v.name = $1",
        name
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a violation"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_and_results_that_differ_have_names_that_differ() {
        let at = DateTime::UNIX_EPOCH;
        assert_eq!(name("lab", "uptime", at), "lab.uptime.19700101");
        let region = name("lab", "uptime@aws:us-east-1", at);
        assert!(region.starts_with("lab.uptime-aws-us-east-1-"), "{region}");
        assert!(
            region
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        );
        assert_ne!(region, name("lab", "uptime@aws/us-east-1", at));
    }
}
