//! Day partitions, made before the first row of their day and dropped whole.

use chrono::{Days, NaiveDate};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{StoreError, to_i64, to_u64};

/// A table that is cut into days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Samples, by their slot.
    Sample,
    /// Raw bytes of batches, by when they were received.
    Raw,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Raw => "batch_raw",
        }
    }

    fn partition(self, day: NaiveDate) -> String {
        format!("{}_{}", self.name(), day.format("%Y%m%d"))
    }

    /// The word under which dropped days are kept.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Raw => "raw",
        }
    }
}

/// Makes the partition of a day; it is no error where it exists.
pub(crate) async fn ensure(
    conn: &mut PgConnection,
    table: Table,
    day: NaiveDate,
) -> Result<(), StoreError> {
    let next = day
        .checked_add_days(Days::new(1))
        .ok_or(StoreError::Range { what: "day" })?;
    // DDL takes no parameters; the only things spliced in are our own words and digits of dates.
    let statement = format!(
        "CREATE TABLE IF NOT EXISTS {} PARTITION OF {}
         FOR VALUES FROM ('{day} 00:00:00+00') TO ('{next} 00:00:00+00')",
        table.partition(day),
        table.name(),
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

/// The days that have a partition, oldest first.
pub(crate) async fn days(
    conn: &mut PgConnection,
    table: Table,
) -> Result<Vec<NaiveDate>, StoreError> {
    let names = sqlx::query_scalar!(
        r#"SELECT c.relname::text AS "name!" FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = to_regclass($1) ORDER BY 1"#,
        table.name(),
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list partitions"))?;
    let day = |name: &String| {
        let digits = name.strip_prefix(table.name())?.strip_prefix('_')?;
        NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
    };
    Ok(names.iter().filter_map(day).collect())
}

/// Drops the partition of a day, where there is one. Gives how many rows went with it.
pub(crate) async fn drop_day(
    conn: &mut PgConnection,
    table: Table,
    day: NaiveDate,
) -> Result<u64, StoreError> {
    if !days(conn, table).await?.contains(&day) {
        return Ok(0);
    }
    let name = table.partition(day);
    let drop = format!("DROP TABLE {name}");
    let count = format!("SELECT count(*) FROM {name}");
    // Locked as the drop will lock it: what is counted is what goes. The count reads one day.
    let lock = format!(
        "LOCK TABLE {}, {name} IN ACCESS EXCLUSIVE MODE",
        table.name()
    );
    let failed = || StoreError::query("drop a day partition");
    let locked = sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *conn).await;
    locked.map_err(failed())?;
    let counted = sqlx::query_scalar::<_, i64>(AssertSqlSafe(count));
    let rows = counted.fetch_one(&mut *conn).await.map_err(failed())?;
    let dropped = sqlx::raw_sql(AssertSqlSafe(drop)).execute(conn).await;
    dropped.map_err(failed())?;
    to_u64("count", rows)
}

/// Notes that a day is gone, and how much went with it.
pub(crate) async fn note_dropped(
    conn: &mut PgConnection,
    (table, day): (Table, NaiveDate),
    rows: u64,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO day_dropped (kind, day, dropped_rows, dropped_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (kind, day) DO UPDATE
         SET dropped_rows = day_dropped.dropped_rows + EXCLUDED.dropped_rows,
             dropped_at = EXCLUDED.dropped_at",
        table.kind(),
        day,
        to_i64("rows", rows)?,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a dropped day"))?;
    Ok(())
}

/// Whether a day of `[from, to]` was dropped.
pub(crate) async fn any_dropped(
    conn: &mut PgConnection,
    table: Table,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM day_dropped
                          WHERE kind = $1 AND day BETWEEN $2 AND $3) AS "any!""#,
        table.kind(),
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for dropped days"))
}

/// `IF NOT EXISTS` does not cover two sessions creating the same table at once.
fn is_race(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|e| e.code().map(std::borrow::Cow::into_owned));
    matches!(code.as_deref(), Some("42P07" | "23505"))
}
