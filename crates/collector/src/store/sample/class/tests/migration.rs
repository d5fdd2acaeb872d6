//! The migration that made classes, run over a database as it was before.

use super::*;

const WIDE: &str = include_str!("../../../../../../../migrations/20261122000003_samples.sql");
const MIGRATION: &str =
    include_str!("../../../../../../../migrations/20261122000016_sample_class.sql");

/// Makes of the tables of today those of before, with the same samples.
async fn undo(lab: &Lab) {
    let (start, rest) = WIDE.split_once("CREATE TABLE sample (").unwrap();
    assert!(start.starts_with("--"));
    let (columns, _) = rest.split_once(';').unwrap();
    let days = "SELECT string_agg(format('ALTER TABLE %s RENAME TO %s_new;
                                          CREATE TABLE %s PARTITION OF sample %s',
                    c.relname, c.relname, c.relname, pg_get_expr(c.relpartbound, c.oid)), ';')
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'sample'::regclass";
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let days: Option<String> = sqlx::query_scalar(days).fetch_one(&mut conn).await.unwrap();
    lab.tamper(&format!(
        "ALTER TABLE sample RENAME TO sample_new;
         ALTER TABLE sample_new RENAME CONSTRAINT sample_pkey TO sample_new_pkey;
         CREATE TABLE sample ({columns};
         {};
         INSERT INTO sample
         SELECT n.target_id, n.slot_at, n.agent_id, n.attempt, n.seq, n.i, n.started_at, c.outcome,
                c.attribution, c.kind, c.source, c.stream, c.status, n.first_us, n.end_us,
                n.output_tokens, c.served_model, c.served_tier, c.features
         FROM sample_new n JOIN sample_class c ON c.id = n.class_id;
         DROP VIEW sample_whole; DROP TABLE sample_new; DROP TABLE sample_class;
         DROP FUNCTION sample_class_digest",
        days.unwrap_or_default()
    ))
    .await;
}

/// Everything that a row says; which number its class has is not part of it.
fn print(of: &str) -> String {
    format!(
        "SELECT ('x' || left(md5(string_agg(x::text, '/' ORDER BY x::text)), 15))::bit(60)::bigint
         FROM (SELECT target_id, slot_at, agent_id, attempt, seq, i, started_at, outcome,
                      attribution, kind, source, stream, status, first_us, end_us, output_tokens,
                      served_model, served_tier, features FROM {of}) x"
    )
}

#[tokio::test]
async fn every_sample_of_a_database_of_before_is_kept_with_its_class() {
    let (from, to) = (utc("2026-02-24T20:00:00Z"), utc("2026-02-25T03:00:00Z"));
    let mut lab = Lab::start("class_migrate", from).await;
    let down = utc("2026-02-24T22:00:00Z")..utc("2026-02-24T22:30:00Z");
    lab.measure((from, to), |at| down.contains(&at)).await;
    undo(&lab).await;
    // Slots that no batch speaks of, with all that a column can hold.
    let strange = "INSERT INTO sample
        SELECT target_id, slot_at + interval '1 s', agent_id, attempt, seq, i, started_at, outcome,
               attribution, kind, source, stream, status, CASE WHEN n = 3 THEN 1 END, end_us,
               CASE WHEN n = 4 THEN 9223372036854775807 END, model, tier, words
        FROM (SELECT *, row_number() OVER (ORDER BY slot_at) AS n FROM sample) s
        JOIN (VALUES (1, '', NULL, NULL), (2, NULL, '', NULL), (3, 'm1:n', NULL, 'a,b'),
                     (4, 'm', 'n', NULL), (5, repeat('é', 8000), 'x', NULL))
             AS v (nth, model, tier, words) ON v.nth = s.n";
    lab.tamper(strange).await;
    let (before, rows) = (
        lab.number(&print("sample")).await,
        "SELECT count(*) FROM sample",
    );
    let count = lab.number(rows).await;

    lab.tamper(&format!("BEGIN; {MIGRATION} COMMIT")).await;

    assert_eq!(lab.number(&print("sample_whole")).await, before);
    assert_eq!(lab.number(rows).await, count);
    assert_eq!(lab.number(CLASSES).await, 7);
    let days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'sample'::regclass";
    assert_eq!(lab.number(days).await, 2);
    lab.tamper("DELETE FROM sample WHERE extract(second FROM slot_at) = 1")
        .await;
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    // Ingest goes on, with the classes that are there.
    lab.measure((to, utc("2026-02-25T05:00:00Z")), |_| false)
        .await;
    assert_eq!(lab.number(CLASSES).await, 7);
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    lab.stop().await;
}

#[tokio::test]
async fn a_database_without_samples_is_migrated() {
    let from = utc("2026-02-25T00:00:00Z");
    let mut lab = Lab::start("class_empty", from).await;
    undo(&lab).await;
    lab.tamper(&format!("BEGIN; {MIGRATION} COMMIT")).await;
    lab.measure((from, utc("2026-02-25T02:00:00Z")), |_| false)
        .await;
    assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
    lab.stop().await;
}
