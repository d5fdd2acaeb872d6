//! Conditions of closed hours, a letter per minute; derived from cells, read by no verdict.

use chrono::{DateTime, Utc};
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

/// Hours of a target in `[from, to)`, in order.
pub(crate) async fn list(
    conn: &mut PgConnection,
    target: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<ConditionHour>, StoreError> {
    let rows = sqlx::query!(
        "SELECT c.hour_at, c.minutes FROM condition_hour c JOIN target t ON t.id = c.target_id
         WHERE t.name = $1 AND c.hour_at >= $2 AND c.hour_at < $3 ORDER BY c.hour_at",
        target,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list conditions"))?;
    rows.into_iter()
        .map(|row| {
            let minutes: Option<Vec<Condition>> = row.minutes.chars().map(condition).collect();
            let bad = || StoreError::inconsistent("condition_hour.minutes", &row.minutes);
            Ok(ConditionHour {
                hour_at: row.hour_at,
                minutes: minutes.ok_or_else(bad)?,
            })
        })
        .collect()
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
