//! What ingest keeps for pages, beside the ledger and the samples.

use sqlx::PgConnection;

use super::Mode;
use super::report::{Difference, What};
use crate::store::{self, StoreError};

/// Compares, and makes it anew where something differs; gives what differed.
pub(super) async fn run(
    conn: &mut PgConnection,
    mode: Mode,
) -> Result<Vec<Difference>, StoreError> {
    let counted = store::delivered::compare(conn).await?.into_iter();
    let counted = counted.map(|one| Difference {
        table: "agent_delivered",
        what: what(&one.what),
        target: String::new(),
        agent: one.agent,
        slot: one.received_at,
        note: String::new(),
    });
    let newest = store::stream_latest::compare(conn).await?.into_iter();
    let newest = newest.map(|one| Difference {
        table: "stream_latest",
        what: what(&one.what),
        target: one.target,
        agent: one.agent,
        slot: one.slot_at,
        note: String::new(),
    });
    let differences: Vec<Difference> = counted.chain(newest).collect();
    if mode == Mode::Rewrite && !differences.is_empty() {
        store::kept::renew(conn).await?;
    }
    Ok(differences)
}

fn what(word: &str) -> What {
    match word {
        "missing" => What::Missing,
        "extra" => What::Extra,
        _ => What::Changed,
    }
}

#[cfg(test)]
mod tests {
    use crate::lab::{Lab, utc};
    use crate::rebuild::Mode;
    use crate::rebuild::tests::run;

    /// Rows that are as the ledger and the newest sample say.
    const RIGHT: &str = "SELECT (SELECT count(*) FROM stream_latest l JOIN sample_whole s
            USING (target_id, agent_id, slot_at, attempt, started_at, outcome, attribution)
            WHERE s.slot_at = (SELECT max(slot_at) FROM sample))
         + (SELECT count(*) FROM agent_delivered d
            JOIN (SELECT count(*) AS batches, sum(lines) AS lines, max(seq) AS last_seq
                  FROM batch) b USING (batches, lines, last_seq))";

    #[tokio::test]
    async fn what_pages_show_is_kept_compared_and_made_anew() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T03:00:00Z"));
        let mut lab = Lab::start("kept", from).await;
        lab.measure((from, to), |_| false).await;
        assert_eq!(lab.number(RIGHT).await, 2);
        assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
        lab.tamper(
            "UPDATE agent_delivered SET lines = lines + 1;
             UPDATE stream_latest SET outcome = 'timeout'",
        )
        .await;
        let (found, totals) = run(&lab, Mode::Check).await;
        assert_eq!(
            found,
            [
                "agent_delivered changed a 2026-02-25T03:00:00Z",
                "stream_latest changed t a 2026-02-25T02:59:00Z",
            ]
        );
        assert_eq!(totals.differing, 2);
        run(&lab, Mode::Rewrite).await;
        assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
        lab.tamper("DELETE FROM agent_delivered; DELETE FROM stream_latest")
            .await;
        assert_eq!(run(&lab, Mode::Check).await.1.differing, 2);
        run(&lab, Mode::Rewrite).await;
        assert_eq!(lab.number(RIGHT).await, 2);
        lab.stop().await;
    }

    #[tokio::test]
    async fn the_migration_fills_both_from_what_is_stored() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T02:00:00Z"));
        let mut lab = Lab::start("fill", from).await;
        lab.measure((from, to), |_| false).await;
        lab.tamper("DELETE FROM agent_delivered; DELETE FROM stream_latest")
            .await;
        let migration = include_str!("../../../../migrations/20261122000014_stream_latest.sql");
        let fills = migration.find("INSERT INTO").unwrap();
        let fill = migration[fills..].replace("FROM sample n", "FROM sample_whole n");
        lab.tamper(&fill).await;
        assert_eq!(lab.number(RIGHT).await, 2);
        assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
        lab.stop().await;
    }

    #[tokio::test]
    async fn a_slot_that_comes_late_does_not_hide_a_newer_one() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T01:00:00Z"));
        let mut lab = Lab::start("late", from).await;
        lab.measure((from, to), |_| false).await;
        lab.tamper("UPDATE stream_latest SET slot_at = '2026-02-25T01:10:00Z'")
            .await;
        lab.measure((to, utc("2026-02-25T01:30:00Z")), |_| false)
            .await;
        let newest = "SELECT extract(minute FROM slot_at)::bigint FROM stream_latest";
        assert_eq!(lab.number(newest).await, 29);
        lab.tamper("UPDATE stream_latest SET slot_at = '2026-02-26T00:00:00Z'")
            .await;
        let again = utc("2026-02-25T02:00:00Z");
        lab.measure((utc("2026-02-25T01:30:00Z"), again), |_| false)
            .await;
        let days = "SELECT extract(day FROM slot_at)::bigint FROM stream_latest";
        assert_eq!(lab.number(days).await, 26);
        lab.stop().await;
    }
}
