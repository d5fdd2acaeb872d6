use domain::Minute;
use sqlx::{Connection as _, PgConnection};

use crate::lab::{Lab, utc};
use crate::store::agent_minute::{self, AgentMinute};
use crate::store::agent_state;

#[tokio::test]
async fn what_an_agent_says_about_itself_is_stored() {
    let (from, to) = (utc("2026-01-30T12:00:00Z"), utc("2026-01-30T14:00:00Z"));
    let mut lab = Lab::start("own", from).await;
    lab.measure((from, to), |_| false).await;
    let count = "SELECT count(*) FROM agent_minute WHERE (controls, controls_ok) = (2, 1)";
    assert_eq!(lab.number(count).await, 4);
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let states = agent_state::list(&mut conn).await.unwrap();
    let state = &states["a"];
    let clock = (state.clock_offset_us, state.clock_bound_us);
    assert_eq!(clock, (Some(-1_500), Some(2_000)));
    assert_eq!(state.clock_source.as_deref(), Some("ntp"));
    assert_eq!((state.lag_us_max, state.plan), (Some(1_003), Some(1)));
    let program = (state.build.as_deref(), state.version.as_deref());
    assert_eq!(program, (Some("ab".repeat(32).as_str()), Some("0.1.0")));
    assert_eq!((state.controls_ok, state.controls), (Some(1), Some(2)));
    lab.stop().await;
}

#[tokio::test]
async fn of_two_lines_about_a_minute_the_later_one_counts_in_whatever_order_they_come() {
    let at = utc("2026-01-30T12:00:00Z");
    let lab = Lab::start("minute", at).await;
    let mut conn = PgConnection::connect(&lab.url).await.unwrap();
    let minute = domain::UnixMillis::from(at).minute();
    let row = |i, controls_ok| AgentMinute {
        agent: 1,
        minute,
        seq: 0,
        i,
        controls: 2,
        controls_ok,
    };
    for (i, ok, stored) in [(5, 0, 0), (4, 2, 0), (6, 1, 1)] {
        let rows = agent_minute::newest(&[row(i, ok), row(i.saturating_sub(3), 2)]);
        assert_eq!(rows.len(), 1);
        agent_minute::insert(&mut conn, &rows).await.unwrap();
        let sql = "SELECT sum(controls_ok)::bigint FROM agent_minute";
        assert_eq!(lab.number(sql).await, stored, "after line {i}");
    }
    agent_minute::delete(&mut conn, &[(1, minute), (1, Minute::new(0))])
        .await
        .unwrap();
    assert_eq!(lab.number("SELECT count(*) FROM agent_minute").await, 0);
    lab.stop().await;
}
