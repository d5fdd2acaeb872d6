//! Makes anew what ingest keeps for pages: [`super::delivered`] and [`super::stream_latest`].

use sqlx::{Connection as _, PgConnection};

use super::StoreError;

/// Ingest writes both at the end of its transactions, in this order. Whoever wrote already has
/// committed once the locks are there, whoever comes later adds to what stands here.
const RENEW: &str = "
    LOCK TABLE agent_delivered, stream_latest IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM agent_delivered;
    INSERT INTO agent_delivered
    SELECT agent_id, count(*), sum(lines), max(seq), max(received_at) FROM batch
    GROUP BY agent_id;
    DELETE FROM stream_latest;
    INSERT INTO stream_latest
    SELECT t.id, a.id, s.slot_at, s.attempt, s.started_at, s.outcome, s.attribution, s.status,
           s.first_us
    FROM target t CROSS JOIN agent a
    CROSS JOIN LATERAL (
        SELECT * FROM sample_whole n WHERE n.target_id = t.id AND n.agent_id = a.id
        ORDER BY n.slot_at DESC, n.attempt DESC LIMIT 1
    ) s";

/// Makes both anew from the ledger and the samples; ingest waits meanwhile.
pub(crate) async fn renew(conn: &mut PgConnection) -> Result<(), StoreError> {
    let failed = || StoreError::query("renew what is kept for pages");
    let mut tx = conn.begin().await.map_err(failed())?;
    let renewed = sqlx::raw_sql(RENEW).execute(&mut *tx).await;
    renewed.map_err(failed())?;
    tx.commit().await.map_err(failed())
}
