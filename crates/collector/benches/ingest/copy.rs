//! The baseline: PostgreSQL's own `COPY` of the very rows that ingest has stored, as text from a
//! file of the server's, into a table of the same columns, partitions and index.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::site::Site;

/// The table that rows are copied to.
const COPIED: &str = "sample_copied";

/// Copies what is in `sample`; gives how many rows, and how long it took.
pub(crate) async fn measure(site: &mut Site) -> (u64, Duration) {
    let file = std::env::temp_dir().join(format!("nines-bench-{}.txt", std::process::id()));
    let file = file.display();
    let days = "SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid)
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'sample'::regclass";
    let days: Vec<(String, String)> = sqlx::query_as(days)
        .fetch_all(&mut site.conn)
        .await
        .expect("partitions");
    let mut make = format!(
        "DROP TABLE IF EXISTS {COPIED};
         CREATE TABLE {COPIED} (LIKE sample INCLUDING ALL) PARTITION BY RANGE (slot_at);"
    );
    for (day, bounds) in days {
        let day = day.trim_start_matches("sample_");
        write!(
            make,
            "CREATE TABLE {COPIED}_{day} PARTITION OF {COPIED} {bounds};"
        )
        .expect("memory has room");
    }
    site.run(make).await;
    // In the order of arrival.
    let order = "ORDER BY seq, agent_id, target_id, slot_at";
    site.run(format!("COPY (SELECT * FROM sample {order}) TO '{file}'"))
        .await;
    let rows = site.number("SELECT count(*) FROM sample").await;
    site.run("CHECKPOINT".to_owned()).await;
    let started = Instant::now();
    site.run(format!("COPY {COPIED} FROM '{file}'")).await;
    let took = started.elapsed();
    (rows, took)
}
