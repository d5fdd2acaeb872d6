//! Keeps the flusher from writing while batches are admitted, so that its part can be timed alone.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::site::Site;

/// A lock on the ledger.
#[derive(Debug)]
pub(crate) struct Held(PgConnection);

/// Lets nobody write to the ledger.
pub(crate) async fn hold(site: &Site) -> Held {
    let mut conn = PgConnection::connect(&site.url).await.expect("a database");
    let lock = sqlx::raw_sql("BEGIN; LOCK TABLE batch IN EXCLUSIVE MODE");
    lock.execute(&mut conn).await.expect("a lock");
    Held(conn)
}

impl Held {
    pub(crate) async fn release(mut self) {
        let done = sqlx::raw_sql("COMMIT").execute(&mut self.0).await;
        done.expect("a lock that ends");
    }
}

/// Waits until this process has nothing left to do.
pub(crate) async fn settle() {
    let mut before = u64::MAX;
    loop {
        let now = cpu_ticks();
        if now == before {
            return;
        }
        before = now;
        sleep(Duration::from_secs(1)).await;
    }
}

/// CPU time of all threads so far, user and system, hundredths of a second.
pub(crate) fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields = after_name.split(' ').skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
