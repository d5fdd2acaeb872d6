//! A survey of all targets finds of each what a look at it alone finds.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use domain::UnixMicros;
use evidence::note::SigningKey;
use sqlx::{Connection as _, PgConnection};
use wire::plan::Plan;

use super::super::survey::{self, Asked, Past};
use super::{minute, plain};
use crate::known;
use crate::lab::{self, Lab, utc};
use crate::store::agent::NewAgent;
use crate::{Retention, store};

const TARGETS: [(&str, u32); 6] = [
    ("t", 60),
    ("two-minutes", 120),
    ("five-minutes", 300),
    ("half-hour", 1_800),
    ("silent", 60),
    ("stopped", 60),
];

/// Slots of all streams, what became of each by its dice, and the month before.
const SAMPLES: &str = "CREATE TABLE slot AS
         SELECT t.id AS target_id, t.name, a.id AS agent_id, a.name AS agent, at,
                ('x' || substr(md5(t.name || a.name || at), 1, 6))::bit(24)::int % 100 AS dice
         FROM (VALUES ('t', 1), ('two-minutes', 2), ('five-minutes', 5), ('half-hour', 30),
                      ('stopped', 1)) p (name, every)
         JOIN target t USING (name) CROSS JOIN agent a
         CROSS JOIN LATERAL generate_series('2026-02-25T05:00:00Z'::timestamptz,
             '2026-02-25T09:59:00Z', every * interval '1 minute') at;
         DELETE FROM slot WHERE name = 'stopped' AND at >= '2026-02-25T08:20:00Z';
         DELETE FROM slot WHERE agent = 'b' AND at >= '2026-02-25T08:40:00Z';
         -- An outage of the provider, and one of ours.
         UPDATE slot SET dice = 1 WHERE at >= '2026-02-25T08:50:00Z'
                                    AND at < '2026-02-25T09:05:00Z';
         UPDATE slot SET dice = 25 WHERE at >= '2026-02-25T07:50:00Z'
                                     AND at < '2026-02-25T08:05:00Z' AND name <> 't';
         INSERT INTO sample_class (outcome, attribution, kind, source, stream)
         VALUES ('server_error', 'provider', 'planned', 'probe', false),
                ('auth', 'ours', 'planned', 'probe', false),
                ('ok', 'none', 'planned', 'probe', false) ON CONFLICT DO NOTHING;
         INSERT INTO sample (target_id, slot_at, agent_id, attempt, seq, i, started_at, class_id,
                             end_us)
         SELECT target_id, at, agent_id, n, 0, 0,
                at + (n - 1) * interval '17 minutes' + dice * interval '590 milliseconds', c.id, 1
         FROM slot CROSS JOIN generate_series(1, CASE WHEN dice % 10 = 1 THEN 2 ELSE 1 END) n
         JOIN sample_class c
             ON c.status IS NULL AND c.served_model IS NULL AND c.outcome = CASE
                WHEN dice < 20 THEN 'server_error' WHEN dice < 30 THEN 'auth' ELSE 'ok' END
         WHERE dice < 90;
         INSERT INTO slot_gap
         SELECT agent_id, target_id, row_number() OVER () + 1000, 0, at, at, 1, 'agent_down', 1
         FROM slot WHERE dice >= 90;
         -- An agent that has nothing but gaps in the open hour.
         INSERT INTO slot_gap
         SELECT a.id, t.id, 1, 0, '2026-02-25T09:10:00Z', '2026-02-25T09:40:00Z', 30,
                'agent_down', 1 FROM agent a, target t WHERE a.name = 'b' AND t.name = 't';
         -- Minutes in which agents were cut off, had some of their controls, or none at all.
         DELETE FROM agent_minute;
         INSERT INTO agent_minute
         SELECT a.id, at, 0, 0, CASE WHEN dice < 30 THEN 2 ELSE 0 END, CASE WHEN dice < 10 THEN 1 ELSE 0 END
         FROM agent a CROSS JOIN generate_series('2026-02-25T05:00:00Z'::timestamptz,
                                                 '2026-02-25T11:00:00Z', '1 minute') at
         CROSS JOIN LATERAL (SELECT ('x' || substr(md5(a.name || at), 1, 6))::bit(24)::int % 100) d (dice)
         WHERE dice < 40;
         INSERT INTO cell_dirty
         SELECT DISTINCT target_id, h FROM slot, generate_series(
             '2026-02-25T05:00:00Z'::timestamptz, '2026-02-25T10:00:00Z', '1 hour') h
         ON CONFLICT DO NOTHING;
         INSERT INTO condition_hour
         SELECT t.id, h, CASE WHEN dice < 12 THEN '' ELSE repeat(substr('uuudr', 1 + dice % 5, 1), 20)
                         END || repeat(substr('uo-', 1 + dice % 3, 1), CASE WHEN dice < 12 THEN 60
                                                                       ELSE 40 END)
         FROM target t CROSS JOIN generate_series('2026-01-25T00:00:00Z'::timestamptz,
             '2026-02-25T04:00:00Z', '1 hour') h
         CROSS JOIN LATERAL (SELECT ('x' || substr(md5(t.name || h), 1, 6))::bit(24)::int % 100) d (dice)
         WHERE dice > 4 AND t.name <> 'silent' ON CONFLICT DO NOTHING";

fn plan() -> Plan {
    let mut text = "revision = 1\neffective_from_ms = 0\n".to_owned();
    for (agent, network) in [("a", "n"), ("b", "n"), ("c", "m")] {
        let lines = format!("id = \"{agent}\"\nregion = \"r-{agent}\"\nnetwork = \"{network}\"");
        writeln!(text, "[[agent]]\n{lines}").unwrap();
    }
    for (target, interval_s) in TARGETS {
        writeln!(
            text,
            "[[target]]\nid = \"{target}\"\nprovider = \"p\"\ninterval_s = {interval_s}\n\
             deadline_ms = 1\nrequest = {{ kind = \"http\", url = \"http://x.invalid\" }}"
        )
        .unwrap();
    }
    Plan::parse(&text).unwrap()
}

/// Five hours of three agents: successes, failures of each kind, repeats that start late, gaps,
/// an agent that stops, and a month before of rows that were counted long ago.
async fn measured(name: &str) -> Lab {
    let from = utc("2026-02-25T05:00:00Z");
    let lab = Lab::start_planned(name, from, (Retention::default(), plan())).await;
    let mut lab = lab;
    lab.measure((from, utc("2026-02-25T05:30:00Z")), |_| false)
        .await;
    lab.tamper("DELETE FROM sample; DELETE FROM slot_gap; DELETE FROM cell_dirty")
        .await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    for (agent, network) in [("b", "n"), ("c", "m")] {
        let id = agent.parse().unwrap();
        let key = SigningKey::from_seed(&lab::origin().agent(&id), &[8; 32]).unwrap();
        let new = NewAgent {
            id: &id,
            vkey: &key.verifier_key().to_string(),
            region: &format!("r-{agent}"),
            network,
            enrolled_at: from,
        };
        store::agent::insert(&mut conn, &new).await.unwrap();
    }
    let columns = "hash, prev, note, body, lines, wall_first_at, wall_last_at, received_at";
    lab.tamper(&format!(
        "INSERT INTO batch (agent_id, seq, {columns})
         SELECT n.id, 0, {columns} FROM batch b JOIN agent o ON o.id = b.agent_id AND o.name = 'a',
                agent n WHERE b.seq = 0 AND n.name <> 'a';
         INSERT INTO target (name) SELECT UNNEST(ARRAY['two-minutes', 'five-minutes', 'half-hour',
                                                       'silent', 'stopped'])
         ON CONFLICT DO NOTHING"
    ))
    .await;
    lab.tamper(SAMPLES).await;
    lab
}

async fn jobs_at(lab: &Lab, at: &str) {
    lab.clock.set(utc(at).into());
    lab.collector.run_jobs().await.unwrap();
}

/// Compares at a minute; with what was kept of earlier surveys, and anew.
async fn check(lab: &Lab, past: &mut Option<Past>, at: DateTime<Utc>) {
    let plan = plan();
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let places = known::places(&mut conn).await.unwrap();
    let as_of = UnixMicros::from(at).to_millis().minute();
    let asked = Asked {
        plan: &plan,
        now: at,
    };
    let kept = survey::before(&mut conn, past, asked, as_of).await.unwrap();
    let anew = survey::before(&mut conn, &mut None, asked, as_of).await;
    assert_eq!(format!("{kept:?}"), format!("{:?}", anew.unwrap()));
    assert_eq!(kept.len(), TARGETS.len());
    for (found, target) in kept.iter().zip(&plan.targets) {
        let alone = plain::look(&mut conn, (&plan, &places), &target.id, as_of).await;
        assert_eq!(format!("{found:?}"), format!("{alone:?}"), "{at}");
    }
}

#[tokio::test]
async fn a_survey_finds_of_each_target_what_a_look_at_it_alone_finds() {
    let lab = measured("survey").await;
    let mut past = None;
    // Nothing is counted; then all that has closed; then what was counted is marked again.
    for (jobs, first, last, step) in [
        (None, "2026-02-25T07:00:00Z", "2026-02-25T10:00:00Z", 59),
        (
            Some("2026-02-25T09:00:00Z"),
            "2026-02-25T09:00:00Z",
            "2026-02-25T10:01:00Z",
            17,
        ),
        (
            Some("2026-02-25T10:00:00Z"),
            "2026-02-25T09:58:00Z",
            "2026-02-25T11:05:00Z",
            9,
        ),
    ] {
        if let Some(at) = jobs {
            jobs_at(&lab, at).await;
            past = None; // What jobs change in the past shows later.
        }
        let mut at = utc(first);
        while at < utc(last) {
            check(&lab, &mut past, at).await;
            at += TimeDelta::minutes(step);
        }
    }
    lab.tamper(
        "INSERT INTO cell_dirty SELECT id, '2026-02-25T09:00:00Z' FROM target
         WHERE name IN ('t', 'half-hour') ON CONFLICT DO NOTHING;
         DELETE FROM condition_hour c USING target t WHERE t.id = c.target_id
         AND c.hour_at = '2026-02-25T09:00:00Z' AND t.name IN ('two-minutes', 'five-minutes')",
    )
    .await;
    check(&lab, &mut None, utc("2026-02-25T10:03:00Z")).await;
    check(&lab, &mut None, utc("2026-02-25T10:00:00Z")).await;
    lab.stop().await;
}

#[tokio::test]
async fn what_late_data_change_in_the_long_past_shows_after_some_minutes() {
    let lab = measured("survey_past").await;
    let plan = plan();
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let as_of = minute("2026-02-25T10:00:00Z");
    let mut past = None;
    let mut down = Vec::new();
    for at in ["10:00:00", "10:04:59", "10:05:00"] {
        let now = utc(&format!("2026-02-25T{at}Z"));
        let asked = Asked { plan: &plan, now };
        let seen = survey::before(&mut conn, &mut past, asked, as_of)
            .await
            .unwrap();
        down.push(super::clock_of(&seen[0], sla::Condition::ProviderDown).minutes_30d);
        lab.tamper(
            "UPDATE condition_hour SET minutes = repeat('d', 60)
             WHERE hour_at < '2026-02-20T00:00:00Z'",
        )
        .await;
    }
    assert_eq!(down[0], down[1]);
    assert!(down[1] < down[2], "{down:?}");
    lab.stop().await;
}

#[tokio::test]
async fn all_who_wait_get_one_survey_and_a_little_later_nobody_waits() {
    let lab = measured("survey_cache").await;
    jobs_at(&lab, "2026-02-25T10:00:00Z").await;
    let names = |answer: String| answer.matches("\"as_of\"").count();
    let asked: Vec<_> = (0..8).map(|_| lab.get("/api/v1/targets")).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(names(answer.await));
    }
    assert_eq!(answers, [TARGETS.len(); 8]);
    // Held by whoever tampers: only what needs no database is answered.
    let mut held = PgConnection::connect(&lab.url).await.unwrap();
    let mut held = held.begin().await.unwrap();
    let lock = "LOCK TABLE condition_hour, cell, target IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut *held).await.unwrap();
    for second in ["10:00:04", "10:00:06", "10:00:14"] {
        lab.clock.set(utc(&format!("2026-02-25T{second}Z")).into());
        assert_eq!(names(lab.get("/api/v1/targets").await), TARGETS.len());
    }
    held.rollback().await.unwrap();
    lab.stop().await;
}

#[tokio::test]
async fn a_target_that_the_plan_takes_up_later_has_its_past_at_once() {
    let lab = measured("survey_new").await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let now = utc("2026-02-25T10:00:00Z");
    let as_of = minute("2026-02-25T10:00:00Z");
    let mut past = None;
    for plan in [lab::plan(), plan()] {
        let asked = Asked { plan: &plan, now };
        let seen = survey::before(&mut conn, &mut past, asked, as_of)
            .await
            .unwrap();
        assert_eq!(seen.len(), plan.targets.len());
        for one in seen.iter().filter(|one| one.target.as_str() != "silent") {
            let up = super::clock_of(one, sla::Condition::Up).minutes_30d;
            assert!(up > 10_000, "{one:?}");
        }
    }
    lab.stop().await;
}
