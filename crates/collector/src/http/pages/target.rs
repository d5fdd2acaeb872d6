//! What the page of a target shows.

use std::sync::Arc;

use chrono::{DurationRound as _, TimeDelta};
use wire::problem::ProblemType;

use super::{overview, site};
use crate::app::App;
use crate::condition;
use crate::http::Problem;
use crate::store::{self, StoreError, latency::Asked};
use crate::web::view::TargetPage;

/// What the chart shows: by the hour.
const CHART_SPAN: TimeDelta = TimeDelta::days(7);
/// What the table of outcomes shows: by the day.
const OUTCOMES_SPAN: TimeDelta = TimeDelta::days(30);

pub(super) async fn view(app: &Arc<App>, name: &str) -> Result<TargetPage, Problem> {
    let seen = condition::all(app).await?;
    let mut targets = seen.iter();
    let seen = targets.find(|one| one.target.as_str() == name);
    let seen = seen.ok_or_else(|| {
        let detail = format!("the plan has no target `{name}`");
        Problem::new(ProblemType::NotFound, detail)
    })?;
    let to = app.clock.now_utc().duration_trunc(TimeDelta::hours(1));
    let to = to.map_err(|_| StoreError::Range { what: "hour" })?;
    let week = Asked {
        target: name,
        agent: None,
        from: to - CHART_SPAN,
        to,
    };
    let month = Asked {
        from: to - OUTCOMES_SPAN,
        ..week
    };
    let mut conn = app.connection().await?;
    let hours = store::latency::list_hours(&mut conn, week).await?;
    let mut days = store::latency::list_days(&mut conn, month).await?;
    days.reverse();
    Ok(TargetPage {
        site: site(app),
        now: overview::seen_now(seen),
        from: week.from,
        to,
        hours,
        days,
        json_href: format!("/api/v1/targets/{}", seen.target),
    })
}
