use domain::UnixMicros;
use sqlx::{Connection as _, PgConnection};

use super::survey::{self, Asked};
use super::*;
use crate::lab::{self, Lab, utc};

mod cut_off;
mod laws;
mod plain;

fn minute(text: &str) -> Minute {
    UnixMicros::from(utc(text)).to_millis().minute()
}

async fn look_at(lab: &Lab, as_of: &str) -> TargetCondition {
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let plan = lab::plan();
    let asked = Asked {
        plan: &plan,
        now: utc(as_of),
    };
    let seen = survey::before(&mut conn, &mut None, asked, minute(as_of)).await;
    seen.unwrap().remove(0)
}

fn clock_of(seen: &TargetCondition, condition: Condition) -> Clock {
    let mut clocks = seen.clocks.iter();
    *clocks.find(|one| one.condition == condition).unwrap()
}

/// Two hours, the second of them an outage, and half an hour of recovery; one agent, which
/// confirms no outage of the provider.
async fn measured(name: &str) -> Lab {
    let from = utc("2026-02-25T08:00:00Z");
    let mut lab = Lab::start(name, from).await;
    let outage = utc("2026-02-25T09:00:00Z")..utc("2026-02-25T10:00:00Z");
    lab.measure((from, utc("2026-02-25T10:30:00Z")), |at| {
        outage.contains(&at)
    })
    .await;
    lab
}

#[tokio::test]
async fn each_state_has_a_clock_of_its_own() {
    let lab = measured("condition_clocks").await;
    let seen = look_at(&lab, "2026-02-25T10:00:00Z").await;
    assert_eq!(seen.condition, Condition::Regional);
    assert_eq!(
        seen.since(),
        Some(minute("2026-02-25T09:40:00Z")),
        "a gap before"
    );
    assert_eq!(seen.regions, [("r".to_owned(), Vantage::Failing)]);
    let seen = look_at(&lab, "2026-02-25T10:29:00Z").await;
    assert_eq!(seen.condition, Condition::Up);
    assert_eq!(seen.regions, [("r".to_owned(), Vantage::Up)]);
    // The 50th, 100th and 150th slots were not run: the last minute is not known.
    let seen = look_at(&lab, "2026-02-25T10:30:00Z").await;
    assert_eq!(clock_of(&seen, Condition::Up).minutes_24h, 60 - 1 + 29);
    let regional = clock_of(&seen, Condition::Regional);
    assert_eq!((regional.minutes_24h, regional.minutes_30d), (59, 59));
    let newest = regional.newest.unwrap();
    assert_eq!(newest.end, minute("2026-02-25T10:00:00Z"));
    let silent = clock_of(&seen, Condition::Unmeasured);
    assert_eq!(silent.minutes_30d, MONTH.unsigned_abs() - 147);
    let all: i64 = seen
        .day
        .iter()
        .map(|run| run.end.get() - run.start.get())
        .sum();
    assert_eq!(all, DAY);
    lab.stop().await;
}

#[tokio::test]
async fn closed_hours_are_stored_and_say_what_their_samples_say() {
    let lab = measured("condition_stored").await;
    let rows = "SELECT count(*) FROM condition_hour";
    assert_eq!(lab.number(rows).await, 2);
    let before = look_at(&lab, "2026-02-25T10:30:00Z").await;
    // Without their rows only the open hour and the one before are read from samples.
    lab.tamper("DELETE FROM condition_hour").await;
    let bare = look_at(&lab, "2026-02-25T10:30:00Z").await;
    assert_eq!(bare.condition, before.condition);
    assert_eq!(bare.clocks[3], before.clocks[3]);
    lab.tamper(
        "INSERT INTO cell_dirty SELECT id, h FROM target,
         generate_series('2026-02-25T08:00:00Z'::timestamptz, '2026-02-25T09:00:00Z', '1 hour') h
         ON CONFLICT DO NOTHING",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.number(rows).await, 2);
    let again = look_at(&lab, "2026-02-25T10:30:00Z").await;
    assert_eq!((again.clocks, again.day), (before.clocks, before.day));
    lab.stop().await;
}

#[tokio::test]
async fn the_api_and_the_overview_tell_the_state_of_each_target() {
    let lab = measured("condition_api").await;
    for path in ["/api/v1/targets", "/api/v1/targets/t"] {
        let told = lab.get(path).await;
        assert!(
            told.contains(r#""target":"t","state":"unmeasured""#),
            "{told}"
        );
        assert!(told.contains(r#""since":"2026-02-25T10:29:00Z""#), "{told}");
        assert!(
            told.contains(r#""state":"regional","minutes_24h":59"#),
            "{told}"
        );
    }
    assert!(
        lab.get("/api/v1/targets/other")
            .await
            .starts_with("HTTP/1.1 404")
    );
    let page = lab.get("/?fragment=1").await;
    assert!(page.contains("No verdict rests on these states."), "{page}");
    lab.stop().await;
}

#[tokio::test]
async fn hours_older_than_pages_look_back_on_are_forgotten() {
    let lab = measured("condition_old").await;
    lab.clock.set(utc("2026-03-30T00:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM condition_hour").await, 0);
    lab.stop().await;
}

#[tokio::test]
async fn silence_is_unmeasured_and_never_down() {
    let lab = measured("condition_silent").await;
    lab.clock.set(utc("2026-02-25T13:00:00Z").into());
    lab.collector.run_jobs().await.unwrap();
    let seen = look_at(&lab, "2026-02-25T13:00:00Z").await;
    assert_eq!(seen.condition, Condition::Unmeasured);
    assert_eq!(seen.since(), Some(minute("2026-02-25T10:29:00Z")));
    assert_eq!(clock_of(&seen, Condition::ProviderDown).minutes_30d, 0);
    lab.stop().await;
}

#[test]
fn a_sample_speaks_from_one_slot_to_the_next() {
    let plan = |rhythm: &str| {
        let text = format!(
            "revision = 1\neffective_from_ms = 0\n\
             [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
             [[target]]\nid = \"t\"\nprovider = \"p\"\n{rhythm}\ndeadline_ms = 1\n\
             request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
        );
        Plan::parse(&text).unwrap()
    };
    assert_eq!(hold(&plan("interval_s = 60"), "t"), 1);
    assert_eq!(hold(&plan("interval_s = 300"), "t"), 5);
    assert_eq!(hold(&plan("interval_s = 300\njitter_ms = 1000"), "t"), 6);
    assert_eq!(hold(&plan("cron = \"*/5 * * * *\""), "t"), 5);
    assert_eq!(hold(&plan("interval_s = 86400"), "t"), HOLD_MINUTES_MAX);
    assert_eq!(hold(&plan("interval_s = 60"), "another"), 1);
}
