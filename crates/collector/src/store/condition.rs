//! Conditions of closed hours, a letter per minute; derived from cells, read by no verdict.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Attribution, Hour, Outcome};
use sla::Condition;
use sqlx::PgConnection;

use super::StoreError;
use super::cell::TargetHour;

/// The minutes of one hour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConditionHour {
    pub(crate) hour_at: DateTime<Utc>,
    /// 60 of them.
    pub(crate) minutes: Vec<Condition>,
}

/// Writes the conditions of an hour, whatever stood there.
pub(crate) async fn put(
    conn: &mut PgConnection,
    target: i32,
    hour: &ConditionHour,
) -> Result<(), StoreError> {
    let minutes: String = hour.minutes.iter().copied().map(letter).collect();
    sqlx::query!(
        "INSERT INTO condition_hour (target_id, hour_at, minutes) VALUES ($1, $2, $3)
         ON CONFLICT (target_id, hour_at) DO UPDATE SET minutes = EXCLUDED.minutes
         WHERE condition_hour.minutes <> EXCLUDED.minutes",
        target,
        hour.hour_at,
        minutes,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store conditions"))?;
    Ok(())
}

/// Forgets the hours before a moment.
pub(crate) async fn prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM condition_hour WHERE hour_at < $1", before)
        .execute(conn)
        .await
        .map_err(StoreError::query("forget conditions"))?;
    Ok(())
}

/// Whether an hour has conditions.
pub(crate) async fn is_known(conn: &mut PgConnection, at: TargetHour) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM condition_hour WHERE target_id = $1 AND hour_at = $2)
                  AS "known!""#,
        at.target,
        at.hour_at,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for conditions"))
}

/// The minutes of a stored hour, or the one condition that all of them have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Minutes {
    Same(Condition),
    Each(Vec<Condition>),
}

/// Hours of targets in `[from, to)`, in order, by the names of those that have any. An hour of one
/// condition comes as one letter: nearly all are.
pub(crate) async fn list(
    conn: &mut PgConnection,
    targets: &[String],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<BTreeMap<String, Vec<(Hour, Minutes)>>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT t.name,
                  array_agg((date_part('epoch', c.hour_at) / 3600)::bigint ORDER BY c.hour_at)
                      AS "hours!",
                  array_agg(CASE WHEN c.minutes = repeat(left(c.minutes, 1), 60)
                            THEN left(c.minutes, 1) ELSE c.minutes END ORDER BY c.hour_at)
                      AS "minutes!"
           FROM condition_hour c JOIN target t ON t.id = c.target_id
           WHERE t.name = ANY($1) AND c.hour_at >= $2 AND c.hour_at < $3
           GROUP BY t.id, t.name"#,
        targets,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list conditions"))?;
    let mut listed = BTreeMap::new();
    for row in rows {
        let hours = row.hours.into_iter().map(Hour::new);
        let hours = hours.zip(&row.minutes);
        let hours = hours.map(|(hour, letters)| Ok((hour, minutes(letters)?)));
        listed.insert(row.name, hours.collect::<Result<_, _>>()?);
    }
    Ok(listed)
}

fn minutes(letters: &str) -> Result<Minutes, StoreError> {
    let minutes: Option<Vec<Condition>> = letters.chars().map(condition).collect();
    match minutes.as_deref() {
        None => Err(StoreError::inconsistent("condition_hour.minutes", letters)),
        Some([one]) => Ok(Minutes::Same(*one)),
        Some(_) => Ok(Minutes::Each(minutes.unwrap_or_default())),
    }
}

/// Attempts of an agent that ended in one way.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) target: i32,
    pub(crate) agent: i32,
    pub(crate) outcome: Outcome,
    pub(crate) attribution: Attribution,
    /// In which minutes from a moment on they started, one entry each, in no order.
    pub(crate) minutes: Vec<i64>,
}

/// The samples of many targets' hours by how they ended; minutes count from `from`. Hours are
/// those of the requests' starts, of which repeats come later than the slot that they belong to.
pub(crate) async fn seen(
    conn: &mut PgConnection,
    hours: &[TargetHour],
    from: DateTime<Utc>,
) -> Result<Vec<Seen>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT h.target_id AS "target!", s.agent_id, c.outcome, c.attribution,
                  array_agg(floor(date_part('epoch', s.started_at - $3) / 60)::bigint)
                      AS "minutes!"
           FROM UNNEST($1::int[], $2::timestamptz[]) AS h (target_id, hour_at)
           JOIN sample s ON s.target_id = h.target_id
            AND s.slot_at >= h.hour_at - interval '1 hour'
            AND s.slot_at < h.hour_at + interval '2 hours'
            AND s.started_at >= h.hour_at AND s.started_at < h.hour_at + interval '1 hour'
           JOIN sample_class c ON c.id = s.class_id
           WHERE s.slot_at >= $3::timestamptz - interval '1 hour'
           GROUP BY 1, 2, 3, 4"#,
        &targets_of(hours),
        &starts_of(hours),
        from,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look at the newest samples"))?;
    let bad = |e: domain::outcome::UnknownWord| StoreError::inconsistent("sample", e);
    let seen = rows.into_iter().map(|row| {
        Ok(Seen {
            target: row.target,
            agent: row.agent_id,
            outcome: row.outcome.parse().map_err(bad)?,
            attribution: row.attribution.parse().map_err(bad)?,
            minutes: row.minutes,
        })
    });
    seen.collect()
}

/// Which agents declared slots of many targets' hours as not run: target and agent.
pub(crate) async fn missed(
    conn: &mut PgConnection,
    hours: &[TargetHour],
) -> Result<Vec<(i32, i32)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT h.target_id AS "target!", g.agent_id
           FROM UNNEST($1::int[], $2::timestamptz[]) AS h (target_id, hour_at)
           JOIN slot_gap g ON g.target_id = h.target_id AND g.last_at >= h.hour_at
                          AND g.first_at < h.hour_at + interval '1 hour'"#,
        &targets_of(hours),
        &starts_of(hours),
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look at the newest gaps"))?;
    let pairs = rows.into_iter().map(|row| (row.target, row.agent_id));
    Ok(pairs.collect())
}

fn targets_of(hours: &[TargetHour]) -> Vec<i32> {
    hours.iter().map(|at| at.target).collect()
}

fn starts_of(hours: &[TargetHour]) -> Vec<DateTime<Utc>> {
    hours.iter().map(|at| at.hour_at).collect()
}

const fn letter(condition: Condition) -> char {
    match condition {
        Condition::Up => 'u',
        Condition::ProviderDown => 'd',
        Condition::Regional => 'r',
        Condition::OurSide => 'o',
        Condition::Unmeasured => '-',
    }
}

fn condition(letter: char) -> Option<Condition> {
    let mut all = Condition::ALL.into_iter();
    all.find(|condition| self::letter(*condition) == letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_a_letter_of_its_own() {
        for one in Condition::ALL {
            assert_eq!(condition(letter(one)), Some(one));
        }
        assert_eq!(condition('x'), None);
    }
}
