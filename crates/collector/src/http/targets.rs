//! `/api/v1/targets`: what targets are like now. No verdict rests on it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sla::{Condition, Vantage};
use wire::problem::ProblemType;

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::condition::{self, Clock, Run, TargetCondition};
use crate::job::assess::utc;

/// A target as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct TargetView {
    target: String,
    state: Condition,
    since: Option<DateTime<Utc>>,
    as_of: DateTime<Utc>,
    regions: Vec<RegionView>,
    states: Vec<StateView>,
    /// The last 24 hours.
    runs: Vec<RunView>,
}

#[derive(Debug, Serialize)]
struct RegionView {
    region: String,
    state: Vantage,
}

/// The clock of one state.
#[derive(Debug, Serialize)]
struct StateView {
    state: Condition,
    minutes_24h: usize,
    minutes_30d: usize,
    newest: Option<RunView>,
}

#[derive(Debug, Serialize)]
struct RunView {
    start_at: DateTime<Utc>,
    end_at: DateTime<Utc>,
    state: Condition,
}

impl From<&TargetCondition> for TargetView {
    fn from(seen: &TargetCondition) -> Self {
        let region = |(region, state): &(String, Vantage)| RegionView {
            region: region.clone(),
            state: *state,
        };
        Self {
            target: seen.target.to_string(),
            state: seen.condition,
            since: seen.since().map(utc),
            as_of: utc(seen.as_of),
            regions: seen.regions.iter().map(region).collect(),
            states: seen.clocks.iter().map(StateView::from).collect(),
            runs: seen.day.iter().map(RunView::from).collect(),
        }
    }
}

impl From<&Clock> for StateView {
    fn from(clock: &Clock) -> Self {
        Self {
            state: clock.condition,
            minutes_24h: clock.minutes_24h,
            minutes_30d: clock.minutes_30d,
            newest: clock.newest.as_ref().map(RunView::from),
        }
    }
}

impl From<&Run> for RunView {
    fn from(run: &Run) -> Self {
        Self {
            start_at: utc(run.start),
            end_at: utc(run.end),
            state: run.condition,
        }
    }
}

/// Every target of the plan.
#[tracing::instrument(name = "http.targets.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<TargetView>>, Problem> {
    let seen = condition::all(&app).await?;
    Ok(Json(seen.iter().map(TargetView::from).collect()))
}

/// One target.
#[tracing::instrument(name = "http.targets.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(target): Name,
) -> Result<Json<TargetView>, Problem> {
    let seen = condition::all(&app).await?;
    let mut seen = seen.iter();
    let found = seen.find(|one| one.target.as_str() == target);
    let found = found.ok_or_else(|| {
        let detail = format!("the plan has no target `{target}`");
        Problem::new(ProblemType::NotFound, detail)
    })?;
    Ok(Json(found.into()))
}

#[cfg(test)]
mod tests {
    use domain::Minute;

    use super::*;

    #[test]
    fn the_states_and_their_clocks_are_told_in_words_and_times() {
        let run = Run {
            start: Minute::new(60),
            end: Minute::new(90),
            condition: Condition::ProviderDown,
        };
        let clock = |condition| Clock {
            condition,
            minutes_24h: 30,
            minutes_30d: 40,
            newest: (condition == run.condition).then_some(run),
        };
        let view = TargetView::from(&TargetCondition {
            target: "acme-chat".parse().unwrap(),
            as_of: run.end,
            condition: run.condition,
            clocks: Condition::ALL.map(clock),
            regions: vec![("eu".to_owned(), Vantage::Failing)],
            day: vec![run],
        });
        let told = serde_json::to_value(view).unwrap();
        assert_eq!(told["state"], "provider_down");
        assert_eq!(told["since"], "1970-01-01T01:00:00Z");
        assert_eq!(told["as_of"], "1970-01-01T01:30:00Z");
        assert_eq!(told["regions"][0]["state"], "failing");
        assert_eq!(told["states"][4]["newest"], told["runs"][0]);
        assert_eq!(told["states"][0]["newest"], serde_json::Value::Null);
        assert_eq!(told["states"][2]["minutes_30d"], 40);
    }
}
