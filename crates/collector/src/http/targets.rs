//! `/api/v1/targets`: what targets are like now. No verdict rests on it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State, rejection::QueryRejection};
use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, Utc};
use domain::TargetId;
use serde::{Deserialize, Serialize};
use sla::{Condition, Vantage};
use wire::problem::ProblemType;

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::condition::{self, Clock, Run, TargetCondition};
use crate::job::assess::utc;
use crate::preview;

use newest::NewestView;
#[cfg(test)]
pub(crate) use newest::full as full_newest;

mod newest;

/// Targets on one page, at most.
const LIMIT_MAX: usize = 1_000;
/// Targets on one page, where only `after` is given.
const LIMIT: usize = 100;

/// Which targets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    limit: Option<usize>,
    after: Option<TargetId>,
}

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
    /// The newest attempt of each agent; only where one target is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Vec<NewestView>>,
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
    minutes_24h: u64,
    minutes_30d: u64,
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
            newest: None,
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

/// Every target of the plan in its order or, where a page is asked for, some in the order of
/// their names.
#[tracing::instrument(name = "http.targets.list", skip_all)]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<TargetView>>), Problem> {
    let malformed = |e: QueryRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Query(query) = query.map_err(malformed)?;
    let seen = condition::all(&app).await?;
    let targets: Vec<&TargetCondition> = seen.iter().collect();
    let (shown, has_more) = match (query.limit, &query.after) {
        (None, None) => (targets, false),
        (limit, after) => page(targets, limit.unwrap_or(LIMIT), after.as_ref())?,
    };
    let mut headers = HeaderMap::new();
    if let Some(last) = shown.last().filter(|_| has_more) {
        let limit = query.limit.unwrap_or(LIMIT);
        let next = format!(
            "</api/v1/targets?limit={limit}&after={}>; rel=\"next\"",
            last.target
        );
        if let Ok(next) = HeaderValue::from_str(&next) {
            headers.insert(header::LINK, next);
        }
    }
    let shown = shown.into_iter().map(TargetView::from);
    Ok((headers, Json(shown.collect())))
}

/// The first targets by name after one, which need not be there any more; and whether others
/// follow.
fn page<'a>(
    mut targets: Vec<&'a TargetCondition>,
    limit: usize,
    after: Option<&TargetId>,
) -> Result<(Vec<&'a TargetCondition>, bool), Problem> {
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("`limit` is from 1 to {LIMIT_MAX}");
        return Err(Problem::new(ProblemType::Malformed, detail));
    }
    targets.retain(|one| after.is_none_or(|after| one.target > *after));
    targets.sort_by(|a, b| a.target.cmp(&b.target));
    let has_more = targets.len() > limit;
    targets.truncate(limit);
    Ok((targets, has_more))
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
    let mut conn = app.connection().await?;
    let newest = preview::newest(&mut conn, &[target], app.clock.now_utc()).await?;
    Ok(Json(TargetView {
        newest: Some(newest.into_iter().map(NewestView::from).collect()),
        ..found.into()
    }))
}

#[cfg(test)]
mod tests {
    use domain::Minute;

    use super::*;

    fn target(name: &str) -> TargetCondition {
        TargetCondition {
            target: name.parse().unwrap(),
            as_of: Minute::new(0),
            condition: Condition::Up,
            clocks: Condition::ALL.map(|condition| Clock {
                condition,
                minutes_24h: 0,
                minutes_30d: 0,
                newest: None,
            }),
            regions: Vec::new(),
            day: Vec::new(),
        }
    }

    #[test]
    fn pages_by_name_hold_every_target_once_even_if_the_last_one_shown_is_gone() {
        let all = ["d", "a", "c", "e", "b"].map(target);
        let ask = |limit, after: Option<&str>| {
            let after = after.map(|name| name.parse().unwrap());
            let (shown, has_more) = page(all.iter().collect(), limit, after.as_ref()).unwrap();
            let names = shown.iter().map(|one| one.target.to_string());
            (names.collect::<String>(), has_more)
        };
        assert_eq!(ask(2, None), ("ab".to_owned(), true));
        assert_eq!(ask(2, Some("b")), ("cd".to_owned(), true));
        assert_eq!(ask(2, Some("d")), ("e".to_owned(), false));
        assert_eq!(ask(3, Some("b")), ("cde".to_owned(), false));
        assert_eq!(ask(1, Some("bb")), ("c".to_owned(), true));
        assert_eq!(ask(1_000, Some("e")), (String::new(), false));
        for limit in [0, LIMIT_MAX + 1] {
            assert!(page(all.iter().collect(), limit, None).is_err());
        }
    }

    #[tokio::test]
    async fn the_list_is_whole_by_default_and_links_to_what_follows_a_page() {
        let text = (0..12).fold(crate::lab::PLAN.to_owned(), |text, n| {
            text + &format!(
                "[[target]]\nid = \"s-{n:02}\"\nprovider = \"p\"\ninterval_s = 60\n\
                 deadline_ms = 1\nrequest = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
            )
        });
        let plan = wire::plan::Plan::parse(&text).unwrap();
        let at = crate::lab::utc("2026-02-25T08:00:00Z");
        let setup = (crate::Retention::default(), plan);
        let lab = crate::lab::Lab::start_planned("targets_paged", at, setup).await;
        let whole = lab.get("/api/v1/targets").await;
        assert_eq!(whole.matches("\"target\":").count(), 13);
        assert!(!whole.contains("\r\nlink:"), "{whole}");
        let first = lab.get("/api/v1/targets?limit=12").await;
        let link = "link: </api/v1/targets?limit=12&after=s-11>; rel=\"next\"";
        assert!(first.contains(link), "{first}");
        assert_eq!(first.matches("\"target\":").count(), 12);
        let rest = lab.get("/api/v1/targets?limit=12&after=s-11").await;
        assert!(rest.contains("\"target\":\"t\""), "{rest}");
        assert!(!rest.contains("\r\nlink:"), "{rest}");
        for query in ["limit=0", "limit=x", "limit=1001", "after=%20", "page=2"] {
            let refused = lab.get(&format!("/api/v1/targets?{query}")).await;
            assert!(refused.starts_with("HTTP/1.1 400"), "{query}: {refused}");
        }
        lab.stop().await;
    }

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
