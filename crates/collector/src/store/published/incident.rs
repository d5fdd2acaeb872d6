//! Incidents of providers, every version of them, in the provider's words.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::published::{Incident, Told};
use crate::store::StoreError;

/// The most incidents that are answered.
const INCIDENTS_MAX: i64 = 200;

/// Stores those incidents of which this version is new.
pub(crate) async fn keep(
    conn: &mut PgConnection,
    source: &str,
    incidents: &[Incident],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids: Vec<String> = incidents.iter().map(|one| one.id.clone()).collect();
    let known = sqlx::query!(
        r#"SELECT DISTINCT ON (incident) incident, title, impact, started_at, resolved_at,
                  updated_at, url
           FROM published_incident WHERE source = $1 AND incident = ANY($2)
           ORDER BY incident, id DESC"#,
        source,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list known incidents"))?;
    let known = known.into_iter().map(|row| Incident {
        id: row.incident,
        title: row.title,
        impact: row.impact,
        started_at: row.started_at,
        resolved_at: row.resolved_at,
        updated_at: row.updated_at,
        url: row.url,
    });
    let known: Vec<Incident> = known.collect();
    for new in incidents.iter().filter(|one| !known.contains(one)) {
        sqlx::query!(
            "INSERT INTO published_incident
                 (source, incident, seen_at, listed_at, title, impact, started_at, resolved_at,
                  updated_at, url)
             VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)",
            source,
            new.id,
            now,
            new.title,
            new.impact,
            new.started_at,
            new.resolved_at,
            new.updated_at,
            new.url,
        )
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("store an incident of a page"))?;
    }
    sqlx::query!(
        "UPDATE published_incident SET listed_at = GREATEST(listed_at, $3)
         WHERE id IN (SELECT max(id) FROM published_incident
                      WHERE source = $1 AND incident = ANY($2) GROUP BY incident)
           AND resolved_at IS NULL",
        source,
        &ids,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("note that incidents are listed"))
}

/// Incidents that may have gone on in `[from, to)`, the newest version of each, the newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    source: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Told>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT incident, title, impact, started_at, resolved_at, updated_at, url,
                  first_seen_at AS "first_seen_at!", versions AS "versions!"
           FROM (SELECT DISTINCT ON (incident) *,
                     min(seen_at) OVER (PARTITION BY incident) AS first_seen_at,
                     count(*) OVER (PARTITION BY incident) AS versions
                 FROM published_incident WHERE source = $1
                 ORDER BY incident, id DESC) n
           WHERE COALESCE(started_at, first_seen_at) < $3
             AND COALESCE(resolved_at, listed_at) >= $2
           ORDER BY COALESCE(started_at, first_seen_at) DESC LIMIT $4"#,
        source,
        from,
        to,
        INCIDENTS_MAX,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list incidents of a page"))?;
    let told = rows.into_iter().map(|row| Told {
        first_seen_at: row.first_seen_at,
        versions: row.versions,
        incident: Incident {
            id: row.incident,
            title: row.title,
            impact: row.impact,
            started_at: row.started_at,
            resolved_at: row.resolved_at,
            updated_at: row.updated_at,
            url: row.url,
        },
    });
    Ok(told.collect())
}
