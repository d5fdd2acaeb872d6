//! `/api/v1/targets/{target}/latency`: how long answers took, by hour or day. No verdict rests on
//! it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State, rejection::QueryRejection};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, TargetId};
use serde::{Deserialize, Serialize};
use wire::problem::ProblemType;

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::latency::Point;
use crate::store::{self, latency::Asked};

/// What is shown where nothing is asked for, and the longest span that is shown by the hour.
const HOURLY_SPAN: TimeDelta = TimeDelta::days(7);
/// The longest span that is answered.
const SPAN_MAX: TimeDelta = TimeDelta::days(400);

/// Which time, and whose samples.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LatencyQuery {
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    agent: Option<AgentId>,
}

/// How much time a point is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Hour,
    Day,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct LatencyView {
    target: TargetId,
    agent: Option<AgentId>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    step: Step,
    points: Vec<Point>,
}

/// The latencies of one target.
#[tracing::instrument(name = "http.latency.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(name): Name,
    query: Result<Query<LatencyQuery>, QueryRejection>,
) -> Result<Json<LatencyView>, Problem> {
    let malformed = |e: QueryRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Query(query) = query.map_err(malformed)?;
    let (from, to, step) = span(&query, app.clock.now_utc())?;
    let plans = app.plans();
    let plan = plans.in_force(app.clock.now().to_millis());
    let mut targets = plan.targets.iter();
    let target = targets.find(|target| target.id.as_str() == name);
    let target = target.ok_or_else(|| {
        let detail = format!("the plan has no target `{name}`");
        Problem::new(ProblemType::NotFound, detail)
    })?;
    let asked = Asked {
        target: target.id.as_str(),
        agent: query.agent.as_ref().map(AgentId::as_str),
        from,
        to,
    };
    let mut conn = app.connection().await?;
    let points = match step {
        Step::Hour => store::latency::list_hours(&mut conn, asked).await?,
        Step::Day => store::latency::list_days(&mut conn, asked).await?,
    };
    Ok(Json(LatencyView {
        target: target.id.clone(),
        agent: query.agent,
        from,
        to,
        step,
        points,
    }))
}

/// The time that is asked for, and its step.
fn span(
    query: &LatencyQuery,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>, Step), Problem> {
    let malformed = |detail: &str| Problem::new(ProblemType::Malformed, detail);
    let to = query.to.unwrap_or(now);
    let from = query.from.or_else(|| to.checked_sub_signed(HOURLY_SPAN));
    let from = from.filter(|from| *from < to);
    let from = from.ok_or_else(|| malformed("`from` has to lie before `to`"))?;
    let length = to - from;
    if length > SPAN_MAX {
        return Err(malformed("at most 400 days are answered at a time"));
    }
    let step = if length > HOURLY_SPAN {
        Step::Day
    } else {
        Step::Hour
    };
    Ok((from, to, step))
}

#[cfg(test)]
pub(super) mod tests {
    use domain::Outcome;
    use serde_json::Value;

    use super::*;
    use crate::lab::{Lab, utc};
    use crate::latency::Latency;

    /// An answer with everything in it.
    pub(crate) fn full() -> LatencyView {
        let mut latency = Latency::empty();
        latency.first.record(400_000, 1);
        latency.end.record(2_000_000, 1);
        latency.outcomes.insert(Outcome::Ok, 1);
        LatencyView {
            target: "t".parse().unwrap(),
            agent: Some("a".parse().unwrap()),
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH + HOURLY_SPAN,
            step: Step::Hour,
            points: vec![Point::of(DateTime::UNIX_EPOCH, latency)],
        }
    }

    impl LatencyView {
        /// One of its points.
        pub(crate) fn point(&self) -> &Point {
            &self.points[0]
        }
    }

    #[track_caller]
    fn check(from: Option<&str>, to: Option<&str>, expected: Result<Step, &str>) {
        let query = LatencyQuery {
            from: from.map(utc),
            to: to.map(utc),
            agent: None,
        };
        let found = span(&query, utc("2026-03-01T00:00:00Z"));
        let step = found.as_ref().map(|(_, _, step)| *step);
        assert_eq!(step.map_err(Problem::detail), expected);
    }

    #[test]
    fn a_week_is_told_by_the_hour_and_more_by_the_day() {
        check(None, None, Ok(Step::Hour));
        check(Some("2026-02-22T00:00:00Z"), None, Ok(Step::Hour));
        check(Some("2026-02-21T23:59:59Z"), None, Ok(Step::Day));
        check(None, Some("2026-02-21T23:59:59Z"), Ok(Step::Hour));
        let backwards = Err("`from` has to lie before `to`");
        check(Some("2026-03-01T00:00:00Z"), None, backwards);
        let long = Err("at most 400 days are answered at a time");
        check(Some("2025-01-24T00:00:00Z"), None, long);
    }

    async fn ask(lab: &Lab, query: &str) -> Value {
        let answer = lab.get(&format!("/api/v1/targets/{query}")).await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    #[tokio::test]
    async fn closed_hours_and_their_days_are_told_and_follow_late_data() {
        let (from, to) = (utc("2026-02-25T22:00:00Z"), utc("2026-02-26T02:00:00Z"));
        let mut lab = Lab::start("latency", from).await;
        let outage = utc("2026-02-25T22:30:00Z")..utc("2026-02-25T22:40:00Z");
        lab.measure((from, to), |at| outage.contains(&at)).await;
        let week = ask(&lab, "t/latency").await;
        assert_eq!(week["step"], "hour");
        assert_eq!(week["points"].as_array().unwrap().len(), 4);
        let first = &week["points"][0];
        assert_eq!(first["start_at"], "2026-02-25T22:00:00Z");
        // 60 slots, one of them a gap, ten of them errors; 40 ms each.
        let outcomes = serde_json::json!({"ok": 49, "server_error": 10});
        assert_eq!(first["outcomes"], outcomes);
        assert_eq!(first["end"]["count"], 49);
        let told = first["end"]["p95_us"].as_u64().unwrap();
        assert!((40_000..=40_312).contains(&told), "{told}");
        assert_eq!(first["first"], Value::Null, "none had a first text");

        let days = "t/latency?from=2026-02-01T00:00:00Z&agent=a";
        let month = ask(&lab, days).await;
        assert_eq!(
            (&month["step"], &month["agent"]),
            (&"day".into(), &"a".into())
        );
        assert_eq!(month["points"][0]["outcomes"]["server_error"], 10);
        let sum = "SELECT sum((outcomes->>'ok')::bigint)::bigint FROM latency_";
        let hours = lab.number(&format!("{sum}hour")).await;
        assert_eq!(lab.number(&format!("{sum}day")).await, hours);
        assert_eq!(
            ask(&lab, "t/latency?agent=b").await["points"],
            Value::Array(vec![])
        );

        let page = lab.get("/targets/t").await;
        assert!(page.contains("server_error × 10"), "{page}");
        assert!(page.contains("4 of 168 hours have samples."), "{page}");
        assert!(lab.get("/targets/nobody").await.starts_with("HTTP/1.1 404"));
        assert!(lab.get("/").await.contains("href=\"/targets/t\""));

        // What is delivered late is in the hour and in the day.
        lab.clock.set(utc("2026-02-26T08:00:00Z").into());
        let late = (utc("2026-02-26T05:00:00Z"), utc("2026-02-26T06:00:00Z"));
        lab.deliver(late, |_| false).await;
        lab.collector.run_jobs().await.unwrap();
        let more = lab.number(&format!("{sum}day")).await;
        assert!(more > hours, "{more}");
        assert_eq!(lab.number(&format!("{sum}hour")).await, more);

        for (query, status) in [
            ("t/latency?from=yesterday", 400),
            ("t/latency?form=2026-02-25T22:00:00Z", 400),
            ("nobody/latency", 404),
        ] {
            assert_eq!(ask(&lab, query).await["status"], status, "{query}");
        }
        lab.stop().await;
    }
}
