mod migration;

use domain::{Attribution, Kind, Outcome, Source};
use sqlx::Connection as _;
use tokio::time::{Duration, timeout};

use super::*;
use crate::lab::{Lab, utc};
use crate::rebuild::Mode;
use crate::rebuild::tests::run;

const CLASSES: &str = "SELECT count(*) FROM sample_class";
/// Numbers that were given, whether or not a row has them.
const LAST: &str = "SELECT last_value FROM sample_class_id_seq";

fn class(served_model: Option<&str>, served_tier: Option<&str>) -> Class {
    Class {
        outcome: Outcome::Ok,
        status: Some(200),
        attribution: Attribution::None,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: served_model.map(str::to_owned),
        served_tier: served_tier.map(str::to_owned),
        features: Vec::new(),
        late: false,
    }
}

fn set(classes: impl IntoIterator<Item = Class>) -> BTreeSet<Arc<Class>> {
    classes.into_iter().map(Arc::new).collect()
}

#[tokio::test]
async fn classes_that_differ_in_anything_have_numbers_of_their_own_and_read_back() {
    let lab = Lab::start("classes", utc("2026-02-25T00:00:00Z")).await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let plain = || class(Some("m"), None);
    let long = "é".repeat(8_000);
    let features = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    #[rustfmt::skip]
    let all = [
        plain(),
        class(None, Some("m")),
        class(None, None),
        class(Some(""), None),
        class(None, Some("")),
        class(Some("m1:n"), None),
        class(Some("m"), Some("n")),
        class(Some("0:"), None),
        class(Some(&long), None),
        class(Some(&long[2..]), None),
        Class { outcome: Outcome::Tls, ..plain() },
        Class { status: None, ..plain() },
        Class { status: Some(20), ..plain() },
        Class { attribution: Attribution::Provider, ..plain() },
        Class { kind: Kind::Confirm, ..plain() },
        Class { source: Source::Traffic, ..plain() },
        Class { stream: false, ..plain() },
        Class { features: features(&["m"]), ..class(None, None) },
        Class { features: features(&["a", "b"]), ..plain() },
    ];
    let made = ids(&mut conn, set(all.clone())).await.unwrap();
    let numbers: BTreeSet<i32> = made.values().copied().collect();
    assert_eq!(numbers.len(), all.len());
    assert_eq!(ids(&mut conn, set(all.clone())).await.unwrap(), made);
    let mut dictionary = Dictionary::default();
    dictionary
        .learn(&mut conn, numbers.into_iter())
        .await
        .unwrap();
    for class in &all {
        assert_eq!(dictionary.get(made[class]).unwrap(), class);
    }
    lab.stop().await;
}

#[tokio::test]
async fn two_connections_that_make_one_class_at_once_get_one_number() {
    let lab = Lab::start("class_race", utc("2026-02-25T00:00:00Z")).await;
    let mut first = PgConnection::connect(&lab.url).await.unwrap();
    let mut second = PgConnection::connect(&lab.url).await.unwrap();
    let classes = || set([class(Some("a"), None), class(Some("b"), None)]);
    let mut open = first.begin().await.unwrap();
    let made = ids(&mut open, classes()).await.unwrap();
    let mut waiting = Box::pin(ids(&mut second, classes()));
    let early = timeout(Duration::from_millis(100), &mut waiting).await;
    assert!(early.is_err(), "it waits for what becomes of the first");
    open.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap(), made);
    assert_eq!(lab.number(CLASSES).await, 2);
    lab.stop().await;
}

#[tokio::test]
async fn a_number_that_was_rolled_back_is_not_used_again() {
    let mut lab = Lab::start("class_rollback", utc("2026-02-25T00:00:00Z")).await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let mut open = conn.begin().await.unwrap();
    let lost = ids(&mut open, set([class(None, None)])).await.unwrap();
    open.rollback().await.unwrap();
    let kept = ids(&mut conn, set([class(None, None)])).await.unwrap();
    assert_ne!(lost, kept);

    // A flush that fails behind the making of classes, and the same batch again.
    lab.tamper(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE EXCEPTION ''no''; END';
         CREATE TRIGGER refuse BEFORE INSERT ON log_pending EXECUTE FUNCTION refuse()",
    )
    .await;
    let body = lab.seal_quietly(utc("2026-02-25T00:00:00Z"));
    lab.collector.ingest(body.clone()).await.unwrap_err();
    assert_eq!(lab.number("SELECT count(*) FROM sample").await, 0);
    lab.tamper("DROP TRIGGER refuse ON log_pending").await;
    lab.collector.ingest(body).await.unwrap();
    let unclassed = "SELECT count(*) FROM sample_whole WHERE outcome IS NULL";
    assert_eq!(lab.number(unclassed).await, 0);
    assert_eq!(lab.number("SELECT count(*) FROM sample").await, 30);
    assert_eq!(lab.number(CLASSES).await, 2);
    lab.stop().await;
}

/// What is known of numbers must not outlive the database that gave them.
#[tokio::test]
async fn a_database_that_was_set_back_gets_its_classes_again() {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T01:00:00Z"));
    let mut lab = Lab::start("class_back", from).await;
    lab.tamper(
        "INSERT INTO sample_class (outcome, attribution, kind, source, stream)
         VALUES ('tls', 'provider', 'planned', 'probe', false)",
    )
    .await;
    lab.measure((from, to), |_| false).await;
    lab.tamper("DELETE FROM sample; DELETE FROM sample_class WHERE outcome = 'ok'")
        .await;
    lab.measure((to, utc("2026-02-25T02:00:00Z")), |_| false)
        .await;
    let good = "SELECT count(*) FROM sample_whole WHERE outcome = 'ok'";
    assert_eq!(lab.number(good).await, 59);
    lab.stop().await;
}

/// Numbers are `INT`: one for every batch would use them up.
#[tokio::test]
async fn batches_of_known_classes_use_up_no_numbers() {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T03:00:00Z"));
    let mut lab = Lab::start("class_ids", from).await;
    let down = utc("2026-02-25T00:10:00Z")..utc("2026-02-25T01:10:00Z");
    lab.measure((from, to), |at| down.contains(&at)).await;
    assert_eq!(lab.number(CLASSES).await, 2);
    assert_eq!(lab.number(LAST).await, 2);
    lab.stop().await;
}

#[tokio::test]
async fn a_class_that_was_changed_or_lost_is_found_by_its_samples_and_healed() {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T03:00:00Z"));
    let mut lab = Lab::start("class_heal", from).await;
    let down = utc("2026-02-25T01:00:00Z")..utc("2026-02-25T01:20:00Z");
    lab.measure((from, to), |at| down.contains(&at)).await;
    let good = "SELECT count(*) FROM sample_whole WHERE outcome = 'ok'";
    let before = lab.number(good).await;
    for damage in [
        "UPDATE sample_class SET attribution = 'ours' WHERE outcome = 'server_error'",
        "UPDATE sample_class SET status = 500 WHERE outcome = 'server_error'",
        "DELETE FROM sample_class WHERE outcome = 'server_error' AND status = 503",
    ] {
        lab.tamper(damage).await;
        let (found, totals) = run(&lab, Mode::Check).await;
        assert!(totals.differing >= 20, "{damage}: {found:#?}");
        let line = "sample changed t a 2026-02-25T01:07:00Z";
        assert!(found.iter().any(|one| one == line), "{found:#?}");
        run(&lab, Mode::Rewrite).await;
        assert_eq!(run(&lab, Mode::Check).await.0, Vec::<String>::new());
        assert_eq!(lab.number(good).await, before);
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_sample_without_a_class_is_no_good_sample_but_an_hour_that_cannot_be_counted() {
    let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T03:00:00Z"));
    let mut lab = Lab::start("class_none", from).await;
    lab.measure((from, to), |_| false).await;
    lab.tamper(
        "UPDATE sample SET class_id = 77 WHERE slot_at = '2026-02-25T01:10:00Z';
         DELETE FROM cell;
         INSERT INTO cell_dirty SELECT id, h FROM target,
             generate_series('2026-02-25T00:00:00Z'::timestamptz, '2026-02-25T02:00:00Z', '1 hour')
             h ON CONFLICT DO NOTHING",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM cell").await, 2);
    let set_aside = "SELECT count(*) FROM job_poison
                     WHERE job = 'cells' AND error LIKE '%sample.class_id%77'";
    assert_eq!(lab.number(set_aside).await, 1);
    lab.stop().await;
}
