//! How those outside stand: witnesses, and receivers of the daily checkpoint.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::app::App;
use crate::store::{self, StoreError};

/// A witness that is no agent.
#[derive(Debug, Serialize)]
pub(super) struct WitnessView {
    witness: String,
    /// The largest checkpoint that it cosigned.
    size: Option<u64>,
    /// When, by its own clock.
    last_at: Option<DateTime<Utc>>,
    /// Submissions that failed since this collector started.
    failures: u64,
    /// Why the last one failed, while none has succeeded since.
    failure: Option<String>,
}

/// A receiver of the daily checkpoint.
#[derive(Debug, Serialize)]
pub(super) struct PostView {
    name: String,
    /// The last day whose checkpoint arrived.
    last_day: Option<NaiveDate>,
    size: Option<i64>,
    last_at: Option<DateTime<Utc>>,
    /// How often the newest day was tried.
    tries: Option<i32>,
    /// Why its checkpoint has not arrived yet.
    failure: Option<String>,
}

pub(super) async fn witnesses(
    app: &App,
    conn: &mut PgConnection,
) -> Result<Vec<WitnessView>, StoreError> {
    let mut views = Vec::new();
    for witness in &app.outside.witnesses {
        let latest = store::outside::latest(conn, &witness.vkey).await?;
        let failed = app.outside.failures.of(&witness.name);
        views.push(WitnessView {
            witness: witness.name.clone(),
            size: latest.as_ref().map(|latest| latest.size),
            last_at: latest.map(|latest| latest.signed_at),
            failures: failed.count,
            failure: failed.last,
        });
    }
    Ok(views)
}

pub(super) async fn posts(app: &App, conn: &mut PgConnection) -> Result<Vec<PostView>, StoreError> {
    let mut views = Vec::new();
    for post in &app.outside.posts {
        let standing = store::post::standing(conn, &post.name).await?;
        views.push(PostView {
            name: post.name.clone(),
            last_day: standing.last_day,
            size: standing.last_size,
            last_at: standing.last_at,
            tries: standing.tries,
            failure: standing.failure,
        });
    }
    Ok(views)
}
