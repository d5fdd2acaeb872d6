//! Day partitions of `sample`, made before the first row of their day.

use chrono::{Days, NaiveDate};
use sqlx::{AssertSqlSafe, PgConnection};

use super::StoreError;

/// Makes the partition of a day; it is no error where it exists.
pub(crate) async fn ensure(conn: &mut PgConnection, day: NaiveDate) -> Result<(), StoreError> {
    let next = day
        .checked_add_days(Days::new(1))
        .ok_or(StoreError::Range { what: "day" })?;
    // DDL takes no parameters; the only things spliced in are digits of two dates.
    let statement = format!(
        "CREATE TABLE IF NOT EXISTS sample_{} PARTITION OF sample
         FOR VALUES FROM ('{day} 00:00:00+00') TO ('{next} 00:00:00+00')",
        day.format("%Y%m%d")
    );
    match sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await {
        Ok(_) => Ok(()),
        Err(error) if is_race(&error) => Ok(()), // Another collector made it first.
        Err(source) => Err(StoreError::Query {
            operation: "create a day partition",
            source,
        }),
    }
}

/// `IF NOT EXISTS` does not cover two sessions creating the same table at once.
fn is_race(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|e| e.code().map(std::borrow::Cow::into_owned));
    matches!(code.as_deref(), Some("42P07" | "23505"))
}
