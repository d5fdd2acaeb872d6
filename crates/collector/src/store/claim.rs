//! Claims, their revisions and their history.

pub(crate) mod alarm;
pub(crate) mod cited;
mod moves;
pub(crate) mod notice;

use chrono::{DateTime, Utc};
use sla::{Assessment, Currency, Money};
use sqlx::PgConnection;

use super::StoreError;
use crate::claim::Claim;

pub(crate) use moves::{advance, expire, history, lock, note};

/// A final assessment that was not looked at for something to claim.
#[derive(Clone, Debug)]
pub(crate) struct Unseen {
    pub(crate) contract: i32,
    pub(crate) window_start_at: DateTime<Utc>,
    pub(crate) window_end_at: DateTime<Utc>,
    pub(crate) revision: i32,
    pub(crate) body: String,
}

/// A claim to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) contract: &'a str,
    pub(crate) period: &'a str,
    pub(crate) terms: &'a str,
}

/// What a claim asks by one assessment.
#[derive(Clone, Debug)]
pub(crate) struct Revised {
    pub(crate) revision: i32,
    pub(crate) asked: Option<Money>,
    pub(crate) currency: Currency,
    pub(crate) due_safe_at: Option<DateTime<Utc>>,
    pub(crate) due_literal_at: Option<DateTime<Utc>>,
    pub(crate) changes: Vec<String>,
    /// The assessment, where it is not final and goes on changing.
    pub(crate) early: Option<String>,
}

/// The assessment that a claim's newest revision follows from.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) assessment: Assessment,
    /// Whether it was not final.
    pub(crate) is_early: bool,
}

/// What happened, and what was paid by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happened<'a> {
    pub(crate) actor: &'a str,
    pub(crate) what: &'a str,
    pub(crate) detail: &'a str,
    pub(crate) paid: Option<Money>,
}

struct Row {
    name: String,
    contract: String,
    period: String,
    window_start_at: DateTime<Utc>,
    window_end_at: DateTime<Utc>,
    state: String,
    reference: Option<String>,
    reason: Option<String>,
    drafted_at: DateTime<Utc>,
    filed_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    revision: i32,
    replaces: Option<i32>,
    assessment_revision: i32,
    asked_minor: Option<i64>,
    currency: String,
    due_safe_at: Option<DateTime<Utc>>,
    due_literal_at: Option<DateTime<Utc>>,
    changes: String,
    early: bool,
    reminded_at: Option<DateTime<Utc>>,
    paid_minor: i64,
    violations: Vec<String>,
}

impl TryFrom<Row> for Claim {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let currency: Currency = row
            .currency
            .parse()
            .map_err(|e| StoreError::inconsistent("claim_revision.currency", e))?;
        let money = |minor: i64| {
            let minor = super::to_u64("claim.minor", minor)?;
            Money::from_minor(minor, currency)
                .map_err(|e| StoreError::inconsistent("claim.minor", e))
        };
        let state = row.state.parse();
        Ok(Self {
            state: state.map_err(|e| StoreError::inconsistent("claim.state", e))?,
            asked: row.asked_minor.map(money).transpose()?,
            paid: money(row.paid_minor)?,
            changes: row.changes.lines().map(str::to_owned).collect(),
            early: row.early,
            reminded_at: row.reminded_at,
            name: row.name,
            contract: row.contract,
            period: row.period,
            window_start_at: row.window_start_at,
            window_end_at: row.window_end_at,
            revision: row.revision,
            replaces: row.replaces,
            assessment_revision: row.assessment_revision,
            due_safe_at: row.due_safe_at,
            due_literal_at: row.due_literal_at,
            reference: row.reference,
            reason: row.reason,
            drafted_at: row.drafted_at,
            filed_at: row.filed_at,
            settled_at: row.settled_at,
            violations: row.violations,
        })
    }
}

/// A final assessment, newest of its window, that nobody has looked at and that has a violation or
/// a claim. Its contract is held until the transaction ends.
pub(crate) async fn unseen(
    conn: &mut PgConnection,
    contracts: &[i32],
) -> Result<Option<Unseen>, StoreError> {
    sqlx::query_as!(
        Unseen,
        "SELECT a.contract_id AS contract, a.window_start_at, a.window_end_at, a.revision, a.body
         FROM assessment a JOIN contract c ON c.id = a.contract_id
         WHERE a.contract_id = ANY($1) AND a.state = 'final'
           AND NOT EXISTS (SELECT FROM assessment n WHERE n.contract_id = a.contract_id
                           AND n.window_start_at = a.window_start_at AND n.revision > a.revision)
           AND NOT EXISTS (SELECT FROM claim_look l WHERE l.contract_id = a.contract_id
                           AND l.window_start_at = a.window_start_at AND l.revision = a.revision)
           AND (EXISTS (SELECT FROM violation v WHERE v.contract_id = a.contract_id
                        AND v.window_start_at = a.window_start_at AND v.withdrawn_at IS NULL)
                OR EXISTS (SELECT FROM claim k WHERE k.contract_id = a.contract_id
                           AND k.window_start_at = a.window_start_at))
         ORDER BY a.window_start_at, a.contract_id LIMIT 1 FOR NO KEY UPDATE OF c SKIP LOCKED",
        contracts,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an assessment to claim by"))
}

/// Notes that an assessment was looked at; false where it was before.
pub(crate) async fn see(
    conn: &mut PgConnection,
    seen: &Unseen,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO claim_look (contract_id, window_start_at, revision, looked_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        seen.contract,
        seen.window_start_at,
        seen.revision,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a look"))?;
    Ok(done.rows_affected() == 1)
}

/// Makes a claim for a window; gives its name, or nothing where the contract has a claim whose
/// window overlaps.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    seen: &Unseen,
    draft: Draft<'_>,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar!(
        "INSERT INTO claim (name, contract_id, window_start_at, window_end_at, period, terms,
                            state, drafted_at)
         SELECT 'CLM-' || $4::text || '-' || $5::text || '-' || (1 + (
                    SELECT count(*) FROM claim WHERE contract_id = $1 AND period = $4)),
                $1, $2, $3, $4, $6, 'drafted', $7
         WHERE NOT EXISTS (SELECT FROM claim WHERE contract_id = $1
                           AND window_start_at < $3 AND window_end_at > $2)
         ON CONFLICT DO NOTHING RETURNING name",
        seen.contract,
        seen.window_start_at,
        seen.window_end_at,
        draft.period,
        draft.contract,
        draft.terms,
        now,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("make a claim"))
}

/// Adds what a claim asks now.
pub(crate) async fn revise(
    conn: &mut PgConnection,
    claim: &str,
    (seen, revised): (&Unseen, &Revised),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let asked = revised.asked.map(Money::minor);
    let asked = asked
        .map(|minor| super::to_i64("asked", minor))
        .transpose()?;
    sqlx::query!(
        "INSERT INTO claim_revision (claim, revision, replaces, assessment_revision, asked_minor,
                                     currency, due_safe_at, due_literal_at, changes, made_at,
                                     early_body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        claim,
        revised.revision,
        (revised.revision > 0).then(|| revised.revision - 1),
        seen.revision,
        asked,
        revised.currency.as_str(),
        revised.due_safe_at,
        revised.due_literal_at,
        revised.changes.join("\n"),
        now,
        revised.early,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("revise a claim"))?;
    Ok(())
}

/// Ties violations of the claim's window to it; those that stand in a claim stay there.
pub(crate) async fn tie(
    conn: &mut PgConnection,
    claim: &str,
    (seen, results): (&Unseen, &[String]),
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO claim_violation (violation, claim)
         SELECT v.name, $1 FROM violation v
         WHERE v.contract_id = $2 AND v.window_start_at = $3 AND v.commitment = ANY($4)
         ON CONFLICT DO NOTHING",
        claim,
        seen.contract,
        seen.window_start_at,
        results,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("tie violations to a claim"))?;
    Ok(())
}

/// The contract's text and key that a claim follows from, and its targets.
pub(crate) async fn terms(
    conn: &mut PgConnection,
    claim: &str,
) -> Result<Option<(String, Vec<String>)>, StoreError> {
    let found = sqlx::query!(
        "SELECT k.terms, c.targets FROM claim k JOIN contract c ON c.id = k.contract_id
         WHERE k.name = $1",
        claim,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a claim's contract"))?;
    Ok(found.map(|row| (row.terms, row.targets)))
}

/// The assessment that a claim's newest revision follows from.
pub(crate) async fn judged(
    conn: &mut PgConnection,
    claim: &str,
) -> Result<Option<Judged>, StoreError> {
    let found = sqlx::query!(
        r#"SELECT COALESCE(r.early_body, a.body) AS "body!", r.early_body IS NOT NULL AS "early!"
           FROM claim k JOIN claim_revision r ON r.claim = k.name
           JOIN assessment a ON a.contract_id = k.contract_id
                AND a.window_start_at = k.window_start_at AND a.revision = r.assessment_revision
           WHERE k.name = $1 ORDER BY r.revision DESC LIMIT 1"#,
        claim,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a claim's assessment"))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let assessment = serde_json::from_str(&found.body)
        .map_err(|e| StoreError::inconsistent("assessment.body", e))?;
    Ok(Some(Judged {
        assessment,
        is_early: found.early,
    }))
}

/// The name of the claim for a window, or for a violation.
pub(crate) async fn of_window(
    conn: &mut PgConnection,
    contract: i32,
    window_start_at: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar!(
        "SELECT name FROM claim WHERE contract_id = $1 AND window_start_at = $2",
        contract,
        window_start_at,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the claim of a window"))
}

/// A claim by its name.
pub(crate) async fn find(conn: &mut PgConnection, name: &str) -> Result<Option<Claim>, StoreError> {
    let found = select(conn, &[name.to_owned()], 1).await?;
    Ok(found.into_iter().next())
}

/// The newest windows' claims.
pub(crate) async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Claim>, StoreError> {
    let names = sqlx::query_scalar!(
        "SELECT name FROM claim ORDER BY window_start_at DESC, name LIMIT $1",
        limit
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list claims"))?;
    select(conn, &names, limit).await
}

async fn select(
    conn: &mut PgConnection,
    names: &[String],
    limit: i64,
) -> Result<Vec<Claim>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT k.name, c.name AS contract, k.period, k.window_start_at, k.window_end_at,
                  k.state, k.reference, k.reason, k.drafted_at, k.filed_at, k.settled_at,
                  r.revision, r.replaces, r.assessment_revision, r.asked_minor, r.currency,
                  r.due_safe_at, r.due_literal_at, r.changes,
                  r.early_body IS NOT NULL AS "early!",
                  (SELECT max(a.raised_at) FROM claim_alarm a
                   WHERE a.item = k.name AND a.due_at = r.due_safe_at) AS reminded_at,
                  COALESCE((SELECT sum(e.paid_minor) FROM claim_event e
                            WHERE e.claim = k.name), 0)::bigint AS "paid_minor!",
                  ARRAY(SELECT v.violation FROM claim_violation v WHERE v.claim = k.name
                        ORDER BY 1) AS "violations!"
           FROM claim k JOIN contract c ON c.id = k.contract_id
           JOIN claim_revision r ON r.claim = k.name
                AND r.revision = (SELECT max(revision) FROM claim_revision WHERE claim = k.name)
           WHERE k.name = ANY($1)
           ORDER BY k.window_start_at DESC, k.name LIMIT $2"#,
        names,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find claims"))?;
    rows.into_iter().map(Claim::try_from).collect()
}
