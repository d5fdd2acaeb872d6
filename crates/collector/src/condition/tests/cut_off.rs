//! Agents whose own controls did not answer, from their batches to what is shown.

use chrono::{DateTime, TimeDelta, Utc};
use sla::Condition;
use sqlx::{Connection as _, PgConnection};

use super::look_at;
use crate::lab::voice::Voice;
use crate::lab::{Lab, utc};
use crate::rebuild::Mode;
use crate::rebuild::tests::run;

/// Agents `a` and `b` in one network, `c` in another. Of these `a` is the lab's.
struct Three {
    lab: Lab,
    others: [Voice; 2],
    /// When its next batches begin.
    at: DateTime<Utc>,
}

impl Three {
    async fn start(name: &str) -> Self {
        let at = utc("2026-02-25T08:00:00Z");
        let lab = Lab::start(name, at).await;
        let others = [
            lab.enrol("b", ("r", "n")).await,
            lab.enrol("c", ("s", "m")).await,
        ];
        Self { lab, others, at }
    }

    /// Lets some agents' next batch say how the controls answered in minutes of an hour, `[from,
    /// to)`.
    fn say(&mut self, agents: &str, (from, to): (i64, i64), answered: (u16, u16)) {
        let minute = |minute| utc("2026-02-25T09:00:00Z") + TimeDelta::minutes(minute);
        let span = (minute(from), minute(to));
        if agents.contains('a') {
            self.lab.say_of_controls(span, answered);
        }
        for (name, other) in ["b", "c"].into_iter().zip(&mut self.others) {
            if agents.contains(name) {
                self.lab.take_turns(other);
                self.lab.say_of_controls(span, answered);
                self.lab.take_turns(other);
            }
        }
    }

    /// Delivers batches of all three up to a moment: in the hour from 9 on everything fails.
    async fn deliver(&mut self, to: &str) {
        let down = utc("2026-02-25T09:00:00Z")..utc("2026-02-25T10:00:00Z");
        while self.at < utc(to) {
            let span = (self.at, self.at + TimeDelta::minutes(30));
            self.lab.clock.set(span.1.into());
            self.lab.deliver(span, |at| down.contains(&at)).await;
            for other in &mut self.others {
                self.lab.take_turns(other);
                self.lab.deliver(span, |at| down.contains(&at)).await;
                self.lab.take_turns(other);
            }
            self.at = span.1;
        }
    }

    async fn count(&self) {
        self.lab.collector.run_jobs().await.unwrap();
    }

    /// Two hours, in the second of which agents are cut off now and then.
    async fn measured(name: &str) -> Self {
        let mut three = Self::start(name).await;
        three.say("ac", (10, 15), (2, 0));
        three.say("abc", (25, 30), (2, 0));
        three.say("c", (31, 33), (3, 0));
        three.say("abc", (45, 48), (0, 0));
        three.say("abc", (50, 52), (2, 1));
        three.deliver("2026-02-25T10:00:00Z").await;
        three.count().await;
        three
    }
}

/// What is stored, by the hour.
async fn stored(lab: &Lab) -> Vec<String> {
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let asked = sqlx::query_scalar(
        "SELECT extract(hour FROM hour_at AT TIME ZONE 'UTC')::int || ' ' || minutes
         FROM condition_hour WHERE minutes <> repeat('-', 60) ORDER BY hour_at",
    );
    asked.fetch_all(&mut conn).await.unwrap()
}

/// The hour from 9 on: the provider down, but for some minutes. That of the gap is unmeasured.
fn down_but(minutes: &[(std::ops::Range<usize>, char)]) -> String {
    let mut letters = ['d'; 60];
    letters[39] = '-';
    for (span, letter) in minutes {
        letters[span.clone()].fill(*letter);
    }
    format!("9 {}", letters.iter().collect::<String>())
}

/// The hour before: up, with one gap.
fn up() -> String {
    format!("8 {}-{}", "u".repeat(49), "u".repeat(10))
}

#[tokio::test]
async fn what_fails_where_controls_do_not_answer_is_our_side_in_every_closed_hour() {
    let three = Three::measured("cut_off").await;
    let expected = down_but(&[(10..15, 'r'), (25..30, 'o'), (31..33, 'r')]);
    assert_eq!(stored(&three.lab).await, [up(), expected]);
    three.lab.stop().await;
}

#[tokio::test]
async fn what_fails_where_controls_do_not_answer_is_our_side_at_once() {
    let mut three = Three::start("cut_off_now").await;
    three.say("ac", (10, 15), (2, 0));
    three.say("abc", (25, 30), (2, 0));
    three.deliver("2026-02-25T09:30:00Z").await;
    for (as_of, expected) in [
        ("09:10", Condition::ProviderDown),
        ("09:11", Condition::Regional),
        ("09:25", Condition::ProviderDown),
        ("09:26", Condition::OurSide),
    ] {
        let seen = look_at(&three.lab, &format!("2026-02-25T{as_of}:00Z")).await;
        assert_eq!(seen.condition, expected, "{as_of}");
    }
    let told = three.lab.get("/api/v1/targets/t").await;
    let state = r#""target":"t","state":"our_side","since":"2026-02-25T09:25:00Z""#;
    assert!(told.contains(state), "{told}");
    assert!(
        told.contains(r#"{"region":"s","state":"our_side"}"#),
        "{told}"
    );
    let page = three.lab.get("/?fragment=1").await;
    assert!(page.contains("own controls answered"), "{page}");
    three.lab.stop().await;
}

#[tokio::test]
async fn a_line_that_comes_after_its_hour_was_counted_changes_the_conditions_and_nothing_else() {
    let marks = "SELECT count(*) FROM cell_dirty WHERE hour_at = '2026-02-25T09:00:00Z'";
    let cells = "SELECT count(*) FROM cell
                 JOIN cell_before USING (target_id, hour_at, agent_id, packed)";
    let mut three = Three::start("cut_off_late").await;
    three.deliver("2026-02-25T10:00:00Z").await;
    three.count().await;
    assert_eq!(stored(&three.lab).await, [up(), down_but(&[])]);
    three
        .lab
        .tamper("CREATE TABLE cell_before AS SELECT * FROM cell")
        .await;

    three.say("c", (5, 6), (2, 1));
    three.say("c", (10, 15), (2, 0));
    three.deliver("2026-02-25T10:30:00Z").await;
    assert_eq!(three.lab.number(marks).await, 1);
    three.count().await;
    assert_eq!(stored(&three.lab).await, [up(), down_but(&[(10..15, 'r')])]);

    // Newer lines take back some of them.
    three.say("c", (10, 12), (2, 2));
    three.deliver("2026-02-25T11:00:00Z").await;
    assert_eq!(three.lab.number(marks).await, 1);
    three.count().await;
    let stored = stored(&three.lab).await;
    assert_eq!(stored[..2], [up(), down_but(&[(12..15, 'r')])]);

    // Some controls answered: nothing rests on that.
    three.say("c", (20, 22), (2, 1));
    three.deliver("2026-02-25T11:30:00Z").await;
    assert_eq!(three.lab.number(marks).await, 0);
    assert_eq!(three.lab.number(cells).await, 6, "cells are as they were");
    three.lab.stop().await;
}

#[tokio::test]
async fn a_sample_of_the_hour_before_speaks_for_nothing_where_it_was_seen_cut_off() {
    let plan = crate::lab::PLAN.replace("interval_s = 60", "interval_s = 300");
    let from = utc("2026-02-25T08:00:00Z");
    let setup = (
        crate::Retention::default(),
        wire::plan::Plan::parse(&plan).unwrap(),
    );
    let mut lab = Lab::start_planned("cut_off_held", from, setup).await;
    let late = utc("2026-02-25T08:57:00Z")..utc("2026-02-25T09:00:00Z");
    lab.measure((from, utc("2026-02-25T10:00:00Z")), |at| late.contains(&at))
        .await;
    // Of the next hour only what the hour before says is left, and a line that comes late.
    lab.tamper(
        "DELETE FROM sample WHERE slot_at >= '2026-02-25T09:00:00Z';
         DELETE FROM slot_gap; DELETE FROM cell WHERE hour_at >= '2026-02-25T09:00:00Z';
         INSERT INTO cell_dirty SELECT id, h FROM target, generate_series(
             '2026-02-25T08:00:00Z'::timestamptz, '2026-02-25T09:00:00Z', '1 hour') h
         ON CONFLICT DO NOTHING",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    let next = format!("9 rrrr{}", "-".repeat(56));
    assert_eq!(stored(&lab).await[1], next);
    let (from, to) = (utc("2026-02-25T08:59:00Z"), utc("2026-02-25T09:00:00Z"));
    lab.say_of_controls((from, to), (2, 0));
    let half = (utc("2026-02-25T10:00:00Z"), utc("2026-02-25T10:30:00Z"));
    lab.measure(half, |_| false).await;
    assert_eq!(stored(&lab).await[1], next.replace("rrrr", "oooo"));
    lab.stop().await;
}

#[tokio::test]
async fn a_rebuild_gives_the_same_conditions_from_the_batches() {
    let three = Three::measured("cut_off_rebuild").await;
    let lab = &three.lab;
    let right = stored(lab).await;
    let mark = "INSERT INTO cell_dirty SELECT id, h FROM target, generate_series(
                    '2026-02-25T08:00:00Z'::timestamptz, '2026-02-25T09:00:00Z', '1 hour') h
                ON CONFLICT DO NOTHING";
    for damage in [
        "UPDATE agent_minute SET controls_ok = 1 WHERE controls = 2",
        "DELETE FROM agent_minute WHERE minute_at < '2026-02-25T09:27:00Z'; DELETE FROM stream_latest",
        "INSERT INTO agent_minute SELECT agent_id, minute_at + interval '2 minutes', seq, i, 2, 0
         FROM agent_minute WHERE controls = 3",
    ] {
        lab.tamper(&format!("{damage}; {mark}")).await;
        three.count().await;
        assert_ne!(stored(lab).await, right, "{damage}");
        run(lab, Mode::Rewrite).await;
        assert_eq!(stored(lab).await, right, "{damage}");
    }
    lab.tamper(
        "DELETE FROM sample; DELETE FROM slot_gap; DELETE FROM cell; DELETE FROM cell_dirty;
         DELETE FROM agent_minute; DELETE FROM condition_hour; DELETE FROM stream_latest",
    )
    .await;
    run(lab, Mode::Rewrite).await;
    assert_eq!(stored(lab).await, right);
    assert_eq!(run(lab, Mode::Check).await.0, Vec::<String>::new());
    three.lab.stop().await;
}

/// A month is judged and final; then every agent was cut off in every minute of it.
#[tokio::test]
async fn no_verdict_changes_by_it() {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-02-01T03:00:00Z"));
    let mut lab = Lab::start("cut_off_verdict", from).await;
    let outage = utc("2026-01-31T10:00:00Z")..utc("2026-01-31T11:00:00Z");
    let end = utc("2026-01-31T23:00:00Z"); // Jobs run before and after the month is over.
    lab.measure((from, end), |at| outage.contains(&at)).await;
    lab.measure((end, to), |_| false).await;
    let finals = "SELECT count(*) FROM assessment WHERE state = 'final'";
    assert_eq!(lab.number(finals).await, 1);
    let before = (lab.fingerprint().await, stored(&lab).await);
    lab.tamper(
        "INSERT INTO agent_minute SELECT 1, at, 0, 0, 2, 0
         FROM generate_series('2026-01-30T12:00:00Z'::timestamptz, '2026-02-01T03:00:00Z',
                              '1 minute') at
         ON CONFLICT (agent_id, minute_at) DO UPDATE SET controls_ok = 0;
         INSERT INTO cell_dirty SELECT target_id, hour_at FROM cell ON CONFLICT DO NOTHING",
    )
    .await;
    lab.collector.run_jobs().await.unwrap();
    let after = (lab.fingerprint().await, stored(&lab).await);
    assert_ne!(after.1, before.1);
    assert!(after.1.iter().all(|hour| !hour.contains(['r', 'd'])));
    let others = |prints: Vec<String>| {
        let prints = prints.into_iter();
        prints.filter(|print| !print.starts_with("agent_minute "))
    };
    assert!(others(after.0).eq(others(before.0)));
    lab.stop().await;
}
