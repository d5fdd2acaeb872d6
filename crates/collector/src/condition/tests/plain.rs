//! The condition of one target as it is defined: minute by minute, read anew. What surveys find is
//! held against it.

use domain::{Minute, TargetId, UnixMicros, Window};
use sla::{Condition, CutOff, Fleet, Place, Sights};
use sqlx::PgConnection;
use wire::plan::Plan;

use super::super::{Clock, DAY, MONTH, Run, TargetCondition, hold};
use crate::job::assess::{gather, utc};

/// What a target is like before a minute.
pub(super) async fn look(
    conn: &mut PgConnection,
    (plan, places): (&Plan, &[Place]),
    target: &TargetId,
    as_of: Minute,
) -> TargetCondition {
    let window = Window::new(as_of.plus(-MONTH), as_of).unwrap();
    let mut minutes = vec![Condition::Unmeasured; usize::try_from(MONTH).unwrap()];
    let mut stored_until = window.start();
    for (start, letters) in stored(conn, target, window).await {
        for (at, letter) in (0..).zip(letters.chars()) {
            if window.contains(start.plus(at)) {
                minutes[window.position(start.plus(at))] = condition(letter);
            }
        }
        stored_until = start.plus(60);
    }
    // The open hour, and the one before it until its row is there.
    let open = as_of.plus(-1).hour().first_minute();
    let recent = open.plus(-60);
    let tail = Window::new(recent, as_of).unwrap();
    let cells = gather(conn, &[target.to_string()], tail).await.unwrap();
    let cut_off = cut_off(conn, tail).await;
    let fleet = Fleet {
        places,
        cut_off: &cut_off,
    };
    let sights = Sights::of(&cells, fleet, tail, hold(plan, target.as_str()));
    let unstored = if stored_until <= recent { recent } else { open };
    for at in tail.iter().filter(|at| *at >= unstored) {
        minutes[window.position(at)] = sights.condition(at);
    }
    let runs = runs(&minutes, window.start());
    let day = minutes.len() - usize::try_from(DAY).unwrap();
    let count = |condition, minutes: &[Condition]| {
        u64::try_from(minutes.iter().filter(|one| **one == condition).count()).unwrap()
    };
    let clock = |condition| Clock {
        condition,
        minutes_24h: count(condition, &minutes[day..]),
        minutes_30d: count(condition, &minutes),
        newest: runs.iter().rfind(|run| run.condition == condition).copied(),
    };
    let regions = sights.regions(as_of.plus(-1)).into_iter();
    TargetCondition {
        target: target.clone(),
        as_of,
        condition: *minutes.last().unwrap(),
        clocks: Condition::ALL.map(clock),
        regions: regions
            .map(|(name, seen)| (name.to_owned(), seen))
            .collect(),
        day: self::runs(&minutes[day..], as_of.plus(-DAY)),
    }
}

async fn cut_off(conn: &mut PgConnection, window: Window) -> CutOff {
    let rows: Vec<(String, chrono::DateTime<chrono::Utc>, i32, i32)> = sqlx::query_as(
        "SELECT a.name, m.minute_at, m.controls, m.controls_ok
         FROM agent_minute m JOIN agent a ON a.id = m.agent_id",
    )
    .fetch_all(conn)
    .await
    .unwrap();
    let rows = rows.into_iter().filter(|row| row.2 > 0 && row.3 == 0);
    let minutes = rows.map(|(agent, at, ..)| {
        let at = UnixMicros::from(at).to_millis().minute();
        (agent.parse().unwrap(), at)
    });
    minutes.filter(|(_, at)| window.contains(*at)).collect()
}

async fn stored(
    conn: &mut PgConnection,
    target: &TargetId,
    window: Window,
) -> Vec<(Minute, String)> {
    let rows: Vec<(chrono::DateTime<chrono::Utc>, String)> = sqlx::query_as(
        "SELECT c.hour_at, c.minutes FROM condition_hour c JOIN target t ON t.id = c.target_id
         WHERE t.name = $1 AND c.hour_at >= $2 AND c.hour_at < $3 ORDER BY c.hour_at",
    )
    .bind(target.as_str())
    .bind(utc(window.start().hour().first_minute()))
    .bind(utc(window.end()))
    .fetch_all(conn)
    .await
    .unwrap();
    let rows = rows.into_iter();
    rows.map(|(at, letters)| (UnixMicros::from(at).to_millis().minute(), letters))
        .collect()
}

fn condition(letter: char) -> Condition {
    match letter {
        'u' => Condition::Up,
        'd' => Condition::ProviderDown,
        'r' => Condition::Regional,
        'o' => Condition::OurSide,
        '-' => Condition::Unmeasured,
        other => panic!("letter {other}"),
    }
}

fn runs(minutes: &[Condition], start: Minute) -> Vec<Run> {
    let mut at = start;
    let runs = minutes.chunk_by(|a, b| a == b).map(|same| {
        let end = at.plus(i64::try_from(same.len()).unwrap());
        let run = Run {
            start: at,
            end,
            condition: same[0],
        };
        at = end;
        run
    });
    runs.collect()
}
